"""A trained net with another scheme in the place of its own: did it learn a flow, or that scheme?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from playground.analysis.trained import Swap
from playground.charts.lines import Axis, lines
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.jobs import RunRecord
from playground.training.studies import swapped
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import FIXED, SHEET, Settings
from playground.ui.labs.stored import checkpoint_of, is_flow, run_choice

_SAME = 0.01  # of the points, up to which two accuracies count as the same


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        run = run_choice(
            SHEET,
            settings.run,
            _fits,
            "a flow net or a neural ODE that was trained to classify with a fixed step",
        )
        SHEET.form.many(settings, "schemes", FIXED)
        st.caption(
            "The weights stay as they were trained. Each layer is stepped by another scheme, in 1, 2, 4 "
            "or 8 steps; a field that all depths share, in as many as 64 in all."
        )
    if run is not None:
        with charts:
            draw_swapped(run, settings.schemes, share=0.34)


def draw_swapped(run: RunRecord, schemes: Sequence[str], share: float = 0.48) -> None:
    """Draw what a trained flow net does when it is stepped otherwise.

    Args:
        run: Has a checkpoint, and a flow that was trained to classify with a fixed step.
        schemes: Those beside its own; adaptive ones are left out.
        share: Part of the page's width that each of the two charts has.
    """
    own = run.experiment.scheme.name
    chosen = [own] if own in FIXED else []
    names = tuple(dict.fromkeys([*chosen, *(n for n in schemes if n in FIXED)]))
    found = _swapped(run.id, run.checkpoint_step, names)
    _charts(found, names, own, share)
    _verdict(found, run.experiment)
    _table(found, own)


def _fits(experiment: Experiment) -> bool:
    return is_flow(experiment) and experiment.task == "classification"


@st.cache_data(max_entries=32, show_spinner="The validation set with other schemes")
def _swapped(run_id: str, step: int, names: tuple[str, ...]) -> list[Swap]:
    return swapped(state.jobs().get(run_id).experiment, checkpoint_of(run_id, step), names)


def _charts(found: list[Swap], names: tuple[str, ...], own: str, share: float) -> None:
    rows = pd.DataFrame(
        {
            "series": [_label(each.scheme, own) for each in found],
            "evaluations": [each.evaluations for each in found],
            "accuracy": [100 * each.accuracy for each in found],
            "distance": [each.distance for each in found],
        }
    )
    series = [_label(name, own) for name in names]
    work = Axis("evaluations", "field evaluations in one pass", log=True)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Accuracy over the work")
        chart = lines(work, Axis("accuracy", "validation accuracy (%)"), series, height=340)
        draw("swap_accuracy", chart, rows, share=share)
    with right:
        st.markdown("##### How far the features end from where they used to")
        distance = Axis("distance", "largest distance of the last features", log=True)
        draw("swap_distance", lines(work, distance, series, height=340), rows, share=share)


def _verdict(found: list[Swap], experiment: Experiment) -> None:
    """Say what the finest steps of the most accurate scheme show."""
    own = experiment.scheme.name
    finest = [each for each in found if math.isfinite(each.distance)]
    if not finest:
        return
    best = max(finest, key=lambda each: (INTEGRATORS[each.scheme].order or 0, each.evaluations))
    usual = next((each for each in found if each.scheme == own and _is_usual(each)), None)
    if usual is None:
        return
    lost = usual.accuracy - best.accuracy
    name = INTEGRATORS[best.scheme].label
    if abs(lost) <= _SAME:
        st.success(
            f"Stepped as finely as here by {name} ({best.evaluations:,} evaluations) the net classifies "
            f"{100 * best.accuracy:.1f} % of the points, {100 * usual.accuracy:.1f} % with its own steps "
            f"({usual.evaluations:,}): what it learned is a flow, and the scheme hardly matters.",
            icon=":material/water:",
        )
    else:
        st.warning(
            f"Stepped as finely as here by {name} ({best.evaluations:,} evaluations) the net classifies "
            f"{100 * best.accuracy:.1f} % of the points, but {100 * usual.accuracy:.1f} % with its own "
            f"steps ({usual.evaluations:,}): it has learned to use the errors of its scheme.",
            icon=":material/stairs:",
        )


def _is_usual(swap: Swap) -> bool:
    return swap.agreement == 1.0 and swap.distance < 1e-4


def _table(found: list[Swap], own: str) -> None:
    rows = pd.DataFrame(
        {
            "scheme": [_label(each.scheme, own) for each in found],
            "field evaluations": [each.evaluations for each in found],
            "accuracy": [each.accuracy for each in found],
            "answers as before": [each.agreement for each in found],
            "largest distance": [each.distance for each in found],
        }
    )
    percent = st.column_config.NumberColumn(format="percent")
    with st.expander("All figures"):
        table(
            rows,
            **{"accuracy": percent, "answers as before": percent},
            **{"largest distance": st.column_config.NumberColumn(format="%.2e")},
        )


def _label(name: str, own: str) -> str:
    return INTEGRATORS[name].label + (" (its own)" if name == own else "")
