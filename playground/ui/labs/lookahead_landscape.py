"""Fast and slow weights as two paths over the landscape of the loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.landscape import ALONE, CONTOURS, FAST, SLOW, contours, landscape, levels
from playground.charts.lines import Axis, lines
from playground.experiment import Experiment
from playground.optimizers import OPTIMIZERS
from playground.training import two_paths as paths_of
from playground.training.lookahead_study import Cell, experiment_of
from playground.training.two_paths import Landscape, TwoPaths
from playground.ui import state
from playground.ui.labs.charting import draw
from playground.ui.labs.lookahead_found import look_k_of, look_of, looks
from playground.ui.labs.lookahead_settings import Settings

_STEPS = 240  # fast steps that are recorded; about a second


def draw_landscape(base: Experiment, settings: Settings) -> None:
    """Draw the landscape, and the losses along the paths."""
    inner, rate = looks(settings)[look_of(settings)]
    k = look_k_of(settings)
    st.markdown(
        f"##### Fast and slow weights on the loss landscape: {OPTIMIZERS[inner].label}, "
        f"rate {rate:g}, k = {k}"
    )
    cell = Cell(inner, rate, int(k))
    experiment = experiment_of(base, cell, settings.alpha, settings.first)
    try:
        paths, seen = _landscape(experiment.model_dump_json(), _STEPS)
    except ValueError as reason:
        st.info(f"There is no landscape: {state.plain(str(reason))}.", icon=":material/info:")
        return
    if paths.trouble:
        st.warning(f"The recording ends early: {state.plain(paths.trouble)}.")
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        _plane(paths, seen)
    with right:
        _losses(paths, seen)
    first, second = seen.plane.explained
    st.caption(
        f"The plane goes through the mean of all {len(paths.fast) + len(paths.slow) + len(paths.plain)} "
        f"recorded weights along their first two principal directions, which explain "
        f"{100 * first:.1f} % and {100 * second:.1f} % of their variance; the paths are drawn at their "
        f"feet in the plane, and {100 * (1 - first - second):.1f} % of their movement is not seen. The "
        f"contour lines are the loss on the {experiment.split_sizes[0]} training points, in steps that "
        f"are even in its logarithm. One training (seed {settings.first}) of "
        f"{seen.plane.origin.size} weights, its first {len(paths.fast)} steps: a picture, no statistic."
    )


@st.cache_data(max_entries=32, show_spinner="Recording the weights")
def _landscape(experiment_json: str, steps: int) -> tuple[TwoPaths, Landscape]:
    experiment = Experiment.model_validate_json(experiment_json)
    recorded = paths_of.two_paths(experiment, steps)
    return recorded, paths_of.landscape(experiment, recorded)


def _plane(paths: TwoPaths, seen: Landscape) -> None:
    box = (seen.across[0], seen.across[-1], seen.up[0], seen.up[-1])
    lines_of = contours(seen.across, seen.up, seen.grid, levels(seen.grid))
    first, second = (f"{100 * share:.0f} %" for share in seen.plane.explained)
    titles = (f"first direction ({first})", f"second direction ({second})")
    draw("landscape", landscape(box, titles), _rows(paths, seen), {CONTOURS: lines_of})


def _rows(paths: TwoPaths, seen: Landscape) -> pd.DataFrame:
    """Return the paths; every period of the fast weights is a piece that begins at slow ones."""
    k = paths.period
    frames = [
        _piece(ALONE, 0, np.arange(len(seen.plain)), seen.plain, seen.plain_loss),
        _piece(SLOW, 0, k * np.arange(len(seen.slow)), seen.slow, seen.slow_loss),
    ]
    for period in range(-(-len(seen.fast) // k)):
        part = slice(period * k, (period + 1) * k)
        places = np.vstack([seen.slow[period], seen.fast[part]])
        losses = np.concatenate([[seen.slow_loss[period]], seen.fast_loss[part]])
        steps = period * k + np.arange(len(places))
        frames.append(_piece(FAST, period, steps, places, losses))
    return pd.concat(frames, ignore_index=True)


def _piece(
    series: str, number: int, steps: np.ndarray, places: np.ndarray, losses: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series": series,
            "piece": f"{series} {number}",
            "step": steps,
            "x": places[:, 0],
            "y": places[:, 1],
            "loss": losses,
        }
    )


def _losses(paths: TwoPaths, seen: Landscape) -> None:
    rows = _rows(paths, seen)
    least = float(rows.loc[rows["loss"] > 0, "loss"].min())
    chart = lines(
        Axis("step", "gradient evaluations"),
        Axis("loss", "training loss", log=True, domain=(least, float(rows["loss"].max()))),
        [ALONE, FAST, SLOW],
        order="step",
        points=False,
        height=460,
    )
    draw("landscape_losses", chart, rows)
