"""Runs beside each other: what differs in their settings, their curves in one chart, their views."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from playground.analysis.differences import briefly, differences
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.ui import canvas, pictures, state
from playground.ui.labs.charting import table
from playground.ui.overlay import overlay

MOST_VIEWS = 6
"""Runs whose views are drawn; a person cannot compare more pictures, nor a browser hold many more."""
_COLUMNS = 3  # pictures in a row
_BESIDE = 6  # so many runs are columns of the table of settings; more are its rows
_LONGEST = 40  # characters of a run's own name


def draw_side_by_side(runs: Sequence[RunRecord]) -> None:
    """Draw a comparison of any runs: differences first, then curves overlaid, then their views.

    The page must not have loaded the canvas by itself.

    Args:
        runs: Which, in the order of their colours; the same one twice counts once.
    """
    runs = list({run.id: run for run in runs}.values())
    if len(runs) < 2:
        st.caption("Choose two runs or more to compare them.")
        return
    experiments = [Experiment.from_stored(run.experiment_json)[0] for run in runs]
    names = run_names(runs, experiments)
    st.markdown("##### What differs in their settings")
    _settings(names, experiments)
    metrics = _metrics(tuple((run.id, run.step) for run in runs))
    st.markdown("##### Where they have come to")
    table(figures_table(names, runs, metrics))
    st.caption(
        "After each run's last step. NFE: evaluations of the field in one pass forward and one backward. "
        "Seconds depend on what else the machine did."
    )
    overlay("side", {name: metrics.get(run.id) for name, run in zip(names, runs)})
    _views(names, runs)


def run_names(runs: Sequence[RunRecord], experiments: Sequence[Experiment]) -> tuple[str, ...]:
    """Return a name for each run: its place, and its own name or what tells it from the others."""
    told = briefly(experiments)
    return tuple(
        f"{place} · {_short(run.name) or words or 'the same settings'}"
        for place, (run, words) in enumerate(zip(runs, told, strict=True), start=1)
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def settings_table(names: Sequence[str], experiments: Sequence[Experiment]) -> pd.DataFrame:
    """Return the settings that differ: a row for each, or a row for each run where there are many."""
    found = differences(experiments)
    if len(names) <= _BESIDE:
        rows = [{"setting": d.label, **dict(zip(names, d.values, strict=True))} for d in found]
        return pd.DataFrame(rows, columns=["setting", *names])
    columns = {d.label: d.values for d in found}
    return pd.DataFrame({"run": list(names), **columns})


def _settings(names: Sequence[str], experiments: Sequence[Experiment]) -> None:
    found = settings_table(names, experiments)
    alike = found.empty if "setting" in found else len(found.columns) == 1
    if alike:
        st.caption(
            "Nothing: they have the same settings, seeds included, and give the same figures."
        )
    else:
        table(found)


def figures_table(
    names: Sequence[str],
    runs: Sequence[RunRecord],
    metrics: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return the last figures of each run as text, a dash where there are none."""
    rows = []
    for name, run in zip(names, runs, strict=True):
        held = metrics.get(run.id)
        last = held.iloc[-1] if held is not None and len(held) else None
        figures = _figures(last) if last is not None else {}
        size = f"{run.parameters:,}" if run.parameters else "–"
        rows.append({"run": name, "status": run.status, **figures, "parameters": size})
    columns = ["run", "status", *_FIGURES, "parameters"]
    return pd.DataFrame(rows, columns=columns).fillna("–")


_FIGURES = {
    "epoch": lambda last: f"{last.epoch:.4g}",
    "validation accuracy": lambda last: _percent(last.validation_accuracy),
    "training accuracy": lambda last: _percent(last.train_accuracy),
    "validation loss": lambda last: f"{last.validation_loss:.4g}",
    "training loss": lambda last: f"{last.train_loss:.4g}",
    "NFE": lambda last: f"{last.nfe_forward:.0f} + {last.nfe_backward:.0f}",
    "seconds": lambda last: f"{last.seconds:.1f}",
}


def _figures(last: pd.Series) -> dict[str, str]:
    return {name: shown(last) for name, shown in _FIGURES.items()}


def _percent(share: float | None) -> str:
    return "–" if share is None or math.isnan(share) else f"{share:.2%}"


@st.cache_data(max_entries=16, show_spinner=False)
def _metrics(runs: tuple[tuple[str, int], ...]) -> dict[str, pd.DataFrame]:
    """Return the metrics of runs by their ids; the steps only say when they have to be read anew."""
    found = studies.figures(state.jobs(), [run_id for run_id, _ in runs])
    return {
        run_id: pd.DataFrame([vars(m) for m in metrics]).astype(float)
        for run_id, metrics in found.items()
        if metrics
    }


def _views(names: Sequence[str], runs: Sequence[RunRecord]) -> None:
    canvas.load()
    shown = list(zip(names, runs))[:MOST_VIEWS]
    st.markdown("##### Output and flow of each")
    if len(runs) > MOST_VIEWS:
        st.caption(
            f"Views of the first {MOST_VIEWS} of {len(runs)} runs; the curves above are of all."
        )
    for start in range(0, len(shown), _COLUMNS):
        row = shown[start : start + _COLUMNS]
        wide = max(2, min(len(shown), _COLUMNS))
        for flow in (False, True):
            for column, (name, run) in zip(st.columns(wide, gap="medium"), row):
                with column:
                    if not flow:
                        st.markdown(f"**{state.plain(name)}**")
                    key = f"side:{run.id}:{'flow' if flow else 'output'}"
                    pictures.view(run, key, height=320, flow=flow, group="side")
