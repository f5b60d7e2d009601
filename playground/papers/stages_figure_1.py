"""Figure 1 of the lecture on multi-stage nets, computed: errors, waves and losses of five trainings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from playground.papers.followed import Followed, follow
from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.papers.seed_002 import ADAM, BOTH, END, FIRST, LARGE, LBFGS, SCALES, TWO
from playground.training.multi_stage_plans import Budget, figure_1
from playground.training.stage_views import StageViews, iterations, views_of

FULL, QUICK = Budget(3000, 4000), Budget(1000, 1000)
_DRAWN = 400  # places of a curve
_COURSE = 250  # of a loss curve


def compute(order: Order, tell: Tell, budget: Budget | None = None) -> Found:
    """Train what the figure shows, with one weight seed for each repetition.

    Args:
        order: Variant, repetitions and whether reduced.
        tell: Is told how far it is.
        budget: In place of the protocol's.
    """
    budget = budget or (QUICK if order.reduced else FULL)
    plans = [figure_1(budget, SCALES[order.variant], 1 + i) for i in range(order.repetitions)]
    named = [
        (f"{name}, repetition {i + 1}", experiment)
        for i, plan in enumerate(plans)
        for name, experiment in plan.items()
    ]
    ended = follow(named, tell)
    width = len(plans[0])
    every = [dict(zip(plan, ended[i * width : (i + 1) * width])) for i, plan in enumerate(plans)]
    views = [
        {name: views_of(one.experiment, one.weights) for name, one in each.items()}
        for each in every
    ]
    return Found(
        values=_values(views),
        panels=_panels(every[0], views[0]),
        notes=_notes(views),
        runs=tuple(
            one.told(name, END, i + 1) for i, each in enumerate(every) for name, one in each.items()
        ),
    )


def _power(value: float) -> float | None:
    return math.log10(value) if value > 0 and math.isfinite(value) else None


def _values(
    views: Sequence[Mapping[str, StageViews]],
) -> dict[tuple[str, str, str], list[float | None]]:
    found: dict[tuple[str, str, str], list[float | None]] = {}
    for each in views:
        alone = each[ADAM].figures[-1].loss
        for name, view in each.items():
            last = view.figures[-1]
            told = {("loss", END): _power(last.loss), ("max_error", END): _power(last.max_error)}
            if name in (TWO, LARGE):
                told["between", END] = _power(last.fine_max_error)
                told["weights", END] = float(last.weights)
                told["parameters", END] = float(last.parameters)
            if name == TWO:
                told["loss", FIRST] = _power(view.figures[0].loss)
                told["max_error", FIRST] = _power(view.figures[0].max_error)
            if name == LBFGS:
                told["ratio", END] = _power(last.loss / alone)
            for (quantity, column), value in told.items():
                found.setdefault((quantity, name, column), []).append(value)
    return found


def _kept(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def _curves(x: np.ndarray, curves: Mapping[str, np.ndarray]) -> dict[str, list[float | str]]:
    """Return rows of lines over x, a series for each curve."""
    keep = _kept(len(x), _DRAWN)
    return {
        "x": x[keep].tolist() * len(curves),
        "y": [float(v) for curve in curves.values() for v in curve[keep]],
        "series": [name for name in curves for _ in keep],
    }


def _panels(ended: Mapping[str, Followed], views: Mapping[str, StageViews]) -> tuple[Panel, ...]:
    two, one = views[TWO], views[LARGE]
    x, left = two.fine_x[:, 0], two.fine_left
    over = {"x": "x", "points": False}
    first = two.figures[0]
    return (
        Panel(
            "(a) The target and the first net",
            "lines",
            _curves(x, {"target u": two.fine_y, "first net u₀": two.fine_y - left[1]}),
            {**over, "y": "u", "reference": "target u"},
            f"Three hidden layers of 20 units; MSE/2 = {first.loss:.1e} at the 300 points.",
        ),
        Panel(
            "(b) What the first net leaves, and the second net",
            "lines",
            _curves(x, {"error e₁": left[1], "second net ε₁u₁": left[1] - left[2]}),
            {**over, "y": "e₁", "reference": "error e₁"},
            f"ε₁ = {two.figures[1].scale:.2e}: a wave of high frequency, which a net whose inputs are "
            f"multiplied by κ = {two.kappas[1]:.3g} follows.",
        ),
        Panel(
            "(c) What two stages leave",
            "lines",
            _curves(x, {"error e₂": left[2]}),
            {**over, "y": "e₂"},
            f"At most {two.figures[1].max_error:.1e} at the points and "
            f"{two.figures[1].fine_max_error:.1e} between them, with "
            f"{two.figures[1].weights:,} weights.",
        ),
        Panel(
            "What one stage of 30 units leaves",
            "lines",
            _curves(one.fine_x[:, 0], {"error": one.fine_left[1]}),
            {**over, "y": "error"},
            f"At most {one.figures[0].max_error:.1e} at the points, with "
            f"{one.figures[0].weights:,} weights.",
        ),
        _courses(ended),
        _spectrum(two),
    )


def _courses(ended: Mapping[str, Followed]) -> Panel:
    rows: dict[str, list[float | str]] = {"x": [], "y": [], "series": []}
    for name, one in ended.items():
        known = [m for m in one.metrics if math.isfinite(m.train_loss) and m.train_loss > 0]
        for place in _kept(len(known), _COURSE):
            rows["x"].append(iterations(one.experiment, known[place].step))
            rows["y"].append(known[place].train_loss / 2)
            rows["series"].append(name)
    return Panel(
        "(d) Loss over the iterations",
        "lines",
        rows,
        {"x": "iteration", "y": "MSE / 2 at the points", "log_y": True, "points": False},
        "The second of the two stages begins in the middle, where its loss falls below all others. Each "
        "stage begins with Adam; L-BFGS takes over where the curve falls steeply.",
    )


def _spectrum(two: StageViews) -> Panel:
    rows: dict[str, list[float | str]] = {"x": [], "y": [], "series": []}
    names = ("target", "error after stage 1", "error after stage 2")
    for name, waves in zip(names, two.waves):
        frequencies, amplitudes = waves.lines()
        seen = (amplitudes > 0) & (frequencies <= 40)
        rows["x"] += frequencies[seen].tolist()
        rows["y"] += amplitudes[seen].tolist()
        rows["series"] += [name] * int(seen.sum())
    dominant = [waves.dominant for waves in two.waves[:3]]
    return Panel(
        "Waves in what is left",
        "lines",
        rows,
        {"x": "frequency, cycles per unit", "y": "amplitude", "log_y": True},
        f"Dominant frequencies f_d: {', '.join(f'{f:.3g}' for f in dominant)}; the second stage takes "
        f"κ = 12·f_d = {two.kappas[1]:.3g} from the one in the middle.",
    )


def _notes(views: Sequence[Mapping[str, StageViews]]) -> tuple[str, ...]:
    two, one = views[0][TWO], views[0][LARGE]
    gains = [each[LARGE].figures[-1].loss / each[TWO].figures[-1].loss for each in views]
    stages = "; ".join(
        f"stage {f.stage}: MSE/2 {f.loss:.1e}, greatest error {f.max_error:.1e} ({f.fine_max_error:.1e} "
        f"between the points), f_d {f.dominant_frequency:.3g}, κ {f.kappa:.3g}, ε {f.scale:.1e}"
        for f in two.figures
    )
    return (
        f"Repetition 1: {stages}.",
        f"Two stages of 20 units end with a loss {', '.join(f'{g:.1e}' for g in gains)} times lower than "
        "one of 30 with as many iterations; the lecture has about a million.",
        f"The sum of equation (6) as printed goes to n, which for n = 1 gives e₂ (RMS "
        f"{two.figures[1].rms:.1e}) where e₁ (RMS {two.figures[0].rms:.1e}) is meant.",
        f"With biases the nets have {two.figures[-1].parameters:,} and {one.figures[-1].parameters:,} "
        f"parameters; {BOTH} reaches {views[0][BOTH].figures[-1].loss:.1e} with as many iterations.",
    )
