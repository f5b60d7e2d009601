"""The toy of the Lookahead thesis: its figures, over hundreds of initialisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from playground.analysis.toy_lookahead import (
    STEP,
    Axis,
    Gradient,
    Reset,
    ToyRuns,
    ToySettings,
    initial_weights,
    train_toy,
)
from playground.papers.found import Found, Panel
from playground.papers.paper import Tell
from playground.papers.seed_004 import (
    AHEAD,
    EVALUATIONS,
    PLAIN,
    SLOW,
    name_of,
)

AXES: dict[str, Axis] = {SLOW: "slow", EVALUATIONS: "evaluations"}
WAYS: dict[str, tuple[Gradient, Reset]] = {
    "printed": ("printed", "every_k"),
    "right": ("right", "every_k"),
    "indented": ("printed", "as_indented"),
}
SEED = 2023
_DRAWN = 40  # initialisations whose paths are drawn
_MANY = 5.0  # percent of runs that a limit ended, from which on it is said


def train_pair(
    rate: float, period: int, variant: str, weights: tuple[np.ndarray, np.ndarray]
) -> tuple[ToyRuns, ToyRuns]:
    """Return the runs of gradient descent and of Lookahead from the same initial weights."""
    gradient, reset = WAYS[variant]
    plain, ahead = (
        ToySettings(rate=rate, period=k, gradient=gradient, reset=reset) for k in (0, period)
    )
    return train_toy(plain, weights), train_toy(ahead, weights)


def ratio(plain: ToyRuns, ahead: ToyRuns, axis: Axis) -> float:
    """Return Lookahead's median iterations as a multiple of gradient descent's."""
    return float(np.median(ahead.count(axis)) / np.median(plain.count(axis)))


def figure(
    rate: float, period: int, variant: str, repetitions: int, starts: int, tell: Tell
) -> Found:
    """Return one of figures 4 to 12.

    Args:
        rate: Learning rate.
        period: Steps k between two slow updates.
        variant: ``"printed"``, ``"right"`` or ``"indented"``.
        repetitions: How often initial weights are drawn.
        starts: How many each time.
        tell: Told how far it is.
    """
    values: dict[tuple[str, str, str], list[float | None]] = {}
    pairs = []
    for repetition in range(repetitions):
        tell(f"{starts} initialisations, draw {repetition + 1}", repetition / repetitions)
        pair = train_pair(rate, period, variant, initial_weights(starts, SEED + repetition))
        pairs.append(pair)
        for key, value in _figures_of(*pair).items():
            values.setdefault(key, []).append(value)
    plain, ahead = pairs[0]
    panels = [*_courses(plain, ahead), *_medians(plain, ahead), _states(plain, ahead)]
    panels.append(_plane(plain, ahead))
    notes = [_said(rate, period, values), *limited(rate, [plain for plain, _ in pairs])]
    return Found(values, tuple(panels), tuple(notes))


def _figures_of(plain: ToyRuns, ahead: ToyRuns) -> dict[tuple[str, str, str], float]:
    found = {}
    for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
        for column, axis in AXES.items():
            found["iterations", label, column] = float(np.median(runs.count(axis)))
        found["stopped", label, "runs"] = 100 * float(runs.stopped.mean())
        found["rose", label, "runs"] = 100 * float(runs.rose.mean())
    for column, axis in AXES.items():
        found["ratio", "ratio", column] = ratio(plain, ahead, axis)
    return found


def _said(rate: float, period: int, values: dict[tuple[str, str, str], list[float | None]]) -> str:
    slow, cost = (float(np.mean(values["ratio", "ratio", column])) for column in AXES)
    return (
        f"With {name_of(rate, period)} Lookahead takes {_times(slow)} as many slow updates as gradient "
        f"descent takes steps, and {_times(cost)} as many evaluations of the gradient."
    )


def _times(factor: float) -> str:
    return f"{factor:.2f} times"


def _courses(plain: ToyRuns, ahead: ToyRuns) -> list[Panel]:
    """Return the losses of the first initialisation, as in the figure and by what they cost."""
    panels = []
    captions = (
        "One initialisation, as in the thesis: every k-th loss of Lookahead beside every loss of "
        "gradient descent.",
        "The same two runs, each step counted: it costs one gradient.",
    )
    for (column, axis), caption in zip(AXES.items(), captions):
        rows = empty_rows("x", "y", "series")
        for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
            iterations, losses = runs.course(0, axis)
            extend(rows, iterations.tolist(), losses.tolist(), [label] * len(losses))
        counts = f"{plain.count(axis)[0]} against {ahead.count(axis)[0]}"
        title = f"Loss over {column}: {counts}"
        options = {"x": column, "y": "loss", "points": False}
        panels.append(Panel(title, "lines", rows, options, caption, "half"))
    return panels


def _medians(plain: ToyRuns, ahead: ToyRuns) -> list[Panel]:
    panels = []
    n = plain.losses.shape[1]
    for column, axis in AXES.items():
        rows = empty_rows("x", "y", "low", "high", "series")
        for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
            every = runs.period if axis == "slow" and runs.period else 1
            held = _held(runs)[every - 1 :: every]
            low, middle, high = np.percentile(held, [25, 50, 75], axis=1)
            at = list(range(1, len(held) + 1))
            extend(rows, at, middle.tolist(), low.tolist(), high.tolist(), [label] * len(at))
        options = {"x": column, "y": "loss", "log_y": True}
        caption = f"Median and quartiles of {n} initialisations; an ended run keeps its last loss."
        panels.append(Panel(f"All of them over {column}", "lines", rows, options, caption, "half"))
    return panels


def _held(runs: ToyRuns) -> np.ndarray:
    """Return the losses, each run's last one kept from its end on, up to the end of the longest."""
    places = np.minimum(np.arange(runs.steps.max())[:, None], runs.steps[None, :] - 1)
    return np.take_along_axis(runs.losses, places, axis=0)


def _states(plain: ToyRuns, ahead: ToyRuns) -> Panel:
    rows = empty_rows("x", "y", "series")
    for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
        for i, name in enumerate(("z₁", "z₂")):
            path = runs.path[:, 0, i].tolist()
            extend(
                rows, [STEP * t for t in range(len(path))], path, [f"{label} {name}"] * len(path)
            )
    return Panel(
        "The state with the last weights",
        "lines",
        rows,
        {"x": "t", "y": "state"},
        "Of the one initialisation; the target is (2, 4) at t = 2.",
        "half",
    )


def _plane(plain: ToyRuns, ahead: ToyRuns) -> Panel:
    rows = empty_rows("x", "y", "t", "path", "series")
    for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
        for i in range(min(_DRAWN, runs.path.shape[1])):
            path = runs.path[:, i]
            times = list(range(len(path)))
            names = [f"{label} {i + 1}"] * len(path)
            extend(
                rows, path[:, 0].tolist(), path[:, 1].tolist(), times, names, [label] * len(path)
            )
    return Panel(
        "Paths of the state",
        "paths",
        rows,
        {"x": "z₁", "y": "z₂"},
        f"From (1, 2), moved by the last weights of {min(_DRAWN, plain.path.shape[1])} initialisations.",
        "half",
    )


def limited(rate: float, plain: Sequence[ToyRuns]) -> list[str]:
    """Return a sentence where the limit, and not the rule, ended many runs of gradient descent."""
    open_ones = 100 * float(np.mean([1 - runs.stopped.mean() for runs in plain]))
    if open_ones < _MANY:
        return []
    return [
        f"At the rate {rate:g} the limit of {len(plain[0].losses)} steps ended {open_ones:.0f} % of the "
        "runs of gradient descent: how many more it would have needed is not known, and ratios to it are "
        "upper bounds."
    ]


def empty_rows(*names: str) -> dict[str, list[Any]]:
    """Return the columns of a picture without any rows."""
    return {name: [] for name in names}


def extend(rows: dict[str, list[Any]], *columns: Sequence[Any]) -> None:
    """Add rows to a picture, column by column."""
    for held, more in zip(rows.values(), columns, strict=True):
        held.extend(more)
