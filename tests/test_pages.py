"""The list of pages against the folder, and the settings that the live views depend on."""

import ast
import inspect
import runpy
from pathlib import Path

from streamlit import config
from streamlit.runtime import app_session
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import script_runner

ROOT = Path(__file__).resolve().parents[1]


def listed_pages():
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    (pages,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "PAGES"
    )
    return pages


def test_every_page_file_is_listed_once():
    listed = [page[0] for entries in listed_pages().values() for page in entries]
    found = [str(path.relative_to(ROOT)) for path in ROOT.glob("pages/**/*.py")]
    assert sorted(listed) == sorted(found)


def test_pages_stand_one_folder_deep():
    # Directly in pages/ they would run without the frame on a deep link.
    assert not list(ROOT.glob("pages/*.py"))


def test_pages_are_thin():
    for path in ROOT.glob("pages/**/*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 60, path


def test_settings_are_those_that_were_measured(monkeypatch):
    monkeypatch.chdir(ROOT)
    config.get_config_options(force_reparse=True)
    assert config.get_option("runner.postScriptGC") is False
    assert config.get_option("global.maxCachedMessageAge") == 40
    assert config.get_option("server.address") == "127.0.0.1"
    assert config.get_option("browser.gatherUsageStats") is False


def test_a_server_knows_from_the_start_that_the_app_names_its_pages(monkeypatch):
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    runpy.run_path(str(ROOT / "app.py"), run_name="server")
    PagesManager(str(ROOT / "app.py"))
    assert PagesManager.uses_pages_directory is False


def test_streamlit_still_honours_the_hidden_settings():
    assert "runner.postScriptGC" in inspect.getsource(script_runner)
    assert "global.maxCachedMessageAge" in inspect.getsource(app_session)
