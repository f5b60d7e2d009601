"""The strip on top: train, pause, step, reset; the figures of the run; share and export."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.experiment import Experiment
from playground.jobs import EngineState, Refused, RunRecord
from playground.ui import address, folds, state, teaching
from playground.ui.browser import browser
from playground.ui.compare_state import compare_with
from playground.ui.exports import export_menu
from playground.ui.figures import run_metrics
from playground.ui.linking import way_out
from playground.ui.share import share

ENGINE_SECONDS = 1.0  # between two looks at the engine
_RETRY_SECONDS = 5.0  # before a page tries again to start it
STATUS = {
    "queued": ("orange", "waiting"),
    "running": ("green", "training"),
    "paused": ("blue", "paused"),
    "finished": ("violet", "finished"),
    "stopped": ("gray", "stopped"),
    "diverged": ("red", "diverged"),
    "failed": ("red", "failed"),
}


@dataclass(frozen=True)
class Strip:
    """What the strip was drawn for, and the place in it where the figures of the run go."""

    place: DeltaGenerator
    looks: tuple[object, ...]  # what of the run it shows
    asked: tuple[object, ...]  # what was chosen, and what the browser had told
    engine_lived: bool
    since: float  # on the clock of this process


def transport(only: Literal["", "lesson", "train", "figures"] = "") -> Strip:
    """Draw the strip for the run that is shown; its figures are drawn by the views, which move.

    They must not be drawn here as well: two blocks in one place in one run are messages that Streamlit
    mixes up on the way, and the browser's page goes blank.

    Args:
        only: What stands beside the figures: all of it; train, pause and reset, as in a lesson; ``train``
            and the way to the whole page, as in a frame of another page; or nothing, as where a
            teacher's run is followed.
    """
    shown = state.record()
    engine = _engine_now(seconds=0.0)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="transport"):
        if only != "figures":
            _train_or_pause(shown)
        if not only:
            _small_steps()
        if only in ("", "lesson"):
            _reset()
        with st.container(key="figures", width="stretch"):
            place = st.empty()
        if only == "train":
            way_out(address.link())
        if not only:
            _menus(shown)
    if only != "figures":
        _disagreement(shown)
    if not engine.alive:
        _engine(engine)
    return Strip(place, looks(shown), address.asked(drawn=True), engine.alive, time.monotonic())


def looks(shown: RunRecord | None) -> tuple[object, ...]:
    """Return what of a run decides how the strip and the page around the views look.

    Not whether it waits or trains already, nor whether the first picture of a fresh run is there.
    """
    if shown is None:
        return ()
    rests = shown.status not in state.ACTIVE
    fresh = shown.status == "paused" and shown.step == 0
    return state.trains(shown), shown.status if rests and not fresh else ""


def _menus(shown: RunRecord | None) -> None:
    rules = teaching.rules()
    if not rules.hides("compare") and st.button(
        "" if browser().narrow else "Compare",  # the figures need the room
        icon=":material/compare:",
        key="to_compare",
        help="Train this net beside others that differ from it, on the same data and seeds.",
    ):
        compare_with(state.experiment(), state.experiment())
    share(shown)
    if not rules.hides("export"):
        folds.popover("Export", "export", lambda: export_menu(shown), icon=":material/download:")


def _train_or_pause(shown: RunRecord | None) -> None:
    training = shown is not None and state.trains(shown) and state.owns(shown)
    goes_on = shown is not None and shown.step > 0 and state.owns(shown)
    goes_on = goes_on and state.may_go_on(shown) and state.agrees(shown)
    # Keys of their own: a second delivery of one click must never reach the other button.
    if training:
        st.button(
            "Pause",
            icon=":material/pause:",
            type="primary",
            key="pause",
            on_click=state.pause,
            help="Halt after the present step; nothing is lost. Space bar: the same.",
        )
    else:
        st.button(
            "Go on" if goes_on else "Train",
            icon=":material/play_arrow:",
            type="primary",
            key="train",
            on_click=state.train,
            help="Train in the background; this page may be closed meanwhile. Space bar: the same.",
        )


def _small_steps() -> None:
    batch = state.experiment().batch_size
    steps = math.ceil(state.experiment().split_sizes[0] / batch)
    if state.experiment().optimizer.entry.full_batch:
        steps = 1
    st.button(
        "Step",
        icon=":material/skip_next:",
        key="step",
        on_click=state.step,
        args=(1,),
        help="Take one optimiser step and pause.",
    )
    st.button(
        "Epoch",
        icon=":material/fast_forward:",
        key="epoch",
        on_click=state.step,
        args=(steps,),
        help=f"Train one epoch ({steps} steps) and pause.",
    )


def _reset() -> None:
    st.button(
        "Reset",
        icon=":material/replay:",
        key="reset",
        on_click=state.reset,
        help="Go back to the same initial weights.",
    )


def outdated(strip: Strip, shown: RunRecord | None) -> bool:
    """Return whether the strip has to be drawn anew, with the whole page.

    Every run of the page starts the engine unless it runs.
    """
    engine = _engine_now()
    overdue = not engine.alive and time.monotonic() - strip.since > _RETRY_SECONDS
    changed = looks(shown) != strip.looks or address.asked() != strip.asked
    return engine.alive != strip.engine_lived or overdue or changed


def figures(strip: Strip, shown: RunRecord | None) -> None:
    """Draw the figures of the run in their place in the strip."""
    with strip.place.container():
        if shown is None:
            st.caption("No run yet.")
            return
        try:
            _figures_of(shown, _engine_now())
        except Refused:  # deleted in this very moment, in another tab
            st.caption("This run is gone.")


def _engine_now(seconds: float = ENGINE_SECONDS) -> EngineState:
    """Return the engine's state, no older than so many seconds."""
    at, engine = st.session_state.get("engine_seen", (0.0, None))
    if engine is None or time.monotonic() - at >= seconds:
        engine = state.jobs().engine_state()
        st.session_state["engine_seen"] = (time.monotonic(), engine)
    return engine


def _figures_of(shown: RunRecord, engine: EngineState) -> None:
    colour, word = STATUS[shown.status]
    if shown.status in state.ACTIVE and engine.state != "ready":
        colour, word = "orange", "waiting for the engine"
    parts = [f":{colour}-badge[{word}]"]
    if shown.status == "queued":
        parts += waiting_words(engine)
    metrics = run_metrics(shown.id)
    if metrics is not None and len(metrics):
        last = metrics.iloc[-1]
        epochs = Experiment.from_stored(shown.experiment_json)[0].epochs
        parts.append(f"epoch **{last.epoch:.4g}** / {epochs}")
        parts.append(f"{last.seconds:.1f} s")
        if last.samples_per_second:
            parts.append(f"{last.samples_per_second:,.0f} samples/s")
        if last.validation_accuracy is not None and not math.isnan(last.validation_accuracy):
            parts.append(f"validation **{100 * last.validation_accuracy:.1f} %**")
        parts.append(f"loss **{last.validation_loss:.3g}**")
    if shown.parameters:
        parts.append(f"{shown.parameters:,} parameters")
        if metrics is not None and len(metrics) and metrics.iloc[-1].nfe_forward:
            last = metrics.iloc[-1]
            parts.append(f"NFE {last.nfe_forward:.0f} + {last.nfe_backward:.0f}")
        parts.append(state.plain(shown.device_reason))
    # No line of its own, which would push the whole page down.
    if shown.reason and shown.status == "finished":
        parts.append(state.plain(shown.reason))
    st.markdown(" · ".join(parts), help=_FIGURES_HELP)
    for notice in shown.notices:
        st.caption(f":orange[:material/info:] {state.plain(notice)}")
    if shown.reason and shown.status in ("diverged", "failed"):
        st.caption(state.plain(shown.reason))
    if teaching.followed_code():
        return
    if not state.owns(shown):
        st.caption("This run belongs to somebody else: Train starts one of your own.")
    elif shown.user != state.jobs().user:
        st.caption("This run belongs to somebody else; with the teacher's key you steer it.")


def waiting_words(engine: EngineState) -> list[str]:
    """Return what a run that waits is told of the crowd; nothing where it waits alone.

    Slots go round among users, and long runs give theirs back from time to time: nobody has a fixed
    place in the queue that could be told.
    """
    if engine.state != "ready" or engine.queued < 2:
        return []
    slots = f"{engine.slots} slot{'s' * (engine.slots != 1)}"
    return [f"{engine.queued} runs wait for {slots}; short ones go first, users take turns"]


_FIGURES_HELP = (
    "Seconds of training, pauses left out. NFE: evaluations of the field in one forward pass, plus "
    "those of the backward pass (without the adjoint nothing is evaluated anew there; each is pulled "
    "back once)."
)


def _disagreement(shown: RunRecord | None) -> None:
    """Say so where the views show other settings than the form, and offer both ways out."""
    why = state.refusal()
    if shown is None:
        if why:
            st.error(f"Not started: {state.plain(why)}.")
        return
    if state.agrees(shown):
        return
    with st.container(key="disagreement"):
        st.error(
            "The views show a run with other settings than the form"
            + (f": it was not started, because {state.plain(why)}." if why else ".")
        )
        with st.container(horizontal=True):
            st.button(
                "Train what the form says",
                key="train_form",
                on_click=state.train,
                help="Begins a new run with the form's settings.",
            )
            st.button(
                "Back to what is shown",
                key="keep_run",
                on_click=state.back_to_the_run,
                help="Sets the form to what the run in the views was trained with.",
            )


def _engine(engine: EngineState) -> None:
    st.error(
        f"The engine that trains is not running: {state.plain(engine.message)}. What you set is kept.",
        icon=":material/power_off:",
    )
    if st.button(
        "Start the engine",
        key="start_engine",
        help="Starts the process that trains; runs that waited go on.",
    ):
        try:
            state.jobs().ensure_engine()
        except (Refused, OSError) as error:
            state.say(f"The engine did not start: {error}", "error")
        st.rerun()
