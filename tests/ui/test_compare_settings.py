"""The nets of the comparison: their link, what they share, and what a change of one leaves alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.experiment import Experiment
from playground.ui.compare_presets import COMPARISONS
from playground.ui.compare_settings import (
    LETTERS,
    MOST,
    Nets,
    from_link,
    is_shared,
    names_of,
    shared_of,
    to_link,
)
from tests.strategies import experiments

RUN_ID = "abcdefghijkmnpqr"


@st.composite
def nets(draw):
    """One to four nets on the same data: any net with some of its own fields changed."""
    first = draw(experiments())
    changes = st.fixed_dictionaries(
        {},
        optional={
            "epochs": st.integers(1, 900).map(str),
            "l2": st.floats(0, 10).map(repr),
            "optimizer": st.sampled_from(["adam", "sgd", "lookahead", "lbfgs"]),
            "schedule": st.sampled_from(["constant", "cosine"]),
        },
    )
    others = draw(st.lists(changes, max_size=MOST - 1))
    made = (first, *(first.adapted(values)[0] for values in others))
    runs = draw(st.tuples(*(st.sampled_from(["", RUN_ID]) for _ in made)))
    return Nets(made, runs)


@settings(max_examples=12, deadline=None)
@given(nets())
def test_a_link_is_read_back_as_it_was_written(some):
    assert from_link(to_link(some)) == (some, [])


@pytest.mark.parametrize("name", COMPARISONS)
def test_presets_are_told_apart_and_travel_in_a_link(name):
    made = COMPARISONS[name].made()
    assert from_link(to_link(made)) == (made, [])
    assert len(set(names_of(made.experiments))) == len(made.experiments)
    assert all(shared_of(net) == shared_of(made.experiments[0]) for net in made.experiments)
    assert len({net.model_dump_json() for net in made.experiments}) == len(made.experiments)


def test_no_field_of_an_experiment_is_taken_for_a_net():
    fields = set(Experiment.model_fields)
    assert not fields & {*LETTERS, "nets", "run"}
    assert {name for name in Experiment().to_query() if is_shared(name)} > {"data", "data.noise"}


def test_a_link_of_the_playground_gives_its_net_twice():
    base = Experiment().amended({"scheme": "euler"})
    found, notes = from_link({**base.to_query(), "run": RUN_ID})
    assert (found, notes) == (Nets((base, base), (RUN_ID, "")), [])


@pytest.mark.parametrize(
    ("link", "count", "message"),
    [
        ({"nets": "9"}, 4, "nets: '9' is not legal; legal is 1 to 4; 4 is used"),
        ({"nets": "many"}, 1, "nets: 'many' is not legal"),
        ({"nets": "2", "d.scheme": "euler"}, 2, "nets is 2, so net D was ignored"),
        ({"nets": "2", "b.data_seed": "5"}, 2, "net B: data_seed is the same for all nets here"),
        ({"nets": "2", "b.data": "moons"}, 2, "net B: data is the same for all nets here"),
        (
            {"nets": "2", "b.network.depth": "deep"},
            2,
            "net B: network.depth (Depth): 'deep' is not",
        ),
        ({"nets": "2", "b.colour": "red"}, 2, "net B: 'colour' is not known"),
    ],
)
def test_what_is_wrong_in_a_link_is_said_and_mended(link, count, message):
    found, notes = from_link(link)
    assert len(found.experiments) == count
    assert message in notes[0]
    assert all(shared_of(net) == shared_of(found.experiments[0]) for net in found.experiments)


def test_a_change_of_one_net_leaves_the_others_and_their_runs():
    base = Experiment()
    some = Nets((base, base, base), ("one", "two", "three"))
    made, notes = some.with_changed(1, {"network.depth": "7"})
    assert made == Nets((base, base.amended({"network.depth": "7"}), base), ("one", "", "three"))
    assert notes == []


def test_a_change_of_the_data_is_everybodys_and_nets_follow():
    base = Experiment()
    some = Nets.of(base, base.amended({"network.width": "2"}))
    made, notes = some.with_changed(1, {"data": "plane"})
    assert [net.data.name for net in made.experiments] == ["plane", "plane"]
    assert [net.loss.name for net in made.experiments] == ["mean_square", "mean_square"]
    assert any(note.startswith("Net B: ") for note in notes)
    made, _ = some.with_changed(0, {"weight_seed": "9"})
    assert {net.weight_seed for net in made.experiments} == {9}


def test_a_value_that_is_not_legal_changes_nothing():
    some = Nets.of(Experiment())
    with pytest.raises(ValueError, match="legal is a whole number from"):
        some.with_changed(0, {"network.depth": "0"})


def test_nets_come_and_go():
    first = Experiment()
    some = Nets((first, first.amended({"scheme": "euler"})), ("one", "two"))
    copied = some.with_copy(0)
    assert copied.runs == ("one", "one", "two")
    assert copied.without(1) == some
    four = copied.with_copy(2)
    with pytest.raises(ValueError, match="the most"):
        four.with_copy(0)
    with pytest.raises(ValueError, match="last one"):
        some.without(0).without(0)
    with pytest.raises(ValueError, match="legal is 1 to 4"):
        Nets.of(*[first] * 5)
