"""One run: its figures and curves, what its owner says of it, its settings, its recording."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.charts.curves import DRAWN, curve, curve_rows, thinned
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.jobs.client import MAX_NAME
from playground.jobs.history import Line
from playground.jobs.marks import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, set_note, set_tags
from playground.ui import state
from playground.ui.figures import run_metrics
from playground.ui.labs.charting import draw, table
from playground.ui.results.runs_actions import do
from playground.ui.results.runs_replay import draw_replay
from playground.ui.results.runs_settings import Settings
from playground.ui.results.runs_table import title_of
from playground.ui.what_if import draw_what_if


def draw_detail(settings: Settings, line: Line, record: RunRecord) -> None:
    """Draw the run that is chosen."""
    st.markdown(f"#### {state.plain(title_of(line))}")
    _figures(line, record)
    shown, said = st.columns([3, 1.15], gap="large")
    with shown:
        _curves(record)
    with said:
        _said(line, record)
    draw_replay(settings, record)
    with st.expander("Settings"):
        _settings(line)
    draw_what_if(record)


def _figures(line: Line, record: RunRecord) -> None:
    parts = [f"**{line.status}**"]
    epochs = line.number("epochs")
    parts.append(f"epoch {line.epoch:.4g}" + (f" of {epochs:.0f}" if epochs else ""))
    for words, share in (
        ("validation", line.validation_accuracy),
        ("training", line.train_accuracy),
    ):
        if share is not None:
            parts.append(f"{words} **{100 * share:.1f} %**")
    if line.validation_loss is not None:
        parts.append(f"loss **{line.validation_loss:.3g}**")
    if line.seconds is not None:
        parts.append(f"{line.seconds:.1f} s")
    if line.parameters:
        parts.append(f"{line.parameters:,} parameters")
    if line.nfe_forward:
        parts.append(f"NFE {line.nfe_forward} + {line.nfe_backward or 0}")
    if record.device_reason:
        parts.append(state.plain(record.device_reason))
    with st.container(key="run_figures"):
        st.markdown(" · ".join(parts))
        handed_in = pd.Timestamp(line.created, unit="s", tz="UTC").strftime("%Y-%m-%d %H:%M")
        words = f"Handed in on {handed_in} UTC · id {line.id}"
        st.caption(f"{words} · {state.plain(line.reason)}" if line.reason else words)
        for notice in record.notices:
            st.caption(f":orange[:material/info:] {state.plain(notice)}")


def _curves(record: RunRecord) -> None:
    metrics = run_metrics(record.id)
    if metrics is None or metrics.empty:
        st.caption("It has not been trained yet, so that there are no curves.")
        return
    shares = curve_rows(metrics, "accuracy")
    places = st.columns(1 if shares.empty else 2, gap="medium")
    with places[0]:
        st.markdown("##### Loss")
        rows = curve_rows(metrics, "loss")
        positive = bool((rows["loss"] > 0).all())
        draw("run_loss", curve("loss", log=positive, height=230), thinned(rows, "loss", DRAWN))
    if not shares.empty:
        with places[1]:
            st.markdown("##### Accuracy")
            rows = thinned(shares, "accuracy", DRAWN)
            draw("run_accuracy", curve("accuracy", height=230), rows)


def _said(line: Line, record: RunRecord) -> None:
    """Draw name, tags and note: to be edited by the owner, to be read by others."""
    if not state.owns(record):
        for label, text in (("Tags", ", ".join(line.tags)), ("Note", line.note)):
            if text:
                st.caption(label)
                st.text(text)
        return
    name, tags, note = (f"runs:{field}:{line.id}" for field in ("name", "tags", "note"))
    for key, text in ((name, line.name), (tags, ", ".join(line.tags)), (note, line.note)):
        # What was changed elsewhere is shown; what is being typed here is not taken away.
        if st.session_state.get(f"{key}:stored") != text:
            st.session_state[key] = st.session_state[f"{key}:stored"] = text
        st.session_state.setdefault(key, text)
    st.text_input(
        "Name",
        key=name,
        max_chars=MAX_NAME,
        placeholder="none",
        help="A run with a name, a star, a tag or a note is never cleared away.",
        on_change=lambda: state.rename(line.id, st.session_state[name]),
    )
    st.text_input(
        "Tags",
        key=tags,
        placeholder="by commas",
        help=f"At most {MOST_TAGS}, of {LONGEST_TAG} characters each.",
        on_change=lambda: do(
            lambda: set_tags(state.jobs(), line.id, st.session_state[tags].split(","))
        ),
    )
    st.text_area(
        "Note",
        key=note,
        help="What you want to remember of this run; a run with a note is never cleared away.",
        max_chars=LONGEST_NOTE,
        height=120,
        on_change=lambda: do(lambda: set_note(state.jobs(), line.id, st.session_state[note])),
    )


def _settings(line: Line) -> None:
    """Draw all settings, those first that are not what a fresh experiment has."""
    usual = Experiment().to_query()
    rows = [
        {"setting": name, "this run": text, "default": usual.get(name, "–")}
        for name, text in line.settings.items()
    ]
    rows.sort(key=lambda row: row["this run"] == row["default"])
    different = sum(row["this run"] != row["default"] for row in rows)
    st.caption(f"{different} of {len(rows)} settings are not the default; they come first.")
    with st.container(key="run_settings"):
        table(pd.DataFrame(rows, columns=["setting", "this run", "default"]))
