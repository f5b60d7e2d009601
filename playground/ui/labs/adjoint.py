"""The gradient of a flow net in four ways, three of which are exact."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.analysis.gradients import WAYS, Compared, backward_errors, compare, random_net
from playground.charts.lines import Axis, lines
from playground.integrators import INTEGRATORS, RungeKutta
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import SHEET, Settings

_LAYERS = (4, 8, 16, 32, 64, 128)


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        for name in ("scheme", "width", "depth", "length", "points", "seed"):
            SHEET.form.field(settings, name)
        st.caption(
            "A net y ← y + h Σ βᵢ tanh(K yᵢ + b) with random weights in float64, and half the squared "
            "distance of its features to a random target."
        )
    given = (
        settings.scheme,
        settings.width,
        settings.depth,
        settings.length,
        settings.points,
        settings.seed,
    )
    with charts:
        _ways(_compared(*given))
        _over_steps(settings)


def _ways(found: list[Compared]) -> None:
    st.markdown("##### Four ways to one gradient")
    rows = pd.DataFrame(
        {
            "way": [WAYS[each.way].label for each in found],
            "difference": [each.difference for each in found],
            "milliseconds": [_scaled(each.seconds, 1000) for each in found],
            "kept between the ways (KB)": [_scaled(each.kept, 1e-3) for each in found],
            "exact": ["yes" if WAYS[each.way].exact else "no" for each in found],
        }
    )
    number = st.column_config.NumberColumn
    table(
        rows,
        difference=number(format="%.1e", help="Largest difference to automatic differentiation, in "
                          "relation to the largest number of the gradient."),
        milliseconds=number(format="%.2f"),
        **{"kept between the ways (KB)": number(format="%.1f")},
    )  # fmt: skip
    for each in found:
        way = WAYS[each.way]
        st.caption(
            f"**{way.label}.** {way.why}" + (f" Not here: {each.refused}." * bool(each.refused))
        )
    backward = next(each for each in found if each.way == "backward")
    if backward.difference is not None:
        st.info(
            "Integrating backward misses the gradient by "
            f"{backward.difference:.1e}: an explicit step back is not the inverse of the step forward, "
            "so that it passes other states than those that made the loss, and its costate solves the "
            "continuous equation, not the chain rule of the steps that were taken.",
            icon=":material/undo:",
        )


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else factor * value


@st.cache_data(max_entries=64, show_spinner="Four gradients")
def _compared(
    scheme: str, width: int, depth: int, length: float, points: int, seed: int
) -> list[Compared]:
    chosen = INTEGRATORS[scheme]
    assert isinstance(chosen, RungeKutta)
    return compare(*random_net(chosen, width, depth, length, points, seed))


def _over_steps(settings: Settings) -> None:
    st.markdown("##### What integrating backward misses, over the step size")
    names = list(dict.fromkeys(["euler", "heun2", "rk4", settings.scheme]))
    rows = pd.concat([_rows(name, settings) for name in names])
    labels = [INTEGRATORS[name].label for name in names]
    chart = lines(
        Axis("step", "step size h", log=True),
        Axis("error", "difference to the exact gradient", log=True),
        labels,
        height=320,
    )
    draw("backward", chart, rows)
    st.caption(
        f"The same horizon T = {settings.length:g} in {_LAYERS[0]} to {_LAYERS[-1]} layers that share "
        "one field, so that the net comes nearer and nearer to a flow: only then the difference "
        "vanishes, at least as fast as the order of the scheme says. The other three ways are exact at "
        "every h."
    )


def _rows(name: str, settings: Settings) -> pd.DataFrame:
    errors = _errors(name, settings.width, settings.length, settings.points, settings.seed)
    return pd.DataFrame(
        {
            "series": INTEGRATORS[name].label,
            "step": [settings.length / n for n in _LAYERS],
            "error": errors,
        }
    )


@st.cache_data(max_entries=128, show_spinner=False)
def _errors(name: str, width: int, length: float, points: int, seed: int) -> list[float]:
    chosen = INTEGRATORS[name]
    assert isinstance(chosen, RungeKutta)
    return backward_errors(chosen, width, length, points, seed, _LAYERS)
