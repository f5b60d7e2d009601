"""Attacks over the draws of a randomised net."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from playground.attacks import OverDraws, correct, is_randomised, pgd, transfer
from playground.networks import build
from tests.attacks.models import images


def _net(**options):
    options = {"channels": 4, "stem": "small", "randomise": True, "room": 3, **options}
    net = build("cnn", n_features=(1, 5, 5), n_classes=4, seed=0, **options)
    return net.double().eval()


def test_its_gradient_is_the_mean_of_the_gradients():
    (x, _), net = images(dtype=torch.float64), _net()
    weights = torch.randn(len(x), 4, dtype=torch.float64)
    gradients = []
    for seed in range(3, 9):
        net.reseed(seed)
        asked = x.clone().requires_grad_()
        (net(asked) * weights).sum().backward()
        gradients.append(asked.grad)
    assert sum(not torch.allclose(each, gradients[0]) for each in gradients) >= 3
    net.reseed(0)
    asked = x.clone().requires_grad_()
    mean = OverDraws(net, 6, first=3)
    (mean(asked) * weights).sum().backward()
    torch.testing.assert_close(asked.grad, sum(gradients) / 6, rtol=1e-10, atol=1e-13)


def test_the_net_draws_afterwards_as_it_did_before():
    (x, _), net = images(dtype=torch.float64), _net()
    net.reseed(5)
    usual = net(x)
    mean = OverDraws(net, 4)
    assert not torch.allclose(mean(x), usual)
    assert torch.equal(net(x), usual)
    with pytest.raises(ValueError, match="x: shape"):
        mean(x[:, :, :4].flatten(1))
    assert torch.equal(net(x), usual)


def test_an_attack_over_draws_carries_over_to_draws_that_it_has_not_seen():
    (x, _), net = images(n=60, dtype=torch.float64), _net()
    y = net(x).argmax(1)  # all are right at draw 0
    settings = {"eps": 0.15, "steps": 10, "random_start": False}
    lost = {}
    for name, source in (("one", net), ("many", OverDraws(net, 12, first=50))):
        moved = transfer(net, x, y, source=source, **settings)
        assert float((moved - x).abs().max()) <= 0.15 + 1e-12
        total = 0.0
        for seed in range(100, 120):
            net.reseed(seed)
            total += functional.cross_entropy(net(moved), y).item()
        net.reseed(0)
        lost[name] = total / 20
    assert lost["many"] > lost["one"]
    assert torch.equal(correct(net, x, y), torch.ones(60, dtype=torch.bool))


def test_it_is_attacked_in_evaluation_mode_like_any_module():
    (x, y), net = images(dtype=torch.float64), _net()
    mean = OverDraws(net, 3)
    net.train()
    before = torch.get_rng_state()
    first = pgd(mean, x, y, eps=0.1, steps=3)
    assert torch.equal(torch.get_rng_state(), before)  # training would draw from there
    assert net.training
    assert torch.equal(first, pgd(mean, x, y, eps=0.1, steps=3))


def test_what_draws_nothing_is_refused():
    assert is_randomised(nn.Sequential(_net()))
    assert not is_randomised(_net(randomise=False))
    assert not is_randomised(lambda x: x)
    with pytest.raises(ValueError, match="model: CNN draws nothing"):
        OverDraws(_net(randomise=False))
    with pytest.raises(ValueError, match="n: 0 is not legal"):
        OverDraws(_net(), 0)
