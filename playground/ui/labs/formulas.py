"""The form for right-hand sides that people type: what is wrong stays in its box, with the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass

import streamlit as st
from pydantic import ValidationError

from playground.formula import LONGEST
from playground.systems.own import Own
from playground.ui import state
from playground.ui.labs.integrators_settings import SHEET

_NAMES = ("x", "y", "z")
_KEY = "own_formulas"


@dataclass
class _Held:
    """What the boxes of this tab hold.

    Attributes:
        shown: The formulas in use when the boxes were last filled from them.
        fault: Why what was typed is not in use.
        filled: How often the boxes were filled; their keys carry it.
    """

    shown: tuple[str, ...]
    fault: str = ""
    filled: int = 0

    def key(self, name: str) -> str:
        return f"own:{self.filled}:{name}"


def own_formulas(options: Own) -> None:
    """Draw a box for each component; an empty one, and those after it, are left out."""
    held: _Held | None = st.session_state.get(_KEY)
    if held is None:
        held = st.session_state[_KEY] = _Held(options.equations)
    elif held.shown != options.equations:  # a link brought others
        held.shown, held.fault, held.filled = options.equations, "", held.filled + 1
    for i, name in enumerate(_NAMES):
        key = held.key(name)
        if key not in st.session_state:
            st.session_state[key] = options.equations[i] if i < len(options.equations) else ""
        st.text_input(
            f"{name}′ =",
            key=key,
            max_chars=LONGEST,
            placeholder="no such component",
            help="A formula of t and of the components: + − * / ^, sin, cos, exp, log, sqrt, tanh, abs, "
            "pi and e among others.",
            on_change=_typed,
        )
    if held.fault:
        st.error(
            f"{state.plain(held.fault)}. The formulas in use have not changed.",
            icon=":material/error:",
        )


def _typed() -> None:
    held: _Held = st.session_state[_KEY]
    texts = [st.session_state.get(held.key(name), "").strip() for name in _NAMES]
    used = tuple(texts[: texts.index("")] if "" in texts else texts)
    try:
        Own(equations=used)
    except ValidationError as error:
        first = error.errors()[0]
        held.fault = str(first.get("ctx", {}).get("error", first["msg"]))
        return
    held.fault, held.shown = "", used
    SHEET.change({"problem.equations": json.dumps(list(used))})
