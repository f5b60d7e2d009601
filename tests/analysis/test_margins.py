"""Margins and slopes: against autograd, and for linear nets against distances in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

from playground import fused
from playground.analysis.margins import margins, over_plane
from playground.analysis.views import Scene
from playground.datasets import DATASETS, load
from playground.networks import build


def linear(n_classes, n_features=2, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Linear(n_features, n_classes).double()


def points(n=50, n_features=2):
    generator = torch.Generator().manual_seed(n)
    return 2 * torch.randn(n, n_features, dtype=torch.float64, generator=generator)


def scene_of(name="moons", features=None):
    options = DATASETS[name].options()
    split = load(name, n_train=60, n_validation=30, seed=0, options=options)
    return Scene(split, features, dtype=torch.float64)


@pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2)])
def test_two_classes_of_a_linear_net_are_as_far_from_the_border_as_it_says(norm, dual):
    net, x = linear(2), points()
    weight, bias = net.weight.detach().numpy(), net.bias.detach().numpy()
    w, b = weight[0] - weight[1], bias[0] - bias[1]
    found = margins(net, x, norm=norm)
    np.testing.assert_allclose(found.margin, np.abs(x.numpy() @ w + b))
    np.testing.assert_allclose(
        found.distance, np.abs(x.numpy() @ w + b) / np.linalg.norm(w, dual), rtol=1e-12
    )
    # A step of that length along the steepest way reaches the border, a shorter one does not.
    way = np.sign(w) if norm == "linf" else w / np.linalg.norm(w)
    sign = -np.sign(x.numpy() @ w + b)[:, None]
    reached = x.numpy() + found.distance[:, None] * sign * way
    np.testing.assert_allclose(reached @ w + b, 0, atol=1e-12)


def test_labels_that_lose_have_a_negative_margin():
    net, x = linear(4), points()
    labels = torch.arange(50) % 4
    found = margins(net, x, labels)
    logits = net(x).detach().softmax(1).log()
    for i, label in enumerate(labels.tolist()):
        others = [float(v) for j, v in enumerate(logits[i]) if j != label]
        assert found.margin[i] == pytest.approx(float(logits[i, label]) - max(others))
    assert (found.margin < 0).any()
    assert (found.distance >= 0).all()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2)])
def test_the_slope_is_that_of_autograd(norm, dual, compiled):
    net = build("rk_net", n_features=2, n_classes=3, scheme="rk4", depth=5, seed=2).double()
    model = fused.CompiledModel(fused.plan(net)) if compiled else net
    x = points()
    found = margins(model, x, norm=norm)
    for i, point in enumerate(x):
        given = point.clone().requires_grad_()
        top = net(given[None])[0].topk(2).values
        gap = top[0] - top[1]
        (gradient,) = torch.autograd.grad(gap, given)
        assert found.slope[i] == pytest.approx(float(gradient.norm(dual)), rel=1e-9)
        assert found.margin[i] == pytest.approx(gap.item(), rel=1e-9)


def test_a_net_that_says_the_same_everywhere_has_no_border():
    net = linear(2)
    nn.init.zeros_(net.weight)
    found = margins(net, points())
    assert np.isinf(found.distance).all()
    assert not found.slope.any()


def test_the_plane_has_its_top_row_first_and_holds_other_inputs():
    scene = scene_of("spiral_3d", (2, 0))
    net = linear(2, 3)
    found = over_plane(net, scene)
    x0, x1, y0, y1 = scene.extent
    corner = np.array(scene.held, float)
    corner[2], corner[0] = x0, y1
    logits = net(torch.as_tensor(corner)[None]).detach()[0]
    assert found.margin.shape == found.slope.shape == found.winner.shape == (100, 100)
    assert found.margin[0, 0] == pytest.approx(float((logits[0] - logits[1]).abs()), rel=1e-6)
    corner[2], corner[0] = x1, y0
    logits = net(torch.as_tensor(corner)[None]).detach()[0]
    assert found.winner[-1, -1] == int(logits.argmax())


def test_one_input_has_one_row():
    scene = scene_of("nested_intervals")
    assert over_plane(linear(2, 1), scene).margin.shape == (1, 100)


def test_one_logit_has_no_margin():
    with pytest.raises(ValueError, match="two classes or more"):
        margins(linear(1), points())
