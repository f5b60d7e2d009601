"""Functions: closed forms, typed ones, grids in double precision, and what is said of bad ones."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from playground.datasets import DATASETS, FUNCTIONS, load
from playground.datasets.functions import FunctionOptions
from playground.experiment import Experiment

VALUES = {
    "lecture": ([0.3], math.sin(1.6) + 0.2 * math.exp(0.39)),
    "runge": ([0.2], 0.5),
    "steep": ([-0.05], math.tanh(-1)),
    "two_waves": ([0.025], math.sin(0.025 * math.pi) + 0.1),
    "absolute": ([-0.7], 0.7),
    # Franke's own coordinates there are (1/2, 1/2).
    "hills": (
        [0.0, 0.0],
        0.75 * math.exp(-12.5 / 4)
        + 0.75 * math.exp(-(5.5**2) / 49 - 0.55)
        + 0.5 * math.exp(-(2.5**2 + 1.5**2) / 4)
        - 0.2 * math.exp(-(0.5**2) - 2.5**2),
    ),
    "waves": ([0.5, 1.0], math.sin(2) * math.cos(3) + 0.2 * math.exp(0.65)),
}


def split(n_train=300, n_validation=3000, seed=1, **options):
    chosen = FunctionOptions(**options)
    return load("function", n_train=n_train, n_validation=n_validation, seed=seed, options=chosen)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_the_value_of_its_formula(name):
    point, value = VALUES[name]
    options = FunctionOptions(function=name)
    assert options.inputs == len(point) == FUNCTIONS[name].inputs
    assert options.values(np.array([point]))[0, 0] == pytest.approx(value, rel=1e-14)


def test_the_grid_is_even_and_in_double_precision():
    found = split(reach=1.05)
    assert found.x_train.dtype == found.y_train.dtype == np.float64
    np.testing.assert_allclose(found.x_train[:, 0], np.linspace(-1.05, 1.05, 300))
    np.testing.assert_allclose(found.x_validation[:, 0], np.linspace(-1.05, 1.05, 3000))
    x = found.x_train
    np.testing.assert_array_equal(found.y_train, np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x))


def test_a_plane_takes_the_greatest_square_and_the_rest_at_random():
    found = split(n_train=110, n_validation=400, function="hills")
    assert found.feature_names == ("x", "y")
    assert len(np.unique(found.x_train[:100, 0])) == 10
    assert len(np.unique(found.x_train[:, 0])) == 20
    assert len(np.unique(found.x_validation[:, 1])) == 20


def test_noise_is_on_what_is_trained_on_and_the_function_judges():
    noisy, clean = split(noise=0.1), split()
    assert (noisy.y_train - clean.y_train).std() == pytest.approx(0.1, rel=0.15)
    np.testing.assert_array_equal(noisy.y_validation, clean.y_validation)


def test_magnitude_middle_and_reach():
    found = split(magnitude=1e4, centre=2, reach=0.5, layout="random")
    assert 1.5 <= found.x_train.min() < 1.6 < 2.4 < found.x_train.max() <= 2.5
    x = found.x_train
    np.testing.assert_allclose(found.y_train, 1e4 * (np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x)))


def test_a_typed_formula_of_one_or_two_variables():
    one = FunctionOptions(function="formula", formula="abs(x)^3 - 1")
    assert one.inputs == 1
    assert one.values(np.array([[-2.0]]))[0, 0] == 7
    two = FunctionOptions(function="formula", formula="x*y")
    assert (two.inputs, DATASETS["function"].n_features(two)) == (2, 2)
    constant = FunctionOptions(function="formula", formula="3")
    assert constant.values(np.zeros((4, 1))).shape == (4, 1)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("sin(x", ["formula", "character"]),
        ("x + z", ["'z'", "x, y", "at character 5"]),
        ("__import__('os')", ["character"]),
        ("log(x)", ["'log(x)' is not finite at x = -1"]),
        ("1/(x^2 + y^2)", ["not finite at x = 0, y = 0"]),
    ],
)
def test_a_bad_formula_is_told_where_it_is_wrong(formula, words):
    options = {"function": "formula", "formula": formula}
    with pytest.raises(ValidationError) as caught:
        FunctionOptions(**options)
    for word in words:
        assert word in str(caught.value)
    link = {"data": "function", "data.function": "formula", "data.formula": formula}
    read, notes = Experiment.from_query({**link, "loss": "mean_square", "epochs": "7"})
    assert read.data.name == "function"
    assert read.epochs == 7
    assert any("data.formula" in note for note in notes)


def test_a_formula_that_is_not_used_is_not_judged():
    assert FunctionOptions(function="runge", formula="log(").inputs == 1
