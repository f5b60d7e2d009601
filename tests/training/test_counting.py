"""What nets on images need, against closed forms of convolutions and against trainings themselves."""

import math

import pytest
import torch

from playground.experiment import Experiment
from playground.networks import IMAGE_NETWORKS
from playground.training import estimate, make_net, refusal, train
from playground.training import events as e
from playground.training.counting import count
from playground.training.estimates import Limits, _evaluations, measurements
from playground.training.trainer import Trainer

SMALL = {"size": "small", "blocks": 2, "width": 4}
NETS = {
    "preact_resnet": SMALL,
    "tm_resnet": SMALL,
    "ho_resnet": SMALL,
    "lm_resnet": SMALL,
    "mixer": {"width": 8, "depth": 1},
    "conv_ode": {"filters": 4, "depth": 2},
    "classic_attention": {"width": 8},
    "ode_attention": {"width": 8},
    "cnn": {"channels": 4},
    "ode_net": {"channels": 4, "depth": 2},
    "tis_ode": {"channels": 4, "depth": 2},
}


@pytest.fixture(autouse=True)
def published_sizes(monkeypatch, tmp_path):
    """Keep the published numbers of images, whatever files are on this machine."""
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    monkeypatch.delenv("PLAYGROUND_IDX", raising=False)


def experiment(name, scheme="euler", data="digits", options=None, **changes):
    tree = {"data": data, "scheme": scheme, "n_train": 48, "n_validation": 20, "batch_size": 16}
    network = {"name": name, "options": {**NETS[name], **(options or {})}}
    return Experiment.model_validate({**tree, "network": network, **changes})


def counted(made, batch=16):
    with torch.device("meta"):
        net = make_net(made)
    return count(net, batch, _evaluations(made))


def conv_flops(n_in, n_out, size, pixels):
    return 2 * n_in * n_out * size**2 * pixels


def preact_flops(width, blocks, side, channels=1, classes=10):
    """Flops of one image on its way through a small PreActResNet, written out by hand."""
    total = conv_flops(channels, width, 3, side**2)
    n_in = width
    for stage in range(3):
        n_out, pixels = width * 2**stage, math.ceil(side / 2**stage) ** 2
        for _ in range(blocks):
            total += conv_flops(n_in, n_out, 3, pixels) + conv_flops(n_out, n_out, 3, pixels)
            if n_in != n_out:
                total += conv_flops(n_in, n_out, 1, pixels)
            n_in = n_out
    return total + 2 * n_in * classes


@pytest.mark.parametrize(("width", "blocks", "data"), [(4, 2, "digits"), (16, 3, "mnist")])
def test_convolutions_are_counted_by_their_pixels(width, blocks, data):
    made = experiment("preact_resnet", data=data, options={"width": width, "blocks": blocks})
    found = counted(made)
    side = {"digits": 8, "mnist": 28}[data]
    assert found.forward.flops == 16 * preact_flops(width, blocks, side)
    # The way back takes a product for the weights and one for the inputs, the images' own left out.
    stem = 16 * conv_flops(1, width, 3, side**2)
    assert found.backward.flops == 2 * found.forward.flops - stem


def test_the_ratio_of_two_nets_is_that_of_their_arithmetic():
    changes = {"options": {"width": 32}, "batch_size": 64, "n_train": 1000, "n_validation": 300}
    small = estimate(experiment("preact_resnet", **changes))
    large = estimate(experiment("preact_resnet", data="mnist", **changes))
    assert large.parameters == small.parameters
    wanted = preact_flops(32, 2, 28) / preact_flops(32, 2, 8)
    assert 0.5 * wanted < large.seconds / small.seconds < 1.2 * wanted
    assert large.memory_bytes > 5 * small.memory_bytes


def test_every_evaluation_of_a_shared_block_or_field_counts():
    euler, rk4 = (counted(experiment("ho_resnet", s)).forward.flops for s in ("euler", "rk4"))
    stem_and_head = 16 * (conv_flops(1, 4, 3, 64) + 2 * 16 * 10)
    assert rk4 - stem_and_head == 4 * (euler - stem_and_head)
    few, many = (
        counted(experiment("conv_ode", "rk4", options={"depth": d})).forward for d in (2, 8)
    )
    field = 16 * 64 * 2 * (6 * 4 + 9 * 4 * 4 + 4 * 6)  # 1x1, 3x3 and 1x1 on six channels
    assert many.flops - few.flops == 4 * 6 * field


@pytest.mark.parametrize(
    ("name", "scheme", "options"),
    [(name, "heun2", {}) for name in NETS]
    + [
        ("conv_ode", "dopri5", {}),
        ("conv_ode", "dopri5", {"gradient": "adjoint"}),
        ("conv_ode", "rk4", {"gradient": "adjoint", "head": "pool", "augment": "border"}),
        ("conv_ode", "rk4", {"time_dependent": True}),
        ("ode_net", "dopri5", {}),
        ("tis_ode", "euler", {"gradient": "adjoint", "denoise": "mean"}),
        ("tis_ode", "rk4", {"denoise": "non_local", "randomise": True, "stem": "small"}),
        ("cnn", "euler", {"denoise": "non_local", "affinity": "dot", "randomise": True}),
        ("mixer", "bosh3", {}),
        ("ode_attention", "euler", {"method": "dopri5"}),
        ("ode_attention", "euler", {"method": "midpoint", "form": "qkv", "n_times": 7}),
        ("classic_attention", "euler", {"form": "qkv", "encoding": "patches"}),
    ],
)
def test_evaluations_are_those_of_the_net(name, scheme, options):
    made = experiment(name, scheme, options=options)
    trainer = Trainer(made)
    trainer.advance()
    need = estimate(made)
    assert need.parameters == trainer.parameters
    assert 0 < need.seconds < math.inf
    assert need.memory_bytes > 4 * 4 * trainer.parameters
    fixed = scheme not in ("dopri5", "bosh3") and options.get("method") != "dopri5"
    if name in ("conv_ode", "ode_attention", "cnn", "ode_net", "tis_ode") and fixed:
        assert trainer.nfe[0] == _evaluations(made)


def test_all_nets_are_held_here():
    assert set(NETS) == set(IMAGE_NETWORKS)


def test_what_is_computed_anew_is_not_kept():
    plain, sparing = (
        counted(experiment("preact_resnet", options={"checkpointing": c})) for c in (False, True)
    )
    assert sparing.kept < 0.6 * plain.kept
    assert 1.1 < sparing.both.flops / plain.both.flops < 4 / 3
    assert sparing.forward.flops == plain.forward.flops
    solver, adjoint = (
        counted(experiment("conv_ode", "rk4", options={"gradient": g, "depth": 20}))
        for g in ("solver", "adjoint")
    )
    assert adjoint.kept < solver.kept / 20
    assert adjoint.both.flops > solver.both.flops


def test_kept_numbers_are_those_that_a_real_pass_keeps():
    made = experiment("preact_resnet")
    trainer, kept = Trainer(made), {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    x, _ = trainer.batch(0)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = trainer.net(x).sum()
    outputs.backward()
    for tensor in [x, *trainer.net.parameters()]:
        kept.pop(tensor.untyped_storage().data_ptr(), None)
    assert 4 * counted(made).kept == pytest.approx(sum(kept.values()), rel=0.05)


@pytest.mark.parametrize("epochs", [1, 3, 31])
def test_judgings_are_as_many_as_a_training_has(epochs):
    made = experiment("classic_attention", epochs=epochs)
    events = train(made)
    assert measurements(made, 3) == sum(isinstance(event, e.Metrics) for event in events)


def test_a_published_net_takes_longer_than_a_small_server_gives():
    options = {"size": "published", "depth": 18}
    published = experiment("preact_resnet", data="mnist", options=options, n_train=10_000)
    small = experiment("preact_resnet", data="mnist", n_train=10_000)
    assert "time" in refusal(published, Limits(20_000_000, 4096 * 2**20, 6 * 3600))
    assert refusal(small, Limits(20_000_000, 4096 * 2**20, 6 * 3600)) is None
    assert "memory" in refusal(published, Limits(20_000_000, 100 * 2**20, 1e9))
