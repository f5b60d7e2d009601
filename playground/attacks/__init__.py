"""Attacks on a model's inputs, and an evaluation that checks itself.

    x_adv = fgsm(model, x, y, eps=0.1)                    one step
    x_adv = pgd(model, x, y, eps=0.1, steps=20)           many; also L2, margin, restarts, targets
    x_adv = spsa(model, x, y, eps=0.1)                    without gradients
    x_adv = gaussian_noise(model, x, y, eps=0.1)          noise, of a spread or of an attack's norm
    x_adv = transfer(model, x, y, eps=0.1, source=other)  what fools another model
    OverDraws(net, 16)                                    the mean of a randomised net, to be attacked
    curve = accuracy_curve(model, x, y, AttackSlot(name="pgd"), epsilons)
    report = checklist(model, x, y, epsilons)             curves, sanity checks, verdict

``clip=(0, 1)`` is for images; points take ``clip=None``. ``ATTACKS`` lists what can be chosen.
"""

from __future__ import annotations

from playground.attacks.blind import gaussian_noise, spsa, transfer
from playground.attacks.checklist import CLAIMS, Effort, checklist
from playground.attacks.draws import OverDraws, is_randomised
from playground.attacks.evaluation import (
    Curve,
    Gap,
    accuracy_curve,
    paired,
    robust,
    suggested_epsilons,
)
from playground.attacks.gradient import fgsm, pgd
from playground.attacks.presets import TISODE, Preset
from playground.attacks.problem import correct
from playground.attacks.registry import (
    ATTACKS,
    Attack,
    AttackSlot,
    FGSMOptions,
    NoiseOptions,
    PGDOptions,
    SPSAOptions,
    TransferOptions,
    run,
)
from playground.attacks.report import Check, Report, Threat
from playground.attacks.solvers import is_adaptive, with_fixed_steps

__all__ = [
    "ATTACKS",
    "CLAIMS",
    "TISODE",
    "Attack",
    "AttackSlot",
    "Check",
    "Curve",
    "Effort",
    "FGSMOptions",
    "Gap",
    "NoiseOptions",
    "OverDraws",
    "PGDOptions",
    "Preset",
    "Report",
    "SPSAOptions",
    "Threat",
    "TransferOptions",
    "accuracy_curve",
    "checklist",
    "correct",
    "fgsm",
    "gaussian_noise",
    "is_adaptive",
    "is_randomised",
    "paired",
    "pgd",
    "robust",
    "run",
    "spsa",
    "suggested_epsilons",
    "transfer",
    "with_fixed_steps",
]
