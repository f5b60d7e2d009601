"""The time machine: what a resting run was like at each kept step, for the canvas to scrub through."""

from __future__ import annotations

import streamlit as st

from playground.analysis.frames import Frames
from playground.analysis.recording import recording, squeeze
from playground.jobs import Refused, RunRecord
from playground.ui import state
from playground.ui.canvas import boundary_part, flow_part
from playground.ui.figures import Picture

LIMIT = 3_000_000  # bytes that a recording may take; a longer one loses frames in between
_KEY = "replay"


def awaited(shown: RunRecord, picture: Picture) -> bool:
    """Return whether a run rests and its recording has not been loaded yet."""
    rests = shown.status not in state.ACTIVE and shown.step > 0 and picture.frame
    return bool(rests) and st.session_state.get(_KEY) != _key(shown, picture)


def load(shown: RunRecord, picture: Picture) -> None:
    """Load the recording of a run, for ``parts`` to hand out."""
    _recorded(*_key(shown, picture), picture.frame)
    st.session_state[_KEY] = _key(shown, picture)


def parts(shown: RunRecord, picture: Picture) -> tuple[bytes, bytes]:
    """Return what the flow view and the boundary view show of a run.

    That is its recording where that has been loaded, and its newest picture otherwise.
    """
    rests = shown.status not in state.ACTIVE
    if rests and st.session_state.get(_KEY) == _key(shown, picture):
        recorded = _recorded(*_key(shown, picture), picture.frame)
        if recorded is not None:
            return recorded
    return flow_part(picture.frame), boundary_part(picture.frame)


def _key(shown: RunRecord, picture: Picture) -> tuple[str, int, str]:
    return shown.id, shown.step, picture.version or ""


@st.cache_data(max_entries=16, ttl=1800, show_spinner=False)
def _recorded(run_id: str, step: int, version: str, _last: bytes) -> tuple[bytes, bytes] | None:
    """Return the recording for both views; ``None`` where there is nothing to scrub through."""
    try:
        kept = [snapshot.frame for snapshot in state.jobs().snapshots(run_id)]
        made = recording(kept, _last)
    except (Refused, ValueError):  # the run was deleted just now, or a file is damaged
        return None
    return None if made is None else _fitting(made)


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
