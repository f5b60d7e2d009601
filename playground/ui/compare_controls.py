"""The controls of the comparison: data and seeds for all nets, and for each net what tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.integrators import InlineTableau
from playground.registry import Options, applies
from playground.ui import compare_state, state
from playground.ui.compare_settings import LETTERS
from playground.ui.controls import Form
from playground.ui.data_panel import OWN, in_gallery
from playground.ui.home_page import PLAYGROUND
from playground.ui.robust_form import hardening_choice, regularizer_choice

_ROWS = (("width", "depth"), ("activation", "horizon", "step"))  # of which one step applies
_FIRST = tuple(name for row in _ROWS for name in row)
_TRAINING = ("batch_size", "epochs", "l2", "l1", "clip_norm", "target_accuracy", "early_stop")
_DEEPER = ("patience", "device", "path", "precision")


@cache
def _form(letter: str) -> Form:
    index = LETTERS.index(letter)
    return Form(f"compare:{letter}", lambda values: compare_state.change(index, values))


@cache
def _all() -> Form:
    """Return the form of what is set for all nets at once."""

    def change(values: dict[str, Any]) -> None:
        if "epochs" in values:
            compare_state.change_all("epochs", values["epochs"])
        else:
            compare_state.change(0, values)

    return Form("compare:all", change)


def shared_controls() -> None:
    """Draw data, sizes, seeds and epochs: what is the same for all nets."""
    experiment, form = compare_state.nets().experiments[0], _all()
    fields = Experiment.model_fields
    widths = [2.2, 1.2, 1.2, 1.5, 1.5, 1.2, 1.1]
    columns = st.columns(widths, gap="small", vertical_alignment="bottom")
    with columns[0]:
        form.slot(
            experiment.data,
            "data",
            fields["data"],
            only=in_gallery(experiment.data.name),
            form=lambda options: None,
        )
    for column, name in zip(columns[1:3], ("n_train", "n_validation")):
        with column:
            form.field(experiment, name)
    for column, name in zip(columns[3:5], ("data_seed", "weight_seed")):
        with column:
            form.seed(experiment, name)
    with columns[5]:
        form.field(experiment, "epochs")
    with columns[6], st.popover("Options", icon=":material/tune:", width="stretch"):
        st.caption(f"**{experiment.data.entry.label}** · {experiment.data.entry.summary}")
        form.options(experiment.data.options, "data.", skip=("hash",))
    if experiment.data.name == OWN:
        st.caption("Own data are brought on the playground; they are the same for all nets here.")


def net_controls(index: int) -> None:
    """Draw what can be set of one net, and what can be done with it."""
    letter, experiment = LETTERS[index], compare_state.nets().experiments[index]
    form, fields = _form(letter), Experiment.model_fields
    _head(index, letter)
    form.slot(
        experiment.network,
        "network",
        fields["network"],
        only=_families(experiment),
        form=lambda options: None,
    )
    if experiment.network.entry.uses_scheme:
        own = isinstance(experiment.scheme.options, InlineTableau)
        form.slot(
            experiment.scheme,
            "scheme",
            fields["scheme"],
            form=(lambda options: st.caption("A tableau of one's own.")) if own else None,
        )
    _size(form, experiment)
    _optimizer(form, experiment)
    if st.toggle(
        "More settings",
        key=f"compare:{letter}:more",
        help="All settings of this net, as in the playground.",
    ):
        _more(form, experiment)


def _families(experiment: Experiment) -> list[str]:
    """Return the nets to choose from: those on points, and the one that is shown."""
    registry = type(experiment.network).registry
    return [name for name, entry in registry.items() if not (entry.staged or entry.takes_images)]


def _head(index: int, letter: str) -> None:
    count = len(compare_state.nets().experiments)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Net {letter.upper()}**", width="stretch")
        opened = st.button(
            "",
            icon=":material/open_in_new:",
            key=f"compare:{letter}:open",
            type="tertiary",
            help="Open in the playground",
        )
        _small(letter, "duplicate", "content_copy", "Duplicate", index, disabled=count == 4)
        _small(letter, "remove", "close", "Remove", index, disabled=count == 1)
    if opened:
        _open(index)


def _small(letter: str, act: str, icon: str, text: str, index: int, *, disabled: bool) -> None:
    act_on: Callable[[int], None] = getattr(compare_state, act)
    st.button(
        "",
        icon=f":material/{icon}:",
        key=f"compare:{letter}:{act}",
        type="tertiary",
        help=text,
        disabled=disabled,
        on_click=act_on,
        args=(index,),
    )


def _open(index: int) -> None:
    """Go to the playground with a net, and with its run."""
    run = compare_state.records()[index]
    left = state.run_id()
    if left is not None and left not in compare_state.nets().runs:
        state.release(left)
    if run is not None:
        state.show_run(run)
    else:
        state.show_settings(compare_state.nets().experiments[index])
    st.switch_page(PLAYGROUND)


def _size(form: Form, experiment: Experiment) -> None:
    """Draw width, depth, activation and step of a net, two in a row."""
    options = experiment.network.options
    if experiment.network.entry.takes_images:
        form.options(options, "network.", advanced=False)
        return
    for row in _ROWS:
        there = [name for name in row if _applies(options, name)]
        for column, name in zip(st.columns(2, gap="small"), there):
            with column:
                form.field(options, name, "network.")


def _applies(options: Options, name: str) -> bool:
    field = type(options).model_fields.get(name)
    return field is not None and applies(options, field)


def _optimizer(form: Form, experiment: Experiment) -> None:
    """Draw the optimiser, and its rate beside it."""
    left, right = st.columns(2, gap="small")
    fields, options = Experiment.model_fields, experiment.optimizer.options
    with left:
        form.slot(experiment.optimizer, "optimizer", fields["optimizer"], form=lambda options: None)
    with right:
        if "inner" in type(options).model_fields:
            form.field(options.inner.options, "learning_rate", "optimizer.inner.")
        else:
            form.field(options, "learning_rate", "optimizer.")


def _more(form: Form, experiment: Experiment) -> None:
    """Draw all other settings of one net; they are few enough only while nobody else's are drawn."""
    options, fields = experiment.network.options, Experiment.model_fields
    form.options(options, "network.", skip=_FIRST, advanced=None)
    form.options(experiment.optimizer.options, "optimizer.", skip=("learning_rate",))
    for name in (*_TRAINING, *_DEEPER):
        if applies(experiment, fields[name]):
            form.field(experiment, name)
    for name in ("loss", "schedule"):
        form.slot(getattr(experiment, name), name, fields[name])
    hardening_choice(form, experiment, experiment)
    regularizer_choice(form, experiment)
