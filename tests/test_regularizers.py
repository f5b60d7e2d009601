"""The steady-state loss against what analysis says of the same flow, and where it is refused."""

import copy

import numpy as np
import pytest
import torch
from scipy.linalg import expm

from playground.experiment import Experiment
from playground.networks import NETWORKS, build
from playground.regularizers import REGULARIZERS, SteadyStateOptions, at_rest

T, WIDTH = 1.3, 3


def options(**chosen):
    return SteadyStateOptions(**chosen)


def net(name="neural_ode", scheme="rk4", **chosen):
    """A flow in float64 whose fields are affine, so that their solution is known."""
    usual = {"width": WIDTH, "depth": 200, "horizon": T, "activation": "linear"}
    usual |= {"hidden_layers": 0} if name == "neural_ode" else {}
    made = build(
        name, n_features=2, n_classes=2, scheme=scheme, seed=3, **{**usual, **chosen}
    ).double()
    return made


def points(n=7):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def matrix(weight, bias):
    """ẏ = K y + b as one matrix on (y, 1)."""
    whole = np.zeros((WIDTH + 1, WIDTH + 1))
    whole[:WIDTH, :WIDTH] = weight.detach().numpy()
    whole[:WIDTH, WIDTH] = bias.detach().numpy()
    return whole


def lifted(x):
    return np.hstack([x.numpy(), np.zeros((len(x), WIDTH - 2)), np.ones((len(x), 1))])


def distance(a, start, time):
    """Mean of |∫ f dt| along an affine flow, from states ``start`` that end in a one."""
    return np.abs(start @ (expm(time * a) - np.eye(len(a))).T)[:, :WIDTH].mean()


def length(a, start, time, pieces=4000):
    """Mean of ∫ |f| dt along the same, by the rule of midpoints."""
    way = np.zeros((len(start), WIDTH))
    for i in range(pieces):
        velocity = start @ expm((i + 0.5) / pieces * time * a).T @ a.T
        way += np.abs(velocity[:, :WIDTH]) * time / pieces
    return way.mean()


@pytest.mark.parametrize("scheme", ["rk4", "ab2", "dopri5"])
def test_equation_6_of_a_linear_field_is_what_the_matrix_exponential_says(scheme):
    chosen = {"rtol": 1e-9, "atol": 1e-9} if scheme == "dopri5" else {}
    made = net(scheme=scheme, scheme_options=chosen)
    x = points()
    a = matrix(made.field.layers[0].weight, made.field.layers[0].bias)
    expected = 0.4 * distance(a, lifted(x) @ expm(T * a).T, T)
    _, term = at_rest(options(weight=0.4), made, x)
    assert float(term) == pytest.approx(expected, rel=1e-4 if scheme == "ab2" else 1e-7)


@pytest.mark.parametrize("gradient", ["solver", "adjoint"])
def test_the_adjoint_gives_the_same_term(gradient):
    x, terms = points(), []
    for each in ("solver", gradient):
        made = net(gradient=each)
        _, term = at_rest(options(), made, x)
        term.backward()
        terms.append((float(term), made.field.layers[0].weight.grad))
    assert terms[0][0] == pytest.approx(terms[1][0], rel=1e-12)
    torch.testing.assert_close(terms[0][1], terms[1][1], rtol=1e-6, atol=1e-9)


def test_the_authors_interval_holds_the_length_of_the_way():
    made, x = net(), points()
    a = matrix(made.field.layers[0].weight, made.field.layers[0].bias)
    expected = length(a, lifted(x) @ expm(0.9 * T * a).T, 0.6 * T)
    _, term = at_rest(options(weight=1.0, interval="authors"), made, x)
    assert float(term) == pytest.approx(expected, rel=1e-3)
    assert expected > distance(a, lifted(x) @ expm(0.9 * T * a).T, 0.6 * T)


def test_layers_go_on_with_the_field_of_the_last():
    made, x = net("rk_net", depth=5, horizon=0.5), points()
    with torch.no_grad():
        end = np.hstack([made.trajectory(x)[-1].numpy(), np.ones((len(x), 1))])
        near = np.hstack([made.trajectory(x)[-2].numpy(), np.ones((len(x), 1))])
    a = matrix(made.weight[-1], made.bias[-1])
    _, term = at_rest(options(weight=1.0), made, x)
    assert float(term) == pytest.approx(distance(a, end, 0.5), rel=1e-6)
    # Of five steps 0.9 T and 1.5 T are rounded to the fourth and the eighth.
    assert options(interval="authors").span(5) == (4, 4)
    _, term = at_rest(options(weight=1.0, interval="authors"), made, x)
    assert float(term) == pytest.approx(length(a, near, 0.4), rel=2e-2)


def test_the_time_goes_on_beyond_the_horizon():
    made, x = net(time_dependent=True), points()
    with torch.no_grad():  # ẏ = t in every component: 3/2 T² from T to 2T
        layer = made.field.layers[0]
        layer.weight.zero_()
        layer.bias.zero_()
        layer.weight[:, -1] = 1.0
    for interval, expected in (("double", 1.5 * T**2), ("authors", (1.5**2 - 0.9**2) / 2 * T**2)):
        _, term = at_rest(options(weight=1.0, interval=interval), made, x)
        assert float(term) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("interval", ["double", "authors"])
@pytest.mark.parametrize("name", ["neural_ode", "rk_net"])
def test_the_gradient_is_that_of_finite_differences(name, interval):
    made = net(name, depth=5, activation="tanh")
    x, chosen = points(), options(weight=1.0, interval=interval)
    _, term = at_rest(chosen, made, x)
    weights = [w for n, w in made.named_parameters() if not n.startswith("head")]
    gradients = torch.autograd.grad(term, weights)
    draws = torch.Generator().manual_seed(5)
    along = [torch.randn(w.shape, generator=draws, dtype=w.dtype) for w in weights]
    step, ends = 1e-6, []
    for sign in (1, -2):
        with torch.no_grad():
            for weight, direction in zip(weights, along):
                weight += sign * step * direction
            ends.append(float(at_rest(chosen, made, x)[1]))
    slope = sum(float((g * d).sum()) for g, d in zip(gradients, along))
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("interval", ["double", "authors"])
@pytest.mark.parametrize("name", [n for n, entry in NETWORKS.items() if entry.rests])
def test_outputs_and_counts_are_those_of_the_net(name, interval):
    on_images = NETWORKS[name].takes_images
    shape = (1, 6, 6) if on_images else 2
    made = build(name, n_features=shape, n_classes=2, scheme="heun2", seed=1, depth=3)
    x = torch.rand(4, 36 if on_images else 2, generator=torch.Generator().manual_seed(2))
    made.nfe = 0
    outputs = made(x)
    counted, made.nfe = made.nfe, 0
    again, term = at_rest(options(interval=interval), made, x)
    assert torch.equal(outputs, again)
    assert made.nfe == counted > 0
    assert float(term) > 0


def test_images_flow_on_as_a_net_of_twice_the_depth_does():
    made = build("conv_ode", n_features=(1, 6, 6), n_classes=2, scheme="rk4", seed=1, depth=4)
    longer = copy.deepcopy(made)
    longer.n_steps = 8
    x = torch.rand(3, 1, 6, 6, generator=torch.Generator().manual_seed(2))
    states = longer.states(longer.lift(x))
    expected = 0.1 * (states[8] - states[4]).abs().mean()
    torch.testing.assert_close(at_rest(options(), made, x)[1], expected)


def test_a_flow_that_stands_still_adds_nothing():
    made = net("rk_net", depth=4)
    with torch.no_grad():
        made.weight.zero_()
        made.bias.zero_()
    assert float(at_rest(options(), made, points())[1]) == 0


def of(**changes):
    return Experiment.model_validate({"n_train": 50, **changes})


AUTHORS = {"name": "steady_state", "options": {"interval": "authors"}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "mlp", "regularizer": "steady_state"}, "regularizer: 'steady_state' is not"),
        ({"network": "mlp", "regularizer": "steady_state"}, "rk_net, neural_ode, conv_ode"),
        ({"scheme": "dopri5", "regularizer": AUTHORS}, "regularizer.interval: 'authors' is not"),
        (
            {
                "network": {"name": "neural_ode", "options": {"gradient": "adjoint"}},
                "regularizer": AUTHORS,
            },
            "with the adjoint, which keeps no state at 0.9 T; legal is double",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_repaired_in_links(changes, words):
    with pytest.raises(ValueError, match="regularizer") as caught:
        of(**changes)
    assert words in str(caught.value)
    fitting = {k: v for k, v in changes.items() if k != "regularizer"}
    link = of(**fitting).to_query() | {"regularizer": "steady_state"}
    link |= {"regularizer.interval": "authors"} if changes["regularizer"] == AUTHORS else {}
    read, (message,) = Experiment.from_query(link)
    assert words in message
    assert read.network == of(**fitting).network
    if changes["regularizer"] == AUTHORS:
        assert read.regularizer.options.interval == "double"
    else:
        assert read.regularizer.name == "none"


def test_any_flow_fits_any_regularizer_by_default():
    for name, entry in NETWORKS.items():
        for regularizer in REGULARIZERS:
            if entry.rests:
                data = "digits" if entry.takes_images else "moons"
                assert of(network=name, data=data, regularizer=regularizer).network.name == name
