"""Cells of a study and their comparison, against SciPy and statistics by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from playground.experiment import Experiment
from playground.training import train
from playground.training.events import Metrics
from playground.training.lookahead_study import (
    Cell,
    cells,
    compared,
    experiment_of,
    mean_course,
)

BASE = Experiment.model_validate({"data": "moons", "n_train": 60, "n_validation": 40, "epochs": 2})


def test_every_combination_is_there_once_and_its_optimiser_alone_as_well():
    made = cells(["sgd", "adam"], [0.1, 0.01], [5, 10])
    assert len(made) == len(set(made)) == 12
    assert {cell.alone for cell in made} <= set(made)


def test_a_cell_becomes_the_experiment_that_it_says():
    alone = experiment_of(BASE, Cell("adam", 0.03, 0), 0.5, 7)
    assert alone.optimizer.name == "adam"
    assert alone.optimizer.options.learning_rate == 0.03
    assert alone.weight_seed == 7
    around = experiment_of(BASE, Cell("momentum", 0.1, 6), 0.8, 2).optimizer
    assert (around.name, around.options.k, around.options.alpha) == ("lookahead", 6, 0.8)
    assert around.options.inner.name == "momentum"
    assert around.options.inner.options.learning_rate == 0.1
    with pytest.raises(ValueError, match="nonsense"):
        experiment_of(BASE, Cell("nonsense", 0.1, 0), 0.5, 1)


def test_both_take_as_many_gradients():
    for period in (0, 5):
        made = experiment_of(BASE, Cell("sgd", 0.1, period), 0.5, 1)
        last = [event for event in train(made) if isinstance(event, Metrics)][-1]
        assert last.step == 4  # two epochs of two batches


def test_the_differences_are_those_of_a_paired_test():
    random = np.random.default_rng(1)
    alone, around = random.normal(1.0, 0.2, 9), random.normal(0.9, 0.2, 9)
    plain, ahead = Cell("sgd", 0.1, 0), Cell("sgd", 0.1, 5)
    first, second = compared({plain: alone.tolist(), ahead: around.tolist()})
    assert first.mean == pytest.approx(alone.mean())
    assert first.std == pytest.approx(stats.tstd(alone))
    assert (first.difference, first.error, first.pairs) == (None, None, 0)
    known = stats.ttest_rel(around, alone)
    assert second.difference / second.error == pytest.approx(known.statistic)
    assert second.error == pytest.approx(stats.sem(around - alone))
    assert second.less == (around < alone).sum()
    assert second.pairs == 9


def test_what_diverged_has_no_partner():
    plain, ahead = Cell("sgd", 1.0, 0), Cell("sgd", 1.0, 5)
    first, second = compared({plain: [1.0, None, math.nan, 2.0], ahead: [0.5, 0.5, 0.5, None]})
    assert (first.count, second.count, second.pairs, second.less) == (2, 3, 1, 1)
    assert second.difference == -0.5
    assert second.error is None
    assert not second.notable
    (nothing,) = compared({ahead: [None, None]})
    assert math.isnan(nothing.mean)
    assert nothing.difference is None


def test_only_a_difference_beyond_two_standard_errors_is_notable():
    plain, ahead = Cell("sgd", 1.0, 0), Cell("sgd", 1.0, 5)
    zero = [0.0] * 4
    assert compared({plain: zero, ahead: [1.0, 1.1, 0.9, 1.0]})[1].notable
    assert not compared({plain: zero, ahead: [1.0, -1.0, 0.5, -0.3]})[1].notable


def test_a_mean_course_has_the_steps_that_all_runs_have():
    def row(step, loss):
        return Metrics(step, step / 2, 0.0, loss, 0.0, 0.0, 1, 1, 0.1, 0.0, 0.0, 0.0)

    runs = [[row(0, 1.0), row(2, 0.5), row(4, 0.25)], [row(0, 3.0), row(2, 1.5)]]
    steps, mean, std = mean_course(runs, "validation_loss")
    assert steps.tolist() == [0, 2]
    np.testing.assert_allclose(mean, [2.0, 1.0])
    np.testing.assert_allclose(std, [math.sqrt(2), math.sqrt(0.5)])
    assert [len(part) for part in mean_course([], "validation_loss")] == [0, 0, 0]
