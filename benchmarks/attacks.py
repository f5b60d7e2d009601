"""What attacks cost: a sweep over ε on points by two ways, and PGD-40 on 1,000 digits.

Points: by compiled gradients and by autograd, a thread for each net. The kernels hold no lock of the
interpreter, so that three nets in three threads share the cores. Digits: against the same number of
bare passes through the net.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn

from playground import fused
from playground.attacks import AttackSlot, accuracy_curve
from playground.datasets import make
from playground.networks import build
from playground.training import train
from playground.training.attacked import Subject, subject
from playground.training.events import Checkpoint
from playground.training.robust_protocol import PROTOCOLS, experiments

POINTS, NETS, EPSILONS = 1000, 3, 20
TARGET = 2.0  # seconds, on two cores
IMAGES, STEPS, IMAGE_TARGET = 1000, 40, 10.0
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
    """Time the sweep and the attack on digits; print and return seconds and ratios."""
    return _sweep() | _on_digits()


def _digits() -> Subject:
    """Return the small CNN of the reduced Table I after five epochs, with 1,000 digits to attack."""
    sizes = {"n_train": 797, "n_validation": IMAGES, "epochs": 5}
    experiment = experiments(PROTOCOLS["reduced"], 1, **sizes)["cnn"][0]
    events = train(experiment, snapshots=False)
    checkpoint = [event for event in events if isinstance(event, Checkpoint)][-1]
    return subject(experiment, checkpoint.payload, IMAGES)


def _on_digits() -> dict[str, float]:
    """Attack 1,000 digits by 40 steps on all cores; print and return seconds, beside bare passes."""
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        own = _digits()
        slot = AttackSlot(name="pgd", options={"steps": STEPS})
        attacked, bare = [], []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            curve = accuracy_curve(own.model, own.x, own.y, slot, [0.1], clip=own.clip)
            attacked.append(time.perf_counter() - began)
            bare.append(_bare(own))
    finally:
        torch.set_num_threads(before)
    middle, least = sorted(attacked)[_ROUNDS // 2], sorted(bare)[_ROUNDS // 2]
    print(f"  PGD-{STEPS} on {len(own.x)} digits, CNN of 16 channels: {middle:.2f} s", end=" ")
    print(f"({min(attacked):.2f} to {max(attacked):.2f}; target {IMAGE_TARGET:.0f} s),")
    print(
        f"  {middle / least:.2f} times {STEPS} bare passes; {curve.accuracies[0]:.1%} withstand it"
    )
    return {"digits_seconds": middle, "digits_ratio": middle / least}


def _bare(own: Subject) -> float:
    """Return the seconds of as many passes there and back as the attack takes, of all images at once."""
    began = time.perf_counter()
    for _ in range(STEPS):
        x = own.x.clone().requires_grad_()
        torch.autograd.grad(nn.functional.cross_entropy(own.net(x), own.y, reduction="sum"), x)
    return time.perf_counter() - began


def _sweep() -> dict[str, float]:
    """Sweep ε on 1,000 points for three nets by both ways; print and return seconds and their ratio."""
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
