"""Augmentation: what it may do to an image, and nothing else."""

import pytest
import torch

from playground.datasets.images.augment import augment

SHAPE = (3, 6, 5)


def images(n=64, seed=0):
    return torch.rand(n, 90, generator=torch.Generator().manual_seed(seed)) + 0.1


def run(x, seed=0, flip=True, crop=2, shape=SHAPE):
    generator = torch.Generator().manual_seed(seed)
    return augment(x, shape, flip=flip, crop=crop, generator=generator)


def shifted(image, down, right):
    """An image ``(c, h, w)`` moved by whole pixels, zeros coming in: written out pixel by pixel."""
    _, height, width = image.shape
    moved = torch.zeros_like(image)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                moved[:, row, column] = image[:, row - down, column - right]
    return moved


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("crop", [0, 1, 2])
def test_every_image_is_one_of_the_legal_ones_and_all_of_them_come(flip, crop):
    image = images(1).reshape(SHAPE)
    legal = {
        (mirrored, down, right): shifted(image.flip(2) if mirrored else image, down, right)
        for mirrored in ([False, True] if flip else [False])
        for down in range(-crop, crop + 1)
        for right in range(-crop, crop + 1)
    }
    n = 100 * len(legal)
    found = run(image.reshape(1, -1).repeat(n, 1), flip=flip, crop=crop).reshape(n, *SHAPE)
    counts = {key: int((found == wanted).flatten(1).all(1).sum()) for key, wanted in legal.items()}
    assert sum(counts.values()) == n
    assert min(counts.values()) > 50
    assert max(counts.values()) < 160


def test_each_image_keeps_its_place_in_the_batch():
    x = torch.arange(1.0, 41.0)[:, None].repeat(1, 90)
    found = run(x, crop=1)
    for value, row in zip(x[:, 0], found):
        assert set(row.tolist()) <= {0.0, float(value)}
        assert (row == value).any()


def test_the_generator_decides_and_nothing_else():
    x = images()
    before = x.clone()
    torch.manual_seed(1)
    one = run(x, seed=5)
    torch.manual_seed(2)
    assert torch.equal(run(x, seed=5), one)
    assert not torch.equal(run(x, seed=6), one)
    assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_asked_is_a_copy_of_the_same_type(dtype):
    x = images().to(dtype)
    same = run(x, flip=False, crop=0)
    assert torch.equal(same, x)
    assert same.data_ptr() != x.data_ptr()
    assert run(x).dtype == dtype
    assert run(x[:0]).shape == (0, 90)


@pytest.mark.parametrize(
    ("x", "crop", "words"),
    [
        (torch.zeros(4, 89), 1, r"x of shape \(4, 89\)"),
        (torch.zeros(4, 3, 6, 5), 1, "is not legal"),
        (torch.zeros(4, 90), 6, "crop = 6 is not legal: 0 to 5"),
        (torch.zeros(4, 90), -1, "crop = -1"),
    ],
)
def test_wrong_arguments_are_named(x, crop, words):
    with pytest.raises(ValueError, match=words):
        run(x, crop=crop)
