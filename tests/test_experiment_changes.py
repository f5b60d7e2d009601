"""An experiment with some fields changed, and one that another version has stored."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.experiment import Experiment
from tests.strategies import experiments

RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_amended_starts_a_new_choice_from_its_defaults():
    amended = Experiment().amended({"network": "mlp", "epochs": "3"})
    assert amended.network.name == "mlp"
    assert amended.network.options == type(amended.network)(name="mlp").options
    assert amended.epochs == 3


def test_amended_refuses_what_a_link_would_repair():
    with pytest.raises(ValueError, match="epochs"):
        Experiment().amended({"epochs": "0"})


def test_a_refusal_does_not_say_that_another_value_is_used():
    with pytest.raises(ValueError, match=r"legal is a whole number from 1 to 10000$"):
        Experiment().amended({"epochs": "0"})
    with pytest.raises(ValueError, match=r"or choose the random lift$"):
        Experiment().amended({"network.width": "1"})


def test_adapted_brings_the_rest_to_what_fits():
    narrow = Experiment().amended({"network.width": "2"})
    adapted, (message,) = narrow.adapted({"data": "spiral_3d"})
    assert (adapted.data.name, adapted.network.options.width) == ("spiral_3d", 3)
    assert message.startswith("network.width: 2 is less than the 3 inputs")
    assert message.endswith("3 is used")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"network.width": "1"}, "network.width: 1 is less than the 2 inputs"),
        ({"scheme": "radau"}, "scheme: 'radau'"),
        ({"scheme": "custom", "scheme.order": "5"}, "order 3 condition"),
        ({"epochs": "0"}, "epochs: 0"),
        ({"epoch": "3"}, "'epoch' is not known"),
    ],
)
def test_adapted_refuses_new_values_that_are_not_legal(values, words):
    with pytest.raises(ValueError, match=words):
        Experiment().adapted(values)


@RELAXED
@given(experiments())
def test_stored_experiments_are_read_without_a_word(experiment):
    assert Experiment.from_stored(experiment.model_dump_json()) == (experiment, [])


def test_stored_by_another_version_keeps_what_is_still_known():
    tree = Experiment().amended({"network": "neural_ode", "optimizer": "lookahead"}).model_dump()
    tree["momentum_of_old"] = 0.3
    tree["data"]["options"]["twist"] = [1, 2]
    tree["scheme"] = {"name": "rk45", "options": {}}
    tree["network"]["options"] |= {"width": 7, "hidden": 5000}
    tree["optimizer"]["options"]["inner"] = {"name": "sgd", "options": {"learning_rate": 0.5}}
    del tree["epochs"]
    experiment, messages = Experiment.from_stored(json.dumps(tree))
    assert experiment.network.name == "neural_ode"
    assert (experiment.network.options.width, experiment.network.options.hidden) == (7, 1024)
    assert experiment.optimizer.options.inner.options.learning_rate == 0.5
    assert experiment.scheme.name == "rk4"
    for words in ("momentum_of_old", "data.twist", "'rk45'", "network.hidden"):
        assert sum(words in message for message in messages) == 1
    assert len(messages) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@RELAXED
@given(st.one_of(st.text(max_size=30), JSON.map(json.dumps), st.just("[" * 100_000)))
def test_stored_junk_gives_an_experiment_and_messages(text):
    experiment, messages = Experiment.from_stored(text)
    assert isinstance(experiment, Experiment)
    assert messages or experiment == Experiment()


@RELAXED
@given(st.dictionaries(st.sampled_from(sorted(Experiment.model_fields)), JSON, max_size=4))
def test_stored_fields_of_any_kind_give_messages(tree):
    tree = {k: {"name": v, "options": v} if isinstance(v, dict) else v for k, v in tree.items()}
    experiment, messages = Experiment.from_stored(json.dumps(tree))
    assert isinstance(experiment, Experiment)
    assert all(isinstance(message, str) and message for message in messages)
