"""Looking at runs, which everyone may who knows their ids."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playground.jobs.artifacts import LIVE, Folder, recording_name
from playground.jobs.queries import metrics_of, read_amendments, row_of
from playground.jobs.records import TRAINING, RunRecord, checked_id, record_of, view_of
from playground.jobs.settings import read_settings
from playground.jobs.store import open_store

if TYPE_CHECKING:
    from playground.training.events import Amendment, Metrics, Snapshot

DAY = 86400.0
FAR = 600.0
"""Nobody says for so many seconds ahead that they look."""
_HASH = re.compile(r'"hash":\s*"([0-9a-f]{64})"')


class Reader:
    """What the store tells; cheap to keep, safe to share between threads.

    Every method that takes a run id raises ``Refused`` for an unknown one.
    """

    def __init__(self, home: str | Path | None = None) -> None:
        """Open the store.

        Args:
            home: Folder of the store; from the environment (``PLAYGROUND_HOME``) when absent.

        Raises:
            SettingsError: For a setting that makes no sense.
        """
        self.settings = read_settings(home=home)
        self.store = open_store(self.settings)

    def watch(self, run_id: str, seconds: float = 3.0) -> None:
        """Say that somebody looks, so that live frames are drawn for the next seconds.

        A store that is locked or full is no reason to stop looking, or to wait: then nothing is said.
        """
        until = time.time() + seconds
        with self.store.noting() as db:
            known = row_of(db, run_id, "watched_until")["watched_until"]
            # What lies far beyond was said before the clock was set back.
            if not until - seconds / 2 <= known <= until + FAR:
                db.execute("UPDATE runs SET watched_until = ? WHERE id = ?", (until, run_id))

    def get(self, run_id: str) -> RunRecord:
        """Return a run."""
        with self.store.reading() as db:
            return record_of(row_of(db, run_id))

    def list_runs(
        self, user: str | None = None, *, limit: int = 1000, kind: str | None = TRAINING
    ) -> list[RunRecord]:
        """Return the runs of one user, or of all users, newest first, without what is in the trash.

        Args:
            user: Whose; everybody's by default.
            limit: How many at most.
            kind: ``training``, ``study``, or ``None`` for both.
        """
        wanted = {"user": user, "kind": kind}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        condition = " AND ".join(["removed IS NULL", *(f"{name} = :{name}" for name in wanted)])
        with self.store.reading() as db:
            rows = db.execute(
                f"SELECT * FROM runs WHERE {condition} ORDER BY created DESC LIMIT :limit",
                {**wanted, "limit": limit},
            )
            return [record_of(row) for row in rows]

    def tables_in_use(self) -> set[str]:
        """Return the hashes of all uploaded data that runs of any kind were trained on."""
        with self.store.reading() as db:
            texts = db.execute("SELECT DISTINCT experiment FROM runs").fetchall()
        return {key for row in texts for key in _HASH.findall(row["experiment"])}

    def metrics(self, run_id: str, since_step: int = -1) -> list[Metrics]:
        """Return the metrics after a step, in order; a figure that was not finite is ``nan``."""
        from playground.training.events import Metrics

        with self.store.reading() as db:
            row_of(db, run_id, "id")
            rows = db.execute(
                f"SELECT {', '.join(Metrics.__dataclass_fields__)} FROM metrics "
                "WHERE run = ? AND step > ? ORDER BY step",
                (run_id, since_step),
            ).fetchall()
        return [metrics_of(row) for row in rows]

    def live(self, run_id: str, known: str | None = None) -> tuple[str, bytes] | None:
        """Return the version and the bytes of the live frame.

        Args:
            run_id: The run.
            known: Version that the caller has; costs one ``stat`` while it is still the newest.

        Returns:
            ``None`` when there is no frame, or none that the caller does not have.
        """
        folder = self._folder(run_id)
        version = folder.live_version()
        if version is None or version == known:
            return None
        frame = folder.read(LIVE)
        return None if frame is None else (version, frame)

    def draws(self, run_id: str) -> bool:
        """Return whether a picture of a run that rests has been asked for and is still to come."""
        with self.store.reading() as db:
            row = db.execute(
                "SELECT 1 FROM runs WHERE id = ? AND view_version > view_drawn "
                "AND checkpoint IS NOT NULL AND status NOT IN ('queued', 'running')",
                (checked_id(run_id),),
            ).fetchone()
        return row is not None

    def snapshots(self, run_id: str, since_step: int = -1) -> list[Snapshot]:
        """Return the kept weights after a step, in order."""
        from playground.training.events import Snapshot

        with self.store.reading() as db:
            row_of(db, run_id, "id")
            rows = db.execute(
                "SELECT step, epoch, file FROM snapshots WHERE run = ? AND step > ? ORDER BY step",
                (run_id, since_step),
            ).fetchall()
        folder = self._folder(run_id)
        kept = [(row, folder.read(row["file"])) for row in rows]
        return [Snapshot(r["step"], r["epoch"], held) for r, held in kept if held is not None]

    def kept_steps(self, run_id: str) -> list[int]:
        """Return the steps of the kept weights, in order."""
        with self.store.reading() as db:
            row_of(db, run_id, "id")
            rows = db.execute("SELECT step FROM snapshots WHERE run = ? ORDER BY step", (run_id,))
            return [row["step"] for row in rows]

    def snapshot(self, run_id: str, step: int | None = None) -> Snapshot | None:
        """Return the kept weights of a step, the newest by default; ``None`` where there are none."""
        from playground.training.events import Snapshot

        with self.store.reading() as db:
            row_of(db, run_id, "id")
            row = db.execute(
                "SELECT step, epoch, file FROM snapshots WHERE run = :run "
                "AND (:step IS NULL OR step = :step) ORDER BY step DESC LIMIT 1",
                {"run": run_id, "step": step},
            ).fetchone()
        held = None if row is None else self._folder(run_id).read(row["file"])
        return None if held is None else Snapshot(row["step"], row["epoch"], held)

    def recording(self, run_id: str) -> bytes | None:
        """Return the views of a run from its beginning to where it rests, as one set of frames.

        Returns:
            ``None`` where they have not been drawn yet; see ``Jobs.request_recording``.
        """
        with self.store.reading() as db:
            row = row_of(db, run_id)
        name = recording_name(row["checkpoint_step"], view_of(row["view"]).features or (0, 1))
        return self._folder(run_id).read(name) if row["recording"] == name else None

    def checkpoint(self, run_id: str) -> bytes | None:
        """Return the newest checkpoint, ``None`` before the first."""
        while True:
            with self.store.reading() as db:
                name = row_of(db, run_id, "checkpoint")["checkpoint"]
            payload = self._folder(run_id).read(name) if name else None
            if payload is not None or name is None:
                return payload
            with self.store.reading() as db:  # a newer one came in between, unless the file is lost
                if row_of(db, run_id, "checkpoint")["checkpoint"] == name:
                    return None

    def amendments(self, run_id: str) -> list[Amendment]:
        """Return the live changes that took effect, in order."""
        with self.store.reading() as db:
            row_of(db, run_id, "id")
            return read_amendments(db, run_id)

    def _folder(self, run_id: str) -> Folder:
        return Folder(self.store.runs_folder, checked_id(run_id))
