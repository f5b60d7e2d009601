"""A store that is locked, a disk that is full, a clock that is set, two apps: all go on afterwards."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from playground.datasets import TableError, read_upload, table_store
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, engine, launch, marks, worker
from playground.jobs import store as store_module
from playground.jobs.artifacts import Folder
from playground.jobs.backup import back_up
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.engine import Engine
from playground.jobs.recorder import Recorder
from playground.jobs.settings import read_settings
from playground.jobs.sweep import Sweeps
from playground.training.events import Checkpoint
from tests.jobs.stub import metrics, training
from tests.jobs.test_dispatcher import Shelf

Assign = Callable[[Jobs, str], int]
DAY = 86400.0


@contextmanager
def held_by_another(home: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """As if another process wrote for longer than anybody waits."""
    other = sqlite3.connect(home / "store.sqlite", isolation_level=None, check_same_thread=False)
    other.execute(f"BEGIN {how}")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def hasty(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock."""
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    jobs.store.close()  # the connections that wait for long


# A store that is locked -------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_worker_trains_on_while_the_store_is_locked(
    home: Path, jobs: Jobs, experiment: Experiment, assign: Assign, hasty: None, how: str
) -> None:
    run_id = jobs.submit(experiment)
    attempt = assign(jobs, run_id)
    locked, free = threading.Event(), threading.Event()

    def train(*args: object, **options: object) -> Iterator[object]:
        for count, event in enumerate(training(30)(*args, **options)):
            if count == 10:
                locked.set()
                assert free.wait(10)
            yield event

    def lock() -> None:
        assert locked.wait(10)
        with held_by_another(home, how):
            free.set()
            time.sleep(0.4)  # eight times as long as anybody waits

    other = threading.Thread(target=lock)
    other.start()
    worker.run(str(home), run_id, attempt, train)
    other.join()
    run = jobs.get(run_id)
    assert (run.status, run.step) == ("finished", 30)
    assert [m.step for m in jobs.metrics(run_id)] == list(range(31))


def test_a_worker_that_waited_for_too_long_leaves_the_run_to_the_engine(
    home: Path,
    jobs: Jobs,
    experiment: Experiment,
    assign: Assign,
    hasty: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("playground.jobs.recorder.LOCKED_SECONDS", 0.1)
    run_id = jobs.submit(experiment)
    attempt = assign(jobs, run_id)
    held = []

    def train(*args: object, **options: object) -> Iterator[object]:
        for event in training(30)(*args, **options):
            if isinstance(event, Checkpoint) and event.step == 14:
                held.append(held_by_another(home))
                held[0].__enter__()
            yield event

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        worker.run(str(home), run_id, attempt, train)
    held[0].__exit__(None, None, None)
    run = jobs.get(run_id)
    assert (run.status, run.checkpoint_step) == ("running", 7)  # not failed: the engine settles it
    dispatcher = Dispatcher(jobs.store, Shelf(1), read_settings())
    _until(lambda: dispatcher.turn(0) or jobs.get(run_id).attempt > attempt)
    again = jobs.get(run_id)
    worker.run(str(home), run_id, again.attempt, training(30))
    assert jobs.get(run_id).status == "finished"
    dispatcher.close()


class Patient(Shelf):
    """Slots on which nothing ends; the engine waits as long as it is told."""

    def done(self, timeout: float) -> list[object]:
        time.sleep(timeout)
        return super().done(timeout)


def test_an_engine_outlives_a_lock_of_any_length(
    home: Path, jobs: Jobs, experiment: Experiment, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(engine, "STUCK_SECONDS", 0.1)
    shelf = Patient(2)
    with held_by_another(home):  # from the very beginning
        served = Engine(read_settings(), shelf)
        codes: list[int] = []
        thread = threading.Thread(target=lambda: codes.append(served.serve()))
        thread.start()
        time.sleep(0.4)
        with pytest.raises(Refused, match="busy or out of reach; try again"):
            jobs.submit(experiment)
    run_id = jobs.submit(experiment)
    _until(lambda: ("train_run", run_id, 1) in shelf.given())
    with held_by_another(home):
        time.sleep(0.4)  # four times as long as an engine may be stuck
    other = jobs.submit(experiment)
    _until(lambda: ("train_run", other, 1) in shelf.given())
    _until(lambda: abs(time.time() - jobs.engine_state().beat) < 1)
    assert jobs.engine_state().message == ""
    monkeypatch.setattr(engine, "LEAVE_SECONDS", 0.1)
    served.leave()
    thread.join(10)
    assert codes == [0]


def test_a_visit_to_a_locked_store_is_no_accident(
    home: Path, jobs: Jobs, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _beat(jobs, time.time())
    with held_by_another(home):
        assert jobs.ensure_engine().state == "ready"


def _until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _beat(jobs: Jobs, at: float) -> None:
    """Write a sign of life of an engine that is this very process."""
    with jobs.store.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO engine (id, pid, host, started, beat, state, message, address, "
            "slots, running, queued) VALUES (1, ?, ?, ?, ?, 'ready', '', '', 2, 0, 0)",
            (os.getpid(), launch.socket.gethostname(), at, at),
        )


# A disk that is full ----------------------------------------------------------------------------


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
    _until(lambda: dispatcher.turn(0) or jobs.get(run_id).attempt > before.attempt)
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


# A clock that is set ----------------------------------------------------------------------------


class Clock:
    """A clock that can be set, beside one that cannot."""

    def __init__(self) -> None:
        self.now, self.steady = 1.7e9, 100.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY, -3 * DAY])
def test_a_clock_that_is_set_clears_nothing_away(
    jobs: Jobs, experiment: Experiment, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in ("client", "marks", "reader", "admission"):
        monkeypatch.setattr(f"playground.jobs.{module}.time.time", lambda: clock.now)
    sweeps = Sweeps(jobs.store, clock=lambda: clock.now, steady=lambda: clock.steady)
    preview = jobs.submit(experiment, start=False)
    thrown = jobs.submit(experiment, name="thrown away")
    marks.throw_away(jobs, [thrown])
    clock.pass_by(60)
    assert sweeps.look() == []
    clock.now += jump
    for _ in range(19):  # everything is kept for as long as if it had begun at that moment
        clock.pass_by(60)
        assert sweeps.look() == []
    assert jobs.get(preview).status == "paused"
    assert marks.put_back(jobs, [thrown]) == [thrown]
    marks.throw_away(jobs, [thrown])
    for _ in range(60):
        clock.pass_by(60)
        sweeps.look()
    if jump > -3600:  # and not for ever; what lies in the future stays for as long as that
        assert marks.put_back(jobs, [thrown]) == []
        with pytest.raises(Refused):
            jobs.get(preview)


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_an_engine_is_neither_dead_nor_alive_for_ever_after_a_jump(
    jobs: Jobs, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, spawned = Clock(), []
    monkeypatch.setattr(launch.time, "time", lambda: clock.now)
    monkeypatch.setattr(launch, "_spawn", lambda store: spawned.append(store))
    _beat(jobs, clock.now)
    assert jobs.engine_state().state == "ready"
    clock.now += jump
    _beat(jobs, clock.now)  # its next beat, a second later
    assert jobs.engine_state().state == "ready"
    assert jobs.ensure_engine().state == "ready"
    with jobs.store.reading() as db:
        (visited,) = db.execute("SELECT visited FROM engine").fetchone()
    assert visited == clock.now  # the visit is noted whichever way the clock went
    clock.now += 60  # no beat any more
    assert jobs.engine_state().state == "down"
    assert spawned == []


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_an_idle_engine_ends_when_it_has_been_idle_whatever_the_clock_says(
    jobs: Jobs, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_IDLE_MINUTES", "10")
    clock = Clock()
    monkeypatch.setattr(engine.time, "time", lambda: clock.now)
    monkeypatch.setattr(engine.time, "monotonic", lambda: clock.steady)
    idle = Engine(read_settings(), Shelf(1))
    idle._beat()
    clock.now += jump
    assert not idle._is_idle()
    clock.pass_by(590)
    assert not idle._is_idle()
    with jobs.store.writing() as db:
        db.execute("UPDATE engine SET visited = ?", (clock.now,))
    clock.pass_by(15)
    assert not idle._is_idle()  # somebody came
    clock.pass_by(590)
    assert not idle._is_idle()
    clock.pass_by(15)
    assert idle._is_idle()


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_a_jump_changes_nothing_of_what_trains(
    home: Path,
    jobs: Jobs,
    experiment: Experiment,
    assign: Assign,
    jump: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, at = time.time, [0.0]
    monkeypatch.setattr("time.time", lambda: now() + at[0])
    run_id = jobs.submit(experiment)
    jobs.watch(run_id, 5.0)
    attempt = assign(jobs, run_id)
    recorder = Recorder(jobs.store, run_id, attempt)
    assert recorder.poll().watched
    at[0] = jump
    recorder._polled = 0.0
    assert not recorder.poll().watched  # a promise on another clock holds neither for ever …
    jobs.watch(run_id, 5.0)
    recorder._polled = 0.0
    assert recorder.poll().watched  # … nor against whoever looks now
    worker.run(str(home), run_id, attempt, training(30))
    assert jobs.get(run_id).status == "finished"
    with jobs.store.reading() as db:
        (held,) = db.execute("SELECT held_seconds FROM runs").fetchone()
    assert 0 <= held < 60  # by which it is told whether a run is a short one


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_turns_are_taken_after_a_jump(
    jobs: Jobs, experiment: Experiment, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_QUANTUM_SECONDS", "0.1")
    shelf = Shelf(1)
    dispatcher = Dispatcher(jobs.store, shelf, read_settings())
    first = jobs.submit(experiment)
    dispatcher.turn(0)
    now = time.time
    monkeypatch.setattr("playground.jobs.dispatcher.time.time", lambda: now() + jump)
    second = Jobs(user="bob").submit(experiment)

    def asked() -> bool:
        dispatcher.turn(0)
        with jobs.store.reading() as db:
            return bool(
                db.execute("SELECT yield_asked FROM runs WHERE id = ?", (first,)).fetchone()[0]
            )

    _until(asked, 10)
    assert all(not task.unwanted for task in dispatcher.tasks.values())
    assert shelf.killed == []
    assert jobs.get(second).status == "queued"
    dispatcher.close()


# Two apps ---------------------------------------------------------------------------------------


def test_two_apps_on_one_store_see_and_steer_the_same_runs(
    home: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each app is a process of its own; here each has a store of its own on the same file."""
    apps = [Jobs(user="ada"), Jobs(user="ada")]
    apps[1].store = store_module.Store(read_settings())
    spawned = []
    monkeypatch.setattr(launch, "_spawn", lambda store: spawned.append(store))
    _beat(apps[0], time.time())
    assert [app.ensure_engine().state for app in apps] == ["ready", "ready"]
    assert spawned == []  # one engine for both
    dispatcher = Dispatcher(apps[0].store, Shelf(1), read_settings())
    run_id = apps[0].submit(experiment, name="of the first app")
    assert [run.id for run in apps[1].list_runs("ada")] == [run_id]
    dispatcher.turn(0)
    assert apps[1].get(run_id).status == "running"
    apps[1].pause(run_id)
    worker.run(str(home), run_id, 1, training(30))
    assert apps[0].get(run_id).status == "paused"
    apps[0].resume(run_id)
    assert apps[1].get(run_id).status == "queued"
    apps[1].rename(run_id, "renamed in the second")
    assert apps[0].get(run_id).name == "renamed in the second"
    apps[0].delete(run_id)
    with pytest.raises(Refused, match="no run"):
        apps[1].get(run_id)
    dispatcher.close()
    for app in apps:
        app.store.close()


def test_a_table_that_two_upload_at_once_is_one(home: Path) -> None:
    data = b"x,y,label\n" + b"".join(
        b"%d,%d,%s\n" % (i, i * i, b"ab"[i % 2 :][:1]) for i in range(40)
    )
    table = read_upload(data).table
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(table_store.store(table))) for _ in "1234"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys) == 4
    assert not list((home / "tables").glob("*.part"))
    with pytest.raises(TableError):
        table_store.fetch("../" + keys[0])
