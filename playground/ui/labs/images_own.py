"""Own images for the image lab: an npz file of arrays, or a zip file of class-named folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from playground.charts.image_data import strip
from playground.datasets import TableError
from playground.datasets.images import (
    MAX_UPLOAD_BYTES,
    ImageTable,
    fetch_images,
    holds_arrays,
    read_image_upload,
    store_images,
)
from playground.datasets.images.image_table import flat
from playground.datasets.images.upload_store import UploadOptions
from playground.registry import bounds
from playground.ui import state
from playground.ui.labs.images_settings import SHEET, Settings

_PREVIEW = 6  # pictures of a file before it is used
_NAMED = 12  # classes of a file that are listed with their counts
_SIZES = (8, 16, 24, 32, 48, 64)
_TRAINED = 0.8  # share of uploaded images that is trained on when they are chosen


def own_images(settings: Settings) -> None:
    """Draw the upload, what a file holds, and its use."""
    chosen = settings.data.name == "image_upload"
    label = "Own images · in use" if chosen else "Own images"
    with st.expander(label, key="own_images", icon=":material/upload_file:"):
        if chosen:
            _in_use(settings)
        _upload()


def is_grey(options: UploadOptions) -> bool:
    """Tell whether uploaded images have no colour that could be left out."""
    try:
        return fetch_images(options.hash).shape[0] == 1
    except TableError:
        return False


def _in_use(settings: Settings) -> None:
    try:
        table = fetch_images(settings.data.options.hash)
    except TableError as error:
        text = state.plain(str(error)).rstrip(".")
        st.caption(f"{text[:1].upper()}{text[1:]}.")
        return
    st.caption(f"In use: {_about(table)}.")


def _upload() -> None:
    turn = st.session_state.get("images:upload_turn", 0)
    file = st.file_uploader(
        "NPZ or ZIP file",
        type=["npz", "zip"],
        max_upload_size=MAX_UPLOAD_BYTES // 1_000_000,
        key=f"images:upload:{turn}",
        help="An npz file with x (n, height, width) or (n, height, width, 3), bytes or numbers in "
        "[0, 1], whole numbers y (n,), and texts class_names if wanted; or a zip file with PNG and JPEG "
        "pictures in folders that are named as their classes.",
    )
    if file is None:
        st.session_state.pop("images:read", None)
        return
    try:
        table = _read(file)
        _summary(table)
        st.button(
            "Use these images",
            key="images:use",
            help="Keeps the images on the server and makes them what the nets learn.",
            type="primary",
            width="stretch",
            on_click=_use,
            args=(table,),
        )
    except TableError as error:
        st.error(f"{state.plain(file.name)}: {state.plain(str(error))}", icon=":material/error:")


def _read(file: Any) -> ImageTable:
    """Return the images of a file; pictures are brought to a size that is asked for.

    Raises:
        TableError: If they cannot be used; names the array or the picture.
    """
    size = 32
    if not _once(file, "kind", lambda: holds_arrays(file.getvalue())):
        size = st.select_slider(
            "Pixels a side",
            _SIZES,
            value=32,
            key=f"images:size:{file.file_id}",
            help="Every picture is brought to a square of this size.",
        )
    return _once(file, f"size {size}", lambda: read_image_upload(file.getvalue(), size=size))


def _once(file: Any, what: str, make: Callable[[], Any]) -> Any:
    """Return what was made of a file, or raise its error: made once, though the page runs often."""
    held = st.session_state.get("images:read")
    if held is None or held[0] != file.file_id:
        held = st.session_state["images:read"] = (file.file_id, {})
    if what not in held[1]:
        for other in [key for key in held[1] if key.startswith("size")]:
            del held[1][other]  # the same pictures at another size are large, too
        with st.spinner("Reading the images …"):
            try:
                held[1][what] = make()
            except TableError as error:
                held[1][what] = error
    if isinstance(held[1][what], TableError):
        raise held[1][what]
    return held[1][what]


def _about(table: ImageTable) -> str:
    channels, height, width = table.shape
    colour = "in colour" if channels == 3 else "grey"
    counts = np.bincount(table.y, minlength=len(table.class_names))
    named = [f"{name} ({n:,})" for name, n in zip(table.class_names, counts)]
    if len(named) > _NAMED:
        named = [*named[:_NAMED], f"and {len(named) - _NAMED} more"]
    return (
        f"{len(table.x):,} images · {height} × {width} pixels, {colour} · "
        f"{len(table.class_names)} classes: {state.plain(', '.join(named))}"
    )


def _summary(table: ImageTable) -> None:
    st.caption(_about(table))
    order = np.argsort(table.y, kind="stable")
    rows = order[np.linspace(0, len(order) - 1, min(_PREVIEW, len(order))).astype(int)]
    images = flat(table.x[rows]).reshape(-1, *table.shape)
    names = ", ".join(table.class_names[k] for k in table.y[rows])
    what = f"{len(images)} of the images, from all classes"
    st.image(strip(images), output_format="PNG", width="stretch", alt=what)
    st.caption(state.plain(names))


def _use(table: ImageTable) -> None:
    """Keep the images and make them those of the lab."""
    try:
        jobs = state.jobs()
        limit = jobs.settings.max_images_mb
        key = store_images(table, limit_mb=limit, needed=jobs.tables_in_use)
    except OSError as error:
        state.say(f"The server could not keep the images ({error.strerror}).", "error")
        return
    except TableError as error:
        state.say(f"{error}.", "error")
        return
    train, rest = sizes(table)
    SHEET.change({"data": "image_upload", "data.hash": key, "n_train": train, "n_validation": rest})
    # A fresh box: what was read of the file is large, and kept on the disk by now.
    st.session_state["images:upload_turn"] = st.session_state.get("images:upload_turn", 0) + 1
    st.session_state.pop("images:read", None)


def sizes(table: ImageTable) -> tuple[int, int]:
    """Return how many images are trained on, and how many judge, when they are chosen.

    Where there are fewer than the least that can be set, both parts shrink in proportion later.
    """
    fields = Settings.model_fields
    (least, most), (least_rest, most_rest) = (
        map(int, bounds(fields[name])) for name in ("n_train", "n_validation")
    )
    n = len(table.x)
    train = min(max(round(_TRAINED * n), least, len(table.class_names)), most)
    return train, min(max(n - train, least_rest), most_rest)
