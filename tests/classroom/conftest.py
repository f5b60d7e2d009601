from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.classroom import Class, open_class
from playground.experiment import Experiment
from playground.jobs import Jobs


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("PLAYGROUND_")]:
        monkeypatch.delenv(name)
    return tmp_path / "home"


@pytest.fixture
def of(home: Path) -> Callable[..., Jobs]:
    """of(name) is the store as somebody sees it."""
    return lambda user, **more: Jobs(home, user=user, **more)


@pytest.fixture
def teacher(of: Callable[..., Jobs]) -> Jobs:
    return of("teacher")


@pytest.fixture
def opened(teacher: Jobs) -> Class:
    return open_class(teacher, "Numerics")


@pytest.fixture
def trained() -> Callable[..., str]:
    """trained(jobs, accuracy, ...) hands in a run and writes what a worker would."""

    def train(
        jobs: Jobs,
        accuracy: float | None = 0.9,
        *,
        loss: float | None = 0.3,
        seconds: float = 2.0,
        status: str = "finished",
        step: int = 10,
        **changes: object,
    ) -> str:
        run = jobs.submit(Experiment(n_train=40, n_validation=20, epochs=3).amended(changes))
        with jobs.store.writing() as db:
            db.execute(
                "UPDATE runs SET status = ?, step = ?, parameters = 20, ended = created + 1 "
                "WHERE id = ?",
                (status, step, run),
            )
            if step:
                db.execute(
                    "INSERT INTO metrics (run, step, epoch, validation_accuracy, validation_loss, "
                    "seconds) VALUES (?, ?, 3, ?, ?, ?)",
                    (run, step, accuracy, loss, seconds),
                )
        return run

    return train
