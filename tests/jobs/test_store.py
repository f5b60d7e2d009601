from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from playground.jobs.settings import read_settings
from playground.jobs.store import Store, open_store


def test_many_may_create_it_at_once(home: Path) -> None:
    with ThreadPoolExecutor(12) as threads:
        stores = list(threads.map(lambda _: Store(read_settings()), range(12)))
    for store in stores:
        with store.reading() as db:
            assert db.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 0
        store.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_the_journal_is_the_one_that_was_asked_for(
    home: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_JOURNAL", journal)
    store = Store(read_settings())
    with store.reading() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == journal
    store.close()


def test_a_store_of_a_newer_program_is_left_alone(home: Path) -> None:
    Store(read_settings()).close()
    with sqlite3.connect(home / "store.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ValueError, match=r"version 99.*update"):
        Store(read_settings())


def test_users_of_one_process_share_a_store_until_it_is_deleted(home: Path) -> None:
    store = open_store(read_settings())
    assert open_store(read_settings()) is store
    store.close()
    shutil.rmtree(home)
    again = open_store(read_settings())
    assert again is not store
    with again.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 0
    again.close()


def test_a_transaction_is_whole_or_nothing(home: Path) -> None:
    store = Store(read_settings())
    insert = "INSERT INTO runs (id, user, kind, experiment, status, created, queued_since) "

    def broken() -> None:
        with store.writing() as db:
            db.execute(f"{insert} VALUES ('x', 'u', 'training', '{{}}', 'queued', 0, 0)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    with store.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 0
    store.close()


def test_durability_is_for_one_transaction(home: Path) -> None:
    store = Store(read_settings())
    with store.writing(durable=True) as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
    with store.reading() as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 1
    store.close()


def test_only_the_owner_of_the_machine_account_gets_in(home: Path) -> None:
    Store(read_settings()).close()
    assert home.stat().st_mode & 0o077 == 0


def test_jobs_import_neither_torch_nor_dask() -> None:
    code = (
        "import sys, playground.jobs, playground.jobs.engine; "
        "print([m for m in ('torch', 'dask', 'distributed', 'streamlit') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr
