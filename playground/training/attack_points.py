"""A stored net under one attack: where its samples go, what the net says there, and through depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.analysis.margins import Margins, over_plane
from playground.analysis.parting import Parting, parting
from playground.analysis.views import Scene
from playground.attacks import AttackSlot, run
from playground.attacks.problem import Model, Norm, all_logits
from playground.datasets import load
from playground.training.attacked import Subject
from playground.training.precision import dtype_of

MOST_ITERATES = 60
"""Most places of a way that are kept, both ends among them."""
_PAD = (
    0.2  # share of the points' extent by which the plane is wider, for points that are pushed out
)


@dataclass(frozen=True)
class Attacked:
    """Samples under one attack of one size.

    Samples that are wrong already count as errors and are left alone.

    Attributes:
        way: Where they are: at first, where the attack starts, and after its steps
            ``(places, n, …)``; of many steps some are left out.
        labels: True classes ``(n,)``.
        before: What the net says of them at first ``(n,)``.
        after: What it says at the end ``(n,)``.
        chosen: Which of them were attacked ``(n,)`` of bool: those that were right.
        lengths: Euclidean length of each way, all steps counted ``(n,)``.
    """

    way: np.ndarray
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray
    chosen: np.ndarray
    lengths: np.ndarray

    @property
    def flipped(self) -> np.ndarray:
        """Which samples were right and are not any more ``(n,)`` of bool."""
        return self.chosen & (self.after != self.labels)

    @property
    def clean_accuracy(self) -> float:
        """Share of the samples that are right without an attack."""
        return float(self.chosen.mean())

    @property
    def accuracy(self) -> float:
        """Share of the samples that are right under the attack."""
        return float((self.chosen & ~self.flipped).mean())

    def some(self, most: int) -> tuple[int, ...]:
        """Return the places of a few attacked samples, half of them flipped where there are so many."""
        flipped, held = np.flatnonzero(self.flipped), np.flatnonzero(self.chosen & ~self.flipped)
        first = flipped[: max(most // 2, most - len(held))]
        return tuple(int(i) for i in np.sort(np.concatenate([first, held[: most - len(first)]])))


def attack_samples(
    subject: Subject, attack: AttackSlot, eps: float, seed: int, source: Subject | None = None
) -> Attacked:
    """Return what becomes of a subject's samples under an attack.

    Args:
        subject: The net and its samples.
        attack: The attack and its options.
        eps: Size of the perturbation.
        seed: Seed of what the attack draws.
        source: The net whose examples are shown to this one (transfer).

    Raises:
        ValueError: For settings that are not legal, a transfer without a source, or one whose net takes
            other inputs or tells other classes.
    """
    model, y = subject.model, subject.y
    before = _said(model, subject.x)
    chosen = (before == y).nonzero()[:, 0]
    seen: list[Tensor] = []
    run(
        attack,
        model,
        subject.x[chosen],
        y[chosen],
        eps=eps,
        clip=subject.clip,
        source=None if source is None else _asked(subject, source),
        seed=seed,
        watch=seen.append,
    )
    steps = torch.stack([subject.x[chosen], *seen])
    lengths = torch.zeros(len(y), dtype=torch.float64)
    lengths[chosen] = steps.diff(dim=0).flatten(2).double().norm(dim=2).sum(0)
    kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST_ITERATES)).round())
    way = subject.x.repeat(len(kept), *[1] * subject.x.ndim)
    way[:, chosen] = steps[torch.as_tensor(kept, dtype=torch.int64)]
    right = torch.zeros(len(y), dtype=torch.bool)
    right[chosen] = True
    return Attacked(
        way=way.numpy(),
        labels=y.numpy(),
        before=before.numpy(),
        after=torch.where(right, _said(model, way[-1]), before).numpy(),
        chosen=right.numpy(),
        lengths=lengths.numpy(),
    )


def _said(model: Model, x: Tensor) -> Tensor:
    """Return the class of each input, −1 where a logit is not a number."""
    logits = all_logits(model, x)
    return torch.where(logits.isnan().any(1), -1, logits.argmax(1))


def _asked(subject: Subject, source: Subject) -> Model:
    """Return the source's model for inputs of the subject's type.

    Raises:
        ValueError: If it takes other inputs or tells other classes.
    """
    ours = (subject.x.shape[1:], len(subject.classes))
    theirs = (source.x.shape[1:], len(source.classes))
    if ours != theirs:
        raise ValueError(
            f"source: a net of {theirs[0].numel()} inputs and {theirs[1]} classes is not legal; legal "
            f"is one of {ours[0].numel()} inputs and {ours[1]} classes"
        )
    if source.x.dtype == subject.x.dtype:
        return source.model
    return lambda x: source.net(x.to(source.x.dtype))


def through_depth(
    subject: Subject, attacked: Attacked, most: int = 12
) -> tuple[Parting, np.ndarray]:
    """Return how far the features of attacked samples part from the clean ones, depth by depth.

    Args:
        subject: The net.
        attacked: Its samples under an attack.
        most: So many pairs keep their paths; half of them flipped where there are so many.

    Returns:
        The parting of the samples that were attacked, and the places of these among all samples; those
        of the paths are ``places[list(parting.pairs)]``.

    Raises:
        ValueError: If no sample was attacked, since all are wrong already.
    """
    places = np.flatnonzero(attacked.chosen)
    if not len(places):
        raise ValueError("x: no sample is right without an attack, so that none was attacked")
    pairs = np.searchsorted(places, attacked.some(most)).tolist()
    clean, moved = (torch.as_tensor(attacked.way[end][places]) for end in (0, -1))
    return parting(subject.net, clean, moved, pairs=pairs), places


@dataclass(frozen=True)
class Plane:
    """What a net says over a plane of two inputs.

    Attributes:
        axes: The inputs on the axes, one or two.
        names: Their names.
        extent: Left, right, bottom and top.
        note: At which values the other inputs are held, in words.
        margins: Margin, slope, distance and winner ``(rows, columns)``, the top row first.
    """

    axes: tuple[int, ...]
    names: tuple[str, ...]
    extent: tuple[float, float, float, float]
    note: str
    margins: Margins


def plane_of(subject: Subject, axes: tuple[int, int], norm: Norm) -> Plane:
    """Return what a net on points says over the plane of two of its inputs.

    Args:
        subject: A net on points.
        axes: Places of the two inputs; of data with one input they do not matter.
        norm: How distances are measured, see ``margins``.

    Raises:
        ValueError: If a place names no input, or both name the same.
    """
    given = subject.experiment
    split = load(
        given.data.name,
        n_train=given.n_train,
        n_validation=given.n_validation,
        seed=given.data_seed,
        options=given.data.options,
    )
    chosen = axes if split.x_train.shape[1] > 1 else None
    scene = Scene(split, chosen, dtype=dtype_of(given), pad=_PAD)
    return Plane(
        axes=tuple(scene.axes),
        names=tuple(split.feature_names[i] for i in scene.axes),
        extent=tuple(scene.extent),
        note=scene.note(),
        margins=over_plane(subject.model, scene, norm=norm),
    )
