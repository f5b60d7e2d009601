"""Stored nets as attacks need them, and what their outcomes are kept by."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from playground.attacks import AttackSlot
from playground.jobs import RunRecord
from playground.training.attack_curves import gradients_of, seconds_of
from playground.training.attacked import Subject
from playground.training.slices import Work
from playground.ui.labs.robustness_subjects import subject_at


@st.cache_data(max_entries=256, show_spinner=False)
def gradient_seconds(run_id: str, step: int, samples: int) -> float:
    """Return the seconds of a gradient of a run's net for one sample."""
    return seconds_of(subject_at(run_id, step, samples))


def subject_now(run: RunRecord, samples: int) -> Subject:
    """Return the net of a run at its last step, with samples of its validation set."""
    return subject_at(run.id, run.checkpoint_step, samples)


def key_of(
    run: RunRecord, samples: int, seed: int, attack: AttackSlot, eps: float, source: str = ""
) -> Hashable:
    """Return the key under which an outcome is kept: all that it depends on."""
    return run.id, run.checkpoint_step, samples, seed, attack.model_dump_json(), eps, source


def attack_seconds(run: tuple[str, int], samples: int, attack: AttackSlot) -> float:
    """Return about how many seconds one attack on a run's samples will take.

    Args:
        run: Id and step.
        samples: Of the validation set, as many as it has.
        attack: The attack.
    """
    once = gradient_seconds(*run, samples) * len(subject_at(*run, samples).x)
    return once * gradients_of(attack)


def expected_seconds(samples: int, work: Work) -> float:
    """Return the seconds that outcomes will take; nothing is attacked where ε is zero.

    Args:
        samples: Attacked samples of each.
        work: By keys of ``key_of``.
    """
    return sum(
        attack_seconds((run_id, step), samples, AttackSlot.model_validate_json(attack))
        for run_id, step, _, _, attack, eps, _ in work
        if eps > 0
    )
