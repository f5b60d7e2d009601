"""The settings of a page of its own: held in the tab, written in the address, changed by controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import streamlit as st
from pydantic import BaseModel

from playground import query
from playground.registry import Slot
from playground.ui import state
from playground.ui.browser import tell_browser, travelled
from playground.ui.controls import Form
from playground.ui.linking import embedded, link_menu, way_out

M = TypeVar("M", bound=BaseModel)


class Sheet(Generic[M]):
    """What somebody has set on one page, as a model all of whose fields have defaults.

    Args:
        name: Of the page; no other sheet may have it.
        model: A frozen pydantic model.
        begin: Returns, for a slot and what is chosen in it, the options that differ on this page from
            what they are elsewhere, as texts; the model's own defaults must agree with it.
    """

    def __init__(
        self,
        name: str,
        model: type[M],
        begin: Callable[[str, str], Mapping[str, str]] = lambda slot, chosen: {},
    ) -> None:
        self._name, self._model, self._begin = name, model, begin
        self.form = Form(f"{name}:", self.change, model=model)

    @property
    def name(self) -> str:
        """Name of the page."""
        return self._name

    @property
    def settings(self) -> M:
        """What is set now."""
        return st.session_state.get(f"sheet:{self._name}") or self._model()

    def open(self) -> M:
        """Take the link with which the tab comes to the page or goes back; return what is set."""
        back = travelled()
        if back is not None:
            st.session_state["arrived"] = False
            self._read(back, "In the link: ")
        elif st.session_state.get("arrived", True):
            st.session_state["arrived"] = False
            fields = st.query_params.to_dict()
            link = {k: v for k, v in fields.items() if not k.startswith("embed")}
            if link:
                self._read(link, "In the link: ")
        return self.settings

    def close(self) -> None:
        """Let the browser write the address; to be called in each run of the page."""
        tell_browser(self.link())

    def link(self) -> dict[str, str]:
        """Return the link to what is set: the first field, and what differs from the defaults."""
        chosen, usual = query.write(self.settings), query.write(self._model())
        first = next(iter(chosen))
        return {n: text for n, text in chosen.items() if n == first or usual.get(n) != text}

    def read(self, link: Mapping[str, str]) -> tuple[M, list[str]]:
        """Return the settings that a link stands for, and what had to be said; nothing is set."""
        found, notes = query.read(self._model, {**self._beginnings(link), **link})
        return found, [str(note) for note in notes]

    def take(self, link: Mapping[str, str], changes: Mapping[str, str] | None = None) -> None:
        """Set the page as a link says, whatever was set before; then change some of it.

        Args:
            link: Dotted names and texts; what it leaves out is at its default.
            changes: As ``change`` takes them.
        """
        self._read(link, "")
        if changes:
            self.change(changes)

    def change(self, values: Mapping[str, Any]) -> None:
        """Change fields by their dotted names; a slot that is chosen anew begins with its defaults.

        What is not legal is brought to the nearest legal value, and said.
        """
        before = query.write(self.settings)
        named = {name: query.text_of(value) for name, value in values.items()}
        slots = {n for n in type(self.settings).model_fields if self._is_slot(n)}
        anew = tuple(f"{n}." for n in named if n in slots and named[n] != before[n])
        kept = {k: v for k, v in before.items() if not k.startswith(anew)} if anew else before
        self._read({**kept, **named}, "")

    def share(self) -> None:
        """Draw the menu with the link to this page as it is set; in a frame, the way out of it."""
        if embedded():
            way_out(self.link())
            return
        with st.popover("Share", icon=":material/link:"):
            words = "The address of this page holds all that is set:"
            link_menu(self._name, self.link(), words)

    def _is_slot(self, name: str) -> bool:
        return isinstance(getattr(self.settings, name), Slot)

    def _beginnings(self, values: Mapping[str, str]) -> dict[str, str]:
        usual = self._model()
        slots = {n: getattr(usual, n) for n in self._model.model_fields if self._is_slot(n)}
        return {
            f"{name}.{option}": text
            for name, slot in slots.items()
            for option, text in self._begin(name, values.get(name, slot.name)).items()
        }

    def _read(self, values: Mapping[str, str], where: str) -> None:
        found, notes = self.read(values)
        st.session_state[f"sheet:{self._name}"] = found
        for note in notes:
            state.say(f"{where}{note}.")
