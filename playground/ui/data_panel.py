"""The control panel of the data: the gallery, own data, options, numbers of points."""

from __future__ import annotations

import streamlit as st

from playground.datasets import DATASETS, TableMissing, fetch
from playground.experiment import Experiment
from playground.registry import bounds
from playground.ui import state, teaching
from playground.ui.controls import LOCKED, PLAYGROUND
from playground.ui.data_choice import choose_data
from playground.ui.delivery import is_overtaken, put
from playground.ui.gallery import data_gallery
from playground.ui.own_data import own_data_panel

OWN = "table"
_SIZES = ("n_train", "n_validation")


def data_choice(experiment: Experiment) -> None:
    """Draw the data sets to choose from, own data among them."""
    st.markdown("##### Data")
    chosen = experiment.data.name
    locked = teaching.rules().locks("data.choice")
    if not PLAYGROUND.hides("data.choice"):
        # A gallery that is locked is one of the chosen set alone.
        names = (chosen,) if locked else in_gallery(chosen)
        data_gallery(names, chosen, key="gallery", on_choose=choose_data)
        if locked:
            st.caption(f":material/lock: {LOCKED}")
        elif not teaching.rules().hides("own_data"):
            own_data_panel(experiment)
    st.caption(f"**{experiment.data.entry.label}** · {experiment.data.entry.summary}")


def in_gallery(chosen: str) -> tuple[str, ...]:
    """Return the data sets that the gallery shows: no own tables, and of images only the chosen set."""
    return tuple(
        name
        for name, entry in DATASETS.items()
        if name != OWN and (entry.image_shape is None or name == chosen)
    )


def data_options(experiment: Experiment) -> None:
    """Draw the options of the chosen data set, the numbers of points and the seed."""
    PLAYGROUND.options(experiment.data.options, "data.", skip=("hash",))
    rows = _rows(experiment)
    sizes = [name for name in _SIZES if not PLAYGROUND.hides(name)]
    for column, name in zip(st.columns(2, gap="small") if sizes else (), sizes):
        with column:
            if rows is None:
                PLAYGROUND.field(experiment, name)
            else:
                _size_control(experiment, name)
    if rows is not None:
        used = sum(experiment.split_sizes)
        what = "images" if experiment.data.entry.image_shape else "rows"
        st.caption(
            f"{used} of {rows} {what} are used." if used < rows else f"All {rows} {what} are used."
        )
    _told_targets(experiment)
    PLAYGROUND.seed(experiment, "data_seed")


def _told_targets(experiment: Experiment) -> None:
    """Say which columns of a table are predicted, where there are several."""
    if experiment.data.name != OWN:
        return
    try:
        options = experiment.data.options
        several = experiment.task == "regression" and experiment.n_outputs > 1
        names = fetch(options.hash).target_names(options.outputs) if several else ()
    except TableMissing:
        return
    if names:
        told = state.plain(f"{', '.join(names)}. The output is drawn for {names[0]!r}.")
        st.caption(f"{len(names)} columns are predicted: {told}")


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
        if teaching.rules_now().locks(name):
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
        on_change=changed,
        **PLAYGROUND.lock(name, f"{field.description} {_limit(experiment)}"),
    )


def _limit(experiment: Experiment) -> str:
    if experiment.data.entry.parts:
        return "The set was published in two parts, and each has only so many."
    return "A table has only so many: more here is less there."


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
    parts = experiment.data.entry.parts
    if parts:  # the two do not share their rows
        rows = dict(zip(_SIZES, parts(experiment.data.options)))[name]
        high, rest = min(most[name], rows), sizes[other]
    else:
        high = min(most[name], rows - least[other])
    size = min(max(wanted, least[name]), high)
    if not parts:
        rest = rows - size if sum(sizes.values()) >= rows else min(rows - size, sizes[other])
    note = ""
    if size != wanted:
        note = (
            f"{fields[name].title}: {wanted} is not legal; legal is a whole number from "
            f"{least[name]} to {high} of the table's {rows} rows; {size} is used"
        )
    return {name: size, other: min(rest, most[other])}, note
