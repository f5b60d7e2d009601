"""Networks against closed forms, hand-stepped schemes, torchdiffeq and parameter counts."""

import pytest
import torch
from torchdiffeq import odeint

from playground.integrators import INTEGRATORS
from playground.networks import ACTIVATIONS, NETWORKS, POINT_NETWORKS, build
from playground.networks.base import stacked_linear
from playground.registry import bounds

FIXED = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]


def trainable(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", POINT_NETWORKS)
def test_shapes_trajectory_and_gradients(name):
    net = build(name, n_features=2, n_classes=3, depth=4, width=5, seed=0).double()
    x = torch.randn(7, 2, dtype=torch.float64)
    out = net(x)
    assert out.shape == (7, 3)
    states = net.trajectory(x)
    assert len(states) == len(net.times())
    if NETWORKS[name].staged:  # its states are sums of outputs
        assert torch.allclose(states[-1], out)
    else:
        assert len(states) == 5
        assert torch.allclose(net.head(states[-1][:, : net.head.in_features]), out)
    out.square().sum().backward()
    assert all(p.grad is not None for p in net.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", NETWORKS)
def test_options_are_declared_in_full(name):
    for field_name, field in NETWORKS[name].options.model_fields.items():
        assert field.title, field_name
        assert field.description, field_name
        if field.annotation in (int, float):
            assert None not in bounds(field), field_name


def test_parameter_count_of_the_published_net():
    net = build("rk_net", n_features=2, n_classes=2, width=16, depth=100, lift="random")
    assert trainable(net) == 27_234


def test_default_net_of_the_playground():
    assert trainable(build("rk_net", n_features=2, n_classes=2, width=16, depth=20)) == 5_474


@pytest.mark.parametrize("name", POINT_NETWORKS)
def test_seed_fixes_the_weights_and_leaves_the_global_generator_alone(name):
    before = torch.get_rng_state()
    first = build(name, n_features=2, n_classes=2, seed=5)
    assert torch.equal(before, torch.get_rng_state())
    second = build(name, n_features=2, n_classes=2, seed=5)
    other = build(name, n_features=2, n_classes=2, seed=6)
    same = [torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters())]
    assert all(same)
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters()))


def test_stacked_layers_are_drawn_like_single_ones():
    torch.manual_seed(3)
    singles = [torch.nn.Linear(4, 4) for _ in range(3)]
    torch.manual_seed(3)
    weight, bias = stacked_linear(3, 4)
    assert torch.equal(weight, torch.stack([s.weight for s in singles]))
    assert torch.equal(bias, torch.stack([s.bias for s in singles]))


def test_rk4_net_is_the_classical_method_by_hand():
    net = build("rk_net", n_features=2, n_classes=2, width=4, depth=3, horizon=1.5, seed=0)
    h = 0.5
    torch.manual_seed(0)
    x = torch.randn(5, 2)
    y = net.lift(x)
    for weight, bias in zip(net.weight, net.bias):

        def g(z, weight=weight, bias=bias):
            return torch.tanh(z @ weight.T + bias)

        k1 = g(y)
        k2 = g(y + h / 2 * k1)
        k3 = g(y + h / 2 * k2)
        k4 = g(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    assert torch.allclose(net(x), net.head(y), atol=1e-6)


def test_euler_net_with_unit_step_is_a_residual_net():
    net = build("rk_net", n_features=3, n_classes=2, width=3, depth=6, scheme="euler",
                step_by="step", step=1.0, activation="relu", seed=1)  # fmt: skip
    y = x = torch.randn(4, 3)
    for weight, bias in zip(net.weight, net.bias):
        y = y + torch.relu(y @ weight.T + bias)
    assert torch.allclose(net(x), net.head(y), atol=1e-6)


def test_standard_net_is_a_chain_of_layers():
    net = build("standard_net", n_features=2, n_classes=2, width=2, depth=3, seed=1)
    y = x = torch.randn(4, 2)
    for weight, bias in zip(net.weight, net.bias):
        y = torch.tanh(y @ weight.T + bias)
    assert torch.allclose(net(x), net.head(y), atol=1e-6)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("euler", "euler"), ("rk4_38", "rk4"), ("midpoint", "midpoint")]
)
def test_neural_ode_agrees_with_torchdiffeq(ours, theirs):
    net = build("neural_ode", n_features=2, n_classes=2, width=3, depth=7, horizon=1.4,
                scheme=ours, time_dependent=True, seed=2).double()  # fmt: skip
    x = torch.randn(6, 2, dtype=torch.float64)
    grid = torch.tensor(net.times(), dtype=torch.float64)
    reference = odeint(net.field, net.lift(x), grid, method=theirs)
    assert torch.allclose(net.trajectory(x), reference, atol=1e-12)


def test_adaptive_layered_net_is_the_limit_of_small_steps():
    shared = {"n_features": 2, "n_classes": 2, "width": 4, "depth": 3, "seed": 4}
    x = torch.randn(5, 2, dtype=torch.float64)
    exact = build("rk_net", scheme="dopri5", scheme_options={"rtol": 1e-9, "atol": 1e-11}, **shared)
    rk4 = build("rk_net", scheme="rk4", **shared)
    # h = 5/3 is coarse; the two nets have equal weights, so that only the scheme differs.
    fine = exact.double()(x)
    assert 1e-6 < (rk4.double()(x) - fine).abs().max() < 0.3


@pytest.mark.parametrize("name", ["rk_net", "neural_ode"])
@pytest.mark.parametrize("scheme", FIXED)
def test_evaluations_are_counted(name, scheme):
    depth = 6
    net = build(name, n_features=2, n_classes=2, width=3, depth=depth, scheme=scheme)
    net.nfe = 0
    net(torch.randn(3, 2))
    entry = net.scheme
    if entry.kind == "runge_kutta":
        assert net.nfe == depth * entry.stages
    else:  # a starter with more stages may take the first steps
        assert depth <= net.nfe <= depth + 8


@pytest.mark.parametrize("mode", ["free", "simplex"])
def test_learned_steps_have_gradients_and_keep_their_promise(mode):
    net = build(
        "rk_net", n_features=2, n_classes=2, width=3, depth=5, horizon=2.0, learned_steps=mode
    )
    net(torch.randn(4, 2)).sum().backward()
    assert net.learned.raw.grad.abs().sum() > 0
    with torch.no_grad():
        net.learned.raw += torch.randn(5)
    total = sum(float(h) for h in net.steps())
    assert net.times()[-1] == pytest.approx(total)
    if mode == "simplex":
        assert total == pytest.approx(2.0, abs=1e-5)
        assert min(float(h) for h in net.steps()) > 0


def test_adjoint_gradient_is_close_to_the_exact_one():
    grads = {}
    for gradient in ("solver", "adjoint"):
        net = build("neural_ode", n_features=2, n_classes=2, width=3, depth=40, horizon=1.0,
                    gradient=gradient, seed=0).double()  # fmt: skip
        torch.manual_seed(0)
        net(torch.randn(4, 2, dtype=torch.float64)).square().sum().backward()
        grads[gradient] = torch.cat([p.grad.flatten() for p in net.parameters()])
    assert torch.allclose(grads["adjoint"], grads["solver"], rtol=1e-5, atol=1e-7)
    assert not torch.equal(grads["adjoint"], grads["solver"])


def test_adjoint_counts_its_backward_evaluations():
    net = build("neural_ode", n_features=2, n_classes=2, depth=5, gradient="adjoint")
    net.nfe = 0
    out = net(torch.randn(3, 2))
    forward = net.nfe
    out.sum().backward()
    assert forward == 20
    assert net.nfe > forward


@pytest.mark.parametrize("terms", [("x1", "x2^2"), ("x1*x2", "sin(x2)", "x1^2")])
def test_input_features(terms):
    net = build("mlp", n_features=2, n_classes=2, inputs=terms)
    x = torch.randn(5, 2)
    values = {
        "x1": x[:, 0], "x2^2": x[:, 1] ** 2, "x1*x2": x[:, 0] * x[:, 1],
        "sin(x2)": torch.sin(x[:, 1]), "x1^2": x[:, 0] ** 2,
    }  # fmt: skip
    expected = torch.stack([values[t] for t in terms], dim=1)
    assert torch.allclose(net.inputs(x), expected)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("rk_net", {"width": 1}, "width: 1"),
        ("mlp", {"inputs": ("x3",)}, "'x3'"),
        ("rk_net", {"scheme": "ab2", "learned_steps": "free"}, "learned_steps"),
        ("rk_net", {"scheme": "radau"}, "scheme"),
        ("neural_ode", {"scheme": "bdf"}, "gradient"),
    ],
)
def test_what_does_not_fit_is_named(name, options, words):
    with pytest.raises(ValueError, match=words.replace("'", ".")):
        build(name, n_features=2, n_classes=2, **options)


def test_random_lift_is_frozen():
    net = build("rk_net", n_features=3, n_classes=2, width=2, lift="random")
    assert not any(p.requires_grad for p in net.lift.parameters())
    assert net(torch.randn(4, 3)).shape == (4, 2)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_bounds_of_activations(name):
    z = torch.linspace(-8, 8, 4001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(ACTIVATIONS[name].function(z).sum(), z)
    steepest = float(slope.abs().max())
    assert steepest <= ACTIVATIONS[name].slope + 1e-4
    assert steepest >= 0.98 * ACTIVATIONS[name].slope
