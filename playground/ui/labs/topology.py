"""What no flow can do without a further dimension: two nets, one of width d, one of width d + 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.folds import BORDER, fold_map, fold_rows
from playground.charts.lines import Axis, lines
from playground.charts.paths import paths_chart
from playground.charts.regions import borders
from playground.datasets import DATASETS
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.training.studies import Folds, folds
from playground.ui import state, troubles
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import CASES, SHEET, Settings
from playground.ui.labs.stored import checkpoint_of

_POLL_SECONDS = 1.0
_PATHS = 40  # points whose paths are drawn
_TEXTS = {
    "intervals": "An interval lies between two others on a line. Points on a line cannot pass each other "
    "in a flow, so that the inner class stays inside, whatever the field is. In the plane it is lifted "
    "out.",
    "reflection": "−1 has to go to 1, and 1 to −1. The two paths would have to cross, and two solutions "
    "of one differential equation never meet.",
    "donut": "A disc lies in a ring. A flow of the plane keeps the disc inside; all it can do is squeeze "
    "the ring through a gap, where the determinant goes to zero. In space the disc is lifted out. "
    "Euler's steps may do what no flow can: with them the plane is folded over.",
}
_CASES: dict[str, dict[str, Any]] = {
    "intervals": {"data": "nested_intervals", "network.horizon": 3},
    "reflection": {
        "data": "reflection_1d",
        "loss": "mean_square",
        "network": "neural_ode",
        "network.head": "none",
        "network.horizon": 1,
        "network.depth": 10,
        "network.hidden": 16,
        "n_train": 60,
        "n_validation": 60,
        "epochs": 60,
    },
    "donut": {
        "data": "donut_2d",
        "data.noise": 0,
        "network.horizon": 3,
        "n_train": 1500,
        "n_validation": 1500,
        "batch_size": 10,
        "epochs": 40,
    },
}
_COMMON: dict[str, Any] = {
    "n_train": 600,
    "n_validation": 600,
    "network": "rk_net",
    "network.depth": 20,
    "batch_size": 20,
    "optimizer": "adam",
    "epochs": 30,
}


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, shown = st.columns([1, 3], gap="large")
    with controls:
        SHEET.form.field(settings, "case")
        st.caption(_TEXTS[settings.case])
        SHEET.form.field(settings, "scheme")
        st.button(
            "Train both nets",
            type="primary",
            icon=":material/play_arrow:",
            key="topology:train",
            on_click=_train,
            help="One of width d and one of width d + 1, in the background; some seconds.",
        )
    runs = [_run(settings.narrow), _run(settings.wide)]
    if any(run and run.experiment != e for run, e in zip(runs, experiments(settings))):
        runs = [None, None]  # of other settings than the form's
    with shown:
        if None in runs:
            st.info(
                f"{CASES[settings.case]}: nothing has been trained yet. Train both nets to see what one "
                "more dimension does.",
                icon=":material/play_arrow:",
            )
            return
        if any(run.status in state.ACTIVE for run in runs):
            troubles.fragment(_wait, run_every=_POLL_SECONDS)([run.id for run in runs], [])
            return
        _results(runs)


def experiments(settings: Settings) -> tuple[Experiment, Experiment]:
    """Return the experiments of the narrow net and of the wide one."""
    fields = {**_COMMON, **_CASES[settings.case], "scheme": settings.scheme}
    base, data = Experiment(), DATASETS[fields["data"]]
    inputs = data.n_features(data.options())
    texts = {name: str(value) for name, value in fields.items()}
    return tuple(base.amended({**texts, "network.width": str(inputs + more)}) for more in (0, 1))


def _train() -> None:
    chosen = {}
    for field, experiment in zip(("narrow", "wide"), experiments(SHEET.settings)):
        try:
            chosen[field] = state.jobs().submit(experiment, instead_of=None)
        except Refused as refused:
            state.say(f"Not started: {refused}.", "error")
            return
    SHEET.change(chosen)


def _run(run_id: str) -> RunRecord | None:
    if not run_id:
        return None
    try:
        return state.jobs().get(run_id)
    except Refused as refused:
        state.say(f"{refused}.", "info")
        return None


def _wait(ids: list[str], beaten: list[bool]) -> None:
    """Say how far the runs are, and draw the page anew when they rest."""
    runs = [_run(run_id) for run_id in ids]
    for run, width in zip(runs, ("d", "d + 1")):
        if run is not None:
            epochs = run.experiment.epochs
            st.progress(min(1.0, run.epoch / epochs), f"Width {width}: {run.status}")
    first = not beaten
    beaten[:] = [True]
    if not first and not any(run is not None and run.status in state.ACTIVE for run in runs):
        st.rerun()


@st.cache_data(max_entries=32, show_spinner="The flow map over the inputs")
def _folds(run_id: str, step: int) -> Folds:
    return folds(state.jobs().get(run_id).experiment, checkpoint_of(run_id, step))


def _results(runs: list[RunRecord]) -> None:
    found = []
    columns = st.columns(2, gap="large")
    for run, column in zip(runs, columns):
        with column:
            width = run.experiment.network.options.width
            st.markdown(f"##### Width {width}")
            if run.checkpoint_step <= 0:
                st.warning(f"{run.status}: {state.plain(run.reason)}.")
                continue
            result = _folds(run.id, run.checkpoint_step)
            _paths(f"width_{width}", result, run.experiment)
            _map(f"width_{width}", result)
            found.append((run, result))
    _figures(found)
    st.caption(
        "The determinant is that of the map from lifted features to last features, at the lifted points. "
        "A flow keeps it positive. A net in steps may do what no flow can: where its steps are too long "
        "for its field the determinant turns negative, and the map has folded space over."
    )


def _paths(name: str, result: Folds, experiment: Experiment) -> None:
    """Draw the paths through depth: of a line over depth, of a plane in its first two features."""
    paths = result.paths[:, :_PATHS]
    layers, points, width = paths.shape
    flat = width == 1
    horizon = getattr(experiment.network.options, "horizon", float(layers - 1))
    times = np.linspace(0.0, horizon, layers)
    classes = np.unique(np.sign(result.classes) if not _whole(result.classes) else result.classes)
    names = [_name(result, value, experiment) for value in classes]
    rows = []
    for point in range(points):
        label = result.classes[point]
        kind = int(
            np.argmin(np.abs(classes - (label if _whole(result.classes) else np.sign(label))))
        )
        x = times if flat else paths[:, point, 0]
        y = paths[:, point, 0 if flat else 1]
        rows.append(pd.DataFrame({"path": point, "t": times, "x": x, "y": y, "class": names[kind]}))
    titles = ("depth t", "feature") if flat else ("first feature", "second feature")
    draw(f"paths_{name}", paths_chart(*titles, names), pd.concat(rows))


def _whole(values: np.ndarray) -> bool:
    return bool(np.issubdtype(values.dtype, np.integer))


def _name(result: Folds, value: float, experiment: Experiment) -> str:
    if not _whole(result.classes):
        return f"to {value:+g}"
    named = experiment.data.entry.classes
    return named[int(value)] if isinstance(named, tuple) else f"class {int(value)}"


def _map(name: str, result: Folds) -> None:
    """Draw the determinant over the inputs: a curve over a line, a map with its folds over a plane."""
    st.markdown("###### Determinant of the flow map")
    if len(result.places) == 1:
        rows = pd.DataFrame(
            {"x": result.places[0], "value": result.determinants, "series": "determinant"}
        )
        chart = lines(
            Axis("x", "input"),
            Axis("value", "determinant", zero=True),
            ["determinant"],
            points=False,
            height=220,
        )
        draw(f"determinant_{name}", chart, rows)
        return
    rows = fold_rows(*result.places, result.determinants)
    border = borders("fold", *result.places, result.determinants, 0.0)
    draw(f"determinant_{name}", fold_map(), rows, {BORDER: border})


def _figures(found: list[tuple[RunRecord, Folds]]) -> None:
    rows = [
        {
            "width": run.experiment.network.options.width,
            "accuracy": None if np.isnan(result.accuracy) else result.accuracy,
            "mean square error": None if np.isnan(result.error) else result.error,
            "least determinant": float(result.determinants.min()),
            "folded share of the inputs": float((result.determinants < 0).mean()),
            "weight seed": run.experiment.weight_seed,
        }
        for run, result in found
    ]
    number = st.column_config.NumberColumn
    table(
        pd.DataFrame(rows),
        accuracy=number(format="percent"),
        **{
            "mean square error": number(format="%.3g"),
            "least determinant": number(format="%.3g"),
            "folded share of the inputs": number(format="percent"),
        },
    )
