"""Trainings step back: where the processor is short, pages are answered first."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NICE = 10
"""How far: beside a server that wants the whole processor, a tenth of what it gets."""
_GROUP = Path("/proc/self/autogroup")


def step_back() -> None:
    """Lower the priority of this process, once; of those that it starts, too."""
    with suppress(OSError, AttributeError):  # where there is no such thing
        os.nice(max(0, NICE - os.nice(0)))


def group_steps_back() -> None:
    """Lower the priority of this session of processes, if this process leads it.

    Linux may share the processor out by sessions first (its automatic groups); what one process of a
    session is worth then counts inside the session only. A session that somebody's shell leads is
    left alone.
    """
    if not hasattr(os, "getsid") or os.getsid(0) != os.getpid():
        return
    with suppress(OSError):  # another system, or a kernel without such groups
        _GROUP.write_text(str(NICE), encoding="ascii")
