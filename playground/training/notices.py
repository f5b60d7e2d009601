"""Early notices: what can be known to be hopeless before the first step is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from playground.analysis.stability import growth, is_stable, real_interval

if TYPE_CHECKING:
    from playground.integrators import Scheme
    from playground.training.trainer import Trainer

POINTS = 8  # at which Jacobians are looked at
LAYERS = 5
WIDEST = 128  # Jacobians of wider nets cost more than the notice is worth
POWER_ITERATIONS = 12


def early_notices(trainer: Trainer) -> tuple[str, ...]:
    """Return what should be said about the step size and the learning rate of a fresh training."""
    found = (step_size_notice(trainer), learning_rate_notice(trainer))
    return tuple(notice for notice in found if notice)


def step_size_notice(trainer: Trainer) -> str | None:
    """Say when the scheme amplifies what the field damps: hλ outside the stability region."""
    net, scheme = trainer.net, trainer.experiment.scheme.chosen
    if trainer.experiment.network.entry.takes_images:  # whose Jacobians are too large
        return None
    if not getattr(net, "is_flow", False) or net.scheme.kind == "adaptive":
        return None
    if trainer.experiment.network.options.width > WIDEST:
        return None
    states = net.trajectory(trainer.x[:POINTS]).detach()
    h = net.times()[1]
    worst, most = 0j, 1.0
    for layer in sorted({round(i * (len(states) - 2) / (LAYERS - 1)) for i in range(LAYERS)}):
        for value in _eigenvalues(net, layer, states[layer]):
            z = complex(h * value)
            if z.real < 0 and not is_stable(net.scheme, z) and float(growth(net.scheme, z)) > most:
                worst, most = z, float(growth(net.scheme, z))
    if worst == 0:
        return None
    return f"step size: {_amplified(worst, most, h, net.scheme, scheme.label)}"


def _amplified(z: complex, factor: float, h: float, scheme: Scheme, label: str) -> str:
    """Say in words why a scheme amplifies z = hλ, of which the field damps λ."""
    limit = real_interval(scheme)[0]
    if z.real < limit:
        return (
            f"h = {h:.3g} times the field's fastest decay is {z.real:.3g}, but {label} is stable on the "
            f"real axis down to {limit:.3g} only; more layers or a smaller horizon help"
        )
    value = f"{z.real:.2g} ± {abs(z.imag):.2g}i"
    return (
        f"the field turns and damps (h = {h:.3g} times an eigenvalue is {value}), but "
        f"{label} lets what turns so grow by {100 * (factor - 1):.2g} % a step; more layers or a "
        "smaller horizon help"
    )


def _eigenvalues(net: torch.nn.Module, layer: int, states: Tensor) -> list[complex]:
    shared = not callable(getattr(type(net), "field", None))
    f = net.field if shared else net.field(layer)
    time = net.times()[layer]
    values: list[complex] = []
    for y in states:
        jacobian = torch.autograd.functional.jacobian(lambda v: f(time, v[None])[0], y)
        if torch.isfinite(jacobian).all():
            values += [complex(value) for value in torch.linalg.eigvals(jacobian.cpu().double())]
    return values


def learning_rate_notice(trainer: Trainer) -> str | None:
    """Say when the learning rate cannot work at the initial weights.

    Gradient descent with momentum β is unstable on a quadratic whose curvature exceeds 2 (1 + β)/rate.
    Methods that scale every weight move each one by about the rate: too far if that exceeds its size.
    """
    entry, rate = trainer.experiment.optimizer.entry, trainer.base_rate
    if entry.full_batch or entry.name == "lookahead":
        return None
    if entry.adaptive:
        size = float(torch.cat([p.detach().flatten() for p in trainer.weights]).abs().median())
        moves_by_rate = entry.name not in ("adagrad", "adadelta", "muon")
        if moves_by_rate and rate > 10 * max(size, 1e-3):
            return (
                f"learning rate: {rate:g} moves every weight by about that much in a step, but their "
                f"median size is {size:.2g}; try {size / 10:.1g} or less"
            )
        return None
    beta = getattr(trainer.experiment.optimizer.options, "momentum", 0.0)
    curvature = _curvature(trainer)
    limit = 2 * (1 + beta) / curvature if curvature > 0 else float("inf")
    if rate <= 2 * limit:  # the loss often bends less along the way, so only clear cases are told
        return None
    return (
        f"learning rate: {rate:g} is {rate / limit:.1f} times the stability limit "
        f"2(1+β)/λ = {limit:.2g} at the initial weights, where λ is the largest curvature of the loss"
    )


def _curvature(trainer: Trainer) -> float:
    """Return the largest eigenvalue of the Hessian on some points, by power iteration."""
    n = min(len(trainer.x), 256)
    loss = trainer.loss(trainer.net(trainer.x[:n]), trainer.y[:n])
    gradients = torch.autograd.grad(loss, trainer.weights, create_graph=True)
    generator = torch.Generator().manual_seed(0)
    vector = [torch.randn(p.shape, generator=generator).to(p) for p in trainer.weights]
    value = 0.0
    for _ in range(POWER_ITERATIONS):
        norm = torch.sqrt(sum(v.square().sum() for v in vector))
        if not torch.isfinite(norm) or norm == 0:
            return 0.0
        vector = [v / norm for v in vector]
        product = torch.autograd.grad(
            gradients, trainer.weights, grad_outputs=vector, retain_graph=True
        )
        value = float(sum((v * p).sum() for v, p in zip(vector, product)))
        vector = [p.detach() for p in product]
    return value
