"""The page of the runs: search, filter, sort, mark, open and compare what was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from playground.datasets import DATASETS
from playground.integrators import INTEGRATORS
from playground.jobs import Refused, RunRecord
from playground.jobs.history import Line, overview
from playground.jobs.search import ordered, parse
from playground.networks import NETWORKS
from playground.presets import presets
from playground.ui import state, troubles
from playground.ui.browser import browser
from playground.ui.home_page import PLAYGROUND
from playground.ui.labs.charting import title
from playground.ui.results.exporting import draw_export, draw_import
from playground.ui.results.runs_actions import draw_actions, draw_trash
from playground.ui.results.runs_detail import draw_detail
from playground.ui.results.runs_settings import FILTERS, FORM, SHEET, STATUSES, Settings, clear
from playground.ui.results.runs_table import draw_table, label_of
from playground.ui.side_by_side import draw_side_by_side

_BEAT_SECONDS = 2.0
_COMPARED = 12  # runs beside each other at most


def runs_page() -> None:
    """Draw the page."""
    window = browser()
    settings = SHEET.open()
    title(SHEET, "Runs: the history of what was trained")
    everything = _lines(settings)
    if everything or settings.kind != "training" or settings.chosen:
        _controls(settings, everything)
        found = _found(settings, everything)
        draw_trash()
        _table(settings, everything, found, narrow=window.narrow)
        chosen = overview(state.jobs(), ids=settings.chosen)
        _chosen(settings, chosen)
        _follow([*found, *chosen])
    else:
        draw_trash()
        _nothing_yet()
    with st.expander("Bring an exported run back", icon=":material/upload:"):
        draw_import()
    SHEET.close()


def _lines(settings: Settings) -> list[Line]:
    """Return the runs of this browser, or of all users for the teacher."""
    jobs = state.jobs()
    whose = None if settings.everybody and jobs.is_teacher else jobs.user
    kind = None if settings.kind == "all" else settings.kind
    return overview(jobs, whose, kind=kind)


def _controls(settings: Settings, lines: Sequence[Line]) -> None:
    search, kind, sort, turned = st.columns([3.6, 1.3, 1.5, 1.1], vertical_alignment="bottom")
    with search:
        FORM.field(settings, "search", placeholder="spiral depth>20 accuracy>0.9 -tag:old")
    with kind:
        FORM.field(settings, "kind")
    with sort:
        FORM.field(settings, "sort")
    with turned:
        FORM.field(settings, "turned")
    places = st.columns(6, vertical_alignment="bottom", gap="small")
    for name, place in zip(FILTERS, places):
        with place:
            FORM.many(settings, name, _choices(settings, lines, name), "any")
    with places[-1]:
        FORM.field(settings, "starred")
        if state.jobs().is_teacher:
            FORM.field(settings, "everybody")


def _choices(settings: Settings, lines: Sequence[Line], name: str) -> Mapping[str, str]:
    """Return what can be filtered by: what the runs have, and what is chosen already."""
    chosen = getattr(settings, name)
    if name == "status":
        return {status: status for status in STATUSES}
    if name == "tag":
        held = {tag for line in lines for tag in line.tags}
        return {tag: tag for tag in sorted(held | set(chosen))}
    registry = {"data": DATASETS, "network": NETWORKS, "scheme": INTEGRATORS}[name]
    names = {getattr(line, name) for line in lines} | set(chosen)
    labels = {each: label_of(registry, each) for each in names if each}
    return dict(sorted(labels.items(), key=lambda pair: pair[1].lower()))


def _found(settings: Settings, lines: Sequence[Line]) -> list[Line]:
    """Return the runs that are searched for, in their order; say what could not be understood."""
    search = parse(settings.search)
    for message in (*search.messages, *search.unknown(lines)):
        words = message if message.endswith("?") else f"{message}."
        st.warning(f"In the search: {state.plain(words)}", icon=":material/info:")
    kept = [line for line in search.among(lines) if _passes(settings, line)]
    return ordered(kept, settings.sort, falling=settings.falling)


def _passes(settings: Settings, line: Line) -> bool:
    one_of = ("status", "data", "network", "scheme")
    return (
        all(getattr(line, n) in getattr(settings, n) for n in one_of if getattr(settings, n))
        and (not settings.tag or not set(settings.tag).isdisjoint(line.tags))
        and (line.starred or not settings.starred)
    )


def _table(
    settings: Settings, everything: Sequence[Line], found: Sequence[Line], *, narrow: bool
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="runs_count"):
        words = f"{len(found):,} of {len(everything):,} runs" if settings.filtered else ""
        words = words or f"{len(found):,} runs"
        st.caption(
            f"{words}. Choose one to look at it closer, several to compare them."
            if found
            else ("No run is like that." if settings.filtered else "There are no such runs.")
        )
        if settings.filtered:
            st.button(
                "Clear search and filters",
                icon=":material/filter_alt_off:",
                key="runs:clear",
                help="Shows all runs again.",
                type="tertiary",
                on_click=clear,
            )
    if found:
        with st.container(key="runs_table"):
            draw_table(settings, found, narrow=narrow)


def _chosen(settings: Settings, lines: Sequence[Line]) -> None:
    """Draw what is chosen: one run closer, or several beside each other."""
    gone = len(settings.chosen) - len(lines)
    if gone:
        st.info(
            f"{gone} of the chosen runs {'is' if gone == 1 else 'are'} gone: deleted or cleared away.",
            icon=":material/info:",
        )
    if not lines:
        return
    records = _records(lines[:_COMPARED])
    if len(lines) == 1 and len(records) == 1:
        draw_actions(lines, records[0])
        draw_detail(settings, lines[0], records[0])
    elif records:
        draw_actions(lines, None)
        st.markdown(f"#### {len(lines)} runs side by side")
        if len(lines) > _COMPARED:
            st.caption(f"The first {_COMPARED} of them are compared.")
        with st.container(key="runs_side_by_side"):
            draw_side_by_side(records)
    with st.expander(
        "Take them home" if len(lines) > 1 else "Take it home", icon=":material/download:"
    ):
        draw_export(_records(lines))


def _records(lines: Sequence[Line]) -> list[RunRecord]:
    found = []
    for line in lines:
        try:
            found.append(state.jobs().get(line.id))
        except Refused:  # deleted in this very moment, in another tab
            continue
    return found


def _follow(lines: Sequence[Line]) -> None:
    """Have the page drawn anew when something has changed in what trains or waits."""
    going = {line.id: (line.status, line.step) for line in lines if line.status in state.ACTIVE}
    if going:
        troubles.fragment(_beat, run_every=_BEAT_SECONDS)(going, [])


def _beat(going: Mapping[str, tuple[str, int]], beaten: list[bool]) -> None:
    first = not beaten
    beaten[:] = [True]
    if first:
        return
    now = {line.id: (line.status, line.step) for line in overview(state.jobs(), ids=list(going))}
    if now != going:
        st.rerun()


def _nothing_yet() -> None:
    st.markdown(
        "##### Nothing has been trained in this browser yet\n"
        "Every training of the playground and of the laboratories is listed here, with its settings and "
        "figures: to be searched, compared, opened again, and taken home."
    )
    if st.button(
        "Train a first one",
        type="primary",
        icon=":material/play_arrow:",
        key="runs:first",
        help="Opens the playground with a spiral.",
    ):
        state.start_with(presets()["spiral"].experiment)
        st.switch_page(PLAYGROUND)
