"""The board of a class on its page: a chart, a table, and one click to open a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import streamlit as st

from playground.charts.board import KINDS, board_chart
from playground.charts.exports import chart_csv
from playground.classroom import Class, Entry, classes
from playground.classroom.board import baseline, front, in_what
from playground.classroom.watch import news, the_board
from playground.jobs import Refused
from playground.ui import address, state, troubles
from playground.ui.classroom.settings import COSTS, SCORES, SHEET, Settings
from playground.ui.labs.charting import draw
from playground.ui.linking import root

BOARD_SECONDS = 3.0
_COLUMNS = (
    *("open", "who", "what", "accuracy", "loss", "seconds", "parameters", "evaluations"),
    *("how", "when"),
)


def draw_board(found: Class, settings: Settings, *, teaches: bool = False) -> None:
    """Draw the board of a class, which looks for new runs by itself.

    Args:
        found: The class.
        settings: Of the page.
        teaches: Whether whoever looks may take runs off it.
    """
    st.markdown("##### Board: what the class has trained")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="board_set"):
        SHEET.form.field(settings, "score")
        SHEET.form.field(settings, "cost")
        SHEET.form.field(settings, "every")
    pace = BOARD_SECONDS if found.is_open else None
    troubles.fragment(_beat, run_every=pace)(found.code, settings)
    if teaches:  # not in what beats: a list that is open would be drawn anew under somebody's hand
        troubles.fragment(_take_off, run_every=None)(found.code)


def _beat(code: str, settings: Settings) -> None:
    jobs = state.jobs()
    found, held = news(jobs, code), the_board(jobs, code)
    if found is None:
        st.caption("This class has been deleted.")
        return
    base, called = baseline(jobs, found.shown)
    shown = [e for e in held.entries if settings.every or e.status == "finished"]
    _count(shown, len(held.entries) - len(shown), held.at_work)
    if not shown:
        st.caption("A run appears here when it has been trained to its end on the playground.")
        return
    rows = board_rows(shown, base, found.teacher)
    _chart(shown, rows, settings)
    st.caption(f"What differs from {called}:")
    _table(rows)


def _count(shown: Sequence[Entry], more: int, at_work: int) -> None:
    people = len({entry.user for entry in shown})
    words = [f"**{_number(len(shown), 'run')}** by {_number(people, 'member')}"]
    if not shown:
        words = ["No run yet"]
    if at_work:
        words.append(f"{at_work} more train or wait")
    if more:
        words.append(f"{more} stopped or diverged")
    st.markdown(" · ".join(words))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def board_rows(entries: Sequence[Entry], base: str, teacher: str = "") -> pd.DataFrame:
    """Return the table of a board: a row for each run, in the order of the entries.

    Args:
        entries: The runs.
        base: The experiment that each is compared with, as JSON.
        teacher: Id of the teacher.
    """
    zone, here, me = _zone(), root(), state.jobs().user
    rows = []
    for entry in entries:
        kind = KINDS[0] if entry.user == me else KINDS[1] if entry.user == teacher else KINDS[2]
        rows.append(
            {
                "open": f"{here}playground?{address.RUN}={entry.run}",
                "who": entry.who,
                "what": in_what(base, entry.experiment),
                "accuracy": math.nan if entry.accuracy is None else 100 * entry.accuracy,
                "loss": math.nan if entry.loss is None else entry.loss,
                "seconds": entry.cost("seconds"),
                "parameters": entry.parameters,
                "evaluations": entry.cost("nfe_forward"),
                "how": entry.status if entry.status != "finished" else "",
                "when": datetime.fromtimestamp(entry.ended, zone).strftime("%d %b %H:%M"),
                "kind": kind,
            }
        )
    return pd.DataFrame(rows, columns=[*_COLUMNS, "kind"])


def _zone() -> ZoneInfo | None:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):  # what a browser makes up
        return None


def _chart(entries: Sequence[Entry], rows: pd.DataFrame, settings: Settings) -> None:
    costs = [entry.cost(settings.cost) for entry in entries]
    best = front(entries, settings.cost, settings.score)
    drawn = rows.assign(cost=costs, score=rows[settings.score], words=rows["what"])
    drawn["front"] = [entry.run in best for entry in entries]
    drawn = drawn[drawn["cost"].notna() & drawn["score"].notna()]
    if drawn.empty:
        what = SCORES[settings.score].partition(" (")[0]
        st.caption(f"None of these runs has both {what} and {COSTS[settings.cost]}.")
        return
    kinds = tuple(kind for kind in KINDS if kind in set(drawn["kind"]))
    log = bool((drawn["cost"] > 0).all() and drawn["cost"].max() > 20 * drawn["cost"].min())
    title = SCORES[settings.score]
    columns = ["who", "words", "cost", "score", "kind", "front"]
    draw("board", board_chart(COSTS[settings.cost], title, kinds, log=log), drawn[columns])


def _table(rows: pd.DataFrame) -> None:
    shown: dict[str, Any] = {
        "open": st.column_config.LinkColumn("open", display_text="open", width="small"),
        "who": st.column_config.TextColumn("who", width="medium"),
        "what": st.column_config.TextColumn("what differs", width="large"),
        "accuracy": st.column_config.NumberColumn("accuracy", format="%.1f %%"),
        "loss": st.column_config.NumberColumn("loss", format="%.3g"),
        "seconds": st.column_config.NumberColumn("seconds", format="%.1f"),
        "parameters": st.column_config.NumberColumn("parameters", format="localized"),
        "evaluations": st.column_config.NumberColumn("NFE", format="%d"),
        "how": st.column_config.TextColumn("ending"),
        "when": st.column_config.TextColumn("when"),
    }
    empty = [name for name in ("accuracy", "loss", "evaluations") if rows[name].isna().all()]
    if not rows["how"].any():
        empty.append("how")
    st.dataframe(
        rows.drop(columns=["kind", *empty]),
        hide_index=True,
        width="stretch",
        height="content" if len(rows) < 12 else 440,
        column_config=shown,
        key="board_table",
    )
    st.download_button(
        "Board (CSV)",
        lambda: chart_csv(rows.drop(columns=["kind"])),
        file_name="board.csv",
        key="board_csv",
        help="The table as a file, with every column.",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _take_off(code: str) -> None:
    """Draw the teacher's choice of a run that is not to stand on the board; it is new when unfolded."""
    with st.expander("Take a run off the board", key="off_fold", on_change="rerun"):
        shown = the_board(state.jobs(), code).entries
        named = {e.run: f"{e.who} · {_score(e)} · {e.run[:4]}" for e in shown}
        run = st.selectbox(
            "Run",
            list(named),
            index=None,
            format_func=lambda key: named.get(key, key),
            key="off_run",
            help="A run that is not to stand on the board; its owner keeps it.",
        )
        st.button(
            "Take it off",
            disabled=run is None,
            on_click=_off,
            args=(code, run),
            key="off_go",
            help="It can be put back at any time.",
        )
        held = classes.taken_off(state.jobs(), code)
        if held:
            st.button(
                f"Put {len(held)} back",
                key="off_undo",
                type="tertiary",
                help="All runs that were taken off stand on the board again.",
                on_click=lambda: [_off(code, each, off=False) for each in held],
            )


def _off(code: str, run: str | None, off: bool = True) -> None:
    if run is None:
        return
    try:
        classes.take_off(state.jobs(), code, run, off)
    except Refused as refused:
        st.toast(f"{state.plain(str(refused))}.")
    the_board(state.jobs(), code, anew=True)


def _score(entry: Entry) -> str:
    if entry.accuracy is not None:
        return f"{100 * entry.accuracy:.1f} %"
    return "diverged" if entry.loss is None else f"loss {entry.loss:.3g}"
