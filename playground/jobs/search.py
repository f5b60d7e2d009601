"""How runs are searched for: a few words, in the form that people know from other searches.

A search is a list of terms with blanks between them, all of which have to hold:

    spiral               the word is in the name, the note, a tag, the id, the status, or is chosen in it
    "two arms"           the same of a text with blanks
    note:plateau         the text is in one field
    network=rk_net       the field is this text, or this number
    depth>20  rate<=1e-3 the number is beyond; ``!=``, ``<``, ``>``, ``<=`` and ``>=`` are known
    created>=2026-11-01  the day it was handed in (UTC), or its month or year
    -tag:old             a term that must not hold

Fields are those of ``FIELDS``, and every setting of an experiment, by its dotted name
(``optimizer.learning_rate``) or the last part of it (``learning_rate``). Letter case does not count.
Nothing in a search reaches the database, and no sign in it has a meaning besides these.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from playground.jobs.history import Line

LONGEST, MOST_TERMS = 400, 30
_SHOWN = 40  # characters of a term that a message repeats

Value = str | float | tuple[str, ...] | None
_TEXTS: dict[str, Callable[[Line], Value]] = {
    "name": lambda line: line.name,
    "note": lambda line: line.note,
    "tag": lambda line: line.tags,
    "id": lambda line: line.id,
    "status": lambda line: line.status,
    "reason": lambda line: line.reason,
    "kind": lambda line: line.kind,
    "device": lambda line: line.device,
    "path": lambda line: line.path,
}
_NUMBERS: dict[str, Callable[[Line], float | None]] = {
    "accuracy": lambda line: line.validation_accuracy,
    "train_accuracy": lambda line: line.train_accuracy,
    "loss": lambda line: line.validation_loss,
    "train_loss": lambda line: line.train_loss,
    "nfe": lambda line: line.nfe_forward,
    "seconds": lambda line: line.seconds,
    "parameters": lambda line: line.parameters,
    "epoch": lambda line: line.epoch,
    "step": lambda line: line.step,
    "starred": lambda line: int(line.starred),
    "width": lambda line: line.width,
    "depth": lambda line: line.depth,
    "rate": lambda line: line.learning_rate,
    "learning_rate": lambda line: line.learning_rate,
}
DAY = "created"
FIELDS = (*_TEXTS, *_NUMBERS, DAY)
"""Fields besides the settings."""
_SHARES = ("accuracy", "train_accuracy")

_TERM = re.compile(
    r"""(?P<minus>-?)
        (?:(?P<field>[A-Za-z_][A-Za-z0-9_.]*)(?P<op><=|>=|!=|:|=|<|>))?
        (?:"(?P<quoted>[^"]*)(?P<end>"?)|(?P<plain>[^\s"]*))""",
    re.VERBOSE,
)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Term:
    """One term of a search.

    Attributes:
        text: What was typed, without quotes, in small letters.
        field: What it is about; empty for a word that may be anywhere.
        op: How it is compared; ``:`` for a text that is contained.
        number: The text as a number, ``None`` where it is none.
        wanted: Whether it has to hold, or must not.
    """

    text: str
    field: str = ""
    op: str = ":"
    number: float | None = None
    wanted: bool = True

    def holds(self, line: Line) -> bool:
        """Return whether a run is as the term says."""
        return (self._anywhere(line) if not self.field else self._in_field(line)) is self.wanted

    def _anywhere(self, line: Line) -> bool:
        words = (line.name, line.note, line.id, line.status, *line.tags)
        chosen = (line.data, line.network, line.scheme, line.optimizer)
        return any(self.text in word.lower() for word in (*words, *chosen))

    def _in_field(self, line: Line) -> bool:
        values = values_of(line, self.field)
        if not self.text:  # note="" are the runs without one
            return any(value != "" for value in values) is (self.op == "!=")
        if self.op == "!=":  # of every one, and of a run that has none
            return not any(self._agrees(value, "=") for value in values)
        return any(self._agrees(value, self.op) for value in values)

    def _agrees(self, value: str | float, op: str) -> bool:
        if op == ":" and isinstance(value, str):
            return self.text in value.lower()
        found = _number(value) if isinstance(value, str) else value
        if found is not None and self.number is not None:
            return _COMPARED["=" if op == ":" else op](found, self.number)
        return op == "=" and str(value).lower() == self.text


@dataclass(frozen=True)
class Search:
    """What is searched for.

    Attributes:
        terms: All of them have to hold.
        messages: What could not be understood, and was left out.
    """

    terms: tuple[Term, ...] = ()
    messages: tuple[str, ...] = ()

    def holds(self, line: Line) -> bool:
        """Return whether a run is what is searched for."""
        return all(term.holds(line) for term in self.terms)

    def among(self, lines: Iterable[Line]) -> list[Line]:
        """Return the runs that are searched for, in their order."""
        return [line for line in lines if self.holds(line)]

    def unknown(self, lines: Sequence[Line]) -> list[str]:
        """Return what to say of fields that none of these runs has, with the nearest that one has."""
        asked = [t.field for t in self.terms if t.field and t.field not in FIELDS]
        if not asked or not lines:
            return []
        names = {name for line in lines for name in line.settings}
        known = names | {name.rpartition(".")[2] for name in names}
        return [_unknown(field, known) for field in dict.fromkeys(asked) if field not in known]


def parse(text: str) -> Search:
    """Read a search; what is wrong in it is left out and said, and nothing raises."""
    messages, terms = [], []
    if len(text) > LONGEST:
        messages.append(f"a search may have {LONGEST} characters; the rest was left out")
        text = text[:LONGEST]
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TERM.match(text, place)
        place = max(found.end(), place + 1)
        try:
            term = _term(found)
        except ValueError as error:
            messages.append(str(error))
            continue
        if term is not None:
            terms.append(term)
        if found["quoted"] is not None and not found["end"]:
            messages.append("a quotation mark is not closed; the text goes to the end")
    if len(terms) > MOST_TERMS:
        messages.append(f"a search may have {MOST_TERMS} terms; the rest was left out")
    return Search(tuple(terms[:MOST_TERMS]), tuple(dict.fromkeys(messages)))


def values_of(line: Line, field: str) -> list[str | float]:
    """Return what a run has in a field: one value, several, or none."""
    if field in _NUMBERS:
        value: Value = _NUMBERS[field](line)
    elif field in _TEXTS:
        value = _TEXTS[field](line)
    elif field == DAY:
        value = time.strftime("%Y-%m-%d", time.gmtime(line.created))
    elif field in line.settings:
        value = line.settings[field]
    else:
        value = tuple(v for name, v in line.settings.items() if name.endswith(f".{field}"))
    if value is None:
        return []
    return list(value) if isinstance(value, tuple) else [value]


def _term(found: re.Match[str]) -> Term | None:
    """Return the term of a match, ``None`` for a lonely sign. Raises ValueError for a wrong one."""
    quoted = found["quoted"] is not None
    text = found["quoted"] if quoted else found["plain"]
    field, op, wanted = (found["field"] or "").lower(), found["op"] or ":", not found["minus"]
    text = text.lower().strip()
    if not field:
        return Term(text, wanted=wanted) if text else None
    shown = f"{found[0].strip()[:_SHOWN]!r}"
    if not text and not (quoted and field in _TEXTS):
        raise ValueError(f"{shown} has nothing after {op!r}; it was left out")
    if field == DAY:
        return _day(text, op, wanted, shown)
    number = _number(text)
    if number is None and (op in ("<", ">", "<=", ">=") or field in _NUMBERS):
        raise ValueError(f"{shown} needs a number, such as {field}>0.5; it was left out")
    if number is not None and field in _SHARES and (text.endswith("%") or number > 1):
        number /= 100
    return Term(text, field, op, number, wanted)


def _day(text: str, op: str, wanted: bool, shown: str) -> Term:
    """Return a term on the day, which is compared by its digits, so that 2026-11 is all of a month."""
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise ValueError(f"{shown} needs a day, such as created>=2026-11-01; it was left out")
    return _Day(text, DAY, op, None, wanted)


class _Day(Term):
    """A term on the day of a run."""

    def _in_field(self, line: Line) -> bool:
        (day,) = values_of(line, DAY)
        part = str(day)[: len(self.text)]
        if self.op == ":":
            return part == self.text
        return _COMPARED[self.op](part, self.text)


def _number(text: str) -> float | None:
    """Return a text as a number, ``None`` for anything else; nan and infinity are none."""
    try:
        number = float(text.removesuffix("%").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _unknown(field: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(field, [*FIELDS, *known], n=1)
    hint = f"; is {near[0]!r} meant?" if near else ""
    return f"no run has a field {field[:_SHOWN]!r}{hint}"


# Order ------------------------------------------------------------------------------------------

_Key = Callable[[Line], str | float | None]
SORTS: dict[str, _Key] = {
    "created": lambda line: line.created,
    "accuracy": lambda line: line.validation_accuracy,
    "train_accuracy": lambda line: line.train_accuracy,
    "loss": lambda line: line.validation_loss,
    "seconds": lambda line: line.seconds,
    "nfe": lambda line: line.nfe_forward,
    "parameters": lambda line: line.parameters,
    "epoch": lambda line: line.epoch,
    "width": lambda line: line.width,
    "depth": lambda line: line.depth,
    "rate": lambda line: line.learning_rate,
    "name": lambda line: line.name.lower() or None,
    "data": lambda line: line.data,
    "network": lambda line: line.network,
    "scheme": lambda line: line.scheme,
    "status": lambda line: line.status,
    "starred": lambda line: int(line.starred),
}
"""What runs can be ordered by."""


def ordered(lines: Sequence[Line], by: str, *, falling: bool = True) -> list[Line]:
    """Return runs in the order of a field; those that have nothing in it come last either way.

    Args:
        lines: The runs; those that are equal in the field keep their order.
        by: One of ``SORTS``.
        falling: Whether the greatest comes first.

    Raises:
        ValueError: For a field that is not known.
    """
    if by not in SORTS:
        raise ValueError(f"sort: {by!r} is not known; legal is {', '.join(SORTS)}")
    key = SORTS[by]
    held = [line for line in lines if key(line) is not None]
    rest = [line for line in lines if key(line) is None]
    return [*sorted(held, key=key, reverse=falling), *rest]
