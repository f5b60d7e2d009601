"""Where schemes are stable, and where the layers of a trained net lie."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.stability import growth, imaginary_interval, real_interval, region
from playground.charts.regions import POINTS, borders, regions
from playground.integrators import INTEGRATORS
from playground.jobs import RunRecord
from playground.training.studies import layer_eigenvalues
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import FIXED, SHEET, Settings
from playground.ui.labs.stored import checkpoint_of, is_flow, run_choice

_BOX = (-5.2, 2.2, -3.7, 3.7)
_GRID = 361  # points along each side, by which borders are traced
_MARGIN = 1e-9
_SOME = 6_000  # eigenvalues that a chart shows


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        SHEET.form.many(settings, "schemes", FIXED)
        st.caption(
            "Inside its border a scheme does not let errors grow: |R(z)| ≤ 1, or, of a multistep "
            "scheme, all roots of ρ(ζ) − zσ(ζ) in the unit disc. z is the step size times an eigenvalue "
            "of the field's Jacobian."
        )
        SHEET.form.field(settings, "layers")
        run = None
        if settings.layers:
            run = run_choice(
                SHEET,
                settings.run,
                is_flow,
                "a flow net or a neural ODE that was trained with a fixed step",
            )
    schemes = tuple(name for name in settings.schemes if name in FIXED)
    with charts:
        values = None if run is None else _eigenvalues(run.id, run.checkpoint_step)
        _plane(schemes, values)
        _intervals(schemes)
        if run is not None and values is not None:
            _outside(run, schemes, values)


def _plane(schemes: tuple[str, ...], values: np.ndarray | None) -> None:
    st.markdown("##### Regions of stability")
    box = _BOX if values is None else _around(values)
    rows = [_border(name, box) for name in schemes]
    frame = pd.concat(rows) if rows else borders("", np.zeros(2), np.zeros(2), np.zeros((2, 2)))
    names = [INTEGRATORS[name].label for name in schemes]
    if values is None:
        draw("stability", regions(names, box), frame)
    else:
        chart = regions(names, box, layers=len(values))
        draw("stability", chart, frame, {POINTS: _points(values)})


def _around(values: np.ndarray) -> tuple[float, float, float, float]:
    """Return the usual box, or a larger one where eigenvalues lie outside it."""
    left = min(_BOX[0], 1.05 * float(values.real.min()))
    right = max(_BOX[1], 1.05 * float(values.real.max()))
    top = max(_BOX[3], 1.05 * float(np.abs(values.imag).max()))
    return left, right, -top, top


@st.cache_data(max_entries=64, show_spinner=False)
def _border(name: str, box: tuple[float, float, float, float]) -> pd.DataFrame:
    re, im = np.linspace(box[0], box[1], _GRID), np.linspace(box[2], box[3], _GRID)
    scheme = INTEGRATORS[name]
    return borders(scheme.label, re, im, region(scheme, re, im))


def _points(values: np.ndarray) -> pd.DataFrame:
    layers = np.repeat(np.arange(1, len(values) + 1), values[0].size)
    flat = values.reshape(-1)
    every = max(1, math.ceil(flat.size / _SOME))
    rows = pd.DataFrame({"layer": layers, "re": flat.real, "im": flat.imag})
    return rows.iloc[::every]


@st.cache_data(max_entries=16, show_spinner="Eigenvalues of the layers")
def _eigenvalues(run_id: str, step: int) -> np.ndarray:
    from playground.ui import state

    return layer_eigenvalues(state.jobs().get(run_id).experiment, checkpoint_of(run_id, step))


def _intervals(schemes: tuple[str, ...]) -> None:
    rows = []
    for name in schemes:
        scheme = INTEGRATORS[name]
        (left, _), (_, top) = real_interval(scheme), imaginary_interval(scheme)
        rows.append(
            {
                "scheme": scheme.label,
                "on the real axis": f"({left:.3f}, 0)",
                "on the imaginary axis": f"±{top:.3f}i" if top else "only 0",
                "evaluations a step": scheme.stages or 1,
                "real interval for one evaluation": -left / (scheme.stages or 1),
            }
        )
    if rows:
        form = st.column_config.NumberColumn(format="%.3f")
        table(pd.DataFrame(rows), **{"real interval for one evaluation": form})


def _outside(run: RunRecord, schemes: tuple[str, ...], values: np.ndarray) -> None:
    """Say in which layers eigenvalues lie outside, for the net's own scheme and the chosen ones."""
    own = run.experiment.scheme.name
    names = list(dict.fromkeys([own, *schemes])) if own in FIXED else list(schemes)
    st.markdown("##### Which layers are outside?")
    rows = []
    for name in names:
        grows = growth(INTEGRATORS[name], values) > 1 + _MARGIN
        share = grows.reshape(len(values), -1).mean(axis=1)
        worst = int(np.argmax(share))
        rows.append(
            {
                "scheme": INTEGRATORS[name].label + (" (the net's own)" if name == own else ""),
                "eigenvalues outside": float(share.mean()),
                "layers with any": int((share > 0).sum()),
                "worst layer": worst + 1 if share[worst] > 0 else None,
                "outside there": float(share[worst]),
            }
        )
    percent = st.column_config.NumberColumn(format="percent")
    table(pd.DataFrame(rows), **{"eigenvalues outside": percent, "outside there": percent})
    unstable = float((values.real > 0).mean())
    st.caption(
        f"{100 * unstable:.0f} % of the eigenvalues have a positive real part: there the flow itself "
        "parts its paths, and every scheme should be outside. What counts against a scheme are "
        f"eigenvalues left of the axis. Of {values.shape[1]} validation points, in all layers."
    )
