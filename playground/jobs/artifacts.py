"""The files of a run: checkpoint, snapshots and live frame; whole or absent, never half."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LIVE = "live.frame"
SNAPSHOTS = "snapshots"


class Folder:
    """The folder of one run below ``runs/``; the id must have passed ``checked_id``."""

    def __init__(self, runs_folder: Path, run_id: str) -> None:
        self.path = runs_folder / run_id

    def make(self) -> None:
        """Make the folder of a new run."""
        (self.path / SNAPSHOTS).mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove(self) -> None:
        """Delete the folder and what is in it; a folder that is gone is fine."""
        shutil.rmtree(self.path, ignore_errors=True)

    def write_checkpoint(self, attempt: int, step: int, payload: bytes) -> str:
        """Write a checkpoint so that it outlives a power cut; return its file name.

        Every checkpoint has a name of its own, and the row of the run names the one that counts: so
        the weights and the metrics before them change in the same instant, and a stale attempt
        harms nobody.

        Raises:
            OSError: If the folder is gone or the disk is full.
        """
        name = f"checkpoint-{attempt}-{step}.safetensors"
        _write(self.path / name, payload, durable=True)
        return name

    def keep_checkpoint(self, name: str | None) -> None:
        """Delete every checkpoint but ``name``, and what a killed process left half written."""
        for file in [*self.path.glob("checkpoint-*"), *self.path.glob("*/*.part*")]:
            if file.name != name:
                file.unlink(missing_ok=True)

    def write_snapshot(self, step: int, weights: bytes) -> str:
        """Write kept weights; return their name below the folder. Raises OSError as above."""
        name = f"{SNAPSHOTS}/{step}.safetensors"
        _write(self.path / name, weights)
        return name

    def write_recording(self, step: int, features: tuple[int, int], frames: bytes) -> str:
        """Write the views of the run up to a step in place of what was drawn before.

        Returns:
            Its name below the folder. Raises OSError as above.
        """
        name = recording_name(step, features)
        for old in self.path.glob("recording-*"):
            old.unlink(missing_ok=True)
        _write(self.path / name, frames)
        return name

    def write_live(self, frame: bytes) -> None:
        """Replace the live frame. Raises OSError as above."""
        _write(self.path / LIVE, frame)

    def read(self, name: str) -> bytes | None:
        """Return a file of the run, ``None`` where there is none."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def live_version(self) -> str | None:
        """Return a text that changes with every live frame, ``None`` where there is none."""
        try:
            stat = (self.path / LIVE).stat()
        except FileNotFoundError:
            return None
        return f"{stat.st_mtime_ns:x}-{stat.st_ino:x}"


def recording_name(step: int, features: tuple[int, int]) -> str:
    """Return the name of the file with the views of two inputs up to a step."""
    return f"recording-{step}-{features[0]}-{features[1]}.frames"


def _write(path: Path, data: bytes, *, durable: bool = False) -> None:
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except OSError:  # on a full disk every byte counts
        part.unlink(missing_ok=True)
        raise
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
