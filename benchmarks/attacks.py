"""A sweep over ε on points, by compiled gradients and by autograd, a thread for each net.

The kernels hold no lock of the interpreter, so that three nets in three threads share the cores.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn

from playground import fused
from playground.attacks import AttackSlot, accuracy_curve
from playground.datasets import make
from playground.networks import build

POINTS, NETS, EPSILONS = 1000, 3, 20
TARGET = 2.0  # seconds, on two cores
_ROUNDS = 3


def _nets(x: torch.Tensor, y: torch.Tensor) -> list[nn.Module]:
    """Return flow nets of depth 20 with some training, so that their gradients mean something."""
    nets = []
    for seed in range(NETS):
        net = build("rk_net", n_features=2, n_classes=2, scheme="rk4", depth=20, seed=seed)
        plan = fused.plan(net)
        optimizer = torch.optim.Adam(plan.parameters, lr=0.01)
        for _ in range(30):
            optimizer.zero_grad()
            nn.functional.cross_entropy(fused.forward(plan, x), y).backward()
            optimizer.step()
        nets.append(net.eval())
    return nets


def attacks() -> dict[str, float]:
    """Sweep ε on 1000 points for three nets by both ways; print and return seconds and their ratio."""
    x, y = (torch.from_numpy(part) for part in make("moons", POINTS, random_state=0))
    nets = _nets(x, y)
    epsilons = np.linspace(0, 1, EPSILONS).tolist()
    slot = AttackSlot(name="pgd", options={"steps": 10})

    def sweep(model: object) -> tuple[float, ...]:
        return accuracy_curve(model, x, y, slot, epsilons, clip=None).accuracies

    def seconds(models: list[object]) -> tuple[float, list[tuple[float, ...]]]:
        began = time.perf_counter()
        with ThreadPoolExecutor(NETS) as threads:
            found = list(threads.map(sweep, models))
        return time.perf_counter() - began, found

    compiled = [fused.CompiledModel(fused.plan(net)) for net in nets]
    seconds(compiled)
    ours = sorted(seconds(compiled)[0] for _ in range(_ROUNDS))
    _, accuracies = seconds(compiled)
    eager, wanted = seconds(nets)
    difference = float(np.abs(np.array(accuracies) - np.array(wanted)).max())
    middle = ours[len(ours) // 2]
    print(f"attacks: PGD-10 at {EPSILONS} ε on {POINTS} points, {NETS} nets of depth 20 (RK4)")
    print(f"  compiled {middle:8.2f} s ({ours[0]:.2f} to {ours[-1]:.2f}; target {TARGET:.0f} s)")
    print(f"  autograd {eager:8.2f} s, {eager / middle:.1f} times as long")
    print(f"  accuracies differ by {100 * difference:.1f} points at most")
    return {
        "compiled_seconds": middle,
        "autograd_seconds": eager,
        "ratio": eager / middle,
        "difference": difference,
    }
