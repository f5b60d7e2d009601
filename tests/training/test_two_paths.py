"""Fast and slow weights as they are recorded, against the algorithm written down by hand."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from playground.experiment import Experiment
from playground.training import make_net
from playground.training.trainer import Trainer
from playground.training.two_paths import landscape, two_paths

TREE = {
    "data": "moons",
    "n_train": 64,
    "n_validation": 30,
    "batch_size": 16,
    "epochs": 5,
    "precision": "float64",
    "scheme": "euler",
    "network": {"name": "rk_net", "options": {"width": 4, "depth": 3}},
}


def experiment(inner="sgd", rate=0.1, k=4, alpha=0.3, **changes):
    slot = {"name": inner, "options": {"learning_rate": rate}}
    lookahead = {"name": "lookahead", "options": {"inner": slot, "k": k, "alpha": alpha}}
    return Experiment.model_validate({**TREE, "optimizer": lookahead, **changes})


def row(net):
    return np.concatenate([p.detach().numpy().ravel() for p in net.parameters() if p.requires_grad])


def by_hand(made, steps, k, alpha, rate):
    """Gradient descent inside Lookahead, by autograd and NumPy; the batches are the trainer's."""
    batches, net = Trainer(made), make_net(made)
    weights = [p for p in net.parameters() if p.requires_grad]
    slow = [p.detach().clone() for p in weights]
    fasts, slows = [], [row(net)]
    for step in range(steps):
        x, y = batches.batch(step)
        gradients = torch.autograd.grad(cross_entropy(net(x), y), weights)
        with torch.no_grad():
            for p, g in zip(weights, gradients):
                p -= rate * g
            fasts.append(row(net))
            if (step + 1) % k == 0:
                for p, s in zip(weights, slow):
                    s += alpha * (p - s)
                    p.copy_(s)
                slows.append(row(net))
    return np.array(fasts), np.array(slows)


@pytest.mark.parametrize("path", ["auto", "torch"])
def test_both_paths_are_those_of_the_algorithm(path):
    made = experiment(path=path)
    found = two_paths(made, 18)  # two steps after the last slow update
    fast, slow = by_hand(made, 18, 4, 0.3, 0.1)
    np.testing.assert_allclose(found.fast, fast, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found.slow, slow, rtol=1e-10, atol=1e-13)
    plain, _ = by_hand(made, 18, 99, 0.3, 0.1)
    np.testing.assert_allclose(found.plain[1:], plain, rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(found.plain[0], found.slow[0])


@pytest.mark.parametrize("inner", ["momentum", "adam"])
def test_slow_weights_go_a_share_of_the_way_to_the_fast_ones(inner):
    found = two_paths(experiment(inner, 0.02, k=5), 20)
    assert (len(found.fast), len(found.slow)) == (20, 5)
    for update in range(4):
        before, after = found.slow[update : update + 2]
        np.testing.assert_allclose(
            after, before + 0.3 * (found.fast[5 * update + 4] - before), rtol=1e-12
        )


def test_the_landscape_holds_the_losses_of_the_weights():
    made = experiment()
    paths = two_paths(made, 16)
    seen = landscape(made, paths, resolution=9)
    net, data = make_net(made), Trainer(made)

    def loss_of(weights):
        at = 0
        with torch.no_grad():
            for p in net.parameters():
                p.copy_(torch.as_tensor(weights[at : at + p.numel()]).reshape(p.shape))
                at += p.numel()
            return float(cross_entropy(net(data.x), data.y))

    assert seen.slow_loss[2] == pytest.approx(loss_of(paths.slow[2]), rel=1e-12)
    assert seen.fast_loss[7] == pytest.approx(loss_of(paths.fast[7]), rel=1e-12)
    assert seen.plain_loss[-1] == pytest.approx(loss_of(paths.plain[-1]), rel=1e-12)
    place = seen.plane.points(np.array([[seen.across[2], seen.up[6]]]))[0]
    assert seen.grid[6, 2] == pytest.approx(loss_of(place), rel=1e-12)
    for places in (seen.fast, seen.slow, seen.plain):
        assert (seen.across[0] < places[:, 0]).all()
        assert (places[:, 0] < seen.across[-1]).all()
        assert (seen.up[0] < places[:, 1]).all()
        assert (places[:, 1] < seen.up[-1]).all()


def test_the_recording_ends_where_the_training_flies_away():
    found = two_paths(experiment(rate=10.0, l2=10.0, epochs=100), 300)
    assert found.trouble
    assert len(found.fast) < 300
    assert np.isfinite(found.fast).all()
    assert np.isfinite(found.plain).all()


def test_other_optimisers_and_numbers_of_steps_are_refused():
    with pytest.raises(ValueError, match=r"optimizer.*adam.*lookahead"):
        two_paths(Experiment.model_validate({**TREE, "optimizer": "adam"}), 5)
    for steps in (0, 1001):
        with pytest.raises(ValueError, match=rf"steps: {steps}"):
            two_paths(experiment(), steps)
