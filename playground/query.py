"""Flat text for links: any pydantic tree of slots and options, written exactly and read leniently."""

from __future__ import annotations

import json
import math
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from playground.registry import Misfit, Slot, bounds

M = TypeVar("M", bound=BaseModel)
LONGEST = 4000  # characters of one value; a longer one is junk
_SHOWN = 60  # characters of a value that a message repeats
_NAMED = 8  # so many unknown names are listed one by one
_ROUNDS = 32  # repairs of choices that do not fit together; a tree has fewer places


@dataclass(frozen=True)
class Note:
    """What was wrong with a field, and what was done about it.

    Attributes:
        field: Dotted name.
        wrong: The field, its value and what is legal.
        became: What holds instead.
    """

    field: str
    wrong: str
    became: str

    def __str__(self) -> str:
        return f"{self.wrong}; {self.became}"


def write(model: BaseModel, prefix: str = "") -> dict[str, str]:
    """Return ``{dotted name: text}`` of every field, slots as ``name`` plus ``name.option``."""
    flat: dict[str, str] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Slot):
            flat[prefix + name] = value.name
            flat |= write(value.options, f"{prefix}{name}.")
        else:
            flat[prefix + name] = text_of(value)
    return flat


def text_of(value: Any) -> str:
    """Return one value as a link writes it; ``read`` reads it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        flat = all(isinstance(item, str) and "," not in item for item in value)
        return ",".join(value) if flat else json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return parsed JSON of slots and options as the flat text of a link, whatever stands in it."""
    texts: dict[str, str] = {}
    for name, value in tree.items():
        key = prefix + name
        if not isinstance(value, Mapping):
            texts[key] = text_of(value)
            continue
        if "name" in value:
            texts[key] = text_of(value["name"])
        options = value.get("options", {})
        texts |= flatten(options if isinstance(options, Mapping) else {}, f"{key}.")
        texts |= {f"{key}.{k}": str(v) for k, v in value.items() if k not in ("name", "options")}
    return texts


def read(
    model: type[M], values: Mapping[str, Any], *, suspects: Sequence[str] = ()
) -> tuple[M, list[Note]]:
    """Read flat text into ``model`` and say what could not be read.

    Args:
        model: A pydantic model all of whose fields have defaults.
        values: Names and texts; a list of texts counts by its last one.
        suspects: Fields that are brought to their defaults, one more at a time, where choices do not
            fit together and the field that the error names is not enough.

    Returns:
        A valid instance, and notes that name the field, the value and what is legal.
    """
    texts = {str(key): _last(value) for key, value in dict(values).items()}
    notes: list[Note] = []
    tree = _branch(model, texts, "", notes)
    notes += _unknown(texts)
    tried: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(tree), notes
        except ValidationError as error:
            found = _problem(model, tree, error)
        places = (found.field, *suspects)
        place = next((p for p in places if p and (p, found.text) not in tried), None)
        if place is None:
            break
        tried.add((place, found.text))
        nearest = found.nearest if place == found.field else None
        notes.append(Note(place, str(found), _settle(model, tree, place, nearest)))
    return model(), [*notes, Note("", "the rest does not fit together", "defaults are used")]


def _last(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[-1] if value else ""
    return str(value)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _unknown(names: Mapping[str, str]) -> Iterator[Note]:
    for key in list(names)[:_NAMED]:
        yield Note(key, f"{_short(key)!r} is not known", "it was ignored")
    if len(names) > _NAMED:
        more = len(names) - _NAMED
        yield Note("", f"{more} more names are not known", "they were ignored")


def _problem(model: type[BaseModel], tree: Mapping[str, Any], error: ValidationError) -> Misfit:
    """Return the first error as a misfit of the field, or of the innermost slot, where it arose."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    text = first["msg"].removeprefix("Value error, ")
    place, chosen = "", ""
    for part in (str(part) for part in first["loc"] if part not in ("options", "name")):
        field = model.model_fields.get(part)
        if field is None or not _is_slot(field):
            if field is not None and not place:
                own = isinstance(cause, Misfit)
                return Misfit(part, cause.text, cause.nearest) if own else Misfit(part, text)
            break
        place, chosen = f"{place}.{part}".lstrip("."), tree[part]["name"]
        model, tree = field.annotation.registry[chosen].options, tree[part]["options"]
    if isinstance(cause, Misfit):
        return cause.below(place) if place else cause
    return Misfit(place, f"{chosen!r} is not legal: {text}" if place else text)


def _settle(model: type[BaseModel], tree: dict[str, Any], place: str, nearest: Any) -> str:
    """Set one field of a tree to a value, or to its default for ``None``; say what it became."""
    *slots, name = place.split(".")
    for slot in slots:
        model = model.model_fields[slot].annotation.registry[tree[slot]["name"]].options
        tree = tree[slot]["options"]
    field = model.model_fields[name]
    value = nearest if nearest is not None else field.get_default(call_default_factory=True)
    if isinstance(value, Slot):
        tree[name] = {"name": value.name, "options": value.options.model_dump()}
        return f"{value.name!r} is used"
    tree[name] = value
    return f"{text_of(value) or 'none'} is used"


def _is_slot(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Slot)


def _branch(
    model: type[BaseModel], texts: dict[str, str], prefix: str, notes: list[Note]
) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = prefix + name
        if _is_slot(field):
            tree[name] = _slot(field, texts, key, notes)
        elif key in texts:
            value = _leaf(field, texts.pop(key), key, notes)
            if value is not _DEFAULT:
                tree[name] = value
    return tree


_DEFAULT = object()


def _slot(field: FieldInfo, texts: dict[str, str], key: str, notes: list[Note]) -> dict[str, Any]:
    kind: Any = field.annotation
    chosen = field.get_default(call_default_factory=True)
    name = texts.pop(key, chosen.name)
    try:
        kind(name=_short(name))
    except ValidationError as error:
        text = error.errors()[0]["msg"].removeprefix("Value error, ")
        notes.append(Note(key, f"{key}: {text}", f"{chosen.name!r} is used"))
        name = chosen.name
    options = _branch(kind.registry[name].options, texts, f"{key}.", notes)
    return {"name": name, "options": options}


_adapters: dict[int, tuple[FieldInfo, TypeAdapter[Any]]] = {}


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Return what validates a field; to make one takes longer than all that it ever validates."""
    held = _adapters.get(id(field))
    if held is None or held[0] is not field:  # the number of a field that is gone is given again
        made = TypeAdapter(typing.Annotated[field.annotation, field])
        held = _adapters[id(field)] = (field, made)
    return held[1]


def _leaf(field: FieldInfo, text: str, key: str, notes: list[Note]) -> Any:
    """Return the value of one field, brought to the nearest legal one where there is such."""
    reason = ""
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} characters")
        parsed = _parsed(field, text)
        return _adapter(field).validate_python(parsed)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
    except (ValueError, RecursionError) as error:
        reason = str(error)
    nearest = _nearest(field, text)
    label = "" if str(field.title).lower() == key else f" ({field.title})"
    shown = repr(_short(text)) if text and nearest is None else _short(text) or "an empty field"
    wrong = f"{key}{label}: {shown} is not legal"
    wrong += f"; legal is {legal(field)}" if legal(field) else f" ({reason})"
    if nearest is None:
        default = field.get_default(call_default_factory=True)
        notes.append(Note(key, wrong, f"{_short(text_of(default)) or 'none'} is used"))
        return _DEFAULT
    notes.append(Note(key, wrong, f"{_plain(nearest)} is used"))
    return nearest


def legal(field: FieldInfo) -> str:
    """Return in words what a field takes; empty where that is more than a list or a range."""
    kinds, (low, high) = _kinds(field.annotation), bounds(field)
    empty = ", or nothing" if type(None) in kinds else ""
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(map(str, typing.get_args(field.annotation)))
    if bool in kinds:
        return f"true or false{empty}"
    if low is not None and high is not None and {int, float} & set(kinds):
        number = "a whole number" if int in kinds else "a number"
        return f"{number} from {_plain(low)} to {_plain(high)}{empty}"
    return ""


def _plain(number: float) -> str:
    """Return a number without a zero behind the point, 2147483647 in full."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:g}"


def _parsed(field: FieldInfo, text: str) -> Any:
    kinds = _kinds(field.annotation)
    if text == "" and type(None) in kinds:
        return None
    if typing.get_origin(field.annotation) is typing.Literal:  # whose choices may be numbers
        choices = typing.get_args(field.annotation)
        return next((choice for choice in choices if text_of(choice) == text), text)
    if any(typing.get_origin(kind) is tuple for kind in kinds):
        if text.lstrip().startswith("["):
            try:
                return json.loads(text)
            except ValueError:
                raise ValueError("it is no list in JSON") from None
        return tuple(part for part in text.split(",") if part)
    return text


def _kinds(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _nearest(field: FieldInfo, text: str) -> float | int | None:
    """Return the legal number nearest to the text, ``None`` where it is no number at all."""
    low, high = bounds(field)
    kinds = _kinds(field.annotation)
    if low is None or high is None or not {int, float} & set(kinds):
        return None
    try:
        number = float(text[:LONGEST])
    except ValueError:
        return None
    if math.isnan(number):
        return None
    number = min(max(number, low), high)
    return round(number) if int in kinds else number
