"""The training: its events, its endings, and that it goes on bit for bit."""

import json
import math

import numpy as np
import pytest
import torch

from playground.analysis.frames import Frames
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS, SolverFailure
from playground.networks import NETWORKS, POINT_NETWORKS
from playground.optimizers import OPTIMIZERS
from playground.training import Limits, Orders, View, estimate, make_net, redraw, refusal, train
from playground.training import events as e
from playground.training.checkpoints import pack, unpack
from playground.training.loop import rising
from playground.training.moments import PICTURES, kept_steps
from playground.training.notices import _amplified

ENDINGS = (e.Finished, e.Stopped, e.Paused, e.Diverged, e.Failed)


def small(**changes):
    tree = {
        "n_train": 60,
        "n_validation": 40,
        "epochs": 2,
        "batch_size": 16,
        "network": {"name": "rk_net", "options": {"width": 4, "depth": 3}},
    }
    return Experiment.model_validate({**tree, **changes})


class Script:
    """A control that gives its orders at given polls."""

    def __init__(self, orders):
        self.orders, self.polls = orders, 0

    def poll(self):
        self.polls += 1
        return self.orders.get(self.polls - 1, Orders())


def weights(events):
    last = [event for event in events if isinstance(event, e.Checkpoint)][-1]
    return unpack(last.payload)[1]


def timeless(events):
    """Events without what depends on the clock."""
    kept = []
    for event in events:
        if isinstance(event, e.Metrics):
            kept.append(
                {k: v for k, v in vars(event).items() if k not in ("seconds", "samples_per_second")}
            )
        elif isinstance(event, e.Started | e.Finished | e.Amendment | e.Snapshot):
            kept.append(vars(event))
    return kept


def test_events_in_order_and_one_ending():
    events = list(train(small()))
    assert isinstance(events[0], e.Started)
    assert events[0].parameters == sum(p.numel() for p in make_net(small()).parameters())
    assert isinstance(events[-1], e.Finished)
    assert isinstance(events[-2], e.Checkpoint)
    assert sum(isinstance(event, ENDINGS) for event in events) == 1
    steps = [event.step for event in events if isinstance(event, e.Metrics)]
    assert steps[0] == 0
    assert steps[-1] == 8
    assert steps == sorted(set(steps))


def test_same_experiment_same_events():
    assert timeless(train(small())) == timeless(train(small()))


def test_metrics_are_those_of_the_weights():
    experiment = small()
    events = list(train(experiment))
    metrics = [event for event in events if isinstance(event, e.Metrics)][-1]
    net = make_net(experiment)
    net.load_state_dict(weights(events))
    from playground.datasets import load

    split = load("spiral", n_train=60, n_validation=40, seed=1, options=experiment.data.options)
    outputs = net(torch.as_tensor(split.x_validation))
    y = torch.as_tensor(split.y_validation)
    assert metrics.validation_loss == pytest.approx(
        float(torch.nn.functional.cross_entropy(outputs, y).detach()), rel=1e-5
    )
    assert metrics.validation_accuracy == pytest.approx(
        float((outputs.argmax(1) == y).double().mean())
    )


def test_one_step_is_torchs_own():
    """One SGD step with L2, L1 and clipping against the same by hand."""
    experiment = small(
        optimizer={"name": "sgd", "options": {"learning_rate": 0.5}},
        l2=0.01, l1=0.001, clip_norm=0.05, n_train=16, epochs=1, precision="float64",
    )  # fmt: skip
    net = make_net(experiment)
    from playground.datasets import load

    split = load("spiral", n_train=16, n_validation=40, seed=1, options=experiment.data.options)
    x, y = torch.as_tensor(split.x_train).double(), torch.as_tensor(split.y_train)
    parameters = list(net.parameters())
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss = (
        loss
        + 0.005 * sum((p**2).sum() for p in parameters)
        + 0.001 * sum(p.abs().sum() for p in parameters)
    )
    gradients = torch.autograd.grad(loss, parameters)
    norm = math.sqrt(sum(float((g**2).sum()) for g in gradients))
    factor = min(1.0, 0.05 / (norm + 1e-6))
    after = weights(list(train(experiment)))
    for (name, p), g in zip(net.named_parameters(), gradients):
        assert torch.allclose(after[name], p - 0.5 * factor * g, atol=1e-12), name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_that_was_interrupted_ends_at_the_same_bits(name):
    experiment = small(optimizer=name, schedule="cosine")
    whole = list(train(experiment))
    first = list(train(experiment, control=Script({1: Orders(halt="pause")})))
    assert isinstance(first[-1], e.Paused)
    second = list(train(experiment, checkpoint=first[-2].payload))
    assert second[0].step == first[-1].step
    for key, value in weights(whole).items():
        assert torch.equal(value, weights(second)[key]), key
    steps = [x.step for x in first + second if isinstance(x, e.Metrics)]
    assert steps == [x.step for x in whole if isinstance(x, e.Metrics)]


def test_lookahead_around_muon_resumes_between_its_slow_steps():
    slot = {"name": "lookahead", "options": {"inner": "muon", "k": 5}}
    experiment = small(optimizer=slot)
    first = list(train(experiment, control=Script({3: Orders(halt="pause")})))
    second = list(train(experiment, checkpoint=first[-2].payload))
    for key, value in weights(list(train(experiment))).items():
        assert torch.equal(value, weights(second)[key]), key


def test_a_map_that_cannot_be_drawn_does_not_end_a_training(monkeypatch):
    def give_up(*_):
        raise SolverFailure("too stiff", 0.0)

    monkeypatch.setattr("playground.training.painter.draw", give_up)
    events = list(train(small()))
    assert isinstance(events[-1], e.Finished)
    assert not any(isinstance(event, e.Live) for event in events)


@pytest.mark.parametrize("name", POINT_NETWORKS)
def test_every_network_trains_and_resumes(name):
    loss = "mean_square" if NETWORKS[name].staged else "cross_entropy"
    experiment = small(network={"name": name, "options": {"width": 3, "depth": 2}}, loss=loss)
    first = list(train(experiment, control=Script({3: Orders(halt="pause")})))
    second = list(train(experiment, checkpoint=first[-2].payload))
    for key, value in weights(list(train(experiment))).items():
        assert torch.equal(value, weights(second)[key]), key


def test_step_orders_pause_at_their_step():
    events = list(train(small(), control=Script({i: Orders(until_step=3) for i in range(9)})))
    assert isinstance(events[-1], e.Paused)
    assert events[-1].step == 3


def test_stop_and_reason():
    events = list(train(small(), control=Script({2: Orders(halt="stop", reason="enough")})))
    assert events[-1] == e.Stopped(2, "enough")


def test_live_change_is_recorded_and_replayed():
    script = Script({3: Orders(changes={"learning_rate": 0.2})})
    changed = list(train(small(), control=script))
    amendments = [event for event in changed if isinstance(event, e.Amendment)]
    assert amendments == [e.Amendment(3, {"learning_rate": 0.2})]
    replayed = list(train(small(), amendments=amendments))
    for key, value in weights(changed).items():
        assert torch.equal(value, weights(replayed)[key])
    assert not torch.equal(value, weights(list(train(small())))[key])


def test_live_frames_only_for_those_who_look():
    unseen = [event for event in train(small()) if isinstance(event, e.Live)]
    script = Script({i: Orders(watched=True) for i in range(99)})
    seen = [event for event in train(small(epochs=20), control=script) if isinstance(event, e.Live)]
    assert len(unseen) == 1  # the last view, which everybody will want to see
    assert len(seen) > 1


def test_looking_changes_nothing():
    script = Script({i: Orders(watched=True) for i in range(99)})
    assert timeless(train(small(), control=script)) == timeless(train(small()))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_divergence_is_named(optimizer):
    experiment = small(
        optimizer={"name": optimizer, "options": {"learning_rate": 10.0}},
        network={"name": "rk_net", "options": {"width": 4, "depth": 8, "activation": "linear"}},
        epochs=30,
    )
    events = list(train(experiment))
    assert isinstance(events[-1], e.Diverged)
    assert "epoch" in events[-1].reason
    assert "learning rate" in events[-1].reason
    assert all(math.isfinite(event.train_loss) for event in events if isinstance(event, e.Metrics))


def test_divergence_in_the_very_last_step_is_not_called_finished():
    wild = small(
        optimizer={"name": "sgd", "options": {"learning_rate": 10.0}},
        network={
            "name": "rk_net",
            "options": {"width": 8, "depth": 40, "activation": "linear", "horizon": 20},
        },
        n_train=16,
        epochs=1,
    )
    last = list(train(wild))[-1]
    assert last.step == 1
    assert isinstance(last, e.Diverged)


def test_early_notices_of_hopeless_settings():
    fast = small(
        optimizer={"name": "sgd", "options": {"learning_rate": 10.0}},
        network={"name": "rk_net", "options": {"width": 8, "depth": 20, "horizon": 20}},
    )
    assert any("learning rate" in notice for notice in next(train(fast)).notices)
    coarse = small(network={"name": "rk_net", "options": {"width": 8, "depth": 2, "horizon": 60}})
    assert any("step size" in notice for notice in next(train(coarse)).notices)
    assert next(train(Experiment())).notices == ()


def test_target_accuracy_ends_the_run():
    events = list(train(small(target_accuracy=0.1, epochs=50)))
    assert isinstance(events[-1], e.Finished)
    assert "accuracy" in events[-1].reason
    assert events[-1].step <= 4


def test_early_stop_rule_of_the_paper():
    assert rising([1.0] * 10) is None
    assert rising([9.0] + [1.0] * 5 + [1.2] * 5) == pytest.approx(0.2)
    assert rising([1.0] * 5 + [2.0] * 1 + [1.0] * 5) == pytest.approx(-0.2)


def test_early_stop_ends_a_run_whose_validation_loss_rises():
    overfit = small(
        n_train=10, n_validation=500, batch_size=10, epochs=400, early_stop=True, patience=0.01,
        optimizer={"name": "adam", "options": {"learning_rate": 0.05}},
    )  # fmt: skip
    last = list(train(overfit))[-1]
    assert isinstance(last, e.Finished)
    assert last.reason.startswith("early stop")


def test_missing_device_is_a_failure_in_words():
    if torch.cuda.is_available():
        pytest.skip("this machine has the device that the test wants to be missing")
    (event,) = train(small(device="cuda"))
    assert isinstance(event, e.Failed)
    assert "cuda" in event.reason
    assert "cpu" in event.reason


def test_missing_own_data_is_a_failure_in_words():
    (event,) = train(small(data={"name": "table", "options": {"hash": "0" * 64}}))
    assert isinstance(event, e.Failed)
    assert "not on this server" in event.reason


def test_regression_has_no_accuracy_and_learns():
    experiment = small(
        data="plane", loss="mean_square", epochs=30, n_train=200, network={"name": "mlp"}
    )
    metrics = [event for event in train(experiment) if isinstance(event, e.Metrics)]
    assert metrics[-1].validation_accuracy is None
    assert metrics[-1].validation_loss < 0.2 * metrics[0].validation_loss


def test_snapshots_are_about_sixty_and_hold_both_ends():
    steps = kept_steps(5000, PICTURES)
    assert (steps[0], steps[-1]) == (0, 5000)
    assert 50 <= len(steps) <= 61
    assert kept_steps(3, PICTURES) == [0, 1, 2, 3]


def test_redraw_shows_what_training_showed():
    events = list(train(small()))
    checkpoint = [event for event in events if isinstance(event, e.Checkpoint)][-1]
    live = [event for event in events if isinstance(event, e.Live)][-1]
    again = Frames.unpack(redraw(small(), checkpoint.payload, View()))
    shown = Frames.unpack(live.frame)
    for name in ("grid", "confidence", "points", "path_scale"):
        assert np.array_equal(again.arrays[name], shown.arrays[name]), name
    # While it trains the axes follow the frame before, so that only their signs may differ.
    spread = [frames.arrays["paths"].astype(float).std(axis=(0, 1, 2)) for frames in (again, shown)]
    assert np.allclose(*spread)


def test_checkpoint_round_trip_of_any_tree():
    tree = {"a": [1, 2.5, None, True, "x"], (0, 1): {3: torch.arange(3)}, "t": (1, (2,))}
    back, kept = unpack(pack(tree, {"w": torch.ones(2, 2)}))
    assert torch.equal(back.pop((0, 1))[3], torch.arange(3))
    assert back == {"a": [1, 2.5, None, True, "x"], "t": (1, (2,))}
    assert torch.equal(kept["w"], torch.ones(2, 2))


@pytest.mark.parametrize("payload", [b"", b"junk", b"\x08" + b"\0" * 7 + b"{}      "])
def test_damaged_checkpoint_is_a_failure(payload):
    with pytest.raises(ValueError, match="checkpoint"):
        unpack(payload)
    (event,) = train(small(), checkpoint=payload)
    assert isinstance(event, e.Failed)


def test_checkpoint_of_another_experiment_is_refused():
    payload = [x for x in train(small()) if isinstance(x, e.Checkpoint)][-1].payload
    (event,) = train(small(epochs=3), checkpoint=payload)
    assert isinstance(event, e.Failed)
    assert "another experiment" in event.reason


def test_estimate_counts_parameters_exactly():
    assert estimate(Experiment()).parameters == 5_474


def test_refusals_name_what_is_too_much():
    wide = Experiment().amended({"network.width": "1024", "network.depth": "500"})
    assert "parameters" in refusal(wide)
    endless = {"network.depth": "500", "epochs": "10000", "batch_size": "1", "path": "torch"}
    long = Experiment().amended(endless)
    assert "time" in refusal(long)
    assert refusal(Experiment()) is None
    assert "memory" in refusal(Experiment(), Limits(memory_bytes=1000))


def test_started_is_json():
    assert json.dumps(vars(next(train(small()))))


def test_a_damped_rotation_that_a_scheme_amplifies_is_not_called_a_fast_decay():
    euler = INTEGRATORS["euler"]
    z = -0.006 + 0.3j
    words = _amplified(z, abs(1 + z), 0.25, euler, "Euler")
    assert "-0.006 ± 0.3i" in words
    assert f"{100 * (abs(1 + z) - 1):.2g} % a step" in words
    assert "decay" in _amplified(-2.5 + 0j, 1.5, 0.25, euler, "Euler")
