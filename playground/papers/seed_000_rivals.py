"""Wang et al. (2024): the claim that TM-ResNet is superior to ResNet and to HO-ResNet."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.papers.found import Found, Panel
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell
from playground.papers.seed_000 import PAPER

if TYPE_CHECKING:
    from playground.experiment import Experiment
    from playground.training.repetitions import Outcome

NETS = {"preact_resnet": "PreActResNet", "tm_resnet": "TM-ResNet", "ho_resnet": "HO-ResNet"}
_OURS = "tm_resnet"
_DIFFERENCES = {name: f"TM-ResNet − {NETS[name]}" for name in ("preact_resnet", "ho_resnet")}
_COLUMNS = ("first set", "second set")


@dataclass(frozen=True)
class Protocol:
    """What the nets are trained on, and how large they are.

    Attributes:
        data: Name of each data set with the numbers of images to train on and to judge by.
        size: ``"published"`` or ``"small"``.
        width: Channels behind the stem of a small net.
        blocks: Blocks in each of its stages.
        epochs: Epochs.
        batch: Images of a batch.
        optimizer: Optimiser with its options.
    """

    data: tuple[tuple[str, int, int], ...]
    size: str
    width: int
    blocks: int
    epochs: int
    batch: int
    optimizer: dict[str, Any]


_MOMENTUM = {"name": "momentum", "options": {"learning_rate": 0.1, "momentum": 0.9}}
_ADAM = {"name": "adam", "options": {"learning_rate": 3e-3}}
FULL = Protocol(
    (("cifar10", 50_000, 10_000), ("cifar100", 50_000, 10_000)),
    "published", 64, 2, 120, 256, _MOMENTUM,
)  # fmt: skip
REDUCED = Protocol(
    (("digits", 600, 600), ("fashion_mnist", 400, 400)), "small", 8, 2, 8, 32, _ADAM
)  # fmt: skip


def compute(protocol: Protocol, repetitions: int, tell: Tell) -> Found:
    """Train the nets with as many weights, the same images and seeds, and compare them in pairs.

    Args:
        protocol: How.
        repetitions: Trainings of each net on each set.
        tell: Told how far it is.

    Raises:
        ValueError: If the images are not on this server.
    """
    from playground.training.repetitions import seeded

    values: dict[tuple[str, str, str], list[float | None]] = {}
    runs, notes, rows = [], [], {name: [] for name in ("x", "y", "low", "high", "series")}
    for place, (column, (data, *_)) in enumerate(zip(_COLUMNS, protocol.data)):
        nets = _nets(protocol, place)
        flat = [each for net in nets.values() for each in seeded(net, repetitions)]
        outcomes = _trained(flat, data, place / 2, tell)
        found = {}
        for number, name in enumerate(nets):
            own = outcomes[number * repetitions : (number + 1) * repetitions]
            found[name] = [100 * o.metrics.validation_accuracy if o.metrics else None for o in own]
            values["accuracy", NETS[name], column] = found[name]
            runs += [_run(NETS[name], column, i, o) for i, o in enumerate(own)]
            _add(rows, data, NETS[name], [v for v in found[name] if v is not None])
        for name, row in _DIFFERENCES.items():
            pairs = zip(found[_OURS], found[name])
            values["ahead", row, column] = [
                None if a is None or b is None else a - b for a, b in pairs
            ]
            notes.append(_told(row, data, values["ahead", row, column]))
    panel = Panel(
        "Accuracy of nets with as many weights",
        "bars",
        rows,
        {"x": "", "y": "test accuracy, %", "zero": False},
        "Mean, least and greatest of the repetitions; the same images and seeds for all three nets.",
        "full",
    )
    return Found(values, (panel,), tuple(notes), tuple(runs))


def _nets(protocol: Protocol, place: int) -> dict[str, Experiment]:
    from playground.datasets import TableError
    from playground.experiment import Experiment, SchemeSlot
    from playground.training.residual_comparison import Scale, contenders

    data, n_train, n_validation = protocol.data[place]
    base = Experiment.model_validate(
        {
            "data": data,
            "n_train": n_train,
            "n_validation": n_validation,
            "network": "preact_resnet",
            "optimizer": protocol.optimizer,
            "schedule": "cosine",
            "l2": 5e-4 if protocol.size == "published" else 0.0,
            "batch_size": protocol.batch,
            "epochs": protocol.epochs,
        }
    )
    scale = Scale(protocol.size, protocol.width, protocol.blocks, 18)
    try:
        if protocol.size == "published":
            _must_be_here(data)
        made = contenders(base, ["tm_resnet", "ho_resnet"], scale, SchemeSlot(name="heun2"))
    except TableError as error:
        raise ValueError(f"{data}: {error}") from error
    return {name: made[name].experiment for name in NETS}


def _must_be_here(data: str) -> None:
    """Raise ``TableError`` now and not after hours where the images of a published set are missing."""
    from playground.datasets.images.sources import find

    find(data)


def _trained(
    experiments: Sequence[Experiment], data: str, begun: float, tell: Tell
) -> list[Outcome]:
    from playground.training.events import Event, Metrics
    from playground.training.repetitions import train_many

    reached = [0.0] * len(experiments)

    def told(index: int, event: Event) -> None:
        if isinstance(event, Metrics):
            reached[index] = event.epoch / experiments[index].epochs
            tell(f"{len(experiments)} nets on {data}", begun + statistics.fmean(reached) / 2)

    return train_many(experiments, told=told)


def _run(row: str, column: str, repetition: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "row": row,
        "column": column,
        "repetition": repetition + 1,
        "run": "",
        "epochs": outcome.metrics.epoch if outcome.metrics else 0.0,
        "status": outcome.status,
        "reason": outcome.reason,
    }


def _add(rows: dict[str, list[Any]], data: str, label: str, known: Sequence[float]) -> None:
    if known:
        row = (data, statistics.fmean(known), min(known), max(known), label)
        for column, value in zip(rows.values(), row):
            column.append(value)


def _told(row: str, data: str, found: Sequence[float | None]) -> str:
    known = [value for value in found if value is not None]
    if len(known) < 2:
        return f"{row} on {data}: too few pairs to tell a difference from chance."
    mean, error = statistics.fmean(known), statistics.stdev(known) / len(known) ** 0.5
    beyond = "beyond" if abs(mean) > 2 * error else "within"
    return (
        f"{row} on {data}: {mean:+.1f} points in the mean of {len(known)} pairs, {beyond} two standard "
        f"errors ({2 * error:.1f})."
    )


def _compute(order: Order, tell: Tell) -> Found:
    return compute(REDUCED if order.reduced else FULL, order.repetitions, tell)


PAPERS.add(
    Study(
        name="000/claim_rivals",
        label="Claim: superior to ResNet and HO-ResNet",
        summary="TM-ResNet beside PreActResNet and HO-ResNet with as many weights: points of accuracy "
        "by which it is ahead, in pairs of the same seeds.",
        reference=f"{PAPER}, abstract and section IV.B",
        rows=(*NETS.values(), *_DIFFERENCES.values()),
        columns=_COLUMNS,
        quantities={
            "ahead": Quantity("points ahead", point=1.0),
            "accuracy": Quantity("test accuracy, %", point=1.0),
        },
        printed={
            ("ahead", row, column): Printed(0, relation="≥")
            for row in _DIFFERENCES.values()
            for column in _COLUMNS
        },
        variants={"text": "HO-ResNet with Heun's method of order 2 and as many weights"},
        repetitions=4,
        reduced_words="nets of 44 thousand weights in the place of 11 million; 600 of scikit-learn's "
        "digits and 400 images of Fashion-MNIST in the place of CIFAR-10 and CIFAR-100, 8 epochs",
        compute=_compute,
        seconds=12 * 3600,
        reduced_seconds=200,
        doubts=(
            "HO-ResNet has no line in the paper's table; its scheme is not told and is Heun's here.",
            "The first set is CIFAR-10, the second CIFAR-100. The full protocol needs both on this "
            "server, and a GPU.",
        ),
    )
)
