"""Repetitions: seeds, threads, stacked nets, summaries."""

import math
import statistics

import pytest

from playground.experiment import Experiment
from playground.networks import NETWORKS, POINT_NETWORKS
from playground.training import events as e
from playground.training import train
from playground.training.batched import ELEMENTWISE, batchable, train_batched
from playground.training.control import Orders
from playground.training.repetitions import Outcome, Repetitions, repeat, seeded

TREE = {
    "n_train": 50,
    "n_validation": 30,
    "epochs": 2,
    "batch_size": 16,
    "precision": "float64",
    "network": {"name": "rk_net", "options": {"width": 4, "depth": 3}},
}


def experiment(**changes):
    return Experiment.model_validate({**TREE, **changes})


def last(events):
    return [x for x in events if isinstance(x, e.Metrics)][-1]


def test_each_repetition_is_the_training_with_its_own_seeds():
    made = experiment()
    found = repeat(made, 3, threads=2)
    for i, outcome in enumerate(found.outcomes):
        alone = made.model_copy(update={"data_seed": 1 + i, "weight_seed": 1 + i})
        assert outcome.experiment == alone
        assert outcome.status == "finished"
        assert outcome.metrics.validation_loss == last(train(alone)).validation_loss
    losses = [outcome.metrics.validation_loss for outcome in found.outcomes]
    assert len(set(losses)) == 3
    summary = found.summary("validation_loss")
    assert summary.mean == pytest.approx(statistics.fmean(losses))
    assert summary.std == pytest.approx(statistics.stdev(losses))
    assert (summary.least, summary.greatest, summary.count) == (min(losses), max(losses), 3)


NETS = {name: {"network": name} for name in POINT_NETWORKS if not NETWORKS[name].staged}


@pytest.mark.parametrize("changes", [*NETS.values(), {"l1": 0.01, "l2": 0.1}, {"schedule": "step"}])
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_a_stack_of_nets_trains_each_as_it_would_alone(changes, optimizer):
    made = experiment(optimizer=optimizer, path="torch", epochs=1, **changes)
    assert batchable(made)
    stacked = list(train_batched(seeded(made, 3)))
    for i, alone in enumerate(seeded(made, 3)):
        ours = last([event for index, event in stacked if index == i])
        theirs = last(train(alone, snapshots=False))
        assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-9)
        assert ours.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-7)
        assert (ours.nfe_forward, ours.nfe_backward) == (theirs.nfe_forward, theirs.nfe_backward)
        ends = [x for index, x in stacked if index == i and isinstance(x, e.ENDINGS)]
        assert [type(x) for x in ends] == [e.Finished]


@pytest.mark.parametrize("optimizer", ELEMENTWISE)
def test_every_elementwise_optimiser_steps_a_stack(optimizer):
    made = experiment(optimizer=optimizer, path="torch", epochs=1)
    stacked = list(train_batched(seeded(made, 2)))
    ours = last([event for index, event in stacked if index == 1])
    theirs = last(train(seeded(made, 2)[1], snapshots=False))
    assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-8)


def test_what_would_mix_the_nets_is_not_stacked():
    assert not batchable(experiment(optimizer="lbfgs"))
    assert not batchable(experiment(optimizer="muon"))
    assert not batchable(experiment(network="multi_stage", loss="mean_square"))
    assert not batchable(experiment(scheme="dopri5"))
    assert not batchable(experiment(clip_norm=1.0))


def test_a_stack_goes_on_when_one_of_it_has_ended():
    made = experiment(epochs=6, target_accuracy=0.6, optimizer="adam", path="torch")
    stacked = list(train_batched(seeded(made, 4)))
    for i, alone in enumerate(seeded(made, 4)):
        (ours,) = (x for index, x in stacked if index == i and isinstance(x, e.ENDINGS))
        theirs = list(train(alone, snapshots=False))[-1]
        assert (type(ours), ours.step) == (type(theirs), theirs.step)


def test_repetitions_can_be_stopped():
    class Stop:
        def poll(self):
            return Orders(halt="stop", reason="enough")

    found = repeat(experiment(), 2, control=Stop())
    assert [outcome.status for outcome in found.outcomes] == ["stopped", "stopped"]
    (_, started), *_, (_, ending) = train_batched(seeded(experiment(), 1), Stop())
    assert started.path == "batched"
    assert isinstance(ending, e.Stopped)


@pytest.mark.parametrize("number", [0, 1001])
def test_numbers_out_of_bounds_are_refused(number):
    with pytest.raises(ValueError, match=f"repetitions: {number} is not legal; legal is 1 to"):
        repeat(experiment(), number)


def test_a_summary_leaves_out_what_is_not_a_number():
    (event,) = (x for x in train(experiment(epochs=1)) if isinstance(x, e.Metrics) and x.step == 4)
    broken = e.Metrics(**{**vars(event), "validation_loss": math.nan})
    made = [Outcome(experiment(), "finished", "", m) for m in (event, broken, None)]
    summary = Repetitions(made).summary("validation_loss")
    assert (summary.count, summary.std, summary.mean) == (1, None, event.validation_loss)
    assert Repetitions(made[2:]).summary("validation_loss") is None


def test_everything_is_told_with_its_number():
    told = []
    repeat(experiment(epochs=1), 2, told=lambda index, event: told.append((index, type(event))))
    assert {index for index, _ in told} == {0, 1}
    assert {(1, e.Metrics), (0, e.Finished)} <= set(told)
