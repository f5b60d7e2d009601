"""Whoever watches an attack sees every step of the try that counts, and changes nothing."""

import copy
from itertools import pairwise

import pytest
import torch

from playground.attacks import ATTACKS, AttackSlot, pgd, run
from playground.attacks.ball import Ball
from tests.attacks.models import moons

OPTIONS = {"spsa": {"samples": 8, "steps": 5}, "pgd": {"steps": 4}, "transfer": {"steps": 4}}
SEEN = {"gaussian_noise": 2, "fgsm": 2, "pgd": 5, "spsa": 6, "transfer": 5}


def watched(function, *given, **settings):
    seen = []
    moved = function(*given, watch=seen.append, **settings)
    return moved, torch.stack(seen)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_can_be_watched(name):
    x, y, net, source = moons()
    slot = AttackSlot(name=name, options=OPTIONS.get(name, {}))
    settings = {"eps": 0.2, "clip": None, "source": source, "seed": 3}
    moved, seen = watched(run, slot, net, x, y, **settings)
    assert len(seen) == SEEN[name]
    assert torch.equal(seen[-1], moved)
    assert torch.equal(moved, run(slot, net, x, y, **settings))
    assert (seen[1:] - seen[:-1]).abs().flatten(1).amax(1).gt(0).all()
    if name in ("gaussian_noise", "fgsm", "spsa"):
        assert torch.equal(seen[0], x)


def _stepped(net, x, moved, y, alpha, eps, norm):
    """Return where one step of PGD on the cross-entropy leads, by autograd."""
    given = moved.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(net(given), y, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, given)
    if norm == "linf":
        return x + (moved + alpha * gradient.sign() - x).clamp(-eps, eps)
    gap = moved + alpha * gradient / gradient.norm(dim=1, keepdim=True) - x
    return x + gap * (eps / gap.norm(dim=1, keepdim=True)).clamp(max=1)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_iterates_of_a_try_follow_each_other_also_where_tries_are_mixed(norm):
    x, y, net, _ = moons()
    x, net = x.double(), copy.deepcopy(net).double()
    settings = {"eps": 0.25, "alpha": 0.1, "steps": 3, "norm": norm, "clip": None}
    moved, seen = watched(pgd, net, x, y, restarts=4, batch_size=70, **settings)
    torch.testing.assert_close(moved, pgd(net, x, y, restarts=4, **settings), atol=1e-9, rtol=0)
    once, first = watched(pgd, net, x, y, restarts=1, **settings)
    ball = Ball(0.25, norm, None)
    torch.testing.assert_close(ball.project(seen[0], x), seen[0], atol=1e-12, rtol=0)
    for before, after in pairwise(seen):
        wanted = _stepped(net, x, before, y, 0.1, 0.25, norm)
        torch.testing.assert_close(after, wanted, atol=1e-12, rtol=0)
    other = (first[0] - seen[0]).abs().amax(1).gt(1e-6)
    assert 0 < int(other.sum()) < len(x)  # some inputs keep their first try, some a later one
    torch.testing.assert_close(once[~other], moved[~other], atol=1e-9, rtol=0)


def test_nothing_to_watch():
    _, _, net, _ = moons()
    moved, seen = watched(
        pgd, net, torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), eps=0.1, steps=3, clip=None
    )
    assert moved.shape == (0, 2)
    assert seen.shape == (4, 0, 2)
