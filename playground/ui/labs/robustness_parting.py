"""Clean and attacked features through depth, as the views on points and on images draw them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.parting import Parting
from playground.charts.parting import CLEAN, LATER, MOVED, over_depth, pair_paths
from playground.ui.labs.charting import draw

_FLIPPED, _HELD = "flipped", "holds"
_SAME = 0.1  # relative change of a distance, below which it stays what it is


def draw_parting(
    name: str,
    found: Parting,
    flipped: np.ndarray,
    labels: np.ndarray,
    said: np.ndarray,
    classes: Sequence[str],
    numbers: np.ndarray | None = None,
) -> None:
    """Draw distances over depth, speeds where one field moves the features, and the paths of some pairs.

    Args:
        name: Begins the names of the charts, unique on the page.
        found: The pairs, ``n`` of them.
        flipped: Which of them the attack has flipped ``(n,)``.
        labels: Their true classes ``(n,)``.
        said: What the net says of the attacked ones ``(n,)``, −1 where it says nothing.
        classes: Names of the classes.
        numbers: Numbers by which a person knows the pairs ``(n,)``; their places without.
    """
    x_title = "depth t" if found.flows else "layer"
    later = _later(found)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### How far apart clean and attacked features are")
        title = "distance" if found.uniform else "distance / length of the clean features"
        values = found.distances if found.uniform else found.relative
        groups = {_FLIPPED: flipped, _HELD: ~flipped}
        rows = spread_rows(found.depths, {k: values[:, v] for k, v in groups.items() if v.any()})
        draw(
            f"{name}_distance",
            over_depth(x_title, title, tuple(rows["series"].unique())),
            rows,
            {LATER: later},
        )
        st.caption(_verdict(found, flipped))
    with right:
        if found.speeds is None:
            _paths(name, found, labels, said, classes, numbers)
            return
        st.markdown("##### How fast the features move")
        rows = spread_rows(found.depths, dict(zip((CLEAN, MOVED), found.speeds)))
        chart = over_depth(x_title, "‖f(y(t))‖", (CLEAN, MOVED))
        draw(f"{name}_speed", chart, rows, {LATER: later})
        st.caption(_rest(found))
    _paths(name, found, labels, said, classes, numbers)


def spread_rows(depths: np.ndarray, series: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return median, quartiles and mean of values ``(depths, n)`` of each series at every depth.

    Values that are not finite are left out; a depth without others has none.
    """
    frames = []
    for name, values in series.items():
        rows = [_spread(row[np.isfinite(row)]) for row in values]
        frame = pd.DataFrame(rows, columns=["low", "median", "high", "mean"])
        frames.append(frame.assign(depth=depths, series=name))
    return pd.concat(frames, ignore_index=True).dropna()


def _spread(known: np.ndarray) -> tuple[float, ...]:
    if not known.size:
        return (np.nan,) * 4
    return (*np.quantile(known, [0.25, 0.5, 0.75]), known.mean())


def _later(found: Parting) -> pd.DataFrame:
    """Return the depths beyond the net's own; of no length where there are none."""
    return pd.DataFrame({"start": [found.depths[found.own - 1]], "end": [found.depths[-1]]})


def _median(values: np.ndarray | None) -> float | None:
    known = values[np.isfinite(values)] if values is not None else np.zeros(0)
    return float(np.median(known)) if known.size else None


def _word(factor: float) -> str:
    if abs(factor - 1) < _SAME:
        return "they keep their distance"
    return "they part" if factor > 1 else "they come together"


def _verdict(found: Parting, flipped: np.ndarray) -> str:
    """Say whether the pairs part or meet again, by the medians of their factors."""
    growth = _median(found.growth)
    if growth is None:
        return "Clean and attacked inputs are the same here (ε = 0): there is nothing to part."
    kind = "" if found.uniform else "relative "
    text = (
        f"Line: median, band: quartiles. On the way through the net the {kind}distance of the median "
        f"pair is multiplied by {growth:.3g}: {_word(growth)}."
    )
    parts = {_FLIPPED: flipped, _HELD: ~flipped}
    factors = {word: _median(found.growth[which]) for word, which in parts.items()}
    if None not in factors.values():
        text += f" Flipped: × {factors[_FLIPPED]:.3g}; still right: × {factors[_HELD]:.3g}."
    later = _median(found.later)
    if later is not None:
        text += f" Beyond T, up to 2T (shaded), by {later:.3g} more: {_word(later)}."
    return text


def _rest(found: Parting) -> str:
    """Say whether the clean features have come to rest at T and at 2T."""
    speeds = found.speeds[0]
    first, own, last = (_median(speeds[place]) for place in (0, found.own - 1, -1))
    if None in (first, own, last):
        return "Beyond T the features fly away."
    return (
        f"Where the field is zero the features rest: a steady state. The median speed of clean features "
        f"is {first:.3g} at first, {own:.3g} at T and {last:.3g} at 2T (shaded: beyond what the head "
        "reads)."
    )


def _paths(
    name: str,
    found: Parting,
    labels: np.ndarray,
    said: np.ndarray,
    classes: Sequence[str],
    numbers: np.ndarray | None,
) -> None:
    if not found.pairs or len(found.places) < 2:
        return
    st.markdown("##### Some pairs on their way through the features")
    titles = ("feature 1", "feature 2")
    if found.shares is not None:
        titles = tuple(f"PC{i + 1} · {share:.0%}" for i, share in enumerate(found.shares))
    rows = path_rows(found, labels, said, classes, numbers)
    draw(f"{name}_paths", pair_paths(*titles, tuple(classes)), rows)
    more = " Pale: beyond T." if found.own < len(found.depths) else ""
    st.caption(
        "Solid: clean, dashed: attacked, in the colour of the true class; marks where the head reads."
        + more
        + (
            " The two directions in which these paths spread most."
            if found.shares is not None
            else ""
        )
    )


def path_rows(
    found: Parting,
    labels: np.ndarray,
    said: np.ndarray,
    classes: Sequence[str],
    numbers: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return the paths of the pairs as the chart takes them; see ``pair_paths`` for the columns."""
    depths = found.depths[list(found.places)]
    own = found.own - found.places[0]
    frames = []
    for kind, paths in zip((CLEAN, MOVED), found.paths):
        for place, pair in enumerate(found.pairs):
            for part, which in (("own", slice(own)), ("beyond", slice(own - 1, None))):
                frame = pd.DataFrame(paths[which, place], columns=["x", "y"])
                says = labels[pair] if kind == CLEAN else said[pair]
                frames.append(
                    frame.assign(
                        depth=depths[which],
                        pair=pair if numbers is None else int(numbers[pair]),
                        kind=kind,
                        part=part,
                        end=np.arange(len(frame)) == own - 1 if part == "own" else False,
                        says=classes[says] if says >= 0 else "nothing",
                        **{"class": classes[labels[pair]]},
                    )
                )
    rows = pd.concat(frames, ignore_index=True)
    return rows[(rows["part"] == "own") | (found.own < len(found.depths))]
