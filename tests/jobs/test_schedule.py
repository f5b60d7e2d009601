from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.jobs.schedule import Holding, Plan, Waiting, plan

QUANTUM = 5.0


def decide(waiting: list[Waiting], holding: list[Holding], slots: int, **kwargs: object) -> Plan:
    options = {"now": 100.0, "quantum": QUANTUM, "served": {}} | kwargs
    return plan(waiting, holding, slots, **options)


def test_the_user_with_fewest_running_comes_first() -> None:
    waiting = [Waiting(f"a{i}", "ada", i, short=True) for i in range(20)]
    waiting.append(Waiting("b", "bob", 50.0, short=True))
    holding = [Holding("a", "ada", 99.0, short=True)]
    assert [w.run_id for w in decide(waiting, holding, 2).starts] == ["b"]


def test_equal_users_take_turns() -> None:
    waiting = [Waiting("a", "ada", 1.0, short=True), Waiting("b", "bob", 2.0, short=True)]
    served = {"ada": 90.0, "bob": 80.0}
    assert [w.run_id for w in decide(waiting, [], 1, served=served).starts] == ["b"]


def test_views_come_before_short_and_short_before_long() -> None:
    waiting = [
        Waiting("long", "ada", 99.0),
        Waiting("short", "ada", 99.0, short=True),
        Waiting("view", "ada", 99.0, is_view=True),
    ]
    assert [w.run_id for w in decide(waiting, [], 3).starts] == ["view", "short", "long"]


def test_a_long_one_that_waited_for_long_counts_as_short() -> None:
    waiting = [Waiting("long", "ada", 10.0), Waiting("short", "ada", 99.0, short=True)]
    assert [w.run_id for w in decide(waiting, [], 2).starts] == ["long", "short"]


def test_long_runs_leave_the_last_slot() -> None:
    waiting = [Waiting(f"l{i}", f"u{i}", i) for i in range(5)]
    assert len(decide(waiting, [], 3).starts) == 2
    assert len(decide([*waiting, Waiting("s", "x", 0.0, short=True)], [], 3).starts) == 3


def test_a_single_slot_serves_long_runs_too() -> None:
    assert len(decide([Waiting("l", "u", 0.0)], [], 1).starts) == 1


def test_a_slot_is_asked_back_after_its_quantum_only() -> None:
    waiting = [Waiting("w", "bob", 90.0)]
    assert decide(waiting, [Holding("h", "ada", 97.0)], 1).yields == ()
    assert decide(waiting, [Holding("h", "ada", 94.0)], 1).yields == ("h",)
    assert decide([], [Holding("h", "ada", 0.0)], 1).yields == ()


def test_nobody_is_asked_while_a_slot_is_on_its_way() -> None:
    waiting = [Waiting("w", "bob", 90.0)]
    holding = [Holding("h", "ada", 1.0, leaving=True), Holding("g", "ada", 1.0)]
    assert decide(waiting, holding, 2).yields == ()


def test_a_user_who_has_their_share_displaces_nobody_else() -> None:
    holding = [Holding("a1", "ada", 1.0, short=True), Holding("b1", "bob", 2.0, short=True)]
    decided = decide([Waiting("a2", "ada", 50.0, short=True)], holding, 2)
    assert decided.yields == ("a1",)


def test_a_long_run_does_not_displace_a_short_one() -> None:
    assert decide([Waiting("l", "bob", 90.0)], [Holding("s", "ada", 1.0, short=True)], 1) == Plan()


def test_a_view_interrupts_after_a_second() -> None:
    view = Waiting("v", "bob", 100.0, is_view=True)
    assert decide([view], [Holding("h", "ada", 99.5)], 1).yields == ()
    assert decide([view], [Holding("h", "ada", 98.5)], 1).yields == ("h",)


def test_a_long_run_takes_only_long_ones_places() -> None:
    holding = [Holding("long", "ada", 90.0), Holding("short", "cyd", 1.0, short=True)]
    assert decide([Waiting("w", "bob", 30.0)], holding, 2).yields == ("long",)


work = st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(1.0, 40.0))


@settings(max_examples=60, deadline=None)
@given(jobs=st.lists(work, min_size=1, max_size=12), slots=st.integers(1, 4))
def test_everything_gets_done(jobs: list[tuple[str, bool, float]], slots: int) -> None:
    """Simulate: nothing starves, no slot is given twice, the last slot is kept."""
    left = {f"r{i}": seconds for i, (_, _, seconds) in enumerate(jobs)}
    waiting = {f"r{i}": Waiting(f"r{i}", u, 0.0, short) for i, (u, short, _) in enumerate(jobs)}
    holding: dict[str, Holding] = {}
    leaving: set[str] = set()
    served: dict[str, float] = {}
    turns: Counter[str] = Counter()
    now = 0.0
    while left:
        assert now < 60 * (sum(seconds for _, _, seconds in jobs) + 10), "somebody starves"
        decided = plan(
            waiting.values(), holding.values(), slots, now=now, quantum=QUANTUM, served=served
        )
        for w in decided.starts:
            del waiting[w.run_id]
            holding[w.run_id] = Holding(w.run_id, w.user, now, w.short)
            served[w.user] = now
            turns[w.run_id] += 1
        leaving |= set(decided.yields)
        assert len(holding) <= slots
        assert sum(not h.short for h in holding.values()) <= max(1, slots - 1)
        now += 0.5
        for run_id, holder in list(holding.items()):
            left[run_id] -= 0.5
            if left[run_id] <= 0 or run_id in leaving:
                leaving.discard(run_id)
                del holding[run_id]
                if left[run_id] > 0:
                    waiting[run_id] = Waiting(run_id, holder.user, now, holder.short)
                else:
                    del left[run_id]
    assert max(turns.values()) <= 2 + 40 / QUANTUM, "slots change hands too often"


def study(run_id: str, user: str, since: float, priority: int = 0) -> Waiting:
    return Waiting(run_id, user, since, short=True, background=True, priority=priority)


def test_among_the_studies_of_one_user_the_greater_priority_comes_first() -> None:
    waiting = [study("a", "ada", 1.0), study("b", "ada", 2.0, 5), study("c", "ada", 3.0, -1)]
    assert [w.run_id for w in decide(waiting, [], 3).starts] == ["b", "a", "c"]


def test_a_priority_overtakes_no_interactive_work() -> None:
    waiting = [study("s", "ada", 1.0, 9), Waiting("long", "ada", 99.0)]
    assert [w.run_id for w in decide(waiting, [], 2).starts] == ["long", "s"]
    held = Holding("long", "ada", 1.0, short=True)
    assert decide([study("s", "ada", 1.0, 9)], [held], 1).yields == ()


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 3))
def test_a_priority_gains_nothing_over_other_users(mine: int, theirs: int, slots: int) -> None:
    """Whose turn it is does not depend on anybody's priorities."""

    def users(one: int, other: int) -> list[str]:
        waiting = [study(f"a{i}", "ada", i, one) for i in range(3)]
        waiting += [study(f"b{i}", "bob", i + 0.5, other) for i in range(3)]
        return [work.user for work in decide(waiting, [], slots).starts]

    assert users(mine, theirs) == users(0, 0)
    holding = [Holding("h", "bob", 1.0, short=True, background=True, priority=theirs)]
    plain = [Holding("h", "bob", 1.0, short=True, background=True)]
    asked = [study("a", "ada", 2.0, mine), study("b", "bob", 2.0, theirs)]
    usual = [study("a", "ada", 2.0), study("b", "bob", 2.0)]
    one, other = decide(asked, holding, 1), decide(usual, plain, 1)
    assert (one.yields, one.starts) == (other.yields, other.starts)


def test_only_a_greater_or_equal_priority_takes_turns_with_what_trains() -> None:
    def asks(waits: int, trains: int) -> tuple[str, ...]:
        held = Holding("h", "ada", 1.0, short=True, background=True, priority=trains)
        return decide([study("w", "ada", 2.0, waits)], [held], 1).yields

    assert asks(1, 0) == ("h",)
    assert asks(0, 0) == ("h",)
    assert asks(0, 1) == ()
