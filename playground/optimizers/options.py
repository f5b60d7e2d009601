"""What can be set of each optimiser."""

from __future__ import annotations

from typing import Literal

from playground.registry import Options, option


def _rate(default: float, top: float = 10.0) -> float:
    return option(
        default,
        label="Learning rate",
        help="Length of one step along the (scaled) gradient.",
        ge=1e-6,
        le=top,
        log=True,
    )


def _fraction(default: float, label: str, text: str) -> float:
    return option(default, label=label, help=text, ge=0, le=0.9999, advanced=True)


class Rate(Options):
    """An optimiser whose only option is its learning rate."""

    learning_rate: float = _rate(0.01)


class SGDOptions(Options):
    """Options of plain gradient descent."""

    learning_rate: float = _rate(0.1)


class AdadeltaOptions(Options):
    """Options of Adadelta, which scales its own steps: one is the rate of its paper."""

    learning_rate: float = _rate(1.0)


class MomentumOptions(SGDOptions):
    """Options of gradient descent with momentum."""

    momentum: float = _fraction(0.9, "Momentum", "Share of the last step that is kept.")


class AdamOptions(Options):
    """Options of Adam and its kin."""

    learning_rate: float = _rate(0.01)
    beta1: float = _fraction(0.9, "β₁", "Memory of the mean of the gradients.")
    beta2: float = _fraction(0.999, "β₂", "Memory of the mean of their squares.")


class AdamWOptions(AdamOptions):
    """Options of AdamW."""

    decay: float = option(
        0.01,
        label="Decoupled decay",
        help="Share of every weight that is taken off in a step, times the learning rate.",
        ge=0,
        le=10,
    )


class RMSpropOptions(Options):
    """Options of RMSprop."""

    learning_rate: float = _rate(0.01)
    smoothing: float = _fraction(0.99, "Smoothing", "Memory of the mean of the squared gradients.")


class MuonOptions(Options):
    """Options of Muon."""

    learning_rate: float = _rate(0.02)
    momentum: float = _fraction(0.95, "Momentum", "Share of the last step that is kept.")


class LBFGSOptions(Options):
    """Options of L-BFGS."""

    learning_rate: float = _rate(1.0)
    history: int = option(
        20, label="History", help="Curvature pairs that are remembered.", ge=1, le=100
    )
    iterations: int = option(
        10, label="Iterations a step", help="Inner iterations in one step.", ge=1, le=100
    )

    def passes(self, steps: int) -> float:
        """Return how many gradients so many steps take, roughly."""
        return steps * self.iterations


class AdamThenLBFGSOptions(Options):
    """Options of Adam followed by L-BFGS."""

    learning_rate: float = option(
        0.001,
        label="Learning rate",
        help="Length of one step of Adam; L-BFGS searches along its line for its own.",
        ge=1e-6,
        le=10,
        log=True,
    )
    adam_steps: int = option(
        1500,
        label="Adam steps",
        help="So many steps are Adam's, all later ones L-BFGS's; zero is L-BFGS alone.",
        ge=0,
        le=100_000,
    )
    iterations: int = option(
        10,
        label="L-BFGS iterations a step",
        help="Iterations of L-BFGS that count as one step.",
        ge=1,
        le=100,
        advanced=True,
    )
    history: int = option(
        30,
        label="History",
        help="Curvature pairs that L-BFGS remembers.",
        ge=1,
        le=200,
        advanced=True,
    )
    scale: Literal["none", "thousand", "current"] = option(
        "current",
        label="Loss for L-BFGS",
        help="As it is, a thousand times, or divided by its value at each restart: torch's L-BFGS "
        "drops curvature pairs below 1e-10, which stops it early where the loss is small.",
        labels={"none": "as it is", "thousand": "×1000", "current": "÷ its value"},
    )
    restart: int = option(
        1000,
        label="Restart every",
        help="L-BFGS iterations after which it forgets its pairs and the loss is scaled anew.",
        ge=10,
        le=100_000,
        unit="iterations",
        when={"scale": "current"},
        advanced=True,
    )

    def passes(self, steps: int) -> float:
        """Return how many gradients so many steps take, roughly."""
        adam = min(steps, self.adam_steps)
        return adam + 1.3 * (steps - adam) * self.iterations

    def iterations_after(self, steps: int) -> int:
        """Return how many iterations, of Adam or of L-BFGS, so many steps are."""
        adam = min(steps, self.adam_steps)
        return adam + (steps - adam) * self.iterations
