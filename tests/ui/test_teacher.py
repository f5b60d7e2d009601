"""The teacher's key: right, wrong, too often, and only where the server has one."""

from __future__ import annotations

from collections import deque

import pytest
from streamlit.testing.v1 import AppTest

from playground.ui import state, teacher
from tests.ui.test_state import ADA, tab

__all__ = ["tab"]  # the fixture


@pytest.fixture(autouse=True)
def nobody_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "_wrong", deque())


@pytest.fixture
def sesame(tab: dict, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "sesame")
    return tab


def test_the_right_key_is_kept_in_the_tab_only(sesame: dict) -> None:
    assert "not the key" in teacher.try_key("guess")
    assert not state.jobs().is_teacher
    assert teacher.try_key("sesame") == ""
    assert state.jobs().is_teacher
    teacher._leave()
    assert not state.jobs().is_teacher


def test_a_wrong_key_does_not_take_the_right_one_away(sesame: dict) -> None:
    teacher.try_key("sesame")
    teacher.try_key("")
    assert state.jobs().is_teacher


def test_a_tab_may_not_guess_for_long(sesame: dict) -> None:
    for i in range(5):
        assert "not the key" in teacher.try_key(f"guess {i}", now=float(i))
    assert "Too many" in teacher.try_key("sesame", now=10.0)
    assert not state.jobs().is_teacher
    assert teacher.try_key("sesame", now=70.0) == ""


def test_new_tabs_do_not_help(sesame: dict) -> None:
    for i in range(60):
        sesame.pop("teacher_tries", None)
        assert "not the key" in teacher.try_key(f"guess {i}", now=1.0)
    sesame.pop("teacher_tries")
    assert "Too many" in teacher.try_key("guess", now=2.0)


@pytest.mark.parametrize("typed", ["", "sesame", "None"])
def test_a_server_without_a_key_has_no_teacher(tab: dict, typed: str) -> None:
    assert "not the key" in teacher.try_key(typed)
    assert not state.jobs().is_teacher


def test_a_teacher_types_the_key_where_the_class_is_opened(tmp_path, monkeypatch) -> None:
    def page() -> None:
        from playground.ui.classroom.page import _open_form

        _open_form()

    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "sesame")
    test = AppTest.from_function(page, default_timeout=90)
    test.session_state["user"] = ADA
    test.run()
    assert [box.key for box in test.text_input] == ["teacher_key"]
    test.text_input(key="teacher_key").set_value("guess")
    test.button[0].click().run()
    assert "not the key" in test.caption[-1].value
    test.text_input(key="teacher_key").set_value("sesame")
    test.button[0].click().run()
    assert not test.exception
    assert [box.key for box in test.text_input] == ["class_name"]
