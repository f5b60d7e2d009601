"""Curves of several runs in one chart: loss and accuracy over the epochs, a colour for each run."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from playground.charts.curves import DRAWN, MOVING, Quantity, curve_rows, thinned
from playground.charts.lines import Axis, lines
from playground.ui.labs.charting import draw

Curves = Mapping[str, pd.DataFrame | None]
"""Of each run, by its name, its metrics, a row a step; ``None`` while there are none."""
SETS = {"validation": "Validation", "training": "Training"}
_SHOWN = {"loss": "loss", "accuracy": "accuracy (%)"}


def overlay(name: str, curves: Curves, *, moves: bool = False, height: int = 240) -> None:
    """Draw loss and accuracy of several runs, each in one chart.

    Args:
        name: Begins the keys of what is drawn; unique on the page.
        curves: The runs in the order of their colours.
        moves: Whether some of them train, so that fewer points are drawn more often.
        height: Of each chart, in pixels.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen = st.segmented_control(
            "Curves of the set",
            list(SETS),
            format_func=SETS.get,
            default="validation",
            required=True,
            key=f"{name}:set",
            help="Which samples the curves are of: those that are trained on, or the others.",
            label_visibility="collapsed",
        )
        log = st.toggle("log loss", key=f"{name}:log", help="Logarithmic loss axis.")
    rows = {kind: overlay_rows(curves, kind, chosen, moves=moves) for kind in _SHOWN}
    kinds = [kind for kind in _SHOWN if kind == "loss" or not rows[kind].empty or moves]
    for column, kind in zip(st.columns(len(kinds), gap="medium"), kinds):
        with column:
            st.markdown(f"##### {SETS[chosen]} {kind}")
            chart = lines(
                Axis("epoch", "epoch", zero=True),
                Axis(kind, f"{chosen} {_SHOWN[kind]}", log=log and kind == "loss"),
                tuple(curves),
                points=False,
                height=height,
                about=f"{chosen} {kind} of each run over the epochs",
            )
            draw(f"{name}_{kind}", chart, rows[kind])


def overlay_rows(
    curves: Curves, quantity: Quantity, of: str = "validation", *, moves: bool = False
) -> pd.DataFrame:
    """Return the rows of one chart: columns series, epoch and the quantity (accuracy in percent).

    Args:
        curves: The runs by their names.
        quantity: ``loss`` or ``accuracy``.
        of: ``training`` or ``validation``.
        moves: Whether they are drawn anew all the time.
    """
    share = max((MOVING if moves else DRAWN) * 2 // max(len(curves), 1), 40)
    parts = []
    for name, metrics in curves.items():
        if metrics is None or metrics.empty:
            continue
        rows = curve_rows(metrics, quantity)
        rows = thinned(rows[rows["set"] == of], quantity, share)
        parts.append(rows.drop(columns="set").assign(series=name))
    if not parts:
        return pd.DataFrame(columns=["series", "epoch", quantity])
    drawn = pd.concat(parts, ignore_index=True)
    if quantity == "accuracy":
        drawn[quantity] *= 100
    return drawn
