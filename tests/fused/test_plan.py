"""Which nets are compiled, which are not and why."""

import pytest
import torch

from playground import fused
from playground.networks import build


def make(name="rk_net", **options):
    return build(name, n_features=2, n_classes=2, seed=1, **options)


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (lambda: make("neural_ode"), "NeuralODE"),
        (lambda: make(scheme="dopri5"), "chooses its own steps"),
        (lambda: make(learned_steps="free"), "learned"),
        (lambda: make(width=129), "width"),
        (lambda: make().half(), "precision"),
        (lambda: make().to("meta"), "CPU"),
        (lambda: torch.nn.Linear(2, 2), "Linear"),
    ],
)
def test_a_net_that_is_not_compiled_says_why(net, words):
    assert words in fused.unsupported(net())
    assert fused.plan(net()) is None


def test_depth_has_no_limit():
    assert fused.plan(make(depth=300, width=128)) is not None


def test_frozen_weights_and_foreign_activations_are_not_compiled():
    net = make()
    net.weight.requires_grad_(False)
    assert "frozen" in fused.unsupported(net)
    net = make()
    net.activation = torch.square
    assert "activation" in fused.unsupported(net)


def test_the_weights_are_the_modules_own():
    """Weights that change, or move to other memory, are seen by the next call."""
    net, x = make(), torch.ones(1, 2)
    plan = fused.plan(net)
    before = fused.predict(plan, x)
    with torch.no_grad():
        net.head.bias += 1
    torch.testing.assert_close(fused.predict(plan, x), before + 1)
    net.head.bias.data = net.head.bias.data + 1
    torch.testing.assert_close(fused.predict(plan, x), before + 2)
