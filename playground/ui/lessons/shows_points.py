"""The show of nets on points: train and watch flow, boundary and curves, as on the playground."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from playground.experiment import Experiment
from playground.lessons import Trial
from playground.ui import address, canvas, state
from playground.ui.browser import browser
from playground.ui.controls import PLAYGROUND
from playground.ui.labs.stored import is_flow
from playground.ui.labs.swap import draw_swapped
from playground.ui.lessons.shows import SHOWS, Show, differing, draw_controls, unknown_controls
from playground.ui.live import views
from playground.ui.transport import transport

_SWAPPED = ("euler", "heun2", "rk4")


def _of(trial: Trial) -> Experiment:
    return trial.experiment or Experiment()


def _begin(trial: Trial, changes: Mapping[str, str]) -> None:
    """Put the trial's experiment in the form, with its changes, and show its run if there is one."""
    fields = {name: text for name, text in changes.items() if name != address.RUN}
    wanted = _of(trial)
    if fields:
        try:
            wanted, notes = wanted.adapted(fields)
        except ValueError as error:
            state.say(f"In the link: {error}. The lesson's own settings are shown.")
        else:
            for note in notes:
                state.say(f"In the link: {note}.")
    run = {address.RUN: changes[address.RUN]} if address.RUN in changes else {}
    state.show_settings(wanted)
    address.take({**wanted.to_query(), **run}, back=False)


def _link(trial: Trial) -> dict[str, str]:
    changed = differing(_of(trial).to_query(), state.experiment().to_query())
    return {**changed, address.RUN: state.run_id()} if state.run_id() else changed


def _draw(trial: Trial) -> None:
    canvas.load()
    if state.record() is None and browser().user:
        state.renew(train=False)
    state.look()
    draw_controls(trial.controls, state.experiment(), PLAYGROUND.named)
    views(transport("lesson"))


def _draw_swap(trial: Trial) -> None:
    """Draw the same, and below it what other schemes and finer steps make of the trained net."""
    _draw(trial)
    shown = state.record()
    st.markdown("##### The same weights, stepped otherwise")
    rests = shown is not None and shown.status not in state.ACTIVE
    if shown is None or not rests or shown.step <= 0 or shown.checkpoint_step <= 0:
        st.caption("It is drawn as soon as a training has come to rest.")
        return
    draw_swapped(shown, _SWAPPED)


def _faults(trial: Trial) -> list[str]:
    faults = unknown_controls(trial.controls, _of(trial).to_query())
    if trial.settings:
        faults.append("the show 'points' takes an experiment, not settings")
    return faults


def _swap_faults(trial: Trial) -> list[str]:
    chosen = _of(trial)
    fits = is_flow(chosen) and chosen.task == "classification"
    return _faults(trial) + ([] if fits else ["only a flow with a fixed step can be switched"])


def _add(
    name: str,
    summary: str,
    draw: Callable[[Trial], None],
    faults: Callable[[Trial], list[str]],
) -> None:
    SHOWS.add(
        Show(
            name=name,
            label="Playground",
            summary=summary,
            page="pages/play/playground.py",
            begin=_begin,
            link=_link,
            draw=draw,
            faults=faults,
        )
    )


_add("points", "A net on points that is trained on the page.", _draw, _faults)
_add(
    "points.swap",
    "The same, and then the trained net with other schemes and finer steps.",
    _draw_swap,
    _swap_faults,
)
