"""What the store tells about runs and about the engine, as plain values."""

from __future__ import annotations

import json
import platform
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

import playground

if TYPE_CHECKING:
    from playground.experiment import Experiment
    from playground.training.control import View

Status = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]
UNFINISHED = ("queued", "running", "paused")
TRAINING, STUDY = "training", "study"
"""Kinds of runs: one that somebody looks at, and one of many in a laboratory's study."""
IMPORTED = "imported"
"""Among the versions of a run that came from a file: the id that it had where it was trained."""
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
ID = re.compile(f"[{ALPHABET}]{{16}}")


class Refused(ValueError):
    """What was asked is not done; the message says why, in words for whoever asked."""


def new_id() -> str:
    """Return a run id that cannot be guessed (80 random bits) and is safe in links and paths."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


def checked_id(run_id: object) -> str:
    """Return the id if it looks like one.

    Raises:
        Refused: If it does not; nothing else ever becomes part of a path.
    """
    if isinstance(run_id, str) and ID.fullmatch(run_id):
        return run_id
    raise Refused(f"{run_id!r} is not the id of a run")


@dataclass(frozen=True)
class RunRecord:
    """One run as the store knows it.

    Attributes:
        id: Random name of the run; whoever knows it may look at the run.
        user: Id of the owner. It is what the owner's rights hang on: never show it to others.
        kind: What sort of work it is: ``training``, or ``study`` for one of many that are trained
            without pictures, after all other work.
        name: What the owner calls it.
        experiment_json: The experiment.
        status: ``queued``, ``running``, ``paused`` or one of the four endings.
        reason: Why it has this status, in words.
        created: When it was handed in, in seconds since 1970; ``started`` and ``ended`` likewise.
        started: When a worker first took it.
        ended: When it ended.
        estimate_seconds: How long it was expected to take.
        command: ``pause`` or ``stop`` while the worker has still to obey.
        until_step: It pauses after this optimiser step.
        pending: Live changes that have still to take effect.
        view: What the views show.
        view_error: Why the last view could not be drawn.
        watched_until: Until when somebody is known to look, in seconds since 1970.
        attempt: How often a worker took it.
        device: Torch's name of the device.
        device_reason: Why this device and path.
        path: Which implementation steps the weights.
        parameters: Number of trainable parameters.
        notices: What was said early.
        versions: Versions of python, torch and this package.
        step: Optimiser step of the newest metrics.
        epoch: Epoch of the newest metrics.
        checkpoint_step: Step of the checkpoint from which it would go on; -1 without one.
        starred: 1 where its owner has marked it.
        note: What its owner says of it.
        removed: When its owner threw it away, in seconds since 1970; ``None`` while it is kept.
        priority: Of two of one user's runs that wait, the one with the greater comes first.
    """

    id: str
    user: str
    kind: str
    name: str
    experiment_json: str
    status: Status
    reason: str
    created: float
    started: float | None
    ended: float | None
    estimate_seconds: float
    command: Literal["pause", "stop"] | None
    until_step: int | None
    pending: Mapping[str, float]
    view: View
    view_error: str
    watched_until: float
    attempt: int
    device: str
    device_reason: str
    path: str
    parameters: int
    notices: tuple[str, ...]
    versions: Mapping[str, str]
    step: int
    epoch: float
    checkpoint_step: int
    starred: int
    note: str
    removed: float | None
    priority: int

    @property
    def experiment(self) -> Experiment:
        """The experiment. Raises pydantic.ValidationError for one of another program version."""
        from playground.experiment import Experiment

        return Experiment.model_validate_json(self.experiment_json)

    @property
    def unfinished(self) -> bool:
        """Whether it may still go on by itself or when resumed."""
        return self.status in UNFINISHED


_COPIED = tuple(
    name
    for name in RunRecord.__dataclass_fields__
    if name not in ("experiment_json", "pending", "view", "notices", "versions")
)


def record_of(row: sqlite3.Row) -> RunRecord:
    """Return the record of a row of ``runs``."""
    return RunRecord(
        experiment_json=row["experiment"],
        pending=json.loads(row["pending"]),
        view=view_of(row["view"]),
        notices=tuple(json.loads(row["notices"])),
        versions=json.loads(row["versions"]),
        **{name: row[name] for name in _COPIED},
    )


def view_of(text: str) -> View:
    """Return the view that ``text_of_view`` wrote."""
    from playground.training.control import View

    fields = json.loads(text)
    return View(**{key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()})


def text_of_view(view: View) -> str:
    """Return a view as JSON."""
    return json.dumps(asdict(view))


def versions() -> dict[str, str]:
    """Return the versions of python, torch and this package, without importing torch."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = ""
    return {
        "python": platform.python_version(),
        "torch": torch,
        "package": playground.__version__,
    }


@dataclass(frozen=True)
class EngineState:
    """How the engine is.

    Attributes:
        state: ``down``, ``starting``, ``ready`` or ``failed``.
        message: What is wrong and what to do, or what it is doing, in words.
        pid: Its process id, 0 when it never ran.
        address: Where its cluster listens.
        slots: Runs that it can train at once.
        running: Runs that it trains now.
        queued: Runs that wait.
        beat: When it last gave a sign of life, in seconds since 1970.
    """

    state: Literal["down", "starting", "ready", "failed"]
    message: str
    pid: int = 0
    address: str = ""
    slots: int = 0
    running: int = 0
    queued: int = 0
    beat: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether an engine process gives signs of life."""
        return self.state in ("starting", "ready")
