"""What pages say when the store is locked, full or damaged, and that they go on afterwards."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.backup import back_up
from playground.ui import troubles


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return tmp_path


def frame() -> None:
    """The middle of ``open_frame``: a page, and what stands above it."""
    import sqlite3

    import streamlit as st

    from playground.ui import state, troubles

    try:
        runs = state.jobs().list_runs()
        with state.jobs().store.reading() as db:
            db.execute("SELECT COUNT(*) FROM metrics").fetchone()
        st.markdown(f"page with {len(runs)} runs")
    except sqlite3.Error as error:
        troubles.wait_for_the_store(error)
    troubles.tell_what_was_set_aside()


def errors(page: AppTest) -> str:
    return " ".join(each.value.replace("\\", "") for each in page.error)


def test_a_page_tells_that_the_database_was_set_aside(home: Path) -> None:
    jobs = Jobs()
    jobs.submit(Experiment(n_train=40), name="kept")
    back_up(jobs.store)
    with jobs.store.reading() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = AppTest.from_function(frame).run()
    assert page.markdown[0].value == "page with 1 runs"
    assert errors(page) == ""
    jobs.store.close()
    with (home / "store.sqlite").open("r+b") as file:
        file.write(os.urandom(4096))
    page.run()  # it meets the damage, says so and waits
    assert not page.exception
    page.run()
    assert page.markdown[0].value == "page with 1 runs"
    said = errors(page)
    assert "was damaged" in said
    assert "set-aside/" in said
    assert "nothing was deleted" in said
    assert "with 1 runs" in said
    page.button(key="troubles:read_it").click().run()
    assert errors(page) == ""
    fresh = AppTest.from_function(frame).run()  # another tab has not read it
    assert "was damaged" in errors(fresh)
    jobs.store.close()


def test_a_page_waits_in_words_for_a_store_that_does_not_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = AppTest.from_function(frame).run()
    with monkeypatch.context() as patch:
        patch.setattr("playground.jobs.reader.Reader.list_runs", _locked)
        page.run()
        assert not page.exception
        assert "held by another process" in errors(page)
        assert "Nothing is lost" in errors(page)
    page.run()
    assert errors(page) == ""
    assert page.markdown[0].value == "page with 0 runs"


def clicked() -> None:
    """What Streamlit does with an error that a callback has raised."""
    import sqlite3

    import streamlit as st

    from playground.ui import state, troubles

    state.show_messages()
    if st.session_state.setdefault("met", []):
        st.markdown("the page")
        return
    st.session_state["met"] += [
        troubles.taken_over(sqlite3.OperationalError("database is locked")),
        troubles.taken_over(ValueError("something else")),
    ]


def test_click_that_meets_a_locked_store_is_told_in_words(home: Path) -> None:
    page = AppTest.from_function(clicked).run()
    assert page.session_state["met"] == [True, False]
    assert "held by another process" in errors(page)
    page.run()
    assert errors(page) == ""
    assert page.markdown[0].value == "the page"
    assert "has to be clicked again" in page.info[0].value


def _locked(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("database is locked")


def beat() -> None:
    from playground.ui import state, troubles

    def draw(words: str) -> None:
        import streamlit as st

        st.markdown(f"{words} {len(state.jobs().list_runs())}")

    troubles.fragment(draw, run_every=None)("runs:")


def test_what_moves_by_itself_says_the_trouble_and_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = AppTest.from_function(beat)
    with monkeypatch.context() as patch:
        patch.setattr("playground.jobs.reader.Reader.list_runs", _locked)
        page.run()
        assert not page.exception
        assert "held by another process" in errors(page)
    page.run()
    assert page.markdown[0].value == "runs: 0"


def test_a_full_disk_is_called_so() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert "disk is full" in troubles.words_of(error)
