"""Sanity checks of a robustness evaluation, after Carlini et al. (2019), section 4.

Gradients that vanish or mislead make a model look robust. Each check compares two attacks of which
one cannot be the stronger if gradients work; a difference counts beyond one point and two paired
standard errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import Tensor

from playground.attacks.evaluation import (
    Curve,
    Gap,
    Progress,
    accuracy_curve,
    check_epsilons,
    paired,
)
from playground.attacks.gradient import step_size
from playground.attacks.problem import (
    Clip,
    Model,
    all_logits,
    check_count,
    check_inputs,
    correct,
)
from playground.attacks.registry import AttackSlot, PGDOptions, SPSAOptions
from playground.attacks.report import Check, Report, Threat

CLAIMS = {
    "larger_eps": "A larger ε never helps the model",
    "iterative": "Many steps are at least as strong as one",
    "steps": "Twice the steps change nothing",
    "restarts": "Restarts change nothing",
    "noise": "Random noise is weaker than the gradient",
    "transfer": "Examples of another model are weaker than the model's own",
    "spsa": "An attack without gradients is not stronger",
    "solver": "Attacking through fixed steps is not stronger",
    "chance": "At the largest ε the accuracy falls to chance",
}


MAIN = PGDOptions(steps=20, restarts=5)
"""The main attack where none is chosen: strong enough that a small net with plain gradients passes."""


@dataclass(frozen=True)
class Effort:
    """How hard the checks try.

    Attributes:
        restarts: Tries of the check of restarts.
        spsa: Options of the gradient-free attack; its norm is that of the main attack.
        spsa_samples: How many samples it is tried on, the first ones.
    """

    restarts: int = 5
    spsa: SPSAOptions = field(default_factory=SPSAOptions)
    spsa_samples: int = 100

    def __post_init__(self) -> None:
        check_count("restarts", self.restarts, 2)
        check_count("spsa_samples", self.spsa_samples)


def checklist(
    model: Model,
    x: Tensor,
    y: Tensor,
    epsilons: Sequence[float],
    *,
    attack: PGDOptions | None = None,
    clip: Clip = (0.0, 1.0),
    source: Model | None = None,
    fixed: Model | None = None,
    effort: Effort | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Evaluate a model under attack, and check the evaluation.

    Samples that are wrong already count as errors throughout.

    Args:
        model: A module or a function that returns logits ``(batch, classes)``.
        x: Inputs ``(batch, …)`` inside the clip range, at least one.
        y: True classes ``(batch,)``.
        epsilons: Rising sizes of the perturbation; the last one should leave no hope.
        attack: Options of the main attack, PGD, untargeted; ``MAIN`` without. Ten steps from one start
            often stop short of the worst case, which the checks of steps and restarts then report.
        clip: Legal range of the values, ``None`` for points.
        source: Another model trained on the same task, for the check of transfer.
        fixed: The same net with fixed steps (``with_fixed_steps``), where the model's solver chooses
            its own.
        effort: How hard to try.
        seed: Seed of what is drawn.
        batch_size: Inputs at once.
        progress: Told what is being computed, and the share that is done.

    Returns:
        The report: curves and checks.

    Raises:
        ValueError: For inputs or settings that are not legal.
    """
    attack = MAIN if attack is None else attack
    if attack.target != "none":
        raise ValueError(f"target: {attack.target!r} is not legal here; legal is none")
    epsilons = check_epsilons(epsilons)
    y = check_inputs(x, y, clip)
    effort = Effort() if effort is None else effort
    bench = _Bench(model, x, y, clip, seed, batch_size, progress)
    curves = _curves(bench, attack, epsilons, source, fixed)
    sharp = _sharp(curves["pgd"], bench.clean)
    spent = _expensive(bench, attack, sharp, effort)
    checks = _checks(curves, spent, bench.classes)
    threat = Threat(
        attack.norm, clip, len(x), min(len(x), effort.spsa_samples), bench.classes, seed
    )
    bench.tell("done", 1.0)
    return Report(threat, bench.clean, tuple((curves | spent).values()), checks)


class _Bench:
    """The model and the samples, with what all curves share."""

    def __init__(
        self,
        model: Model,
        x: Tensor,
        y: Tensor,
        clip: Clip,
        seed: int,
        batch_size: int | None,
        progress: Progress | None,
    ) -> None:
        self.model, self.x, self.y = model, x, y
        self.shared: dict[str, Any] = {"clip": clip, "seed": seed, "batch_size": batch_size}
        self.classes = all_logits(model, x[:1]).shape[1]
        self.clean = float(correct(model, x, y, batch_size).float().mean())
        self.progress = progress
        self.done = 0.0

    def tell(self, what: str, share: float) -> None:
        """Say what is being computed."""
        if self.progress is not None:
            self.progress(what, min(share, 1.0))

    def curve(
        self,
        label: str,
        name: str,
        options: dict[str, Any],
        epsilons: Iterable[float],
        share: float,
        samples: int | None = None,
        **more: Any,
    ) -> Curve:
        """Return one curve; it is so much of the whole work."""
        curve = accuracy_curve(
            self.model,
            self.x[:samples],
            self.y[:samples],
            AttackSlot(name=name, options=options),
            tuple(epsilons),
            label=label,
            progress=lambda what, part: self.tell(what, self.done + part * share),
            **self.shared,
            **more,
        )
        self.done += share
        return curve


def _curves(
    bench: _Bench,
    attack: PGDOptions,
    epsilons: tuple[float, ...],
    source: Model | None,
    fixed: Model | None,
) -> dict[str, Curve]:
    """Return the accuracies at every ε."""
    options = attack.model_dump()
    one = {"norm": attack.norm, "loss": attack.loss}
    curves = {
        "pgd": bench.curve("PGD", "pgd", options, epsilons, 0.15),
        "fgsm": bench.curve("FGSM", "fgsm", one, epsilons, 0.02),
        "noise": bench.curve(
            "Gaussian noise", "gaussian_noise", {"norm": attack.norm}, epsilons, 0.02
        ),
    }
    if source is not None:
        curves["transfer"] = bench.curve(
            "Transfer", "transfer", options, epsilons, 0.15, source=source
        )
    if fixed is not None:
        curves["solver"] = bench.curve(
            "PGD through fixed steps", "transfer", options, epsilons, 0.1, source=fixed
        )
    return curves


def _sharp(curve: Curve, clean: float) -> tuple[float, ...]:
    """Return where differences show best: the ε that halves the accuracy, and the largest one."""
    distances = [abs(a - clean / 2) for a in curve.accuracies]
    half = curve.epsilons[int(np.argmin(distances))]
    return tuple(sorted({half, curve.epsilons[-1]}))


def _expensive(
    bench: _Bench, attack: PGDOptions, sharp: tuple[float, ...], effort: Effort
) -> dict[str, Curve]:
    """Return the curves of the attacks that take long, at a few ε only."""
    options = attack.model_dump()
    restarts = max(effort.restarts, 2 * attack.restarts)
    spsa = {**effort.spsa.model_dump(), "norm": attack.norm}
    return {
        "steps": _doubled(bench, attack, sharp),
        "restarts": bench.curve(
            f"PGD, {restarts} restarts", "pgd", {**options, "restarts": restarts}, sharp, 0.2
        ),
        "spsa": bench.curve("SPSA", "spsa", spsa, sharp, 0.2, samples=effort.spsa_samples),
    }


def _doubled(bench: _Bench, attack: PGDOptions, sharp: tuple[float, ...]) -> Curve:
    """Return the curve of twice the steps, each as long as before."""
    curves = []
    for eps in sharp:
        alpha = step_size(eps, attack.steps, attack.alpha or None)
        changed = {"steps": 2 * attack.steps, "alpha": alpha}
        options = attack.model_dump() | changed
        curves.append(bench.curve("PGD, twice the steps", "pgd", options, [eps], 0.08))
    outcomes = tuple(text for curve in curves for text in curve.outcomes)
    kept = {**curves[-1].options, "alpha": attack.alpha}
    return replace(curves[-1], options=kept, epsilons=sharp, outcomes=outcomes)


def _checks(curves: dict[str, Curve], spent: dict[str, Curve], classes: int) -> tuple[Check, ...]:
    """Return all checks, those without a curve as not made."""
    pgd, found = curves["pgd"], curves | spent
    whys = {
        "transfer": "no other model was given",
        "solver": "the steps are fixed already, or no such net was given",
    }
    checks = {"larger_eps": _larger(pgd)}
    for name in ("fgsm", "noise", "transfer", "spsa", "solver"):
        key = "iterative" if name == "fgsm" else name
        checks[key] = _weaker(key, pgd, found[name]) if name in found else _omitted(key, whys[name])
    for name in ("steps", "restarts"):
        checks[name] = _weaker(name, pgd, found[name], both=True)
    checks["chance"] = _chance(pgd, classes)
    return tuple(checks[name] for name in CLAIMS)


def _omitted(name: str, why: str) -> Check:
    return Check(name, CLAIMS[name], "not checked", f"Not checked: {why}.")


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _check(name: str, eps: float, gap: Gap, excess: float, text: str) -> Check:
    violated = excess > gap.tolerance
    text += f" (tolerance {_points(gap.tolerance)})."
    status = "violated" if violated else "held"
    return Check(name, CLAIMS[name], status, text, eps, excess, gap.tolerance)


def _worst(checks: Iterable[Check]) -> Check:
    """Return the check that is most above its tolerance."""
    return max(checks, key=lambda check: check.excess - check.tolerance)


def _larger(pgd: Curve) -> Check:
    """Compare every ε with the most successful smaller one."""
    if len(pgd.epsilons) < 2:
        return _omitted("larger_eps", "there is one ε only")
    checks, accuracies = [], pgd.accuracies
    for i in range(1, len(pgd.epsilons)):
        lower = int(np.argmin(accuracies[:i]))
        eps, before = pgd.epsilons[i], pgd.epsilons[lower]
        gap = paired(pgd.right(eps), pgd.right(before))
        text = (
            f"At ε = {eps:.3g} PGD leaves {_points(accuracies[i])} %, at {before:.3g} "
            f"{_points(accuracies[lower])} %"
        )
        checks.append(_check("larger_eps", eps, gap, gap.mean, text))
    return _worst(checks)


def _weaker(name: str, pgd: Curve, other: Curve, both: bool = False) -> Check:
    """Compare the main attack with one that should leave a higher accuracy, or with ``both`` the same."""
    checks = []
    for eps in other.epsilons:
        theirs = other.right(eps)
        ours = pgd.right(eps)[: len(theirs)]
        gap = paired(ours, theirs)
        excess = abs(gap.mean) if both else gap.mean
        text = (
            f"At ε = {eps:.3g} PGD leaves {_points(ours.mean())} %, {other.label} "
            f"{_points(theirs.mean())} %"
        )
        checks.append(_check(name, eps, gap, excess, text))
    return _worst(checks)


def _chance(pgd: Curve, classes: int) -> Check:
    """Compare the accuracy at the largest ε with that of guessing."""
    accuracy, error, eps = pgd.accuracies[-1], pgd.errors[-1], pgd.epsilons[-1]
    excess = max(0.0, accuracy - 1 / classes)
    text = (
        f"At ε = {eps:.3g} PGD leaves {_points(accuracy)} %; chance is {_points(1 / classes)} %. If ε is "
        "too small to erase what is in an input, choose a larger one"
    )
    return _check("chance", eps, Gap(excess, error), excess, text)
