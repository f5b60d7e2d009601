"""What of an experiment can be swept, drawn from the registries: names, choices, and sensible values."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from playground.experiment import Experiment
from playground.query import text_of
from playground.registry import Slot, bounds, hint
from playground.sweeping.plan import Value

_SEEDS = ("data_seed", "weight_seed")  # what repetitions are for
_FEW = 3  # choices that a proposal takes
_FACTORS = (0.25, 0.5, 1.0, 2.0)
_DECADES = (0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True)
class Sweepable:
    """A field that can be swept.

    Attributes:
        name: Dotted name, as ``--set`` takes it.
        label: What a person reads.
        kind: ``choice``, ``whole``, ``number`` or ``switch``.
        choices: What is legal of a choice, with what a person reads for it.
        value: What the base has.
        low: Least legal number.
        high: Greatest legal number.
        log: Whether its numbers are told apart by their ratios.
    """

    name: str
    label: str
    kind: str
    value: Value
    choices: Mapping[str, str] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    log: bool = False

    def proposal(self) -> tuple[Value, ...]:
        """Return a few sensible values around that of the base."""
        if self.kind == "switch":
            return False, True
        if self.kind == "choice":
            others = [name for name in self.choices if name != self.value]
            return self.value, *others[: _FEW - 1]
        if self.value:
            factors = _DECADES if self.log else _FACTORS
            return tuple(dict.fromkeys(self._legal(self.value * x) for x in factors))
        steps = (1, 2, 4) if self.kind == "whole" else (0.001, 0.01, 0.1)
        return tuple(dict.fromkeys([self.value, *map(self._legal, steps)]))

    def read(self, text: str) -> tuple[Value, ...]:
        """Return the values that somebody has typed, by commas; an empty text takes the proposal.

        Raises:
            ValueError: If one is no number; the message names the field, the value and what is legal.
        """
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return tuple(map(self._value, parts)) if parts else self.proposal()

    def _value(self, part: str) -> Value:
        if self.kind == "switch" and part.lower() in ("true", "false"):
            return part.lower() == "true"
        if self.kind == "choice" and part in self.choices:
            return part
        if self.kind in ("whole", "number"):
            try:
                return int(part) if self.kind == "whole" else float(part)
            except ValueError:
                pass
        raise ValueError(f"{self.name}: {part[:40]!r} is not legal; legal is {self._words()}")

    def _words(self) -> str:
        if self.kind == "switch":
            return "true, false"
        if self.kind == "choice":
            return ", ".join(self.choices)
        noun = "a whole number" if self.kind == "whole" else "a number"
        low, high = self.low, self.high
        return noun if low is None or high is None else f"{noun} from {low:g} to {high:g}"

    def _legal(self, value: float) -> Value:
        low = value if self.low is None else max(value, self.low)
        held = low if self.high is None else min(low, self.high)
        if self.kind == "whole":
            return round(held)
        short = float(f"{held:.3g}")  # which may be beyond a bound that has more figures
        return short if abs(short) <= abs(held) or short == value else held


@lru_cache(maxsize=64)
def fields_of(base: Experiment) -> dict[str, Sweepable]:
    """Return what can be swept of an experiment, by dotted name: its slots, their options, its numbers.

    Seeds are left out, as repetitions vary them, and what is typed text or a list.
    """
    return {each.name: each for each in _fields(base, "", "")}


def _fields(model: BaseModel, prefix: str, of: str) -> Iterator[Sweepable]:
    for name, declared in type(model).model_fields.items():
        value = getattr(model, name)
        if name in _SEEDS or not _applies(model, declared):
            continue
        label = f"{of}{declared.title or name}"
        if isinstance(value, Slot):
            names = {each: entry.label for each, entry in type(value).registry.items()}
            yield Sweepable(prefix + name, label, "choice", value.name, names)
            yield from _fields(value.options, f"{prefix}{name}.", f"{label}: ")
        else:
            made = _plain(prefix + name, label, declared, value)
            if made is not None:
                yield made


def _plain(name: str, label: str, declared: FieldInfo, value: Any) -> Sweepable | None:
    kind = declared.annotation
    if typing.get_origin(kind) is typing.Literal:
        labels = hint(declared, "labels", {})
        choices = {text_of(x): labels.get(x, str(x)) for x in typing.get_args(kind)}
        return Sweepable(name, label, "choice", text_of(value), choices)
    if kind is bool:
        return Sweepable(name, label, "switch", value)
    if kind not in (int, float):
        return None
    low, high = bounds(declared)
    log = bool(hint(declared, "log", False))
    noun = "whole" if kind is int else "number"
    return Sweepable(name, label, noun, value, {}, low, high, log)


def _applies(model: BaseModel, declared: FieldInfo) -> bool:
    """Return whether a field has an effect under the other options."""
    for other, wanted in hint(declared, "when", {}).items():
        legal = wanted if isinstance(wanted, list | tuple) else [wanted]
        if getattr(model, other) not in legal:
            return False
    return True


@lru_cache(maxsize=64)
def fitting(base: Experiment, name: str) -> dict[str, str]:
    """Return the choices of a field that fit beside the rest of an experiment, with their labels.

    Raises:
        ValueError: If there is no such choice.
    """
    found = fields_of(base).get(name)
    if found is None or found.kind != "choice":
        raise ValueError(f"{name!r} is no choice of this experiment")
    return {each: label for each, label in found.choices.items() if _fits(base, name, each)}


def _fits(base: Experiment, name: str, choice: str) -> bool:
    try:
        base.amended({name: choice})
    except ValueError:
        return False
    return True
