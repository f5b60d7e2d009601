"""Residual nets side by side: as many weights, the same data and seeds, several repetitions, in pairs."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import torch
from scipy import stats
from torch.nn import functional

from playground.experiment import Experiment, NetworkSlot, SchemeSlot
from playground.networks.residual_layouts import PREACT, TAYLOR
from playground.training.image_views import parameters_of
from playground.training.precision import dtype_of
from playground.training.trainer import make_net

REFERENCE = "preact_resnet"
RIVALS = ("tm_resnet", "ho_resnet", "lm_resnet", "mixer")
"""Nets that are put beside it; the mixer has no published size here."""
PAIRS: Mapping[int, int] = dict(zip(PREACT, TAYLOR))
"""Depths of PreActResNet and of the TM-ResNet that is printed beside it."""
NOTABLE = 2.0  # standard errors that a difference has to exceed

_WIDEST = 512  # components of the mixer's features
_SMALL_IMAGE = 12  # pixels up to which patches of the mixer have two, not four, to a side

Size = Literal["small", "published"]


@dataclass(frozen=True)
class Scale:
    """How large the nets are.

    Attributes:
        size: Three stages for a CPU, or as published.
        width: Channels behind the stem of a small net.
        blocks: Blocks in each stage of a small PreActResNet.
        depth: Layers of a published PreActResNet.
    """

    size: Size
    width: int
    blocks: int
    depth: int


@dataclass(frozen=True)
class Contender:
    """One of the nets that are compared.

    Attributes:
        experiment: Its training, with the first seeds.
        parameters: Trainable parameters.
        blocks: Blocks of each stage, or residual connections of a net without stages.
        excess: Parameters more than PreActResNet's, as a share of those.
    """

    experiment: Experiment
    parameters: int
    blocks: tuple[int, ...]
    excess: float


def contenders(
    base: Experiment, rivals: Sequence[str], scale: Scale, scheme: SchemeSlot
) -> dict[str, Contender]:
    """Return PreActResNet and its rivals, each with the layout whose weights are nearest to its.

    Args:
        base: Data, seeds, optimiser, schedule and epochs, which all share.
        rivals: Names out of ``RIVALS``.
        scale: How large PreActResNet is.
        scheme: Of the nets that let one choose.

    Raises:
        ValueError: If data or scheme do not fit a net, or it has no such size.
        TableMissing: If the images are not on this server.
    """
    first = _experiment(base, REFERENCE, _staged(REFERENCE, scale), scheme)
    wanted = parameters_of(first)
    found = {}
    for name in (REFERENCE, *(each for each in RIVALS if each in rivals)):
        if name == "mixer":
            made = _mixer(base, scale, scheme, wanted)
        else:
            made = _experiment(base, name, _staged(name, scale), scheme)
        parameters, options = parameters_of(made), made.network.options
        blocks = (2 * options.depth,) if name == "mixer" else options.layout.blocks
        found[name] = Contender(made, parameters, blocks, parameters / wanted - 1)
    return found


def _experiment(
    base: Experiment, name: str, options: Mapping[str, object], scheme: SchemeSlot
) -> Experiment:
    tree = {each: getattr(base, each) for each in type(base).model_fields}
    tree["network"] = NetworkSlot.model_validate({"name": name, "options": dict(options)})
    tree["scheme"] = scheme if tree["network"].entry.uses_scheme else SchemeSlot(name="euler")
    return Experiment(**tree)


def _staged(name: str, scale: Scale) -> dict[str, object]:
    options: dict[str, object] = {"size": scale.size}
    if scale.size == "small":
        options |= {"width": scale.width, "blocks": scale.blocks}
    else:
        options["depth"] = PAIRS[scale.depth] if name == "tm_resnet" else scale.depth
    return options | ({"matched": True} if name == "ho_resnet" else {})


def _mixer(base: Experiment, scale: Scale, scheme: SchemeSlot, wanted: int) -> Experiment:
    """Return a mixer with about as many residual connections as PreActResNet, and as many weights."""
    if scale.size != "small":
        raise ValueError("size: 'published' is not legal for the mixer; legal is small")
    side = max(base.data.entry.shape_of(base.data.options)[1:])
    fixed = {"patch": 2 if side <= _SMALL_IMAGE else 4, "depth": math.ceil(1.5 * scale.blocks)}

    def of(width: int) -> Experiment:
        return _experiment(base, "mixer", {**fixed, "width": width}, scheme)

    return of(nearest(lambda width: parameters_of(of(width)), wanted, 1, _WIDEST))


def nearest(count: Callable[[int], int], wanted: int, low: int, high: int) -> int:
    """Return the whole number in [low, high] whose count is nearest to what is wanted.

    Args:
        count: Grows with its number.
        wanted: What it should come to.
        low: Least number.
        high: Greatest number.
    """
    least, most = low, high
    while low < high:  # the least number that reaches what is wanted
        middle = (low + high) // 2
        low, high = (low, middle) if count(middle) >= wanted else (middle + 1, high)
    return min({max(low - 1, least), min(low, most)}, key=lambda n: abs(count(n) - wanted))


def expected_seconds(experiment: Experiment) -> float:
    """Return about how long a training takes on one core, from gradients that are taken and timed.

    The passes that judge the images after each epoch are counted in, the optimiser's own work is not.
    """
    with ThreadPoolExecutor(1) as pool:  # torch's number of threads is that of its thread
        return pool.submit(_expected, experiment).result()


def _expected(experiment: Experiment) -> float:
    torch.set_num_threads(1)
    net = make_net(experiment)
    n_train, n_validation = experiment.split_sizes
    batch = n_train if experiment.optimizer.entry.full_batch else experiment.batch_size
    batch = min(batch, n_train)
    x = torch.rand(batch, experiment.n_features, dtype=dtype_of(experiment))
    y = torch.arange(batch) % experiment.n_outputs
    gradient = _quickest(lambda: functional.cross_entropy(net(x), y).backward())
    net.eval().requires_grad_(False)
    judged = _quickest(lambda: net(x)) * (n_train + n_validation) / batch
    steps = experiment.epochs * math.ceil(n_train / batch)
    passes = getattr(experiment.optimizer.options, "passes", None)
    return (passes(steps) if passes else steps) * gradient + experiment.epochs * judged


def _quickest(act: Callable[[], object], times: int = 4) -> float:
    """Return the seconds that something takes when nothing else is in its way; the first is slow."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)


@dataclass(frozen=True)
class Paired:
    """What the repetitions of a net came to.

    Attributes:
        mean: Mean over the repetitions that have ended; nan without any.
        std: Standard deviation of a sample; ``None`` of fewer than two.
        best: Greatest value; nan without any.
        count: Repetitions that have ended.
        differences: To the reference, repetition by repetition, of those that both have.
    """

    mean: float
    std: float | None
    best: float
    count: int
    differences: tuple[float, ...] = ()

    @property
    def difference(self) -> float | None:
        """Mean of the differences."""
        return statistics.fmean(self.differences) if self.differences else None

    @property
    def error(self) -> float | None:
        """Standard error of that mean."""
        n = len(self.differences)
        return statistics.stdev(self.differences) / math.sqrt(n) if n > 1 else None

    @property
    def verdict(self) -> str:
        """In words whether the net is better; of values of which more is better."""
        if self.difference is None:
            return "nothing to compare yet"
        if self.error is None:
            return "one pair, which says nothing about chance"
        if abs(self.difference) <= NOTABLE * self.error:
            return "no difference within 2 standard errors"
        return "better" if self.difference > 0 else "worse"


def paired(
    values: Mapping[str, Sequence[float | None]], reference: str = REFERENCE
) -> dict[str, Paired]:
    """Compare each net with the reference, repetition by repetition.

    Args:
        values: Of each net one number for each repetition, the same seeds in each; ``None`` where
            there is none (yet), as after a divergence.
        reference: The net that the others are compared with.
    """
    return {
        name: _paired(own, () if name == reference else values.get(reference, ()))
        for name, own in values.items()
    }


def _paired(own: Sequence[float | None], other: Sequence[float | None]) -> Paired:
    known = [value for value in own if _is_number(value)]
    return Paired(
        mean=statistics.fmean(known) if known else math.nan,
        std=statistics.stdev(known) if len(known) > 1 else None,
        best=max(known, default=math.nan),
        count=len(known),
        differences=tuple(a - b for a, b in zip(own, other) if _is_number(a) and _is_number(b)),
    )


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def by_chance(pairs: int) -> float:
    """Return how often nets that do not differ are told apart by ``NOTABLE`` standard errors.

    Of so many pairs with normally distributed differences; Student's t has pairs − 1 degrees of
    freedom.

    Raises:
        ValueError: For fewer than two pairs.
    """
    if pairs < 2:
        raise ValueError(f"pairs: {pairs} is not legal; legal is 2 or more")
    return float(2 * stats.t.sf(NOTABLE, pairs - 1))
