"""Whether the features of attacked images part from those of the clean ones, or meet them again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.attack_images import depths
from playground.ui.labs.charting import draw
from playground.ui.labs.robustness_images_found import Found

_MET = 0.8  # of the distance at the horizon that is left at twice that, at most, where paths meet


def draw_depths(found: Found) -> None:
    """Draw the distance of the features over depth, and say what becomes of it."""
    st.markdown("##### Do the features part, or meet again?")
    way, outcomes = found.parting, found.images.outcomes[found.images.pairs]
    if way is None:
        st.caption("No image was attacked, so there is nothing to compare.")
        return
    names = {
        outcome: f"{outcome} ({int((outcomes == outcome).sum())})"
        for outcome in ("fooled", "withstood")
    }
    relative = way.relative
    parts = []
    for outcome, name in names.items():
        chosen = relative[:, outcomes == outcome]
        if not chosen.shape[1]:
            continue
        low, median, high = np.nanquantile(chosen, [0.25, 0.5, 0.75], axis=1)
        parts.append(
            pd.DataFrame(
                {"depth": way.depths, "outcome": name, "low": low, "median": median, "high": high}
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    further = way.own < len(way.depths)
    horizon = float(way.depths[way.own - 1])
    draw(
        "attacked_depth",
        depths(found.depths, tuple(names.values()), horizon if further else None),
        rows[np.isfinite(rows["median"])],
    )
    st.caption(
        f"The first {len(outcomes):,} attacked images: distance of the attacked features to the clean "
        "ones, over the length of those; median and quartiles."
        + _told(way.relative, way.own, further, horizon)
    )


def _told(relative: np.ndarray, own: int, further: bool, horizon: float) -> str:
    """Say what becomes of the distance up to the net's end and beyond."""
    middle = np.nanmedian(relative, axis=1)
    start, end = middle[0], middle[own - 1]
    if not (np.isfinite(start) and np.isfinite(end) and start > 0):
        return ""
    verb = "part" if end > start else "come nearer"
    told = f" They {verb}: {start:.2g} at the start, {end:.2g} at the end."
    if further and np.isfinite(middle[-1]):
        later = middle[-1] / end if end > 0 else 1.0
        fate = (
            "meet again" if later < _MET else "stay apart" if later <= 1 / _MET else "part further"
        )
        told += (
            f" Beyond T = {horizon:.3g} (shaded) the same field goes on to 2T, and they {fate}: "
            f"{middle[-1]:.2g}."
        )
    return told
