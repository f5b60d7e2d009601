"""A stored net as attacks take it: its logits and gradients, by the kernels where it has some."""

import pytest
import torch

from playground import fused
from playground.attacks import pgd
from playground.experiment import Experiment
from playground.training.attacked import attackable, subject_of
from playground.training.trainer import make_net


def experiment(**changes):
    fields = {"data": "moons", "n_train": 50, "n_validation": 60, "network.depth": 4, **changes}
    return Experiment().amended({name: str(value) for name, value in fields.items()})


@pytest.mark.parametrize("lift", ["zeros", "random"])
def test_a_layered_net_is_attacked_by_its_kernels(lift):
    given = experiment(**{"network.lift": lift})
    net = make_net(given)
    fused.warm([fused.readiness.kind_of(fused.plan(net))])
    subject = subject_of(given, net.state_dict(), 40)
    assert isinstance(subject.model, fused.CompiledModel)
    assert len(subject.x) == len(subject.y) == 40
    assert subject.clip is None
    with torch.no_grad():
        torch.testing.assert_close(subject.model(subject.x), net(subject.x))
    settings = {"eps": 0.3, "clip": None, "steps": 4}
    ours = pgd(subject.model, subject.x, subject.y, **settings)
    theirs = pgd(subject.net, subject.x, subject.y, **settings)
    assert float((ours - theirs).abs().gt(1e-4).float().mean()) < 0.05
    assert not any(p.requires_grad for p in subject.net.parameters())


def test_a_net_without_kernels_is_attacked_itself():
    given = experiment(network="neural_ode")
    subject = subject_of(given, make_net(given).state_dict(), 10)
    assert subject.model is subject.net


def test_a_regression_has_no_classes():
    given = experiment(data="plane", loss="mean_square")
    assert not attackable(given)
    with pytest.raises(ValueError, match="has no classes"):
        subject_of(given, make_net(given).state_dict(), 10)
