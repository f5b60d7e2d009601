"""The time machine: what a resting run was like at each kept step, for the canvas to scrub through."""

from __future__ import annotations

import time

import streamlit as st

from playground.analysis.frames import Frames
from playground.analysis.recording import squeeze
from playground.jobs import Refused, RunRecord
from playground.ui import axes, state
from playground.ui.canvas import boundary_part, flow_part
from playground.ui.figures import Picture

LIMIT = 3_000_000  # bytes that a recording may take; a longer one loses frames in between
PATIENCE = 60.0  # seconds for a recording to be drawn, with others before it
_KEY, _ASKED = "replay", "replay_asked"


def awaited(shown: RunRecord, picture: Picture) -> bool:
    """Return whether a run rests and its recording has neither come nor failed yet."""
    rests = shown.status not in state.ACTIVE and shown.step > 0 and picture.frame
    if not rests or shown.view_error or axes.awaited(shown, picture):
        return False
    at, key = st.session_state.get(_ASKED, (0.0, None))
    given_up = key == _key(shown, picture) and time.monotonic() - at > PATIENCE
    return st.session_state.get(_KEY) != _key(shown, picture) and not given_up


def load(shown: RunRecord, picture: Picture) -> None:
    """Take up the recording of a run, for ``parts`` to hand out; ask for it where there is none."""
    key = _key(shown, picture)
    try:
        if state.jobs().recording(shown.id) is None:
            state.jobs().request_recording(shown.id)
            if st.session_state.get(_ASKED, (0.0, None))[1] != key:
                st.session_state[_ASKED] = (time.monotonic(), key)
            return
    except Refused:  # the run was deleted just now
        return
    _recorded(*key)
    st.session_state[_KEY] = key


def parts(shown: RunRecord, picture: Picture) -> tuple[bytes, bytes]:
    """Return what the flow view and the boundary view show of a run.

    That is its recording where that has been loaded, and its newest picture otherwise.
    """
    rests = shown.status not in state.ACTIVE
    if rests and st.session_state.get(_KEY) == _key(shown, picture):
        recorded = _recorded(*_key(shown, picture))
        if recorded is not None:
            return recorded
    return flow_part(picture.frame), boundary_part(picture.frame)


def whole(shown: RunRecord) -> tuple[bytes, bytes] | None:
    """Return the recording of a run for the flow view and the boundary view, wherever they stand.

    ``None`` where it has not been drawn yet, or there is nothing to scrub through.
    """
    if state.jobs().recording(shown.id) is None:
        return None
    return _recorded(shown.id, shown.step, f"{shown.checkpoint_step} {shown.view.features}")


def _key(shown: RunRecord, picture: Picture) -> tuple[str, int, str]:
    return shown.id, shown.step, picture.version or ""


@st.cache_data(max_entries=16, ttl=1800, show_spinner=False)
def _recorded(run_id: str, step: int, version: str) -> tuple[bytes, bytes] | None:
    """Return the recording for both views; ``None`` where there is nothing to scrub through."""
    try:
        packed = state.jobs().recording(run_id)
        return _fitting(Frames.unpack(packed)) if packed else None
    except (Refused, ValueError):  # the run was deleted just now, or a file is damaged
        return None


def _fitting(made: Frames) -> tuple[bytes, bytes]:
    """Return the squeezed recording for both views, with as many frames as the limit allows."""
    frames = len(made.meta["frames"])
    while True:
        packed = made.pack()
        flow, boundary = squeeze(flow_part(packed)), squeeze(boundary_part(packed))
        size = len(flow) + len(boundary)
        if size <= LIMIT or frames <= 2:
            return flow, boundary
        frames = max(2, min(frames - 1, int(frames * LIMIT / size)))
        made = made.thinned(frames, made.arrays["paths"].shape[2])
