"""Any link to any page: no exception, and every message names the field that it is about."""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace

import pytest
import streamlit as st
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

import playground.ui
from playground import query
from playground.ui.folds import EVERYTHING, UNFOLDED
from playground.ui.sheet import Sheet
from tests.ui.test_state import tab

__all__ = ["tab"]  # the fixture
JUNK = (
    "",
    "nan",
    "-inf",
    "1e999",
    "9" * 5000,
    "[" * 3999,
    "[[[null]]]",
    '{"a": 1}',
    "null",
    "💥",
    "%00",
    "\x00",
    "\ud800",
    "٣",
    "-1",
    "0",
    "true",
    "../../etc/passwd",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "'; DROP TABLE runs; --",
    "__class__",
    "a,b,c," * 500,
)


def sheets() -> list[Sheet]:
    """The settings of all pages, found in all modules of the interface."""
    found = {}
    for module in pkgutil.walk_packages(playground.ui.__path__, "playground.ui."):
        if module.name.endswith("_settings"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Sheet):
                    found[id(value)] = value
    return list(found.values())


def names_of(sheet: Sheet) -> list[str]:
    """All names that may stand in a link of a page: of its fields, and of what can be chosen in them."""
    names = list(query.write(sheet._model()))
    for name in sheet._model.model_fields:
        slot = getattr(sheet._model(), name)
        for entry in getattr(type(slot), "registry", {}).values():
            names += [f"{name}.{option}" for option in entry.options.model_fields]
    return list(dict.fromkeys(names))


def test_the_sheets_are_found() -> None:
    assert {sheet._name for sheet in sheets()} >= {
        "papers",
        "sweeps",
        "runs",
        "integrators",
        "images",
    }


@pytest.mark.parametrize("sheet", sheets(), ids=lambda sheet: sheet._name)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=some.data())
def test_any_link_is_read_and_what_is_wrong_is_named(tab: dict, sheet: Sheet, data) -> None:
    texts = some.one_of(some.sampled_from(JUNK), some.text(max_size=40))
    keys = some.one_of(some.sampled_from(names_of(sheet)), some.text(min_size=1, max_size=20))
    link = data.draw(some.dictionaries(keys, texts, max_size=6))
    tab.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "query_params", SimpleNamespace(to_dict=lambda: dict(link)))
        found = sheet.open()
    assert isinstance(found, sheet._model)
    for _, text in tab.get("messages", {}):
        plain = text.replace("\\", "")
        assert plain.startswith("In the link: ")
        assert len(plain) < 6000
        assert names_something(plain, link, sheet), plain
    again, notes = query.read(sheet._model, query.write(found))
    assert (again, notes) == (found, [])  # what was made of it is legal


def names_something(text: str, link: dict[str, str], sheet: Sheet) -> bool:
    fields = [*sheet._model.model_fields, *link, *names_of(sheet)]
    return (
        any(name and name[:60] in text for name in fields)
        or "defaults are used" in text
        or ("not known" in text)
    )


@pytest.mark.parametrize("sheet", sheets(), ids=lambda sheet: sheet._name)
def test_each_field_takes_each_junk(tab: dict, sheet: Sheet) -> None:
    for name in query.write(sheet._model()):
        for text in JUNK:
            found, notes = query.read(sheet._model, {name: text})
            assert isinstance(found, sheet._model)
            assert all(note.field for note in notes if "fit together" not in note.wrong), (
                name,
                text,
            )


PAGES = (
    ("results.papers", "papers_page"),
    ("results.runs", "runs_page"),
    ("results.sweeps", "sweeps_page"),
    ("compare_page", "compare_page"),
    ("playground_page", "playground_page"),
)


def script(module: str, function: str) -> None:
    import importlib

    from playground.ui import state

    getattr(importlib.import_module(f"playground.ui.{module}"), function)()
    state.show_messages()


@pytest.mark.parametrize(("module", "function"), PAGES, ids=[page[0] for page in PAGES])
def test_a_page_with_junk_in_all_its_fields_is_drawn(
    module: str, function: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    page = AppTest.from_function(script, default_timeout=90, args=(module, function))
    page.session_state[UNFOLDED] = {EVERYTHING}
    names = [
        "run",
        "a",
        "b",
        "epochs",
        "data",
        "network",
        "search",
        "paper",
        "chosen",
        "page",
        "view",
    ]
    names += [
        "axes",
        "sort",
        "name",
        "base",
        "sweep",
        "settings",
        "nets",
        "data.hash",
        "scheme",
        "lesson",
    ]
    for name, text in zip(names, JUNK[1:]):
        page.query_params[name] = text.replace("\ud800", "?")
    page.run()
    assert not page.exception
    assert page.main.children  # there is something to be seen
