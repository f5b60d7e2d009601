"""Choosing data: what else changes with it, and comes back when the data are left again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from playground.datasets import TableMissing
from playground.experiment import DataSlot, Experiment
from playground.losses import LOSSES
from playground.registry import bounds
from playground.ui import state

TRAINING_SHARE = 0.8
"""Share of a table's rows that is trained on, when the table is chosen."""


@dataclass(frozen=True)
class Displaced:
    """What had to give way to the data in the form.

    Attributes:
        data: The data that it gave way to.
        values: Fields by their names, as they were before.
    """

    data: DataSlot | None = None
    values: Mapping[str, Any] | None = None


def choose_data(name: str, **options: Any) -> None:
    """Choose a data set for the experiment in the form.

    Args:
        name: The data set.
        options: Those of its options that are not its defaults.
    """
    before = state.experiment()
    slot = DataSlot(name=name, options=options)
    values, kept = fitted(before, slot, st.session_state.get("displaced", Displaced()))
    named = {f"data.{option}": value for option, value in options.items()}
    state.change({"data": name, **named, **values})
    if state.experiment() is not before:
        st.session_state["displaced"] = kept


def fitted(
    before: Experiment, slot: DataSlot, displaced: Displaced
) -> tuple[dict[str, Any], Displaced]:
    """Return the fields that change with the data, and what is to be remembered of them.

    A table brings its own numbers of points; whoever leaves it gets back those from before. A loss
    stays while it fits the task; whoever leaves a regression gets back the loss from before it.

    Raises:
        TableError: If the data are a table that cannot be had.
    """
    same = displaced.data is not None and _source(displaced.data) == _source(before.data)
    held = dict(displaced.values or {}) if same else {}
    values = {**_sizes(before, slot, held), **_loss(before, slot, held)}
    return values, Displaced(slot, held)


def _source(slot: DataSlot) -> tuple[str, str]:
    return slot.name, getattr(slot.options, "hash", "")


def _sizes(before: Experiment, slot: DataSlot, held: dict[str, Any]) -> dict[str, int]:
    """Return new numbers of points where a table comes or goes; ``held`` keeps the old ones."""
    names = ("n_train", "n_validation")
    rows = slot.entry.n_rows(slot.options)
    if rows is None:
        standard = {name: Experiment.model_fields[name].default for name in names}
        # A table that came by a link displaced nothing.
        return {n: held.pop(n, standard[n]) for n in names} if before.data.entry.rows else {}
    if not before.data.entry.rows:
        held |= {name: getattr(before, name) for name in names}
    return dict(zip(names, shares(rows, slot.entry.n_classes(slot.options))))


def shares(rows: int, n_classes: int) -> tuple[int, int]:
    """Return how many rows of a table are trained on, and how many judge, when it is chosen."""
    (least, most), (rest, most_rest) = (
        bounds(Experiment.model_fields[name]) for name in ("n_train", "n_validation")
    )
    train = int(min(max(round(TRAINING_SHARE * rows), least, n_classes), rows - rest, most))
    return train, int(min(rows - train, most_rest))


def _loss(before: Experiment, slot: DataSlot, held: dict[str, Any]) -> dict[str, str]:
    """Return another loss where the task asks for it; ``held`` keeps the old one."""
    task = slot.entry.task_of(slot.options)
    try:
        left = before.task
    except TableMissing:
        left = task
    if before.network.entry.staged:  # whose loss is the mean square, which fits any task
        return {}
    first = next(name for name, loss in LOSSES.items() if task in loss.tasks)
    if left == "regression" and task == "classification":
        return {"loss": held.pop("loss", first)}
    if left == "classification" and task == "regression":
        held["loss"] = before.loss.name
    return {} if task in before.loss.entry.tasks else {"loss": first}
