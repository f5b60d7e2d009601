"""Training inside the kernel against torch's optimisers, from one and the same state."""

import copy
import math
import threading
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from playground.fused import Data, plan, train, unsupported_optimizer
from playground.losses import LOSSES
from playground.networks import build

N, BATCH = 33, 5  # the last batch is ragged
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    "decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adam, other betas": lambda p: torch.optim.Adam(
        p, lr=0.01, betas=(0.5, 0.9), eps=1e-4, weight_decay=0.1
    ),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.3),
}
ORDER = np.random.default_rng(0).permutation(N)
BORDERS = np.array([*range(0, N, BATCH), N])
RATES = np.linspace(0.02, 0.01, len(BORDERS) - 1)


def make(name="rk_net", *, n_outputs=3, dtype=torch.float64, **options):
    options = {"width": 6, "depth": 4, "seed": 1} | options
    return build(name, n_features=2, n_classes=n_outputs, **options).to(dtype)


def points(kind="classes", dtype=torch.float64):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(N, 2, dtype=dtype, generator=generator)
    if kind == "classes":
        return x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    return x, torch.randn(N, 3, dtype=dtype, generator=generator)


def by_torch(net, optimizer, x, y, *, loss, l2=0.0, l1=0.0, clip_norm=0.0):
    """Train as a plain loop would; return losses and norms."""
    losses, norms, weights = [], [], list(net.parameters())
    for begin, end, rate in zip(BORDERS, BORDERS[1:], RATES):
        rows = torch.from_numpy(ORDER[begin:end])
        optimizer.param_groups[0]["lr"] = float(rate)
        optimizer.zero_grad()
        value = LOSSES[loss].function(net(x[rows]), y[rows])
        penalty = l2 / 2 * sum(p.square().sum() for p in weights)
        (value + penalty + l1 * sum(p.abs().sum() for p in weights)).backward()
        norm = nn.utils.get_total_norm([p.grad for p in weights])
        if clip_norm:
            nn.utils.clip_grads_with_norm_(weights, clip_norm, norm)
        optimizer.step()
        losses.append(value.item())
        norms.append(norm.item())
    return losses, norms


def by_kernel(net, optimizer, x, y, cuts=(), **options):
    """Train by the kernel, the range of batches cut into calls at ``cuts``."""
    p = plan(net)
    data = Data.of(p, x, y)
    edges = [0, *cuts, len(RATES)]
    results = [
        train(p, data, optimizer, ORDER, BORDERS[a : b + 1], RATES[a:b], **options)
        for a, b in pairwise(edges)
    ]
    return [np.concatenate([getattr(r, k) for r in results]) for k in ("losses", "norms")]


def check(net, maker, x, y, **options):
    twin = copy.deepcopy(net)
    ours, theirs = maker(list(net.parameters())), maker(list(twin.parameters()))
    for a, b in zip(by_kernel(net, ours, x, y, **options), by_torch(twin, theirs, x, y, **options)):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    for a, b in zip(net.parameters(), twin.parameters()):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-8)
    for a, b in zip(ours.state_dict()["state"].values(), theirs.state_dict()["state"].values()):
        assert set(a) == {k for k, v in b.items() if v is not None}
        for key in a:
            torch.testing.assert_close(a[key], b[key], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_epoch_agrees_with_torch(name):
    check(make(), OPTIMIZERS[name], *points(), loss="cross_entropy")


@pytest.mark.parametrize(
    ("kind", "loss"),
    [("classes", "cross_entropy"), ("classes", "mean_square"), ("values", "mean_square")],
)
@pytest.mark.parametrize("name", ["standard_net", "mlp", "rk_net"])
def test_every_net_with_every_loss(name, kind, loss):
    check(make(name), OPTIMIZERS["adam"], *points(kind), loss=loss)


@pytest.mark.parametrize(
    "options", [{"l2": 0.1}, {"l1": 0.05}, {"clip_norm": 0.1}, {"l2": 0.1, "clip_norm": 0.2}]
)
@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_penalties_and_clipping(name, options):
    check(make(), OPTIMIZERS[name], *points(), loss="cross_entropy", **options)


def test_the_paths_may_take_turns():
    """One step by the kernel, the others by torch, ends where torch alone ends."""
    net, (x, y) = make(), points()
    twin = copy.deepcopy(net)
    ours, theirs = (OPTIMIZERS["adam"](list(n.parameters())) for n in (net, twin))
    by_torch(twin, theirs, x, y, loss="cross_entropy")
    by_torch(twin, theirs, x, y, loss="cross_entropy")
    by_kernel(net, ours, x, y, loss="cross_entropy")
    restored = OPTIMIZERS["adam"](list(net.parameters()))
    restored.load_state_dict(ours.state_dict())
    by_torch(net, restored, x, y, loss="cross_entropy")
    for a, b in zip(net.parameters(), twin.parameters()):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_where_the_range_is_cut_makes_no_difference(dtype):
    whole, pieces = make(dtype=dtype), make(dtype=dtype)
    x, y = points(dtype=dtype)
    results = [
        by_kernel(net, OPTIMIZERS["adam"](list(net.parameters())), x, y, cuts, loss="cross_entropy")
        for net, cuts in ((whole, ()), (pieces, (1, 2, 5)))
    ]
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])
    for a, b in zip(whole.parameters(), pieces.parameters()):
        assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("position", [0, -1])
def test_a_weight_that_is_no_number_makes_the_loss_none_and_ends_the_call(dtype, position):
    net, (x, y) = make(dtype=dtype), points(dtype=dtype)
    with torch.no_grad():
        list(net.parameters())[position].view(-1)[0] = math.nan
    optimizer = OPTIMIZERS["adam"](list(net.parameters()))
    losses, _ = by_kernel(net, optimizer, x, y, loss="cross_entropy")
    assert len(losses) == 1
    assert math.isnan(losses[0])
    assert int(optimizer.state[net.head.bias]["step"]) == 1


def test_a_loss_above_the_limit_ends_the_call_after_its_step():
    net, (x, y) = make(), points()
    optimizer = OPTIMIZERS["sgd"](list(net.parameters()))
    losses, _ = by_kernel(net, optimizer, x, y, loss="cross_entropy", limit=0.0)
    assert len(losses) == 1
    assert losses[0] > 0


def test_two_threads_at_once_do_as_one_after_the_other():
    x, y = points()

    def run(seed):
        net = make(seed=seed)
        optimizer = OPTIMIZERS["adam"](list(net.parameters()))
        for _ in range(20):
            by_kernel(net, optimizer, x, y, loss="cross_entropy")
        return [p.detach().clone() for p in net.parameters()]

    alone = {seed: run(seed) for seed in (1, 2)}
    together = {}
    threads = [
        threading.Thread(target=lambda s=seed: together.__setitem__(s, run(s))) for seed in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (1, 2):
        assert all(torch.equal(a, b) for a, b in zip(alone[seed], together[seed]))


@pytest.mark.parametrize(
    ("maker", "words"),
    [
        (lambda p: torch.optim.RMSprop(p), "RMSprop"),
        (lambda p: torch.optim.Adam(p, amsgrad=True), "amsgrad"),
        (lambda p: torch.optim.SGD(p, momentum=0.5, dampening=0.1), "dampening"),
        (lambda p: torch.optim.SGD([{"params": p[:1]}, {"params": p[1:]}]), "groups"),
    ],
)
def test_an_optimiser_that_is_not_compiled_says_why(maker, words):
    net, (x, y) = make(), points()
    optimizer = maker(list(net.parameters()))
    assert words in unsupported_optimizer(optimizer)
    with pytest.raises(ValueError, match=words):
        by_kernel(net, optimizer, x, y, loss="cross_entropy")


def test_what_does_not_fit_is_refused():
    net, (x, y) = make(), points()
    p, optimizer = plan(net), OPTIMIZERS["sgd"](list(net.parameters()))
    data = Data.of(p, x, y)
    with pytest.raises(ValueError, match="order"):
        train(p, data, optimizer, ORDER + 1, BORDERS, RATES, loss="cross_entropy")
    with pytest.raises(ValueError, match="borders"):
        train(p, data, optimizer, ORDER, BORDERS + 1, RATES, loss="cross_entropy")
    with pytest.raises(ValueError, match="rates"):
        train(p, data, optimizer, ORDER, BORDERS, RATES[1:], loss="cross_entropy")
    with pytest.raises(ValueError, match="class"):
        Data.of(p, x, y + 1)
    with pytest.raises(ValueError, match="shape"):
        Data.of(p, x, torch.zeros(N, 2, dtype=torch.float64))
    with pytest.raises(ValueError, match="loss"):
        train(p, data, optimizer, ORDER, BORDERS, RATES, loss="hinge")
    other = OPTIMIZERS["sgd"](list(make().parameters()))
    with pytest.raises(ValueError, match="parameters"):
        train(p, data, other, ORDER, BORDERS, RATES, loss="cross_entropy")
