"""Figures 2 and 3 of the lecture on multi-stage nets, computed: single stages of many kinds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from playground.experiment import Experiment
from playground.papers.followed import Followed, follow
from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.papers.seed_002 import (
    AS_IT_IS,
    CHANGE,
    DIVIDED,
    MAGNITUDES,
    SCALES,
    SIZES,
)
from playground.papers.stages_figure_1 import FULL
from playground.training.multi_stage_plans import MAGNITUDES as POWERS
from playground.training.multi_stage_plans import Budget, figure_2, figure_3
from playground.training.stage_views import views_of

QUICK = Budget(300, 300)
_FROM = {"units": 20, "layers": 3, "data": 200}  # where the lecture's "increase" begins
_SHOWN = 5  # magnitudes whose fits are drawn


def _trained(experiments: Sequence[Experiment], tell: Tell) -> dict[Experiment, Followed]:
    """Train each different experiment once."""
    flat = list(dict.fromkeys(experiments))
    named = [(f"training {i + 1} of {len(flat)}", each) for i, each in enumerate(flat)]
    return dict(zip(flat, follow(named, tell)))


def _rms(one: Followed) -> float:
    return math.sqrt(one.last.train_loss) if one.metrics else math.nan


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log10(v) for v in values if v > 0 and math.isfinite(v)]


def _band(values: Sequence[float]) -> tuple[float, float, float]:
    """Return mean, low and high: mean ± standard deviation of the logarithm."""
    logs = _logs(values)
    middle, wide = statistics.fmean(logs), statistics.stdev(logs) if len(logs) > 1 else 0.0
    return 10**middle, 10 ** (middle - wide), 10 ** (middle + wide)


def fall(first: Sequence[float], last: Sequence[float]) -> tuple[float | None, float]:
    """Return the fall of the mean logarithm of an error over its deviation, and in times.

    Args:
        first: Errors at the smallest size, one for each repetition.
        last: At the largest.

    Returns:
        ``None`` for the first where one repetition tells nothing of chance.
    """
    before, after = _logs(first), _logs(last)
    by = statistics.fmean(before) - statistics.fmean(after)
    if len(before) < 2 or len(after) < 2:
        return None, 10**by
    wide = math.sqrt((statistics.variance(before) + statistics.variance(after)) / 2)
    return by / wide, 10**by


def figure_2_found(order: Order, tell: Tell, budget: Budget | None = None) -> Found:
    """Train single stages of many sizes, and say whether their error falls by more than chance."""
    budget = budget or (QUICK if order.reduced else FULL)
    panels = figure_2(budget, SCALES[order.variant], order.repetitions, 1)
    ended = _trained([e for panel in panels for row in panel.experiments for e in row], tell)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    pictures = []
    for row, letter, panel in zip(SIZES, "abc", panels):
        errors = [[_rms(ended[e]) for e in each] for each in panel.experiments]
        first = panel.values.index(_FROM[panel.name])
        over, times = fall(errors[first], errors[-1])
        values["fall", row, CHANGE] = [over]
        values["times", row, CHANGE] = [times]
        pictures.append(_over(f"({letter}) Over the {panel.title}", panel.values, errors))
    return Found(values, tuple(pictures), _flat_notes(order, values), _told(ended))


def _over(title: str, values: Sequence[int], errors: Sequence[Sequence[float]]) -> Panel:
    bands = [_band(each) for each in errors]
    rows = {
        "x": list(values),
        "y": [band[0] for band in bands],
        "low": [band[1] for band in bands],
        "high": [band[2] for band in bands],
        "series": ["RMS of the error"] * len(values),
    }
    options = {"x": title.partition("the ")[2], "y": "RMS of the error", "log_y": True}
    caption = "Mean and standard deviation of the logarithm."
    return Panel(title, "lines", rows, options, caption, "third")


def _flat_notes(
    order: Order, values: Mapping[tuple[str, str, str], Sequence[float | None]]
) -> tuple[str, ...]:
    told = [
        f"from {row} the RMS is divided by {values['times', row, CHANGE][0]:.2g}" for row in SIZES
    ]
    scale = (
        "L-BFGS sees the loss as it is, so that all end where torch's gate for curvature stops them."
        if order.variant == "text"
        else "With the loss scaled the error lies lower than the lecture's plateau."
    )
    return (f"{'; '.join(told)[:1].upper()}{'; '.join(told)[1:]}.", scale)


def _told(ended: Mapping[Experiment, Followed]) -> tuple[Mapping[str, object], ...]:
    return tuple(
        one.told(
            f"{e.network.options.depth} × {e.network.options.width}",
            f"{e.n_train} points, × {e.data.options.magnitude:g}",
            e.weight_seed,
        )
        for e, one in ended.items()
    )


def figure_3_found(order: Order, tell: Tell, budget: Budget | None = None) -> Found:
    """Train single stages on the target at nine magnitudes, as it is and divided by its size."""
    budget = budget or (QUICK if order.reduced else FULL)
    plans = figure_3(budget, SCALES[order.variant], order.repetitions, 1)
    ended = _trained([e for rows in plans.values() for row in rows for e in row], tell)
    errors = {
        name: [[_relative(ended[e]) for e in row] for row in plan]
        for name, plan in zip((AS_IT_IS, DIVIDED), plans.values())
    }
    values: dict[tuple[str, str, str], list[float | None]] = {}
    for name, rows in errors.items():
        one = rows[MAGNITUDES.index("1e+0")]
        for column, row in zip(MAGNITUDES, rows):
            values["relative", name, column] = [math.log10(v) for v in row]
            if name == AS_IT_IS:
                values["worse", name, column] = [math.log10(v / w) for v, w in zip(row, one)]
    pictures = (_errors(errors), *_fits(next(iter(plans.values())), ended))
    ends = [
        f"{10 ** statistics.fmean(values['worse', AS_IT_IS, column]):.2g} times at {column}"
        for column in (MAGNITUDES[0], MAGNITUDES[-1])
    ]
    note = f"As it is, the relative error is {' and '.join(ends)} what it is at magnitude 1."
    return Found(values, pictures, (note,), _told(ended))


def _relative(one: Followed) -> float:
    """Return the RMS error over the RMS of the data."""
    view = views_of(one.experiment, one.weights)
    size = math.sqrt(float((view.y**2).mean()))
    return max(view.figures[-1].rms / size, 1e-17)


def _errors(errors: Mapping[str, Sequence[Sequence[float]]]) -> Panel:
    bands = [(name, _band(row)) for name, rows in errors.items() for row in rows]
    rows = {
        "x": list(POWERS) * len(errors),
        "y": [band[0] for _, band in bands],
        "low": [band[1] for _, band in bands],
        "high": [band[2] for _, band in bands],
        "series": [name for name, _ in bands],
    }
    options = {
        "x": "magnitude of the data",
        "y": "RMS error / RMS of the data",
        "log_x": True,
        "log_y": True,
    }
    caption = "One stage of 3 × 20 units: mean and standard deviation of the logarithm."
    return Panel("Error over the magnitude", "lines", rows, options, caption, "full")


def _fits(
    plan: Sequence[Sequence[Experiment]], ended: Mapping[Experiment, Followed]
) -> list[Panel]:
    """Return the fits of the first seed to the data as it is, a picture for each magnitude."""
    pictures = []
    step = max(1, (len(POWERS) - 1) // (_SHOWN - 1))
    for magnitude, row in list(zip(POWERS, plan))[::step]:
        view = views_of(ended[row[0]].experiment, ended[row[0]].weights)
        keep = slice(None, None, max(1, len(view.fine_x) // 200))
        x, truth = view.fine_x[keep, 0], view.fine_y[keep]
        fit = truth - view.fine_left[-1][keep]
        rows = {
            "x": x.tolist() * 2,
            "y": [*truth.tolist(), *fit.tolist()],
            "series": ["data"] * len(x) + ["net"] * len(x),
        }
        options = {"x": "x", "y": "u", "points": False, "reference": "data"}
        title = f"Magnitude {magnitude:g}"
        pictures.append(Panel(title, "lines", rows, options, "", "third"))
    return pictures
