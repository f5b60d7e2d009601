"""The experiment survives JSON and links; wrong input gets messages, never an exception."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.experiment import Experiment
from tests.strategies import experiments

RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RELAXED
@given(experiments())
def test_json_round_trip(experiment):
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


@RELAXED
@given(experiments())
def test_link_round_trip_without_messages(experiment):
    again, messages = Experiment.from_query(experiment.to_query())
    assert messages == []
    assert again == experiment


NAMES = [
    *sorted(Experiment().to_query()),
    "network.width",
    "optimizer.inner",
    "scheme.a",
    "data.hash",
]


@RELAXED
@given(
    st.dictionaries(
        st.one_of(st.sampled_from(NAMES), st.text(max_size=12)),
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(
                ["nan", "inf", "-1", "1e999", "rk4", "mlp", "[[", "9" * 5000, "lookahead"]
            ),
            st.lists(st.text(max_size=5), max_size=3),
            st.none(),
            st.integers(),
        ),
        max_size=8,
    )
)
def test_any_link_gives_an_experiment_and_messages(junk):
    experiment, messages = Experiment.from_query(junk)
    assert isinstance(experiment, Experiment)
    assert all(isinstance(message, str) and message for message in messages)
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


def test_out_of_range_is_brought_to_the_nearest_legal_value():
    experiment, (message,) = Experiment.from_query({"n_train": "999999"})
    assert experiment.n_train == 20000
    assert "n_train" in message
    assert "999999" in message
    assert "10 to 20000" in message


def test_unknown_fields_are_named_and_ignored():
    experiment, (message,) = Experiment.from_query({"colour": "red"})
    assert experiment == Experiment()
    assert "colour" in message


def test_unknown_choice_lists_what_is_legal():
    experiment, (message,) = Experiment.from_query({"scheme": "rk9"})
    assert experiment.scheme.name == "rk4"
    assert "rk9" in message
    assert "heun2" in message


def test_zeros_cannot_fill_a_width_below_the_inputs():
    experiment, messages = Experiment.from_query({"data": "spiral_3d", "network.width": "2"})
    assert experiment.network.options.width >= 3
    assert any("width: 2" in message for message in messages)


def test_loss_that_does_not_fit_is_replaced_and_said():
    experiment, messages = Experiment.from_query({"data": "plane"})
    assert experiment.loss.name == "mean_square"
    assert any(message.startswith("loss:") for message in messages)


@pytest.mark.parametrize(
    ("tree", "where"),
    [
        ({"n_train": 3}, "n_train"),
        ({"n_trains": 300}, "n_trains"),
        ({"data": {"name": "spirale"}}, "data.name"),
        ({"data": {"name": "spiral", "options": {"noise": -1}}}, "data.options.noise"),
        ({"network": {"name": "rk_net", "options": {"depth": 0}}}, "network.options.depth"),
        (
            {"optimizer": {"name": "lookahead", "options": {"inner": "lbfgs"}}},
            "optimizer.options.inner",
        ),
    ],
)
def test_json_is_strict_and_names_the_field(tree, where):
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate_json(json.dumps(tree))
    locations = [".".join(map(str, error["loc"])) for error in caught.value.errors()]
    assert any(location.startswith(where) for location in locations)


def test_every_field_has_label_help_and_bounds():
    from playground.registry import bounds

    for name, field in Experiment.model_fields.items():
        assert field.title, name
        assert field.description, name
        if field.annotation in (int, float):
            assert None not in bounds(field), name


def test_amended_starts_a_new_choice_from_its_defaults():
    amended = Experiment().amended({"network": "mlp", "epochs": "3"})
    assert amended.network.name == "mlp"
    assert amended.network.options == type(amended.network)(name="mlp").options
    assert amended.epochs == 3


def test_amended_refuses_what_a_link_would_repair():
    with pytest.raises(ValueError, match="epochs"):
        Experiment().amended({"epochs": "0"})
