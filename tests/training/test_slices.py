"""Work in slices: what is kept, what is computed again, and what happens when time is over."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.training.slices import Kept, Slice, advance, check_room, missing


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 5))
def test_kept_are_the_last_that_were_asked_for(keys, most):
    kept, order = Kept(most), []
    for key in keys:
        kept.put(key, -key)
        order = [k for k in order if k != key] + [key]
    assert [key for key in range(7) if key in kept] == sorted(order[-most:])
    assert all(kept.get(key) == -key for key in order[-most:])
    assert len(kept) == len(order[-most:])


def test_asking_keeps_a_result_longer():
    kept = Kept(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert "a" in kept
    assert "b" not in kept
    with pytest.raises(ValueError, match="most: 0 is not legal; legal is 1"):
        Kept(0)


def test_only_what_is_missing_is_computed_and_all_of_it_in_time():
    counted, lock = [], threading.Lock()

    def compute(key):
        with lock:
            counted.append(key)
        return key * key

    kept = Kept(100)
    work = {key: (lambda key=key: compute(key)) for key in range(10)}
    first = advance(kept, dict(list(work.items())[:4]), 60)
    assert (first.done, first.missing) == (4, 0)
    assert missing(kept, work) == list(range(4, 10))
    second = advance(kept, work, 60, threads=3)
    assert (second.done, second.missing) == (6, 0)
    assert sorted(counted) == list(range(10))
    assert [kept.get(key) for key in work] == [key * key for key in work]
    assert advance(kept, work, 60) == Slice(0, 0, 0.0)


def test_a_slice_ends_when_its_time_is_over_but_not_empty():
    kept = Kept(100)
    work = {key: (lambda: time.sleep(0.02)) for key in range(50)}
    part = advance(kept, work, 0.0, threads=2)
    assert 1 <= part.done <= 2
    assert part.done + part.missing == 50
    assert part.left == pytest.approx(part.seconds / part.done * part.missing)
    assert Slice(0, 5, 0.0).left is None


def test_an_error_comes_out_and_what_others_found_is_kept():
    def fail():
        raise ValueError("no such net")

    kept = Kept(10)
    with pytest.raises(ValueError, match="no such net"):
        advance(kept, {"good": lambda: 1, "bad": fail}, 60, threads=1)
    assert kept.get("good") == 1


def test_more_than_can_be_kept_is_refused():
    work = {key: (lambda: 0) for key in range(3)}
    check_room(Kept(3), work)
    with pytest.raises(ValueError, match="3 results are wanted at once; legal are up to 2"):
        check_room(Kept(2), work)
