"""The control panel of the data: the gallery, own data, options, numbers of points."""

from __future__ import annotations

import streamlit as st

from playground.datasets import DATASETS, TableMissing
from playground.experiment import Experiment
from playground.registry import bounds
from playground.ui import state
from playground.ui.controls import PLAYGROUND
from playground.ui.data_choice import choose_data
from playground.ui.delivery import is_overtaken, put
from playground.ui.gallery import data_gallery
from playground.ui.own_data import own_data_panel

OWN = "table"
_SIZES = ("n_train", "n_validation")


def data_choice(experiment: Experiment) -> None:
    """Draw the data sets to choose from, own data among them."""
    st.markdown("##### Data")
    shown = tuple(name for name in DATASETS if name != OWN)
    data_gallery(shown, experiment.data.name, key="gallery", on_choose=choose_data)
    own_data_panel(experiment)
    st.caption(f"**{experiment.data.entry.label}** · {experiment.data.entry.summary}")


def data_options(experiment: Experiment) -> None:
    """Draw the options of the chosen data set, the numbers of points and the seed."""
    PLAYGROUND.options(experiment.data.options, "data.", skip=("hash",))
    rows = _rows(experiment)
    for column, name in zip(st.columns(2, gap="small"), _SIZES):
        with column:
            if rows is None:
                PLAYGROUND.field(experiment, name)
            else:
                _size_control(experiment, name)
    if rows is not None:
        used = sum(experiment.split_sizes)
        st.caption(
            f"{used} of {rows} rows are used." if used < rows else f"All {rows} rows are used."
        )
    PLAYGROUND.seed(experiment, "data_seed")


def _rows(experiment: Experiment) -> int | None:
    try:
        return experiment.data.entry.n_rows(experiment.data.options)
    except TableMissing:
        return None


def _size_control(experiment: Experiment, name: str) -> None:
    """Draw the number of rows that one part of a table really has."""
    field, key = Experiment.model_fields[name], PLAYGROUND.key_of(f"{name}:rows")
    size = dict(zip(_SIZES, experiment.split_sizes))[name]
    put(key, size)

    def changed() -> None:
        wanted = st.session_state[key]
        if wanted is None or is_overtaken(key):  # an emptied box is filled again
            return
        values, note = resized(experiment, name, wanted)
        if note:
            state.say(note)
        state.change(values)

    st.number_input(
        str(field.title),
        value=size,
        step=1,
        key=key,
        help=f"{field.description} A table has only so many: more here is less there.",
        on_change=changed,
    )


def resized(experiment: Experiment, name: str, wanted: int) -> tuple[dict[str, int], str]:
    """Return the sizes of both parts of a table when one of them is set.

    Where all rows are used they stay used; otherwise the other part changes only if it must.

    Args:
        experiment: An experiment on a table.
        name: ``n_train`` or ``n_validation``.
        wanted: Its new size.

    Returns:
        Both sizes, and what has to be said: empty where the wanted one is legal.
    """
    rows = experiment.data.entry.n_rows(experiment.data.options)
    sizes = dict(zip(_SIZES, experiment.split_sizes))
    other = next(size for size in _SIZES if size != name)
    classes = experiment.data.entry.n_classes(experiment.data.options)
    fields = Experiment.model_fields
    least = {n: int(bounds(fields[n])[0]) for n in _SIZES}
    least["n_train"] = max(least["n_train"], classes)
    most = {n: int(bounds(fields[n])[1]) for n in _SIZES}
    high = min(most[name], rows - least[other])
    size = min(max(wanted, least[name]), high)
    rest = rows - size
    if sum(sizes.values()) < rows:
        rest = min(rest, sizes[other])
    note = ""
    if size != wanted:
        note = (
            f"{fields[name].title}: {wanted} is not legal; legal is a whole number from "
            f"{least[name]} to {high} of the table's {rows} rows; {size} is used"
        )
    return {name: size, other: min(rest, most[other])}, note
