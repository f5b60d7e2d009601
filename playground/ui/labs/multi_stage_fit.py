"""The fit of the multi-stage lab: trained by the engine, drawn live, a stage more by a button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from playground.jobs import Refused, RunRecord, studies
from playground.jobs.records import TRAINING
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

LIVE_SECONDS = 1.0
_TOLD = "multi_stage:told"
_MOST_STAGES = int(bounds(type(Settings().network.options).model_fields["stages"])[1] or 1)


def draw_fit(settings: Settings) -> None:
    """Draw the buttons, the progress and the pictures of the fit that is set."""
    try:
        experiment = settings.experiment
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error))}.", icon=":material/info:")
        return
    run = _run(experiment)
    moves = studies.is_going(run)
    pace = LIVE_SECONDS if moves else None
    st.fragment(_live, run_every=pace)(settings, experiment, moves, [])


def _run(experiment: Experiment) -> RunRecord | None:
    return studies.find(state.jobs(), [experiment], TRAINING)[0]


def _live(settings: Settings, experiment: Experiment, moves: bool, beaten: list[bool]) -> None:
    """Draw a fit as far as it has come; run the whole page anew when it begins or ends.

    Args:
        settings: What is set.
        experiment: The fit.
        moves: Whether the page was drawn for one that goes on.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    run = _run(experiment)
    metrics = state.jobs().metrics(run.id) if run is not None else []
    _progress(settings, experiment, run, metrics)
    step = _moment(run)
    views = _views(experiment, run, step)
    if views is not None and run is not None:
        _pictures(experiment, views, metrics)
    told = st.session_state.pop(_TOLD, False)
    changed = told or studies.is_going(run) != moves or SHEET.settings != settings
    if not first and changed:
        st.rerun()


def _progress(
    settings: Settings, experiment: Experiment, run: RunRecord | None, metrics: list[Metrics]
) -> None:
    stages = experiment.network.options.stages
    bar, buttons = st.columns([3, 2], vertical_alignment="center", gap="medium")
    done = run.epoch / (experiment.epochs * stages) if run is not None else 0.0
    with bar:
        st.progress(min(done, 1.0), text=_words(experiment, run, metrics, done))
    with buttons, st.container(horizontal=True, gap="small"):
        _buttons(settings, experiment, run)


def _words(
    experiment: Experiment, run: RunRecord | None, metrics: list[Metrics], done: float
) -> str:
    stages = experiment.network.options.stages
    if run is None:
        return f"Not trained yet: {stages} stage{'s' * (stages > 1)} of {experiment.epochs:,} steps"
    seconds = metrics[-1].seconds if metrics else 0.0
    if run.status == "running" and metrics:
        stage = min(int(done * stages) + 1, stages)
        left = f", about {seconds * (1 - done) / done:.0f} s left" if done > 0.02 else ""
        return f"Stage {stage} of {stages} · {seconds:.0f} s{left}"
    told = {"running": "Beginning …", "queued": "Waiting for a slot …"}.get(run.status)
    return told or f"{run.status.capitalize()}: {state.plain(run.reason)} · {seconds:.1f} s"


def _buttons(settings: Settings, experiment: Experiment, run: RunRecord | None) -> None:
    if run is None or run.status == "failed":
        _button("Train", "play_arrow", _start, experiment, primary=True)
        return
    if studies.is_going(run):
        _button("Pause", "pause", lambda: state.jobs().pause(run.id))
        _button("Stop", "stop", lambda: state.jobs().stop(run.id))
        return
    if run.status in ("paused", "stopped"):
        _button("Go on", "play_arrow", lambda: state.jobs().resume(run.id), primary=True)
    if run.status == "finished":
        more = settings.network.options.stages + 1
        if more <= _MOST_STAGES:
            _button("Add a stage", "add", _add_stage, settings, run, primary=True)


def _button(
    label: str, icon: str, act: Callable[..., None], *args: Any, primary: bool = False
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"multi_stage:{label}",
        type="primary" if primary else "secondary",
        on_click=_guarded,
        args=(act, *args),
    )


def _guarded(act: Callable[..., None], *args: Any) -> None:
    st.session_state[_TOLD] = True  # the whole page is drawn next: it says what was refused
    try:
        act(*args)
    except Refused as refused:
        state.say(f"{refused}.", "error")


def _start(experiment: Experiment) -> None:
    held = _run(experiment)
    if held is None or held.status == "failed":  # a click may be delivered twice
        state.jobs().submit(experiment, name="multi-stage")


def _add_stage(settings: Settings, run: RunRecord) -> None:
    more = settings.network.options.stages + 1
    options = settings.network.options.model_copy(update={"stages": more})
    network = settings.network.model_copy(update={"options": options})
    experiment = settings.model_copy(update={"network": network}).experiment
    if run.user == state.jobs().user or state.jobs().is_teacher:
        state.jobs().extend(run.id, experiment)
    else:
        _start(experiment)
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
