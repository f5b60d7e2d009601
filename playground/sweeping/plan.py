"""What a sweep is: a frozen, validated value, from which all of its experiments follow.

A sweep has a base and points. Each point changes some fields of the base, named as ``--set`` names
them (``network.depth``), and is trained with as many pairs of seeds as there are repetitions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from playground.experiment import Experiment
from playground.presets import presets
from playground.query import text_of
from playground.training.repetitions import seeded

MOST_RUNS = 10_000
"""Trainings of one sweep; a server may take fewer at once, see ``PLAYGROUND_MAX_STUDY_RUNS_PER_USER``."""
MOST_FIELDS = 6
MOST_REPETITIONS = 100
MOST_PRIORITY = 9
_LONGEST_NAME = 200

Value = bool | int | float | str | None
"""A value of a field: a name for a slot (``heun2`` of ``scheme``), else what the field holds."""


@dataclass(frozen=True)
class Point:
    """One setting of a sweep.

    Attributes:
        values: What it changes, by the dotted names of the fields.
        experiments: Its trainings, one for each repetition.
    """

    values: Mapping[str, Value]
    experiments: tuple[Experiment, ...]


class Sweep(BaseModel):
    """A base and what is changed of it: a grid (all combinations) or a list of settings.

    Raises:
        pydantic.ValidationError: For anything that is not legal, among it a point whose choices do not
            fit together; the message names the field, the value and what is legal.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )

    name: str = Field("", max_length=_LONGEST_NAME)
    base: Experiment = Field(default_factory=Experiment)
    grid: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    listed: tuple[dict[str, Value], ...] = Field(default=(), alias="list")
    repetitions: int = Field(1, ge=1, le=MOST_REPETITIONS)
    priority: int = Field(0, ge=-MOST_PRIORITY, le=MOST_PRIORITY)

    @field_validator("base", mode="before")
    @classmethod
    def _from_preset(cls, value: Any) -> Any:
        """Take the name of a preset, or ``{"preset": name, field: value …}``, for an experiment."""
        if isinstance(value, str):
            value = {"preset": value}
        if not isinstance(value, Mapping) or "preset" not in value:
            return value
        known, name = presets(), value["preset"]
        if not isinstance(name, str) or name not in known:
            raise ValueError(f"preset: {name!r} is not known; legal is {', '.join(known)}")
        changes = {field: text_of(x) for field, x in value.items() if field != "preset"}
        experiment = known[name].experiment
        return experiment.amended(changes) if changes else experiment

    @model_validator(mode="after")
    def _fits(self) -> Sweep:
        if bool(self.grid) == bool(self.listed):
            given = "both" if self.grid else "neither"
            raise ValueError(f"grid, list: {given} given; legal is one of the two")
        self._check_grid()
        if any(not values for values in self.listed):
            raise ValueError("list: a setting is empty; legal is one with a field at least")
        if len(self.fields) > MOST_FIELDS:
            raise ValueError(f"grid, list: {len(self.fields)} fields; legal is up to {MOST_FIELDS}")
        if self.n_runs > MOST_RUNS:
            raise ValueError(
                f"{self.n_points} settings × {self.repetitions} repetitions are {self.n_runs} "
                f"trainings; legal is up to {MOST_RUNS}"
            )
        _amended(self.base, self._settings_as_text())  # says which one does not fit
        return self

    def _check_grid(self) -> None:
        for field, values in self.grid.items():
            if not values:
                raise ValueError(f"grid: {field} has no values; legal is one at least")
            texts = [text_of(value) for value in values]
            twice = next((text for text in texts if texts.count(text) > 1), None)
            if twice is not None:
                raise ValueError(f"grid: {field}: {twice} is given twice; legal is once")

    @property
    def fields(self) -> tuple[str, ...]:
        """The dotted names of what changes, in the order in which they were first given."""
        settings = [self.grid] if self.grid else self.listed
        return tuple(dict.fromkeys(field for each in settings for field in each))

    @property
    def n_points(self) -> int:
        """Number of settings."""
        return math.prod(map(len, self.grid.values())) if self.grid else len(self.listed)

    @property
    def n_runs(self) -> int:
        """Number of trainings."""
        return self.n_points * self.repetitions

    def settings(self) -> Iterator[dict[str, Value]]:
        """Yield what each point changes; of a grid the last field changes fastest."""
        if not self.grid:
            yield from (dict(values) for values in self.listed)
            return
        for values in itertools.product(*self.grid.values()):
            yield dict(zip(self.grid, values))

    def points(self) -> tuple[Point, ...]:
        """Return all settings with their experiments, in order."""
        changed = _amended(self.base, self._settings_as_text())
        return tuple(
            Point(values, tuple(seeded(experiment, self.repetitions)))
            for values, experiment in zip(self.settings(), changed, strict=True)
        )

    def to_json(self) -> str:
        """Return the sweep as JSON, from which ``from_json`` makes an equal one."""
        return self.model_dump_json(by_alias=True, exclude={"grid" if self.listed else "listed"})

    @classmethod
    def from_json(cls, text: str | bytes) -> Sweep:
        """Read JSON strictly. Raises pydantic.ValidationError for what is not legal."""
        return cls.model_validate_json(text)

    def _settings_as_text(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        return tuple(
            tuple((field, text_of(value)) for field, value in values.items())
            for values in self.settings()
        )


@lru_cache(maxsize=16)  # a page asks with every look for what takes milliseconds a point
def _amended(
    base: Experiment, settings: tuple[tuple[tuple[str, str], ...], ...]
) -> tuple[Experiment, ...]:
    """Return the base as each setting changes it.

    Raises:
        ValueError: If one does not fit; the message says which, and what is legal.
    """
    return tuple(_changed(base, setting) for setting in settings)


def _changed(base: Experiment, setting: tuple[tuple[str, str], ...]) -> Experiment:
    try:
        return base.amended(dict(setting))
    except ValueError as error:
        words = ", ".join(f"{field} = {text or 'none'}" for field, text in setting)
        raise ValueError(f"{words}: {error}") from None


def distinct(points: tuple[Point, ...]) -> list[Experiment]:
    """Return the experiments of all points, each once: two points may train the same."""
    return list(dict.fromkeys(e for point in points for e in point.experiments))
