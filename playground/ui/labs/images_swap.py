"""A trained net on images with other schemes in the place of its own."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.depth import swaps
from playground.datasets import TableError
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.jobs import RunRecord, studies
from playground.networks import NETWORKS
from playground.training.checkpoints import unpack_weights
from playground.training.events import Metrics, Snapshot
from playground.training.image_swap import (
    SCHEMES,
    SWAPPABLE,
    SchemeSwap,
    image_swaps,
    own_scheme,
    own_steps,
    step_choices,
    stepped_in,
)
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.images_settings import SHEET, Settings
from playground.ui.labs.images_train import curves
from playground.ui.labs.running import Panel, draw_run

_SAME = 0.02  # of the images, up to which two accuracies count as the same
_LEAST, _MOST = 1e-4, 1e3  # of a loss that is drawn


def draw_swap(settings: Settings) -> None:
    """Draw the training that is set, and when it has ended, its net with other schemes."""
    name = settings.network.name
    if name not in SWAPPABLE:
        st.info(
            f"{NETWORKS[name].label} has no scheme that could be exchanged. Choose one of "
            f"{', '.join(NETWORKS[each].label for each in SWAPPABLE)} under *Network*.",
            icon=":material/info:",
        )
        return
    try:
        experiment = settings.experiment
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return
    SHEET.form.many(settings, "swap_schemes", {each: INTEGRATORS[each].label for each in SCHEMES})
    st.caption(
        "The weights stay as they were trained, and so do the running averages of normalisations; only "
        f"the scheme changes, and its steps {stepped_in(experiment)}."
        + (
            " Blocks that change the shape stay as they are, and a scheme that looks back begins anew "
            "behind them."
            if name == "preact_resnet"
            else ""
        )
    )
    schemes = settings.swap_schemes
    draw_run(
        SHEET,
        experiment,
        Panel("images", lambda run, metrics: _drawn(experiment, schemes, run, metrics)),
    )


def _drawn(
    experiment: Experiment,
    schemes: tuple[str, ...],
    run: RunRecord | None,
    metrics: list[Metrics],
) -> None:
    if run is None:
        st.caption(
            "Train the net; then other schemes step it here, and it turns out whether it has learned a "
            "flow, or the steps of its own scheme."
        )
        return
    if studies.is_going(run):
        curves(metrics)
        return
    held = state.jobs().snapshot(run.id)
    if held is None:
        st.caption("No weights are kept of this run.")
        return
    usual, found = _found(experiment, run.id, held, schemes)
    if not found:
        st.caption("Choose a scheme at least.")
        return
    _words(experiment, usual, found)
    _charts(experiment, usual, found)
    _table(experiment, usual, found)


def _found(
    experiment: Experiment, run_id: str, held: Snapshot, schemes: tuple[str, ...]
) -> tuple[SchemeSwap, list[SchemeSwap]]:
    """Return the net as it was trained and with each scheme; what is new is computed one by one."""
    text = experiment.model_dump_json()
    place = st.empty()
    parts = []
    for i, name in enumerate(schemes):
        place.progress(i / len(schemes), text=f"{INTEGRATORS[name].label} …")
        parts.append(_swapped(run_id, held.step, name, text, held))
    usual = parts[0][0] if parts else _swapped(run_id, held.step, SCHEMES[0], text, held)[0]
    place.empty()
    return usual, [each for part in parts for each in part[1:]]


@st.cache_data(max_entries=256, show_spinner=False)
def _swapped(
    run_id: str, step: int, name: str, experiment: str, _held: Snapshot
) -> list[SchemeSwap]:
    made = Experiment.model_validate_json(experiment)
    return list(image_swaps(made, unpack_weights(_held.weights), (name,)))


def _label(name: str, own: str) -> str:
    return INTEGRATORS[name].label + (" (its own)" if name == own else "")


def _steps(steps: int) -> str:
    return f"{steps} step" + ("s" if steps != 1 else "")


def _words(experiment: Experiment, usual: SchemeSwap, found: list[SchemeSwap]) -> None:
    """Say what one's own number of steps does with other schemes, and what fine steps do."""
    own, steps = own_scheme(experiment), own_steps(experiment)
    label = INTEGRATORS[own].label
    alike = [each for each in found if steps in (each.steps, None) and each.scheme != own]
    told = f"As it was trained, by {label}, the net classifies **{usual.accuracy:.1%}** rightly"
    if steps is None:
        told += f" ({usual.evaluations} evaluations)."
    elif alike:
        best = max(alike, key=lambda each: (each.accuracy, -_finite(each.loss)))
        worst = min(alike, key=lambda each: (each.accuracy, -_finite(each.loss)))
        where = f"in as many steps ({steps} {stepped_in(experiment)})"
        told += (
            f"; {where} other schemes do so with {worst.accuracy:.1%} ({_label(worst.scheme, own)}) to "
            f"{best.accuracy:.1%} ({_label(best.scheme, own)})."
            if len(alike) > 1
            else f"; {where} {_label(best.scheme, own)} does so with {best.accuracy:.1%}."
        )
    else:
        told += "."
    st.markdown(told)
    _verdict(usual, found, own)


def _verdict(usual: SchemeSwap, found: list[SchemeSwap], own: str) -> None:
    finite = [each for each in found if math.isfinite(each.loss)]
    if not finite:
        st.warning("With no other scheme do the features stay finite.", icon=":material/stairs:")
        return
    finest = max(finite, key=lambda each: (each.steps, INTEGRATORS[each.scheme].order or 0))
    lost = usual.accuracy - finest.accuracy
    what = (
        f"By {_label(finest.scheme, own)} in {_steps(finest.steps)} ({finest.evaluations:,} evaluations) "
        f"it is {finest.accuracy:.1%}, and {finest.agreement:.1%} of the answers are as before: "
    )
    if abs(lost) <= _SAME:
        st.success(
            f"{what}finer steps hardly matter, as if the net had learned the flow and not its scheme.",
            icon=":material/water:",
        )
    elif lost > 0:
        st.warning(
            f"{what}finer steps lose {100 * lost:.1f} percentage points. The weights belong to the "
            "errors of the scheme that they were trained with.",
            icon=":material/stairs:",
        )
    else:
        st.info(f"{what}finer steps gain {-100 * lost:.1f} points.", icon=":material/info:")


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def _charts(experiment: Experiment, usual: SchemeSwap, found: list[SchemeSwap]) -> None:
    own = own_scheme(experiment)
    names = tuple(dict.fromkeys(_label(each.scheme, own) for each in found))
    steps = tuple(_steps(n) for n in step_choices(experiment))
    rows = pd.DataFrame(
        {
            "scheme": [_label(each.scheme, own) for each in found],
            "steps": [_steps(each.steps) for each in found],
            "evaluations": [each.evaluations for each in found],
            "accuracy": [each.accuracy for each in found],
            "loss": [each.loss for each in found],
        }
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Accuracy")
        own_rows = rows.assign(value=rows["accuracy"], usual=usual.accuracy)
        chart = swaps(names, steps, "validation accuracy", percent=True)
        draw("swap_accuracy", chart, own_rows.drop(columns=["accuracy", "loss"]))
    with right:
        st.markdown("##### Loss")
        losses = rows["loss"].where(np.isfinite(rows["loss"]), _MOST).clip(_LEAST, _MOST)
        own_rows = rows.assign(value=losses, usual=min(max(usual.loss, _LEAST), _MOST))
        chart = swaps(names, steps, "cross-entropy", log=True)
        draw("swap_loss", chart, own_rows.drop(columns=["accuracy", "loss"]))
    cut = " Losses beyond 1,000 are drawn there." if (losses >= _MOST).any() else ""
    st.caption(f"The dashed line is the net as it was trained.{cut}")


def _table(experiment: Experiment, usual: SchemeSwap, found: list[SchemeSwap]) -> None:
    own = own_scheme(experiment)
    rows = pd.DataFrame(
        [
            {
                "scheme": INTEGRATORS[each.scheme].label
                + (", as trained" if each is usual else " (its own)" * (each.scheme == own)),
                "steps": str(each.steps) if each.steps else "its own",
                "evaluations": each.evaluations,
                "accuracy": each.accuracy,
                "loss": each.loss,
                "answers as before": each.agreement,
                "features moved by": each.distance,
            }
            for each in [usual, *found]
        ]
    )
    percent = st.column_config.NumberColumn(format="percent")
    with st.expander("All figures", expanded=False):
        table(
            rows,
            **{
                "accuracy": percent,
                "answers as before": percent,
                "loss": st.column_config.NumberColumn(format="%.4g"),
                "features moved by": st.column_config.NumberColumn(
                    format="%.2e",
                    help="Median over the images of the distance of the last features to those of the "
                    "net as it was trained, over the length of those.",
                ),
            },
        )
