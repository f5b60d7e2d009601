"""What moves on the page of the comparison: figures, boundaries, curves and flows of all nets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.jobs import RunRecord
from playground.ui import compare_state, pictures, state, troubles
from playground.ui.browser import told
from playground.ui.compare_settings import LETTERS, Nets, names_of
from playground.ui.figures import histories
from playground.ui.overlay import overlay
from playground.ui.transport import STATUS

LIVE_SECONDS = 0.9  # between two looks at runs that train; their pictures come by themselves
_SHORT = 2  # so many columns side by side where the window is narrow
_GROUP = "compare"


def rows_of_columns(count: int, narrow: bool) -> list[DeltaGenerator]:
    """Return a place for each net: side by side, or two in a row where there is little room."""
    wide = _SHORT if narrow and count > _SHORT + 1 else max(count, _SHORT)
    places: list[DeltaGenerator] = []
    while len(places) < count:
        places += st.columns(wide, gap="medium")
    return places[:count]


def draw_live(narrow: bool) -> None:
    """Draw all that changes while nobody touches anything."""
    shown = compare_state.records()
    pace = _pace(shown)
    troubles.fragment(_beat, run_every=pace)(narrow, _asked(), _statuses(shown), [])


def _pace(shown: Sequence[RunRecord | None]) -> float | None:
    going = any(run is not None and run.status in state.ACTIVE for run in shown)
    return LIVE_SECONDS if going else None


def _statuses(shown: Sequence[RunRecord | None]) -> list[str]:
    return [run.status if run is not None else "" for run in shown]


def _asked() -> tuple[object, ...]:
    """Return what the page is drawn from: the nets, and what the browser has told."""
    return compare_state.nets(), told()


def _beat(narrow: bool, asked: tuple[object, ...], statuses: list[str], beaten: list[bool]) -> None:
    """Draw the nets as far as they have come; run the whole page anew when one begins or ends.

    Args:
        narrow: Whether there is little room.
        asked: What the page was drawn from.
        statuses: Of the runs, when the page was drawn.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    nets, shown = compare_state.nets(), compare_state.records()
    compare_state.look()
    _draw(nets, shown, narrow)
    first = not beaten
    beaten[:] = [True]
    # Never in the page's own run: what it has told its widgets would be lost on the way.
    if not first and (_statuses(shown) != statuses or _asked() != asked):
        st.rerun()


def _draw(nets: Nets, shown: Sequence[RunRecord | None], narrow: bool) -> None:
    names = names_of(nets.experiments)
    metrics = histories({run.id for run in shown if run is not None})
    curves = {n: metrics[run.id] if run else None for n, run in zip(names, shown)}
    for index, place in enumerate(rows_of_columns(len(shown), narrow)):
        with place:
            _column(index, names[index], shown[index], curves[names[index]])
    moves = any(run is not None and run.status in state.ACTIVE for run in shown)
    overlay("compare", curves, moves=moves)
    _flows(names, shown, narrow)


def _column(index: int, name: str, run: RunRecord | None, metrics: pd.DataFrame | None) -> None:
    """Draw one net's figures, what has to be said of it, and its output."""
    st.markdown(f"##### {state.plain(name)}")
    why = compare_state.refusal(index)
    if why:
        st.error(f"Not started: {state.plain(why)}.", icon=":material/block:")
    if run is None:
        if not why:
            st.caption("Its run is being handed in.")
        return
    with st.container(key=f"compare_figures_{LETTERS[index]}"):
        st.markdown(_figures(run, compare_state.nets().experiments[index].epochs, metrics))
    if run.reason and run.status in ("diverged", "failed"):
        st.warning(f"{state.plain(run.reason)}.", icon=":material/warning:")
    if run.status in state.ACTIVE and not state.owns(run):
        st.caption("Somebody else trains the same net; it is shown as it goes on.")
    pictures.view(run, f"compare:{LETTERS[index]}:output", height=330, flow=False, group=_GROUP)
    for notice in run.notices:  # below, so that the pictures of all nets stand at one height
        st.caption(f":orange[:material/info:] {state.plain(notice)}")


def _figures(run: RunRecord, epochs: int, metrics: pd.DataFrame | None) -> str:
    """Return status and figures of a run in one line."""
    colour, word = STATUS[run.status]
    parts = [f":{colour}-badge[{word}]"]
    if metrics is not None and len(metrics):
        last = metrics.iloc[-1]
        parts.append(f"epoch **{last.epoch:.4g}** / {epochs}")
        if not math.isnan(last.validation_accuracy):
            parts.append(f"validation **{100 * last.validation_accuracy:.1f} %**")
        parts.append(f"loss **{last.validation_loss:.3g}**")
        parts.append(f"NFE {last.nfe_forward:.0f} + {last.nfe_backward:.0f}")
        parts.append(f"{last.seconds:.1f} s")
    if run.parameters:
        parts.append(f"{run.parameters:,} parameters")
    return " · ".join(parts)


def _flows(names: Sequence[str], shown: Sequence[RunRecord | None], narrow: bool) -> None:
    experiments = compare_state.nets().experiments
    drawn = [run is not None and not pictures.obstacle(e) for run, e in zip(shown, experiments)]
    if not any(drawn):
        return
    st.markdown("##### Flow: the features through depth")
    st.caption("The sliders move together: each net is shown at the same share of its own depth.")
    for index, place in enumerate(rows_of_columns(len(shown), narrow)):
        with place:
            st.markdown(f"**{state.plain(names[index])}**")
            if drawn[index]:
                key = f"compare:{LETTERS[index]}:flow"
                pictures.view(shown[index], key, height=330, flow=True, group=_GROUP)
