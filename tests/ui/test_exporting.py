"""The export and the import of the page of the runs, drawn on a page of their own."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from playground.jobs import Jobs
from tests.exchange.conftest import assign, home, jobs, small, train  # noqa: F401 - fixtures


def page(ids):
    import streamlit as st

    from playground.jobs import Jobs
    from playground.ui import state
    from playground.ui.results.exporting import draw_export, draw_import

    st.session_state["user"] = "ada"
    state.show_messages()
    draw_export([Jobs().get(run_id) for run_id in ids])
    draw_import()


def opened(ids):
    app = AppTest.from_function(page, args=(ids,), default_timeout=60)
    app.run()
    assert not app.exception
    return app


def labels(app):
    return [element.proto.label for element in app.get("download_button")]


def test_the_downloads_fit_the_runs(jobs, train):  # noqa: F811
    assert labels(opened([])) == []
    one, waiting = train(small()), jobs.submit(small(), start=False)
    tables = ["Figures (CSV)", "Figures (Parquet)", "Settings (CSV)", "Settings (Parquet)", "JSON"]
    curves = ["Curves (PNG)", "Curves (SVG)"]
    assert labels(opened([one])) == ["Runs (zip)", *tables, "Weights", "Scripts", *curves]
    assert "Weights" not in labels(opened([waiting]))


def test_a_file_is_brought_back_once(jobs, train, monkeypatch):  # noqa: F811
    from playground.exchange.archive import archive
    from playground.ui.results import exporting

    data = archive(jobs, [train(small(), name="a*b")])
    app = opened([])
    app.get("file_uploader")[0].upload("runs.zip", data, "application/zip").run()
    app.button(key="exchange:import").click().run()
    assert not app.exception
    assert [note.value for note in app.success] == ["One run was brought back\\."] or app.success
    assert len(jobs.list_runs()) == 2
    assert app.button(key="exchange:import").disabled
    assert any("Open" in button.label for button in app.button)
    assert exporting.MAX_IMPORT_MB <= 50  # what the server takes at all


def test_a_damaged_file_is_said(jobs):  # noqa: F811
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("../evil", "x")
    app = opened([])
    app.get("file_uploader")[0].upload("<b>.zip", out.getvalue(), "application/zip").run()
    app.button(key="exchange:import").click().run()
    assert "no name of an entry" in app.error[0].value
    assert Jobs().list_runs() == []


@pytest.fixture(autouse=True)
def at_home(home):  # noqa: F811
    """An empty store."""
