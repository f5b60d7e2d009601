"""One net on images, trained while one looks on: its curves, its mistakes, its last features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.curves import curve, curve_rows
from playground.charts.images import confusion, features
from playground.datasets import TableError
from playground.datasets.images import without_download
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.checkpoints import unpack_weights
from playground.training.events import Metrics
from playground.training.image_views import JUDGED, ImageViews, image_views, parameters_of
from playground.ui import state
from playground.ui.exports import script_menu
from playground.ui.labs.charting import draw, table
from playground.ui.labs.images_sets import comes_with_a_run, say_missing
from playground.ui.labs.images_settings import SHEET, Settings
from playground.ui.labs.running import Panel, draw_run

_GLANCE = 200  # images that are judged while the net trains
_ACROSS = 8  # images side by side
_EDGE = 84  # pixels of an image on the screen


def draw_training(settings: Settings) -> None:
    """Draw the training that is set, and what its net makes of the images."""
    try:
        experiment = settings.experiment
        parameters = parameters_of(experiment)
        awaited = comes_with_a_run(settings.data.name)
        examples, labels = ([], []) if awaited else _examples(experiment.model_dump_json())
    except (TableError, ValueError) as error:
        say_missing(error)
        return
    later = f" · {settings.data.entry.label} is downloaded when the training begins"
    st.caption(f"{parameters:,} trainable parameters{later if awaited else ''}")
    draw_run(
        SHEET,
        experiment,
        Panel("images", lambda run, metrics: _drawn(experiment, run, metrics, examples, labels)),
    )
    with st.expander("The same training in plain PyTorch"):
        st.caption("A script that draws, trains and ends as this one does, to the last bit.")
        script_menu(experiment)


@st.cache_data(max_entries=32, show_spinner=False)
def _examples(experiment: str) -> tuple[list[np.ndarray], list[str]]:
    made = Experiment.model_validate_json(experiment)
    entry, options = made.data.entry, made.data.options
    with without_download():  # of which a page must not wait
        x, y = entry.generator(options, 2 * _ACROSS, np.random.default_rng(made.data_seed))
    channels, height, width = entry.shape_of(options)
    images = x.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
    names = entry.class_names(options)
    pictures = [image[..., 0] if channels == 1 else image for image in images]
    return pictures, [names[k] for k in y]


def _drawn(
    experiment: Experiment,
    run: RunRecord | None,
    metrics: list[Metrics],
    examples: list[np.ndarray],
    labels: list[str],
) -> None:
    if run is None:
        if examples:
            st.markdown("##### Some of the images")
        gallery(examples, labels)
        return
    curves(metrics)
    held = state.jobs().snapshot(run.id)
    if held is None:
        st.caption("The first predictions come in a moment.")
        return
    st.caption(
        f"{_pace(metrics):,.0f} images a second in the last epoch, while nothing was judged."
    )
    # While it trains, pictures of all would take their time from the training.
    most = _GLANCE if studies.is_going(run) else JUDGED
    told = experiment.model_dump_json()
    _predictions(_remembered(run.id, held.step, told, most, held.weights))


@st.cache_data(max_entries=16, show_spinner=False)
def _remembered(run_id: str, step: int, experiment: str, most: int, _weights: bytes) -> ImageViews:
    made = Experiment.model_validate_json(experiment)
    return image_views(made, unpack_weights(_weights), most)


def curves(metrics: list[Metrics]) -> None:
    """Draw loss and accuracy over the epochs."""
    rows = pd.DataFrame([vars(m) for m in metrics])
    if rows.empty:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Loss")
        draw("loss", curve("loss", log=True), curve_rows(rows, "loss"))
    with right:
        st.markdown("##### Accuracy")
        draw("accuracy", curve("accuracy"), curve_rows(rows, "accuracy"))


def _pace(metrics: list[Metrics]) -> float:
    """Return the images a second that were trained on before the last figures."""
    return next((m.samples_per_second for m in reversed(metrics) if m.samples_per_second), 0.0)


def _predictions(views: ImageViews) -> None:
    precision, recall, f1 = views.scores.mean(axis=0)
    count = int(views.confusion.sum())
    for column, (name, value) in zip(
        st.columns(5),
        {
            "Accuracy": f"{views.accuracy:.2%}",
            "Precision": f"{precision:.2%}",
            "Recall": f"{recall:.2%}",
            "F1": f"{f1:.2%}",
            "An image takes": f"{views.milliseconds:.2f} ms",
        }.items(),
    ):
        with column:
            st.metric(name, value)
    st.caption(
        f"On {count:,} validation images; precision, recall and F1 are means over the classes. "
        f"Cross-entropy {views.loss:.4f}."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Which classes are confused")
        draw("confusion", confusion(views.classes), _confusion_rows(views))
    with right:
        st.markdown("##### The last features in their two main directions")
        rows = pd.DataFrame(
            {
                "x": views.points[:, 0],
                "y": views.points[:, 1],
                "class": [views.classes[k] for k in views.labels],
            }
        )
        draw("features", features(views.classes, views.shares), rows)
    st.markdown("##### Predictions, the wrong ones first")
    captions = [
        f"{views.classes[t]} taken for {views.classes[g]}, {p:.0%}"
        if t != g
        else f"{views.classes[g]}, {p:.0%}"
        for t, g, p in zip(views.truths, views.guesses, views.sureness)
    ]
    gallery(list(views.images), captions)
    st.caption("The percentage is the probability that the net gives its answer.")
    with st.expander("Each class by itself"):
        table(_score_rows(views))


def gallery(images: list[np.ndarray], captions: list[str]) -> None:
    """Draw small images side by side, each with its caption."""
    with st.container(horizontal=True, gap="small"):
        for image, caption in zip(images, captions):
            sharp = enlarged(image, _EDGE)
            words = state.plain(caption)
            st.image(sharp, caption=words, width=_EDGE, clamp=True, alt=f"Image: {caption}")


def enlarged(image: np.ndarray, edge: int) -> np.ndarray:
    """Return an image ``(height, width, …)`` whose pixels stay sharp squares when it is drawn so wide."""
    factor = -(-edge // max(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _confusion_rows(views: ImageViews) -> pd.DataFrame:
    totals = views.confusion.sum(axis=1)
    return pd.DataFrame(
        [
            {
                "truth": views.classes[t],
                "guess": views.classes[g],
                "count": int(views.confusion[t, g]),
                "share": float(views.confusion[t, g] / max(totals[t], 1)),
            }
            for t in range(len(views.classes))
            for g in range(len(views.classes))
        ]
    )


def _score_rows(views: ImageViews) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "class": views.classes,
            "images": views.confusion.sum(axis=1),
            "precision": [f"{v:.2%}" for v in views.scores[:, 0]],
            "recall": [f"{v:.2%}" for v in views.scores[:, 1]],
            "F1": [f"{v:.2%}" for v in views.scores[:, 2]],
        }
    )
