"""How experiments differ: field by field in the words of their declarations, and as a few changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from playground import query
from playground.experiment import Experiment
from playground.registry import Slot, applies, hint

NOT_THERE = "–"
"""What is shown for a field that an experiment does not have, or that has no effect in it."""
_KEYS = ("hash",)  # of uploaded data; a person knows them by their names
_LONGEST, _BRIEF = 60, 34  # characters of a value that is shown, and of one in a name


@dataclass(frozen=True)
class Place:
    """One field in the tree of an experiment.

    Attributes:
        name: Dotted name.
        model: What holds the field: the experiment, or the options of a slot.
        field: Its declaration.
        value: Its value.
        titles: Titles of the slots on the way to it, and its own.
        effective: Whether it has an effect beside the other fields.
    """

    name: str
    model: BaseModel
    field: FieldInfo
    value: Any
    titles: tuple[str, ...]
    effective: bool

    @property
    def label(self) -> str:
        """What a person reads for the field."""
        unit = hint(self.field, "unit", "")
        return " · ".join(self.titles) + (f" ({unit})" if unit else "")

    @property
    def shown(self) -> str:
        """What a person reads for the value."""
        value = self.value
        if isinstance(value, Slot):
            return value.entry.label
        if value is None or value is False:
            return "off"
        if value is True:
            return "on"
        labels = hint(self.field, "labels", {})
        text = str(labels.get(value, "")) if isinstance(value, str) else ""
        text = text or (f"{value:g}" if isinstance(value, float) else query.text_of(value))
        return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…") or "empty"


def places(experiment: Experiment) -> dict[str, Place]:
    """Return every field of an experiment by its dotted name, slots before their options."""
    found = {place.name: place for place in _places(experiment, "", (), True)}
    if not experiment.network.entry.uses_scheme:
        for name in [name for name in found if name.partition(".")[0] == "scheme"]:
            found[name] = replace(found[name], effective=False)
    return found


def _places(model: BaseModel, prefix: str, titles: tuple[str, ...], effective: bool) -> list[Place]:
    found: list[Place] = []
    for name, field in type(model).model_fields.items():
        value, dotted = getattr(model, name), prefix + name
        path = (*titles, str(field.title or name))
        place = Place(dotted, model, field, value, path, effective and applies(model, field))
        found.append(place)
        if isinstance(value, Slot):
            found += _places(value.options, f"{dotted}.", path, place.effective)
    return found


@dataclass(frozen=True)
class Difference:
    """A field in which experiments differ.

    Attributes:
        name: Dotted name.
        label: What a person reads for the field.
        values: What a person reads for each experiment's value.
    """

    name: str
    label: str
    values: tuple[str, ...]


def differences(experiments: Sequence[Experiment]) -> list[Difference]:
    """Return the fields in which experiments differ, in the order of the form.

    A field that has an effect in none of them is left out, and so are the options of a choice where no
    two experiments with that choice differ in them: the choice itself says it.
    """
    trees = [places(experiment) for experiment in experiments]
    names = list(dict.fromkeys(name for tree in trees for name in tree))
    found = []
    for name in sorted(names, key=_rank_in(names)):
        held = [tree.get(name) for tree in trees]
        there = [place for place in held if place is not None]
        values = {query.text_of(_plain(place.value)) for place in there}
        if len(values) > 1 and any(place.effective for place in there):
            shown = (p.shown if p is not None and p.effective else NOT_THERE for p in held)
            found.append(Difference(name, there[0].label, tuple(shown)))
    return found


def briefly(experiments: Sequence[Experiment], most: int = 2) -> tuple[str, ...]:
    """Return for each experiment in a few words what tells it from the others.

    Choices (of a net, a scheme) come before their options. Equal experiments have equal words, and one
    alone has none.

    Args:
        experiments: To be told apart.
        most: Differences that stand in one's words.
    """
    found = sorted(differences(experiments), key=lambda difference: "." in difference.name)
    return tuple(" · ".join(_telling(found, i, most)) for i in range(len(experiments)))


def _telling(found: Sequence[Difference], i: int, most: int) -> list[str]:
    """Return the words of one experiment: one value that nobody else has, or a few together."""
    words = []
    for difference in found:
        value = difference.values[i]
        if value != NOT_THERE and difference.values.count(value) == 1:
            return [_brief(difference.label, value)]
    alike = set(range(len(found[0].values))) if found else set()
    for difference in found:
        value = difference.values[i]
        same = {other for other in alike if difference.values[other] == value}
        if value != NOT_THERE and same != alike and len(words) < most:
            words.append(_brief(difference.label, value))
            alike = same
    return words


def _brief(label: str, value: str) -> str:
    """Return a value by itself, or behind the field's own title where it is a number or a switch."""
    try:
        bare = math.isfinite(float(value))
    except ValueError:
        bare = value in ("on", "off", "empty")
    words = f"{label.rpartition(' · ')[2]} {value}" if bare else value
    return words if len(words) <= _BRIEF else f"{words[: _BRIEF - 1]}…"


def _rank_in(names: Sequence[str]) -> Any:
    """Return a key that keeps the order of the top fields, with their options behind them."""
    tops = list(dict.fromkeys(name.partition(".")[0] for name in names))
    order = {name: place for place, name in enumerate(names)}
    return lambda name: (tops.index(name.partition(".")[0]), order[name])


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Slot) else value


def changes(base: Experiment, other: Experiment) -> dict[str, str]:
    """Return what leads from one experiment to another: few dotted names and texts.

    ``changed(base, changes(base, other))`` is ``other``. A slot that is chosen anew is followed by those
    of its options that are not its defaults.
    """
    before, wanted = base.to_query(), other.to_query()
    found: dict[str, str] = {}
    for name, place in places(other).items():
        anew = name not in before or _below(name, found)  # of a slot that was chosen anew
        usual = _usual(place) if anew else before[name]
        if wanted[name] != usual:
            found[name] = wanted[name]
    return found


def _usual(place: Place) -> str | None:
    """Return the default of an option as a link writes it."""
    value = place.field.get_default(call_default_factory=True)
    return query.text_of(_plain(value))


def changed(base: Experiment, values: Mapping[str, str]) -> tuple[Experiment, list[str]]:
    """Return an experiment with fields changed by their dotted names, read leniently.

    Args:
        base: The experiment.
        values: Names and texts. A slot that is named begins with its defaults.

    Returns:
        The changed experiment, and what had to be said, as ``Experiment.from_query`` does.
    """
    kept = {name: text for name, text in base.to_query().items() if not _below(name, values)}
    return Experiment.from_query({**kept, **values})


def _below(name: str, chosen: Mapping[str, Any]) -> bool:
    return any(name.startswith(f"{slot}.") for slot in chosen)


def choices(experiment: Experiment) -> dict[str, str]:
    """Return the labels of the fields that can be changed and have an effect, by their dotted names."""
    return {
        name: place.label
        for name, place in places(experiment).items()
        if place.effective and name.rpartition(".")[2] not in _KEYS
    }
