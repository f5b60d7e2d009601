"""Rows of the charts of the multi-stage lab."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from playground.analysis.stages import StageFigures
from playground.charts.stages import AT, BETWEEN
from playground.experiment import Experiment
from playground.training.events import Metrics
from playground.training.stage_views import StageViews, iterations, steps_of_a_stage

_DRAWN = 800  # places of a line; more cannot be told apart


def thinned(count: int, most: int = _DRAWN) -> np.ndarray:
    """Return evenly spread places among ``count``, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def fit_rows(views: StageViews) -> pd.DataFrame:
    """Return the function, the sum and the points over one input."""
    keep = thinned(len(views.fine_x))
    x, truth = views.fine_x[keep, 0], views.fine_y[keep]
    parts = [
        pd.DataFrame({"x": x, "value": truth, "series": "function"}),
        pd.DataFrame({"x": x, "value": truth - views.fine_left[-1][keep], "series": "sum of nets"}),
    ]
    return pd.concat(parts)


def residual_rows(views: StageViews, index: int) -> pd.DataFrame:
    """Return what is left after ``index`` stages over one input."""
    parts = []
    for name, x, left in (
        (BETWEEN, views.fine_x, views.fine_left[index]),
        (AT, views.x, views.left[index]),
    ):
        keep = thinned(len(x))
        parts.append(pd.DataFrame({"x": x[keep, 0], "value": left[keep], "set": name}))
    return pd.concat(parts)


def wave_rows(views: StageViews, index: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the spectrum of what is left after ``index`` stages, and its strongest wave in words."""
    spectrum = views.waves[index]
    frequencies, amplitudes = spectrum.lines()
    rows = pd.DataFrame({"frequency": frequencies, "amplitude": amplitudes})
    words = f"f_d = {spectrum.dominant:.4g}"
    if 0 < index < len(views.kappas):
        words += f", κ of stage {index + 1} = {views.kappas[index]:.4g}"
    elif index:
        words += f" (12 f_d = {12 * spectrum.dominant:.4g})"
    late = bool(spectrum.dominant > frequencies[-1] / 2)
    return rows, pd.DataFrame({"frequency": [spectrum.dominant], "words": [words], "late": [late]})


def plane_rows(views: StageViews, values: np.ndarray) -> pd.DataFrame:
    """Return values at the points that judge as cells of the plane; empty off a grid."""
    side = math.isqrt(len(views.fine_x))
    grid = views.fine_x[: side * side]
    keep = thinned(side, 64)
    cells = values[: side * side].reshape(side, side)[np.ix_(keep, keep)]
    xs, ys = grid.reshape(side, side, 2)[keep, 0, 0], grid.reshape(side, side, 2)[0, keep, 1]
    a, b = _edges(xs), _edges(ys)
    x, y = np.meshgrid(a[:-1], b[:-1], indexing="ij")
    x2, y2 = np.meshgrid(a[1:], b[1:], indexing="ij")
    # Neighbours overlap a little, or a browser leaves light lines between them.
    x2, y2 = x2 + 0.1 * (x2 - x), y2 + 0.1 * (y2 - y)
    columns = {"x": x, "x2": x2, "y": y, "y2": y2, "value": cells}
    return pd.DataFrame({name: each.ravel() for name, each in columns.items()})


def _edges(places: np.ndarray) -> np.ndarray:
    middle = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - middle[0]], middle, [2 * places[-1] - middle[-1]]])


def loss_rows(experiment: Experiment, metrics: Sequence[Metrics]) -> pd.DataFrame:
    """Return MSE/2 over the iterations of all stages, at the points and between them."""
    counted = [iterations(experiment, m.step) for m in metrics]
    parts = [
        pd.DataFrame(
            {
                "iteration": counted,
                "value": [getattr(m, name) / 2 for m in metrics],
                "series": series,
            }
        )
        for series, name in ((AT, "train_loss"), (BETWEEN, "validation_loss"))
    ]
    return pd.concat(parts)


def border_rows(experiment: Experiment) -> pd.DataFrame:
    """Return where each stage begins on the axis of iterations."""
    each = iterations(experiment, steps_of_a_stage(experiment))
    stages = experiment.network.options.stages
    return pd.DataFrame(
        [
            {"start": i * each, "middle": (i + 0.5) * each, "words": f"stage {i + 1}"}
            for i in range(stages)
        ]
    )


def table_rows(figures: Sequence[StageFigures]) -> pd.DataFrame:
    """Return the table of the stages."""
    return pd.DataFrame(
        [
            {
                "stage": f.stage,
                "MSE / 2": f"{f.loss:.2e}",
                "RMS": f"{f.rms:.2e}",
                "max. error": f"{f.max_error:.2e}",
                "RMS between": f"{f.fine_rms:.2e}",
                "max. between": f"{f.fine_max_error:.2e}",
                "f_d before": f"{f.dominant_frequency:.4g}",
                "κ": f"{f.kappa:.4g}",
                "ε": f"{f.scale:.2e}",
                "weights (and biases)": f"{f.weights:,} ({f.parameters:,})",
                "s": f"{f.seconds:.1f}",
            }
            for f in figures
        ]
    )


def gap_notes(figures: Sequence[StageFigures]) -> list[str]:
    """Say of which stages nothing is gained between the points."""
    notes = []
    for before, after in pairwise(figures):
        gained, really = before.rms / after.rms, before.fine_rms / after.fine_rms
        if gained > 2 and really < 1.2:
            notes.append(
                f"Stage {after.stage} only fits the gaps: at the points the error falls {gained:.3g} "
                f"times, between them it {'does not' if really <= 1 else 'hardly does'} "
                f"({before.fine_rms:.2e} before, {after.fine_rms:.2e} after). More points would help, "
                "more stages would not."
            )
    return notes
