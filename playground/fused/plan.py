"""From a module to what the kernels want: which nets are supported, and their tables of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from playground.fused.flow import Net, Space
from playground.fused.functions import CODES
from playground.integrators import INTEGRATORS, Multistep, RungeKutta
from playground.networks import ACTIVATIONS
from playground.networks.flow_net import FlowNet
from playground.networks.mlp import MLP, StandardNet

MAX_WIDTH = 128
"""Widest features and largest number of outputs; from about twice that on torch is as fast."""

KEPT_BYTES = 400_000  # of a block of rows on its way back: what a second-level cache holds
STATE_BYTES = 3_000  # of one state of a block on its way forward alone: a dozen fit the first level
TILE = 5  # rows that the kernels take at once

_CODES = {ACTIVATIONS[name].function: code for name, code in CODES.items()}
_DTYPES = {torch.float32: np.float32, torch.float64: np.float64}


def unsupported(net: nn.Module) -> str | None:
    """Return why a net cannot be compiled, in words; ``None`` if it can."""
    if any(p.device.type != "cpu" for p in net.parameters()):
        return "it is not on the CPU"
    return unsupported_form(net)


def unsupported_form(net: nn.Module) -> str | None:
    """Return why a net could not be compiled even on the CPU: it may be one without values."""
    if type(net) not in (FlowNet, StandardNet, MLP):
        return f"a net of the kind {type(net).__name__} has no compiled form"
    if net.activation not in _CODES:
        return "its activation has no compiled form"
    if isinstance(net, FlowNet):
        if not isinstance(net.scheme, RungeKutta | Multistep):
            return f"the scheme {net.scheme.name!r} chooses its own steps"
        if net.learned is not None:
            return "learned step sizes have no compiled gradient"
    return _unsupported_weights(net)


def _unsupported_weights(net: nn.Module) -> str | None:
    pairs = [*_layers(net), _pair(net.head)]
    tensors = [p for pair in pairs for p in pair]
    if len({p.dtype for p in tensors}) > 1 or tensors[0].dtype not in _DTYPES:
        return f"its precision is {tensors[0].dtype}; float32 and float64 are compiled"
    if not all(p.requires_grad and p.is_contiguous() for p in tensors):
        return "some of its weights are frozen or not contiguous"
    if any(p.requires_grad for p in net.lift.parameters()):
        return "its lift is trained"
    widest = max(size for weight, _ in pairs for size in weight.shape[-2:])
    if widest > MAX_WIDTH:
        return f"its width {widest} is above {MAX_WIDTH}, where torch is as fast"
    return None


def _pair(layer: nn.Linear) -> tuple[Tensor, Tensor]:
    return layer.weight, layer.bias


def _layers(net: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Return weight and bias of the layers, stacked ones as one pair."""
    if isinstance(net, MLP):
        return [_pair(layer) for layer in net.layers]
    return [(net.weight, net.bias)]


def plan(net: nn.Module) -> Plan | None:
    """Return the plan of a net, ``None`` if ``unsupported`` has a reason against it."""
    return None if unsupported(net) else Plan(net)


@dataclass
class Plan:
    """A net and the tables that describe it to the kernels.

    Many calls may use one plan, also at once: each takes its own memory. The parameters are the
    module's own memory, looked up anew for every call.

    Attributes:
        net: The module.
        lanes: The tag that chooses the length of vectors.
        parameters: Its trained tensors, in the order of ``net.parameters()``.
        evaluations: Evaluations of the field in one way forward.
    """

    net: Any
    parameters: list[nn.Parameter] = field(init=False)
    evaluations: int = field(init=False)

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.net.parameters() if p.requires_grad]
        self.dtype = self.parameters[0].dtype
        pairs = [*_layers(self.net), _pair(self.net.head)]
        self.n_inputs = int(pairs[0][0].shape[-1])
        self.width = (
            max(int(size) for p in pairs[:-1] for size in p[0].shape[-2:])
            if len(pairs) > 1
            else self.n_inputs
        )
        self.n_outputs = int(self.net.head.out_features)
        wide = self.dtype == torch.float32 and self.width > 8
        self.lanes = (None,) * (16 if wide else 8)
        self.sizes = np.array(
            [
                self._padded(self.width),
                self.n_inputs,
                self.n_outputs,
                self._padded(self.n_outputs),
                _CODES[self.net.activation],
            ],
            dtype=np.int64,
        )
        self._place_gradients()
        self._scheme = _scheme(self.net, self.depth)
        self.evaluations = int(self._stages_of_layers().sum())
        self._spaces: dict[tuple[int, bool], list[Space]] = {}

    def _padded(self, size: int) -> int:
        return -(-size // len(self.lanes)) * len(self.lanes)

    def _place_gradients(self) -> None:
        """Lay the gradients of all parameters one after another."""
        ends = np.cumsum([p.numel() for p in self.parameters])
        self.places = [0, *(int(end) for end in ends[:-1])]
        self.size = int(ends[-1])
        self._place = {id(p): place for p, place in zip(self.parameters, self.places)}

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.net.layers) if isinstance(self.net, MLP) else len(self.net.weight)

    def _stages_of_layers(self) -> np.ndarray:
        stages, alpha = self._scheme["stages"], self._scheme["alpha"]
        return np.where(np.arange(self.depth) < alpha.shape[1] - 1, stages[0], stages[1])

    def tables(self) -> Net:
        """Return the net as the kernels know it, with the present addresses of its parameters."""
        step = getattr(self.net, "step", 1.0)
        layers = [row for pair in _layers(self.net) for row in self._rows(*pair)]
        return Net(
            sizes=self.sizes,
            layers=np.array(layers, dtype=np.int64).reshape(-1, 6),
            head=np.array(self._rows(*_pair(self.net.head))[0], dtype=np.int64),
            h=np.full(self.depth, step if isinstance(self.net, FlowNet) else 1.0),
            depth=self.depth,
            past=self._scheme["alpha"].shape[1],
            most=self._scheme["b"].shape[1],
            **self._scheme,
        )

    def _rows(self, weight: Tensor, bias: Tensor) -> list[list[int]]:
        """Return one row of the table a layer for a matrix or a stack of them."""
        n_out, n_in = weight.shape[-2:]
        size = weight.element_size()
        w, b = weight.data_ptr(), bias.data_ptr()
        gw, gb = self._place[id(weight)], self._place[id(bias)]
        return [
            [
                w + i * n_out * n_in * size,
                b + i * n_out * size,
                n_in,
                n_out,
                gw + i * n_out * n_in,
                gb + i * n_out,
            ]
            for i in range(weight.numel() // (n_out * n_in))
        ]

    def block(self, keep: bool) -> int:
        """Return how many rows go through the net together."""
        row = int(self.sizes[0]) * self.parameters[0].element_size()
        if keep:
            kept = 2 * row * max(self.depth, 1) * self._scheme["b"].shape[1]
            # Handling the weights once a block has to pay: the wider the net, the more rows.
            least = TILE * max(1, int(self.sizes[0]) // 16)
            return max(least, min(8 * TILE, KEPT_BYTES // kept // TILE * TILE))
        return max(TILE, min(16 * TILE, STATE_BYTES // row // TILE * TILE))

    def borrow(self, keep: bool) -> Space:
        """Return memory for one call; give it back for the next one."""
        pool = self._spaces.setdefault((self.block(keep), keep), [])
        try:
            return pool.pop()
        except IndexError:  # none left, perhaps because another thread was quicker
            return self._space(self.block(keep), keep)

    def give_back(self, space: Space, keep: bool) -> None:
        """Hand memory back that ``borrow`` lent."""
        self._spaces[self.block(keep), keep].append(space)

    def _space(self, rows: int, keep: bool) -> Space:
        pitch, out_pitch = int(self.sizes[0]), int(self.sizes[3])
        n, stages = rows * pitch, self._scheme["b"].shape[1]
        past = self._scheme["alpha"].shape[1]
        layers = max(self.depth, 1) if keep else 1
        sizes = {
            "y": past * n,
            "k": past * stages * n,
            "u": layers * stages * n,
            "slope": layers * stages * n,
            "eta": past * n,
            "kappa": past * n,
            "zeta": stages * n,
            "xi": stages * n,
            "matrix": pitch * pitch,
            "back": max(pitch, out_pitch) * pitch,
            "head": pitch * out_pitch,
            "bias": max(pitch, out_pitch),
            "zeros": max(pitch, out_pitch),
            "outputs": rows * out_pitch,
        }
        return Space(**{name: np.zeros(size, _DTYPES[self.dtype]) for name, size in sizes.items()})

    def lifted(self, x: Tensor) -> np.ndarray:
        """Return what enters the first layer ``(n, n_inputs)`` for points ``(n, n_features)``."""
        with torch.no_grad():
            return self.net.lift(self.net.inputs(x)).to(self.dtype).contiguous().numpy()


def _scheme(net: nn.Module, depth: int) -> dict[str, np.ndarray]:
    """Return the coefficients of ``Net``: first those of the starting layers, then of the others."""
    if not isinstance(net, FlowNet):
        start = main = ([[0.0]], [1.0])
        alpha, beta = [[0.0], [0.0]], [[0.0], [0.0]]
    elif isinstance(net.scheme, Multistep):
        tableau = INTEGRATORS[net.scheme.starter].tableau
        start = (tableau.a, tableau.b)
        main = ([[0.0]], [net.scheme.beta[0]])
        zeros = [0.0] * (net.scheme.steps - 1)
        alpha = [[1.0, *zeros], list(net.scheme.alpha)]
        beta = [[0.0, *zeros], [0.0, *net.scheme.beta[1:]]]
    else:
        start = main = (net.scheme.tableau.a, net.scheme.tableau.b)
        alpha, beta = [[1.0], [1.0]], [[0.0], [0.0]]
    most = max(len(start[1]), len(main[1]))
    a, b = np.zeros((2, most, most)), np.zeros((2, most))
    for phase, (coefficients, weights) in enumerate((start, main)):
        a[phase, : len(weights), : len(weights)] = coefficients
        b[phase, : len(weights)] = weights
    stages = np.array([len(start[1]), len(main[1])], dtype=np.int64)
    return {"stages": stages, "a": a, "b": b, "alpha": np.array(alpha), "beta": np.array(beta)}
