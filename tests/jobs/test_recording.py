"""The recording of a run: asked for by anybody, drawn once, renewed when the run has gone on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.analysis.frames import Frames
from playground.experiment import Experiment
from playground.jobs import Jobs, worker
from playground.jobs.schema import VERSION
from playground.jobs.settings import read_settings
from playground.jobs.store import FILE, Store
from playground.training import View
from tests.jobs.schemas import schema_of

Assign = Callable[[Jobs, str], int]
SMALL = Experiment.model_validate(
    {
        "data": "spiral_3d",
        "n_train": 40,
        "n_validation": 20,
        "epochs": 4,
        "network": {"name": "rk_net", "options": {"width": 4, "depth": 2}},
    }
)


def wish(jobs: Jobs, run_id: str) -> int | None:
    """Return the number of the drawing that is wished for, ``None`` if nothing is."""
    with jobs.store.reading() as db:
        row = db.execute("SELECT view_version, view_drawn FROM runs WHERE id = ?", (run_id,))
        version, drawn = row.fetchone()
    return version if version > drawn else None


def draw(jobs: Jobs, home: Path, run_id: str) -> None:
    worker.draw(str(home), run_id, wish(jobs, run_id))
    assert jobs.get(run_id).view_error == ""


@pytest.fixture
def trained(jobs: Jobs, home: Path, assign: Assign) -> str:
    run_id = jobs.submit(SMALL, until_step=3)
    worker.run(str(home), run_id, assign(jobs, run_id))
    assert jobs.get(run_id).status == "paused"
    return run_id


def steps(recording: bytes | None) -> list[int]:
    return [entry["step"] for entry in Frames.unpack(recording).meta["frames"]]


def test_a_recording_is_drawn_for_whoever_asks(jobs: Jobs, home: Path, trained: str) -> None:
    assert jobs.recording(trained) is None
    before = jobs.store.size()
    visitor = Jobs(home, user="somebody else")
    visitor.request_recording(trained)
    visitor.request_recording(trained)
    assert wish(jobs, trained) == 1
    live = jobs.live(trained)
    draw(jobs, home, trained)
    assert steps(visitor.recording(trained)) == [0, 1, 2, 3]
    assert jobs.live(trained) == live  # which shows the same already
    assert jobs.store.size() >= before + len(jobs.recording(trained))
    visitor.request_recording(trained)
    assert wish(jobs, trained) is None


def test_a_run_that_has_gone_on_has_a_new_recording(
    jobs: Jobs, home: Path, trained: str, assign: Assign
) -> None:
    jobs.request_recording(trained)
    draw(jobs, home, trained)
    jobs.step(trained, 2)
    jobs.request_recording(trained)  # not while it trains
    assert wish(jobs, trained) is None
    worker.run(str(home), trained, assign(jobs, trained))
    assert jobs.recording(trained) is None
    jobs.request_recording(trained)
    draw(jobs, home, trained)
    assert steps(jobs.recording(trained))[-1] == 5
    assert len(list((home / "runs" / trained).glob("recording-*"))) == 1


def test_a_recording_shows_the_inputs_of_the_view(jobs: Jobs, home: Path, trained: str) -> None:
    jobs.request_view(trained, View((2, 0)))
    draw(jobs, home, trained)
    assert Frames.unpack(jobs.live(trained)[1]).meta["features"] == [2, 0]
    assert jobs.recording(trained) is None
    jobs.request_recording(trained)
    draw(jobs, home, trained)
    assert Frames.unpack(jobs.recording(trained)).meta["features"] == [2, 0]


def test_a_failed_drawing_is_said_and_not_tried_again(jobs: Jobs, home: Path, trained: str) -> None:
    next((home / "runs" / trained / "snapshots").iterdir()).write_bytes(b"damaged")
    jobs.request_recording(trained)
    worker.draw(str(home), trained, wish(jobs, trained))
    assert "weights" in jobs.get(trained).view_error
    jobs.request_recording(trained)
    assert wish(jobs, trained) is None


def test_a_run_that_goes_on_meanwhile_keeps_no_stale_recording(
    jobs: Jobs, home: Path, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playground import training

    retell = training.retell

    def slowly(*given: object, **more: object) -> Frames | None:
        with jobs.store.writing() as db:
            db.execute("UPDATE runs SET status = 'running'")
        return retell(*given, **more)

    monkeypatch.setattr(training, "retell", slowly)
    jobs.request_recording(trained)
    worker.draw(str(home), trained, 1)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET status = 'paused'")
    assert jobs.recording(trained) is None


def test_a_store_of_the_first_version_is_taken_over(home: Path) -> None:
    home.mkdir(exist_ok=True)
    old = schema_of(1)
    assert "recording" not in old
    (home / FILE).unlink(missing_ok=True)
    with sqlite3.connect(home / FILE) as db:
        db.executescript(old + "PRAGMA user_version = 1;")
    store = Store(read_settings(home=home))
    with store.reading() as db:
        columns = {row["name"] for row in db.execute("PRAGMA table_info(runs)")}
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
    assert {"recording", "recording_size"} <= columns
    store.close()
