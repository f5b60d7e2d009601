"""A disk that is full: it is said, nothing that was kept is lost, and all go on afterwards."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from playground.datasets import table_store
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, marks, worker
from playground.jobs.artifacts import Folder
from playground.jobs.backup import back_up
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.recorder import Recorder
from playground.jobs.settings import read_settings
from playground.training.events import Checkpoint
from tests.jobs.stub import metrics, training
from tests.jobs.test_dispatcher import Shelf
from tests.jobs.troubles import until

Assign = Callable[[Jobs, str], int]


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store on a disk of 16 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    try:
        made = subprocess.run(command, capture_output=True, text=True).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        pytest.skip("no file system may be mounted here")
    for name in [name for name in os.environ if name.startswith("PLAYGROUND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLAYGROUND_HOME", str(disk / "home"))
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Fill a disk but for so many bytes."""
    filling = disk / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65536))
    for size in (4096, 512):
        with filling.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(size))
    if leave:
        os.truncate(filling, max(0, filling.stat().st_size - leave))
    return filling


def test_a_full_disk_stops_a_run_and_nothing_else(
    small_disk: Path, experiment: Experiment, assign: Assign
) -> None:
    jobs = Jobs(user="ada")
    home = small_disk / "home"
    run_id = jobs.submit(experiment)
    filling: list[Path] = []

    def train(*args: object, **options: object) -> Iterator[object]:
        for event in training(2000, every=7)(*args, **options):
            if isinstance(event, Checkpoint) and event.step == 700:
                filling.append(fill(small_disk))
            yield event

    with pytest.raises((OSError, sqlite3.OperationalError)):
        worker.run(str(home), run_id, assign(jobs, run_id), train)
    before = jobs.get(run_id)  # to look is still possible
    assert before.status in ("running", "failed")
    assert before.checkpoint_step >= 693
    assert jobs.checkpoint(run_id) is not None
    said = []
    for act in (lambda: jobs.submit(experiment), lambda: marks.set_note(jobs, run_id, "x" * 4000)):
        try:
            act()
        except Refused as refused:
            said.append(str(refused))
    assert all("disk is full" in words for words in said)
    with pytest.raises(OSError, match="No space"):
        table_store.keep(os.urandom(300_000))
    assert not list((home / "tables").glob("*.part"))
    with suppress(OSError, sqlite3.Error):
        assert back_up(jobs.store) is None  # it says so, or fails: the engine takes both
    assert not list((home / "backup").glob("*.part"))

    dispatcher = Dispatcher(jobs.store, Shelf(1), read_settings())
    with suppress(sqlite3.OperationalError):  # as the engine does
        dispatcher.turn(0)
    filling[0].unlink()
    if jobs.get(run_id).status == "failed":
        assert "disk is full" in jobs.get(run_id).reason
        jobs.resume(run_id)
    until(lambda: dispatcher.turn(0) or jobs.get(run_id).attempt > before.attempt)
    again = jobs.get(run_id)
    worker.run(str(home), run_id, again.attempt, training(2000, every=7))
    assert jobs.get(run_id).status == "finished"
    assert [m.step for m in jobs.metrics(run_id)] == list(range(2001))
    assert back_up(jobs.store) is not None
    assert len(table_store.keep(b"x,y,label\n1,2,a\n")) == 64
    dispatcher.close()
    jobs.store.close()


def test_a_full_disk_is_said_and_the_run_goes_on_from_its_checkpoint(
    home: Path,
    jobs: Jobs,
    experiment: Experiment,
    assign: Assign,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As above, where no disk can be filled: what the system says of a full one is put in its mouth."""
    run_id = jobs.submit(experiment)
    real = Folder.write_checkpoint

    def full(folder: Folder, attempt: int, step: int, payload: bytes) -> str:
        if step > 14:
            raise OSError(28, "No space left on device", "/secret/path")
        return real(folder, attempt, step, payload)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write_checkpoint", full)
        with pytest.raises(OSError, match="No space"):
            worker.run(str(home), run_id, assign(jobs, run_id), training(30))
    run = jobs.get(run_id)
    assert (run.status, run.checkpoint_step) == ("failed", 14)
    assert run.reason == "the server's disk is full; the run can go on when there is space again"
    jobs.resume(run_id)
    worker.run(str(home), run_id, assign(jobs, run_id), training(30))
    assert jobs.get(run_id).status == "finished"
    assert [m.step for m in jobs.metrics(run_id)] == list(range(31))


def test_a_database_that_cannot_grow_is_a_full_disk_in_words(
    home: Path, jobs: Jobs, experiment: Experiment, assign: Assign
) -> None:
    """SQLite's own word for it, from its own limit on the pages of a file."""
    run_id = jobs.submit(experiment)
    attempt = assign(jobs, run_id)
    _may_not_grow(jobs)
    with pytest.raises(Refused, match="disk is full"):
        _write_notes(jobs, run_id)
    recorder = Recorder(jobs.store, run_id, attempt)
    for step in range(500):
        recorder._add("UPDATE runs SET note = :note WHERE id = :run", note="x" * step * 30)
        recorder._flushed = time.monotonic()
        recorder.record(metrics(step, 1.0, 0.1))
    _may_not_grow(jobs)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        recorder.flush()
    recorder.flush()  # what was kept is not lost
    assert [m.step for m in jobs.metrics(run_id)] == list(range(500))


def _may_not_grow(jobs: Jobs) -> None:
    """Limit the file on the connection that is used next; it is closed after an error."""
    with jobs.store.reading() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")


def _write_notes(jobs: Jobs, run_id: str) -> None:
    for length in range(100, 5000, 100):
        marks.set_note(jobs, run_id, "x" * length)


def test_what_is_half_written_leaves_a_full_disk(
    jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = jobs.submit(experiment)
    folder = Folder(jobs.store.runs_folder, run_id)
    folder.write_live(b"one")
    monkeypatch.setattr(Path, "replace", _no_space)
    with pytest.raises(OSError, match="No space"):
        folder.write_live(b"two")
    assert [path.name for path in folder.path.iterdir() if path.is_file()] == ["live.frame"]
    assert folder.read("live.frame") == b"one"


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
