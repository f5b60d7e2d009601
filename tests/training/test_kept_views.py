"""What a run keeps, and the recording that is drawn from it, depend on the run alone."""

import time
from itertools import pairwise

import numpy as np
import pytest
from safetensors.torch import load

from playground.analysis.frames import Frames
from playground.experiment import Experiment
from playground.training import Orders, View, redraw, retell, train
from playground.training import events as e
from playground.training.trainer import Trainer


def small(**changes):
    tree = {
        "data": "spiral_3d",
        "n_train": 50,
        "n_validation": 30,
        "epochs": 3,
        "batch_size": 16,
        "network": {"name": "rk_net", "options": {"width": 5, "depth": 3}},
    }
    return Experiment.model_validate({**tree, **changes})


class Watching:
    """A control of somebody who looks at a view all the time, and pauses at some step."""

    def __init__(self, view=None, until=None):
        self.orders = Orders(watched=True, view=view or View(), until_step=until)

    def poll(self):
        return self.orders


def kept(events):
    return [event for event in events if isinstance(event, e.Snapshot)]


def last(events, kind):
    return [event for event in events if isinstance(event, kind)][-1]


def test_kept_weights_are_the_same_whoever_looks_at_what():
    alone = kept(train(small()))
    assert len(alone) > 5
    for view in (View(), View((0, 1)), View((2, 0))):
        assert kept(train(small(), control=Watching(view))) == alone


def test_kept_weights_are_the_same_after_a_pause():
    first = list(train(small(), control=Watching(View((1, 2)), until=5)))
    second = list(train(small(), checkpoint=last(first, e.Checkpoint).payload))
    assert kept(first) + kept(second) == kept(train(small()))


def test_kept_weights_are_those_that_are_judged():
    experiment = small(optimizer={"name": "lookahead", "options": {"k": 4}})
    trainer = Trainer(experiment)
    events = list(train(experiment))
    figures = {event.step: event for event in events if isinstance(event, e.Metrics)}
    for snapshot in kept(events):
        trainer.net.load_state_dict(load(snapshot.weights))
        assert trainer.judged()["train_loss"] == pytest.approx(
            figures[snapshot.step].train_loss, rel=1e-5
        )


def test_a_recording_goes_from_the_beginning_to_where_the_run_rests():
    events = list(train(small(), control=Watching(until=7)))
    told = retell(small(), kept(events), checkpoint=last(events, e.Checkpoint).payload)
    steps = [entry["step"] for entry in told.meta["frames"]]
    assert (steps[0], steps[-1]) == (0, 7)
    assert steps == sorted({snapshot.step for snapshot in kept(events)} | {7})
    shown = Frames.unpack(last(events, e.Live).frame)
    for name in ("grid", "confidence", "paths", "warp", "path_scale"):
        assert np.array_equal(told.arrays[name][-1], shown.arrays[name][0]), name
    # What stands under the slider is what the curves say.
    figures = {event.step: event for event in events if isinstance(event, e.Metrics)}
    for entry in told.meta["frames"]:
        assert entry["validation_loss"] == pytest.approx(figures[entry["step"]].validation_loss)
        assert entry["epoch"] == pytest.approx(entry["step"] / 4)


def test_a_recording_shows_the_inputs_that_are_asked_for():
    told = retell(small(), kept(train(small())), view=View((2, 1)))
    assert told.meta["features"] == [2, 1]
    with pytest.raises(ValueError, match="features"):
        retell(small(), kept(train(small())), view=View((0, 7)))


def test_the_axes_of_a_recording_do_not_flip():
    told = retell(small(epochs=20), kept(train(small(epochs=20))))
    paths = told.arrays["paths"] / 32767 * told.arrays["path_scale"][:, None, None, None]
    paths = paths + told.arrays["path_centre"][:, None, None]
    for one, next_ in pairwise(paths):
        assert np.abs(one - next_).mean() < np.abs(one + next_).mean()


def test_a_recording_without_time_has_its_ends():
    snapshots = kept(train(small()))
    told = retell(small(), snapshots, seconds=0.0)
    steps = [entry["step"] for entry in told.meta["frames"]]
    assert steps == [0, snapshots[-1].step]


def test_there_is_no_recording_of_a_single_moment():
    assert retell(small(), kept(train(small()))[:1]) is None
    assert retell(small(), []) is None


def test_weights_that_do_not_fit_are_refused():
    other = kept(train(small(network={"name": "rk_net", "options": {"width": 6, "depth": 3}})))
    with pytest.raises(ValueError, match="weights"):
        retell(small(), other)
    damaged = [e.Snapshot(0, 0.0, b"no weights"), *kept(train(small()))]
    with pytest.raises(ValueError, match="weights"):
        retell(small(), damaged)


def test_a_resting_run_is_drawn_with_the_same_axes():
    events = list(train(small(), control=Watching(until=7)))
    assert isinstance(events[-1], e.Paused)
    drawn = redraw(small(), last(events, e.Checkpoint).payload, View())
    assert drawn == last(events, e.Live).frame


def test_pictures_of_other_inputs_keep_their_signs():
    events = list(train(small(), control=Watching(until=7)))
    usual = Frames.unpack(last(events, e.Live).frame)
    other = Frames.unpack(redraw(small(), last(events, e.Checkpoint).payload, View((2, 0))))
    assert other.meta["features"] == [2, 0]
    ours, theirs = (
        f.arrays["paths"] / 32767 * f.arrays["path_scale"][0] + f.arrays["path_centre"][0]
        for f in (usual, other)
    )
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(ours).max()


def test_samples_per_second_counts_what_was_seen(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(ticks)))
    trainer = Trainer(small())  # 50 points in batches of 16: 16, 16, 16, 2
    trainer.evaluate()
    for _ in range(4):
        trainer.advance()
    # Each step takes one tick of the clock.
    assert trainer.evaluate().samples_per_second == pytest.approx(50 / 4)
    trainer.advance()
    assert trainer.evaluate().samples_per_second == pytest.approx(16)
