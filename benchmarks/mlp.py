"""Samples per CPU second of the net that TensorFlow Playground shows first: 2-8-8-1, tanh, batch 10."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.limit import least_step
from playground import fused
from playground.datasets import make
from playground.networks import build

N, BATCH, RATE = 1000, 10, 0.03
ROUNDS = 15
EAGER_STEPS = 100
EPOCHS_A_ROUND = 10


def _eager(x: torch.Tensor, y: torch.Tensor) -> Callable[[], int]:
    """Return a function that trains the plain PyTorch net a little and returns its samples."""
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)

    def work() -> int:
        for rows in torch.randperm(N).split(BATCH)[:EAGER_STEPS]:
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
            optimizer.step()
        return BATCH * min(EAGER_STEPS, N // BATCH)

    return work


def _fused(plan: fused.Plan, x: torch.Tensor, y: torch.Tensor) -> Callable[[], int]:
    data = fused.Data.of(plan, x, y)
    optimizer = torch.optim.SGD(plan.parameters, lr=RATE)
    order = np.concatenate([np.random.default_rng(i).permutation(N) for i in range(EPOCHS_A_ROUND)])
    borders = np.arange(0, len(order) + 1, BATCH)
    rates = np.full(len(borders) - 1, RATE)

    def work() -> int:
        result = fused.train(plan, data, optimizer, order, borders, rates, loss="mean_square")
        return BATCH * result.done

    return work


def run(_: argparse.Namespace) -> dict[str, Any]:
    """Train both in turn and return samples per CPU second."""
    features, labels = make("gauss", N, random_state=0)
    x = torch.from_numpy(features)
    y = torch.from_numpy(2.0 * labels[:, None] - 1.0).float()
    plan = fused.plan(build("mlp", n_features=2, n_classes=1, width=8, depth=2, seed=0))
    works = {"eager": _eager(x, y), "fused": _fused(plan, x, y)}
    speeds: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = time.thread_time()
            samples = work()
            speeds[name].append(samples / (time.thread_time() - began))
    weights = 2 * 8 + 8 * 8 + 8
    least = least_step(3 * 2 * BATCH * weights, BATCH * 16, 3 * 4 * plan.size)
    middle = {name: statistics.median(values) for name, values in speeds.items()}
    return {
        "unit": "samples per CPU second",
        **{
            name: {"median": middle[name], "least": min(values), "greatest": max(values)}
            for name, values in speeds.items()
        },
        "ratio": middle["fused"] / middle["eager"],
        "limit": BATCH / least,
        "share_of_the_limit": middle["fused"] * least / BATCH,
    }


def show(result: dict[str, Any]) -> None:
    """Print a result of ``run``."""
    print("mlp: 2-8-8-1, tanh, batch 10, SGD, one thread")
    for name in ("eager", "fused"):
        t = result[name]
        print(
            f"  {name:8s} {t['median'] / 1e6:8.3f} million samples per CPU second "
            f"({t['least'] / 1e6:.3f} to {t['greatest'] / 1e6:.3f})"
        )
    print(f"  {result['ratio']:.0f} times as fast as eager")
    print(
        f"  {100 * result['share_of_the_limit']:.0f} % of the arithmetic limit of this machine "
        f"({result['limit'] / 1e6:.1f} million)"
    )
