"""Images under attack: what the net made of them before, what it makes of them after, and the change."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from playground.attacks import AttackSlot, OverDraws, is_randomised, run
from playground.attacks.ball import lengths
from playground.attacks.problem import Model, all_logits, check_choice
from playground.training.attack_progress import Progress, watched
from playground.training.attacked import Subject

KEPT = 48
"""Most images of each outcome that are kept to be shown."""

PAIRED = 200
"""Most images that are kept to be followed through depth."""

Outcome = Literal["fooled", "withstood", "wrong"]
Group = Literal["all", "fooled", "withstood"]
_GREY = 0.5  # of an unchanged value in the picture of a change


@dataclass(frozen=True)
class AttackedImages:
    """A net's answers to images before and after an attack, and some of the images.

    Images that were wrong already count as errors and are left as they are, as in the curves over ε.

    Attributes:
        classes: Names of the classes.
        eps: Size of the perturbation.
        truths: True classes ``(n,)``.
        before: Classes that the net gave ``(n,)``; of an attacked image ``after``.
        after: See ``before``.
        sure_before: Probability of the class ``before`` ``(n,)``.
        sure_after: Probability of the class ``after`` ``(n,)``.
        own_before: Probability of the true class before the attack ``(n,)``.
        own_after: The same after it.
        outcomes: ``"fooled"``, ``"withstood"`` or ``"wrong"`` already, of each image ``(n,)``.
        linf: Greatest change of a value of each image ``(n,)``.
        l2: Euclidean length of the change of each image ``(n,)``.
        noise: Which images are right under Gaussian noise of the attack's norm ``(n,)``; ``None`` where
            the attack is noise itself.
        norm: What ε bounds: ``"linf"``, ``"l2"``, or ``"sigma"``, the spread of noise.
        kept: Places of the images to be shown ``(k,)``: fooled ones first, those most surely so at the
            front; then those that withstood, the narrowest first; then those that were wrong.
        images: These images ``(k, channels, height, width)`` in [0, 1].
        attacked: The same after the attack.
        pairs: Places of the first images that were attacked ``(m,)``, to be followed through depth.
        moved: These images after the attack, as the net takes them ``(m, …)``.
    """

    classes: tuple[str, ...]
    eps: float
    truths: np.ndarray
    before: np.ndarray
    after: np.ndarray
    sure_before: np.ndarray
    sure_after: np.ndarray
    own_before: np.ndarray
    own_after: np.ndarray
    outcomes: np.ndarray
    linf: np.ndarray
    l2: np.ndarray
    noise: np.ndarray | None
    norm: str
    kept: np.ndarray
    images: np.ndarray
    attacked: np.ndarray
    pairs: np.ndarray
    moved: Tensor

    @property
    def clean(self) -> tuple[float, float]:
        """Accuracy without the attack, and its standard error."""
        return _share(self.outcomes != "wrong")

    @property
    def robust(self) -> tuple[float, float]:
        """Accuracy under the attack, and its standard error."""
        return _share(self.outcomes == "withstood")

    @property
    def under_noise(self) -> tuple[float, float] | None:
        """Accuracy under noise of the same norm, and its standard error."""
        return None if self.noise is None else _share(self.noise)

    def count(self, outcome: Outcome) -> int:
        """Return how many images had an outcome; ``"fooled"`` counts the answers that flipped."""
        return int((self.outcomes == outcome).sum())

    def confusion(self, attacked: bool = True) -> np.ndarray:
        """Return how many images of each class (rows) are taken for each (columns)."""
        size = len(self.classes)
        places = self.truths * size + (self.after if attacked else self.before)
        return np.bincount(places, minlength=size**2).reshape(size, size)

    def shown(self, group: Group, most: int) -> np.ndarray:
        """Return the places in ``kept`` of the images to show, in their order.

        Raises:
            ValueError: For an unknown group.
        """
        check_choice("group", group, get_args(Group))
        if group == "all":
            return np.arange(len(self.kept))[:most]
        return np.flatnonzero(self.outcomes[self.kept] == group)[:most]

    def changes(self, places: np.ndarray) -> np.ndarray:
        """Return attacked minus original of some of ``kept``, ``(m, channels, height, width)``."""
        return self.attacked[places].astype(float) - self.images[places]


def attack_images(
    subject: Subject,
    attack: AttackSlot,
    eps: float,
    *,
    seed: int = 0,
    source: Model | None = None,
    draws: int = 0,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> AttackedImages:
    """Return what an attack does to the images of a subject.

    Args:
        subject: A net and images.
        attack: The attack and its options.
        eps: Size of the perturbation, of images in [0, 1].
        seed: Seed of what is drawn.
        source: The other model of a transfer.
        draws: Of a net whose inputs are randomised, so many draws are averaged where the attack looks;
            the net is judged by its own draw. 0 attacks that one draw itself.
        batch_size: Images at once; about a hundred thousand numbers without one.
        progress: Told each time that the net has been asked; what it raises ends the attack.

    Raises:
        ValueError: For points, no images, or settings that are not legal.
    """
    x, y = subject.x, subject.y.to(torch.int64)
    if not subject.on_images:
        raise ValueError(f"data: {subject.experiment.data.name!r} is not legal; legal are images")
    if not len(x):
        raise ValueError("samples: 0 is not legal; legal is one or more")
    asked = (subject.model, _seen(subject, draws), source)
    model, seen, source = watched(asked, attack, len(x), progress)
    own = {"clip": subject.clip, "seed": seed, "batch_size": batch_size}
    first = all_logits(model, x, batch_size)
    right = (first.argmax(1) == y) & ~first.isnan().any(1)
    chosen = right.nonzero()[:, 0]
    moved = x.clone()
    moved[chosen] = run(attack, seen, x[chosen], y[chosen], eps=eps, source=source, **own)
    last = first.clone()
    if len(chosen):
        last[chosen] = all_logits(model, moved[chosen], batch_size)
    held = right & (last.argmax(1) == y) & ~last.isnan().any(1)
    norm = str(attack.options.norm)
    noise = None
    if attack.name != "gaussian_noise":
        noisy = AttackSlot(name="gaussian_noise", options={"norm": norm})
        drawn = run(noisy, model, x[chosen], y[chosen], eps=eps, **own)
        noise = right.clone()
        noise[chosen] = _right(model, drawn, y[chosen], batch_size)
    before, after = (_answers(logits, y) for logits in (first, last))
    kept = _order(right, held, before, after)
    shape = (-1, *subject.shape)
    gaps = moved - x
    return AttackedImages(
        classes=subject.classes,
        eps=eps,
        truths=y.numpy(),
        before=before.guess,
        after=after.guess,
        sure_before=before.sure,
        sure_after=after.sure,
        own_before=before.own,
        own_after=after.own,
        outcomes=np.where(held, "withstood", np.where(right, "fooled", "wrong")),
        linf=gaps.flatten(1).abs().amax(1).double().numpy(),
        l2=lengths(gaps.double()).numpy(),
        noise=None if noise is None else noise.numpy(),
        norm=norm,
        kept=kept,
        images=x[kept].reshape(shape).float().numpy(),
        attacked=moved[kept].reshape(shape).float().numpy(),
        pairs=chosen[:PAIRED].numpy(),
        moved=moved[chosen[:PAIRED]],
    )


def _seen(subject: Subject, draws: int) -> Model:
    """Return what an attack looks at: the net, or the mean of draws of its own twin, as it sets seeds."""
    if not draws or not is_randomised(subject.net):
        return subject.model
    return OverDraws(copy.deepcopy(subject.net), draws).eval()


def magnification(changes: np.ndarray) -> float:
    """Return by how much changes can be multiplied so that the greatest fills the range around grey.

    It is cut to two digits, so that the number that a person reads is the one that was used.

    Args:
        changes: Changes of values of images, of any shape.

    Returns:
        The factor; 1 where nothing changed.
    """
    most = float(np.abs(changes).max(initial=0.0))
    if most <= 0:
        return 1.0
    factor = _GREY / most
    unit = 10.0 ** (math.floor(math.log10(factor)) - 1)
    # What divides without a rest must not fall below it by a rounding error.
    return float(f"{math.floor(factor / unit * (1 + 1e-6)) * unit:.2g}")


def magnified(changes: np.ndarray, factor: float) -> np.ndarray:
    """Return changes as values in [0, 1]: grey where nothing changed, cut where they leave the range."""
    return np.clip(_GREY + factor * changes, 0, 1)


@dataclass(frozen=True)
class _Answers:
    guess: np.ndarray
    sure: np.ndarray
    own: np.ndarray


def _answers(logits: Tensor, y: Tensor) -> _Answers:
    """Return the classes that a net gives, their probabilities, and those of the true classes."""
    shares = logits.double().softmax(dim=1).nan_to_num(nan=0.0)
    sure, guess = shares.max(dim=1)
    return _Answers(guess.numpy(), sure.numpy(), shares.gather(1, y[:, None])[:, 0].numpy())


def _right(model: Model, x: Tensor, y: Tensor, batch_size: int | None) -> Tensor:
    if not len(x):
        return torch.zeros(0, dtype=torch.bool)
    logits = all_logits(model, x, batch_size)
    return (logits.argmax(1) == y) & ~logits.isnan().any(1)


def _share(held: np.ndarray) -> tuple[float, float]:
    share = float(held.mean())
    return share, math.sqrt(share * (1 - share) / len(held))


def _order(right: Tensor, held: Tensor, before: _Answers, after: _Answers) -> np.ndarray:
    """Return the places of the images to be shown, see ``AttackedImages.kept``."""
    fooled, held = (right & ~held).numpy(), held.numpy()
    parts = (
        (fooled, -after.sure),
        (held, after.own),
        (~right.numpy(), -before.sure),
    )
    found = []
    for chosen, key in parts:
        places = np.flatnonzero(chosen)
        found.append(places[np.argsort(key[places], kind="stable")][:KEPT])
    return np.concatenate(found)
