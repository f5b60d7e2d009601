"""How far an attack has come, told by the models that it asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from playground.attacks import AttackSlot
from playground.attacks.objective import WithInputGradient
from playground.attacks.problem import LossName, Model

Progress = Callable[[float], None]
"""Told the share of the work that is done, 0 to 1."""


def asked(attack: AttackSlot) -> int:
    """Return how many images go through a net for each one that is attacked, about.

    A pass for the gradient counts as one; so do the three that judge images as they are, after the attack
    and under noise.
    """
    options: Any = attack.options
    tries = getattr(options, "restarts", 1)
    steps = getattr(options, "steps", 1)
    if attack.name == "gaussian_noise":
        return 2
    if attack.name == "spsa":
        return 3 + 2 * steps * options.samples
    return 3 + steps * tries + (tries if tries > 1 else 0)


class _Watched:
    """A model that tells how many images it has been asked about."""

    def __init__(self, model: Model, tell: Callable[[int], None]) -> None:
        self._model, self._tell = model, tell

    def __call__(self, x: Tensor) -> Tensor:
        self._tell(len(x))
        return self._model(x)


class _WatchedWithGradient(_Watched):
    """The same of a model that has its gradient without autograd."""

    def input_gradient(self, x: Tensor, labels: Tensor, loss: LossName) -> Tensor:
        """Return the model's own gradient with respect to the inputs."""
        self._tell(len(x))
        assert isinstance(self._model, WithInputGradient)
        return self._model.input_gradient(x, labels, loss)


def watched(
    models: Sequence[Model | None], attack: AttackSlot, count: int, progress: Progress | None
) -> list[Any]:
    """Return models that tell their common progress; a subject holds its net in evaluation mode.

    Args:
        models: What is asked in an attack and to judge it; ``None`` stays what it is.
        attack: The attack and its options.
        count: Images that are attacked.
        progress: What is told; without it the models are returned as they are.
    """
    if progress is None:
        return list(models)
    done, total = 0, asked(attack) * count

    def tell(more: int) -> None:
        nonlocal done
        done += more
        progress(min(done / total, 1.0))

    def wrap(inner: Model) -> Model:
        kind = _WatchedWithGradient if isinstance(inner, WithInputGradient) else _Watched
        return kind(inner, tell)

    return [None if model is None else wrap(model) for model in models]
