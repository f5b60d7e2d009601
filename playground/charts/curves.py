"""Curves over the course of a training: authored once as a specification, fed with rows later.

The specification names its data (``rows``) and never changes while a run goes on, so that the browser
keeps its drawing and swaps the rows only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from playground.charts.colours import TRAIN, VALIDATION
from playground.charts.finish import finish
from playground.charts.powers import log_axis

ROWS = "rows"
Quantity = Literal["loss", "accuracy"]
_TITLES = {"loss": "Loss", "accuracy": "Accuracy"}
SETS = ("training", "validation")
_PARTS = ("train", "validation")  # the same, in the names of the columns of the metrics
DRAWN = 1000  # rows of one chart; more cannot be told apart
MOVING = 240  # the same while it grows: a browser takes a tenth of a millisecond for each


@lru_cache(maxsize=64)
def curve(quantity: Quantity, log: bool = False, height: int = 210) -> dict[str, Any]:
    """Return the specification of a quantity over epochs for both sets.

    Args:
        quantity: ``loss`` or ``accuracy``.
        log: Whether the vertical axis is logarithmic (loss only).
        height: Height in pixels.

    Returns:
        A Vega-Lite specification whose data are named ``rows`` with the columns of ``curve_rows``.
    """
    title = _TITLES[quantity]
    fraction = quantity == "accuracy"
    scale, axis = _vertical(fraction, log)
    x = alt.X(
        "epoch:Q",
        title="epoch",
        axis=alt.Axis(tickCount=6, labelExpr=_WHOLE),
        # At least one epoch, or the single point before the first step would have no axis.
        scale=alt.Scale(domain=alt.DomainUnionWith(unionWith=[0, 1]), nice=False),
    )
    shown_as = ".2%" if fraction else ".4g"
    colour = alt.Color(
        "set:N",
        scale=alt.Scale(domain=list(SETS), range=[TRAIN, VALIDATION]),
        legend=alt.Legend(title=None, orient="top", direction="horizontal", offset=2),
    )
    base = alt.Chart(alt.NamedData(name=ROWS))
    lines = base.mark_line(strokeWidth=1.8, interpolate="linear").encode(
        x=x, y=alt.Y(f"{quantity}:Q", title=title, scale=scale, axis=axis), color=colour
    )
    ends = base.mark_point(size=28, filled=True, opacity=1).encode(
        x=alt.X("max(epoch):Q"),
        y=alt.Y(f"{quantity}:Q", aggregate=alt.ArgmaxDef(argmax="epoch"), scale=scale),
        color=colour,
    )
    nearest = alt.selection_point(
        name="hover",
        nearest=True, on="pointermove", clear="pointerout", fields=["epoch"], empty=False
    )  # fmt: skip
    points = (
        base.mark_point(size=46, filled=True)
        .encode(
            x=x,
            y=alt.Y(f"{quantity}:Q", scale=scale),
            color=colour,
            opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("set:N", title="set"),
                alt.Tooltip("epoch:Q", title="epoch", format=".2~f"),
                alt.Tooltip(f"{quantity}:Q", title=title, format=shown_as),
            ],
        )
        .add_params(nearest)
    )
    about = f"{title} of training and validation set over epochs"
    return finish(alt.layer(lines, ends, points), about, height=height)


# Labels are written by the browser: the specification stays the same while the data grow.
_WHOLE = "datum.value % 1 ? '' : format(datum.value, ',d')"
# As many digits as tell ticks apart: before the first step both sets may differ in the fifth only.
_SPAN = "(domain('y')[1] - domain('y')[0])"
_SIZE = "max(abs(domain('y')[0]), abs(domain('y')[1]))"
_DIGITS = f"({_SPAN} > 0 ? clamp(ceil(log({_SIZE} / {_SPAN}) / LN10) + 2, 3, 9) : 3)"
_LINEAR = f"format(datum.value, '.' + {_DIGITS} + '~g')"


def _vertical(fraction: bool, log: bool) -> tuple[alt.Scale, alt.Axis]:
    if fraction:
        scale = alt.Scale(domain=alt.DomainUnionWith(unionWith=[1]), zero=False)
        return scale, alt.Axis(format=".3~%", tickCount=5)
    if log:
        return alt.Scale(type="log", nice=False), log_axis("y", 5)
    return alt.Scale(zero=False), alt.Axis(labelExpr=_LINEAR, tickCount=5)


def curve_rows(metrics: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """Return rows (epoch, set, quantity) of a run's metrics, one for each set and step.

    Args:
        metrics: Columns ``epoch``, ``train_loss`` and so on, as the store gives them.
        quantity: ``loss`` or ``accuracy``.
    """
    # Of arrays, in a tenth of the time that joined tables take: each look at a run makes these anew.
    epochs = metrics["epoch"].to_numpy(dtype=float)
    values = [metrics[f"{part}_{quantity}"].to_numpy(dtype=float) for part in _PARTS]
    there = [~np.isnan(of_set) for of_set in values]
    return pd.DataFrame(
        {
            "epoch": np.concatenate([epochs[known] for known in there]),
            "set": np.repeat(np.array(SETS, dtype=object), [known.sum() for known in there]),
            quantity: np.concatenate([of_set[known] for of_set, known in zip(values, there)]),
        }
    )


def thinned(rows: pd.DataFrame, quantity: Quantity, drawn: int = DRAWN) -> pd.DataFrame:
    """Return the rows that make the same picture: first, last, and the extremes of every stretch.

    Stretches are as long as a power of two, so that they stay where they are while a curve grows.

    Args:
        rows: What ``curve_rows`` returned.
        quantity: The column that is drawn.
        drawn: How many rows at most, give or take the ends.
    """
    if len(rows) <= drawn:
        return rows
    numbers, names = pd.factorize(rows["set"])
    values, share = rows[quantity].to_numpy(), drawn // len(names)
    parts = (np.flatnonzero(numbers == number) for number in range(len(names)))
    return rows.iloc[np.concatenate([part[_telling(values[part], share)] for part in parts])]


def _telling(values: np.ndarray, wanted: int) -> np.ndarray:
    """Return the places of the ends and of the least and greatest value of each stretch."""
    length = 1
    while 2 * len(values) / length > wanted:
        length *= 2
    stretches = -(-len(values) // length)
    padded = np.pad(values, (0, stretches * length - len(values)), mode="edge")
    blocks = padded.reshape(stretches, length)
    starts = np.arange(stretches) * length
    places = np.concatenate(
        [starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1), [0, len(values) - 1]]
    )
    return np.unique(np.minimum(places, len(values) - 1))


def standalone(specification: dict[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """Return the specification with its rows inside, as another program can open it."""
    others = specification.get("datasets", {})
    data = {**others, ROWS: rows.to_dict(orient="records")}
    return {**specification, "datasets": data, "width": 560}
