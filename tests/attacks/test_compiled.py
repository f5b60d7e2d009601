"""The compiled gradient of points against autograd, and attacks that climb it."""

import pytest
import torch

from playground.attacks import pgd, spsa
from playground.attacks.objective import margin
from playground.fused import CompiledModel, input_gradient, plan
from playground.networks import build

CASES = [
    ("rk_net", {"scheme": "rk4", "depth": 20}),
    ("rk_net", {"scheme": "ab2", "depth": 5, "width": 3}),
    ("rk_net", {"scheme": "taylor_multistep", "depth": 4, "activation": "relu"}),
    ("rk_net", {"lift": "random", "inputs": ("x1^2", "sin(x2)", "x1*x2"), "width": 17, "depth": 3}),
    ("standard_net", {"depth": 4}),
    ("mlp", {"depth": 2, "width": 9}),
    ("mlp", {"depth": 0}),
]


def _net(name="rk_net", n_classes=3, **options):
    return build(name, n_features=2, n_classes=n_classes, seed=1, **options)


def _points(n=83, n_classes=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(n)
    x = 2 * torch.randn(n, 2, dtype=dtype, generator=generator)
    return x, torch.randint(0, n_classes, (n,), generator=generator)


@pytest.mark.parametrize("loss", ["ce", "margin"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_it_is_the_gradient_of_autograd(name, options, loss):
    net, (x, y) = _net(name, **options).double(), _points()
    given = x.clone().requires_grad_()
    logits = net(given)
    cross = torch.nn.functional.cross_entropy(logits, y, reduction="sum")
    (wanted,) = torch.autograd.grad(cross if loss == "ce" else margin(logits, y).sum(), given)
    ours = input_gradient(plan(net), x, y, loss)
    assert float((ours - wanted).norm()) <= 1e-10 * float(wanted.norm())
    assert float(wanted.norm()) > 0
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("n", [0, 1, 5, 200])
def test_any_number_of_points(n):
    net, (x, y) = _net(depth=3).double(), _points(n)
    given = x.clone().requires_grad_()
    torch.nn.functional.cross_entropy(net(given), y, reduction="sum").backward()
    torch.testing.assert_close(input_gradient(plan(net), x, y), given.grad, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("loss", ["ce", "margin"])
@pytest.mark.parametrize("target", [None, "next"])
def test_attacks_climb_the_same(norm, loss, target):
    net, (x, y) = _net(depth=6).double(), _points(40)
    settings = {"eps": 0.3, "norm": norm, "loss": loss, "target": target, "clip": None, "seed": 2}
    compiled, calls = CompiledModel(plan(net)), []
    climb = compiled.input_gradient
    compiled.input_gradient = lambda *given: calls.append(1) or climb(*given)
    ours = pgd(compiled, x, y, **settings, batch_size=25)
    assert len(calls) == 20  # ten steps of two batches: autograd was not asked
    torch.testing.assert_close(ours, pgd(net, x, y, **settings), atol=1e-8, rtol=0)


def test_logits_are_those_of_the_net_with_and_without_gradients():
    net, (x, y) = _net(depth=6), _points(40, dtype=torch.float32)
    compiled = CompiledModel(plan(net))
    torch.testing.assert_close(compiled(x), net(x))
    with torch.no_grad():
        assert not compiled(x).requires_grad
    settings = {"eps": 0.3, "clip": None, "samples": 8, "steps": 3}
    ours, theirs = spsa(compiled, x, y, **settings), spsa(net, x, y, **settings)
    assert float((ours - theirs).abs().gt(1e-4).float().mean()) < 0.05


@pytest.mark.parametrize(
    ("labels", "loss", "message"),
    [
        ([0, 3], "ce", "labels: legal are 2 classes from 0 to 2"),
        ([0, -1], "ce", "labels: legal are 2 classes from 0 to 2"),
        ([0], "ce", "labels: legal are 2 classes"),
        ([0, 1], "hinge", "loss: 'hinge' is not legal; legal is ce or margin"),
    ],
)
def test_labels_that_are_no_classes(labels, loss, message):
    with pytest.raises(ValueError, match=message):
        input_gradient(plan(_net()), torch.zeros(2, 2), torch.tensor(labels), loss)


def test_one_output_has_no_classes():
    net = _net(n_classes=1)
    with pytest.raises(ValueError, match="one output; legal are two or more"):
        input_gradient(plan(net), torch.zeros(1, 2), torch.tensor([0]))
