"""The strip on top: train, pause, step, reset; the figures of the run; share and export."""

from __future__ import annotations

import math
from urllib.parse import urlencode

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.ui import state
from playground.ui.exports import export_menu
from playground.ui.figures import run_metrics

_STATUS = {
    "queued": ("orange", "waiting"),
    "running": ("green", "training"),
    "paused": ("blue", "paused"),
    "finished": ("violet", "finished"),
    "stopped": ("gray", "stopped"),
    "diverged": ("red", "diverged"),
    "failed": ("red", "failed"),
}


def transport() -> None:
    """Draw the strip for the run that is shown."""
    shown = state.record()
    # The views look whether it has changed since.
    st.session_state["drawn_as"] = shown.status if shown else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="transport"):
        _buttons(shown)
        with st.container(key="figures", width="stretch"):
            _figures_fragment(shown)
        _share()
        with st.popover("Export", icon=":material/download:"):
            export_menu(shown)
    _engine()


def _buttons(shown: RunRecord | None) -> None:
    training = shown is not None and state.trains(shown) and state.owns(shown)
    paused = shown is not None and shown.status == "paused" and shown.step > 0
    # Keys of their own: a second delivery of one click must never reach the other button.
    if training:
        st.button(
            "Pause",
            icon=":material/pause:",
            type="primary",
            key="pause",
            on_click=state.pause,
            help="Halt after the present step; nothing is lost.",
        )
    else:
        st.button(
            "Go on" if paused else "Train",
            icon=":material/play_arrow:",
            type="primary",
            key="train",
            on_click=state.train,
            help="Train in the background; this page may be closed meanwhile.",
        )
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
    st.button(
        "Reset",
        icon=":material/replay:",
        key="reset",
        on_click=state.reset,
        help="Go back to the same initial weights.",
    )


def _figures_fragment(shown: RunRecord | None) -> None:
    active = shown is not None and shown.status in state.ACTIVE
    st.fragment(_figures, run_every=0.25 if active else None)()


def _figures() -> None:
    shown = state.record()
    if shown is None:
        st.caption("No run yet.")
        return
    colour, word = _STATUS[shown.status]
    parts = [f":{colour}-badge[{word}]"]
    metrics = run_metrics(shown.id)
    if metrics is not None and len(metrics):
        last = metrics.iloc[-1]
        epochs = Experiment.model_validate_json(shown.experiment_json).epochs
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
        parts.append(shown.device_reason)
    st.markdown(" · ".join(parts), help=_FIGURES_HELP)
    for notice in shown.notices:
        st.caption(f":orange[:material/info:] {notice}")
    if shown.reason and shown.status in ("diverged", "failed", "finished"):
        st.caption(shown.reason)
    if not state.owns(shown):
        st.caption("This run belongs to somebody else: Train starts one of your own.")


_FIGURES_HELP = (
    "Seconds of training, pauses left out. NFE: evaluations of the field in one forward pass, plus "
    "those of the backward pass (without the adjoint nothing is evaluated anew there; each is pulled "
    "back once)."
)


def _share() -> None:
    with st.popover("Share", icon=":material/link:"):
        st.caption(
            "The address of this page holds every setting and the run. This link opens both:"
        )
        link = f"{st.context.url or ''}?{urlencode(st.query_params.to_dict())}"
        st.code(link, language=None, wrap_lines=True)


def _engine() -> None:
    engine = state.jobs().engine_state()
    if not engine.alive:
        st.error(
            f"The engine that trains is not running. {engine.message} "
            "What you set is kept. Start it here, or with `python -m playground engine`.",
            icon=":material/power_off:",
        )
        if st.button("Start the engine", key="start_engine"):
            try:
                state.jobs().ensure_engine()
            except (Refused, OSError) as error:
                state.say(f"The engine did not start: {error}", "error")
            st.rerun()
