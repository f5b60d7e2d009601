"""A stored net under one attack: accuracies as the curves have them, ways that follow the attack."""

import functools

import numpy as np
import pytest
import torch

from playground.attacks import AttackSlot, accuracy_curve, pgd
from playground.experiment import Experiment
from playground.training.attack_points import (
    MOST_ITERATES,
    attack_samples,
    plane_of,
    through_depth,
)
from playground.training.attacked import subject_of
from playground.training.trainer import make_net


def experiment(**changes):
    fields = {"data": "moons", "n_train": 200, "n_validation": 120, "network": "mlp", **changes}
    return Experiment().amended({name: str(value) for name, value in fields.items()})


@functools.cache
def subject(seed=0, steps=60, **changes):
    """A net with some training by hand, so that an attack has something to do."""
    given = experiment(weight_seed=seed, **changes)
    net = make_net(given)
    bare = subject_of(given, net.state_dict(), 120)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(bare.x), bare.y).backward()
        optimizer.step()
    return subject_of(given, net.state_dict(), 120)


@pytest.mark.parametrize("name", ["gaussian_noise", "fgsm", "pgd", "spsa"])
def test_the_accuracy_is_that_of_the_curve(name):
    slot, ours = AttackSlot(name=name), subject()
    epsilons = (0.0, 0.2, 0.6)
    curve = accuracy_curve(ours.model, ours.x, ours.y, slot, epsilons, clip=None, seed=5)
    found = [attack_samples(ours, slot, eps, 5) for eps in epsilons]
    assert [each.accuracy for each in found] == list(curve.accuracies)
    assert found[0].accuracy == found[0].clean_accuracy == curve.accuracies[0]
    assert found[2].accuracy < found[0].accuracy < 1


def test_ways_begin_at_the_samples_and_end_where_the_net_is_judged():
    ours = subject()
    found = attack_samples(ours, AttackSlot(name="pgd"), 0.5, 0)
    assert found.way.shape == (12, 120, 2)
    np.testing.assert_array_equal(found.way[0], ours.x.numpy())
    assert (np.abs(found.way - found.way[0]) <= 0.5 + 1e-6).all()
    right = np.flatnonzero(found.before == found.labels)
    moved = pgd(ours.model, ours.x[right], ours.y[right], eps=0.5, clip=None)
    np.testing.assert_array_equal(found.way[-1][right], moved.numpy())
    with torch.no_grad():
        said = ours.net(torch.as_tensor(found.way[-1])).argmax(1).numpy()
    np.testing.assert_array_equal(found.after, said)
    np.testing.assert_array_equal(found.flipped, (said != found.labels) & found.chosen)
    wrong = ~found.chosen
    assert wrong.any()
    assert (found.way[:, wrong] == found.way[0, wrong]).all()
    assert (found.lengths[wrong] == 0).all()
    by_hand = sum(np.hypot(*(b - a).T) for a, b in zip(found.way, found.way[1:]))
    np.testing.assert_allclose(found.lengths, by_hand, atol=1e-5)


def test_of_many_steps_some_are_left_out_but_no_end():
    ours, slot = subject(), AttackSlot(name="pgd", options={"steps": 200, "alpha": 0.01})
    found = attack_samples(ours, slot, 0.3, 0)
    assert len(found.way) == MOST_ITERATES
    np.testing.assert_array_equal(found.way[0], ours.x.numpy())
    right = found.chosen
    moved = pgd(ours.model, ours.x[right], ours.y[right], eps=0.3, alpha=0.01, steps=200, clip=None)
    np.testing.assert_array_equal(found.way[-1][right], moved.numpy())


def test_transfer_attacks_the_source_and_judges_the_net():
    ours, other = subject(), subject(1)
    slot = AttackSlot(name="transfer")
    found = attack_samples(ours, slot, 0.4, 0, other)
    right = found.chosen
    moved = pgd(other.model, ours.x[right], ours.y[right], eps=0.4, clip=None)
    np.testing.assert_array_equal(found.way[-1][right], moved.numpy())
    double = subject(1, precision="float64")
    again = attack_samples(ours, slot, 0.4, 0, double)
    assert again.way.dtype == np.float32
    with pytest.raises(ValueError, match="needs another model"):
        attack_samples(ours, slot, 0.4, 0)
    with pytest.raises(ValueError, match="source: a net of 3 inputs"):
        attack_samples(ours, slot, 0.4, 0, subject(data="spiral_3d"))


def test_pairs_through_depth_are_the_samples_that_were_attacked():
    ours = subject(network="neural_ode", **{"network.depth": 5})
    found = attack_samples(ours, AttackSlot(name="fgsm"), 0.4, 0)
    parted, places = through_depth(ours, found, most=6)
    np.testing.assert_array_equal(places, np.flatnonzero(found.chosen))
    gaps = np.linalg.norm(found.way[-1] - found.way[0], axis=1)[places]
    np.testing.assert_allclose(parted.distances[0], gaps, rtol=1e-5)
    kept = places[list(parted.pairs)]
    assert tuple(kept) == found.some(6)
    assert found.flipped[kept].sum() == 3
    assert found.chosen[kept].all()


def test_there_is_nothing_to_part_where_all_is_wrong():
    ours = subject()
    wrong = type(ours)(**{**vars(ours), "y": 1 - ours.net(ours.x).argmax(1)})
    found = attack_samples(wrong, AttackSlot(name="pgd"), 0.2, 0)
    assert found.accuracy == found.clean_accuracy == 0
    with pytest.raises(ValueError, match="no sample is right"):
        through_depth(wrong, found)


def test_the_plane_of_two_inputs_out_of_three():
    ours = subject(data="spiral_3d")
    found = plane_of(ours, (2, 0), "l2")
    assert found.names == ("x3", "x1")
    assert "x2" in found.note
    left, right = ours.x[:, 2].min(), ours.x[:, 2].max()
    assert found.extent[0] < left < right < found.extent[1]
    assert found.margins.winner.shape == (100, 100)
    with pytest.raises(ValueError, match="names one input twice"):
        plane_of(ours, (1, 1), "l2")
