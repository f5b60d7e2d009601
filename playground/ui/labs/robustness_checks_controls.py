"""The controls of the sanity checks: the other run, the attack, its radii, and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.training.attacked import subject
from playground.training.evaluation_settings import Evaluation
from playground.training.evaluations import Facts, facts_of
from playground.ui import state
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.robustness_source import source_choice
from playground.ui.labs.stored import checkpoint_of

FORM = SHEET.form
_PLACE = "checks."


@dataclass(frozen=True)
class Expected:
    """What a press on the button will do.

    Attributes:
        evaluation: What is tried.
        seconds: About how long that takes.
        words: The same in words.
    """

    evaluation: Evaluation
    seconds: float
    words: str


def controls(settings: Settings, run: RunRecord) -> Expected | None:
    """Draw the controls; return what can be started, ``None`` where there is nothing to attack."""
    other = source_choice(settings, run, "Other run (transfer)", "none: transfer is not checked")
    found = expected(settings, run, other)
    if found is not None:
        _attack(settings, _facts(run.id, run.checkpoint_step, settings.samples))
    return found


def expected(settings: Settings, run: RunRecord, other: RunRecord | None = None) -> Expected | None:
    """Return what can be started; say why there is nothing to attack where that is so.

    Args:
        settings: What is set.
        run: The run that is checked.
        other: The run whose examples are shown to it, none where transfer is not checked.
    """
    try:
        facts = _facts(run.id, run.checkpoint_step, settings.samples)
        theirs = _facts(other.id, other.checkpoint_step, settings.samples) if other else None
    except ValueError as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return None
    evaluation = settings.evaluation.model_copy(update={"source": other.id if other else ""})
    seconds = facts.seconds(evaluation, theirs)
    return Expected(evaluation, seconds, f"Up to about {_duration(seconds)} on a core of its own.")


def _attack(settings: Settings, facts: Facts) -> None:
    options = settings.checks.options
    FORM.field(settings, "samples")
    if facts.samples < settings.samples:
        st.caption(f"The validation set has {facts.samples:,}.")
    for name in ("norm", "loss", "steps", "restarts", "random_start", "alpha"):
        FORM.field(options, name, _PLACE)
    far = facts.greatest[options.norm]
    FORM.field(options, "greatest", _PLACE, placeholder=f"as far as needed: {far:.4g}")
    FORM.field(options, "count", _PLACE)
    FORM.seed(settings, "attack_seed")
    with st.expander("Effort of the checks"):
        FORM.options(options, _PLACE, advanced=True)


@st.cache_data(max_entries=32, show_spinner="The net and its samples are read")
def _facts(run_id: str, step: int, samples: int) -> Facts:
    experiment: Experiment = state.jobs().get(run_id).experiment
    return facts_of(subject(experiment, checkpoint_of(run_id, step), samples))


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:.1f} hours"
