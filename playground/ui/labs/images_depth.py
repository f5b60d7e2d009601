"""What a net makes of images on its way: feature maps, how much each block changes, when classes part."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.colours import diverging
from playground.charts.depth import change, clouds, parting
from playground.datasets import TableError
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.checkpoints import unpack_weights
from playground.training.events import Metrics, Snapshot
from playground.training.image_depth import (
    DepthViews,
    FeatureMaps,
    Probe,
    depth_views,
    feature_maps,
)
from playground.training.image_views import parameters_of
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.labs.charting import draw
from playground.ui.labs.images_settings import SHEET, Settings
from playground.ui.labs.images_train import curves, enlarged
from playground.ui.labs.running import Panel, draw_run

_SET = 8  # channels side by side
_EDGE, _GAP = 56, 6  # pixels of a feature map and between two of them
_PANELS = 12  # depths side by side as points, at most


def draw_depth(settings: Settings) -> None:
    """Draw the training that is set, and when it has ended, its net depth by depth."""
    try:
        experiment = settings.experiment
        parameters = parameters_of(experiment)
        count = experiment.split_sizes[1]
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return
    st.caption(
        f"{parameters:,} trainable parameters · the features of {count:,} validation images, depth by "
        "depth, once the net is trained"
    )
    image, probe, _ = st.columns([1, 2, 1], vertical_alignment="bottom", gap="medium")
    with image:
        SHEET.form.field(settings, "depth_image")
    with probe:
        SHEET.form.field(settings, "depth_probe")
    if settings.depth_image >= count:
        st.caption(
            f"Image {settings.depth_image:,} is not there: the set has the images 0 to {count - 1:,}; "
            "the last one is shown."
        )
    index = min(settings.depth_image, count - 1)
    draw_run(
        SHEET,
        experiment,
        Panel("images", lambda run, metrics: _drawn(experiment, index, run, metrics)),
    )


def _drawn(
    experiment: Experiment, index: int, run: RunRecord | None, metrics: list[Metrics]
) -> None:
    if run is None:
        st.caption(
            "Train the net, and its features are taken apart here: maps of an image, how much each block "
            "changes, and how well the classes can be told apart on the way."
        )
        return
    if studies.is_going(run):
        curves(metrics)
        return
    held = state.jobs().snapshot(run.id)
    if held is None:
        st.caption("No weights are kept of this run.")
        return
    _maps(_mapped(run.id, held.step, index, experiment.model_dump_json(), held))
    settings = SHEET.settings
    views = _viewed(run.id, held.step, settings.depth_probe, experiment.model_dump_json(), held)
    left, right = st.columns(2, gap="medium")
    with left:
        _changes(views)
    with right:
        _probes(views)
    _clouds(views, settings)


@st.cache_data(max_entries=64, show_spinner="The image on its way through the net")
def _mapped(run_id: str, step: int, index: int, experiment: str, _held: Snapshot) -> FeatureMaps:
    made = Experiment.model_validate_json(experiment)
    return feature_maps(made, unpack_weights(_held.weights), index)


@st.cache_data(max_entries=16, show_spinner="All images on their way through the net")
def _viewed(run_id: str, step: int, probe: Probe, experiment: str, _held: Snapshot) -> DepthViews:
    made = Experiment.model_validate_json(experiment)
    return depth_views(made, unpack_weights(_held.weights), probe)


def _maps(found: FeatureMaps) -> None:
    st.markdown("##### One image on its way")
    guess = int(found.probabilities.argmax())
    shown, words = st.columns([1, 5], gap="medium", vertical_alignment="center")
    with shown:
        what = f"The image, of {found.classes[found.truth]}"
        st.image(enlarged(found.image, 2 * _EDGE), width=2 * _EDGE, clamp=True, alt=what)
    with words:
        right = "rightly" if guess == found.truth else f"but it is {found.classes[found.truth]}"
        st.markdown(
            f"Taken for **{found.classes[guess]}** ({found.probabilities[guess]:.1%}), {right}."
        )
        chosen = _chosen_set(max(len(maps) for maps in found.maps))
        again = " Where there are fewer channels, they are counted round."
        st.caption(
            "Blue is below zero, orange above; the end of each row's own scale stands at its left."
            + again * (len({len(maps) for maps in found.maps}) > 1)
        )
    step = max(1, math.ceil(len(found.maps) / _PANELS))
    places = sorted({*range(0, len(found.maps), step), len(found.maps) - 1})
    for place in places:
        _row(found.names[place], found.maps[place], chosen)
    if step > 1:
        st.caption(f"{len(places)} of {len(found.maps)} depths are shown.")


def _chosen_set(channels: int) -> int:
    """Draw the choice of the channels; return its place, from 0."""
    sets = math.ceil(channels / _SET)
    if sets == 1:
        return 0
    index = min(SHEET.settings.depth_set, sets) - 1
    SHEET.form.choose(
        "depth_set",
        "Channels",
        [str(i + 1) for i in range(sets)],
        index,
        lambda name: (
            f"{_SET * (int(name) - 1) + 1} to {min(_SET * int(name), channels)} of {channels}"
        ),
    )
    return index


def _row(name: str, maps: np.ndarray, chosen: int) -> None:
    """Draw some channels at one depth; a set that this depth does not have is counted round."""
    sets = math.ceil(len(maps) / _SET)
    first = _SET * (chosen % sets)
    shown = maps[first : first + _SET]
    most = float(np.abs(shown[np.isfinite(shown)]).max(initial=0.0))
    label, picture = st.columns([1, 4], gap="small", vertical_alignment="center")
    with label:
        height, width = maps.shape[1:]
        many = f"{first + 1}–{first + len(shown)} of {len(maps)}, " if len(maps) > 1 else ""
        st.markdown(f"{name}  \n:small[:gray[{many}{height}×{width}  \n±{most:.3g}]]")
    with picture:
        st.image(strip(shown, most), alt=f"{name}: {len(shown)} channels as pictures")


def strip(maps: np.ndarray, most: float) -> np.ndarray:
    """Return feature maps side by side as one picture ``(height, width, 4)`` of bytes.

    Args:
        maps: ``(n, height, width)``.
        most: The value that has the strongest colour; its negative has the other one.
    """
    table = np.array([_rgb(i / 255) for i in range(256)], dtype=np.uint8)
    shares = np.nan_to_num(np.clip(maps / max(most, 1e-300), -1, 1))
    coloured = table[np.rint(127.5 * (1 + shares)).astype(int)]
    height, width = maps.shape[1:]
    zoom = max(1, _EDGE // height) if len(maps) > 1 else max(1, 2 * _EDGE // max(height, width))
    tall = max(1, 16 // height) if height == 1 else 1  # a row of numbers is no hairline
    coloured = coloured.repeat(zoom * tall, axis=1).repeat(zoom, axis=2)
    n, high, wide, _ = coloured.shape
    canvas = np.zeros((high, n * (wide + _GAP) - _GAP, 4), dtype=np.uint8)
    for i, picture in enumerate(coloured):
        place = i * (wide + _GAP)
        canvas[:, place : place + wide, :3] = picture
        canvas[:, place : place + wide, 3] = 255
    return canvas


def _rgb(share: float) -> tuple[int, int, int]:
    text = diverging(share)
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _axis(views: DepthViews) -> tuple[str, list[float]]:
    """Return what the depth counts, and where each depth lies."""
    if views.names[0].startswith("t ="):
        return "time t", list(views.times)
    return views.names[-1].split()[0], [float(i) for i in range(len(views.names))]


def _changes(views: DepthViews) -> None:
    title, places = _axis(views)
    st.markdown("##### How much each step of the depth changes")
    rows = pd.DataFrame(views.changes, columns=["low", "median", "high"])
    rows.insert(0, "depth", places[1:])
    rows.insert(1, "name", views.names[1:])
    known = rows.dropna(subset=["median"])
    if known.empty:
        st.caption("Every layer has another shape than the one before; nothing can be compared.")
        return
    draw("depth_change", change(title), rows)
    most = known.loc[known["median"].idxmax()]
    gaps = len(rows) - len(known)
    told = f"; {gaps} change the shape, where there is no difference" if gaps else ""
    st.caption(
        f"Median over the images, and quartiles{told}. The most is {most['median']:.2g}, at "
        f"{most['name']}."
    )


def _probes(views: DepthViews) -> None:
    title, places = _axis(views)
    st.markdown("##### How soon the classes part")
    parts = [
        pd.DataFrame({"depth": places, "name": views.names, "set": name, "accuracy": values})
        for name, values in (
            ("training images", views.probes[:, 0]),
            ("validation images", views.probes[:, 1]),
            ("the net itself", np.full(len(places), views.accuracy)),
        )
    ]
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["accuracy"])
    draw("depth_probes", parting(title), rows)
    seen = "averages of each channel" if views.averaged else "all values"
    st.caption(
        f"A ridge classifier of {seen} at each depth, fitted to {views.probed[0]:,} training images. "
        f"{_parted(views)}"
    )


def _parted(views: DepthViews) -> str:
    """Say where half of what the net gains on the way is gained."""
    known = np.flatnonzero(np.isfinite(views.probes[:, 1]))
    if not {0, len(views.probes) - 1} <= set(known.tolist()):
        return "Some features are not finite."
    own = views.probes[known, 1]
    gain = own[-1] - own[0]
    ends = f"From {own[0]:.1%} at the start to {own[-1]:.1%} at the end"
    if gain <= 0.02:
        return f"{ends}: a linear classifier finds the last features hardly easier than the first."
    half = int(np.argmax(own >= own[0] + gain / 2))
    return f"{ends}; half of that is gained at {views.names[known[half]]}."


def _clouds(views: DepthViews, settings: Settings) -> None:
    st.markdown("##### Many images at each depth")
    if not views.stages:
        st.caption("No two depths have features of one shape, so no directions are common to them.")
        return
    index = min(settings.depth_stage, len(views.stages)) - 1
    if len(views.stages) > 1:
        names = [str(i + 1) for i in range(len(views.stages))]
        which, _ = st.columns([2, 3])
        with which:
            SHEET.form.choose(
                "depth_stage", "Stage", names, index, lambda name: _stage_name(views, int(name) - 1)
            )
    stage = views.stages[index]
    places = list(range(len(stage.depths)))
    if len(places) > _PANELS:
        places = sorted({round(i) for i in np.linspace(0, len(places) - 1, _PANELS)})
    names = tuple(views.names[stage.depths[i]] for i in places)
    classes = [views.classes[k] for k in views.labels]
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "x": stage.points[i, :, 0],
                    "y": stage.points[i, :, 1],
                    "class": classes,
                    "depth": name,
                }
            )
            for i, name in zip(places, names)
        ],
        ignore_index=True,
    )
    columns, edge = (2, 150) if browser().narrow else (3, 165 if len(names) > 3 else 180)
    draw("depth_clouds", clouds(views.classes, names, stage.shares, columns, edge), rows)
    st.caption(
        f"{len(views.labels):,} validation images in the two main directions of {len(stage.depths)} "
        f"depths together, found once, so that the pictures can be compared: "
        f"{stage.shares[0]:.0%} and {stage.shares[1]:.0%} of the variance lie along them."
    )


def _stage_name(views: DepthViews, index: int) -> str:
    stage = views.stages[index]
    shape = "×".join(map(str, stage.shape))
    return f"{views.names[stage.depths[0]]} to {views.names[stage.depths[-1]]}: {shape}"
