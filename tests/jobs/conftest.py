from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store's folder, and an environment without other settings."""
    import os

    for name in list(os.environ):
        if name.startswith("PLAYGROUND_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def jobs(home: Path) -> Jobs:
    result = Jobs(user="ada")
    yield result
    result.store.close()


@pytest.fixture
def assign() -> Callable[[Jobs, str], int]:
    """What the dispatcher does when it gives a run a slot; returns the attempt."""

    def give(jobs: Jobs, run_id: str) -> int:
        with jobs.store.writing() as db:
            return db.execute(
                "UPDATE runs SET status = 'running', attempt = attempt + 1, tries = tries + 1, "
                "worker = NULL, assigned = queued_since WHERE id = ? RETURNING attempt",
                (run_id,),
            ).fetchone()[0]

    return give


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(n_train=40, n_validation=20, epochs=3)
