"""Trainings step back behind pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.jobs.priority import NICE

SHOW = "import os; from playground.jobs.priority import *; {act}(); {act}(); print({show})"


def told(act: str, show: str, *, leads: bool = False) -> str:
    words = [sys.executable, "-c", SHOW.format(act=act, show=show)]
    found = subprocess.run(
        words, capture_output=True, text=True, check=True, start_new_session=leads
    )
    return found.stdout.strip()


def test_a_worker_is_nicer_than_others_however_often_it_steps_back() -> None:
    assert int(told("step_back", "os.nice(0)")) == max(NICE, os.nice(0))


GROUP = "open('/proc/self/autogroup').read()"
grouped = pytest.mark.skipif(
    not os.path.exists("/proc/self/autogroup"), reason="this kernel knows no such groups"
)


@grouped
def test_a_session_of_its_own_steps_back() -> None:
    assert told("group_steps_back", GROUP, leads=True).endswith(f"nice {NICE}")


@grouped
def test_a_session_that_somebody_else_leads_is_left_alone() -> None:
    before = Path("/proc/self/autogroup").read_text().strip()
    assert told("group_steps_back", GROUP) == before
