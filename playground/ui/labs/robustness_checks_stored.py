"""The reports that are kept with a run: which one is shown, and the list of all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from playground.attacks.registry import NORM_LABELS
from playground.jobs import RunRecord
from playground.jobs.reports import Kept
from playground.ui.labs.robustness_settings import SHEET, Settings

_LOSSES = {"ce": "cross-entropy", "margin": "margin"}


def wanted(settings: Settings, run: RunRecord, reports: list[Kept]) -> Kept | None:
    """Return the report of what is set: of the newest checkpoint, unless an earlier one was chosen."""
    step = settings.check_step if settings.check_step >= 0 else run.checkpoint_step
    alike = [kept for kept in reports if kept.made.evaluation == settings.evaluation]
    return next((kept for kept in alike if kept.made.step == step), None)


def draw_stored(reports: list[Kept], run: RunRecord, shown: Kept | None) -> None:
    """Draw the list of the reports of a run; a click shows one, with its settings."""
    if not reports:
        return
    st.markdown("##### Reports of this run")
    with st.container(key="stored_reports", gap=None):
        for kept in reports:
            st.button(
                words(kept, run),
                key=f"report:{kept.made.evaluation.key}:{kept.made.step}",
                type="tertiary",
                icon=":material/warning:" if kept.report.masking_suspected else ":material/check:",
                disabled=kept == shown,
                help="Shows this report and sets what it was made with.",
                on_click=SHEET.change,
                args=(fields(kept, run),),
            )


def words(kept: Kept, run: RunRecord) -> str:
    """Return when a report was made, and with what."""
    chosen, threat = kept.made.evaluation, kept.report.threat
    age = "" if kept.is_of(run) else " (trained on since)"
    other = ", transfer" if chosen.source else ""
    top = kept.report.curves[0].epsilons[-1]
    return (
        f"{moment(kept.created)}, step {kept.made.step:,}{age}: {NORM_LABELS[chosen.norm]}, "
        f"{_LOSSES[chosen.loss]}, {chosen.steps} steps × {chosen.restarts}, ε to {top:.3g}, "
        f"{threat.samples:,} samples, seed {chosen.seed}{other}"
    )


def moment(created: float) -> str:
    """Return a time of the server's clock in words."""
    return time.strftime("%d %b %Y, %H:%M:%S", time.localtime(created))


def fields(kept: Kept, run: RunRecord) -> Mapping[str, Any]:
    """Return the fields of the page that show a report."""
    chosen = kept.made.evaluation
    options = {f"checks.{name}": value for name, value in chosen.options}
    shared = {"samples": chosen.samples, "attack_seed": chosen.seed, "source": chosen.source}
    step = -1 if kept.is_of(run) else kept.made.step
    return {**options, **shared, "run": run.id, "check_step": step}
