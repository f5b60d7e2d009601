"""How much memory there is, by files that a test writes; and that what is free is given back."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from playground.memory import LOW, allowed, for_one_run, is_low


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_without_a_limit_it_is_the_machines(tmp_path):
    none = [tmp_path / "missing", file(tmp_path, "max", "max\n")]
    assert allowed(none) == psutil.virtual_memory().total


def test_a_containers_limit_counts_where_it_is_lower(tmp_path):
    assert allowed([file(tmp_path, "limit", f"{2**30}\n")]) == 2**30
    # Version 1 of control groups writes a huge number for no limit.
    assert allowed([file(tmp_path, "none", "9223372036854771712")]) < 2**62


@pytest.mark.parametrize(
    ("wanted", "limit", "low"),
    [
        (None, LOW - 1, True),
        (None, LOW, False),
        (True, 64 * 2**30, True),
        (False, 2**29, False),
    ],
)
def test_what_somebody_decides_comes_before_the_limit(wanted, limit, low):
    assert is_low(wanted, limit) is low


def test_one_run_may_have_a_part_of_it():
    assert for_one_run(2**30) == 2**28
    assert for_one_run(2**40) == 4 * 2**30


KEPT = """
import psutil
from playground.memory import give_back_soon
told = give_back_soon() if {told} else None
large = b"x" * 2**22  # from its end on, as large ones come from the heap
del large
before = psutil.Process().memory_info().rss
blocks = [b"x" * 2**20 for _ in range(64)]
last = b"x" * 2**20  # above them
del blocks
print(told, (psutil.Process().memory_info().rss - before) / 2**20)
"""


@pytest.mark.skipif(
    not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""),
    reason="another library has no such options",
)
def test_what_large_messages_took_is_given_back():
    def kept(told: bool) -> list[str]:
        command = [sys.executable, "-c", KEPT.format(told=told)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    said, megabytes = kept(True)
    assert said == "True"
    assert float(megabytes) < 8.0  # the last block, and a little
    assert float(kept(False)[1]) > 32.0  # or this would not be needed
