"""Which controls of the playground a link or a teacher hides or locks.

It is an aid for teaching, so that a beginner meets three controls and not sixty. It protects nothing:
whoever takes the rule out of the link has the control back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from playground.experiment import Experiment
from playground.registry import Slot

HIDE, LOCK = "hide", "lock"
"""Names of the rules in a link."""
CHOICE = "choice"
"""Behind a slot's name: the choice of its entry alone, whose options stay free."""
MOST = 60  # names in one rule
_SHOWN = 40  # characters of a name that a message repeats

# Names for what belongs together; what is beside the form, in the second list.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "points": ("n_train", "n_validation"),
    "seeds": ("data_seed", "weight_seed"),
    "stopping": ("target_accuracy", "early_stop", "patience"),
    "penalties": ("l1", "l2", "clip_norm"),
    "computing": ("device", "path", "precision"),
    "robustness": ("hardening", "regularizer"),
}
_GROUP_LABELS = {
    "points": "Numbers of points",
    "seeds": "Seeds",
    "stopping": "When to stop",
    "penalties": "Penalties and clipping",
    "computing": "Device, path, precision",
    "robustness": "Against noise and attacks",
}
PARTS: Mapping[str, str] = {
    "own_data": "Own data",
    "compare": "Compare",
    "export": "Export",
    "what_if": "What if one setting were another?",
    "formulas": "Formulas of the step",
    "explanation": "Explanation below the views",
}
"""What can be hidden beside the controls of the form."""


@dataclass(frozen=True)
class Rules:
    """What is hidden and what is locked, by the dotted names of fields.

    A slot's name covers its options; the slot's name with ``.choice`` behind it does not.

    Attributes:
        hidden: Names whose controls are not drawn.
        locked: Names whose controls are drawn and cannot be moved.
    """

    hidden: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    def hides(self, name: str) -> bool:
        """Return whether the control of a field is not drawn."""
        return _covers(self.hidden, name)

    def locks(self, name: str) -> bool:
        """Return whether the control of a field is drawn, but cannot be moved."""
        return _covers(self.locked, name)

    def __or__(self, other: Rules) -> Rules:
        return Rules(
            tuple(dict.fromkeys((*self.hidden, *other.hidden))),
            tuple(dict.fromkeys((*self.locked, *other.locked))),
        )

    def __bool__(self) -> bool:
        return bool(self.hidden or self.locked)

    def to_link(self) -> dict[str, str]:
        """Return the rules as a link has them; ``read_rules`` reads them back."""
        both = {HIDE: ",".join(self.hidden), LOCK: ",".join(self.locked)}
        return {name: text for name, text in both.items() if text}

    def to_tree(self) -> dict[str, list[str]]:
        """Return the rules as the store has them."""
        return {HIDE: list(self.hidden), LOCK: list(self.locked)}


NO_RULES = Rules()


def read_rules(link: Mapping[str, str]) -> tuple[Rules, list[str]]:
    """Return the rules of a link, and what had to be said of them: unknown names are ignored."""
    hidden, said = _known(HIDE, link.get(HIDE, "").split(","))
    locked, more = _known(LOCK, link.get(LOCK, "").split(","))
    return Rules(hidden, locked), said + more


def rules_of(text: str) -> Rules:
    """Return the rules that the store has; names of another version of the program are left out."""
    try:
        tree: Any = json.loads(text)
    except ValueError:
        tree = None
    if not isinstance(tree, dict):
        return NO_RULES
    held = {name: tree.get(name) for name in (HIDE, LOCK)}
    lists = {
        n: [str(e) for e in each] if isinstance(each, list) else [] for n, each in held.items()
    }
    return Rules(_known(HIDE, lists[HIDE])[0], _known(LOCK, lists[LOCK])[0])


@cache
def choices() -> dict[str, str]:
    """Return what a person reads for each name that is offered; deeper ones can be written by hand.

    Slots and single fields of the experiment come first, then groups of fields, then the options that
    some entry of a slot has, under the slot's own name, then the parts that can only be hidden.
    """
    fields = Experiment.model_fields
    found = {
        name: str(field.title or name) + (" · all of it" if _is_slot(field.annotation) else "")
        for name, field in fields.items()
    }
    found |= _GROUP_LABELS
    for name, field in fields.items():
        kind = field.annotation
        if _is_slot(kind):
            found[f"{name}.{CHOICE}"] = f"{field.title} · which one"
            found |= {
                f"{name}.{option}": f"{field.title} · {title}"
                for entry in kind.registry.values()
                for option, title in _titles(entry.options).items()
            }
    return found | dict(PARTS)


def _is_slot(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Slot)


def _titles(options: type[BaseModel]) -> dict[str, str]:
    return {name: str(field.title or name) for name, field in options.model_fields.items()}


@cache
def _names() -> frozenset[str]:
    """Return every legal name: of fields, of options of any entry, of those inside them, of groups."""
    found = {*GROUPS, *PARTS}
    _collect(Experiment, "", found, 0)
    return frozenset(found)


def _collect(model: type[BaseModel], prefix: str, found: set[str], depth: int) -> None:
    for name, field in model.model_fields.items():
        found.add(prefix + name)
        kind = field.annotation
        # An optimiser may have another one inside, and that again one.
        if _is_slot(kind) and depth < 2:
            found.add(f"{prefix}{name}.{CHOICE}")
            for entry in kind.registry.values():
                _collect(entry.options, f"{prefix}{name}.", found, depth + 1)


def _known(rule: str, names: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    legal: dict[str, None] = {}
    wrong: list[str] = []
    for name in dict.fromkeys(filter(None, (name.strip() for name in names))):
        fits = name in _names() and not (rule == LOCK and name in PARTS)
        if fits and len(legal) < MOST:
            legal[name] = None
        else:
            wrong.append(name)
    if not wrong:
        return tuple(legal), []
    listed = ", ".join(repr(name[:_SHOWN]) for name in wrong[:3])
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return tuple(legal), [f"{rule}: {listed}{more} is no control that can be named; it was ignored"]


def _covers(named: tuple[str, ...], name: str) -> bool:
    return any(
        name == part or name.startswith(f"{part}.")
        for each in named
        for part in GROUPS.get(each, (each,))
    )
