"""The control panels of the playground: network and optimiser."""

from __future__ import annotations

import streamlit as st
from pydantic import BaseModel

from playground.experiment import Experiment
from playground.integrators import InlineTableau
from playground.networks.inputs import suggested_terms
from playground.ui import folds, formulas, state, teaching
from playground.ui.controls import LOCKED, PLAYGROUND, applies
from playground.ui.robust_form import hardening_choice, regularizer_choice
from playground.ui.tableau_form import tableau_form

_TRAINING = ("optimizer", "batch_size", "epochs")
_FOLDED = (
    *("loss", "schedule", "l2", "l1", "clip_norm", "target_accuracy", "early_stop", "patience"),
    *("device", "path", "precision"),
)
_AGAINST = ("hardening", "regularizer")
_STEP_FIELDS = ("step_by", "horizon", "step")


def network_choice(experiment: Experiment) -> None:
    """Draw the family and the scheme, with the step that they take."""
    st.markdown("##### Network")
    fields = Experiment.model_fields
    if not PLAYGROUND.hides("network.choice"):
        _network_choice(experiment)
    if experiment.network.entry.uses_scheme:
        own = _tableau if isinstance(experiment.scheme.options, InlineTableau) else None
        PLAYGROUND.slot(experiment.scheme, "scheme", fields["scheme"], form=own)
    if teaching.rules().hides("formulas"):
        return
    with st.container(key="formulas"):
        for formula in (formulas.field_formula(experiment), formulas.step_formula(experiment)):
            if formula:
                st.latex(formula)
        st.latex(formulas.numbers(experiment))
        st.caption(formulas.evaluations(experiment))


def _tableau(options: InlineTableau) -> None:
    """Draw the form of the tableau, unless the scheme is not to be changed."""
    if teaching.rules().locks("scheme"):
        st.caption(f":material/lock: {LOCKED}")
    elif not PLAYGROUND.hides("scheme"):
        tableau_form(options)


def network_options(experiment: Experiment) -> None:
    """Draw size, step, activation and what else decides the net."""
    options = experiment.network.options
    if experiment.network.entry.takes_images:
        PLAYGROUND.options(options, "network.")
        PLAYGROUND.seed(experiment, "weight_seed")
        return
    _pair(options, "network.", "width", "depth")
    if experiment.network.entry.uses_scheme:
        _step_size(experiment)
    paired = ("inputs", "width", "depth", *_STEP_FIELDS)
    PLAYGROUND.options(options, "network.", skip=paired, advanced=False)
    if _all_hidden("network", "weight_seed"):
        return

    def more() -> None:
        if not PLAYGROUND.hides("network.inputs"):
            _input_features(experiment)
        PLAYGROUND.options(options, "network.", skip=paired, advanced=True)
        PLAYGROUND.seed(experiment, "weight_seed")

    folds.expander("Input features, augmentation, initial weights", "fold:network", more)


def _pair(model: BaseModel, prefix: str, *names: str) -> None:
    """Draw short fields side by side."""
    names = tuple(name for name in names if not PLAYGROUND.hides(prefix + name))
    if not names:
        return
    for column, name in zip(st.columns(len(names), gap="small"), names):
        with column:
            PLAYGROUND.field(model, name, prefix)


def _network_choice(experiment: Experiment) -> None:
    registry = type(experiment.network).registry
    # Nets in stages and on images are not for this page; one that came by a link is shown.
    elsewhere = {n for n, e in registry.items() if e.staged or e.takes_images}
    names = [n for n in registry if n not in elsewhere or n == experiment.network.name]
    st.session_state[PLAYGROUND.key_of("network")] = experiment.network.name
    st.selectbox(
        "Family",
        names,
        index=names.index(experiment.network.name),
        format_func=lambda name: registry[name].label,
        key=PLAYGROUND.key_of("network"),
        on_change=lambda: state.change({"network": st.session_state[PLAYGROUND.key_of("network")]}),
        **PLAYGROUND.lock("network.choice", experiment.network.entry.summary),
    )


def _step_size(experiment: Experiment) -> None:
    """Draw h and T side by side: the one that is given, and the one that follows."""
    options = experiment.network.options
    fields = type(options).model_fields
    PLAYGROUND.field(options, "step_by", "network.")
    given = "horizon" if applies(options, fields["horizon"]) else "step"
    if PLAYGROUND.hides(f"network.{given}"):
        return
    left, right = st.columns([2, 1], vertical_alignment="center")
    with left:
        PLAYGROUND.field(options, given, "network.")
    h = options.step_size(options.depth)
    with right:
        name, value = ("h", h) if given == "horizon" else ("T", h * options.depth)
        st.metric(
            name, f"{value:.4g}", help="h = T / L: what follows from the other and the depth."
        )


def _input_features(experiment: Experiment) -> None:
    options = experiment.network.options
    terms = suggested_terms(experiment.n_features)
    key = PLAYGROUND.key_of("network.inputs")
    raw = [f"x{i + 1}" for i in range(experiment.n_features)]
    chosen = list(options.inputs) or raw
    st.session_state[key] = chosen

    def changed() -> None:
        picked = st.session_state[key]
        state.change({"network.inputs": () if picked in ([], raw) else tuple(picked)})

    field = type(options).model_fields["inputs"]
    st.pills(
        str(field.title),
        list(dict.fromkeys([*raw, *terms, *chosen])),
        selection_mode="multi",
        default=chosen,
        key=key,
        on_change=changed,
        **PLAYGROUND.lock("network.inputs", field.description),
    )


def optimizer_panel(experiment: Experiment) -> None:
    """Draw everything that decides how the weights are trained."""
    if not _all_hidden(*_TRAINING, *_FOLDED, *_AGAINST):
        st.markdown("##### Training")
    fields = Experiment.model_fields
    PLAYGROUND.slot(experiment.optimizer, "optimizer", fields["optimizer"])
    _pair(experiment, "", "batch_size", "epochs")
    if not _all_hidden(*_FOLDED):
        folds.expander(
            "Loss, schedule, penalties, when to stop",
            "fold:training",
            lambda: _training_options(experiment),
        )
    if not _all_hidden(*_AGAINST):
        folds.expander(
            "Against noise and attacks", "fold:against", lambda: _against_attacks(experiment)
        )


def _training_options(experiment: Experiment) -> None:
    for name in _FOLDED:
        if applies(experiment, Experiment.model_fields[name]):
            PLAYGROUND.field(experiment, name)


def _against_attacks(experiment: Experiment) -> None:
    hardening_choice(PLAYGROUND, experiment, experiment)
    if not PLAYGROUND.hides("regularizer"):
        regularizer_choice(PLAYGROUND, experiment)


def _all_hidden(*names: str) -> bool:
    """Return whether nothing would be left of a part of the panel."""
    return all(PLAYGROUND.hides(name) for name in names)
