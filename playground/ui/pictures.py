"""The views of any run: live while it trains, else its last picture, or one drawn from its weights."""

from __future__ import annotations

import streamlit as st

from playground.analysis.frames import Frames
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.training.control import View
from playground.training.loop import redraw
from playground.ui import state
from playground.ui.canvas import boundary_view, flow_view
from playground.ui.feed import feed_of

NO_PLANE = (
    "This net sees whole images: there is no plane of inputs over which a boundary could be drawn, and "
    "its features are maps. Its figures and curves stand beside the others'."
)
NOTHING = "There are no weights of this run yet, so nothing can be drawn."


def obstacle(experiment: Experiment) -> str:
    """Return why a net has no views over a plane of inputs, in words; empty where it has."""
    return NO_PLANE if experiment.network.entry.takes_images else ""


def picture_of(run: RunRecord) -> tuple[bytes, str]:
    """Return the newest picture of a run that rests, and what has to be said of it.

    Where its training left none, it is drawn here from the weights; that takes a moment, once.
    """
    experiment, _ = Experiment.from_stored(run.experiment_json)
    if why := obstacle(experiment):
        return b"", why
    return _picture(run.id, run.step, run.checkpoint_step)


@st.cache_data(max_entries=64, ttl=1800, show_spinner=False)
def _picture(run_id: str, step: int, checkpoint_step: int) -> tuple[bytes, str]:
    try:
        held = state.jobs().live(run_id)
        drawn = Frames.unpack(held[1]).meta["frames"][-1]["step"] if held else -1
        if held and drawn == step:
            return held[1], ""
        checkpoint = state.jobs().checkpoint(run_id) if checkpoint_step >= 0 else None
        if checkpoint is None:
            said = f"The picture is of step {drawn:,}; the run rests at step {step:,}."
            return (held[1], said) if held else (b"", NOTHING)
        experiment, _ = Experiment.from_stored(state.jobs().get(run_id).experiment_json)
        return redraw(experiment, checkpoint, View()), ""
    except Refused:
        return b"", "This run is gone."
    except (ValueError, RuntimeError) as error:
        return b"", f"It cannot be drawn: {error}."


def view(run: RunRecord, key: str, *, height: int, flow: bool, group: str = "") -> None:
    """Draw one view of a run, live while it trains.

    Args:
        run: The run.
        key: Of the view; the same key keeps what a person has set in it.
        height: The largest height of the drawing in pixels.
        flow: The features through depth, or the output over the plane of the inputs.
        group: Views of one group share their place in depth, as a share of each net's own.
    """
    active = run.status in state.ACTIVE
    frame, said = (b"", "") if active else picture_of(run)
    experiment, _ = Experiment.from_stored(run.experiment_json)
    said = obstacle(experiment) or said
    if said and not frame:
        if not flow:
            st.caption(state.plain(said))
        return
    show = flow_view if flow else boundary_view
    show(
        frame,
        key=key,
        height=height,
        group=group,
        empty_text="Waiting for the first picture",
        feed=feed_of(run.id) if active else "",
    )
    if said and not flow:
        st.caption(state.plain(said))
