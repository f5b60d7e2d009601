"""A stored net on images with another scheme in the place of its own.

Possible wherever a scheme steps fields that keep the shape of the features: the blocks of residual nets
and mixers, the layers of flow nets, the one field of neural ODEs and of attention that flows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.analysis.trained import flow
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS, Scheme
from playground.networks import PointNet, Residual
from playground.networks.attention import ODEAttention
from playground.networks.blocks import begin_step
from playground.networks.mixer import Mixer
from playground.networks.neural_ode import SharedFlow
from playground.networks.residual_nets import PreActResNet, StackedNet
from playground.training.image_views import judged
from playground.training.precision import dtype_of

SCHEMES = tuple(n for n, e in INTEGRATORS.items() if e.kind != "adaptive" and n != "custom")
"""Explicit schemes with a fixed step."""
SWAPPABLE = (
    "preact_resnet", "tm_resnet", "ho_resnet", "mixer", "conv_ode", "ode_attention", "rk_net",
    "neural_ode", "ode_net", "tis_ode",
)  # fmt: skip
"""Networks whose scheme can be exchanged."""
JUDGED = 400  # images at most
_SHARED = ("conv_ode", "neural_ode", "ode_net", "tis_ode")
_TORCHDIFFEQ = {"rk4": "rk4_38"}  # its name for the 3/8 rule


@dataclass(frozen=True)
class SchemeSwap:
    """A trained net, stepped by some scheme.

    Attributes:
        scheme: Name in ``INTEGRATORS``.
        steps: For each block, layer or interval, or over the whole horizon of a shared field.
        evaluations: Of a field in one pass.
        accuracy: Share of the validation images that it classifies rightly.
        loss: Mean cross-entropy on them; not finite where the features overflow.
        agreement: Share of the images on which it answers as the net does as it was trained.
        distance: Median over the images of ‖x − x*‖/‖x*‖, of the last features x and those x* of the net
            as it was trained.
    """

    scheme: str
    steps: int
    evaluations: int
    accuracy: float
    loss: float
    agreement: float
    distance: float


def own_scheme(experiment: Experiment) -> str:
    """Return the name of the scheme with which a net was trained."""
    name = experiment.network.name
    if name == "preact_resnet":
        return "euler"
    if name == "tm_resnet":
        return "taylor_multistep"
    if name == "ode_attention":
        method = experiment.network.options.method
        return _TORCHDIFFEQ.get(method, method)
    return experiment.scheme.name


def own_steps(experiment: Experiment) -> int | None:
    """Return in how many steps it was trained, ``None`` where its scheme chose them."""
    if INTEGRATORS[own_scheme(experiment)].kind == "adaptive":
        return None
    options = experiment.network.options
    if experiment.network.name in _SHARED:
        return options.depth
    return options.substeps if experiment.network.name == "ode_attention" else 1


def step_choices(experiment: Experiment) -> tuple[int, ...]:
    """Return into how many steps a block, or the horizon of a shared field, is divided."""
    if experiment.network.name not in _SHARED:
        return tuple(sorted({1, 2, 4} | {own_steps(experiment) or 1}))
    return tuple(sorted({1, 2, 4, 8, 16} | {own_steps(experiment) or 1}))


def stepped_in(experiment: Experiment) -> str:
    """Return what a number of steps counts, in words."""
    per = {"rk_net": "layer", "ode_attention": "interval between two times", "mixer": "connection"}
    name = experiment.network.name
    return "over the horizon" if name in _SHARED else f"for each {per.get(name, 'block')}"


def image_swaps(
    experiment: Experiment,
    weights: Mapping[str, Tensor],
    schemes: Sequence[str],
) -> Iterator[SchemeSwap]:
    """Judge a net as it was trained, then with other schemes and other numbers of steps.

    Args:
        experiment: A classification of images by one of ``SWAPPABLE``.
        weights: Of its net.
        schemes: Names in ``SCHEMES``.

    Yields:
        The net as it was trained; then each scheme with each of ``step_choices``.

    Raises:
        ValueError: If the data cannot be had, the weights do not fit, the net has no scheme that could be
            exchanged, or a scheme chooses its own steps.
    """
    if experiment.network.name not in SWAPPABLE:
        raise ValueError(
            f"network: {experiment.network.name!r} has no scheme that could be exchanged; legal are "
            f"{', '.join(SWAPPABLE)}"
        )
    for name in schemes:
        if name not in SCHEMES:
            raise ValueError(f"scheme: {name!r} is not legal; legal are {', '.join(SCHEMES)}")
    net, split = judged(experiment, weights)
    x = torch.as_tensor(split.x_validation[:JUDGED]).to(dtype_of(experiment))
    y = torch.as_tensor(split.y_validation[:JUDGED])
    bench = _Bench(net, x, y)
    yield bench.usual(own_scheme(experiment), own_steps(experiment) or 0)
    for name in schemes:
        for steps in step_choices(experiment):
            yield bench.with_scheme(name, steps)


class _Bench:
    """A net, images, and what the net makes of them as it was trained."""

    def __init__(self, net: PointNet, x: Tensor, y: Tensor) -> None:
        self.net, self.y = net, y
        with torch.no_grad():
            self.lifted = net.lift(net.inputs(x))
            net.nfe = 0
            self.end = _last(net, self.lifted)
            self.evaluations = net.nfe
            self.outputs = _answers(net, self.end)

    def usual(self, name: str, steps: int) -> SchemeSwap:
        return self._judged(name, steps, self.evaluations, self.end)

    @torch.no_grad()
    def with_scheme(self, name: str, steps: int) -> SchemeSwap:
        end, evaluations = stepped(self.net, self.lifted, INTEGRATORS[name], steps)
        return self._judged(name, steps, evaluations, end)

    @torch.no_grad()
    def _judged(self, name: str, steps: int, evaluations: int, end: Tensor) -> SchemeSwap:
        outputs = _answers(self.net, end)
        guesses, usual = outputs.argmax(dim=1), self.outputs.argmax(dim=1)
        old = self.end.flatten(1).double()
        apart = (end.flatten(1).double() - old).norm(dim=1) / old.norm(dim=1).clamp(min=1e-300)
        return SchemeSwap(
            scheme=name,
            steps=steps,
            evaluations=evaluations,
            accuracy=float((guesses == self.y).double().mean()),
            loss=float(torch.nn.functional.cross_entropy(outputs.double(), self.y)),
            agreement=float((guesses == usual).double().mean()),
            distance=float(apart.median()),
        )


def _last(net: PointNet, y: Tensor) -> Tensor:
    """Return what the head of a net sees: the last features, or those at all times of an attention."""
    return torch.stack(net.states(y), dim=1) if isinstance(net, ODEAttention) else net.final(y)


def _answers(net: PointNet, end: Tensor) -> Tensor:
    return net.head(net.norm(end)) if isinstance(net, ODEAttention) else net.head(end)


def stepped(net: PointNet, y: Tensor, scheme: Scheme, steps: int) -> tuple[Tensor, int]:
    """Let lifted features go through a net by another scheme.

    Args:
        net: One of ``SWAPPABLE``.
        y: Lifted features.
        scheme: With a fixed step.
        steps: As in ``SchemeSwap``.

    Returns:
        What the head sees, and the number of evaluations.

    Raises:
        ValueError: For a net that has no scheme to exchange, or a scheme that chooses its own steps.
    """
    if isinstance(net, StackedNet | Mixer):
        return _through_stack(net, y, scheme, steps)
    if isinstance(net, PreActResNet):
        return _through_preact(net, y, scheme, steps)
    if isinstance(net, ODEAttention):
        return _through_attention(net, y, scheme, steps)
    chosen = {"n_steps": steps} if isinstance(net, SharedFlow) else {"substeps": steps}
    return flow(net, y, scheme, **chosen)


def _through_stack(
    net: StackedNet | Mixer, y: Tensor, scheme: Scheme, steps: int
) -> tuple[Tensor, int]:
    stack = net.stack
    step = Residual(scheme, step=stack.connection.step / steps).begin()
    for index, block in enumerate(stack.blocks):
        if str(index) in stack.transitions:
            y = step.through(y, *stack.transitions[str(index)])
        for _ in range(steps):
            begin_step(block)
            y = step(block, y)
    return y, step.evaluations


def _through_preact(net: PreActResNet, y: Tensor, scheme: Scheme, steps: int) -> tuple[Tensor, int]:
    """Step the blocks that keep their shape; those that change it stay as they are."""
    step, crossings = Residual(scheme, step=1 / steps).begin(), 0
    for block in net.blocks:
        if block.shortcut is not None:
            y = step.through(y, lambda x, block=block: sum(block.crossing(x)))
            crossings += 1
            continue
        for _ in range(steps):
            y = step(block, y)
    return y, step.evaluations + crossings


def _through_attention(
    net: ODEAttention, y: Tensor, scheme: Scheme, steps: int
) -> tuple[Tensor, int]:
    if scheme.kind == "adaptive":
        raise ValueError(f"scheme: {scheme.name!r} chooses its own steps")
    h = net.horizon / ((net.n_times - 1) * steps)
    before, states, history = net.field.calls, [y], ()
    for i in range(net.n_times - 1):
        for j in range(steps):
            y, history = scheme.step(net.field, (i * steps + j) * h, y, h, history)
        states.append(y)
    return torch.stack(states, dim=1), net.field.calls - before
