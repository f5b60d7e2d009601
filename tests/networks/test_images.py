"""Networks on images: what they take, their weights, their gradients, and who leaves them alone."""

import pytest
import torch
from pydantic import ValidationError

from playground import query
from playground.experiment import Experiment, NetworkSlot
from playground.fused.plan import unsupported_form
from playground.networks import IMAGE_NETWORKS, NETWORKS, build
from playground.networks.images import BatchNorm, image_shape
from playground.networks.residual_layouts import PreActOptions
from playground.registry import Misfit, bounds
from playground.training.batched import batchable

SMALL = {
    "preact_resnet": {"size": "small", "blocks": 2, "width": 4},
    "tm_resnet": {"size": "small", "blocks": 2, "width": 4},
    "ho_resnet": {"size": "small", "blocks": 2, "width": 4},
    "lm_resnet": {"size": "small", "blocks": 2, "width": 4},
    "mixer": {"width": 6, "depth": 2, "patch": 3},
    "conv_ode": {"filters": 4, "channels": 2, "depth": 2},
    "classic_attention": {"width": 8, "encoding": "patches"},
    "ode_attention": {"width": 8, "n_times": 3},
    "cnn": {"channels": 4, "stem": "small"},
    "ode_net": {"channels": 4, "stem": "small", "depth": 2},
    "tis_ode": {"channels": 4, "stem": "small", "depth": 2},
}


def small(name, shape, n_classes=3, seed=0, **more):
    return build(name, n_features=shape, n_classes=n_classes, seed=seed, **{**SMALL[name], **more})


def test_every_net_is_held_here():
    assert set(SMALL) == set(IMAGE_NETWORKS)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 14), (1, 1, 1)])
def test_any_size_both_forms_and_gradients(name, shape):
    net = small(name, shape).double()
    torch.manual_seed(1)
    x = torch.randn(4, *shape, dtype=torch.float64)
    net.eval()
    assert net(x).shape == (4, 3)
    assert torch.equal(net(x), net(x.flatten(1)))
    net.train()
    net(x).square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert all(bool(torch.isfinite(p.grad).all()) for p in net.parameters())
    assert net.trajectory(x).shape[:2] == (len(net.times()), 4)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_mixed_precision_comes_near_the_full_one(name):
    net, x = small(name, (1, 8, 8)).eval(), torch.randn(3, 1, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = net(x)
    mixed.float().square().sum().backward()
    assert torch.allclose(mixed.float(), net(x), atol=0.05)
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_gradients_are_not_zero(name):
    net = small(name, (3, 12, 12)).double()
    x = torch.randn(5, 3, 12, 12, dtype=torch.float64)
    net(x).square().sum().backward()
    # A score is the same for all positions when it is shifted, so that its bias has no effect.
    assert not [
        key for key, p in net.named_parameters() if not p.grad.any() and "score.bias" not in key
    ]


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_numbers_of_inputs_are_squares(name):
    assert small(name, 64)(torch.rand(2, 1, 8, 8)).shape == (2, 3)
    assert small(name, 192)(torch.rand(2, 3, 8, 8)).shape == (2, 3)
    with pytest.raises(ValueError, match="7 inputs are no square image; legal is a square"):
        small(name, 7)
    with pytest.raises(ValueError, match=r"is no image; legal is .channels, height, width."):
        small(name, (8, 8))
    with pytest.raises(ValueError, match=r"x: shape \(2, 65\) is not legal"):
        small(name, 64)(torch.rand(2, 65))


@pytest.mark.parametrize(
    ("given", "shape"),
    [(784, (1, 28, 28)), (3072, (3, 32, 32)), (64, (1, 8, 8)), (12, (3, 2, 2)), (4, (1, 2, 2))],
)
def test_shape_of_a_number_of_inputs(given, shape):
    assert image_shape(given) == shape


@pytest.mark.parametrize(
    "given", [0, 1, 3, -4, 5, 32, 768 + 1, (0, 4, 4), (1, 2, 3, 4), (2.0, 3, 3)]
)
def test_what_is_no_image(given):
    with pytest.raises(ValueError, match="n_features"):
        image_shape(given)


def test_a_net_on_points_takes_the_product_of_a_shape():
    net = build("mlp", n_features=(3, 4, 5), n_classes=2, seed=0)
    assert net(torch.rand(2, 60)).shape == (2, 2)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_seed_fixes_the_weights(name):
    before = torch.get_rng_state()
    first, again, other = (small(name, 16, seed=seed) for seed in (5, 5, 6))
    assert torch.equal(before, torch.get_rng_state())
    pairs = list(zip(first.parameters(), again.parameters()))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters()))


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_options_are_declared_in_full(name):
    for field_name, field in NETWORKS[name].options.model_fields.items():
        assert field.title, field_name
        assert field.description, field_name
        if field.annotation in (int, float):
            assert None not in bounds(field), field_name


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_points_are_refused_in_words_and_a_link_falls_back(name):
    with pytest.raises(ValidationError, match="network: 2 inputs are no square image"):
        Experiment(network={"name": name})
    experiment, notes = Experiment.from_query({"network": name})
    assert experiment.network.name == "rk_net"
    assert "'rk_net' is used" in notes[0]


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_no_kernel_and_no_stack_takes_them(name):
    assert "no compiled form" in unsupported_form(small(name, 16))
    assert batchable(Experiment())
    assert not batchable(Experiment().model_copy(update={"network": NetworkSlot(name=name)}))


@pytest.mark.parametrize(
    ("name", "scheme", "field"),
    [
        ("ho_resnet", "ab2", "scheme"),
        ("ho_resnet", "dopri5", "scheme"),
        ("mixer", "radau", "scheme"),
        ("conv_ode", "bdf", "gradient"),
        ("tis_ode", "radau", "gradient"),
    ],
)
def test_schemes_that_cannot_step_are_named(name, scheme, field):
    with pytest.raises(Misfit, match=f"{field}: .*{scheme}.*legal is"):
        NETWORKS[name].options().fit((1, 8, 8), scheme)


def test_depths_are_read_from_a_link():
    options, notes = query.read(PreActOptions, {"depth": "34", "size": "small"})
    assert (options.depth, options.size, notes) == (34, "small", [])
    options, notes = query.read(PreActOptions, {"depth": "35"})
    assert options.depth == 18
    assert "legal is 18, 34, 50, 101, 152" in notes[0].wrong


def test_one_value_a_channel_takes_the_running_statistics():
    norm = BatchNorm(2)
    norm.running_mean[:] = torch.tensor([1.0, 2.0])
    y = norm(torch.tensor([3.0, 2.0]).reshape(1, 2, 1, 1))
    assert torch.allclose(y.flatten(), torch.tensor([2.0, 0.0]), atol=1e-4)
    x = torch.randn(2, 2, 3, 3)
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    deviation = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False).add(norm.eps).sqrt()
    assert torch.allclose(norm(x), (x - mean) / deviation, atol=1e-5)
