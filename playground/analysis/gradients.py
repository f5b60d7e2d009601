"""The gradient of a layered flow net in four ways: three are exact, one is not.

The net is y^[l+1] = y^[l] + h Σ_i β_i k_i with k_i = σ(K_l y_i + b_l), y_i = y^[l] + h Σ_j a_ij k_j;
the loss is ½ Σ |y^[L] − target|². See Giesecke and Kröner, *Classification with Runge-Kutta networks*
(2021), section 3; (3.23) is taken as it should read, β_i ã_ij + β_j a_ji − β_i β_j = 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.integrators import RungeKutta, Tableau

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Net:
    """A layered flow net without lift and head.

    Attributes:
        k: Weights ``(layers, dim, dim)``.
        b: Biases ``(layers, dim)``.
        h: Step size.
        scheme: How a layer is stepped.
        activation: σ, applied to each number.
    """

    k: Tensor
    b: Tensor
    h: float
    scheme: RungeKutta
    activation: Activation = torch.tanh

    @property
    def tableau(self) -> Tableau:
        """Coefficients of the scheme."""
        return self.scheme.tableau


@dataclass(frozen=True)
class Gradient:
    """A gradient, and what it took.

    Attributes:
        k: With respect to the weights ``(layers, dim, dim)``.
        b: With respect to the biases ``(layers, dim)``.
        y: With respect to the input ``(batch, dim)``.
        seconds: Time for the way there and back.
        kept: Bytes kept between the two.
    """

    k: Tensor
    b: Tensor
    y: Tensor
    seconds: float
    kept: int

    def distance(self, other: Gradient) -> float:
        """Return the largest difference, in relation to the largest number of the other gradient."""
        pairs = ((self.k, other.k), (self.b, other.b), (self.y, other.y))
        size = max(float(known.abs().max()) for _, known in pairs)
        return max(float((mine - known).abs().max()) for mine, known in pairs) / (size or 1.0)


@dataclass(frozen=True)
class Way:
    """One way to the gradient.

    Attributes:
        label: What tables call it.
        exact: Whether it is the gradient of the discrete net.
        why: Explanation of one sentence.
        gradient: Computes it for a net, an input ``(batch, dim)`` and a target of the same shape.
    """

    label: str
    exact: bool
    why: str
    gradient: Callable[[Net, Tensor, Tensor], Gradient]


def _by_autograd(net: Net, y0: Tensor, target: Tensor) -> Gradient:
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    began = time.perf_counter()
    k, b, y = (x.detach().clone().requires_grad_() for x in (net.k, net.b, y0))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        state = y
        for layer in range(len(k)):
            state, _ = net.scheme.step(_field(net, k[layer], b[layer]), 0.0, state, net.h)
        loss = ((state - target) ** 2).sum() / 2
    parts = torch.autograd.grad(loss, (k, b, y))
    return Gradient(*parts, time.perf_counter() - began, sum(kept.values()))


def _field(net: Net, k: Tensor, b: Tensor) -> Callable[[float, Tensor], Tensor]:
    return lambda _t, y: net.activation(y @ k.T + b)


def _by_multipliers(net: Net, y0: Tensor, target: Tensor) -> Gradient:
    """(3.13) and (3.17): the multipliers ξ_i of the stages, for every explicit tableau."""
    a, beta = net.tableau.a, net.tableau.b

    def multipliers(p: Tensor, pull: Callable[[int, Tensor], Tensor]) -> list[Tensor]:
        s = len(beta)
        pulled: list[Tensor] = [p] * s
        xi: list[Tensor] = [p] * s
        for i in reversed(range(s)):
            total = beta[i] * p
            for j in range(i + 1, s):
                if a[j][i] != 0:
                    total = total + a[j][i] * pulled[j]
            xi[i] = net.h * total
            pulled[i] = pull(i, xi[i])
        return xi

    return _discrete(net, y0, target, multipliers)


def adjoint_coefficients(tableau: Tableau) -> list[list[float]]:
    """Return ã of (3.23), ã_ij = β_j − β_j a_ji / β_i: the symplectic partner of a tableau.

    Raises:
        ValueError: For a tableau with a zero weight, which has none.
    """
    return partner_of(tableau.a, tableau.b)


def partner_of(a: Sequence[Sequence[float]], beta: Sequence[float]) -> list[list[float]]:
    """Return the same of coefficients ``(s, s)`` and weights ``(s,)``, a method or not.

    Raises:
        ValueError: If a weight is zero.
    """
    zeros = [i + 1 for i, weight in enumerate(beta) if weight == 0]
    if zeros:
        raise ValueError(f"b: weight {zeros[0]} is 0; (3.24)–(3.26) divide by every one of them")
    stages = range(len(beta))
    return [[float(beta[j] - beta[j] * a[j][i] / beta[i]) for j in stages] for i in stages]


def _by_partner(net: Net, y0: Tensor, target: Tensor) -> Gradient:
    """(3.24)–(3.26): the costate stepped by the partner tableau ã, stage by stage from the last one."""
    beta, partner = net.tableau.b, adjoint_coefficients(net.tableau)

    def multipliers(p: Tensor, pull: Callable[[int, Tensor], Tensor]) -> list[Tensor]:
        s = len(beta)
        g: list[Tensor] = [p] * s
        xi: list[Tensor] = [p] * s
        for i in reversed(range(s)):
            # p_i = p^[l] + h Σ ã_ij g_j with p^[l] = p^[l+1] − h Σ β_j g_j; what is left has j > i.
            costate = p
            for j in range(i + 1, s):
                costate = costate + net.h * (partner[i][j] - beta[j]) * g[j]
            xi[i] = net.h * beta[i] * costate
            g[i] = -pull(i, costate)
        return xi

    return _discrete(net, y0, target, multipliers)


def _discrete(
    net: Net,
    y0: Tensor,
    target: Tensor,
    multipliers: Callable[[Tensor, Callable[[int, Tensor], Tensor]], list[Tensor]],
) -> Gradient:
    """Go forward keeping the states at the layers, and back through the stages of each layer."""
    began = time.perf_counter()
    states = [y0]
    for k, b in zip(net.k, net.b):
        states.append(net.scheme.step(_field(net, k, b), 0.0, states[-1], net.h)[0])
    p = states[-1] - target
    of_k, of_b = torch.zeros_like(net.k), torch.zeros_like(net.b)
    for layer in reversed(range(len(net.k))):
        k = net.k[layer]
        points, slopes = _stages(net, layer, states[layer])

        def pull(i: int, vector: Tensor, k: Tensor = k, slopes: list[Tensor] = slopes) -> Tensor:
            return (slopes[i] * vector) @ k

        xi = multipliers(p, pull)
        for i, multiplier in enumerate(xi):
            weighted = slopes[i] * multiplier
            of_k[layer] += weighted.T @ points[i]
            of_b[layer] += weighted.sum(dim=0)
            p = p + weighted @ k
    kept = sum(state.nbytes for state in states)
    return Gradient(of_k, of_b, p, time.perf_counter() - began, kept)


def _stages(net: Net, layer: int, y: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Return the points y_i of the stages and σ' there, both ``(batch, dim)``."""
    points: list[Tensor] = []
    slopes: list[Tensor] = []
    values: list[Tensor] = []
    for row in net.tableau.a:
        point = y
        for weight, value in zip(row, values):
            point = point + net.h * weight * value
        inner = (point @ net.k[layer].T + net.b[layer]).requires_grad_()
        value = net.activation(inner)
        (slope,) = torch.autograd.grad(value.sum(), inner)
        points.append(point)
        slopes.append(slope)
        values.append(value.detach())
    return points, slopes


def _by_integrating_back(net: Net, y0: Tensor, target: Tensor) -> Gradient:
    """Step state, costate and gradient backward from the end: nothing is kept on the way."""
    began = time.perf_counter()
    y = y0
    for k, b in zip(net.k, net.b):
        y, _ = net.scheme.step(_field(net, k, b), 0.0, y, net.h)
    kept = y.nbytes
    p = y - target
    of_k, of_b = torch.zeros_like(net.k), torch.zeros_like(net.b)
    for layer in reversed(range(len(net.k))):
        y, p, of_k[layer], of_b[layer] = _back(net, layer, y, p)
    return Gradient(of_k, of_b, p, time.perf_counter() - began, kept)


def _back(net: Net, layer: int, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    k, b = net.k[layer], net.b[layer]
    sizes = [y.numel(), p.numel(), k.numel(), b.numel()]

    def velocity(_t: float, joined: Tensor) -> Tensor:
        state, costate, _, _ = joined.split(sizes)
        state, costate = state.view_as(y), costate.view_as(p)
        inner = (state @ k.T + b).requires_grad_()
        value = net.activation(inner)
        (slope,) = torch.autograd.grad(value.sum(), inner)
        pulled = slope * costate
        parts = (value.detach(), -(pulled @ k), -(pulled.T @ state), -pulled.sum(dim=0))
        return torch.cat([part.reshape(-1) for part in parts])

    zeros = torch.zeros(k.numel() + b.numel(), dtype=y.dtype)
    start = torch.cat([y.reshape(-1), p.reshape(-1), zeros])
    end, _ = net.scheme.step(velocity, 0.0, start, -net.h)
    state, costate, of_k, of_b = end.split(sizes)
    return state.view_as(y), costate.view_as(p), of_k.view_as(k), of_b


WAYS: dict[str, Way] = {
    "autograd": Way(
        "Automatic differentiation",
        True,
        "Keeps every number of the way forward and applies the chain rule to it.",
        _by_autograd,
    ),
    "multipliers": Way(
        "Multipliers ξ, (3.13) and (3.17)",
        True,
        "The chain rule written down by hand, for every explicit tableau, zero weights included.",
        _by_multipliers,
    ),
    "partner": Way(
        "Partner tableau, (3.24)–(3.26)",
        True,
        "The same numbers as a scheme for the costate, whose coefficients divide by the weights.",
        _by_partner,
    ),
    "backward": Way(
        "Integrating backward",
        False,
        "A step back does not undo a step forward: it finds other states, up to the scheme's own error, "
        "and the gradient is that of the continuous problem at these.",
        _by_integrating_back,
    ),
}


@dataclass(frozen=True)
class Compared:
    """One way against automatic differentiation.

    Attributes:
        way: Name in ``WAYS``.
        difference: Largest difference, in relation to the largest number of the gradient; ``None`` where
            the way cannot be gone.
        seconds: Shortest time of some tries, there and back.
        kept: Bytes kept between the two.
        refused: Why the way cannot be gone, empty where it can.
    """

    way: str
    difference: float | None
    seconds: float | None
    kept: int | None
    refused: str = ""


_TRIES = 3


def compare(net: Net, y0: Tensor, target: Tensor) -> list[Compared]:
    """Go all ways for a net, an input ``(batch, dim)`` and a target of the same shape."""
    exact = _by_autograd(net, y0, target)
    found = []
    for name, way in WAYS.items():
        try:
            tries = [way.gradient(net, y0, target) for _ in range(_TRIES)]
        except ValueError as error:
            found.append(Compared(name, None, None, None, str(error)))
            continue
        seconds = min(each.seconds for each in tries)
        found.append(Compared(name, tries[0].distance(exact), seconds, tries[0].kept))
    return found


def random_net(
    scheme: RungeKutta, width: int, depth: int, length: float, points: int, seed: int
) -> tuple[Net, Tensor, Tensor]:
    """Return a net with random weights in float64, an input and a target ``(points, width)``.

    Args:
        scheme: How a layer is stepped.
        width: Number of features.
        depth: Number of layers.
        length: Horizon T; the step is T / depth.
        points: Rows of input and target.
        seed: Of everything that is random.
    """
    source = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    k, b = normal(depth, width, width) / width**0.5, normal(depth, width) / 2
    return Net(k, b, length / depth, scheme), normal(points, width), normal(points, width)


def backward_errors(
    scheme: RungeKutta, width: int, length: float, points: int, seed: int, layers: Sequence[int]
) -> list[float]:
    """Return how far the gradient by integrating backward is from the exact one, for depths of one flow.

    All layers of a net share their weights, so that with more of them it comes nearer to the flow of one
    field. The gradients by the single layers are summed up, as those of a shared field are.
    """
    one, y0, target = random_net(scheme, width, 1, length, points, seed)
    errors = []
    for depth in layers:
        k, b = one.k.expand(depth, -1, -1).clone(), one.b.expand(depth, -1).clone()
        net = Net(k, b, length / depth, scheme)
        exact, back = (
            _summed(way(net, y0, target)) for way in (_by_autograd, _by_integrating_back)
        )
        errors.append(back.distance(exact))
    return errors


def _summed(gradient: Gradient) -> Gradient:
    k, b = gradient.k.sum(dim=0), gradient.b.sum(dim=0)
    return Gradient(k, b, gradient.y, gradient.seconds, gradient.kept)
