"""What the program must not contain, and what it must be set to: read from its own sources."""

from __future__ import annotations

import ast
import hmac
import logging
import re
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

import pytest

from playground.jobs import Jobs
from playground.jobs.settings import read_settings

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [*sorted((ROOT / "playground").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]
SOURCES.append(ROOT / "app.py")
BY_NAME = ("eval", "exec", "compile", "__import__", "execfile")
MODULES = ("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "codeop")
PROCESSES = {"cli.py", "launch.py", "processes.py", "readiness.py"}
"""Files that may start processes; none of them passes on anything that a user wrote."""


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


@cache
def calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 300


def test_nothing_is_evaluated_and_nothing_unpickled() -> None:
    found = []
    for path, tree in trees():
        for call in calls(tree):
            if isinstance(call.func, ast.Name) and call.func.id in BY_NAME:
                found.append(f"{path.name}:{call.lineno} {call.func.id}")
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [f"{path.name} {name}" for name in names if name.split(".")[0] in MODULES]
    assert found == []


def test_arrays_and_weights_are_read_without_pickle() -> None:
    reads = 0
    for path, tree in trees():
        for call in calls(tree):
            name = ast.unparse(call.func)
            if name in ("np.load", "numpy.load") or name.endswith(".read_array"):
                given = {word.arg: ast.unparse(word.value) for word in call.keywords}
                assert given.get("allow_pickle") == "False", (path, call.lineno)
                reads += 1
            assert name not in ("torch.load", "pd.read_pickle", "joblib.load"), (path, call.lineno)
    assert reads >= 1


def test_processes_are_started_from_lists_of_words_and_in_few_places() -> None:
    for path, tree in trees():
        for call in calls(tree):
            name = ast.unparse(call.func)
            assert not name.startswith(("os.system", "os.popen", "os.exec", "os.spawn")), path
            if name.startswith("subprocess."):
                assert path.name in PROCESSES, path
                shell = [word for word in call.keywords if word.arg == "shell"]
                assert shell == [], path


def test_no_page_takes_html_but_its_own() -> None:
    """The only HTML that pages write is that of the program; none has a user's text in it."""
    written = []
    for path, tree in trees():
        for call in calls(tree):
            name = ast.unparse(call.func)
            unsafe = [
                w
                for w in call.keywords
                if w.arg in ("unsafe_allow_html", "unsafe_allow_javascript")
            ]
            assert unsafe == [], path
            assert name not in ("st.iframe", "components.html", "st.components.v1.html"), path
            if name == "st.html":
                written.append(path.name)
    assert sorted(set(written)) == [
        "access.py",  # the title of a page, escaped
        "frame.py",  # the style
        "lookahead_thesis.py",  # marks of the program's own text
        "qr.py",  # a picture as base64
        "teacher.py",  # five letters of an alphabet
    ]


def test_sql_is_written_by_the_program_alone() -> None:
    """What is put into a query's text is a name of this program's, in upper case or a column's."""
    allowed = re.compile(
        r"[A-Z_]+|_[A-Z_]+|columns|marks|assignments|condition|table|query|name|statement|journal|"
        r"', '\.join\(.+\)|self\._\w+|max\(VERSION.*|max\(.*|names|quantity|VERSION"
    )
    for path, tree in trees():
        for call in calls(tree):
            if not ast.unparse(call.func).endswith((".execute", ".executemany")) or not call.args:
                continue
            for part in ast.walk(call.args[0]):
                if isinstance(part, ast.FormattedValue):
                    assert allowed.fullmatch(ast.unparse(part.value)), (
                        path,
                        ast.unparse(part.value),
                    )


def test_the_server_checks_where_requests_come_from() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    server = config["server"]
    assert server["enableXsrfProtection"] is True
    assert server["enableCORS"] is True
    assert "corsAllowedOrigins" not in server
    assert server["address"] == "127.0.0.1"
    assert server["maxUploadSize"] <= 50


# The teacher's key ------------------------------------------------------------------------------


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "open sesame äöü")


def test_the_key_is_compared_in_constant_time(keyed: None) -> None:
    with patch("hmac.compare_digest", wraps=hmac.compare_digest) as compared:
        assert Jobs(key="open sesame äöü").is_teacher
        assert not Jobs(key="open sesame").is_teacher
        assert not Jobs(key="").is_teacher
    assert compared.call_count == 3


def test_the_key_is_in_no_log_and_no_text(keyed: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    jobs = Jobs(key="open sesame äöü")
    assert "sesame" not in repr(read_settings())
    assert "sesame" not in repr(jobs) + str(vars(jobs).keys())
    jobs.engine_state()
    assert "sesame" not in caplog.text


# What is installed ------------------------------------------------------------------------------


def pinned() -> dict[str, str]:
    lines = []
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        lines += [line.split("#")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("-r ")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.+]*", line) for line in lines), lines
    return dict(line.split("==") for line in lines)


def test_every_requirement_is_pinned_and_what_is_installed_is_what_is_pinned() -> None:
    wanted = pinned()
    assert len(wanted) > 20
    assert {name: version(name).partition("+")[0] for name in wanted} == wanted


def imported() -> set[str]:
    """Return the names of all packages that the program imports at the top or inside functions."""
    import sys

    names = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - {"playground", "benchmarks", ""}


# Where a package is imported by another name than it is required by, or comes as a part of another.
CALLED = {
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert-python",
    "dask": "distributed",
    "llvmlite": "numba",
    "websockets": "streamlit",
}


def test_nothing_is_imported_that_is_not_required() -> None:
    wanted = {name.lower().replace("_", "-") for name in pinned()}
    found = {CALLED.get(name, name).lower().replace("_", "-") for name in imported()}
    assert found - wanted == set()
