"""The kept views of a run depend on the run alone: not on who looked, at what, or on interruptions."""

import time

import numpy as np
import pytest

from playground.analysis.frames import Frames
from playground.experiment import Experiment
from playground.training import Orders, View, redraw, train
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
    return {event.step: event.frame for event in events if isinstance(event, e.Snapshot)}


def last(events, kind):
    return [event for event in events if isinstance(event, kind)][-1]


def test_kept_views_are_the_same_whoever_looks_at_what():
    alone = kept(train(small()))
    assert len(alone) > 5
    for view in (View(), View((0, 1)), View((2, 0))):
        assert kept(train(small(), control=Watching(view))) == alone


def test_kept_views_are_the_same_after_a_pause():
    whole = kept(train(small()))
    first = list(train(small(), control=Watching(View((1, 2)), until=5)))
    checkpoint = last(first, e.Checkpoint).payload
    second = list(train(small(), checkpoint=checkpoint))
    assert {**kept(first), **kept(second)} == whole


def test_kept_views_show_the_first_two_inputs():
    frames = kept(train(small(), control=Watching(View((2, 1)))))
    assert {tuple(Frames.unpack(f).meta["features"]) for f in frames.values()} == {(0, 1)}


def test_the_last_picture_is_the_last_kept_view():
    events = list(train(small(), control=Watching()))
    assert last(events, e.Live).frame == last(events, e.Snapshot).frame


def test_a_resting_run_is_drawn_with_the_same_axes():
    events = list(train(small(), control=Watching(until=7)))
    assert isinstance(events[-1], e.Paused)
    drawn = redraw(small(), last(events, e.Checkpoint).payload, View())
    assert drawn == last(events, e.Live).frame


def test_pictures_of_other_inputs_keep_the_signs_of_the_kept_ones():
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
