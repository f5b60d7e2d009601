"""What an honest page says beside accuracies under attack: the attack, the samples, the spread."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from playground.attacks import AttackSlot
from playground.attacks.registry import NORM_LABELS
from playground.experiment import Experiment
from playground.registry import hint
from playground.training.attack_curves import norm_of
from playground.training.attacked import Subject
from playground.training.estimates import estimate
from playground.ui.labs.robustness_settings import Settings


def axis_title(attack: AttackSlot) -> str:
    """Return what ε is under an attack, with its unit."""
    if getattr(attack.options, "norm", "") == "sigma":
        return "σ of the noise (units of the inputs)"
    return f"ε, greatest {NORM_LABELS[norm_of(attack)]} norm of the change (units of the inputs)"


def options_words(attack: AttackSlot) -> str:
    """Return all options of an attack in words."""
    options, words = attack.options, []
    for name, field in type(options).model_fields.items():
        value = getattr(options, name)
        if name == "alpha" and value == 0:
            told = "2.5 ε / steps"
        elif isinstance(value, bool):
            told = "yes" if value else "no"
        else:
            told = str(hint(field, "labels", {}).get(value, value))
        words.append(f"{str(field.title)[0].lower()}{str(field.title)[1:]} {told}")
    return ", ".join(words)


def attack_words(attack: AttackSlot, subject: Subject, top: float, settings: Settings) -> str:
    """Return everything that decides a curve beside the net, in Markdown."""
    clip = (
        "the inputs may lie anywhere"
        if subject.clip is None
        else f"inputs stay in [{subject.clip[0]:g}, {subject.clip[1]:g}]"
    )
    far = "" if settings.curve_top else ", as far as any input can be made to say nothing"
    knows = {
        "nothing": "knows nothing of the net",
        "logits": "sees the net's outputs only",
        "gradient": "knows the net and its gradients",
        "another": "knows another net only",
    }[attack.entry.knows]
    return (
        f"**{attack.entry.label}** ({knows}): {options_words(attack)}; seed {settings.attack_seed}; "
        f"{len(subject.x):,} samples of the validation set, wrong ones counted as wrong; {clip}. "
        f"{settings.curve_count} sizes up to **ε = {top:g}**{far}."
    )


def sure_words(rows: pd.DataFrame, subject: Subject, asked: int) -> str:
    """Return what the spread is, and what a curve cannot show."""
    counts = rows.groupby("model")["repetition"].nunique()
    n = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    size = len(subject.x)
    fewer = f" ({asked:,} were asked for)" if size < asked else ""
    repeated = (
        "One training of each net, which says nothing of how much another one would differ. From "
        if n == "1"
        else f"Thick: mean over {n} repetitions, with a band of ± one standard deviation (of a sample) "
        "over initial weights and the order of the batches; the data are the same. Thin: each "
        "repetition. From "
    )
    error = f"± {50 / size**0.5:.1f} points (one standard error)"
    return (
        f"{repeated}{size:,} samples{fewer} alone an accuracy of 50 % is known to {error}. "
        "Each curve is an **upper bound**: a stronger attack may find more. ε = 0 is the clean accuracy."
    )


def training_words(experiments: Sequence[Experiment]) -> str:
    """Return how long some trainings will take, roughly."""
    seconds = sum(_estimated(each.model_dump_json()) for each in experiments)
    told = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:,.0f} minutes"
    told = "a second or two" if seconds < 1.5 else told
    several = (
        f"All {len(experiments)} trainings together take" if len(experiments) > 1 else "It takes"
    )
    return f"{several} about {told} of one core, by an estimate that is good to a factor of three."


@st.cache_data(max_entries=512, show_spinner=False)
def _estimated(experiment: str) -> float:
    return estimate(Experiment.model_validate_json(experiment)).seconds
