"""The images themselves: some of each class, how the classes are balanced, their means."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from playground.analysis.image_sets import (
    PARTS,
    ImageSet,
    Row,
    augmented,
    describe,
    is_augmented,
    rows_of,
)
from playground.charts.image_data import balance, sheet, strip
from playground.datasets import TableError
from playground.datasets.images import without_download
from playground.experiment import Experiment
from playground.ui import state
from playground.ui.delivery import is_overtaken, put
from playground.ui.labs.charting import draw
from playground.ui.labs.images_sets import comes_with_a_run, say_missing
from playground.ui.labs.images_settings import SHEET, Settings

_ACROSS, _DEEP = 12, 6  # images side by side, and rows of a single class
_CLASSES = 10  # classes of one page
_NAME = 110  # pixels of the name of a row
_MEAN = 64  # pixels of a mean image on the screen


def draw_data(settings: Settings) -> None:
    """Draw the images that are set."""
    if comes_with_a_run(settings.data.name):
        st.info(
            f"{settings.data.entry.label} is not on this server yet: it is downloaded when a net is "
            "trained on it. Then its images are here.",
            icon=":material/download:",
        )
        return
    try:
        experiment = settings.experiment
        text = experiment.model_dump_json()
        about = _described(text)
        _facts(experiment, about)
        _grid(settings, text, experiment, about)
    except (TableError, ValueError) as error:
        say_missing(error)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Images of each class")
        draw("balance", balance(about.classes), _balance_rows(about))
    with right:
        _means(about)


@st.cache_data(max_entries=16, show_spinner="Looking at the images …")
def _described(experiment: str) -> ImageSet:
    with without_download():
        return describe(Experiment.model_validate_json(experiment))


@st.cache_data(max_entries=64, show_spinner="Looking at the images …")
def _rows(
    experiment: str, part: Any, labels: tuple[int, ...], first: int, n: int
) -> tuple[Row, ...]:
    with without_download():
        return rows_of(Experiment.model_validate_json(experiment), part, labels, first, n)


def _facts(experiment: Experiment, about: ImageSet) -> None:
    channels, height, width = about.shape
    train, rest = about.counts.sum(axis=1)
    colour = "red, green and blue" if channels == 3 else "grey"
    channel = f"{channels} channels" if channels > 1 else "1 channel"
    st.caption(
        f"**{experiment.data.entry.label}** · {train:,} training and {rest:,} validation images · "
        f"{height} × {width} pixels, {channel} ({colour}) · {len(about.classes)} classes · a training "
        f"pixel is {about.brightness:.3f} ± {about.spread:.3f} between black (0) and white (1)"
    )


def _grid(settings: Settings, text: str, experiment: Experiment, about: ImageSet) -> None:
    """Draw the choice of the images that are shown, and these."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        SHEET.form.field(settings, "grid_part")
        _class_choice(settings, about.classes)
        changing = is_augmented(experiment)
        if changing:
            SHEET.form.field(settings, "grid_augmented")
        turning = st.container(horizontal=True, gap="small", vertical_alignment="center")
    single = settings.grid_class in about.classes
    counts = about.counts[PARTS.index(settings.grid_part)]
    if single:
        labels = (about.classes.index(settings.grid_class),)
        each, shown = _ACROSS * _DEEP, len(labels)
        turns = -(-int(counts[labels[0]]) // each)
        groups = 1
    else:
        each, shown = _ACROSS, _CLASSES
        turns, groups = -(-int(counts.max()) // each), -(-len(about.classes) // shown)
    pages = max(turns, 1) * groups
    page = min(settings.grid_page, pages)
    turn, group = divmod(page - 1, groups)
    if not single:
        labels = tuple(range(len(about.classes)))[group * shown : (group + 1) * shown]
    with turning:
        _pages(page, pages)
    with_changes = changing and settings.grid_augmented
    rows = _rows(text, settings.grid_part, labels, turn * each, each)
    if with_changes:
        rows = tuple(augmented(experiment, row, _ACROSS) for row in rows)
        st.caption("On the left each image as it is, beside it as training may see it.")
    if single and not with_changes:
        what = f"{len(rows[0].images)} images of {about.classes[rows[0].label]}"
        st.image(sheet(rows[0].images, _ACROSS), output_format="PNG", width="stretch", alt=what)
        first = turn * each
        st.caption(f"{first + 1:,} to {first + len(rows[0].images):,} of {rows[0].total:,}")
        return
    for row in rows:
        _draw_row(row, about.classes[row.label])


def _draw_row(row: Row, name: str) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with st.container(width=_NAME):
            st.markdown(f"**{state.plain(name)}**  \n:small[:gray[{row.total:,} images]]")
        with st.container(width="stretch"):
            what = f"{len(row.images)} images of {name}"
            st.image(strip(row.images, _ACROSS), output_format="PNG", width="stretch", alt=what)


def _class_choice(settings: Settings, classes: tuple[str, ...]) -> None:
    """Draw the choice of one class, or all; another one begins at its first page."""
    key = SHEET.form.key_of("grid_class")
    chosen = settings.grid_class if settings.grid_class in classes else ""
    put(key, chosen)

    def changed() -> None:
        if not is_overtaken(key):
            SHEET.change({"grid_class": st.session_state[key], "grid_page": 1})

    names = ["", *classes]
    st.selectbox(
        "Class",
        names,
        index=names.index(chosen),
        format_func=lambda name: name or "some of each",
        key=key,
        help=Settings.model_fields["grid_class"].description,
        on_change=changed,
        width=200,
    )


def _pages(page: int, pages: int) -> None:
    """Draw the way to the images before and behind those that are shown."""
    if pages < 2:
        return
    for label, icon, goal in (
        ("Earlier", "chevron_left", page - 1),
        ("Further", "chevron_right", page + 1),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=SHEET.form.key_of(f"page:{icon}"),
            help=f"{label} images of the same choice.",
            disabled=not 1 <= goal <= pages,
            on_click=SHEET.change,
            args=({"grid_page": goal},),
        )
    st.caption(f"Page {page:,} of {pages:,}")


def _balance_rows(about: ImageSet) -> pd.DataFrame:
    totals = about.counts.sum(axis=1)
    return pd.DataFrame(
        [
            {
                "class": name,
                "set": part,
                "count": int(about.counts[p, k]),
                "share": float(about.counts[p, k] / max(totals[p], 1)),
            }
            for k, name in enumerate(about.classes)
            for p, part in enumerate(PARTS)
        ]
    )


def _means(about: ImageSet) -> None:
    st.markdown("##### Mean training image of each class")
    with st.container(horizontal=True, gap="small"):
        for mean, name in zip(about.means, about.classes):
            st.image(
                strip(mean[None]),
                caption=state.plain(name),
                width=_MEAN,
                output_format="PNG",
                alt=f"Mean training image of {name}",
            )
