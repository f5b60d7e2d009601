"""What an archive says of its runs: models that are written, and that a file has to pass when it is read.

A number that is not one cannot stand in JSON: in the columns of figures it is ``null``, infinities are
the texts ``inf`` and ``-inf``.
"""

from __future__ import annotations

import math
import time
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from playground.jobs.records import ID
from playground.training.events import Metrics

FORMAT, VERSION = "ode-net-playground runs", 1
MAX_RUNS = 100
"""Most runs in one archive."""
MAX_METRICS, MAX_SNAPSHOTS, MAX_AMENDMENTS = 50_000, 2_000, 10_000
LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, LONGEST_REASON = 200, 5000, 40, 20, 10_000
_GREATEST = 2**53  # whole numbers that every reader of JSON keeps as they are
_DAY = 86400.0

Status = Literal["paused", "finished", "stopped", "diverged", "failed"]
COLUMNS = tuple(Metrics.__dataclass_fields__)
WHOLE = ("step", "nfe_forward", "nfe_backward")
MAY_LACK = ("train_accuracy", "validation_accuracy")  # a regression has none


def cleaned(text: str, most: int) -> str:
    """Return a text without control characters, cut off where it is too long."""
    return "".join(sign for sign in text if not _is_control(sign))[:most]


def _is_control(sign: str) -> bool:
    return (ord(sign) < 32 and sign not in "\t\n") or ord(sign) == 127


def _seen(text: str) -> str:
    if any(map(_is_control, text)):
        raise ValueError("control characters are not legal")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text or "," in text or not text.strip():
        raise ValueError("a tag is one line without commas, and not empty")
    return text


def _past(moment: float) -> float:
    if moment > time.time() + _DAY:
        raise ValueError("the time lies in the future")
    return moment


Text = Annotated[str, AfterValidator(_seen)]
Tag = Annotated[Text, Field(max_length=LONGEST_TAG), AfterValidator(_one_line)]
Count = Annotated[int, Field(ge=0, le=_GREATEST)]
Number = Annotated[float, Field(ge=0, le=1e12)]
Moment = Annotated[float, Field(ge=0), AfterValidator(_past)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Model(BaseModel):
    """Base of what is read from files: closed, strict, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Kept(Model):
    """Weights that were kept: after which step and how many epochs."""

    step: Count
    epoch: Number


class Change(Model):
    """A live change that took effect before the step after ``step``."""

    step: Count
    learning_rate: Annotated[float, Field(gt=0, le=1e12)] | None = None
    path: Literal["torch", "fused"] | None = None


class About(Model):
    """One run beside its experiment, figures and weights; the fields are those of ``RunRecord``.

    Attributes:
        checkpoint_step: Step of the checkpoint in the archive, ``None`` where there is none.
        data: Hash of the own data that it learned, ``None`` for all other data.
    """

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    name: Annotated[Text, Field(max_length=LONGEST_NAME)] = ""
    note: Annotated[Text, Field(max_length=LONGEST_NOTE)] = ""
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    starred: bool = False
    status: Status
    reason: Annotated[Text, Field(max_length=LONGEST_REASON)] = ""
    created: Moment
    started: Moment | None = None
    ended: Moment | None = None
    estimate_seconds: Number = 0.0
    held_seconds: Number = 0.0
    device: Annotated[Text, Field(max_length=200)] = ""
    device_reason: Annotated[Text, Field(max_length=2000)] = ""
    path: Annotated[Text, Field(max_length=40)] = ""
    parameters: Count = 0
    notices: Annotated[list[Annotated[Text, Field(max_length=2000)]], Field(max_length=100)] = []
    versions: Annotated[
        dict[
            Annotated[Text, Field(max_length=40)],
            Annotated[Text, Field(max_length=100)],
        ],
        Field(max_length=20),
    ] = {}
    step: Count = 0
    epoch: Number = 0.0
    features: (
        Annotated[list[Annotated[int, Field(ge=0, le=10_000)]], Field(max_length=2)] | None
    ) = None
    checkpoint_step: Count | None = None
    snapshots: Annotated[list[Kept], Field(max_length=MAX_SNAPSHOTS)] = []
    amendments: Annotated[list[Change], Field(max_length=MAX_AMENDMENTS)] = []
    data: Hash | None = None

    @model_validator(mode="after")
    def _in_order(self) -> About:
        for name in ("snapshots", "amendments"):
            steps = [each.step for each in getattr(self, name)]
            if steps != sorted(set(steps)):
                raise ValueError(f"{name}: the steps have to rise")
        if self.features is not None and len(self.features) != 2:
            raise ValueError("features: legal are two inputs, or null")
        if len(set(self.tags)) < len(self.tags):
            raise ValueError("tags: one stands there twice")
        return self


class Manifest(Model):
    """What the archive is, and which runs it holds in which folders' order."""

    format: Literal["ode-net-playground runs"] = FORMAT
    version: Literal[1] = VERSION
    program: Annotated[Text, Field(max_length=40)]
    runs: Annotated[
        list[Annotated[str, Field(pattern=f"^{ID.pattern}$")]],
        Field(min_length=1, max_length=MAX_RUNS),
    ]


Figure = float | None | Literal["inf", "-inf"]


class Figures(Model):
    """The metrics of a run, a list for each column."""

    columns: dict[str, Annotated[list[Figure], Field(max_length=MAX_METRICS)]]

    @model_validator(mode="after")
    def _whole(self) -> Figures:
        if set(self.columns) != set(COLUMNS):
            raise ValueError(f"the columns have to be {', '.join(COLUMNS)}")
        if len({len(column) for column in self.columns.values()}) != 1:
            raise ValueError("the columns have to be of one length")
        for name in WHOLE:
            if not all(_is_whole(value) for value in self.columns[name]):
                raise ValueError(f"{name}: legal are whole numbers from 0 on")
        steps = self.columns["step"]
        if any(later <= step for step, later in pairwise(steps)):
            raise ValueError("step: the steps have to rise")
        for name in MAY_LACK:
            if not all(value is None or _is_share(value) for value in self.columns[name]):
                raise ValueError(f"{name}: legal are shares from 0 to 1")
        return self

    @classmethod
    def of(cls, metrics: list[Metrics]) -> Figures:
        """Return the columns of metrics."""
        return cls(columns={n: [_written(getattr(m, n)) for m in metrics] for n in COLUMNS})

    def metrics(self) -> list[Metrics]:
        """Return the metrics, with ``nan`` where there was no number."""
        count = len(self.columns["step"])
        return [
            Metrics(**{name: _read(name, self.columns[name][i]) for name in COLUMNS})
            for i in range(count)
        ]


def _is_whole(value: Figure) -> bool:
    return isinstance(value, int | float) and 0 <= value <= _GREATEST and value == int(value)


def _is_share(value: Figure) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _written(value: float | None) -> Figure:
    if value is None or math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _read(name: str, value: Figure) -> float | int | None:
    if name in WHOLE:
        return int(value)
    if value is None:
        return None if name in MAY_LACK else math.nan
    return float(value)
