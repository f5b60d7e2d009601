"""The toy of the Lookahead thesis: what it claims, over hundreds of initialisations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from playground.analysis.toy_lookahead import (
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
    EVALUATIONS,
    PERIODS,
    PLAIN,
    RATES,
    SLOW,
    name_of,
)
from playground.papers.toy_figures import (
    AXES,
    SEED,
    WAYS,
    empty_rows,
    extend,
    limited,
    ratio,
)

Cells = dict[tuple[float, int], ToyRuns]


def _grid(variant: str, starts: int, seed: int) -> Cells:
    """Return the runs of all rates, and of gradient descent (k = 0) and all k."""
    weights = initial_weights(starts, seed)
    gradient, reset = WAYS[variant]
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
        made.append(_grid(variant, starts, SEED + repetition))
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
    rows = empty_rows("x", "y", "low", "high", "series")
    for (quantity, row, column), found in values.items():
        if quantity == name:
            extend(rows, [row], [float(np.mean(found))], [min(found)], [max(found)], [column])
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
        for column, axis in AXES.items()
    }
    rows = empty_rows("x", "y", "low", "high", "series")
    for (_, row, column), found in values.items():
        label = row.replace("rate ", "").replace(", k = ", " · ")
        extend(rows, [label], [float(np.mean(found))], [min(found)], [max(found)], [column])
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
    notes = [_verdict(values), *(note for r, runs in plain.items() for note in limited(r, runs))]
    return Found(values, (panel,), tuple(notes))


def _verdict(values: dict[tuple[str, str, str], list[float]]) -> str:
    below = {
        column: sum(np.mean(v) <= 1 for (_, _, c), v in values.items() if c == column)
        for column in AXES
    }
    pairs = len(values) // len(AXES)
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
    rows = empty_rows("x", "y", "series")
    for repetition in range(repetitions):
        tell(f"differences, draw {repetition + 1}", repetition / repetitions)
        w, b = initial_weights(starts, SEED + repetition)
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
                    extend(
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
