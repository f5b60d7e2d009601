"""Compiled code that is kept: never older than its sources, and never in the way."""

import os
import subprocess
import sys

import pytest

from playground.fused import jit

SCRIPT = """
import sys
from pathlib import Path
from playground.fused import jit
jit.SOURCES = Path(sys.argv[1])
{change}
sys.path.insert(0, sys.argv[1])
from kernel import answer
print(answer(1), len(answer.stats.cache_hits))
"""
KERNEL = """
from helper import inner_answer
from playground.fused.jit import entry
@entry
def answer(x):
    return inner_answer(x)
"""
HELPER = """
from playground.fused.jit import inner
@inner
def inner_answer(x):
    return x + {}
"""


def run(folder, caches, change=""):
    environment = {**os.environ, "XDG_CACHE_HOME": str(caches)}
    command = [sys.executable, "-c", SCRIPT.format(change=change), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def write(folder, number):
    (folder / "kernel.py").write_text(KERNEL)
    (folder / "helper.py").write_text(HELPER.format(number))


def test_an_edited_helper_is_never_answered_from_the_cache(tmp_path):
    sources = tmp_path / "sources"
    sources.mkdir()
    write(sources, 1)
    assert run(sources, tmp_path) == [2, 0]
    assert run(sources, tmp_path) == [2, 1]  # the cache is used
    write(sources, 2)
    assert run(sources, tmp_path) == [3, 0]


@pytest.mark.full
def test_the_fingerprint_is_what_guards_against_it(tmp_path):
    """Numba alone, in one folder for all versions, gives the old answer."""
    sources = tmp_path / "sources"
    sources.mkdir()
    change = "jit.fingerprint = lambda: 'always the same'"
    write(sources, 1)
    assert run(sources, tmp_path, change) == [2, 0]
    write(sources, 2)
    assert run(sources, tmp_path, change) == [2, 1]


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """Make every folder for caches one that cannot be had."""
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("PLAYGROUND_HOME", str(blocked))


def test_without_a_folder_kernels_are_compiled_and_forgotten(nowhere):
    assert jit.cache_folder() is None

    @jit.entry
    def double(x):
        return 2 * x

    assert double(2) == 4


def test_the_store_keeps_the_code_where_the_users_cache_cannot(monkeypatch, tmp_path, nowhere):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    assert (tmp_path / "home") in jit.cache_folder().parents


def test_only_the_code_of_other_versions_that_nobody_uses_is_removed(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = jit.cache_folder()
    names = ("0123456789abcdef", "fedcba9876543210", "notes", own.name)
    for name in names:
        folder = own.parent / name
        folder.mkdir(exist_ok=True)
        (folder / "code").write_text("")
        old = name != "fedcba9876543210"
        os.utime(folder, (0, 0) if old else None)
    assert jit.clear_old_folders() == [own.parent / "0123456789abcdef"]
    left = {folder.name for folder in own.parent.iterdir()}
    assert left == {"fedcba9876543210", "notes", own.name}
    assert (own / "code").exists()


def test_where_nothing_is_kept_there_is_nothing_to_remove(nowhere):
    assert jit.clear_old_folders() == []
