"""The experiment survives JSON and links; wrong input gets messages, never an exception."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.datasets import DATASETS, parse_csv, store
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
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


SCHEME_JUNK = st.one_of(
    st.fixed_dictionaries({"scheme": st.text(max_size=20)}),
    st.fixed_dictionaries(
        {"scheme": st.just("custom")},
        optional={
            "scheme.a": st.sampled_from(
                ["[[", "[]", "[[0, 0], [0.5, 0]]", "[[1]]", "x,y", "[[NaN]]"]
            ),
            "scheme.b": st.sampled_from(
                ["[1]", "[0.5, 0.5]", "[]", "[200, -199]", "1,2", "[null]"]
            ),
            "scheme.order": st.sampled_from(["1", "2", "5", "9", "", "x"]),
            "scheme.label": st.text(max_size=50),
        },
    ),
    st.fixed_dictionaries({"scheme": st.sampled_from(list(INTEGRATORS))}),
)


def kept(link, *, but=()):
    return {k: v for k, v in link.items() if not k.startswith(but)}


@RELAXED
@given(experiments(), SCHEME_JUNK)
def test_a_wrong_scheme_costs_nothing_else(experiment, junk):
    link = kept(experiment.to_query(), but=("scheme",))
    read, messages = Experiment.from_query({**link, **junk})
    again = kept(read.to_query(), but=("scheme",))
    changed = {name for name in link if again[name] != link[name]}
    # An option of the net that needs another scheme may follow a scheme that is legal.
    assert changed <= {"network.learned_steps", "network.gradient"}
    for name in changed:
        assert any(message.startswith(name) for message in messages)
    if read.scheme.name != junk["scheme"]:
        assert not changed
        assert any(m.startswith("scheme:") and "is used" in m for m in messages)


@RELAXED
@given(experiments(), st.data())
def test_what_was_valid_in_a_link_survives_what_was_not(experiment, data):
    link = experiment.to_query()
    broken = data.draw(st.sets(st.sampled_from(sorted(link)), min_size=1, max_size=3))
    texts = data.draw(st.fixed_dictionaries({name: st.text(max_size=12) for name in broken}))
    read, messages = Experiment.from_query({**link, **texts})
    again = read.to_query()
    # What does not depend on the choice of another field stays, wherever it was not broken itself.
    for name in ("n_train", "data_seed", "weight_seed", "batch_size", "epochs", "optimizer", "l2"):
        if name not in broken:
            assert again[name] == link[name]
    for name in broken:
        if not says(texts[name], again.get(name)) and again.get(name) != link[name]:
            assert any(name in message for message in messages)


def says(text, written):
    """Whether a text is what was written, or the same number in other figures."""
    try:
        return text == written or float(text) == float(written)
    except (TypeError, ValueError):
        return False


POINTS = [name for name, entry in DATASETS.items() if not entry.image_shape]
IMAGES = [name for name in DATASETS if name not in POINTS]


@RELAXED
@given(experiments(), st.sampled_from(IMAGES))
def test_images_leave_network_scheme_and_optimizer(experiment, name):
    """They bring many inputs and classes: the lift gives way where no width is enough."""
    link = kept(experiment.to_query(), but=("data",))
    read, messages = Experiment.from_query({**link, "data": name})
    assert read.data.name == name
    assert read.network.name == experiment.network.name
    assert read.scheme == experiment.scheme
    assert read.optimizer == experiment.optimizer
    assert read.n_train >= read.n_outputs
    changed = kept(read.to_query(), but=("data",)).items() - experiment.to_query().items()
    # Sign changes, from which a multi-stage net may find κ, are counted along one input only.
    options = ("width", "lift", "head", "inputs", "kappa")
    may = {"loss", "hardening", "n_train", *(f"network.{name}" for name in options)}
    assert {field for field, _ in changed} <= may
    assert bool(changed) == bool(messages)


@RELAXED
@given(experiments(), st.sampled_from(POINTS))
def test_other_data_leave_network_scheme_and_optimizer(experiment, name):
    read, messages = Experiment.from_query(
        {**kept(experiment.to_query(), but=("data",)), "data": name}
    )
    assert read.data.name == name
    assert read.network.name == experiment.network.name
    assert read.scheme == experiment.scheme
    assert read.optimizer == experiment.optimizer
    changed = kept(read.to_query(), but=("data",)).items() - experiment.to_query().items()
    may = {"loss", "hardening", "network.width", "network.inputs", "network.kappa"}
    assert {field for field, _ in changed} <= may
    assert bool(changed) == bool(messages)


def test_scheme_that_the_network_cannot_use_is_reset_alone():
    link = {"network": "rk_net", "network.width": "7", "scheme": "radau", "epochs": "3"}
    experiment, (message,) = Experiment.from_query(link)
    assert (experiment.network.options.width, experiment.epochs) == (7, 3)
    assert experiment.scheme.name == "rk4"
    assert message.startswith("scheme: 'radau' passes no gradient back")
    assert "legal is euler, heun2" in message
    assert message.endswith("'rk4' is used")


def test_tableau_that_is_no_method_is_reset_alone():
    link = {"scheme": "custom", "scheme.order": "4", "network.width": "7"}
    experiment, (message,) = Experiment.from_query(link)
    assert experiment.network.options.width == 7
    assert message.startswith("scheme: 'custom' is not legal: order 3 condition")
    assert message.endswith("'rk4' is used")


def test_what_the_scheme_rules_out_is_brought_to_what_it_allows():
    experiment, (message,) = Experiment.from_query({"network": "neural_ode", "scheme": "bdf"})
    assert (experiment.scheme.name, experiment.network.options.gradient) == ("bdf", "adjoint")
    assert message.startswith("network.gradient: 'solver'")
    assert message.endswith("adjoint is used")


def test_input_features_that_are_not_there_go_and_the_others_stay():
    experiment, (message,) = Experiment.from_query({"network.inputs": "x1,x3,sin(x2)"})
    assert experiment.network.options.inputs == ("x1", "sin(x2)")
    assert message.startswith("network.inputs: 'x3'")


def test_task_that_a_table_cannot_serve_leaves_the_table():
    experiment, (message,) = Experiment.from_query({"data": "table", "data.task": "regression"})
    assert (experiment.data.name, experiment.data.options.task) == ("table", "auto")
    assert "data.task" in message


def test_many_unknown_names_are_counted():
    _, messages = Experiment.from_query({f"colour{i}": "red" for i in range(5000)})
    assert len(messages) == 9
    assert messages[-1].startswith("4992 more names")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "n_train",
            "1500.5",
            "Training points): 1500.5 is not legal; legal is a whole number from 5",
        ),
        (
            "n_train",
            "",
            "an empty field is not legal; legal is a whole number from 5 to 80000; 1500",
        ),
        (
            "data_seed",
            "-1",
            "-1 is not legal; legal is a whole number from 0 to 2147483647; 0 is used",
        ),
        ("target_accuracy", "7", "legal is a number from 0 to 1, or nothing; 1 is used"),
        ("early_stop", "perhaps", "'perhaps' is not legal; legal is true or false; false is used"),
        ("device", "tpu", "'tpu' is not legal; legal is auto, cpu, cuda, mps; auto is used"),
        ("network.inputs", "y1", "'y1' is not of the form x1, x1^2, x1*x2 or sin(x1)"),
    ],
)
def test_messages_name_field_value_what_is_legal_and_what_it_became(name, text, words):
    _, (message,) = Experiment.from_query({name: text})
    assert message.startswith(name)
    assert words in message


def test_out_of_range_is_brought_to_the_nearest_legal_value():
    experiment, (message,) = Experiment.from_query({"n_train": "999999"})
    assert experiment.n_train == 80000
    assert "n_train" in message
    assert "999999" in message
    assert "5 to 80000" in message


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


def test_the_real_sizes_of_the_two_sets():
    assert Experiment().split_sizes == (1500, 1500)
    assert Experiment(data="table").split_sizes == (75, 75)
    assert Experiment(data="table", n_train=5, n_validation=2).split_sizes == (5, 2)
    elsewhere = {"name": "table", "options": {"hash": "0" * 64}}
    assert Experiment(data=elsewhere, n_train=50).split_sizes == (50, 1500)


def test_a_training_set_below_the_classes_of_a_table_is_raised(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    rows = "\n".join(f"{i},k{i % 7}" for i in range(21))
    key = store(parse_csv(f"a,kind\n{rows}"))
    experiment, (message,) = Experiment.from_query(
        {"data": "table", "data.hash": key, "n_train": "5"}
    )
    assert experiment.n_train == 7
    assert message == (
        "n_train: 5 is not legal: the table has 7 classes, and each needs a row; 7 is used"
    )


def test_every_field_has_label_help_and_bounds():
    from playground.registry import bounds

    for name, field in Experiment.model_fields.items():
        assert field.title, name
        assert field.description, name
        if field.annotation in (int, float):
            assert None not in bounds(field), name
