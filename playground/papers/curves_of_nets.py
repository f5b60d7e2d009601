"""Figures of trainings over their epochs, over the depth of nets, and images with answers, as panels."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from playground.papers.figures_of_nets import TrainedNet
from playground.papers.found import Panel, Size
from playground.papers.pictures_of_nets import rounded

Groups = Mapping[str, Sequence[TrainedNet]]
"""Repetitions of trainings by the name of their series."""

_TOLD = {
    "accuracy": ("accuracy, %", "accuracy", 100.0),
    "cost": ("cost", "loss", 1.0),
}


def by_epoch(nets: Sequence[TrainedNet], field: str, scale: float) -> dict[int, list[float]]:
    """Return a field of the figures of repetitions by epoch; what ended early lacks later ones."""
    found: dict[int, list[float]] = {}
    for net in nets:
        for metrics in net.history:
            value = getattr(metrics, field)
            if metrics.epoch == int(metrics.epoch) and value is not None and np.isfinite(value):
                found.setdefault(int(metrics.epoch), []).append(scale * float(value))
    return found


def band_panel(groups: Groups, what: str, until: int, size: Size = "half") -> Panel:
    """Return mean and standard deviation of the validation's accuracy or cost over the epochs.

    Args:
        groups: Repetitions by series.
        what: ``accuracy`` or ``cost``.
        until: The last epoch that is shown.
        size: Of the picture.
    """
    label, field, scale = _TOLD[what]
    rows: dict[str, list[Any]] = {name: [] for name in ("x", "y", "low", "high", "series")}
    for name, nets in groups.items():
        for epoch, values in sorted(by_epoch(nets, f"validation_{field}", scale).items()):
            if not 1 <= epoch <= until:
                continue
            mean = statistics.fmean(values)
            std = statistics.stdev(values) if len(values) > 1 else 0.0
            for key, value in (
                ("x", epoch),
                ("y", mean),
                ("low", mean - std),
                ("high", mean + std),
            ):
                rows[key].append(float(f"{value:.5g}"))
            rows["series"].append(name)
    title = f"Validation {what} by epoch"
    caption = "The line is the mean over the repetitions, the band one standard deviation."
    return Panel(title, "lines", rows, {"x": "epoch", "y": label}, caption, size)


def parted_panel(groups: Groups, what: str, until: int, size: Size = "half") -> Panel:
    """Return the mean accuracy or cost on validation (solid) and training data (dotted) over the epochs.

    Args:
        groups: Repetitions by series.
        what: ``accuracy`` or ``cost``.
        until: The last epoch that is shown.
        size: Of the picture.
    """
    label, field, scale = _TOLD[what]
    rows: dict[str, list[Any]] = {name: [] for name in ("x", "y", "series", "part")}
    for name, nets in groups.items():
        for part, prefix in (("validation", "validation"), ("training", "train")):
            for epoch, values in sorted(by_epoch(nets, f"{prefix}_{field}", scale).items()):
                if epoch > until:
                    continue
                rows["x"].append(epoch)
                rows["y"].append(float(f"{statistics.fmean(values):.5g}"))
                rows["series"].append(name)
                rows["part"].append(part)
    title = f"{what.capitalize()} by epoch"
    caption = "Solid on validation data, dotted on training data; means of the repetitions."
    return Panel(title, "parted", rows, {"x": "epoch", "y": label}, caption, size)


def series_panel(
    title: str,
    lines: Mapping[str, Sequence[float]],
    x: str,
    y: str,
    caption: str = "",
    size: Size = "half",
    at: Sequence[float] | None = None,
    **options: Any,
) -> Panel:
    """Return a line for each series over places, which are 0, 1, … where none are given."""
    rows: dict[str, list[Any]] = {"x": [], "y": [], "series": []}
    for name, values in lines.items():
        rows["x"] += list(range(len(values)) if at is None else at)[: len(values)]
        rows["y"] += rounded(values)
        rows["series"] += [name] * len(values)
    return Panel(title, "lines", rows, {"x": x, "y": y, **options}, caption, size)


def epochs_to_settle(net: TrainedNet, points: float = 1.0) -> float:
    """Return after which epoch the validation accuracy stays within some points of the best mean.

    The level is the mean of the last five epochs; the first epoch from which on the accuracy has come
    that close once counts, as accuracies go on to flicker.
    """
    values = [100 * (metrics.validation_accuracy or 0.0) for metrics in net.history]
    level = statistics.fmean(values[-5:])
    return float(next(i for i, value in enumerate(values) if value >= level - points))


def epochs_to_reach(net: TrainedNet, level: float) -> float | None:
    """Return after which epoch the validation accuracy first reached a level in %, ``None`` if never."""
    for metrics in net.history:
        if metrics.validation_accuracy is not None and 100 * metrics.validation_accuracy >= level:
            return float(metrics.epoch)
    return None


def answers_panel(net: TrainedNet, title: str, shown: int = 12, wrong: int = 2) -> Panel:
    """Return some validation images with their classes and what a net took them for.

    Args:
        net: A net on grey square images.
        title: What stands above.
        shown: How many images.
        wrong: How many of them are mistakes, if there are so many; they come last.
    """
    x, truths = net.split.x_validation, net.split.y_validation
    guesses = net.probabilities(x).argmax(axis=1)
    right, missed = np.flatnonzero(guesses == truths), np.flatnonzero(guesses != truths)
    missed = missed[:wrong]
    chosen = [*right[: shown - len(missed)], *missed]
    side = round(x[0].size ** 0.5)
    names = net.split.class_names
    rows = {
        "pixels": [
            np.rint(255 * np.clip(x[i].ravel(), 0, 1)).astype(np.uint8).tobytes().hex()
            for i in chosen
        ],
        "truth": [str(names[truths[i]]) for i in chosen],
        "guess": [str(names[guesses[i]]) for i in chosen],
    }
    share = 100 * float((guesses == truths).mean())
    caption = (
        f"The first validation images that the net takes for what they are, then {len(missed)} that it "
        f"does not, in orange with the answer; it is right on {share:.1f} % of them all."
    )
    return Panel(title, "answers", rows, {"side": side}, caption, "full")


def _in_hexadecimal(image: np.ndarray) -> str:
    shades = np.rint(255 * np.clip(image.ravel(), 0, 1)).astype(np.uint8)
    return shades.tobytes().hex()
