"""Tables with several columns to predict, such as the coordinates of key points."""

import numpy as np
import pytest

from playground.datasets import DATASETS, TableError, TargetsError, fetch, load, parse_csv, store
from playground.experiment import Experiment
from playground.training import events, train
from playground.ui.data_choice import Displaced, fitted

NAMES = ("eye x", "a", "eye y", "b", "mouth")


def columns(n=120, seed=0):
    """Two inputs, and three targets that are functions of them."""
    a, b = np.random.default_rng(seed).normal(size=(2, n)).round(3)
    return dict(zip(NAMES, ((a + b).round(3), a, (a - 2 * b).round(3), b, (a * b).round(3))))


def csv_file(n=120, seed=0):
    held = columns(n, seed)
    rows = zip(*(map(repr, held[name].tolist()) for name in NAMES))
    return "\n".join([",".join(NAMES), *map(",".join, rows)])


def kept(n=120):
    return store(parse_csv(csv_file(n), label="mouth").with_targets(["eye x", "eye y"]))


def experiment(**changes):
    data = {"name": "table", "options": {"hash": kept(), "outputs": 3}}
    fields = {"n_train": 96, "n_validation": 24, "loss": "mean_square", **changes}
    return Experiment.model_validate({"data": data, **fields})


def test_targets_are_the_columns_that_were_named():
    table, held = parse_csv(csv_file(), label="mouth").with_targets({"eye y", "eye x"}), columns()
    assert table.feature_names == ("a", "b", "eye x", "eye y")
    assert (table.input_names(3), table.target_names(3)) == (
        ("a", "b"),
        ("eye x", "eye y", "mouth"),
    )
    x, y = table.regression(3)
    np.testing.assert_array_equal(x, np.column_stack([held["a"], held["b"]]))
    np.testing.assert_array_equal(
        y, np.column_stack([held[n] for n in ("eye x", "eye y", "mouth")])
    )
    again = fetch(store(table))
    np.testing.assert_array_equal(again.regression(3)[1], y)
    assert again.target_names(3) == table.target_names(3)


def test_a_draw_has_inputs_and_all_targets_standardised_by_the_training_part():
    split = load(
        "table", n_train=90, n_validation=30, seed=3, options={"hash": kept(), "outputs": 3}
    )
    assert split.x_train.shape == (90, 2)
    assert split.y_validation.shape == (30, 3)
    assert split.feature_names == ("a", "b")
    np.testing.assert_allclose(split.y_train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(split.y_train.std(axis=0), 1, atol=1e-5)
    raw = {"hash": kept(), "outputs": 3, "standardise": False}
    plain = load("table", n_train=90, n_validation=30, seed=3, options=raw)
    for x, y in ((plain.x_train, plain.y_train), (plain.x_validation, plain.y_validation)):
        a, b = x.T.astype(float)
        np.testing.assert_allclose(y, np.column_stack([a + b, a - 2 * b, a * b]), atol=2e-3)


def test_few_different_numbers_are_no_classes_where_several_columns_are_predicted():
    rows = "\n".join(f"{i % 7 / 7},{i % 5},{i % 2}" for i in range(40))
    key = store(parse_csv(f"x1,side,up\n{rows}"))
    entry, kind = DATASETS["table"], DATASETS["table"].options
    assert entry.task_of(kind(hash=key)) == "classification"
    assert entry.task_of(kind(hash=key, outputs=2)) == "regression"
    assert entry.n_outputs(kind(hash=key, outputs=2)) == 2
    classes = kind(hash=key, outputs=2, task="classification")  # which has but one label column
    assert (entry.n_outputs(classes), entry.n_features(classes)) == (2, 2)
    assert entry.class_names(classes) == ("0", "1")


@pytest.mark.parametrize("names", [["nose"], ["mouth"], ["a", "b", "eye x", "eye y"]])
def test_targets_that_are_not_there_or_leave_no_input_are_named(names):
    with pytest.raises(TargetsError, match=r"nose|mouth|5 columns to predict.*legal are 1 to 4"):
        parse_csv(csv_file(), label="mouth").with_targets(names)


def test_words_cannot_be_predicted_beside_numbers():
    rows = "\n".join(f"{i},{i % 5},{'ab'[i % 2]}" for i in range(20))
    with pytest.raises(TableError, match="'a' in column 'kind' is not a number"):
        parse_csv(f"x,y,kind\n{rows}").with_targets(["y"])


def test_a_link_with_too_many_targets_falls_back_to_one():
    link = {**experiment().to_query(), "data.outputs": "5"}
    again, notes = Experiment.from_query(link)
    assert (again.data.options.hash, again.n_outputs) == (kept(), 1)
    assert "data.outputs" in notes[0]
    assert "legal are 1 to 4" in notes[0]
    back, silent = Experiment.from_query(experiment().to_query())
    assert (back, silent) == (experiment(), [])


def test_choosing_such_a_table_brings_the_loss_of_a_regression():
    slot = experiment().data
    values, _ = fitted(Experiment(), slot, Displaced())
    assert values == {"n_train": 96, "n_validation": 24, "loss": "mean_square"}


@pytest.mark.parametrize("network", ["mlp", "standard_net", "rk_net", "neural_ode"])
def test_point_nets_learn_all_targets_at_once(network):
    made, _ = experiment().adapted({"network": network, "epochs": "60", "batch_size": "16"})
    assert (made.task, made.n_outputs) == ("regression", 3)
    found = [event for event in train(made) if isinstance(event, events.Metrics)]
    first, last = found[0], found[-1]
    assert last.validation_loss < 0.25 * first.validation_loss
    assert last.validation_loss < 0.35  # of a variance of 1; the mean of all three targets
