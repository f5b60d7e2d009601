"""How the inputs of a training are made harder, so that the net stands what it will meet later.

The draws and attacks themselves are made in ``playground.training.hardening``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from playground.registry import Entry, Options, Registry, option


@dataclass(frozen=True, kw_only=True)
class Hardening(Entry):
    """A way to harden.

    Attributes:
        words: What is done to each batch, for those who ask why compiled kernels are not taken; empty
            where nothing is.
        needs_classes: Whether it asks for the classes of the inputs, which a regression has none of.
        gradients: How many gradients it takes for each one of the training, by its options.
    """

    words: str = ""
    needs_classes: bool = False
    gradients: Callable[[Any], float] = lambda _: 0.0


HARDENINGS: Registry[Hardening] = Registry("hardening")


class NoiseOptions(Options):
    """Options of the training on noise; the defaults are those of Yan et al. (2020) on images."""

    share: float = option(
        0.5,
        label="Share with noise",
        help="Probability that a sample of a batch gets noise.",
        ge=0,
        le=1,
        step=0.05,
    )
    least: float = option(
        50 / 255,
        label="Noise from",
        help="First level: standard deviation of the noise, in the units of the inputs; black is 0 and "
        "white is 1, and images stay between.",
        ge=0,
        le=100,
    )
    greatest: float = option(
        100 / 255,
        label="Noise to",
        help="Last level: standard deviation of the noise, in the units of the inputs.",
        ge=0,
        le=100,
    )
    count: int = option(
        3,
        label="Noise levels",
        help="Each sample with noise draws one of so many equidistant levels; one: the first alone.",
        ge=1,
        le=20,
    )

    @property
    def levels(self) -> tuple[float, ...]:
        """The standard deviations that are drawn from."""
        if self.count == 1:
            return (self.least,)
        gap = (self.greatest - self.least) / (self.count - 1)
        return (*(self.least + i * gap for i in range(self.count - 1)), self.greatest)


class AdversarialOptions(Options):
    """Options of the training on attacked inputs."""

    eps: float = option(
        0.1,
        label="Radius ε",
        help="How far an input may be moved, in its own units; black is 0 and white is 1.",
        ge=0,
        le=10,
    )
    norm: Literal["linf", "l2"] = option(
        "linf",
        label="Norm",
        help="Whether ε limits every value by itself or the Euclidean length of the whole move.",
        labels={"linf": "L∞", "l2": "L2"},
    )
    steps: int = option(
        7, label="Attack steps", help="Steps of the attack on each batch.", ge=1, le=100
    )
    alpha: float = option(
        0.0,
        label="Attack step size",
        help="Length of one step of the attack; zero: 2.5 ε / steps.",
        ge=0,
        le=10,
        advanced=True,
    )
    random_start: bool = option(
        True,
        label="Random start",
        help="Begin the attack anywhere in the ball of radius ε instead of at the input.",
        advanced=True,
    )
    share: float = option(
        1.0,
        label="Share attacked",
        help="Share of each batch that is attacked; the rest is trained on as it is.",
        ge=0,
        le=1,
        step=0.05,
        advanced=True,
    )

    @property
    def step_size(self) -> float | None:
        """Length of a step as ``playground.attacks.pgd`` takes it: ``None`` for its own choice."""
        return self.alpha or None


def unfit(name: str, *, task: str, n_outputs: int, staged: bool) -> str:
    """Return why a hardening is not legal for a training, in words; nothing where it is.

    Args:
        name: The hardening.
        task: ``classification`` or ``regression``.
        n_outputs: Classes, or components of the target.
        staged: Whether the net is trained in stages, each on what the ones before have left.
    """
    entry = HARDENINGS[name]
    if not entry.words:
        return ""
    if staged:
        return (
            f"{name!r} is not legal for a net whose stages learn what is left at the points as they "
            "are; legal is none"
        )
    if entry.needs_classes and (task != "classification" or n_outputs < 2):
        legal = ", ".join(n for n, e in HARDENINGS.items() if not e.needs_classes)
        return (
            f"{name!r} is not legal for {task}, which has no classes to confuse; legal is {legal}"
        )
    return ""


HARDENINGS.add(
    Hardening(
        name="none",
        label="none",
        summary="The net is trained on the samples as they are.",
    )
)
HARDENINGS.add(
    Hardening(
        name="noise",
        label="Gaussian noise",
        summary="Some samples of each batch get normal noise, whose level is drawn for each.",
        reference="Yan, Du, Tan and Feng (2020)",
        options=NoiseOptions,
        words="noise is added to each batch",
    )
)
HARDENINGS.add(
    Hardening(
        name="adversarial",
        label="adversarial (PGD)",
        summary="Each batch is attacked before it is trained on: steps up the cross-entropy of the net "
        "as it is now, in evaluation mode, projected back into a ball.",
        reference="Madry et al. (2018)",
        options=AdversarialOptions,
        words="each batch is attacked",
        needs_classes=True,
        gradients=lambda o: o.share * o.steps,
    )
)
