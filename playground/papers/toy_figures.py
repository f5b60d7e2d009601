"""The toy of the Lookahead thesis: its figures, and its claims over hundreds of initialisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from playground.analysis.toy_lookahead import (
    STEP,
    Axis,
    Gradient,
    Reset,
    ToyRuns,
    ToySettings,
    gradient_of,
    initial_weights,
    loss_of,
    path_of,
    train_toy,
)
from playground.papers.found import Found, Panel
from playground.papers.paper import Tell
from playground.papers.seed_004 import (
    AHEAD,
    EVALUATIONS,
    PERIODS,
    PLAIN,
    RATES,
    SLOW,
    name_of,
)

_AXES: dict[str, Axis] = {SLOW: "slow", EVALUATIONS: "evaluations"}
_WAYS: dict[str, tuple[Gradient, Reset]] = {
    "printed": ("printed", "every_k"),
    "right": ("right", "every_k"),
    "indented": ("printed", "as_indented"),
}
_SEED = 2023
_DRAWN = 40  # initialisations whose paths are drawn
_MANY = 5.0  # percent of runs that a limit ended, from which on it is said
Cells = dict[tuple[float, int], ToyRuns]


def train_pair(
    rate: float, period: int, variant: str, weights: tuple[np.ndarray, np.ndarray]
) -> tuple[ToyRuns, ToyRuns]:
    """Return the runs of gradient descent and of Lookahead from the same initial weights."""
    gradient, reset = _WAYS[variant]
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
        pair = train_pair(rate, period, variant, initial_weights(starts, _SEED + repetition))
        pairs.append(pair)
        for key, value in _figures_of(*pair).items():
            values.setdefault(key, []).append(value)
    plain, ahead = pairs[0]
    panels = [*_courses(plain, ahead), *_medians(plain, ahead), _states(plain, ahead)]
    panels.append(_plane(plain, ahead))
    notes = [_said(rate, period, values), *_limited(rate, [plain for plain, _ in pairs])]
    return Found(values, tuple(panels), tuple(notes))


def _figures_of(plain: ToyRuns, ahead: ToyRuns) -> dict[tuple[str, str, str], float]:
    found = {}
    for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
        for column, axis in _AXES.items():
            found["iterations", label, column] = float(np.median(runs.count(axis)))
        found["stopped", label, "runs"] = 100 * float(runs.stopped.mean())
        found["rose", label, "runs"] = 100 * float(runs.rose.mean())
    for column, axis in _AXES.items():
        found["ratio", "ratio", column] = ratio(plain, ahead, axis)
    return found


def _said(rate: float, period: int, values: dict[tuple[str, str, str], list[float | None]]) -> str:
    slow, cost = (float(np.mean(values["ratio", "ratio", column])) for column in _AXES)
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
    for (column, axis), caption in zip(_AXES.items(), captions):
        rows = _empty("x", "y", "series")
        for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
            iterations, losses = runs.course(0, axis)
            _extend(rows, iterations.tolist(), losses.tolist(), [label] * len(losses))
        counts = f"{plain.count(axis)[0]} against {ahead.count(axis)[0]}"
        title = f"Loss over {column}: {counts}"
        options = {"x": column, "y": "loss", "points": False}
        panels.append(Panel(title, "lines", rows, options, caption, "half"))
    return panels


def _medians(plain: ToyRuns, ahead: ToyRuns) -> list[Panel]:
    panels = []
    n = plain.losses.shape[1]
    for column, axis in _AXES.items():
        rows = _empty("x", "y", "low", "high", "series")
        for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
            every = runs.period if axis == "slow" and runs.period else 1
            held = _held(runs)[every - 1 :: every]
            low, middle, high = np.percentile(held, [25, 50, 75], axis=1)
            at = list(range(1, len(held) + 1))
            _extend(rows, at, middle.tolist(), low.tolist(), high.tolist(), [label] * len(at))
        options = {"x": column, "y": "loss", "log_y": True}
        caption = f"Median and quartiles of {n} initialisations; an ended run keeps its last loss."
        panels.append(Panel(f"All of them over {column}", "lines", rows, options, caption, "half"))
    return panels


def _held(runs: ToyRuns) -> np.ndarray:
    """Return the losses, each run's last one kept from its end on, up to the end of the longest."""
    places = np.minimum(np.arange(runs.steps.max())[:, None], runs.steps[None, :] - 1)
    return np.take_along_axis(runs.losses, places, axis=0)


def _states(plain: ToyRuns, ahead: ToyRuns) -> Panel:
    rows = _empty("x", "y", "series")
    for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
        for i, name in enumerate(("z₁", "z₂")):
            path = runs.path[:, 0, i].tolist()
            _extend(
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
    rows = _empty("x", "y", "t", "path", "series")
    for label, runs in ((PLAIN, plain), (AHEAD, ahead)):
        for i in range(min(_DRAWN, runs.path.shape[1])):
            path = runs.path[:, i]
            times = list(range(len(path)))
            names = [f"{label} {i + 1}"] * len(path)
            _extend(
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


def _grid(variant: str, starts: int, seed: int) -> Cells:
    """Return the runs of all rates, and of gradient descent (k = 0) and all k."""
    weights = initial_weights(starts, seed)
    gradient, reset = _WAYS[variant]
    return {
        (rate, k): train_toy(
            ToySettings(rate=rate, period=k, gradient=gradient, reset=reset), weights
        )
        for rate in RATES
        for k in (0, *PERIODS)
    }


def _drawn(variant: str, repetitions: int, starts: int, tell: Tell) -> list[Cells]:
    made = []
    for repetition in range(repetitions):
        tell(f"{starts} initialisations, draw {repetition + 1}", repetition / repetitions)
        made.append(_grid(variant, starts, _SEED + repetition))
    return made


def _column(k: int) -> str:
    return f"k = {k}" if k else PLAIN


def iterations(variant: str, repetitions: int, starts: int, tell: Tell) -> Found:
    """Return the median iterations of every rate and k; see ``figure`` for the arguments."""
    quantities: dict[str, Callable[[ToyRuns], float]] = {
        "evaluations": lambda runs: float(np.median(runs.steps)),
        "slow": lambda runs: float(np.median(runs.slow_updates)),
        "stopped": lambda runs: 100 * float(runs.stopped.mean()),
    }
    draws = _drawn(variant, repetitions, starts, tell)
    values = {
        (name, f"rate {rate:g}", _column(k)): [of(cells[rate, k]) for cells in draws]
        for name, of in quantities.items()
        for rate in RATES
        for k in (0, *PERIODS)
    }
    titles = {"evaluations": "gradient evaluations", "slow": "slow updates"}
    panels = [_bars(values, name, f"{title}, median") for name, title in titles.items()]
    return Found(values, tuple(panels), (_wandering(values),))


def _wandering(values: dict[tuple[str, str, str], list[float]]) -> str:
    """Say how far the medians of the draws lie apart, at most."""
    spans = {
        f"{row}, {column}": (max(v) - min(v)) / float(np.mean(v))
        for (name, row, column), v in values.items()
        if name == "evaluations"
    }
    where = max(spans, key=lambda key: spans[key])
    return (
        f"Medians wander from draw to draw, by up to {100 * spans[where]:.0f} % of their mean ({where}); "
        "an implementation is to be checked on the same initialisations."
    )


def _bars(values: dict[tuple[str, str, str], list[float]], name: str, title: str) -> Panel:
    rows = _empty("x", "y", "low", "high", "series")
    for (quantity, row, column), found in values.items():
        if quantity == name:
            _extend(rows, [row], [float(np.mean(found))], [min(found)], [max(found)], [column])
    return Panel(
        title[0].upper() + title[1:],
        "bars",
        rows,
        {"x": "", "y": title},
        "Mean, least and greatest median of the draws.",
        "half",
    )


def faster(variant: str, repetitions: int, starts: int, tell: Tell) -> Found:
    """Return the ratios of the iterations on both axes; see ``figure`` for the arguments."""
    draws = _drawn(variant, repetitions, starts, tell)
    values = {
        ("ratio", name_of(rate, k), column): [
            ratio(cells[rate, 0], cells[rate, k], axis) for cells in draws
        ]
        for rate in RATES
        for k in PERIODS
        for column, axis in _AXES.items()
    }
    rows = _empty("x", "y", "low", "high", "series")
    for (_, row, column), found in values.items():
        label = row.replace("rate ", "").replace(", k = ", " · ")
        _extend(rows, [label], [float(np.mean(found))], [min(found)], [max(found)], [column])
    panel = Panel(
        "Lookahead's iterations as a multiple of gradient descent's",
        "bars",
        rows,
        {"x": "rate · k", "y": "ratio of the medians"},
        "Below 1 Lookahead is faster. Counted in slow updates, each of which stands for k steps, and in "
        "evaluations of the gradient, which is what they cost.",
        "full",
    )
    plain = {rate: [cells[rate, 0] for cells in draws] for rate in RATES}
    notes = [_verdict(values), *(note for r, runs in plain.items() for note in _limited(r, runs))]
    return Found(values, (panel,), tuple(notes))


def _limited(rate: float, plain: Sequence[ToyRuns]) -> list[str]:
    """Say where the limit, and not the rule, ended many runs of gradient descent."""
    open_ones = 100 * float(np.mean([1 - runs.stopped.mean() for runs in plain]))
    if open_ones < _MANY:
        return []
    return [
        f"At the rate {rate:g} the limit of {len(plain[0].losses)} steps ended {open_ones:.0f} % of the "
        "runs of gradient descent: how many more it would have needed is not known, and ratios to it are "
        "upper bounds."
    ]


def _verdict(values: dict[tuple[str, str, str], list[float]]) -> str:
    below = {
        column: sum(np.mean(v) <= 1 for (_, _, c), v in values.items() if c == column)
        for column in _AXES
    }
    pairs = len(values) // len(_AXES)
    return (
        f"Lookahead is ahead in {below[SLOW]} of {pairs} pairs where a slow update is counted as one "
        f"iteration, and in {below[EVALUATIONS]} where every evaluation of the gradient is."
    )


def stable(variant: str, repetitions: int, starts: int, tell: Tell) -> Found:
    """Return the share of runs whose loss rises; see ``figure`` for the arguments."""
    draws = _drawn(variant, repetitions, starts, tell)
    values = {
        ("rose", f"rate {rate:g}", _column(k)): [
            100 * float(cells[rate, k].rose.mean()) for cells in draws
        ]
        for rate in RATES
        for k in (0, *PERIODS)
    }
    risen = max(max(v) for v in values.values())
    note = (
        "No loss of any run rises at any rate: with this gradient nothing oscillates."
        if risen == 0
        else f"At most {risen:.0f} % of the runs of a draw have a loss that rises."
    )
    return Found(values, (_bars(values, "rose", "runs whose loss rises, %"),), (note,))


def gradients(repetitions: int, starts: int, tell: Tell) -> Found:
    """Return how far the printed and the right gradient are from central differences.

    Args:
        repetitions: How often initial weights are drawn.
        starts: How many each time.
        tell: Told how far it is.
    """
    values: dict[tuple[str, str, str], list[float]] = {}
    rows = _empty("x", "y", "series")
    for repetition in range(repetitions):
        tell(f"differences, draw {repetition + 1}", repetition / repetitions)
        w, b = initial_weights(starts, _SEED + repetition)
        known = differences(w, b)
        for label, gradient in (("as printed", "printed"), ("right", "right")):
            found = gradient_of(path_of(w, b), w, b, gradient)
            for column, ours, theirs in zip(("∂L/∂W", "∂L/∂b"), found, known):
                flat, wanted = ours.reshape(starts, -1), theirs.reshape(starts, -1)
                error = np.linalg.norm(flat - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
                values.setdefault(("error", label, column), []).append(
                    100 * float(np.median(error))
                )
                if repetition == 0:
                    _extend(
                        rows, wanted.ravel().tolist(), flat.ravel().tolist(), [label] * flat.size
                    )
    panel = Panel(
        "Gradients beside finite differences",
        "points",
        rows,
        {"x": "central difference", "y": "gradient", "size": 8},
        "A right gradient lies on the diagonal.",
        "full",
    )
    return Found(values, (panel,))


def differences(w: np.ndarray, b: np.ndarray, h: float = 1e-5) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients by central differences, with respect to W ``(n, 2, 2)`` and b ``(n, 2)``."""
    found = []
    for place, array in enumerate((w, b)):
        of = np.zeros_like(array)
        for index in np.ndindex(array.shape[1:]):
            ends = []
            for sign in (1, -1):
                moved = [w.copy(), b.copy()]
                moved[place][(slice(None), *index)] += sign * h
                ends.append(loss_of(path_of(*moved)))
            of[(slice(None), *index)] = (ends[0] - ends[1]) / (2 * h)
        found.append(of)
    return found[0], found[1]


def example(repetitions: int, tell: Tell) -> Found:
    """Return the states of the worked example of chapter 4."""
    tell("three steps", 0.5)
    w, b, z = np.diag([1.0, 2.0]), np.ones(2), np.ones(2)
    values: dict[tuple[str, str, str], list[float]] = {}
    for row in ("z(0.5)", "z(1)", "z(1.5)"):
        z = z + 0.5 * expit(w @ z + b)
        for column, value in zip(("first", "second"), z):
            values["state", row, column] = [float(value)] * repetitions
    return Found(values)


def _empty(*names: str) -> dict[str, list[Any]]:
    return {name: [] for name in names}


def _extend(rows: dict[str, list[Any]], *columns: Sequence[Any]) -> None:
    for held, more in zip(rows.values(), columns, strict=True):
        held.extend(more)
