"""Figures 3 and 4 of the survey on neural ODEs, computed: augmented nets on images while they learn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.datasets.images import presence
from playground.experiment import Experiment
from playground.papers.followed import Followed, follow, plain
from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.papers.seed_003 import AUGMENTED, IMAGES, LATE
from playground.training.image_nfe import epoch_course, spikes

FACTOR = 2.0
"""An epoch has jumped whose loss is more than so many times the least before."""


@dataclass(frozen=True)
class Size:
    """How large a study is.

    Attributes:
        n_train: Images.
        filters: Channels inside the field.
        epochs: Passes over the images.
        batch_size: Images in a step.
        rate: Adam's.
        tolerance: Relative and absolute, of dopri5.
    """

    n_train: int
    filters: int
    epochs: int
    batch_size: int
    rate: float
    tolerance: float = 1e-3


FULL_3, QUICK_3 = Size(60_000, 92, 50, 256, 1e-3), Size(300, 16, 12, 50, 0.01)
FULL_4, QUICK_4 = Size(60_000, 92, 100, 256, 1e-3), Size(300, 16, 40, 50, 0.02)
_DATA = {"MNIST": "mnist", "CIFAR10": "cifar10"}


def experiment(data: str, channels: int, size: Size, seed: int) -> Experiment:
    """Return the training of a neural ODE on images with so many channels of zeros more."""
    tree: dict[str, Any] = {
        "data": data,
        "n_train": size.n_train,
        "n_validation": min(size.n_train, 200),
        "network": {
            "name": "conv_ode",
            "options": {"augment": "channels", "channels": channels, "filters": size.filters},
        },
        "scheme": {"name": "dopri5", "options": {"rtol": size.tolerance, "atol": size.tolerance}},
        "weight_seed": seed,
        "optimizer": {"name": "adam", "options": {"learning_rate": size.rate}},
        "batch_size": size.batch_size,
        "epochs": size.epochs,
    }
    return Experiment.model_validate(tree)


def _here(wanted: Sequence[str], reduced: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the sets of images by the figure's name for them, and what has to be said of the others.

    Raises:
        ValueError: If none is on this server.
    """
    if reduced:
        return {wanted[0]: "digits"}, (
            "Digits of 8 × 8 pixels stand in the place of MNIST: nothing is held against the figure.",
        )
    missing = [name for name in wanted if presence(_DATA[name]) == "missing"]
    if len(missing) == len(wanted):
        raise ValueError(
            f"the images of {' and '.join(missing)} are not on this server; the reduced protocol takes "
            "scikit-learn's digits"
        )
    notes = tuple(f"Not computed: the images of {name} are not on this server." for name in missing)
    return {name: _DATA[name] for name in wanted if name not in missing}, notes


Trained = Mapping[str, list[Followed]]
"""The repetitions of each net, by its name."""


def _trained(nets: Mapping[str, int], data: str, size: Size, order: Order, tell: Tell) -> Trained:
    made = [
        (name, experiment(data, channels, size, seed))
        for name, channels in nets.items()
        for seed in range(1, order.repetitions + 1)
    ]
    ended = follow([(f"{name}, seed {e.weight_seed}", e) for name, e in made], tell)
    found: dict[str, list[Followed]] = {name: [] for name in nets}
    for (name, _), one in zip(made, ended):
        found[name].append(one)
    return found


def _course(trained: Trained, quantity: str, title: str, log: bool) -> Panel:
    rows: dict[str, list] = {key: [] for key in ("x", "y", "low", "high", "series")}
    for name, runs in trained.items():
        epochs, mean, std = epoch_course([one.metrics for one in runs], quantity)
        least = 1e-6 if log else -math.inf
        rows["x"] += epochs.tolist()
        rows["y"] += plain(np.maximum(mean, least))
        rows["low"] += plain(np.maximum(mean - std, 0.5 * mean if log else least))
        rows["high"] += plain(mean + std)
        rows["series"] += [name] * len(epochs)
    options = {"x": "epoch", "y": title, "log_y": log}
    return Panel(title[0].upper() + title[1:], "lines", rows, options, "", "third")


def _against(trained: Trained) -> Panel:
    rows: dict[str, list] = {"x": [], "y": [], "series": []}
    for name, runs in trained.items():
        for one in runs:
            known = [m for m in one.metrics if m.step > 0 and m.train_loss > 0]
            rows["x"] += [m.nfe_forward for m in known]
            rows["y"] += [m.train_loss for m in known]
            rows["series"] += [name] * len(known)
    options = {"x": "NFE, forward", "y": "training loss", "log_y": True, "joined": False}
    return Panel("NFE against loss", "lines", rows, options, "A mark for each epoch.", "third")


def figure_3(
    order: Order, tell: Tell, size: Size | None = None, nets: Sequence[str] = AUGMENTED
) -> Found:
    """Train nets with more and more channels, and follow loss and evaluations.

    Raises:
        ValueError: If the images are not on this server.
    """
    size = size or (QUICK_3 if order.reduced else FULL_3)
    sets, notes = _here(IMAGES, order.reduced)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    panels: list[Panel] = []
    told: list[str] = []
    runs: list[dict[str, Any]] = []
    for column, data in sets.items():
        trained = _trained({n: int(n.split()[-1]) for n in nets}, data, size, order, tell)
        for quantity, field in (("loss", "train_loss"), ("nfe", "nfe_forward")):
            ends = {n: [float(getattr(one.last, field)) for one in t] for n, t in trained.items()}
            for name, own in ends.items():
                values[quantity, name, column] = own
                if name != nets[0]:
                    values[f"{quantity}_over", name, column] = [
                        a / b if b else None for a, b in zip(ends[nets[0]], own)
                    ]
        panels += [
            _course(trained, "train_loss", "training loss", log=True),
            _course(trained, "nfe_forward", "NFE, forward", log=False),
            _against(trained),
        ]
        first, last = (trained[nets[i]] for i in (0, -1))
        told.append(
            f"{data}: {nets[0]} ends with {np.mean([o.last.nfe_forward for o in first]):.0f} evaluations "
            f"and a loss of {np.mean([o.last.train_loss for o in first]):.2g}, {nets[-1]} with "
            f"{np.mean([o.last.nfe_forward for o in last]):.0f} and "
            f"{np.mean([o.last.train_loss for o in last]):.2g}."
        )
        runs += [one.told(n, data, i + 1) for n, t in trained.items() for i, one in enumerate(t)]
    return Found(values, tuple(panels), (*notes, *told), tuple(runs))


def figure_4(order: Order, tell: Tell, size: Size | None = None) -> Found:
    """Train a plain and an augmented neural ODE long, and look for epochs at which the loss jumps.

    Raises:
        ValueError: If the images are not on this server.
    """
    size = size or (QUICK_4 if order.reduced else FULL_4)
    sets, notes = _here(IMAGES[:1], order.reduced)
    (data,) = sets.values()
    nets = {"neural ODE": 0, "neural ODE with 5 channels more": 5}
    trained = _trained(nets, data, size, order, tell)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    worst: list[str] = []
    for name, runs in trained.items():
        for one in runs:
            middle = size.epochs / 2
            for column, late in (("first half", False), (LATE, True)):
                jumps = [s for s in spikes(one.metrics, FACTOR) if (s.epoch > middle) == late]
                values.setdefault(("jumps", name, column), []).append(float(len(jumps)))
                most = greatest(one, middle, late)
                values.setdefault(("most", name, column), []).append(most)
                if jumps and late:
                    top = max(jumps, key=lambda s: s.times)
                    worst.append(
                        f"{name}, epoch {top.epoch:g}: {top.times:.3g} times the least loss, {top.nfe} "
                        f"evaluations in place of {top.usual_nfe:g}"
                    )
    quantities = (("train_loss", "training loss", True), ("nfe_forward", "NFE, forward", False))
    panels = tuple(_single(trained, *each) for each in quantities)
    said = (
        f"Jumps in the second half: {'; '.join(worst)}."
        if worst
        else "No epoch of the second half ended with more than twice the least loss before: nothing "
        "became unstable here."
    )
    told = tuple(
        one.told(name, data, i + 1) for name, runs in trained.items() for i, one in enumerate(runs)
    )
    return Found(values, panels, (*notes, said), told)


def greatest(one: Followed, middle: float, late: bool) -> float | None:
    """Return the greatest loss over the least before it, of the epochs of one half."""
    known = [m for m in one.metrics if m.step > 0 and math.isfinite(m.train_loss)]
    least, found = math.inf, []
    for metrics in known:
        if (metrics.epoch > middle) == late and least not in (0, math.inf):
            found.append(metrics.train_loss / least)
        least = min(least, metrics.train_loss)
    return max(found) if found else None


def _single(trained: Trained, quantity: str, title: str, log: bool) -> Panel:
    """Return every training as a line of its own."""
    rows: dict[str, list] = {"x": [], "y": [], "series": []}
    for name, runs in trained.items():
        for i, one in enumerate(runs):
            known = [m for m in one.metrics if m.step > 0]
            rows["x"] += [m.epoch for m in known]
            rows["y"] += plain([getattr(m, quantity) for m in known])
            rows["series"] += [f"{name}, {i + 1}"] * len(known)
    options = {"x": "epoch", "y": title, "log_y": log, "points": False}
    return Panel(title[0].upper() + title[1:], "lines", rows, options)
