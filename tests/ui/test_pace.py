"""How the server measures itself, and what follows for pages that look at what moves."""

import gc
import sys
import time

import pytest

from playground.ui import pace


def test_share_is_of_the_last_seconds_only() -> None:
    load = pace.Load()
    start, used = time.monotonic(), time.process_time()
    assert load.share(start + 0.01, used + 0.01) == 0.0  # too short a time to say
    for second in range(1, 11):  # idle, then busy
        busy = max(0, second - 4)
        share = load.share(start + second, used + 0.5 * busy)
    assert share == pytest.approx(0.5, abs=0.01)
    assert load.share(start + 100, used + 3.0) < 0.01


def test_share_of_a_process_that_computes() -> None:
    load = pace.Load()
    began = time.process_time()
    while time.process_time() - began < 0.4:
        pass
    assert load.share() > 0.0


@pytest.mark.parametrize(
    ("share", "times"), [(0.0, 1.0), (0.25, 1.0), (0.475, 4.5), (0.7, 8.0), (2.0, 8.0)]
)
def test_looks_are_further_apart_where_the_server_is_busy(share: float, times: float) -> None:
    assert pace.stretched(0.5, share) == pytest.approx(0.5 * times)


def test_process_is_set_up_to_answer_quickly() -> None:
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        pace.answer_quickly()
        assert sys.getswitchinterval() < 0.005
    finally:
        sys.setswitchinterval(before)


def test_each_page_is_settled_once(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(pace, "_settled", set())
    monkeypatch.setattr(gc, "collect", lambda: calls.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    for page in ("", "playground", "", "playground"):
        pace.settle(page)
    assert calls == ["collect", "freeze"] * 2
