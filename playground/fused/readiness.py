"""Whether the kernels are compiled, and compiling them where nobody waits.

There is one machine code for each precision and length of vectors, whatever the net. Compiling one
takes seconds and is done once for a machine; loading it from the cache takes a fraction of a second.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import torch

from playground.fused.epochs import Data, train
from playground.fused.jit import cache_folder
from playground.fused.outputs import forward, predict, trajectory
from playground.fused.plan import Plan
from playground.networks import build

Kind = tuple[str, int]
"""Precision and number of lanes."""

KINDS: tuple[Kind, ...] = (("float32", 16), ("float32", 8), ("float64", 8))
WIDTHS = {16: 9, 8: 2}
"""A width that asks for so many lanes."""

_ready: set[Kind] = set()
_begun: dict[Kind, threading.Thread] = {}
_lock = threading.Lock()


def kind_of(plan: Plan) -> Kind:
    """Return which machine code a plan needs."""
    return str(plan.dtype).removeprefix("torch."), len(plan.lanes)


def ready(plan: Plan) -> bool:
    """Return whether a plan's kernels can run now; loads them if they lie in the cache."""
    kind = kind_of(plan)
    if kind not in _ready and _marked(kind):
        warm([kind])
    return kind in _ready


def prepare(plan: Plan) -> threading.Thread:
    """Begin to compile a plan's kernels in a thread, unless that has begun; return the thread."""
    kind = kind_of(plan)
    with _lock:
        if kind not in _begun:
            _begun[kind] = threading.Thread(target=warm, args=([kind],), daemon=True)
            _begun[kind].start()
        return _begun[kind]


def warm(kinds: Iterable[Kind] = KINDS) -> None:
    """Compile kernels, or load them from the cache, by using each once on a tiny net."""
    for kind in kinds:
        if kind not in _ready:
            _use_once(kind)
            _ready.add(kind)
            _mark(kind)


def _use_once(kind: Kind) -> None:
    precision, lanes = kind
    dtype = getattr(torch, precision)
    options = {"width": WIDTHS[lanes], "depth": 1}
    net = build("rk_net", n_features=2, n_classes=2, scheme="euler", seed=0, **options).to(dtype)
    plan = Plan(net)
    x = torch.zeros(3, 2, dtype=dtype)
    predict(plan, x)
    trajectory(plan, x)
    forward(plan, x).sum().backward()
    data = Data.of(plan, x, torch.zeros(3, dtype=torch.int64))
    optimizer = torch.optim.SGD(plan.parameters, lr=0.1)
    order, borders, rates = np.arange(3), np.array([0, 3]), np.ones(1)
    train(plan, data, optimizer, order, borders, rates, loss="cross_entropy")


def _marked(kind: Kind) -> bool:
    folder = cache_folder()
    return folder is not None and (folder / _mark_of(kind)).exists()


def _mark(kind: Kind) -> None:
    folder = cache_folder()
    if folder is not None:
        (folder / _mark_of(kind)).touch()


def _mark_of(kind: Kind) -> str:
    return f"{kind[0]}-{kind[1]}.ready"
