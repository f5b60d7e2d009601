"""Rules of a link: read, written, and which controls they cover."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from playground.classroom.rules import GROUPS, PARTS, Rules, choices, read_rules, rules_of
from playground.experiment import Experiment

NAMES = sorted(choices())


@given(
    some.lists(some.sampled_from(NAMES), max_size=12, unique=True),
    some.lists(some.sampled_from([n for n in NAMES if n not in PARTS]), max_size=12, unique=True),
)
def test_what_is_written_is_read_back(hidden: list[str], locked: list[str]) -> None:
    rules = Rules(tuple(hidden), tuple(locked))
    assert read_rules(rules.to_link()) == (rules, [])


@given(some.dictionaries(some.sampled_from(["hide", "lock", "data"]), some.text(max_size=300)))
def test_junk_is_named_and_ignored(link: dict[str, str]) -> None:
    rules, said = read_rules(link)
    for name in (*rules.hidden, *rules.locked):
        assert name in link.get("hide", "") + link.get("lock", "")
    assert len(said) <= 2
    assert all(len(words) < 400 for words in said)


@given(some.text(max_size=200))
def test_whatever_the_store_holds_gives_rules(text: str) -> None:
    assert isinstance(rules_of(text), Rules)


def test_unknown_names_are_said_and_the_others_hold() -> None:
    rules, said = read_rules({"hide": "data,<b>,network.nonsense", "lock": "compare,epochs"})
    assert rules == Rules(("data",), ("epochs",))
    assert said == [
        "hide: '<b>', 'network.nonsense' is no control that can be named; it was ignored",
        "lock: 'compare' is no control that can be named; it was ignored",
    ]


@pytest.mark.parametrize(
    ("rule", "covered", "free"),
    [
        ("network", ["network", "network.depth", "network.choice"], ["networks", "scheme"]),
        ("network.choice", ["network.choice"], ["network", "network.depth"]),
        ("network.depth", ["network.depth"], ["network.width", "network.choice"]),
        ("optimizer.inner", ["optimizer.inner.learning_rate"], ["optimizer.learning_rate"]),
        ("seeds", ["data_seed", "weight_seed"], ["data"]),
    ],
)
def test_a_name_covers_what_is_below_it(rule: str, covered: list[str], free: list[str]) -> None:
    rules, said = read_rules({"lock": rule})
    assert said == []
    assert all(rules.locks(name) for name in covered)
    assert not any(rules.locks(name) or rules.hides(name) for name in free)


def test_every_field_can_be_named_and_groups_hold_fields() -> None:
    for name in Experiment().to_query():
        assert read_rules({"hide": name})[1] == [], name
    for names in GROUPS.values():
        assert set(names) <= set(Experiment.model_fields)


def test_the_rules_of_the_link_and_of_the_class_add_up() -> None:
    both = Rules(("data",), ("l1",)) | Rules(("data", "seeds"))
    assert both == Rules(("data", "seeds"), ("l1",))
