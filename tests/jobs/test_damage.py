"""A database that is damaged in any way: set aside with nothing deleted, its backup in its place."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, backup, rescue, studies, worker
from playground.jobs.backup import back_up
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.recorder import Recorder, SupersededError
from playground.jobs.rescue import DamagedError
from playground.jobs.settings import read_settings
from playground.jobs.store import Store
from tests.jobs.stub import metrics, training
from tests.jobs.test_dispatcher import Shelf

Assign = Callable[[Jobs, str], int]
FILE = "store.sqlite"


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 - 100)


def other_header(file: Path) -> None:
    with file.open("r+b") as data:
        data.write(b"no database at all, but some text")


def pages_in_the_middle(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as data:
        for place in range(4096, size, 8192):
            data.seek(place)
            data.write(b"\xa5" * 4096)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def all_zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


DAMAGES = (truncated, other_header, pages_in_the_middle, emptied, all_zeros)


def put_to_disk(jobs: Jobs) -> None:
    """Have all of the store in its one file, and nobody's connection open."""
    with jobs.store.reading() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    jobs.store.close()


def stored(jobs: Jobs, experiment: Experiment, figures: int = 400) -> str:
    """A run with so many figures that the database has pages in its middle."""
    run_id = jobs.submit(experiment, name="of before")
    with jobs.store.writing() as db:
        rows = [(run_id, step, 0.5) for step in range(figures)]
        db.executemany("INSERT INTO metrics (run, step, train_loss) VALUES (?, ?, ?)", rows)
    return run_id


@pytest.mark.parametrize("harm", DAMAGES, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("saved", [True, False], ids=["backup", "no backup"])
def test_a_damaged_database_is_replaced_when_a_store_is_opened_or_used(
    home: Path, jobs: Jobs, experiment: Experiment, harm: Callable[[Path], None], saved: bool
) -> None:
    run_id = stored(jobs, experiment)
    if saved:
        assert back_up(jobs.store) == home / "backup" / "store-1.sqlite"
    put_to_disk(jobs)
    harm(home / FILE)
    broken = (home / FILE).read_bytes()

    store, told = Store(read_settings()), ""  # the app is started again
    other = Jobs(user="ada")
    try:
        other.metrics(run_id)
        other.list_runs()
    except DamagedError as error:  # damage that is met only where it is read
        told = str(error)
    except Refused:
        pass
    done = rescue.last(home)
    assert done is not None
    assert told in ("", done.words)
    assert (home / done.name / FILE).read_bytes() == broken
    assert time.strftime("%Y-%m-%d") in done.name
    assert done.why
    assert (done.backup is not None, done.runs) == (saved, int(saved))
    assert ("no backup" in done.words) != saved
    names = [run.name for run in other.list_runs()]
    assert names == (["of before"] if saved else [])
    if saved:
        assert len(other.metrics(run_id)) == 400
        other.rename(run_id, "of after")
    assert other.get(other.submit(experiment)).status == "queued"
    store.close()


def test_garbage_beside_a_sound_database_does_no_harm(
    home: Path, jobs: Jobs, experiment: Experiment
) -> None:
    run_id = stored(jobs, experiment)
    put_to_disk(jobs)
    (home / f"{FILE}-wal").write_bytes(os.urandom(50_000))
    (home / f"{FILE}-shm").write_bytes(os.urandom(32_768))
    other = Store(read_settings())
    with other.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM metrics").fetchone()[0] == 400
        other.check(db)
    other.close()
    assert jobs.get(run_id).name == "of before"
    assert rescue.last(home) is None


def test_the_journal_of_a_database_that_is_gone_is_not_played_into_a_new_one(
    home: Path, jobs: Jobs, experiment: Experiment
) -> None:
    stored(jobs, experiment)
    journal = (home / f"{FILE}-wal").read_bytes()
    assert len(journal) > 10_000
    (home / FILE).unlink()
    fresh = Store(read_settings())
    with fresh.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 0
    fresh.close()
    (aside,) = (home / "set-aside").iterdir()
    assert (aside / f"{FILE}-wal").read_bytes() == journal


def test_all_who_have_the_damaged_file_open_come_to_the_same_new_one(
    home: Path, jobs: Jobs, experiment: Experiment
) -> None:
    run_id = stored(jobs, experiment)
    others = [Store(read_settings()) for _ in range(3)]
    for store in others:
        with store.reading() as db:
            db.execute("SELECT * FROM runs").fetchall()
    back_up(jobs.store)
    with jobs.store.reading() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages_in_the_middle(home / FILE)
    found = []
    for store in (jobs.store, *others):
        for _ in range(2):
            try:
                with store.reading() as db:
                    store.check(db)
                    found.append(db.execute("SELECT id FROM runs").fetchall()[0]["id"])
            except DamagedError:
                continue
    assert found[-1] == run_id
    assert len(found) >= 7  # one of them met the damage; for the others there was none any more
    assert len(list((home / "set-aside").iterdir())) == 1
    with others[0].writing() as db:
        db.execute("UPDATE runs SET name = 'seen by all'")
    assert jobs.get(run_id).name == "seen by all"
    for store in others:
        store.close()


def test_a_busy_store_or_a_wrong_question_is_not_taken_for_damage(home: Path, jobs: Jobs) -> None:
    before = (home / FILE).stat().st_ino
    with (
        pytest.raises(sqlite3.OperationalError, match="no such column"),
        jobs.store.reading() as db,
    ):
        db.execute("SELECT colour FROM runs")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), jobs.store.reading() as db:
        db.execute("SELECT * FROM nowhere")
    with pytest.raises(sqlite3.IntegrityError), jobs.store.writing() as db:
        db.execute("INSERT INTO tags (run, tag) VALUES ('x', 'y')")
    assert (home / FILE).stat().st_ino == before
    assert not (home / "set-aside").exists()


def test_a_backup_goes_on_from_the_newest_files(
    home: Path, jobs: Jobs, experiment: Experiment, assign: Assign
) -> None:
    run_id = jobs.submit(experiment)
    jobs.step(run_id, 7)
    worker.run(str(home), run_id, assign(jobs, run_id), training(30))
    assert jobs.get(run_id).checkpoint_step == 7
    back_up(jobs.store)
    jobs.step(run_id, 7)
    worker.run(str(home), run_id, assign(jobs, run_id), training(30))
    assert jobs.get(run_id).checkpoint_step == 14
    attempt = assign(jobs, run_id)
    stale = Recorder(jobs.store, run_id, attempt)  # one that trains on while all this happens
    later = jobs.submit(experiment)
    (jobs.store.runs_folder / later / "checkpoint-1-3.safetensors").write_bytes(b"weights")
    put_to_disk(jobs)
    other_header(home / FILE)

    with pytest.raises(DamagedError, match="with 1 runs"):
        jobs.get(run_id)
    run = jobs.get(run_id)
    assert (run.checkpoint_step, run.step) == (14, 14)  # the row is old, the file is not
    assert run.attempt > attempt
    with pytest.raises(SupersededError):
        stale.flush()
    with pytest.raises(Refused, match="no run"):
        jobs.get(later)
    aside = home / rescue.last(home).name
    assert (aside / "runs" / later / "checkpoint-1-3.safetensors").read_bytes() == b"weights"
    jobs.resume(run_id)
    worker.run(str(home), run_id, assign(jobs, run_id), training(30))
    assert (jobs.get(run_id).status, jobs.get(run_id).step) == ("finished", 30)


def test_the_engine_takes_up_what_trained(home: Path, jobs: Jobs, experiment: Experiment) -> None:
    shelf = Shelf(2)
    dispatcher = Dispatcher(jobs.store, shelf, read_settings())
    run_id = jobs.submit(experiment)
    dispatcher.turn(0)
    assert jobs.get(run_id).status == "running"
    back_up(jobs.store)
    put_to_disk(jobs)
    pages_in_the_middle(home / FILE)
    for _ in range(3):  # a turn that fails is what the engine waits a second for
        try:
            with jobs.store.reading() as db:
                jobs.store.check(db)
            dispatcher.turn(0)
        except DamagedError:
            continue
    run = jobs.get(run_id)
    assert (run.status, run.attempt) == ("running", rescue.MORE_ATTEMPTS + 2)
    assert ("train_run", run_id, run.attempt) in shelf.given()
    dispatcher.close()


def test_backups_have_two_generations_and_stand_in_for_each_other(
    home: Path, jobs: Jobs, experiment: Experiment
) -> None:
    names = []
    for count in range(3):
        names.append(jobs.submit(experiment, name=f"run {count}"))
        back_up(jobs.store)
    folder = home / "backup"
    assert sorted(file.name for file in folder.iterdir()) == list(rescue.BACKUPS)
    counts = []
    for name in rescue.BACKUPS:
        with sqlite3.connect(folder / name) as db:
            counts.append(db.execute("SELECT COUNT(*) FROM runs").fetchone()[0])
        db.close()
    assert counts == [3, 2]
    pages_in_the_middle(folder / rescue.BACKUPS[0])
    put_to_disk(jobs)
    emptied(home / FILE)
    with pytest.raises(DamagedError, match="with 2 runs"):
        jobs.list_runs()
    assert {run.id for run in jobs.list_runs()} == set(names[:2])


def test_a_backup_holds_up_nobody_and_damage_is_not_copied(
    home: Path, jobs: Jobs, experiment: Experiment
) -> None:
    stored(jobs, experiment)
    other = sqlite3.connect(home / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # somebody writes all the while
    other.execute("UPDATE runs SET name = 'half done'")
    assert back_up(jobs.store) is not None
    other.execute("COMMIT")
    other.close()
    good = (home / "backup" / "store-1.sqlite").read_bytes()
    put_to_disk(jobs)
    pages_in_the_middle(home / FILE)
    with pytest.raises(DamagedError):
        back_up(jobs.store)
    assert (home / "backup" / "store-1.sqlite").read_bytes() == good
    assert [run.name for run in jobs.list_runs()] == ["of before"]


def test_a_backup_is_bounded_in_time_and_room(
    home: Path, jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(jobs, experiment)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "LONGEST_SECONDS", -1.0)
        patch.setattr(backup, "_PAGES", 1)
        assert back_up(jobs.store) is None
    with monkeypatch.context() as patch:
        patch.setattr(backup, "ROOM", 10**12)
        assert back_up(jobs.store) is None
    assert list((home / "backup").iterdir()) == []
    assert back_up(jobs.store) is not None


def test_backups_are_made_now_and_then(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    made, now = [], [1000.0]
    monkeypatch.setattr(backup.time, "monotonic", lambda: now[0])

    def slow(store: Store) -> None:
        made.append(now[0])
        now[0] += 60.0  # a large store
        raise OSError("the disk is gone")

    monkeypatch.setattr(backup, "back_up", slow)
    due = backup.Backups(jobs.store)
    for _ in range(400):
        due.look()
        now[0] += 10.0
    gaps = [b - a for a, b in itertools.pairwise(made)]
    assert made[0] <= 1050.0
    assert min(gaps) >= 3000.0  # never more than a fiftieth of the time


def test_figures_of_a_study_survive(home: Path, jobs: Jobs, experiment: Experiment) -> None:
    """What comes back is found as before, by what it is an experiment of."""
    run_id = jobs.submit(experiment)
    recorder_row = metrics(0, 1.0, 0.1)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET kind = 'study', status = 'finished'")
        db.execute("INSERT INTO metrics (run, step, train_loss) VALUES (?, 0, 1.0)", (run_id,))
    back_up(jobs.store)
    put_to_disk(jobs)
    truncated(home / FILE)
    with pytest.raises(DamagedError):
        jobs.list_runs(kind=None)
    (found,) = studies.find(jobs, [experiment])
    assert found.id == run_id
    assert jobs.metrics(run_id)[0].train_loss == recorder_row.train_loss


def test_a_disk_that_takes_no_new_database_leaves_the_damaged_one_where_it_is(
    home: Path, jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(jobs, experiment)
    back_up(jobs.store)
    put_to_disk(jobs)
    pages_in_the_middle(home / FILE)
    broken = (home / FILE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rescue.shutil, "copyfile", full)
        with pytest.raises(Refused, match=r"damaged.*No space left"):
            jobs.submit(experiment)
    assert (home / FILE).read_bytes() == broken
    assert not (home / f"{FILE}.new").exists()
    assert list((home / "set-aside").iterdir()) == []
    with pytest.raises(Refused, match="with 1 runs"):
        jobs.submit(experiment)
    jobs.submit(experiment)
    assert len(jobs.list_runs()) == 2
