"""Fits in processes of their own: what comes back, who may see it, and how they end."""

import io
import json
import time
from dataclasses import replace

import pytest

from playground.analysis.learned import Picture
from playground.jobs import fits as module
from playground.jobs.fits import LIMITS, Fit, Fits
from playground.jobs.records import Refused
from playground.training.dynamics import fit as train
from playground.training.dynamics_settings import Dynamics


def text(**values):
    small = {"problem": {"name": "oscillator"}, "n_samples": 20, "width": 8, "n_trajectories": 2}
    return Dynamics.model_validate({**small, **values}).model_dump_json()


LONG = text(iterations=20_000)


@pytest.fixture
def fits():
    made = Fits()
    yield made
    made.close()


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def test_a_fit_in_its_process_is_the_fit(fits):
    fits.prepare()
    started = fits.start("me", text(iterations=25))
    wait(lambda: not started.runs)
    assert (started.status, started.reason) == ("finished", "All 25 iterations are done.")
    assert started.began["parameters"] == 2 * 8 + 8 + 8 * 8 + 8 + 8 * 2 + 2
    here = [e for e in train(Dynamics.model_validate_json(started.settings)) if hasattr(e, "loss")]
    assert [row[1] for row in started.rows] == pytest.approx([e.loss for e in here], rel=1e-4)
    assert [row[0] for row in started.rows] == list(range(1, 26))
    assert started.pictures[0][0] == 0
    assert started.pictures[-1][0] == 25
    assert Picture.from_json(started.pictures[-1][1]).errors.inside > 0


def test_a_fit_stops_when_asked_and_too_many_are_refused(fits):
    first, second = fits.start("me", LONG), fits.start("you", LONG)
    with pytest.raises(Refused, match=r"2 fits are running.*1 of them yours.*takes 2 at once"):
        fits.start("me", LONG)
    wait(lambda: first.rows and second.rows)
    fits.stop(first, "Stopped by hand.")
    wait(lambda: not first.runs)
    assert (first.status, first.reason) == ("stopped", "Stopped by hand.")
    assert first.pictures[-1][0] == first.rows[-1][0]
    third = fits.start("me", text(iterations=2))
    wait(lambda: not third.runs)
    assert second.runs


def test_a_process_that_dies_is_an_ending_in_words(fits):
    started = fits.start("me", LONG)
    wait(lambda: started.rows)
    started.process.kill()
    wait(lambda: not started.runs)
    assert started.status == "failed"
    assert "ended without a word" in started.reason


def test_a_fit_that_nobody_looks_at_is_stopped():
    fits = Fits(replace(LIMITS, abandoned=0.5))
    started = fits.start("me", LONG)
    wait(lambda: not started.runs)
    assert started.reason == "Stopped, because nobody was looking."
    fits.close()


def test_a_fit_that_takes_too_long_is_stopped():
    fits = Fits(replace(LIMITS, longest=0.6))
    started = fits.start("me", LONG)
    wait(lambda: not started.runs)
    assert started.reason == "Stopped after 0.01 minutes, the most that a fit may take."
    fits.close()


@pytest.mark.full
def test_a_fit_ends_with_its_server(fits):
    started = fits.start("me", LONG)
    wait(lambda: started.rows)
    started.process.stdin.close()
    wait(lambda: started.process.poll() is not None)


def test_results_belong_to_their_user_and_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(Fits, "spawn", lambda self: FakeProcess())
    fits = Fits(replace(LIMITS, kept=2))
    made = [fits.start("me", str(i)) for i in range(2)]
    assert fits.get(made[0].id) is made[0]
    assert fits.get(None) is None
    assert fits.find("me", "1") is made[1]
    assert fits.find("you", "1") is None
    for each in made:
        wait(lambda each=each: not each.runs)
    fits.start("me", "2")
    assert fits.get(made[0].id) is None
    assert fits.get(made[1].id) is made[1]


class FakeProcess:
    """A process that says at once that it has finished."""

    def __init__(self):
        self.stdin = io.StringIO()
        self.stdout = [json.dumps({"status": "finished", "reason": ""})]

    def wait(self):
        return 0

    def poll(self):
        return 0


def test_moments_are_thinned_and_the_newest_stays():
    fit = Fit("me", "")
    for i in range(200):
        fit.take({"iteration": i, "picture": {}})
        assert fit.pictures[-1][0] == i
        assert fit.pictures[0][0] == 0
        assert len(fit.pictures) <= module.PICTURES
