"""Mixed precision: float32 on a CPU in so many words, and, where it is let loose, half the size."""

import math

import pytest
import torch

from playground.experiment import Experiment
from playground.training import events as e
from playground.training import precision, train
from playground.training.batched import batchable
from playground.training.checkpoints import unpack
from playground.training.precision import Precision, dtype_of
from playground.training.trainer import Trainer

NETS = {
    "mlp": {"width": 8},
    "preact_resnet": {"size": "small", "blocks": 2, "width": 4},
    "mixer": {"width": 8, "depth": 1},
    "conv_ode": {"filters": 4, "depth": 2},
    "tis_ode": {"channels": 8, "depth": 2, "denoise": "non_local"},
    "classic_attention": {"width": 8, "dropout": 0.5},
    "rk_net": {"width": 64, "depth": 2},
}


def experiment(network="preact_resnet", options=None, **changes):
    tree = {
        "data": "digits",
        "network": {"name": network, "options": {**NETS[network], **(options or {})}},
        "n_train": 40,
        "n_validation": 30,
        "batch_size": 16,
        "epochs": 2,
        "precision": "mixed",
    }
    return Experiment.model_validate({**tree, **changes})


@pytest.fixture(params=[torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
def half(request, monkeypatch):
    """Let the CPU compute in half precision, as a CUDA device would."""
    monkeypatch.setattr(precision, "HALVING", ("cpu",))
    monkeypatch.setattr(precision, "half_of", lambda _: request.param)
    return request.param


def stepped(trainer, steps):
    for _ in range(steps):
        trainer.advance()
    return {key: value.clone() for key, value in trainer.net.state_dict().items()}


def rescaled(trainer, scale):
    held = {**trainer.precision.state()["scaler"], "scale": scale}
    trainer.precision.restore({"scaler": held})


def test_a_cpu_trains_in_float32_and_says_so():
    mixed, single = (Trainer(experiment(precision=p)) for p in ("mixed", "float32"))
    assert mixed.precision.half is None
    ours, theirs = stepped(mixed, 4), stepped(single, 4)
    assert all(torch.equal(value, theirs[key]) for key, value in ours.items())
    events = list(train(experiment(), snapshots=False))
    assert "in float32, because mixed precision pays on CUDA only" in events[0].reason
    tree, _ = unpack([x for x in events if isinstance(x, e.Checkpoint)][-1].payload)
    assert "scaler" not in tree
    assert "precision" not in single.device_reason
    assert mixed.judged() == single.judged()


def test_types_of_weights_and_data():
    for name, dtype in {
        "float32": torch.float32,
        "float64": torch.float64,
        "mixed": torch.float32,
    }.items():
        assert dtype_of(experiment(precision=name)) == dtype
    with pytest.raises(ValueError, match="precision"):
        experiment(precision="float16")


@pytest.mark.parametrize("network", NETS)
def test_products_are_of_half_the_size_and_all_else_is_not(network, half):
    trainer, single = (
        Trainer(experiment(network)),
        Trainer(experiment(network, precision="float32")),
    )
    assert str(half).removeprefix("torch.") in trainer.device_reason
    if half == torch.float16:  # the usual first scale overflows at first, which is left out
        rescaled(trainer, 2.0**10)
    seen = {}

    def watch(module, _, output):
        seen.setdefault(type(module).__name__, set()).add(output.dtype)

    for module in trainer.net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(watch)
    found, other = stepped(trainer, 1), stepped(single, 1)
    assert set.union(*seen.values()) == {half}
    assert {v.dtype for v in found.values()} <= {torch.float32, torch.int64}
    assert {p.grad.dtype for p in trainer.weights} == {torch.float32}
    assert trainer.batch_loss == pytest.approx(single.batch_loss, rel=0.02)
    assert trainer.gradient_norm == pytest.approx(single.gradient_norm, rel=0.05)
    assert any(not torch.equal(value, other[key]) for key, value in found.items())


@pytest.mark.parametrize("optimizer", ["adam", "lookahead", "muon"])
def test_a_broken_training_goes_on_to_the_last_bit(optimizer, half):
    made = experiment(optimizer=optimizer, clip_norm=1.0)
    whole = stepped(Trainer(made), 5)
    first = Trainer(made)
    stepped(first, 2)
    payload = first.save()
    assert ("scaler" in unpack(payload)[0]) == (half == torch.float16)
    second = Trainer(made)
    second.restore(payload)
    assert second.precision.state() == first.precision.state()
    resumed = stepped(second, 3)
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def test_it_learns(half):
    made = experiment(n_train=100, epochs=6, optimizer={"name": "adam"})
    events = list(train(made, snapshots=False))
    metrics = [x for x in events if isinstance(x, e.Metrics)]
    assert isinstance(events[-1], e.Finished)
    assert metrics[-1].train_loss < 0.5 * metrics[0].train_loss


def test_a_step_that_overflows_is_left_out(monkeypatch):
    monkeypatch.setattr(precision, "HALVING", ("cpu",))
    monkeypatch.setattr(precision, "half_of", lambda _: torch.float16)
    trainer = Trainer(experiment())
    before = [p.detach().clone() for p in trainer.weights]
    scale = 2.0**40
    rescaled(trainer, scale)
    trainer.advance()
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.weights))
    assert not math.isfinite(trainer.gradient_norm)
    assert trainer.precision.state()["scaler"]["scale"] == scale / 2
    assert trainer.trouble() is None
    for _ in range(40):
        trainer.advance()
    assert any(not torch.equal(a, b) for a, b in zip(before, trainer.weights))
    assert math.isfinite(trainer.gradient_norm)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"optimizer": "lbfgs"}, "optimiser looks along lines"),
        ({"network": "conv_ode", "scheme": "dopri5"}, "tolerance"),
        ({"network": "conv_ode", "options": {"gradient": "adjoint"}}, "adjoint"),
    ],
)
def test_what_needs_all_digits_keeps_them(changes, words, half):
    made = experiment(**changes)
    computed = Precision(made, "cpu")
    assert computed.half is None
    assert words in computed.words
    trainer = Trainer(made)
    trainer.advance()
    assert math.isfinite(trainer.batch_loss)


def test_compiled_kernels_take_float32_only(monkeypatch):
    made = experiment("rk_net", data="moons", path="auto")
    assert Trainer(made).paths.obstacle is None
    monkeypatch.setattr(precision, "HALVING", ("cpu",))
    trainer = Trainer(made)
    assert "half precision" in trainer.paths.reason
    with pytest.raises(ValueError, match="half precision"):
        trainer.paths.take("fused")
    assert not batchable(made)
    assert batchable(made.model_copy(update={"precision": "float32"}))
