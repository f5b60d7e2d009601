"""The gallery of data sets: thumbnails drawn from the points of the real generators."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from playground.charts.colours import CLASSES, diverging
from playground.datasets import DATASETS, TableMissing, images, thumbnail

_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "gallery"
_gallery = st.components.v2.component(
    "odenet_gallery",
    html='<div class="gallery" role="radiogroup"></div>',
    css=(_FOLDER / "gallery.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "gallery.js").read_text(encoding="utf-8"),
)
_POINTS = 150
_SHADES = 11  # colours of a regression's thumbnail


@lru_cache(maxsize=4)  # as it is, without the copy for each session that Streamlit's cache makes
def _pictures(names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [_picture(name) for name in names]


def _picture(name: str) -> dict[str, Any]:
    entry = DATASETS[name]
    try:
        with images.without_download():  # a page does not wait for that
            x, y = thumbnail(name, n=_POINTS, seed=3)
    except (
        TableMissing
    ):  # images that are not here: without a picture they can be chosen all the same
        return {"name": name, "label": entry.label, "help": entry.summary, "points": ""}
    targets = np.asarray(y, float).reshape(len(y), -1)[:, 0]
    flat = x if x.shape[1] > 1 else np.column_stack([x, np.zeros(len(x))])
    low, high = flat.min(axis=0), flat.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    places = (flat - low) / span
    if x.shape[1] == 1:  # points on a line: in the middle, or their targets as height
        places[:, 1] = 0.5 if entry.task == "classification" else _unit(targets)
    if entry.task == "classification":
        colours = y.astype(int)
    else:
        colours = len(CLASSES) + np.round(_unit(targets) * (_SHADES - 1)).astype(int)
    # One text, not thousands of numbers: every run of a page walks over all that it sends.
    numbers = np.column_stack([np.round(1000 * places).astype(int), colours])
    points = " ".join(map(str, numbers.ravel()))
    return {"name": name, "label": entry.label, "help": entry.summary, "points": points}


def _unit(values: np.ndarray) -> np.ndarray:
    span = float(values.max() - values.min()) or 1.0
    return (values - values.min()) / span


def data_gallery(
    names: tuple[str, ...], value: str, *, key: str, on_choose: Callable[[str], None]
) -> None:
    """Show the data sets as thumbnails and call ``on_choose`` with the name that is clicked.

    Args:
        names: Names in ``DATASETS``, in the order shown.
        value: The chosen one.
        key: Fixed key of the component.
        on_choose: Called before the page runs again.
    """
    colours = [*CLASSES, *(diverging(i / (_SHADES - 1)) for i in range(_SHADES))]

    def chosen() -> None:
        name = st.session_state[key].chosen
        if name in names:
            on_choose(name)

    data = {
        "options": _pictures(names),
        "value": value,
        "colours": colours,
        "label": "Data set",
    }
    _gallery(key=key, data=data, on_chosen_change=chosen)
