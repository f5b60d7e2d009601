"""How experiments differ: what leads from one to another, and what a person reads."""

import pytest
from hypothesis import given, settings

from playground.analysis.differences import (
    NOT_THERE,
    briefly,
    changed,
    changes,
    choices,
    differences,
    places,
)
from playground.experiment import Experiment
from tests.strategies import experiments


@settings(max_examples=8, deadline=None)
@given(experiments(), experiments())
def test_changes_lead_from_any_experiment_to_any_other(one, other):
    assert changed(one, changes(one, other)) == (other, [])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, {}),
        ({"network.depth": "7"}, {"network.depth": "7"}),
        ({"scheme": "euler"}, {"scheme": "euler"}),
        # What the new choice has not is no change, what it has otherwise than usual is one.
        ({"network": "standard_net"}, {"network": "standard_net"}),
        (
            {"optimizer": "lookahead", "optimizer.inner": "sgd", "optimizer.k": "7"},
            {"optimizer": "lookahead", "optimizer.inner": "sgd", "optimizer.k": "7"},
        ),
    ],
)
def test_changes_are_few(values, told):
    base = Experiment()
    assert changes(base, base.amended(values)) == told


def test_a_slot_that_is_chosen_anew_forgets_what_was_set_in_it():
    base = Experiment().amended({"optimizer.beta1": "0.5"})
    other = Experiment().amended({"optimizer": "sgd", "optimizer.learning_rate": "0.3"})
    assert changes(base, other) == {"optimizer": "sgd", "optimizer.learning_rate": "0.3"}
    assert changed(other, changes(other, base)) == (base, [])


def test_what_is_wrong_in_a_change_is_said_and_mended():
    base = Experiment()
    found, notes = changed(base, {"network.depth": "many", "colour": "red"})
    assert found == base
    assert "'many' is not legal; legal is a whole number" in notes[0]
    assert "'colour' is not known" in notes[1]


def test_differences_are_told_in_the_words_of_the_form():
    base = Experiment()
    nets = [base, base.amended({"scheme": "euler"}), base.amended({"network": "standard_net"})]
    found = {d.name: d for d in differences(nets)}
    network = [net.network.entry.label for net in nets]
    assert found["network"].values == tuple(network)
    assert found["scheme"].label == "Integrator"
    assert found["scheme"].values[1] == nets[1].scheme.entry.label
    assert list(found) == ["network", "network.depth", "scheme"]  # whose usual depth is another
    assert differences([base, base]) == []
    assert differences([base]) == []


def test_each_net_is_named_by_what_tells_it_from_the_others():
    base = Experiment()
    euler, plain = base.amended({"scheme": "euler"}), base.amended({"network": "standard_net"})
    labels = (base.scheme.entry.label, euler.scheme.entry.label, plain.network.entry.label)
    assert briefly([base, euler, plain]) == labels
    both = [net.amended({"network.depth": d}) for net in (base, euler) for d in ("5", "10")]
    assert briefly(both)[2:] == ("Euler · Depth 5", "Euler · Depth 10")
    deep = [base.amended({"network.depth": depth}) for depth in ("5", "10")]
    assert briefly(deep) == ("Depth 5", "Depth 10")
    assert briefly([base]) == ("",)
    assert briefly([base, base]) == ("", "")


def test_an_option_that_one_net_lacks_is_shown_for_the_others_where_they_differ():
    base = Experiment()
    deep = base.amended({"network.horizon": "3"})
    plain = base.amended({"network": "mlp"})
    found = {d.name: d.values for d in differences([base, deep, plain])}
    assert found["network.horizon"][2] == NOT_THERE
    assert len(set(found["network.horizon"])) == 3


def test_what_has_no_effect_is_no_difference():
    base = Experiment()
    assert base.early_stop is False
    assert differences([base, base.amended({"patience": "0.5"})]) == []
    # A net without steps has no scheme to differ in.
    plain = base.amended({"network": "standard_net"})
    assert differences([plain, plain.amended({"scheme": "euler"})]) == []
    wary = [base.amended({"early_stop": "true"}), base.amended({"patience": "0.5"})]
    found = {d.name: d.values for d in differences(wary)}
    assert found == {"early_stop": ("on", "off"), "patience": ("0.05", NOT_THERE)}
    assert "patience" not in choices(base)
    assert "patience" in choices(wary[0])


@given(experiments())
@settings(max_examples=5, deadline=None)
def test_every_field_of_the_link_has_a_place_and_words(experiment):
    found = places(experiment)
    assert list(found) == list(experiment.to_query())
    assert all(place.label and place.shown for place in found.values())
