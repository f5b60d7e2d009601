"""The choice of the two inputs on the axes of the boundary, where the data have more than two."""

from __future__ import annotations

import time

import streamlit as st

from playground.analysis.frames import Frames
from playground.jobs import Refused, RunRecord
from playground.training import View
from playground.ui import state
from playground.ui.figures import Picture

_LABELS = ("Horizontal", "Vertical")
_SECONDS = 8.0  # for a run to be drawn anew
_UNTIL, _TROUBLE, _TURN = "axes_until", "axes_trouble", "axes_turn"


def awaited(shown: RunRecord, picture: Picture) -> bool:
    """Return whether other inputs were asked for whose picture has still to come."""
    if shown.view_error or time.monotonic() > st.session_state.get(_UNTIL, 0.0):
        return False
    return bool(picture.frame) and _drawn(picture.frame) != _asked(shown)


def axis_choice(shown: RunRecord) -> None:
    """Draw the choice; whoever does not own the run sees what its owner has chosen."""
    names = _feature_names(shown.experiment_json)
    if len(names) < 3:
        return
    mine, asked = state.owns(shown), _asked(shown)
    # Every choice is drawn by widgets of its own, which begin with it: none has to be set, and none
    # can answer with what it showed before.
    turn = f"{st.session_state.get(_TURN, 0)}:{asked[0]}:{asked[1]}"
    for place, column in enumerate(st.columns(2)):
        key = f"axis:{_LABELS[place]}:{turn}"
        column.selectbox(
            _LABELS[place],
            range(len(names)),
            index=asked[place],
            format_func=lambda i: names[i],
            key=key,
            disabled=not mine,
            help=None if mine else "Everyone who watches this run sees the same two inputs.",
            on_change=_choose if mine else None,
            args=(shown.id, asked, place, key),
        )
    for word in _words(shown, names, mine):
        st.caption(word)


def _words(shown: RunRecord, names: tuple[str, ...], mine: bool) -> list[str]:
    """Return what has to be said about the axes."""
    words = []
    if st.session_state.get(_TROUBLE):
        words.append(f":red[:material/error:] {st.session_state[_TROUBLE]}")
    if shown.view_error:
        words.append(
            ":red[:material/error:] These inputs could not be drawn: "
            f"{state.plain(shown.view_error)}."
        )
    if not mine:
        words.append("The run's owner chooses the axes. Train to get a run of your own.")
    return words


def _asked(shown: RunRecord) -> tuple[int, int]:
    return shown.view.features or (0, 1)


def _drawn(frame: bytes) -> tuple[int, ...]:
    return tuple(Frames.unpack(frame).meta["features"])


def _choose(run_id: str, asked: tuple[int, int], place: int, key: str) -> None:
    """Ask for the chosen input; the other axis gives way where it shows the same one."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    chosen = list(asked)
    chosen[place] = st.session_state[key]
    if chosen[0] == chosen[1]:
        chosen[1 - place] = asked[place]
    try:
        state.jobs().request_view(run_id, View((chosen[0], chosen[1])))
    except Refused as refused:
        st.session_state[_TROUBLE] = f"{refused}."
        return
    st.session_state[_TROUBLE] = ""
    st.session_state[_UNTIL] = time.monotonic() + _SECONDS


@st.cache_data(max_entries=64)
def _feature_names(experiment_json: str) -> tuple[str, ...]:
    from playground.experiment import Experiment

    experiment, _ = Experiment.from_stored(experiment_json)
    return experiment.data.entry.feature_names(experiment.data.options)
