"""The fit of the multi-stage lab: trained by the engine, drawn live, a stage more by a button."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.lines import Axis, lines
from playground.charts.stages import (
    AT,
    BETWEEN,
    BORDERS,
    FLOOR,
    MARKS,
    heat_map,
    loss,
    residual,
    waves,
)
from playground.datasets import TableError
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.registry import bounds
from playground.training.checkpoints import unpack_weights
from playground.training.events import Metrics
from playground.training.stage_views import StageViews, views_of, with_seconds
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.multi_stage_rows import (
    border_rows,
    fit_rows,
    gap_notes,
    loss_rows,
    plane_rows,
    residual_rows,
    table_rows,
    wave_rows,
)
from playground.ui.labs.multi_stage_settings import SHEET, Settings
from playground.ui.labs.running import Panel, button, draw_run, start

_NAME = "multi_stage"
_MOST_STAGES = int(bounds(type(Settings().network.options).model_fields["stages"])[1] or 1)


def draw_fit(settings: Settings) -> None:
    """Draw the buttons, the progress and the pictures of the fit that is set."""
    try:
        experiment = settings.experiment
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error))}.", icon=":material/info:")
        return
    stages = experiment.network.options.stages

    def drawn(run: RunRecord | None, metrics: list[Metrics]) -> None:
        views = _views(experiment, run, _moment(run))
        if views is not None:
            _pictures(experiment, views, metrics)

    panel = Panel(
        _NAME,
        drawn,
        total=stages * experiment.epochs,
        planned=f"{stages} stage{'s' * (stages > 1)} of {experiment.epochs:,} steps",
        place=lambda done: f"Stage {min(int(done * stages) + 1, stages)} of {stages}",
        more=lambda run: _more(settings, run),
    )
    draw_run(SHEET, experiment, panel)


def _more(settings: Settings, run: RunRecord) -> None:
    if settings.network.options.stages < _MOST_STAGES:
        button(_NAME, "Add a stage", "add", _add_stage, settings, run, primary=True)


def _add_stage(settings: Settings, run: RunRecord) -> None:
    more = settings.network.options.stages + 1
    options = settings.network.options.model_copy(update={"stages": more})
    network = settings.network.model_copy(update={"options": options})
    experiment = settings.model_copy(update={"network": network}).experiment
    if run.user == state.jobs().user or state.jobs().is_teacher:
        state.jobs().extend(run.id, experiment)
    else:
        start(experiment, _NAME)
        state.say(
            "The run is somebody else's: yours begins with the first stage, which comes out the same.",
            "info",
        )
    SHEET.change({"network.stages": more})


def _moment(run: RunRecord | None) -> int | None:
    """Return the step that is looked at: of a run that rests the chosen one, else the newest."""
    if run is None or studies.is_going(run):
        return None
    steps = state.jobs().kept_steps(run.id)
    if len(steps) < 2:
        return None
    return st.select_slider(
        "Looked at after step",
        steps,
        value=steps[-1],
        format_func=lambda step: f"{step:,}",
        key=f"multi_stage:moment:{run.id}:{steps[-1]}",
        help="The weights were kept at these steps; the pictures and the table follow.",
    )


def _views(experiment: Experiment, run: RunRecord | None, step: int | None) -> StageViews | None:
    if run is None:
        st.caption(
            "Press Train: the first net is fitted to the data, the next to what it has left, and all "
            "that happens is drawn live."
        )
        return None
    held = state.jobs().snapshot(run.id, step)
    if held is None:
        st.caption("The first pictures come in a moment.")
        return None
    return _remembered(run.id, held.step, experiment.model_dump_json(), held.weights)


@st.cache_data(max_entries=64, show_spinner=False)
def _remembered(run_id: str, step: int, experiment: str, _weights: bytes) -> StageViews:
    return views_of(Experiment.model_validate_json(experiment), unpack_weights(_weights))


def _pictures(experiment: Experiment, views: StageViews, metrics: list[Metrics]) -> None:
    _table(experiment, views, metrics)
    left, right = st.columns(2, gap="medium")
    with left:
        _fit(views)
    with right:
        _losses(experiment, views, metrics)
    for index in range(1, len(views.left)):
        _stage(views, index)
    _explained(experiment)


def _table(experiment: Experiment, views: StageViews, metrics: list[Metrics]) -> None:
    figures = with_seconds(views.figures, metrics, experiment)
    table(table_rows(figures))
    for note in gap_notes(figures):
        st.warning(note, icon=":material/grid_on:")


def _fit(views: StageViews) -> None:
    st.markdown("##### The function and the sum of the nets")
    if len(views.names) == 1:
        chart = lines(
            Axis("x", views.names[0]),
            Axis("value", "u"),
            ["sum of nets"],
            reference="function",
            points=False,
            height=260,
        )
        draw("fit", chart, fit_rows(views))
    elif len(views.names) == 2:
        draw(
            "fit",
            heat_map("u", signed=False),
            plane_rows(views, views.fine_y - views.fine_left[-1]),
        )
    else:
        st.caption(f"{len(views.names)} inputs cannot be drawn; the table and the waves can.")


def _losses(experiment: Experiment, views: StageViews, metrics: list[Metrics]) -> None:
    st.markdown("##### Loss over all stages")
    floor = pd.DataFrame({"level": [views.floor], "words": ["last place of float64"]})
    if experiment.precision == "float32":
        single = views.floor * (float(np.finfo(np.float32).eps) / float(np.finfo(float).eps)) ** 2
        floor = pd.DataFrame({"level": [single], "words": ["last place of float32"]})
    draw(
        "loss",
        loss((AT, BETWEEN)),
        loss_rows(experiment, metrics),
        {BORDERS: border_rows(experiment), FLOOR: floor},
    )


def _stage(views: StageViews, index: int) -> None:
    figures = views.figures[index - 1]
    st.markdown(f"##### What is left after stage {index}: RMS {figures.rms:.2e}")
    left, right = st.columns(2, gap="medium")
    with left:
        if len(views.names) == 1:
            draw(f"residual_{index}", residual("what is left"), residual_rows(views, index))
        elif len(views.names) == 2:
            rows = plane_rows(views, views.fine_left[index])
            draw(f"residual_{index}", heat_map("what is left", signed=True), rows)
    with right:
        rows, marks = wave_rows(views, index)
        draw(f"waves_{index}", waves(f"what is left after stage {index}"), rows, {MARKS: marks})


def _explained(experiment: Experiment) -> None:
    options = experiment.network.options
    st.caption(
        f"Each stage is a net of {options.depth}×{options.width} units in "
        f"{experiment.precision}. Lines: on a grid between the points; dots: at the points that are "
        "trained on. f_d is the frequency of the strongest wave of what is left, in cycles per unit of "
        "the input mapped to [−1, 1]; the next stage multiplies its inputs by κ. ε is what its targets "
        "are divided by. The lecture counts weights without biases."
    )
