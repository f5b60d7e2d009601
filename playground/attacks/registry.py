"""The attacks that can be chosen, each with its options: ``ATTACKS``, and ``run``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor

from playground.attacks.blind import gaussian_noise, spsa, transfer
from playground.attacks.gradient import fgsm, pgd
from playground.attacks.problem import Clip, LossName, Model, Norm, Watch
from playground.registry import Entry, Options, Registry, Slot, option

NORM_LABELS = {"linf": "L∞", "l2": "L2"}


def _norm() -> Any:
    return option(
        "linf",
        label="Norm",
        help="What ε bounds: the change of every value apart (L∞), or that of all together (L2).",
        labels=NORM_LABELS,
    )


def _loss(default: str) -> Any:
    return option(
        default,
        label="Loss",
        help="What the attack climbs: the cross-entropy, or the margin log p_y − max log p_other, "
        "which does not vanish where the model is sure.",
        labels={"ce": "cross-entropy", "margin": "margin"},
    )


def _alpha() -> Any:
    return option(
        0.0,
        label="Step size α",
        help="Length of one step in the units of the inputs; 0 takes 2.5 ε / steps.",
        ge=0,
        le=100,
    )


class NoiseOptions(Options):
    """Options of Gaussian noise."""

    norm: Literal["sigma", "linf", "l2"] = option(
        "sigma",
        label="ε is",
        help="The standard deviation σ of every value, or the norm to which the noise of each input is "
        "scaled, as an attack would have it.",
        labels={"sigma": "σ", **NORM_LABELS},
    )


class FGSMOptions(Options):
    """Options of the one-step attack."""

    norm: Norm = _norm()
    loss: LossName = _loss("ce")
    target: Literal["none", "next", "least_likely"] = option(
        "none",
        label="Target",
        help="Any wrong class, the class after the true one, or the one that the model finds least "
        "likely.",
        labels={"none": "any wrong class", "next": "next class", "least_likely": "least likely"},
        advanced=True,
    )


class PGDOptions(FGSMOptions):
    """Options of projected gradient descent."""

    steps: int = option(10, label="Steps", help="Number of steps.", ge=1, le=1000, log=True)
    alpha: float = _alpha()
    random_start: bool = option(
        True, label="Random start", help="Start anywhere in the ball instead of at the input."
    )
    restarts: int = option(
        1,
        label="Restarts",
        help="Tries for every input, from the second on from random starts; the best one counts.",
        ge=1,
        le=100,
    )


class TransferOptions(PGDOptions):
    """Options of examples that are made on another model."""


class SPSAOptions(FGSMOptions):
    """Options of the gradient-free attack."""

    loss: LossName = _loss("margin")
    steps: int = option(20, label="Steps", help="Number of steps.", ge=1, le=1000, log=True)
    alpha: float = _alpha()
    samples: int = option(
        64,
        label="Directions",
        help="Pairs of points that estimate one gradient; the more values an input has, the more.",
        ge=1,
        le=8192,
        log=True,
    )
    delta: float = option(
        0.01,
        label="Distance δ",
        help="How far from the input the loss is compared, on either side.",
        ge=1e-6,
        le=10,
        log=True,
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class Attack(Entry):
    """An attack.

    Attributes:
        function: ``(model, x, y, *, eps, clip, …) -> x_adv``.
        knows: What it is given: nothing, the ``"logits"``, the ``"gradient"``, or ``"another"`` model.
        random: Whether it draws numbers, and takes a seed.
    """

    function: Callable[..., Tensor]
    knows: Literal["nothing", "logits", "gradient", "another"]
    random: bool = True


ATTACKS: Registry[Attack] = Registry("attack")


class AttackSlot(Slot):
    """A choice of an attack with its options."""

    registry: ClassVar[Registry[Attack]] = ATTACKS


ATTACKS.add(
    Attack(
        name="gaussian_noise",
        label="Gaussian noise",
        summary="Noise that knows nothing of the model; what an attack has to beat.",
        options=NoiseOptions,
        function=gaussian_noise,
        knows="nothing",
    )
)
ATTACKS.add(
    Attack(
        name="fgsm",
        label="FGSM",
        summary="One step of length ε along the gradient.",
        reference="Goodfellow, Shlens and Szegedy (2015)",
        options=FGSMOptions,
        function=fgsm,
        knows="gradient",
        random=False,
    )
)
ATTACKS.add(
    Attack(
        name="pgd",
        label="PGD",
        summary="Many small steps along the gradient, each projected back into the ball.",
        reference="Madry et al. (2018)",
        options=PGDOptions,
        function=pgd,
        knows="gradient",
    )
)
ATTACKS.add(
    Attack(
        name="spsa",
        label="SPSA",
        summary="Steps along a gradient that is estimated from the logits at pairs of random points.",
        reference="Uesato et al. (2018)",
        options=SPSAOptions,
        function=spsa,
        knows="logits",
    )
)
ATTACKS.add(
    Attack(
        name="transfer",
        label="Transfer",
        summary="PGD on another model, whose examples are shown to this one.",
        reference="Papernot, McDaniel and Goodfellow (2016)",
        options=TransferOptions,
        function=transfer,
        knows="another",
    )
)


def run(
    attack: AttackSlot,
    model: Model,
    x: Tensor,
    y: Tensor,
    *,
    eps: float,
    clip: Clip = (0.0, 1.0),
    source: Model | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Run an attack with its options.

    Args:
        attack: The attack and its options.
        model: A module or a function that returns logits ``(batch, classes)``.
        x: Inputs ``(batch, …)`` inside the clip range.
        y: True classes ``(batch,)``.
        eps: Size of the perturbation.
        clip: Legal range of the values, ``None`` for points.
        source: The other model of ``transfer``.
        seed: Seed of what is drawn.
        batch_size: Inputs at once.
        watch: Told where the inputs are at the start and after each step, if there are steps; see the
            attacks.

    Returns:
        Inputs of the shape of ``x``.

    Raises:
        ValueError: For inputs or settings that are not legal, or a transfer without a source.
    """
    settings = attack.options.model_dump()
    if settings.get("target") == "none":
        settings["target"] = None
    if settings.get("alpha") == 0:
        settings["alpha"] = None
    if attack.entry.random:
        settings["seed"] = seed
    if attack.entry.knows == "another":
        if source is None:
            raise ValueError("source: 'transfer' needs another model, none was given")
        settings["source"] = source
    settings |= {"eps": eps, "clip": clip, "batch_size": batch_size, "watch": watch}
    return attack.entry.function(model, x, y, **settings)
