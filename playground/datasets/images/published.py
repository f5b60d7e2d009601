"""The published image sets: what they are, without their pixels."""

from __future__ import annotations

from dataclasses import dataclass

from playground.datasets.images.image_table import ImageShape

_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot",
)  # fmt: skip
_CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_HUNDRED = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab
    crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
    oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
    spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
    train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
_CIFAR100 = tuple(_HUNDRED.split())


@dataclass(frozen=True)
class Published:
    """A published image set.

    Attributes:
        name: Name in the registry, and of its file in the cache.
        label: What a person reads.
        openml: Its number on openml.org.
        shape: Channels, height, width.
        sizes: Images to train on, and to test with; the file on openml.org has them in this order.
        rarest: Images of the rarest class in either part.
        class_names: Names of the classes, in the order of their labels.
        folders: Folders of an operating system's packages that may hold it as IDX files.
        summary: One sentence.
        reference: Where it was published.
    """

    name: str
    label: str
    openml: int
    shape: ImageShape
    sizes: tuple[int, int]
    rarest: tuple[int, int]
    class_names: tuple[str, ...]
    summary: str
    reference: str
    folders: tuple[str, ...] = ()


PUBLISHED = {
    one.name: one
    for one in (
        Published(
            name="mnist", label="MNIST", openml=554, shape=(1, 28, 28), sizes=(60_000, 10_000),
            rarest=(5421, 892), class_names=_DIGITS, summary="Handwritten digits, 28 by 28 pixels, grey.",
            reference="LeCun, Bottou, Bengio and Haffner (1998)",
        ),
        Published(
            name="fashion_mnist", label="Fashion-MNIST", openml=40996, shape=(1, 28, 28),
            sizes=(60_000, 10_000), rarest=(6000, 1000), class_names=_CLOTHES,
            summary="Ten kinds of clothing, 28 by 28 pixels, grey.",
            reference="Xiao, Rasul and Vollgraf (2017)",
            folders=("/usr/share/datasets/fashion-mnist",),
        ),
        Published(
            name="cifar10", label="CIFAR-10", openml=40927, shape=(3, 32, 32),
            sizes=(50_000, 10_000), rarest=(5000, 1000), class_names=_CIFAR10,
            summary="Animals and vehicles of ten kinds, 32 by 32 pixels, in colour.",
            reference="Krizhevsky (2009)",
        ),
        Published(
            name="cifar100", label="CIFAR-100", openml=41983, shape=(3, 32, 32),
            sizes=(50_000, 10_000), rarest=(500, 100), class_names=_CIFAR100,
            summary="Things of a hundred kinds, 32 by 32 pixels, in colour.",
            reference="Krizhevsky (2009)",
        ),
        Published(
            name="svhn", label="SVHN", openml=41081, shape=(3, 32, 32), sizes=(73_257, 26_032),
            rarest=(4659, 1595), class_names=_DIGITS,
            summary="House numbers seen from the street, 32 by 32 pixels, in colour.",
            reference="Netzer et al. (2011)",
        ),
    )
}  # fmt: skip
