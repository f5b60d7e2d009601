from __future__ import annotations

import os
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.sweeping import Sweep


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """An empty store, and an environment without other settings."""
    for name in [name for name in os.environ if name.startswith("PLAYGROUND_")]:
        if name not in ("PLAYGROUND_DATA", "PLAYGROUND_IMAGES", "PLAYGROUND_ONLINE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    result = Jobs(user="ada")
    yield result
    result.store.close()


@pytest.fixture
def small() -> Experiment:
    """Trained in a moment."""
    return Experiment(n_train=40, n_validation=20, epochs=2).amended({"network.depth": "2"})


@pytest.fixture
def sweep(small: Experiment) -> Sweep:
    """Four settings, twice each."""
    return Sweep(
        base=small,
        grid={"scheme": ("euler", "rk4"), "network.depth": (1, 3)},
        repetitions=2,
    )
