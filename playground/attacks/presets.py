"""The settings of published evaluations, as attacks with their options and ε."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.attacks.registry import AttackSlot


@dataclass(frozen=True)
class Preset:
    """One column of a published table.

    Attributes:
        label: What the table calls it.
        attack: The attack and its options.
        eps: Size of the perturbation.
    """

    label: str
    attack: AttackSlot
    eps: float


def _preset(label: str, name: str, eps: float, options: Mapping[str, Any]) -> Preset:
    return Preset(label, AttackSlot(name=name, options=options), eps)


_STEPS = {"loss": "margin", "random_start": False, "steps": 9}

TISODE: tuple[Preset, ...] = (
    _preset("σ = 100", "gaussian_noise", 100 / 255, {}),
    _preset("FGSM-0.3", "fgsm", 0.3, {"loss": "margin"}),
    _preset("FGSM-0.5", "fgsm", 0.5, {"loss": "margin"}),
    _preset("PGD-0.2", "pgd", 0.2, {**_STEPS, "alpha": 0.04}),
    _preset("PGD-0.3", "pgd", 0.3, {**_STEPS, "alpha": 0.06}),
)
"""The perturbations of Yan et al. (2020) on MNIST in [0, 1], as their published code applies them.

The code climbs the margin from the image itself; of the ten iterations that it counts nine move.
Images that are wrong already count as errors.
"""
