"""Orders, errors and stability of the schemes that the residual-stacking paper prints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from contourpy import contour_generator

from playground.analysis.convergence import Measured, Solver, fitted_order, measure, registered
from playground.analysis.stability import (
    growth,
    imaginary_interval,
    polynomial_length,
    real_interval,
)
from playground.integrators import INTEGRATORS, RungeKutta
from playground.integrators.multistep import defect
from playground.integrators.printed import PRINTED
from playground.papers.found import Found, Panel
from playground.papers.paper import Tell
from playground.papers.seed_000_schemes import PROBLEMS, SCHEMES
from playground.systems import SYSTEMS, Problem

_FINE = tuple(20 * 2**k for k in range(8))
_ENDS = {"cosine": 10.0, "logistic": 10.0, "decay": 5.0}
_RATE = 5.0
_MEANT = {"rk4": "rk4"}
"""What was meant, where that is not the first that ``PRINTED`` names."""
_BOX, _POINTS = (-4.5, 1.5, -3.5, 3.5), 451
_FAST = 1.5  # rate of decay at which Euler's steps of 1 are stable and the multistep ones are not


def _problem(name: str) -> tuple[Problem, tuple[float, ...]]:
    entry = SYSTEMS[name]
    return entry.problem(**({"rate": _RATE} if name == "decay" else {})), entry.start


def meant(name: str) -> str:
    """Return the registered name of what a printed scheme should be."""
    return _MEANT.get(name, PRINTED[name].corrected[0])


def solver_of(name: str, variant: str) -> Solver:
    """Return the solver of a scheme as printed, or as it was meant."""
    return PRINTED[name].solve if variant == "printed" else registered(meant(name))


def observed(points: Sequence[Measured], scale: float) -> float | None:
    """Return the observed order; what does not come near the solution has the slope of its last errors.

    Args:
        points: Solutions with more and more steps.
        scale: Size of the solution.
    """
    order = fitted_order(points, scale)
    if order is not None:
        return order
    before, last = points[-2], points[-1]
    if not (0 < before.error < math.inf and 0 < last.error < math.inf):
        return None
    return math.log(before.error / last.error) / math.log(before.step / last.step)


def orders(variant: str, repetitions: int, tell: Tell, steps: Sequence[int] = _FINE) -> Found:
    """Return the observed orders of all schemes on all problems.

    Args:
        variant: ``"printed"`` or ``"right"``.
        repetitions: How often each figure is told; there is nothing of chance in it.
        tell: Told how far it is.
        steps: Numbers of steps, rising.
    """
    values, panels, notes = {}, [], []
    for place, (problem, title) in enumerate(PROBLEMS.items()):
        posed, start = _problem(problem)
        known = posed.exact(np.linspace(0, _ENDS[problem], 201), np.asarray(start, float))
        scale = float(np.abs(known).max())
        rows: dict[str, list[Any]] = {"x": [], "y": [], "series": []}
        for number, (name, (label, claimed)) in enumerate(SCHEMES.items()):
            tell(f"{label} on {title}", (place + number / len(SCHEMES)) / len(PROBLEMS))
            points = measure(posed, start, _ENDS[problem], solver_of(name, variant), steps)
            order = observed(points, scale)
            values["order", label, title] = [order] * repetitions
            _extend(rows, points, label, 1e3 * scale)
            if problem == "cosine":
                notes += _told(name, label, claimed, order, variant)
        panels.append(_error_panel(title, rows))
    return Found(values, tuple(panels), tuple(notes))


def _extend(
    rows: dict[str, list[Any]], points: Sequence[Measured], label: str, roof: float
) -> None:
    for point in points:
        if 0 < point.error < roof:
            for column, value in zip(rows.values(), (point.step, point.error, label)):
                column.append(value)


def _error_panel(title: str, rows: dict[str, list[Any]]) -> Panel:
    options = {"x": "step size τ", "y": "largest error", "log_x": True, "log_y": True}
    caption = (
        "The slope of a line is its order: steps half as large, errors 2 to the order as small."
    )
    return Panel(f"Errors on {title}", "lines", rows, options, caption, "half")


def _told(name: str, label: str, claimed: int, order: float | None, variant: str) -> list[str]:
    if order is None or abs(order - claimed) <= 0.1:
        return []
    if variant != "printed":
        return [f"{label}: order {claimed} is claimed, {order:.2f} is observed."]
    own = INTEGRATORS[meant(name)].label
    return [
        f"{label}: order {claimed} is claimed, {order:.2f} is observed on y' = y cos t. "
        f"{PRINTED[name].verdict} The variant “right” has {own} in its place."
    ]


def errors(steps: Sequence[int], repetitions: int, tell: Tell) -> Found:
    """Return the errors of the Taylor multistep scheme as multiples of Euler's.

    Args:
        steps: Numbers of steps; each has to divide the next.
        repetitions: How often each figure is told; there is nothing of chance in it.
        tell: Told how far it is.
    """
    values, panels = {}, []
    for place, (problem, title) in enumerate(PROBLEMS.items()):
        tell(f"errors on {title}", place / len(PROBLEMS))
        posed, start = _problem(problem)
        rows: dict[str, list[Any]] = {"x": [], "y": [], "series": []}
        found = {}
        for name in ("euler", "taylor_multistep", "ab2"):
            points = measure(posed, start, _ENDS[problem], registered(name), steps)
            found[name] = [point.error for point in points]
            _extend(rows, points, INTEGRATORS[name].label, math.inf)
        for n, euler, taylor in zip(steps, found["euler"], found["taylor_multistep"]):
            ratio = taylor / euler if math.isfinite(taylor / euler) else None
            values["ratio", f"{n} steps", title] = [ratio] * repetitions
        panels.append(_error_panel(title, rows))
    lost = [f"{row} on {column}" for (_, row, column), v in values.items() if v[0] and v[0] > 1]
    taylor = INTEGRATORS["taylor_multistep"]
    notes = [
        f"The constant of the error, C₃, is {defect(taylor.alpha, taylor.beta, 3):.4f}; that of the "
        f"two-step Adams-Bashforth scheme, of the same order and cost, is "
        f"{defect(INTEGRATORS['ab2'].alpha, INTEGRATORS['ab2'].beta, 3):.4f}."
    ]
    if lost:
        notes.insert(0, f"Worse than Euler: with {', '.join(lost)}.")
    return Found(values, (*panels, _unstable()), tuple(notes))


def _unstable() -> Panel:
    """Return the solution of a decay whose steps are too long for one of two schemes."""
    problem, steps = SYSTEMS["decay"].problem(rate=_FAST), 12
    rows: dict[str, list[Any]] = {"x": [], "y": [], "series": []}
    times = np.linspace(0, steps, 121)
    solutions = {"exact": (times, problem.exact(times, np.array([1.0])))}
    for name in ("euler", "taylor_multistep"):
        solutions[INTEGRATORS[name].label] = registered(name)(
            problem.field, np.array([1.0]), 0.0, float(steps), steps
        )
    for label, (at, states) in solutions.items():
        rows["x"] += list(map(float, at))
        rows["y"] += list(map(float, states[:, 0]))
        rows["series"] += [label] * len(at)
    return Panel(
        f"y' = −{_FAST:g}y in steps of 1",
        "lines",
        rows,
        {"x": "t", "y": "y", "reference": "exact"},
        "In a residual net τ is 1: where the Jacobian of a block has eigenvalues between −2 and −1, as "
        "here, Euler's step damps and the multistep one grows. More accurate, and less stable.",
        "half",
    )


Growth = Callable[[np.ndarray], np.ndarray]


def growth_of(name: str, variant: str) -> Growth | None:
    """Return by what a step multiplies an error at z = hλ; ``None`` of what is no method of one step.

    What is printed and is no registered scheme is asked itself: on y' = zy it multiplies by a polynomial
    of z, which a few of its steps determine.
    """
    if variant == "printed" and name == "rk2":
        return None
    if variant == "printed" and name != "taylor_multistep":
        coefficients = polynomial_of_printed(name)
        return lambda z: np.abs(np.polynomial.polynomial.polyval(z, coefficients))
    return lambda z: growth(INTEGRATORS[meant(name)], z)


def polynomial_of_printed(name: str) -> np.ndarray:
    """Return the coefficients of R of a printed scheme of one step, lowest power first."""
    nodes = np.arange(-2.0, 3.0)
    steps = [
        PRINTED[name].solve(lambda t, y, z=z: z * y, [1.0], 0.0, 1.0, 1)[1][-1, 0] for z in nodes
    ]
    found = np.polynomial.polynomial.polyfit(nodes, np.array(steps), len(nodes) - 1)
    return np.where(np.abs(found) < 1e-12, 0.0, found)


def extents(name: str, variant: str) -> tuple[float, float, float] | None:
    """Return how far a stability region reaches along the real and the imaginary axis, and its area."""
    factor = growth_of(name, variant)
    if factor is None:
        return None
    re, im, inside = _grid(factor)
    area = float((inside <= 1 + 1e-9).sum() * (re[1] - re[0]) * (im[1] - im[0]))
    scheme = INTEGRATORS[meant(name)]
    if variant == "printed" and isinstance(scheme, RungeKutta):
        own = polynomial_of_printed(name)
        return polynomial_length(own, -1.0), polynomial_length(own, 1j), area
    return -real_interval(scheme)[0], imaginary_interval(scheme)[1], area


def _grid(factor: Growth) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right, bottom, top = _BOX
    re, im = np.linspace(left, right, _POINTS), np.linspace(bottom, top, _POINTS)
    return re, im, factor(re[None, :] + 1j * im[:, None])


def stability(variant: str, repetitions: int, tell: Tell) -> Found:
    """Return the extents of the stability regions, and their pictures.

    Args:
        variant: ``"printed"`` or ``"right"``.
        repetitions: How often each figure is told; there is nothing of chance in it.
        tell: Told how far it is.
    """
    regions: dict[str, list[Any]] = {name: [] for name in ("x", "y", "t", "path", "series")}
    bars: dict[str, list[Any]] = {name: [] for name in ("x", "y", "series")}
    values, notes = {}, []
    columns = ("real axis", "imaginary axis", "area")
    for place, (name, (label, _)) in enumerate(SCHEMES.items()):
        tell(f"the region of {label}", place / len(SCHEMES))
        found = extents(name, variant)
        if found is None:
            notes.append(f"{label} as printed is no method of one step and has no region.")
            continue
        _add_border(regions, label, *_grid(growth_of(name, variant)))
        for column, extent in zip(columns, found):
            for key, value in zip(bars, (label, extent, column)):
                bars[key].append(value)
            if label == "Taylor multistep":
                values["extent", label, column] = [extent] * repetitions
    own = [values["extent", "Taylor multistep", column][0] for column in columns]
    del values["extent", "Taylor multistep", "imaginary axis"]  # neither has any of it
    notes.insert(
        0,
        f"Taylor multistep: ({-own[0]:.3g}, 0) on the real axis, {own[1]:.3g} of the imaginary axis, "
        f"area {own[2]:.3g}; Euler: (−2, 0), nothing of the imaginary axis, area π.".replace(
            "-", "−"
        ),
    )
    return Found(values, (_region_panel(regions), _bar_panel(bars)), tuple(notes))


def _add_border(
    rows: dict[str, list[Any]], label: str, re: np.ndarray, im: np.ndarray, inside: np.ndarray
) -> None:
    for number, piece in enumerate(contour_generator(re, im, inside).lines(1.0)):
        thin = piece[:: max(1, len(piece) // 120)]
        closed = np.concatenate([thin, piece[-1:]])
        for place, (x, y) in enumerate(closed):
            for key, value in zip(rows, (float(x), float(y), place, f"{label} {number}", label)):
                rows[key].append(value)


def _region_panel(rows: dict[str, list[Any]]) -> Panel:
    return Panel(
        "Where a step does not grow",
        "paths",
        rows,
        {"x": "Re z, z = hλ", "y": "Im z"},
        "Borders of the stability regions; a scheme is stable inside of its own. All schemes of one step "
        "with as many stages as their order have the same, so that some lie upon each other.",
        "half",
    )


def _bar_panel(rows: dict[str, list[Any]]) -> Panel:
    return Panel(
        "How far the regions reach",
        "bars",
        rows,
        {"x": "", "y": "extent"},
        "Along the real axis to the left, along the imaginary axis to one side, and the area.",
        "half",
    )
