"""How much memory there is, by files that a test writes."""

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
