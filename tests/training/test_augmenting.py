"""Images changed at random while they are trained on: where, by what seed, and what stays as it is."""

import numpy as np
import pytest
import torch

from playground.datasets import load
from playground.experiment import Experiment
from playground.training import events as e
from playground.training import train
from playground.training.augmenting import Augmentation
from playground.training.batched import train_batched
from playground.training.control import Orders
from playground.training.repetitions import repeat, seeded
from playground.training.trainer import Trainer
from playground.training.two_paths import two_paths

PLAIN = {"name": "digits"}
CHANGED = {"name": "digits", "options": {"flip": True, "crop": 2}}
NETS = {
    "mlp": {"width": 8},
    "preact_resnet": {"size": "small", "blocks": 2, "width": 4},
    "classic_attention": {"width": 8, "dropout": 0.5},
    "multi_stage": {"width": 4, "depth": 2},
}


def experiment(network="mlp", **changes):
    tree = {
        "data": CHANGED,
        "network": {"name": network, "options": NETS[network]},
        "n_train": 40,
        "n_validation": 30,
        "batch_size": 16,
        "epochs": 3,
    }
    return Experiment.model_validate({**tree, **changes})


def stepped(trainer, steps):
    for _ in range(steps):
        trainer.advance()
    return {key: value.clone() for key, value in trainer.net.state_dict().items()}


def shifted(image, down, right):
    """An image ``(h, w)`` moved by whole pixels, zeros coming in, written out pixel by pixel."""
    height, width = image.shape
    moved = np.zeros_like(image)
    rows, columns = range(height), range(width)
    for row in rows:
        for column in columns:
            if row - down in rows and column - right in columns:
                moved[row, column] = image[row - down, column - right]
    return moved


def test_only_the_options_of_the_data_decide():
    assert Trainer(experiment(data=PLAIN)).augmentation is None
    assert Trainer(experiment(data="moons")).augmentation is None
    wanted = Augmentation((1, 8, 8), flip=True, crop=2, weight_seed=1)
    assert Trainer(experiment()).augmentation == wanted


def test_batches_hold_mirrored_and_shifted_images_of_the_same_rows():
    trainer, plain = Trainer(experiment()), Trainer(experiment(data=PLAIN))
    moves = set()
    for step in range(6):
        (x, y), (x_plain, y_plain) = trainer.batch(step), plain.batch(step)
        assert torch.equal(y, y_plain)
        for image, before in zip(x.reshape(-1, 8, 8).numpy(), x_plain.reshape(-1, 8, 8).numpy()):
            fitting = [
                (mirrored, down, right)
                for mirrored in (False, True)
                for down in range(-2, 3)
                for right in range(-2, 3)
                if np.array_equal(image, shifted(before[:, :: -1 if mirrored else 1], down, right))
            ]
            assert fitting
            moves.update(fitting[:1])
    assert len(moves) > 30  # of 50


def test_the_split_and_what_judges_are_those_without():
    made, plain = (
        load("digits", n_train=40, n_validation=30, seed=1, options=slot.data.options)
        for slot in (experiment(), experiment(data=PLAIN))
    )
    assert all(
        np.array_equal(getattr(made, name), getattr(plain, name))
        for name in ("x_train", "y_train", "x_validation", "y_validation")
    )
    trainer, other = Trainer(experiment()), Trainer(experiment(data=PLAIN))
    assert trainer.judged() == other.judged()
    stepped(trainer, 4)
    assert torch.equal(trainer.x, other.x)
    assert torch.equal(trainer.x_validation, other.x_validation)


@pytest.mark.parametrize("network", ["mlp", "preact_resnet", "classic_attention"])
def test_it_changes_the_training_and_resumes_to_the_last_bit(network):
    whole = stepped(Trainer(experiment(network)), 7)
    plain = stepped(Trainer(experiment(network, data=PLAIN)), 7)
    assert any(not torch.equal(value, plain[key]) for key, value in whole.items())
    first = Trainer(experiment(network))
    stepped(first, 4)
    payload = first.save()
    torch.manual_seed(99)  # what somebody else drew in between
    second = Trainer(experiment(network))
    second.restore(payload)
    resumed = stepped(second, 3)
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def test_seed_and_step_draw_anew_and_nothing_else_does():
    x = torch.rand(16, 64)
    one, other = (Augmentation((1, 8, 8), True, 2, weight_seed) for weight_seed in (1, 2))
    before = torch.get_rng_state()
    assert torch.equal(one(x, 5), one(x, 5))
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(one(x, 5), one(x, 6))
    assert not torch.equal(one(x, 5), other(x, 5))


def test_compiled_kernels_which_draw_nothing_are_not_taken():
    trainer = Trainer(experiment(path="auto"))
    assert "changed at random" in trainer.paths.reason
    with pytest.raises(ValueError, match="changed at random"):
        trainer.paths.take("fused")
    assert "changed" not in Trainer(experiment(data=PLAIN)).paths.reason


def test_a_pause_is_not_seen_in_the_events():
    class Pause:
        def poll(self):
            return Orders(until_step=5)

    made = experiment()
    whole = list(train(made, snapshots=False))
    part = list(train(made, control=Pause(), snapshots=False))
    checkpoint = [x for x in part if isinstance(x, e.Checkpoint)][-1].payload
    rest = list(train(made, checkpoint=checkpoint, snapshots=False))
    ends = [[x for x in events if isinstance(x, e.Metrics)][-1] for events in (whole, rest)]
    assert ends[0].validation_loss == ends[1].validation_loss
    assert ends[0].train_loss == ends[1].train_loss


def test_repetitions_and_recorded_paths_draw_likewise():
    made = experiment(optimizer={"name": "lookahead", "options": {"k": 3}})
    trainer = Trainer(made.model_copy(update={"device": "cpu"}))
    recorded = two_paths(made, 3).fast
    plain = two_paths(experiment(optimizer=made.optimizer, data=PLAIN), 3).fast
    stepped(trainer, 2)
    now = torch.cat([p.detach().flatten() for p in trainer.net.parameters()]).double().numpy()
    np.testing.assert_allclose(recorded[1], now, rtol=1e-6, atol=1e-7)
    assert np.abs(plain[1] - now).max() > 1e-4
    first, _ = repeat(experiment(), 2, threads=1).outcomes
    alone = [x for x in train(experiment(), snapshots=False) if isinstance(x, e.Metrics)][-1]
    assert first.metrics.validation_loss == alone.validation_loss


def test_a_stack_of_nets_draws_for_each_by_its_own_seed():
    made = experiment(path="torch")
    stacked = list(train_batched(seeded(made, 2)))
    for i, alone in enumerate(seeded(made, 2)):
        ours = [x for index, x in stacked if index == i and isinstance(x, e.Metrics)][-1]
        theirs = [x for x in train(alone, snapshots=False) if isinstance(x, e.Metrics)][-1]
        assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-4)


@pytest.mark.parametrize(("field", "value"), [("flip", True), ("crop", 1)])
def test_stages_refuse_it_in_words(field, value):
    with pytest.raises(ValueError, match=rf"data\.{field}: {str(value).lower()} is not legal"):
        experiment(
            "multi_stage",
            data={"name": "digits", "options": {field: value}},
            loss="mean_square",
        )


def test_the_shift_has_bounds():
    for crop in (-1, 9):
        with pytest.raises(ValueError, match="crop"):
            experiment(data={"name": "digits", "options": {"crop": crop}})
