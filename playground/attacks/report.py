"""What an evaluation found, as frozen values that can be stored with a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from playground.attacks.evaluation import Curve

Status = Literal["held", "violated", "not checked"]


@dataclass(frozen=True)
class Check:
    """One thing that has to hold where nothing hides the gradient.

    Attributes:
        name: Key of the check.
        claim: What has to hold, in words.
        status: Whether it did.
        finding: What was found, with its numbers, at its worst.
        eps: Where, ``None`` where nothing was computed.
        excess: Difference of the accuracies that should not be, 0 to 1.
        tolerance: What passes for no difference: one point, or two standard errors if they are more.
    """

    name: str
    claim: str
    status: Status
    finding: str
    eps: float | None = None
    excess: float = 0.0
    tolerance: float = 0.0


@dataclass(frozen=True)
class Threat:
    """What the attacker may do, and with how much effort it was tried.

    Attributes:
        norm: What ε bounds.
        clip: Legal range of the values, ``None`` for points.
        samples: Samples that were attacked or were wrong already.
        spsa_samples: How many of them the gradient-free attack was tried on.
        classes: Classes of the model, one over which is chance.
        seed: Seed of what was drawn.
    """

    norm: str
    clip: tuple[float, float] | None
    samples: int
    spsa_samples: int
    classes: int
    seed: int


@dataclass(frozen=True)
class Report:
    """An evaluation with its sanity checks.

    Attributes:
        threat: The threat model.
        clean: Accuracy without an attack.
        curves: Accuracies against ε; the main attack first.
        checks: The checks, in the order in which they are shown.
    """

    threat: Threat
    clean: float
    curves: tuple[Curve, ...]
    checks: tuple[Check, ...]

    @property
    def violated(self) -> tuple[Check, ...]:
        """The checks that did not hold."""
        return tuple(check for check in self.checks if check.status == "violated")

    @property
    def masking_suspected(self) -> bool:
        """Whether any check was violated."""
        return bool(self.violated)

    @property
    def only_weak(self) -> bool:
        """Whether nothing was violated but what more steps or restarts of the attack may settle."""
        return self.masking_suspected and {c.name for c in self.violated} <= {"steps", "restarts"}

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        made = [check for check in self.checks if check.status != "not checked"]
        if not self.violated:
            return (
                f"No sign of gradient masking: all {len(made)} checks that were made held. They cannot "
                "prove robustness; a stronger attack may still exist."
            )
        claims = "; ".join(f"not so: {check.claim}" for check in self.violated)
        advice = " More steps or restarts of the main attack may settle it." * self.only_weak
        return (
            f"Gradient masking suspected, or an attack that is too weak: {len(self.violated)} of "
            f"{len(made)} checks were violated ({claims}). The accuracies under attack are upper "
            f"bounds.{advice}"
        )

    def to_json(self) -> str:
        """Return the report as JSON."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Return the report that ``to_json`` wrote.

        Raises:
            pydantic.ValidationError: For anything else.
        """
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(Report)
