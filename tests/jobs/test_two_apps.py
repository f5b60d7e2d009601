"""Two apps on one store: they see and steer the same runs, and need one engine."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from playground.datasets import TableError, read_upload, table_store
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, launch, worker
from playground.jobs import store as store_module
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.settings import read_settings
from tests.jobs.stub import training
from tests.jobs.test_dispatcher import Shelf
from tests.jobs.troubles import beat


def test_two_apps_on_one_store_see_and_steer_the_same_runs(
    home: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each app is a process of its own; here each has a store of its own on the same file."""
    apps = [Jobs(user="ada"), Jobs(user="ada")]
    apps[1].store = store_module.Store(read_settings())
    spawned = []
    monkeypatch.setattr(launch, "_spawn", lambda store: spawned.append(store))
    beat(apps[0], time.time())
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
