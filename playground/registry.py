"""Registries: everything that can be listed is an entry, and every entry declares its own options.

Selectors, validation, tooltips, tests and the command line read the same registries, so that adding a
thing means writing one entry in one file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo


class Options(BaseModel):
    """Base of every options model: frozen, closed, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Misfit(ValueError):
    """A value that is legal by itself but not beside the others.

    Attributes:
        field: Dotted name of the field; empty: the whole slot, whatever its options.
        text: The value, why it does not fit, and what is legal.
        nearest: The nearest value that fits; ``None``: the field's default.
    """

    def __init__(self, field: str, text: str, nearest: Any = None) -> None:
        super().__init__(f"{field}: {text}" if field else text)
        self.field, self.text, self.nearest = field, text, nearest

    def below(self, slot: str) -> Misfit:
        """Return the same of a field of a slot's options, or of the slot."""
        return Misfit(f"{slot}.{self.field}".rstrip("."), self.text, self.nearest)


def option(
    default: Any,
    *,
    label: str,
    help: str,
    ge: float | None = None,
    le: float | None = None,
    log: bool = False,
    step: float | None = None,
    unit: str = "",
    when: Mapping[str, Any] | None = None,
    advanced: bool = False,
    labels: Mapping[str, str] | None = None,
    **field: Any,
) -> Any:
    """Declare one option: its default, its bounds, its label and its one sentence of help.

    Args:
        default: Value of a fresh experiment.
        label: What the form writes beside the control.
        help: One sentence, shown as the tooltip.
        ge: Least legal value of a number.
        le: Greatest legal value of a number.
        log: Whether the control should move on a logarithmic scale.
        step: Step of the control; chosen by the form when absent.
        unit: Unit of the value, empty for a pure number.
        when: ``{other field: value or list of values}``; the form shows the option only then.
        advanced: Whether the form may fold the option away at first sight.
        labels: What a person reads for the choices of a literal; the choices themselves without.
        field: Anything else that pydantic's ``Field`` takes.

    Returns:
        A pydantic field.
    """
    hints = {
        "log": log,
        "step": step,
        "unit": unit,
        "when": dict(when or {}),
        "advanced": advanced,
        "labels": dict(labels or {}),
    }
    extra = {key: value for key, value in hints.items() if value}
    return Field(
        default, title=label, description=help, ge=ge, le=le, json_schema_extra=extra, **field
    )


def bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """Return the least and the greatest legal value of a numeric field, ``None`` where open."""
    low = next((m.ge for m in field.metadata if getattr(m, "ge", None) is not None), None)
    high = next((m.le for m in field.metadata if getattr(m, "le", None) is not None), None)
    return low, high


def hint(field: FieldInfo, name: str, default: Any = None) -> Any:
    """Return a form hint (``log``, ``step``, ``unit``, ``when``, ``advanced``, ``labels``) of a field."""
    extra = field.json_schema_extra
    return extra.get(name, default) if isinstance(extra, dict) else default


def applies(options: BaseModel, field: FieldInfo) -> bool:
    """Return whether a field has an effect under the other options."""
    for other, wanted in hint(field, "when", {}).items():
        legal = wanted if isinstance(wanted, list | tuple) else [wanted]
        if getattr(options, other) not in legal:
            return False
    return True


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every registry entry tells about itself.

    Attributes:
        name: Key in the registry, also in files and links.
        label: What a person reads.
        summary: One sentence of explanation.
        reference: Where it comes from (paper, equation), empty when it is common knowledge.
        options: The pydantic model of its options.
    """

    name: str
    label: str
    summary: str
    reference: str = ""
    options: type[Options] = Options


E = TypeVar("E", bound=Entry)


class Registry(Mapping[str, E], Generic[E]):
    """An ordered mapping from names to entries that refuses duplicates."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, E] = {}

    def add(self, entry: E) -> E:
        """Add an entry and return it.

        Raises:
            ValueError: If the name is taken.
        """
        if entry.name in self._entries:
            raise ValueError(f"{self.kind} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry
        return entry

    def __getitem__(self, name: str) -> E:
        try:
            return self._entries[name]
        except (KeyError, TypeError):
            raise KeyError(self.unknown(name)) from None

    def unknown(self, name: object) -> str:
        """Return the message for a name that is not here."""
        return f"unknown {self.kind} {name!r}; known are {', '.join(self._entries)}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Slot(BaseModel):
    """A choice from a registry with the options of that choice: ``{name, options}``.

    Subclasses set ``registry``. A bare name is accepted and means the default options.

    Raises:
        pydantic.ValidationError: For an unknown name or an option outside its bounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    registry: ClassVar[Registry[Any]]

    name: str
    options: SerializeAsAny[Options] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in cls.registry:
            raise ValueError(cls.registry.unknown(name))
        return name

    @field_validator("options", mode="before")
    @classmethod
    def _typed(cls, value: Any, info: ValidationInfo) -> Any:
        if "name" not in info.data:  # the name was wrong and has been reported already
            return Options()
        model = cls.registry[info.data["name"]].options
        if isinstance(value, Options):
            value = value.model_dump()
        return model.model_validate(value)

    @property
    def entry(self) -> Any:
        """The registry entry that this slot names."""
        return self.registry[self.name]
