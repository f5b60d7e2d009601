"""Points of curves against the curves of the attacks themselves; spreads, crossings, rises."""

import itertools
import math
import statistics

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.attacks import AttackSlot, accuracy_curve, suggested_epsilons
from playground.experiment import Experiment
from playground.training.attack_curves import (
    accuracy,
    epsilons_of,
    falls_to,
    gradients_of,
    largest_rise,
    noise_beside,
    norm_of,
    outcome,
    seconds_of,
    spread,
)
from playground.training.attacked import subject_of
from playground.training.slices import Kept, advance
from playground.training.trainer import Trainer

PGD = AttackSlot(name="pgd", options={"steps": 4, "restarts": 2})
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def trained(data="moons", network="rk_net", options=None, steps=60, **changes):
    tree = {
        "data": data,
        "n_train": 200,
        "n_validation": 120,
        "network": {"name": network, "options": options or {"width": 6, "depth": 4}},
        "optimizer": {"name": "adam", "options": {"learning_rate": 0.02}},
        **changes,
    }
    trainer = Trainer(Experiment.model_validate(tree))
    for _ in range(steps):
        trainer.advance()
    return subject_of(trainer.experiment, trainer.net.state_dict(), 80)


@pytest.fixture(scope="module")
def net():
    return trained()


@pytest.mark.parametrize("name", ["pgd", "fgsm", "gaussian_noise", "spsa"])
def test_points_are_those_of_one_curve_in_whatever_order_they_are_computed(net, name):
    options = {"steps": 3, "samples": 8} if name == "spsa" else {}
    attack = PGD if name == "pgd" else AttackSlot(name=name, options=options)
    epsilons = epsilons_of([net], attack, 0.9, 5)
    kept = Kept(50)
    work = {eps: (lambda eps=eps: outcome(net, attack, eps, 7)) for eps in reversed(epsilons)}
    advance(kept, work, 60, threads=2)
    whole = accuracy_curve(net.model, net.x, net.y, attack, epsilons, clip=net.clip, seed=7)
    assert tuple(kept.get(eps) for eps in epsilons) == whole.outcomes
    assert [accuracy(kept.get(eps)) for eps in epsilons] == pytest.approx(whole.accuracies)


def test_transfer_takes_the_other_net(net):
    attack = AttackSlot(name="transfer", options={"steps": 3})
    other = trained(weight_seed=5)
    whole = accuracy_curve(
        net.model, net.x, net.y, attack, [0.3], clip=None, source=other.model, seed=1
    )
    assert (outcome(net, attack, 0.3, 1, other.model),) == whole.outcomes
    with pytest.raises(ValueError, match="source"):
        outcome(net, attack, 0.3, 1)


def test_nothing_is_the_clean_accuracy(net):
    with torch.no_grad():
        right = net.net(net.x).argmax(1) == net.y
    assert outcome(net, PGD, 0.0, 0) == "".join("01"[int(v)] for v in right)


def test_epsilons_reach_as_far_as_any_net_needs(net):
    wide = trained("squares", steps=0)
    for norm in ("linf", "l2"):
        attack = AttackSlot(name="fgsm", options={"norm": norm})
        tops = [suggested_epsilons(s.x, norm, s.clip)[-1] for s in (net, wide)]
        found = epsilons_of([net, wide], attack, 0, 20)
        assert len(found) == 20
        assert found[0] == 0
        assert max(tops) <= found[-1] <= 1.1 * max(tops)
        assert np.allclose(np.diff(found), found[1], rtol=1e-4)
    assert epsilons_of([net], PGD, 0.5, 3) == (0.0, 0.25, 0.5)


@pytest.mark.parametrize(
    ("top", "count", "words"),
    [
        (-1.0, 5, "top: -1 is not legal"),
        (math.nan, 5, "top: nan"),
        (1.0, 1, "count: 1 is not legal"),
    ],
)
def test_what_is_not_legal_is_said(net, top, count, words):
    with pytest.raises(ValueError, match=words):
        epsilons_of([net], PGD, top, count)
    with pytest.raises(ValueError, match="subjects: none"):
        epsilons_of([], PGD, 1.0, 3)


@given(st.floats(1e-4, 1e4), st.integers(2, 60))
def test_epsilons_rise_whatever_their_size(top, count):
    found = epsilons_of([None], PGD, top, count)
    assert all(b > a for a, b in itertools.pairwise(found))
    assert found[-1] == pytest.approx(top, rel=1e-5)


def test_noise_has_the_norm_of_the_attack():
    l2 = AttackSlot(name="pgd", options={"norm": "l2"})
    assert noise_beside(l2).options.norm == norm_of(l2) == "l2"
    assert noise_beside(PGD).options.norm == "linf"
    assert norm_of(AttackSlot(name="gaussian_noise")) == "linf"


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=9))
def test_spread_is_that_of_a_sample(values):
    found = spread(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert found.count == len(values)
    if len(values) == 1:
        assert found.std is None
        assert found.error is None
    else:
        assert found.std == pytest.approx(np.std(values, ddof=1), abs=1e-9)
        assert found.error == pytest.approx(statistics.stdev(values) / len(values) ** 0.5, abs=1e-9)


def test_no_values_have_no_spread():
    assert spread([]) is None


@given(SHARES, st.floats(0, 1))
def test_a_curve_falls_to_a_level_where_its_line_does(values, level):
    epsilons = list(range(len(values)))
    found = falls_to(epsilons, values, level)
    if min(values) > level:
        assert found is None
        return
    first = next(i for i, value in enumerate(values) if value <= level)
    assert max(0, first - 1) <= found <= first
    if first:
        assert np.interp(found, epsilons, values) == pytest.approx(level, abs=1e-9)


@given(st.integers(2, 8), st.integers(40, 200), st.randoms(use_true_random=False))
def test_a_curve_that_only_falls_has_no_rise(points, samples, random):
    right, outcomes = list(range(samples)), []
    for _ in range(points):
        outcomes.append("".join("1" if i in set(right) else "0" for i in range(samples)))
        right = [i for i in right if random.random() < 0.8]
    assert largest_rise(range(points), outcomes) is None


def test_a_rise_beyond_chance_is_found_where_it_is_greatest():
    outcomes = ["1" * 100, "1" * 20 + "0" * 80, "1" * 60 + "0" * 40, "1" * 10 + "0" * 90]
    rise = largest_rise([0.0, 0.1, 0.2, 0.3], outcomes)
    assert (rise.low, rise.high, rise.by) == (0.1, 0.2, pytest.approx(0.4))
    within = ["1" * 50 + "0" * 50, "1" * 51 + "0" * 49]
    assert largest_rise([0.0, 0.1], within) is None


def test_work_grows_with_steps_and_restarts(net):
    more = AttackSlot(name="pgd", options={"steps": 8, "restarts": 2})
    noise = AttackSlot(name="gaussian_noise")
    assert gradients_of(more) - 1 == 2 * (gradients_of(PGD) - 1)
    assert gradients_of(noise) < gradients_of(AttackSlot(name="fgsm")) < gradients_of(PGD)
    assert gradients_of(AttackSlot(name="spsa")) > gradients_of(PGD)
    assert 0 < seconds_of(net) < 1
