"""Accuracies that are computed in the page, a slice at a time, with their progress and a way to stop."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import streamlit as st

from playground.datasets import TableError
from playground.jobs import Refused
from playground.training.slices import Kept, Slice, Work, advance, check_room, missing
from playground.ui import state, troubles
from playground.ui.labs.robustness_settings import SHEET, Settings

_FIRST, _BEAT = 2.0, 0.7  # seconds of a slice in the page's own run, and of one in between
_PAUSE = 0.3  # seconds between two slices, in which the browser is heard
_WAIT = 1.0  # seconds between two looks for nets that have been trained meanwhile
_UNASKED = 90.0  # seconds of expected work that begin by themselves
_MOST = 10_000  # accuracies that are kept, of some hundred bytes each, or some thousand


@st.cache_resource(show_spinner=False)
def kept() -> Kept:
    """Return what has been computed by anybody since the server began."""
    return Kept(_MOST)


def draw_sliced(
    name: str,
    settings: Settings,
    plan: Callable[[], Work],
    draw: Callable[[Kept], None],
    expected: Callable[[Work], float],
    waits: bool,
) -> None:
    """Compute what is missing slice by slice, and draw what there is after each.

    Args:
        name: Of this place on the page and of what is set there.
        settings: What the page was drawn for.
        plan: Returns what is to be computed, as far as it can be now.
        draw: Draws what there is.
        expected: Returns the seconds that some work will take on one core; more than a minute and a
            half is begun by a button.
        waits: Whether there will be more to compute later, as nets still train.
    """
    work = _planned(plan)
    if work is None:
        return
    asked = f"slices:{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    rest = missing(kept(), work)
    long = bool(rest) and expected({key: work[key] for key in rest}) > _UNASKED
    held = long and not st.session_state.get(asked)
    part = Slice(0, len(rest), 0.0)
    if held:
        _ask(asked, len(rest), expected({key: work[key] for key in rest}))
    elif rest:
        with st.spinner(f"{len(rest):,} accuracies under attack"):
            part = advance(kept(), work, _FIRST)
    goes = bool(part.missing) and not held
    pace = _PAUSE if goes else (_WAIT if waits else None)
    beat = _Beat(settings, plan, draw, goes, held, asked if long else "", part)
    troubles.fragment(beat.draw, run_every=pace)()


class _Beat:
    """What is drawn again and again while there is something to compute or to wait for."""

    def __init__(
        self,
        settings: Settings,
        plan: Callable[[], Work],
        draw: Callable[[Kept], None],
        goes: bool,
        held: bool,
        asked: str,
        part: Slice,
    ) -> None:
        self._settings, self._plan, self._draw = settings, plan, draw
        self._goes, self._held, self._asked, self._part = goes, held, asked, part
        self._first = True

    def draw(self) -> None:
        """Compute a slice, except in the page's own run, which has done so, and draw."""
        first, self._first = self._first, False
        # A control in here runs this alone; what it has set concerns the whole page.
        if not first and SHEET.settings != self._settings:
            st.rerun()
        work = _planned(self._plan)
        if work is None:
            return
        rest = len(missing(kept(), work))
        if not first:
            if self._stopped() or bool(rest) != (self._goes or self._held):
                st.rerun()
            if self._goes:
                self._part = advance(kept(), work, _BEAT)
                rest = self._part.missing
                if not rest:
                    st.rerun()
        if self._goes:
            self._progress(len(work), rest)
        self._draw(kept())

    def _stopped(self) -> bool:
        return bool(self._goes and self._asked and not st.session_state.get(self._asked))

    def _progress(self, total: int, rest: int) -> None:
        left = "" if self._part.left is None else f", about {math.ceil(self._part.left)} s left"
        words = f"{total - rest:,} of {total:,} accuracies under attack{left}"
        bar, button = st.columns([3, 1], vertical_alignment="center", gap="medium")
        bar.progress((total - rest) / total, text=words)
        if self._asked:
            button.button(
                "Stop here",
                icon=":material/stop:",
                key=f"{self._asked}:stop",
                on_click=lambda: st.session_state.pop(self._asked, None),
                help="What is computed is kept.",
            )


def _planned(plan: Callable[[], Work]) -> Work | None:
    try:
        work = plan()
        check_room(kept(), work)
        return work
    except (TableError, ValueError, Refused) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return None


def _ask(asked: str, count: int, seconds: float) -> None:
    told = f"{seconds / 60:.0f} minutes" if seconds > 120 else f"{seconds:.0f} seconds"
    st.info(
        f"{count:,} accuracies under attack are not computed yet: about {told} of one core, by gradients "
        f"that were timed here, {seconds / count:.2g} seconds for each, between which the page hears a "
        "click. Fewer samples, steps or ε take less.",
        icon=":material/schedule:",
    )
    st.button(
        "Compute them",
        icon=":material/play_arrow:",
        type="primary",
        key=f"{asked}:go",
        on_click=lambda: st.session_state.update({asked: True}),
        help="In this page, slice by slice; what is computed is kept while the server runs.",
    )
