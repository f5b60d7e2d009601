"""Whose script runs: order, rank, and that nobody waits for ever."""

import threading
import time
from collections.abc import Callable

import pytest

from playground.ui.turns import CLOCK, PERSON, Turns


class Scripts:
    """Scripts in threads, which note when they have their turn and hold it until they may end."""

    def __init__(self, turns: Turns) -> None:
        self._turns, self.order, self.threads = turns, [], {}
        self.may_end: dict[str, threading.Event] = {}

    def start(self, name: str, rank: int = PERSON) -> None:
        """Start one and wait until it has its turn or waits for it."""
        self.may_end[name] = threading.Event()
        self.threads[name] = threading.Thread(target=self._run, args=(name, rank), daemon=True)
        before = self._seen()
        self.threads[name].start()
        until(lambda: self._seen() > before)

    def end(self, name: str) -> None:
        """Let one end, and wait until it has."""
        self.may_end[name].set()
        self.threads[name].join(10)
        assert not self.threads[name].is_alive()

    def _seen(self) -> int:
        return len(self.order) + len(self._turns._waiting)

    def _run(self, name: str, rank: int) -> None:
        with self._turns.turn(rank):
            self.order.append(name)
            self.may_end[name].wait(10)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def one() -> Scripts:
    return Scripts(Turns(at_once=1, patience=60.0, long=60.0))


def test_turns_are_had_in_the_order_in_which_scripts_came(one: Scripts) -> None:
    for name in "abc":
        one.start(name)
    assert one.order == ["a"]
    for name in "abc":
        one.end(name)
    assert one.order == ["a", "b", "c"]


def test_people_go_before_clocks(one: Scripts) -> None:
    one.start("first")
    one.start("clock", CLOCK)
    one.start("person", PERSON)
    for name in ("first", "person", "clock"):
        one.end(name)
    assert one.order == ["first", "person", "clock"]


def test_as_many_as_may_run_at_once() -> None:
    scripts = Scripts(Turns(at_once=2, patience=60.0, long=60.0))
    for name in "abc":
        scripts.start(name)
    assert sorted(scripts.order) == ["a", "b"]
    scripts.end("b")
    until(lambda: len(scripts.order) == 3)
    scripts.end("a")
    scripts.end("c")


def test_nobody_waits_longer_than_a_while() -> None:
    scripts = Scripts(Turns(at_once=1, patience=0.05, long=60.0))
    scripts.start("hangs")
    scripts.start("next")
    until(lambda: scripts.order == ["hangs", "next"])
    scripts.end("next")
    scripts.end("hangs")


def test_long_script_gives_its_turn_away() -> None:
    scripts = Scripts(Turns(at_once=1, patience=60.0, long=0.05))
    scripts.start("long")
    scripts.start("next")
    until(lambda: scripts.order == ["long", "next"])
    scripts.end("next")
    scripts.end("long")


def test_thread_with_a_turn_goes_on_with_it() -> None:
    turns = Turns(at_once=1, patience=60.0, long=60.0)
    with turns.turn(), turns.turn(CLOCK):  # as the views in their page's own run
        pass
    with turns.turn():  # it was given back once, and whole
        assert len(turns._since) == 1
    assert not turns._since


def test_turn_of_a_script_that_fails_is_given_back() -> None:
    turns = Turns(at_once=1, patience=60.0, long=60.0)
    with pytest.raises(KeyError), turns.turn():
        raise KeyError("a mistake")
    assert not turns._since
    assert not turns._waiting
