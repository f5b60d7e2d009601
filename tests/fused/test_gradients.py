"""The compiled way back against autograd, in double precision, over schemes, activations and sizes."""

import itertools

import pytest
import torch

from playground.fused import forward, plan, predict, trajectory
from playground.integrators import INTEGRATORS
from playground.networks import ACTIVATIONS, build

SCHEMES = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]
DEPTHS, WIDTHS = (1, 3, 20), (2, 3, 16, 64)
AXES = (SCHEMES, list(ACTIVATIONS), DEPTHS, WIDTHS)
PRODUCT = list(itertools.product(*AXES))


def _pairwise():
    """Return cases in which every two values of two axes meet."""
    return [
        (scheme, activation, DEPTHS[(i + j) % 3], WIDTHS[(i + 3 * j) % 4])
        for i, scheme in enumerate(SCHEMES)
        for j, activation in enumerate(ACTIVATIONS)
    ]


def test_the_short_list_lets_every_two_values_meet():
    for first, second in itertools.combinations(range(4), 2):
        met = {(case[first], case[second]) for case in _pairwise()}
        assert met == set(itertools.product(AXES[first], AXES[second]))


def _inputs(net, n, n_features=2):
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, n_features, dtype=torch.float64, generator=generator)
    weights = torch.randn(n, net.head.out_features, dtype=torch.float64, generator=generator)
    return x.requires_grad_(), weights


def check(net, n=7):
    """Compare outputs, trajectory and all gradients, relative to their size; 7 rows leave a rest."""
    x, weights = _inputs(net, n)
    p = plan(net)
    wanted = [x, *p.parameters]
    ours, theirs = forward(p, x), net(x)
    pairs = [(ours, theirs), (trajectory(p, x.detach()), net.trajectory(x.detach()))]
    pairs += zip(
        torch.autograd.grad((ours * weights).sum(), wanted),
        torch.autograd.grad((theirs * weights).sum(), wanted),
    )
    for a, b in pairs:
        assert a.shape == b.shape
        a, b = a.detach(), b.detach()
        assert float((a - b).norm()) <= 1e-10 * float(b.norm()) + 1e-14
    assert torch.equal(predict(p, x.detach()), ours.detach())


def _case(scheme, activation, depth, width):
    options = {"depth": depth, "width": width, "activation": activation, "horizon": 2.0}
    check(build("rk_net", n_features=2, n_classes=3, scheme=scheme, seed=1, **options).double())


@pytest.mark.parametrize(("scheme", "activation", "depth", "width"), _pairwise())
def test_gradients_are_those_of_autograd(scheme, activation, depth, width):
    _case(scheme, activation, depth, width)


@pytest.mark.full
@pytest.mark.parametrize(("scheme", "activation", "depth", "width"), PRODUCT)
def test_gradients_are_those_of_autograd_everywhere(scheme, activation, depth, width):
    _case(scheme, activation, depth, width)


def test_a_tableau_with_zero_weights_and_unused_stages_is_no_exception():
    tableau = {"a": [[], [0.5], [0.25, 0]], "b": [0, 1, 0], "order": 2}
    options = {"scheme": "custom", "scheme_options": tableau, "width": 5, "depth": 4, "seed": 3}
    check(build("rk_net", n_features=2, n_classes=2, **options).double())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("name", "depth"), [("standard_net", 6), ("mlp", 0), ("mlp", 3)])
def test_nets_without_an_integrator(name, depth, activation):
    if name == "standard_net" or depth or activation == "tanh":
        options = {"depth": depth, "width": 9, "activation": activation, "seed": 2}
        check(build(name, n_features=2, n_classes=4, **options).double())


def test_an_mlp_narrower_than_its_inputs():
    options = {"depth": 2, "width": 1, "inputs": ("x1", "x2", "x1*x2", "sin(x2)"), "seed": 2}
    check(build("mlp", n_features=2, n_classes=2, **options).double())


def test_a_random_lift_and_chosen_terms_lie_on_the_way_of_the_input_gradient():
    options = {"lift": "random", "inputs": ("x1^2", "sin(x2)"), "width": 17, "depth": 2, "seed": 4}
    check(build("rk_net", n_features=2, n_classes=2, **options).double())


@pytest.mark.parametrize("width", [128, 100])
def test_the_greatest_width(width):
    check(build("rk_net", n_features=2, n_classes=2, seed=1, width=width, depth=2).double())


@pytest.mark.parametrize("n", [1, 4, 5, 41, 200])
def test_any_number_of_rows(n):
    check(build("rk_net", n_features=2, n_classes=2, seed=1, width=16, depth=3).double(), n)


def test_no_rows_give_no_outputs():
    net = build("rk_net", n_features=2, n_classes=2, seed=1)
    assert predict(plan(net), torch.zeros(0, 2)).shape == (0, 2)


@pytest.mark.parametrize("width", [8, 16])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_single_precision_is_as_exact_as_torch(activation, width):
    options = {"width": width, "depth": 10, "activation": activation, "seed": 1}
    net = build("rk_net", n_features=2, n_classes=3, **options)
    exact = build("rk_net", n_features=2, n_classes=3, **options).double()
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    ours = torch.autograd.grad(forward(plan(net), x).sum(), plan(net).parameters)
    theirs = torch.autograd.grad(exact(x.double()).sum(), plan(exact).parameters)
    for a, b in zip(ours, theirs):
        assert float((a - b).norm()) <= 3e-6 * float(b.norm())


def test_an_attack_may_ask_for_the_gradient_of_the_input_alone():
    net = build("rk_net", n_features=2, n_classes=2, seed=1).requires_grad_(True)
    x = torch.randn(3, 2).requires_grad_()
    (ours,) = torch.autograd.grad(forward(plan(net), x).sum(), x)
    (theirs,) = torch.autograd.grad(net(x).sum(), x)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_evaluations_are_counted_as_by_the_net():
    for scheme in ("rk4", "ab2", "taylor_multistep"):
        net = build("rk_net", n_features=2, n_classes=2, scheme=scheme, depth=5, seed=1)
        net(torch.zeros(1, 2))
        counted, net.nfe = net.nfe, 0
        forward(plan(net), torch.zeros(1, 2))
        assert net.nfe == counted
