"""Stores between which runs travel, and runs that are trained in this process."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, worker
from tests.jobs.conftest import assign, home, jobs  # noqa: F401 - fixtures

SMALL = {
    "n_train": 40,
    "n_validation": 20,
    "epochs": 2,
    "network": {"name": "rk_net", "options": {"width": 4, "depth": 2}},
}


def small(**changes: object) -> Experiment:
    return Experiment.model_validate({**SMALL, **changes})


@pytest.fixture
def train(jobs, assign) -> Callable[..., str]:  # noqa: F811
    """train(experiment, until_step) trains in this process and returns the run."""

    def run(experiment: Experiment, until_step: int | None = None, name: str = "") -> str:
        run_id = jobs.submit(experiment, until_step=until_step, name=name)
        worker.run(str(jobs.store.home), run_id, assign(jobs, run_id))
        return run_id

    return run


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Jobs]:
    """elsewhere() moves to another server with an empty store, and to another user."""
    made = []

    def move() -> Jobs:
        monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "elsewhere"))
        made.append(Jobs(user="eve"))
        return made[-1]

    yield move
    for each in made:
        each.store.close()


def rewritten(data: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """A zip file with other entries: replaced, added, or (``None``) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for info in before.infolist():
            if info.filename not in changes:
                after.writestr(info, before.read(info))
        for name, content in changes.items():
            if content is not None:
                after.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def entry(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.read(name)


def traces(store: Jobs) -> tuple[list[str], list[str], list[str]]:
    """All that a failed import could have left behind: rows, folders, own data."""
    with store.store.reading() as db:
        rows = [row["id"] for row in db.execute("SELECT id FROM runs")]
    data = [p.name for kind in ("tables", "images") for p in (store.store.home / kind).glob("*")]
    return rows, [p.name for p in store.store.runs_folder.iterdir()], data
