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
from playground.ui.browser import browser
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import FIXED, SHEET, Settings
from playground.ui.labs.stored import checkpoint_of, is_flow, run_choice

_BOX = (-5.2, 2.2, -3.7, 3.7)
_GRID = 361  # points along each side, by which borders are traced
_MARGIN = 1e-9
_SHARE = (
    0.65  # of the page's width, where there is so little room that the plane has a row of its own
)
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
            if run is not None:
                SHEET.form.field(settings, "near")
    with charts:
        draw_regions(settings, run)


def draw_regions(settings: Settings, run: RunRecord | None = None) -> None:
    """Draw the regions of stability, and in them the layers of a trained net where one is given."""
    schemes = tuple(name for name in settings.schemes if name in FIXED)
    values = None if run is None else _eigenvalues(run.id, run.checkpoint_step)
    narrow = browser().narrow
    plane, figures = [st.container()] * 2 if narrow else st.columns([1.2, 1], gap="medium")
    with plane:
        _plane(schemes, values, settings.near)
    with figures:
        _intervals(schemes)
    if run is not None and values is not None:
        _outside(run, schemes, values)


def _plane(schemes: tuple[str, ...], values: np.ndarray | None, near: bool) -> None:
    st.markdown("##### Regions of stability")
    box = _BOX if values is None else _around(values, near)
    rows = [_border(name, box) for name in schemes]
    frame = pd.concat(rows) if rows else borders("", np.zeros(2), np.zeros(2), np.zeros((2, 2)))
    names = [INTEGRATORS[name].label for name in schemes]
    if values is None:
        draw("stability", regions(names, box), frame, share=_SHARE)
    else:
        chart = regions(names, box, layers=len(values))
        draw("stability", chart, frame, {POINTS: _points(values)}, share=_SHARE)


def _around(values: np.ndarray, near: bool) -> tuple[float, float, float, float]:
    """Return a square around the eigenvalues, or the usual one, larger where they lie outside it."""
    if near:
        middle = (float(values.real.min()) + float(values.real.max())) / 2
        wide = float(values.real.max() - values.real.min()) / 2
        half = 1.15 * max(wide, float(np.abs(values.imag).max()), 1e-3)
        return middle - half, middle + half, -half, half
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
    st.markdown("##### How far along the axes")
    rows = []
    for name in schemes:
        scheme = INTEGRATORS[name]
        (left, _), (_, top) = real_interval(scheme), imaginary_interval(scheme)
        rows.append(
            {
                "scheme": scheme.label,
                "real axis": f"({left:.3f}, 0)",
                "imaginary axis": f"±{top:.3f}i" if top else "only 0",
                "per evaluation": -left / (scheme.stages or 1),
            }
        )
    if rows:
        form = st.column_config.NumberColumn(format="%.3f")
        table(pd.DataFrame(rows), **{"per evaluation": form})


def _outside(run: RunRecord, schemes: tuple[str, ...], values: np.ndarray) -> None:
    """Say in which layers eigenvalues lie outside, for the net's own scheme and the chosen ones."""
    own = run.experiment.scheme.name
    names = list(dict.fromkeys([own, *schemes])) if own in FIXED else list(schemes)
    st.markdown("##### Which layers are outside?")
    rows = []
    for name in names:
        grows = (growth(INTEGRATORS[name], values) > 1 + _MARGIN) & (values.real < 0)
        share = grows.reshape(len(values), -1).mean(axis=1)
        worst = int(np.argmax(share))
        rows.append(
            {
                "scheme": INTEGRATORS[name].label + (" (the net's own)" if name == own else ""),
                "damped by the flow, grown by the scheme": float(share.mean()),
                "layers with any": int((share > 0).sum()),
                "worst layer": worst + 1 if share[worst] > 0 else None,
                "grown there": float(share[worst]),
            }
        )
    percent = st.column_config.NumberColumn(format="percent")
    table(
        pd.DataFrame(rows),
        **{"damped by the flow, grown by the scheme": percent, "grown there": percent},
    )
    unstable = float((values.real > 0).mean())
    st.caption(
        f"Eigenvalues of h ∂f/∂y at {values.shape[1]} validation points, in all layers. "
        f"{100 * unstable:.0f} % have a positive real part: there the flow itself parts its paths, and "
        "every scheme does so too. The table counts those left of the axis, which a scheme should damp."
    )
