"""Flat text for links: any pydantic tree of slots and options, written exactly and read leniently."""

from __future__ import annotations

import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from playground.registry import Slot, bounds

M = TypeVar("M", bound=BaseModel)
Repair = Callable[[dict[str, Any], str], dict[str, Any]]
LONGEST = 4000  # characters of one value; a longer one is junk


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
        flat = all(isinstance(item, str) for item in value)
        return ",".join(value) if flat else json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)


def read(
    model: type[M], values: Mapping[str, Any], *, repair: Repair | None = None
) -> tuple[M, list[str]]:
    """Read flat text into ``model`` and say what could not be read.

    Args:
        model: A pydantic model all of whose fields have defaults.
        values: Names and texts; a list of texts counts by its last one.
        repair: Given the tree and the message of an error between fields, returns a tree without it.

    Returns:
        A valid instance, and messages that name the field, the value and what is legal.
    """
    texts = {str(key): _last(value) for key, value in dict(values).items()}
    messages: list[str] = []
    tree = _branch(model, texts, "", messages)
    messages += [f"{key[:80]!r} is not known and was ignored" for key in texts]
    for _ in range(8):
        try:
            return model.model_validate(tree), messages
        except ValidationError as error:
            text = error.errors()[0]["msg"].removeprefix("Value error, ")
            messages.append(text)
            tree = repair(tree, text) if repair else {}
    return model(), [*messages, "the rest was not usable together; defaults are used"]


def _last(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[-1] if value else ""
    return str(value)


def _branch(
    model: type[BaseModel], texts: dict[str, str], prefix: str, messages: list[str]
) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, Slot):
            tree[name] = _slot(field, texts, key, messages)
        elif key in texts:
            value = _leaf(field, texts.pop(key), key, messages)
            if value is not _DEFAULT:
                tree[name] = value
    return tree


_DEFAULT = object()


def _slot(field: FieldInfo, texts: dict[str, str], key: str, messages: list[str]) -> dict[str, Any]:
    kind: Any = field.annotation
    chosen = field.get_default(call_default_factory=True)
    name = texts.pop(key, chosen.name)
    try:
        kind(name=name)
    except ValidationError as error:
        text = error.errors()[0]["msg"].removeprefix("Value error, ")
        messages.append(f"{key}: {text}; {chosen.name!r} is used")
        name = chosen.name
    options = _branch(kind.registry[name].options, texts, f"{key}.", messages)
    return {"name": name, "options": options}


def _leaf(field: FieldInfo, text: str, key: str, messages: list[str]) -> Any:
    """Return the value of one field, brought to the nearest legal one where there is such."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    try:
        if len(text) > LONGEST:
            raise ValueError("it is too long")
        parsed = _parsed(field, text)
        return TypeAdapter(typing.Annotated[field.annotation, field]).validate_python(parsed)
    except ValidationError as error:
        nearest = _nearest(field, text)
        why = error.errors()[0]["msg"]
        if nearest is not None:
            low, high = bounds(field)
            messages.append(
                f"{key}: {shown} is out of range, legal is {low:g} to {high:g}; {nearest:g} is used"
            )
            return nearest
    except (ValueError, RecursionError) as error:
        why = str(error)
    messages.append(f"{key}: {shown!r} is not legal ({why}); the default is used")
    return _DEFAULT


def _parsed(field: FieldInfo, text: str) -> Any:
    kinds = _kinds(field.annotation)
    if text == "" and type(None) in kinds:
        return None
    if any(typing.get_origin(kind) is tuple for kind in kinds):
        if text.lstrip().startswith("["):
            return json.loads(text)
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
        number = float(text)
    except ValueError:
        return None
    if math.isnan(number):
        return None
    number = min(max(number, low), high)
    return round(number) if int in kinds else number
