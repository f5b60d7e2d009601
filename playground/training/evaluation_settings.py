"""What can be set of a robustness evaluation with its sanity checks."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from pydantic import field_validator

from playground.attacks import Effort, PGDOptions, SPSAOptions
from playground.attacks.problem import LossName, Norm
from playground.attacks.registry import NORM_LABELS
from playground.registry import Entry, Options, Registry, Slot, option


class ChecklistOptions(Options):
    """Options of the attack that is checked, of its radii, and of the checks."""

    norm: Norm = option(
        "linf",
        label="Norm",
        help="What ε bounds: the change of every value apart (L∞), or that of all together (L2).",
        labels=NORM_LABELS,
    )
    loss: LossName = option(
        "ce",
        label="Loss",
        help="What PGD and FGSM climb: the cross-entropy, or the margin log p_y − max log p_other, which "
        "does not vanish where the model is sure.",
        labels={"ce": "cross-entropy", "margin": "margin"},
    )
    steps: int = option(
        20, label="Steps", help="Steps of PGD; a check takes twice as many.", ge=1, le=500, log=True
    )
    restarts: int = option(
        5,
        label="Restarts",
        help="Tries of PGD for every input, from the second on from random starts; the best one counts.",
        ge=1,
        le=20,
    )
    random_start: bool = option(
        True, label="Random start", help="Start anywhere in the ball instead of at the input."
    )
    alpha: float = option(
        0.0,
        label="Step size α",
        help="Length of one step in the units of the inputs; 0 takes 2.5 ε / steps.",
        ge=0,
        le=100,
    )
    greatest: float | None = option(
        None,
        label="Greatest ε",
        help="Largest perturbation; empty or 0 goes as far as is needed to leave no hope: half the range "
        "of an image's values, or the greatest distance of a point from the mean.",
        ge=0,
        le=1000,
    )
    count: int = option(
        11, label="Number of ε", help="Equidistant sizes from 0 to the greatest.", ge=2, le=41
    )
    retries: int = option(
        5,
        label="Restarts of the check",
        help="Tries in the check of restarts; twice those of the attack, where that is more.",
        ge=2,
        le=40,
        advanced=True,
    )
    spsa_samples: int = option(
        100,
        label="Samples for SPSA",
        help="The gradient-free attack is tried on so many samples, the first ones.",
        ge=2,
        le=2000,
        advanced=True,
    )
    spsa_steps: int = option(
        20,
        label="Steps of SPSA",
        help="Steps along an estimated gradient.",
        ge=1,
        le=500,
        log=True,
        advanced=True,
    )
    spsa_directions: int = option(
        64,
        label="Directions of SPSA",
        help="Pairs of points that estimate one gradient; the more values an input has, the more.",
        ge=1,
        le=2048,
        log=True,
        advanced=True,
    )

    @field_validator("greatest")
    @classmethod
    def _none_for_zero(cls, greatest: float | None) -> float | None:
        return greatest or None

    @property
    def attack(self) -> PGDOptions:
        """The main attack."""
        own = ("norm", "loss", "steps", "restarts", "random_start", "alpha")
        return PGDOptions(**{name: getattr(self, name) for name in own})

    @property
    def effort(self) -> Effort:
        """How hard the checks try."""
        spsa = SPSAOptions(steps=self.spsa_steps, samples=self.spsa_directions)
        return Effort(self.retries, spsa, self.spsa_samples)


CHECKLISTS: Registry[Entry] = Registry("checklist")
CHECKLISTS.add(
    Entry(
        name="carlini",
        label="Carlini et al.",
        summary="Attacks that have to agree where nothing hides the gradient.",
        reference="Carlini et al. (2019), arXiv:1902.06705, section 4",
        options=ChecklistOptions,
    )
)


class ChecklistSlot(Slot):
    """The list of checks with its options."""

    registry: ClassVar[Registry[Any]] = CHECKLISTS


class Evaluation(ChecklistOptions):
    """One evaluation of a stored net, described completely."""

    samples: int = option(
        300, label="Samples", help="The first ones of the validation set.", ge=2, le=10_000
    )
    seed: int = option(0, label="Seed", help="Seed of what is drawn.", ge=0, le=2**31 - 1)
    source: str = option(
        "", label="Other run", help="Id of the run whose examples are tried too; empty for none."
    )

    @property
    def key(self) -> str:
        """Text that is the same for equal evaluations and for no others."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]

    @property
    def options(self) -> ChecklistOptions:
        """The options alone."""
        names = ChecklistOptions.model_fields
        return ChecklistOptions(**{name: getattr(self, name) for name in names})
