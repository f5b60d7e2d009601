"""A zip file of runs, read without trust: what is not as ``archive`` writes it is refused in words.

Nothing is unpacked to the disk, nothing in the file is run, and no name in it becomes a path. Before
anything is taken into memory, the number of entries, their sizes and how far they are compressed are
checked.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError

import playground
from playground.exchange import own_data
from playground.exchange.about import (
    FORMAT,
    MAX_RUNS,
    MAX_SNAPSHOTS,
    VERSION,
    About,
    Figures,
    Manifest,
)
from playground.exchange.archive import MANIFEST, MAX_BYTES, Bundle
from playground.experiment import Experiment
from playground.jobs import Refused

MAX_FILE_BYTES = 400_000_000
MAX_RATIO = 200
"""Weights are hardly compressed; a file that unpacks to more than so many times its size is a trap."""
MAX_ENTRIES = 20_000
MAX_JSON_BYTES = 20_000_000
_ENTRY = b"PK\x01\x02"  # begins each entry in the directory of a zip file
_NAME = re.compile(
    r"runs/(?P<run>[0-9]{4})/(?P<part>run\.json|experiment\.json|metrics\.json|checkpoint\.safetensors"
    r"|train\.py|snapshots/(?P<step>0|[1-9][0-9]{0,15})\.safetensors)"
    r"|data/(?P<hash>[0-9a-f]{64})\.(?:csv|npz)|manifest\.json",
    re.ASCII,
)
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass
class _Parts:
    """The entries of one run."""

    named: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    snapshots: dict[int, zipfile.ZipInfo] = field(default_factory=dict)


class Opened:
    """An archive whose directory has been checked.

    Args:
        data: The file.

    Raises:
        Refused: If it is no archive of runs, of a newer version, or beyond the limits.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_FILE_BYTES:
            raise Refused(f"the file has {len(data)} bytes; at most {MAX_FILE_BYTES} are allowed")
        entries = data.count(_ENTRY)
        if entries > MAX_ENTRIES:
            raise Refused(f"the file has {entries} entries; at most {MAX_ENTRIES} are allowed")
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except Exception as error:  # whatever a reader makes of strange bytes
            raise Refused(f"the file is no whole zip file ({error})") from None
        self._names = self._checked(len(data))
        self.manifest = self._manifest()
        self._runs = self._grouped()

    def __iter__(self) -> Iterator[Bundle]:
        """Read the runs one after the other. Raises Refused where one is not whole."""
        for number, run_id in enumerate(self.manifest.runs, 1):
            yield self._bundle(number, run_id)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.manifest.runs)

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return sum(info.file_size for info in self._names.values())

    def _checked(self, packed: int) -> dict[str, zipfile.ZipInfo]:
        infos = self._file.infolist()
        names: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            # The name as it stands in the file: Python's own cuts it off at a zero.
            shown = info.orig_filename[:80]
            if _NAME.fullmatch(info.orig_filename) is None or info.filename != info.orig_filename:
                raise Refused(f"{shown!r} is no name of an entry in a file of runs")
            if info.filename in names:
                raise Refused(f"{shown!r} stands twice in the file")
            if info.flag_bits & 1:
                raise Refused(f"{shown!r} is encrypted; runs are read without a password")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refused(f"{shown!r} is compressed in a way that is not read here")
            names[info.filename] = info
        unpacked = sum(info.file_size for info in infos)
        if unpacked > min(MAX_BYTES + 10 * MAX_JSON_BYTES, MAX_RATIO * packed):
            raise Refused(
                f"the file would unpack from {packed} to {unpacked} bytes; at most "
                f"{MAX_BYTES + 10 * MAX_JSON_BYTES}, and {MAX_RATIO} times its size, are allowed"
            )
        return names

    def _manifest(self) -> Manifest:
        if MANIFEST not in self._names:
            raise Refused("this is no file of runs: it has no manifest.json")
        data = self._bytes(MANIFEST, MAX_JSON_BYTES)
        try:
            said = json.loads(data)
        except (ValueError, RecursionError):
            raise Refused("manifest.json is no JSON") from None
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise Refused(f"this is no file of runs: its format is not {FORMAT!r}")
        version = said.get("version")
        if isinstance(version, int) and version > VERSION:
            raise Refused(
                f"the file has version {version} of its format, and this program knows {VERSION}: "
                "update the program"
            )
        return _parsed(Manifest, data, MANIFEST)

    def _grouped(self) -> list[_Parts]:
        runs = [_Parts() for _ in self.manifest.runs]
        if len(set(self.manifest.runs)) < len(runs):
            raise Refused("manifest.json: a run stands there twice")
        for name, info in self._names.items():
            found = _NAME.fullmatch(name)
            if found["run"] is None:
                continue
            number = int(found["run"])
            if not 1 <= number <= min(len(runs), MAX_RUNS):
                raise Refused(f"{name!r} belongs to no run of manifest.json")
            parts = runs[number - 1]
            if found["step"] is None:
                parts.named[found["part"]] = info
            else:
                parts.snapshots[int(found["step"])] = info
        return runs

    def _bundle(self, number: int, run_id: str) -> Bundle:
        parts, called = self._runs[number - 1], f"run {number}"
        missing = [
            n for n in ("run.json", "experiment.json", "metrics.json") if n not in parts.named
        ]
        if missing:
            raise Refused(f"{called}: {missing[0]} is missing")
        about = _parsed(About, self._of(parts, "run.json"), f"{called}, run.json")
        if about.id != run_id:
            raise Refused(f"{called}: run.json is of another run than manifest.json says")
        experiment = self._experiment(self._of(parts, "experiment.json"), called)
        figures = _parsed(Figures, self._of(parts, "metrics.json"), f"{called}, metrics.json")
        rests = "checkpoint.safetensors" in parts.named
        if rests != (about.checkpoint_step is not None):
            raise Refused(f"{called}: the checkpoint is missing, or one too many")
        if set(parts.snapshots) != {each.step for each in about.snapshots}:
            raise Refused(f"{called}: the kept weights are not those that run.json names")
        if len(parts.snapshots) > MAX_SNAPSHOTS:
            raise Refused(f"{called}: more than {MAX_SNAPSHOTS} kept weights")
        return Bundle(
            about,
            experiment.model_dump_json(),
            figures,
            self._of(parts, "checkpoint.safetensors") if rests else None,
            {s.step: self._bytes(parts.snapshots[s.step].filename) for s in about.snapshots},
            data=self._data(experiment, about, called),
        )

    def _experiment(self, text: bytes, called: str) -> Experiment:
        try:
            return Experiment.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"])
            wrote = self.manifest.program
            raise Refused(
                f"{called}: version {playground.__version__} of this program does not understand its "
                f"settings ({where}: {problem['msg']}); the file was written by version {wrote}"
            ) from None
        except (ValueError, RecursionError) as error:
            raise Refused(f"{called}: experiment.json cannot be read ({error})") from None

    def _data(self, experiment: Experiment, about: About, called: str) -> bytes | None:
        key = own_data.hash_of(experiment)
        if about.data != key:
            raise Refused(f"{called}: run.json names other own data than the experiment")
        if key is None:
            return None
        kind = own_data.kind_of(experiment)
        name = f"data/{key}.{kind.ending}"
        if name not in self._names:
            return None
        data = self._bytes(name, kind.most)
        try:
            own_data.checked_file(experiment, data)
        except ValueError as error:
            raise Refused(f"{called}: {error}") from None
        return data

    def _of(self, parts: _Parts, name: str) -> bytes:
        most = MAX_JSON_BYTES if name.endswith(".json") else MAX_BYTES
        return self._bytes(parts.named[name].filename, most)

    def _bytes(self, name: str, most: int = MAX_BYTES) -> bytes:
        """Return an entry, of which no more is unpacked than it says."""
        info = self._names[name]
        if info.file_size > most:
            raise Refused(f"{name!r} has {info.file_size} bytes; at most {most} are allowed")
        try:
            with self._file.open(info) as file:
                data = file.read(info.file_size + 1)
        except Exception as error:  # whatever a reader makes of strange bytes
            raise Refused(f"{name!r} cannot be unpacked ({error})") from None
        if len(data) != info.file_size:
            raise Refused(f"{name!r} has another size than the file says")
        return data


def _parsed(model: type[_Model], data: bytes, where: str) -> _Model:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise Refused(f"{where}: {place}: {problem['msg']}"[:400]) from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"{where} cannot be read ({error})"[:400]) from None
