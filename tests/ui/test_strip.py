"""When the strip has to be drawn anew, and what a run that waits is told."""

from dataclasses import replace

import pytest

from playground.experiment import Experiment
from playground.jobs import EngineState, Jobs, RunRecord
from playground.ui.transport import looks, waiting_words

READY = EngineState("ready", "", slots=2)


@pytest.fixture
def queued(tmp_path) -> RunRecord:
    jobs = Jobs(tmp_path, user="ada")
    return jobs.get(jobs.submit(Experiment()))


def test_a_run_that_only_draws_itself_leaves_the_strip_as_it_is(queued: RunRecord) -> None:
    fresh = replace(queued, until_step=0)
    seen = {looks(replace(fresh, status=status)) for status in ("queued", "running", "paused")}
    assert len(seen) == 1


def test_whether_a_run_waits_or_trains_is_told_by_its_figures_alone(queued: RunRecord) -> None:
    assert looks(queued) == looks(replace(queued, status="running", step=7))


@pytest.mark.parametrize("status", ["paused", "finished", "stopped", "diverged", "failed"])
def test_a_training_that_ends_changes_the_strip(queued: RunRecord, status: str) -> None:
    ended = replace(queued, status=status, step=7)
    assert looks(ended) != looks(queued)
    assert looks(ended) != looks(replace(queued, until_step=0))
    assert looks(None) not in (looks(queued), looks(ended))


def test_a_run_that_fails_before_its_first_step_changes_the_strip(queued: RunRecord) -> None:
    fresh = replace(queued, until_step=0)
    assert looks(replace(fresh, status="failed")) != looks(fresh)


def test_a_run_that_waits_is_told_how_many_do() -> None:
    (words,) = waiting_words(replace(READY, queued=5))
    assert "5 runs wait for 2 slots" in words
    assert "1 slot;" in waiting_words(replace(READY, queued=2, slots=1))[0]


@pytest.mark.parametrize("engine", [READY, replace(READY, queued=1), EngineState("down", "")])
def test_a_run_that_waits_alone_is_told_nothing(engine: EngineState) -> None:
    assert waiting_words(engine) == []
