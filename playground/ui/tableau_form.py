"""The form in which a tableau is written: everything in it changes at once, or nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from playground.integrators import INTEGRATORS, InlineTableau, RungeKutta
from playground.integrators.tableau import MAX_ORDER, MAX_STAGES
from playground.ui import state
from playground.ui.tableau_draft import LONGEST_NAME, Draft

SUBMIT = "tableau:use"
_KNOWN = [name for name, s in INTEGRATORS.items() if isinstance(s, RungeKutta) and name != "custom"]


@dataclass
class _Held:
    """What this tab's form holds between two runs of the script.

    Attributes:
        shown: The tableau of the experiment when the cells were last filled from it.
        draft: What is in the cells, legal or not, as far as the server knows.
        fault: Why the last attempt was refused.
        filled: How often all cells were filled anew; their keys carry it, so that nothing typed
            before stays in the browser.
    """

    shown: InlineTableau
    draft: Draft
    fault: str = ""
    filled: int = 0

    def fill(self, draft: Draft) -> None:
        """Put other texts into all cells."""
        self.draft, self.fault, self.filled = draft, "", self.filled + 1

    def key(self, cell: str) -> str:
        """Return the widget key of a cell, ``a21`` or ``b1``, or of a choice beside them."""
        return f"tableau:{self.filled}:{cell}"

    def typed(self, cell: str, otherwise: Any) -> Any:
        """Return what the browser holds in a cell; the cells may have been filled since."""
        return st.session_state.get(self.key(cell), otherwise)


def tableau_form(options: InlineTableau) -> None:
    """Draw the form of the tableau in the experiment."""
    held: _Held | None = st.session_state.get("tableau")
    if held is None:
        held = st.session_state["tableau"] = _Held(options, Draft.of(options, options.label))
    elif held.shown != options:  # a link, a run or a lesson brought another one
        held.shown = options
        held.fill(Draft.of(options, options.label))
    with st.container(key="tableau", gap="small"):
        _beginning(held)
        with st.form("tableau_form", border=True):
            _cells(held)
            st.form_submit_button(
                "Use this tableau", type="primary", width="stretch", key=SUBMIT, on_click=_use
            )
        _verdict(held)


def _beginning(held: _Held) -> None:
    """Draw what fills or resizes the cells: a known scheme, the number of stages."""
    known, stages = st.columns([1.5, 1], gap="small")
    with known:
        st.selectbox(
            "Start from",
            _KNOWN,
            index=None,
            format_func=lambda name: f"{name} · {INTEGRATORS[name].label}",
            placeholder="rk4, …",
            help="Fills the cells with the coefficients of a known method.",
            key=held.key("start"),
            on_change=_start,
            args=(held.key("start"),),
        )
    with stages:
        _put(held.key("stages"), held.draft.stages)
        st.selectbox(
            "Stages",
            range(1, MAX_STAGES + 1),
            help="Field evaluations in a step; cells are added or cut off at the end.",
            key=held.key("stages"),
            on_change=_resize,
            args=(held.key("stages"),),
        )


def _cells(held: _Held) -> None:
    draft = held.draft
    name, order = st.columns([1.7, 1], gap="small")
    with name:
        _put(held.key("label"), draft.label)
        st.text_input(
            "Name",
            key=held.key("label"),
            max_chars=LONGEST_NAME,
            help="What the method is called in the list of schemes.",
        )
    with order:
        _put(held.key("order"), draft.order)
        st.selectbox(
            "Order",
            range(1, MAX_ORDER + 1),
            help="Order that the method claims; all conditions up to it are checked.",
            key=held.key("order"),
        )
    with st.container(key="tableau_grid", gap=None):
        for i in range(draft.stages):
            _row(held, draft.node(i), [f"a{i + 1}{j + 1}" for j in range(i)], draft.a[i])
        with st.container(key="tableau_weights"):
            _row(held, "b", [f"b{i + 1}" for i in range(draft.stages)], draft.b)
    st.caption("Left of the line c, the sums of the rows, when last checked. Empty cells are 0.")


def _row(held: _Held, head: str, cells: list[str], texts: tuple[str, ...]) -> None:
    columns = st.columns(
        held.draft.stages + 1, gap="xxsmall", vertical_alignment="center", wrap=False
    )
    columns[0].markdown(head.replace("-", "−"), text_alignment="right")
    for column, cell, text in zip(columns[1:], cells, texts):
        with column:
            _put(held.key(cell), text)
            st.text_input(
                cell,
                key=held.key(cell),
                help="A number or a fraction such as 1/6.",
                label_visibility="collapsed",
                placeholder="0",
                max_chars=24,
            )


def _verdict(held: _Held) -> None:
    """Say why the tableau was refused, or that it is not in use yet."""
    if held.fault:
        text = f"{state.plain(held.fault)}. The tableau in use has not changed."
        st.error(text, icon=":material/error:")
    elif held.draft != Draft.of(held.shown, held.shown.label) and not _in_use(held):
        st.caption(":material/edit: Not in use yet.")


def _in_use(held: _Held) -> bool:
    try:
        return held.draft.method() == held.shown
    except ValueError:
        return False


def _put(key: str, value: object) -> None:
    if key not in st.session_state:
        st.session_state[key] = value


def _start(key: str) -> None:
    held: _Held = st.session_state["tableau"]
    name = st.session_state[key]
    if name is not None and key == held.key("start"):  # what comes twice fills once
        held.fill(Draft.of(INTEGRATORS[name].tableau, held.draft.label))


def _resize(key: str) -> None:
    held: _Held = st.session_state["tableau"]
    if key == held.key("stages"):
        held.draft, held.fault = held.draft.resized(st.session_state[key]), ""


def _use() -> None:
    """Take everything that was typed; make it the scheme if it is a method."""
    held: _Held = st.session_state["tableau"]
    old = held.draft
    held.draft = Draft(
        label=held.typed("label", old.label).strip(),
        order=held.typed("order", old.order),
        a=tuple(
            tuple(held.typed(f"a{i + 1}{j + 1}", text) for j, text in enumerate(row))
            for i, row in enumerate(old.a)
        ),
        b=tuple(held.typed(f"b{i + 1}", text) for i, text in enumerate(old.b)),
    )
    try:
        method = held.draft.method()
    except ValueError as error:
        held.fault = str(error)
        return
    held.fault = ""
    values = {f"scheme.{name}": getattr(method, name) for name in type(method).model_fields}
    state.change({"scheme": "custom", **values})
    held.shown = state.experiment().scheme.options
