"""What is computed once has to be what Streamlit computes each time."""

from importlib import import_module

import pytest
from streamlit.proto.NewSession_pb2 import NewSession
from streamlit.runtime import app_session
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.testing.v1 import AppTest

from playground.ui import quicker

SECTIONS = ["", "light", "dark", "sidebar", "light.sidebar", "dark.sidebar"]


def themed(fill) -> NewSession:
    message = NewSession()
    theme = message.custom_theme
    for section in SECTIONS:
        part = theme
        for name in filter(None, section.split(".")):
            part = getattr(part, name)
        fill(part, f"theme.{section}".rstrip("."))
    return message


def test_theme_is_the_same_each_time() -> None:
    plain = getattr(app_session._populate_theme_msg, "__wrapped__", app_session._populate_theme_msg)
    quick = quicker.remembered(plain)
    wanted = themed(plain)
    assert wanted.custom_theme.dark.primary_color  # or nothing is compared
    assert themed(quick) == themed(quick) == wanted
    assert themed(quick).SerializeToString() == wanted.SerializeToString()


def test_a_control_finds_what_streamlit_would_find() -> None:
    state = SessionState()
    state["empty"], state["full"] = None, 3
    safe = SafeSessionState(state, lambda: None)
    quick, whole = quicker.looked_up(lambda: safe)().filtered_state, safe.filtered_state
    for key in ("empty", "full", "absent"):
        assert (key in quick) == (key in whole)
    assert quick["empty"] is None
    assert quick["full"] == whole["full"] == 3


def test_both_are_where_streamlit_has_them() -> None:
    assert callable(getattr(app_session, quicker._THEME))
    assert all(callable(getattr(import_module(m), quicker._STATE)) for m in quicker._WIDGETS)


def script() -> None:
    import streamlit as st

    st.session_state["chosen"] = None
    st.number_input("n", value=2, key="n")
    st.number_input("empty", value=None, key="empty")
    st.selectbox("choice", ["a", "b"], key="chosen")
    st.text_input("text", value="x", key="text")


@pytest.mark.parametrize("quick", [False, True])
def test_controls_show_the_same(monkeypatch, quick: bool) -> None:
    for name in quicker._WIDGETS:
        module = import_module(name)
        plain = getattr(module.get_session_state, "__wrapped__", module.get_session_state)
        monkeypatch.setattr(module, quicker._STATE, quicker.looked_up(plain) if quick else plain)
    page = AppTest.from_function(script).run()
    page.number_input(key="n").set_value(5).run()
    assert not page.exception
    assert [page.number_input(key=key).value for key in ("n", "empty")] == [5, None]
    assert page.selectbox(key="chosen").value is None
    assert page.text_input(key="text").value == "x"
