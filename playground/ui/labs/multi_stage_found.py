"""What the figures of the multi-stage lab share: trainings that were found, and how they were trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.checkpoints import unpack
from playground.training.stage_views import StageViews, views_of
from playground.ui import state
from playground.ui.labs.multi_stage_settings import Settings
from playground.ui.labs.stored import checkpoint_of

Runs = list[RunRecord | None]


def budget_of(settings: Settings) -> str:
    """Return how long each stage is trained, in words."""
    budget = settings.budget
    words = f"Adam {budget.adam:,} steps and L-BFGS {budget.lbfgs:,} iterations a stage"
    return words + (" (reduced)" if settings.protocol != "full" else "")


def seeds_of(settings: Settings) -> str:
    """Return how often each training is repeated, in words."""
    if settings.repetitions == 1:
        return f"one repetition (seed {settings.first}), which says nothing about chance"
    return f"{settings.repetitions} repetitions, seeds from {settings.first}"


def seen(experiment: Experiment, run: RunRecord) -> StageViews:
    """Return what a training of a study looks like at its end."""
    return _remembered(run.id, run.checkpoint_step, experiment.model_dump_json())


@st.cache_data(max_entries=64, show_spinner=False)
def _remembered(run_id: str, step: int, experiment: str) -> StageViews:
    _, weights = unpack(checkpoint_of(run_id, step))
    return views_of(Experiment.model_validate_json(experiment), weights)


def rms_of(experiments: Sequence[Experiment], runs: Runs) -> dict[Experiment, float]:
    """Return the last RMS at the points, of the trainings that have ended."""
    ended = {e: run for e, run in zip(experiments, runs) if run and run.status == "finished"}
    found = studies.figures(state.jobs(), [run.id for run in ended.values()])
    return {
        e: math.sqrt(found[run.id][-1].train_loss) for e, run in ended.items() if run.id in found
    }


def spread_rows(
    groups: Sequence[float], series: str, values: Sequence[Sequence[float | None]]
) -> pd.DataFrame:
    """Return rows of the chart of spreads: mean and deviation of the logarithm, and each value."""
    rows = []
    for group, row in zip(groups, values):
        logs = np.log([v for v in row if v is not None and v > 0])
        if not len(logs):
            continue
        middle, wide = logs.mean(), logs.std(ddof=1) if len(logs) > 1 else 0.0
        ends = {"mean": middle, "low": middle - wide, "high": middle + wide}
        ends = {name: math.exp(value) for name, value in ends.items()}
        rows += [
            {"group": f"{group:g}", "series": series, "value": math.exp(v), **ends} for v in logs
        ]
    columns = ["group", "series", "value", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
