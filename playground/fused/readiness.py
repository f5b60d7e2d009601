"""Whether the kernels are compiled, and compiling them where nobody waits.

There is one machine code for each precision and length of vectors, whatever the net. Compiling one
takes many seconds and is done once for a machine, in a process of its own, since the compiler would
take the interpreter from a training beside it. Loading it takes a fraction of a second.
"""

from __future__ import annotations

import fcntl
import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from llvmlite.binding import get_host_cpu_name

from playground.fused.epochs import Data, train
from playground.fused.jit import cache_folder
from playground.fused.outputs import forward, predict, trajectory
from playground.fused.plan import Plan
from playground.networks import build

WIDTHS = {"float32-16": 9, "float32-8": 2, "float64-8": 2}
"""The kinds of machine code, precision and number of lanes, each with a width that asks for it."""

MAX_TRIES = 2

_ready: set[str] = set()
_begun: dict[str, list[subprocess.Popen[bytes] | threading.Thread]] = {}
_lock = threading.Lock()
_folder = functools.cache(cache_folder)


def kind_of(plan: Plan) -> str:
    """Return which machine code a plan needs."""
    return f"{str(plan.dtype).removeprefix('torch.')}-{len(plan.lanes)}"


def ready(plan: Plan) -> bool:
    """Return whether a plan's kernels can run now; loads them if they lie in the cache."""
    kind = kind_of(plan)
    if kind not in _ready and (mark := _mark(kind)) is not None and mark.exists():
        warm([kind])
    return kind in _ready


def prepare(plan: Plan) -> None:
    """Begin to compile a plan's kernels beside this process, unless that has begun.

    Where nothing can be cached they are compiled by a thread of this process.
    """
    _begin([kind_of(plan)])


def prepare_all() -> None:
    """Begin to compile whatever is not in the cache yet, the most common kind first."""
    marks = {kind: _mark(kind) for kind in WIDTHS}
    missing = [kind for kind, mark in marks.items() if mark is None or not mark.exists()]
    if missing:
        _begin(missing)


def _begin(kinds: list[str]) -> None:
    with _lock:
        tries = [compiler for kind in kinds for compiler in _begun.get(kind, [])]
        if len(tries) >= MAX_TRIES or any(_goes_on(compiler) for compiler in tries):
            return
        compiler = _thread(kinds) if _folder() is None else _process(kinds)
        for kind in kinds:
            _begun.setdefault(kind, []).append(compiler)


def _goes_on(compiler: subprocess.Popen[bytes] | threading.Thread) -> bool:
    if isinstance(compiler, threading.Thread):
        return compiler.is_alive()
    return compiler.poll() is None


def _thread(kinds: list[str]) -> threading.Thread:
    thread = threading.Thread(target=warm, args=(kinds,), name="compiler", daemon=True)
    thread.start()
    return thread


def _process(kinds: list[str]) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    places = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "playground.fused", *kinds]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": places})


def compile_alone(kinds: Iterable[str]) -> None:
    """Compile kernels unless another process is at it: what ``python -m playground.fused`` does."""
    for kind in kinds:
        folder = _folder()
        if folder is None:
            return
        with (folder / f"{kind}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            warm([kind])


def warm(kinds: Iterable[str] = tuple(WIDTHS)) -> None:
    """Compile kernels, or load them from the cache, by using each once on a tiny net."""
    for kind in kinds:
        if kind not in _ready:
            _use_once(kind)
            _ready.add(kind)
            if (mark := _mark(kind)) is not None:
                mark.touch()


def _use_once(kind: str) -> None:
    dtype = getattr(torch, kind.partition("-")[0])
    options = {"width": WIDTHS[kind], "depth": 1}
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


def _mark(kind: str) -> Path | None:
    """Return the file that says that a kind lies in the cache, compiled for this processor."""
    folder = _folder()
    return None if folder is None else folder / f"{kind}.{get_host_cpu_name()}.ready"
