"""Presets: experiments with a name, one JSON file each in ``assets/presets``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from playground.experiment import Experiment

FOLDER = Path(__file__).parent.parent / "assets" / "presets"


@dataclass(frozen=True)
class Preset:
    """A named experiment: ``label`` is its title, ``summary`` one sentence of what it shows."""

    name: str
    label: str
    summary: str
    experiment: Experiment


def presets() -> dict[str, Preset]:
    """Return all presets by name, in the order of their files.

    Raises:
        ValueError: If a file is not a preset.
    """
    return {preset.name: preset for preset in map(_read, sorted(FOLDER.glob("*.json")))}


def _read(path: Path) -> Preset:
    content = json.loads(path.read_text(encoding="utf-8"))
    name = path.stem.partition("-")[2] or path.stem  # a leading number only orders the files
    experiment = Experiment.model_validate(content["experiment"])
    return Preset(name, content["label"], content["summary"], experiment)
