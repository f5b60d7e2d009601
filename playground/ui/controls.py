"""Controls drawn from the declarations: every option's type, bounds, label and help are its own."""

from __future__ import annotations

import math
import random
import typing
from typing import Any

import streamlit as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from playground.classroom.rules import CHOICE, NO_RULES, Rules
from playground.query import text_of
from playground.registry import Options, Slot, applies, bounds, hint
from playground.ui import state, teaching
from playground.ui.delivery import is_overtaken, put

LOCKED = "Locked by the link that you opened, or by your teacher."
_SMALL, _SHORT = 3, 24  # so many choices fit side by side, of so many letters in all


def _label(field: FieldInfo) -> str:
    unit = hint(field, "unit", "")
    return f"{field.title} ({unit})" if unit else str(field.title)


class Form:
    """Controls for the fields of one model, whichever page it belongs to.

    Args:
        space: Beginning of the widgets' keys, different for each form in a tab.
        change: Takes ``{dotted name: value}`` of what somebody has changed.
        rules: Returns what is hidden and what is locked on the page that is drawn.
        now: Returns the same as of this moment, for what was moved a moment ago.
        model: The model, whose descriptions are the tooltips of choices that are known only late.
    """

    def __init__(
        self,
        space: str,
        change: typing.Callable[[dict[str, Any]], None],
        rules: typing.Callable[[], Rules] = lambda: NO_RULES,
        *,
        now: typing.Callable[[], Rules] | None = None,
        model: type[BaseModel] | None = None,
    ) -> None:
        self._space, self._change, self._rules = space, change, rules
        self._rules_now = now or rules
        self._fields = {} if model is None else model.model_fields

    def hides(self, name: str) -> bool:
        """Return whether the control of a field, by its dotted name, is not to be drawn."""
        return self._rules().hides(name)

    def lock(self, name: str, help: str | None = None) -> dict[str, Any]:
        """Return the arguments of a control that say whether it is locked, and its help.

        Args:
            name: Dotted name of the field; a slot's choice has ``.choice`` behind it.
            help: What the control is for.
        """
        if not self._rules().locks(name):
            return {"help": help}
        words = f":material/lock: {LOCKED}"
        return {"help": f"{help}\n\n{words}" if help else words, "disabled": True}

    def key_of(self, name: str) -> str:
        """Return the widget key of a field, by its dotted name."""
        return f"{self._space}:{name}"

    def field(self, model: BaseModel, name: str, prefix: str = "", placeholder: str = "") -> None:
        """Draw the control of one field of the experiment or of one of its options.

        Args:
            model: The experiment, or the options of a slot.
            name: The field.
            prefix: Dotted name of the slot with a dot behind it; empty for the experiment.
            placeholder: What an empty box says; "off" for a number that may be left out.
        """
        field = type(model).model_fields[name]
        dotted, value = prefix + name, getattr(model, name)
        if isinstance(value, Slot):
            self.slot(value, dotted, field)
            return
        if self.hides(dotted):
            return
        kinds = typing.get_args(field.annotation) or (field.annotation,)
        about = {"label": _label(field), "key": self.key_of(dotted)}
        about |= self.lock(dotted, field.description)
        if typing.get_origin(field.annotation) is typing.Literal:
            self._choice(field, value, about, dotted)
        elif field.annotation is bool:
            self._put(dotted, value)
            st.toggle(**about, value=value, on_change=self._changed, args=(dotted,))
        elif type(None) in kinds:
            self._typed(0.01, "%.6g", value, about, dotted, empty=placeholder or "off")
        elif field.annotation in (int, float):
            self._number(field, value, about, dotted)
        else:
            self._put(dotted, text_of(value))
            st.text_input(
                **about,
                value=text_of(value),
                placeholder=placeholder or None,
                on_change=self._changed,
                args=(dotted,),
            )

    def named(self, model: BaseModel, dotted: str) -> None:
        """Draw the control of one field by its dotted name; of a slot the choice alone.

        An option that has no effect beside the others is left out.

        Args:
            model: The experiment, or the settings of a page.
            dotted: The name, as a link has it.

        Raises:
            KeyError: If the model, as it is set, has no such field.
        """
        *slots, name = dotted.split(".")
        for slot in slots:
            if slot not in type(model).model_fields:
                raise KeyError(dotted)
            model = getattr(model, slot).options
        field = type(model).model_fields[name]
        value = getattr(model, name)
        if isinstance(value, Slot):
            self.slot(value, dotted, field, form=lambda options: None)
        elif applies(model, field):
            self.field(model, name, "".join(f"{slot}." for slot in slots))

    def slot(
        self,
        slot: Slot,
        dotted: str,
        field: FieldInfo,
        *,
        only: typing.Sequence[str] | None = None,
        form: typing.Callable[[Any], None] | None = None,
        mark: typing.Callable[[str], str] | None = None,
    ) -> None:
        """Draw the choice of a slot and, below it, the options of what is chosen.

        Args:
            slot: The slot.
            dotted: Its dotted name.
            field: Its declaration.
            only: The names to choose from; all of the registry's without.
            form: Draws the options in place of one control for each.
            mark: Returns what stands behind the label of a name, empty for nothing.
        """
        registry = type(slot).registry
        names = [name for name in only or registry if name in registry]
        if slot.name not in names:
            names.append(slot.name)
        help = f"{field.description} {registry[slot.name].label}: {registry[slot.name].summary}"
        if not self.hides(f"{dotted}.{CHOICE}"):
            self._put(dotted, slot.name)
            st.selectbox(
                field.title or dotted,
                names,
                index=names.index(slot.name),
                format_func=lambda name: registry[name].label + (mark(name) if mark else ""),
                key=self.key_of(dotted),
                on_change=self._changed,
                args=(dotted,),
                **self.lock(f"{dotted}.{CHOICE}", help),
            )
        if form is not None:
            form(slot.options)
        else:
            self.options(slot.options, f"{dotted}.")

    def options(
        self,
        options: Options,
        prefix: str,
        *,
        skip: typing.Collection[str] = (),
        advanced: bool | None = None,
    ) -> None:
        """Draw the controls of all options that apply now.

        Args:
            options: The options.
            prefix: Dotted name of their slot with a dot behind it.
            skip: Fields that are drawn elsewhere.
            advanced: Only the advanced ones, only the others, or (``None``) all.
        """
        for name, field in type(options).model_fields.items():
            folded = bool(hint(field, "advanced", False))
            if name in skip or (advanced is not None and folded != advanced):
                continue
            if applies(options, field):
                self.field(options, name, prefix)

    def seed(self, model: BaseModel, name: str) -> None:
        """Draw a seed with a button that throws it anew."""
        if self.hides(name):
            return
        box, button = st.columns([3, 1], vertical_alignment="bottom", gap="small")
        with box:
            self.field(model, name)
        with button:
            st.button(
                "",
                icon=":material/casino:",
                key=self.key_of(f"throw:{name}"),
                **self.lock(name, "Throw a new seed."),
                on_click=lambda: self._change({name: random.randrange(10_000)}),
                width="stretch",
            )

    def _put(self, dotted: str, value: Any) -> None:
        put(self.key_of(dotted), value)

    def _changed(self, dotted: str) -> None:
        # An emptied field counts as a value, so that it is refused in words where it is not legal.
        # What was moved in the moment in which it is locked stays as it was.
        if not is_overtaken(self.key_of(dotted)) and not self._rules_now().locks(dotted):
            self._change({dotted: st.session_state[self.key_of(dotted)]})

    def _choice(self, field: FieldInfo, value: Any, about: dict[str, Any], dotted: str) -> None:
        choices, labels = list(typing.get_args(field.annotation)), hint(field, "labels", {})
        about |= {"format_func": lambda choice: labels.get(choice, str(choice))}
        about |= {"on_change": self._changed, "args": (dotted,)}
        self._put(dotted, value)
        words = "".join(labels.get(choice, str(choice)) for choice in choices)
        if len(choices) <= _SMALL and len(words) <= _SHORT:
            st.segmented_control(options=choices, default=value, required=True, **about)
        else:
            st.selectbox(options=choices, index=choices.index(value), **about)

    def many(
        self,
        model: BaseModel,
        name: str,
        labels: typing.Mapping[str, str],
        placeholder: str | None = None,
    ) -> None:
        """Draw the choice of some out of many, as a list that grows.

        Args:
            model: The model, whose field is a tuple of names.
            name: The field.
            labels: What a person reads for each name.
            placeholder: What an empty list says.
        """
        field, value = type(model).model_fields[name], list(getattr(model, name))
        self._put(name, value)
        st.multiselect(
            str(field.title),
            list(labels),
            default=value,
            format_func=lambda choice: labels[choice],
            help=field.description,
            key=self.key_of(name),
            placeholder=placeholder,
            on_change=self._changed,
            args=(name,),
        )

    def choose(
        self,
        name: str,
        title: str,
        choices: typing.Sequence[str],
        index: int,
        label: typing.Callable[[str], str],
        help: str | None = None,
    ) -> None:
        """Draw the choice of one out of names that are known only now.

        Args:
            name: The field.
            title: What stands above it.
            choices: The names.
            index: Place of the one that is chosen.
            label: What a person reads for a name.
            help: The tooltip; the field's own description without.
        """
        field = self._fields.get(name)
        self._put(name, choices[index])
        st.selectbox(
            title,
            choices,
            index=index,
            format_func=label,
            help=help or (field.description if field is not None else None),
            key=self.key_of(name),
            on_change=self._changed,
            args=(name,),
        )

    def _number(self, field: FieldInfo, value: Any, about: dict[str, Any], dotted: str) -> None:
        low, high = bounds(field)
        whole = field.annotation is int
        known = low is not None and high is not None
        if known and hint(field, "log", False):
            self._logarithmic(field.annotation, low, high, value, about, dotted)
            return
        step = 1 if whole else hint(field, "step", None)
        if known and step and high - low <= (60 if whole else 10):
            number = int if whole else float
            self._put(dotted, value)
            st.slider(
                **about,
                min_value=number(low),
                max_value=number(high),
                value=number(value),
                step=step,
                on_change=self._changed,
                args=(dotted,),
            )
        else:
            self._typed(step or 0.01, None if whole else "%.6g", value, about, dotted)

    def _typed(
        self,
        step: float,
        form: str | None,
        value: Any,
        about: dict[str, Any],
        dotted: str,
        empty: str = "",
    ) -> None:
        """Draw a box for a number of any size, which a slider would round.

        It has no bounds in the browser: there, a number beyond them would stay in the box with a message
        of the browser's own. A box that may be empty must not begin with a number, which it would keep.
        """
        self._put(dotted, value)
        st.number_input(
            **about,
            value=None if empty else value,
            step=step,
            format=form,
            placeholder=empty or None,
            on_change=self._changed,
            args=(dotted,),
        )

    def _logarithmic(
        self, kind: type, low: float, high: float, value: Any, about: dict[str, Any], dotted: str
    ) -> None:
        """Draw a slider over 1, 2, 5, 10, … (ones and threes over wide ranges) between the bounds."""
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 3) if high / low > 1e4 else (1, 2, 5)
        marks = {float(f"{m}e{d}") for d in decades for m in steps}
        choices = sorted({mark for mark in marks if low <= mark <= high} | {low, high, value})
        choices = [kind(choice) for choice in choices]
        self._put(dotted, value)
        st.select_slider(
            options=choices,
            value=value,
            format_func=lambda v: f"{v:g}",
            **about,
            on_change=self._changed,
            args=(dotted,),
        )


PLAYGROUND = Form(
    "field",
    lambda values: state.change(values),
    lambda: teaching.rules(),
    now=lambda: teaching.rules_now(),
)
"""The form of the experiment."""
