"""Key points: residual nets that learn where points are in an image, such as the corners of eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from pydantic import ValidationError

from playground.charts.curves import curve, curve_rows
from playground.charts.image_data import GUESS_NAME, TRUTH_NAME, with_points
from playground.datasets import TableError
from playground.datasets.images import MAX_UPLOAD_BYTES, fetch_points, store_points
from playground.datasets.images.image_table import flat
from playground.datasets.images.key_points import (
    PointTable,
    PointUpload,
    read_key_points,
    to_pixels,
)
from playground.experiment import MOST_SAMPLES, Experiment
from playground.jobs import RunRecord
from playground.training.checkpoints import unpack_weights
from playground.training.events import Metrics
from playground.training.image_views import parameters_of
from playground.training.point_views import PointViews, point_views
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.images_sets import say_missing
from playground.ui.labs.images_settings import SHEET, Settings
from playground.ui.labs.running import Panel, draw_run

_EDGE = 132  # pixels of an image on the screen
_EXAMPLES = 12
_SIZES = (16, 24, 32, 48, 64)


def experiment_of(settings: Settings) -> Experiment:
    """Return the training on images with key points: the lab's net, and the mean square.

    Raises:
        ValueError: If the choices do not fit together.
    """
    names = ("n_train", "n_validation", "data_seed", "network", "scheme", "weight_seed")
    names += ("optimizer", "schedule", "batch_size", "epochs")
    data = {"name": "image_points", "options": {"hash": settings.points_hash}}
    fields = {name: getattr(settings, name) for name in names}
    try:
        return Experiment(data=data, loss="mean_square", **fields)
    except ValidationError as error:
        raise ValueError("; ".join(item["msg"] for item in error.errors())) from None


def draw_points(settings: Settings) -> None:
    """Draw the upload, the training that is set, and where its net sees the points."""
    _own(settings)
    try:
        held = fetch_points(settings.points_hash)
        experiment = experiment_of(settings)
        parameters = parameters_of(experiment)
    except (TableError, ValueError) as error:
        say_missing(error)
        return
    train, rest = experiment.split_sizes
    which = "Own images" if settings.points_hash else "Strokes, drawn for this page,"
    st.caption(
        f"{which} with key points: {_about(held)} · {parameters:,} trainable parameters. A net learns "
        f"all coordinates at once, by the mean square, from {train:,} of the images, and is judged by "
        f"{rest:,} others; -1 and 1 are the edges of an image."
    )
    draw_run(SHEET, experiment, Panel("points", lambda run, m: _drawn(experiment, held, run, m)))


def _about(held: PointTable) -> str:
    points = len(held.names) // 2
    _, height, width = held.shape
    return (
        f"{len(held.x):,} images · {height} × {width} pixels, grey · {points} "
        f"point{'s' * (points > 1)}: {state.plain(', '.join(held.names))}"
    )


def _own(settings: Settings) -> None:
    label = "Own key points · in use" if settings.points_hash else "Own key points"
    with st.expander(label, key="own_points", icon=":material/upload_file:"):
        if settings.points_hash:
            st.button(
                "Back to the strokes",
                key="points:back",
                help="Takes the drawn strokes again in place of your own images.",
                on_click=SHEET.change,
                args=({"points_hash": ""},),
            )
        _upload()


def _upload() -> None:
    turn = st.session_state.get("points:upload_turn", 0)
    file = st.file_uploader(
        "CSV file",
        type=["csv"],
        max_upload_size=MAX_UPLOAD_BYTES // 1_000_000,
        key=f"points:upload:{turn}",
        help="Columns in pairs of x and y, in pixels from the upper left corner, and a column Image of "
        "shades from 0 to 255 with blanks between them: a square, row by row. Rows that miss a point "
        "are left out.",
    )
    if file is None:
        st.session_state.pop("points:read", None)
        return
    size = st.select_slider(
        "Pixels a side",
        _SIZES,
        value=32,
        key=f"points:size:{file.file_id}",
        help="Larger images are brought to this size, and their points with them.",
    )
    try:
        read = _once((file.file_id, size), lambda: read_key_points(file.getvalue(), size=size))
    except TableError as error:
        st.error(f"{state.plain(file.name)}: {state.plain(str(error))}", icon=":material/error:")
        return
    st.caption(_about(read.table))
    if read.left_out:
        st.caption(f":material/info: {read.left_out:,} rows miss a point and are left out.")
    _examples(read.table, 6)
    st.button(
        "Use these images",
        key="points:use",
        type="primary",
        help="Keeps images and points on the server and makes them what the net learns.",
        on_click=_use,
        args=(read.table,),
    )


def _once(what: tuple[Any, ...], make: Callable[[], PointUpload]) -> PointUpload:
    """Return what was made of a file, or raise its error: made once, though the page runs often."""
    held = st.session_state.get("points:read")
    if held is None or held[0] != what:
        with st.spinner("Reading the images …"):
            try:
                held = (what, make())
            except TableError as error:
                held = (what, error)
        st.session_state["points:read"] = held
    if isinstance(held[1], TableError):
        raise held[1]
    return held[1]


def _use(held: PointTable) -> None:
    try:
        jobs = state.jobs()
        limit = jobs.settings.max_images_mb
        key = store_points(held, limit_mb=limit, needed=jobs.tables_in_use)
    except OSError as error:
        state.say(f"The server could not keep the images ({error.strerror}).", "error")
        return
    except TableError as error:
        state.say(f"{error}.", "error")
        return
    n = len(held.x)
    train = min(max(round(0.8 * n), 20), MOST_SAMPLES)
    rest = min(max(n - train, 10), MOST_SAMPLES)
    SHEET.change({"points_hash": key, "n_train": train, "n_validation": rest})
    st.session_state["points:upload_turn"] = st.session_state.get("points:upload_turn", 0) + 1
    st.session_state.pop("points:read", None)


def _examples(held: PointTable, n: int) -> None:
    rows = np.linspace(0, len(held.x) - 1, min(n, len(held.x))).astype(int)
    pictures = flat(held.x[rows]).reshape(-1, *held.shape[1:])
    with st.container(horizontal=True, gap="small"):
        for picture, places in zip(pictures, held.places[rows]):
            points = to_pixels(places.astype(float), held.shape[2]).reshape(-1, 2)
            st.image(
                with_points(picture, points),
                width=_EDGE,
                output_format="PNG",
                alt=f"A training image with its {len(points)} points",
            )


def _drawn(
    experiment: Experiment, held: PointTable, run: RunRecord | None, metrics: list[Metrics]
) -> None:
    if run is None:
        st.markdown("##### Some of the images, with their points")
        _examples(held, _EXAMPLES)
        return
    rows = pd.DataFrame([vars(m) for m in metrics])
    if not rows.empty:
        st.markdown("##### Loss")
        draw("loss", curve("loss", log=True), curve_rows(rows, "loss"))
    kept = state.jobs().snapshot(run.id)
    if kept is None:
        st.caption("The first predictions come in a moment.")
        return
    _predictions(_remembered(run.id, kept.step, experiment.model_dump_json(), kept.weights))


@st.cache_data(max_entries=16, show_spinner=False)
def _remembered(run_id: str, step: int, experiment: str, _weights: bytes) -> PointViews:
    return point_views(Experiment.model_validate_json(experiment), unpack_weights(_weights))


def _predictions(views: PointViews) -> None:
    far = float(np.sqrt((views.errors**2).mean()))
    usual = float(np.sqrt((views.mean_errors**2).mean()))
    left, right = st.columns(2)
    left.metric("A point is off by", f"{far:.2f} pixels")
    right.metric("The mean place would be off by", f"{usual:.2f} pixels")
    st.caption(f"Root mean square distances on {views.judged:,} validation images.")
    st.markdown("##### Where the net sees the points, the furthest off first")
    st.caption(f"Squares ({TRUTH_NAME}): where they are. Crosses ({GUESS_NAME}): the net.")
    with st.container(horizontal=True, gap="small"):
        for image, truth, guess, distance in zip(
            views.images, views.truths, views.guesses, views.distances
        ):
            st.image(
                with_points(image, truth, guess),
                caption=f"{distance:.2f} pixels",
                width=_EDGE,
                output_format="PNG",
                alt=f"Points where they are and where the net sees them, off by {distance:.2f} pixels",
            )
    with st.expander("Each point by itself"):
        names = [f"{x}, {y}" for x, y in zip(views.names[::2], views.names[1::2])]
        table(
            pd.DataFrame(
                {
                    "point": names,
                    "off by (pixels)": views.errors.round(3),
                    "mean place off by (pixels)": views.mean_errors.round(3),
                }
            )
        )
