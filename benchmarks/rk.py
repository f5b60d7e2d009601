"""Flow nets by the kernels against the same nets as a PyTorch user writes them.

The reference is a module list of linear layers, a loop that keeps every layer, a data loader and
``torch.optim.Adam``, as in the programs of Giesecke and Kröner (2021). Both start from the same weights
and see the same batches, and their first losses are compared.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.limit import least_step
from playground import fused
from playground.datasets import make
from playground.integrators import INTEGRATORS
from playground.networks import build

N = 1500
STEP = 0.05
RATE = 1e-3
EAGER_STEPS = 8  # of the reference in a round
ROUNDS = 9


class EagerNet(nn.Module):
    """A flow net, or without a scheme a StandardNet, one ``nn.Linear`` a layer."""

    def __init__(self, width: int, depth: int, scheme: str | None) -> None:
        super().__init__()
        self.width = width
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, 2)
        self.tableau = INTEGRATORS[scheme].tableau if scheme else None

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        states = [nn.functional.pad(x, (0, self.width - x.shape[1]))]
        for layer in self.layers:
            states.append(self._step(layer, states[-1]))
        return self.head(states[-1])

    def _step(self, layer: nn.Linear, y: Tensor) -> Tensor:
        if self.tableau is None:
            return torch.tanh(layer(y))
        slopes: list[Tensor] = []
        for row in self.tableau.a:
            point = y
            for a, slope in zip(row, slopes):
                if a:
                    point = point + STEP * a * slope
            slopes.append(torch.tanh(layer(point)))
        return y + STEP * sum(b * slope for b, slope in zip(self.tableau.b, slopes))


def _twins(arguments: argparse.Namespace) -> tuple[EagerNet, nn.Module]:
    """Return the reference and the program's own net with the same weights."""
    torch.manual_seed(0)
    flows = arguments.net == "rk_net"
    eager = EagerNet(arguments.width, arguments.depth, arguments.scheme if flows else None)
    options: dict[str, Any] = {"width": arguments.width, "depth": arguments.depth}
    if flows:
        options |= {"scheme": arguments.scheme, "step_by": "step", "step": STEP}
    ours = build(arguments.net, n_features=2, n_classes=2, **options)
    with torch.no_grad():
        ours.weight.copy_(torch.stack([layer.weight for layer in eager.layers]))
        ours.bias.copy_(torch.stack([layer.bias for layer in eager.layers]))
        ours.head.load_state_dict(eager.head.state_dict())
    return eager, ours


def _train_eagerly(net: EagerNet, loader: DataLoader, optimizer: torch.optim.Optimizer) -> float:
    """Take a few steps; return the seconds of one and leave the losses with the net."""
    loss_of, losses = nn.CrossEntropyLoss(), []
    batches = iter(loader)
    began = time.perf_counter()
    for x, y in islice(batches, EAGER_STEPS):
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.losses = losses
    return (time.perf_counter() - began) / len(losses)


def _work(plan: fused.Plan, arguments: argparse.Namespace) -> tuple[float, float, float]:
    """Return the operations, the tanh and the bytes of one step: two ways back for each way forward."""
    points = arguments.batch * plan.evaluations
    flop = 3 * 2 * points * arguments.width**2
    bytes_of_adam = 7 * 4 * plan.size  # four arrays are read, three of them written
    return flop, points * arguments.width, bytes_of_adam


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train both nets in turn and return the microseconds of a step and what follows from them."""
    x, y = (torch.from_numpy(a) for a in make("spiral", N, random_state=0))
    eager, ours = _twins(arguments)
    plan = fused.plan(ours)
    if plan is None:
        raise SystemExit(f"rk: {fused.unsupported(ours)}")
    order = np.random.default_rng(0).permutation(N)
    loader = DataLoader(TensorDataset(x, y), batch_size=arguments.batch, sampler=order.tolist())
    optimizers = [torch.optim.Adam(net.parameters(), lr=RATE) for net in (eager, ours)]
    borders = np.append(np.arange(0, N, arguments.batch), N)
    data = fused.Data.of(plan, x, y)
    rates = np.full(len(borders) - 1, RATE)

    def epoch() -> fused.Result:
        return fused.train(plan, data, optimizers[1], order, borders, rates, loss="cross_entropy")

    first = epoch().losses[:EAGER_STEPS]
    _train_eagerly(eager, loader, optimizers[0])
    difference = float(np.abs(first - eager.losses[: len(first)]).max())
    times: dict[str, list[float]] = {"eager": [], "fused": []}
    for _ in range(ROUNDS):
        times["eager"].append(1e6 * _train_eagerly(eager, loader, optimizers[0]))
        began = time.perf_counter()
        done = epoch().done
        times["fused"].append(1e6 * (time.perf_counter() - began) / done)
    least = 1e6 * least_step(*_work(plan, arguments))
    middle = {name: statistics.median(values) for name, values in times.items()}
    return {
        "net": arguments.net,
        "scheme": arguments.scheme if arguments.net == "rk_net" else None,
        "width": arguments.width,
        "depth": arguments.depth,
        "batch": arguments.batch,
        "unit": "microseconds a step",
        **{
            name: {"median": middle[name], "least": min(values), "greatest": max(values)}
            for name, values in times.items()
        },
        "ratio": middle["eager"] / middle["fused"],
        "limit": least,
        "times_the_limit": middle["fused"] / least,
        "largest_difference_of_first_losses": difference,
    }


def show(result: dict[str, Any]) -> None:
    """Print a result of ``run``."""
    scheme = f", {result['scheme']}" if result["scheme"] else ""
    print(
        f"rk: {result['net']}{scheme}, width {result['width']}, depth {result['depth']}, "
        f"batch {result['batch']}, Adam"
    )
    for name in ("eager", "fused"):
        t = result[name]
        print(
            f"  {name:8s} {t['median']:10.1f} µs a step ({t['least']:.1f} to {t['greatest']:.1f})"
        )
    print(f"  {result['ratio']:.0f} times as fast as eager")
    print(
        f"  {result['times_the_limit']:.2f} times the arithmetic limit of this machine "
        f"({result['limit']:.1f} µs: multiplications, tanh and Adam's memory)"
    )
    print(f"  first losses differ by {result['largest_difference_of_first_losses']:.1g} at most")
