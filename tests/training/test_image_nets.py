"""Nets on images in the training: running statistics, dropout by the seed, and going on."""

import pytest
import torch

from playground.experiment import Experiment
from playground.training import estimate
from playground.training.trainer import Trainer

SMALL = {
    "preact_resnet": {"size": "small", "blocks": 2, "width": 4},
    "classic_attention": {"width": 16, "encoding": "flat", "dropout": 0.5},
    "conv_ode": {"filters": 4, "depth": 2},
    "cnn": {"channels": 4, "stem": "small", "denoise": "mean"},
    "tis_ode": {"channels": 4, "stem": "small", "depth": 2, "randomise": True, "room": 2},
}


def experiment(name, **changes):
    """Four inputs as an image of two by two; the last batch holds one sample alone."""
    tree = {
        "data": {"name": "donut_highd", "options": {"dim": 4}},
        "network": {"name": name, "options": SMALL[name]},
        "n_train": 33,
        "n_validation": 20,
        "batch_size": 16,
    }
    return Experiment.model_validate({**tree, **changes})


def stepped(trainer, steps):
    for _ in range(steps):
        trainer.advance()
    return {key: value.clone() for key, value in trainer.net.state_dict().items()}


@pytest.mark.parametrize("name", SMALL)
def test_judging_moves_nothing_and_drops_nothing(name):
    trainer = Trainer(experiment(name))
    before = stepped(trainer, 3)
    metrics = trainer.evaluate()
    assert all(torch.equal(before[key], value) for key, value in trainer.net.state_dict().items())
    assert trainer.net.training
    with torch.no_grad():
        outputs = trainer.net.eval()(trainer.x_validation)
    loss = float(trainer.loss(outputs, trainer.y_validation))
    assert metrics.validation_loss == pytest.approx(loss, rel=1e-6)
    with torch.no_grad():
        noisy = float(trainer.loss(trainer.net.train()(trainer.x_validation), trainer.y_validation))
    if name not in ("conv_ode", "cnn"):
        assert noisy != pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize("name", SMALL)
def test_equal_experiments_give_equal_weights_also_after_a_break(name):
    whole = stepped(Trainer(experiment(name)), 5)
    first = Trainer(experiment(name))
    stepped(first, 2)
    payload = first.save()
    torch.manual_seed(99)  # what somebody else drew in between
    second = Trainer(experiment(name))
    second.restore(payload)
    resumed = stepped(second, 3)
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def test_dropout_leaves_the_global_generator_alone():
    trainer = Trainer(experiment("classic_attention"))
    before = torch.get_rng_state()
    stepped(trainer, 1)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", SMALL)
def test_needs_are_estimated(name):
    need = estimate(experiment(name))
    assert need.parameters == Trainer(experiment(name)).parameters
    assert need.seconds > 0


def test_a_small_flow_learns_the_digits():
    options = {"stem": "small", "channels": 32, "depth": 2}
    made = Experiment.model_validate(
        {
            "data": "digits",
            "network": {"name": "tis_ode", "options": options},
            "scheme": "euler",
            "n_train": 1400,
            "n_validation": 390,
            "batch_size": 64,
            "epochs": 9,
            "optimizer": {"name": "adam", "options": {"learning_rate": 0.01}},
            "schedule": "cosine",
        }
    )
    trainer = Trainer(made)
    stepped(trainer, made.epochs * trainer.steps_per_epoch)
    assert trainer.evaluate().validation_accuracy >= 0.975
