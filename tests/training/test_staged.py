"""Training in stages: the recipe by hand, resumed, extended, refused; and what it reaches."""

import itertools

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from playground.analysis.stages import residuals
from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import build
from playground.training import events as e
from playground.training import train
from playground.training.checkpoints import unpack, unpack_weights
from playground.training.control import Orders
from playground.training.estimates import estimate
from playground.training.multi_stage import fit
from playground.training.multi_stage_plans import Budget, figure_1, figure_2, figure_3, fitted
from playground.training.stage_views import iterations, views_of, with_seconds
from playground.training.staged import StagedTrainer, goes_on, take_weights

X = np.linspace(-1, 1, 300)
FINE = np.linspace(-1, 1, 3000)


def lecture(x):
    return np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x)


def small(stages=2, **changes):
    network = {"stages": stages, "width": 6, "depth": 2}
    optimizer = {"adam_steps": 20, "iterations": 5, "restart": 20}
    tree = {
        "data": "function",
        "n_train": 60,
        "n_validation": 200,
        "loss": "mean_square",
        "epochs": 30,
        "precision": "float64",
        "network": {"name": "multi_stage", "options": network},
        "optimizer": {"name": "adam_lbfgs", "options": optimizer},
    }
    return Experiment.model_validate({**tree, **changes})


def metrics(events):
    return [event for event in events if isinstance(event, e.Metrics)]


def weights(events):
    return unpack([event for event in events if isinstance(event, e.Checkpoint)][-1].payload)[1]


class Script:
    """A control that gives its orders at given polls."""

    def __init__(self, orders):
        self.orders, self.count = orders, itertools.count()

    def poll(self):
        return self.orders.get(next(self.count), Orders())


# What it reaches --------------------------------------------------------------------------------


def test_two_stages_fall_far_below_what_one_reaches():
    """The quick setting of the benchmark at two thirds of its length."""
    made = fit(X, lecture(X), stages=2, adam=700, lbfgs=700, history=20, seed=0)
    assert made.stages[0].loss < 1e-6
    assert made.stages[1].loss < 1e-10
    assert made.stages[1].loss < 1e-3 * made.stages[0].loss
    error = made(FINE) - lecture(FINE)
    assert np.abs(error).max() < 1e-4
    np.testing.assert_allclose(made.stages[1].max_error, np.abs(made(X) - lecture(X)).max())


def test_the_plateau_comes_back_when_the_loss_is_as_it_is():
    scaled, plain = (
        fit(X, lecture(X), stages=1, adam=500, lbfgs=1200, seed=1, scale_loss=rule).stages[0].loss
        for rule in (True, False)
    )
    assert scaled < 0.1 * plain


def test_a_plane_is_fitted_too():
    side = np.linspace(-1, 1, 15)
    points = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    values = np.sin(3 * points[:, 0]) * np.cos(2 * points[:, 1])
    made = fit(points, values, stages=2, adam=300, lbfgs=200, seed=0)
    assert made.stages[1].loss < 0.01 * made.stages[0].loss
    assert made(points).shape == (225, 1)


# The recipe, by hand ----------------------------------------------------------------------------


def test_the_sum_is_that_of_the_lecture():
    made = fit(X, lecture(X), stages=2, adam=50, lbfgs=0, seed=3)
    net, z = made.net, torch.from_numpy(X[:, None])
    total = torch.zeros_like(z)
    for j, stage in enumerate(net.stages):
        first, *middle, last = stage.layers
        y = float(net.kappa[j]) * z @ first.weight.T + first.bias
        y = torch.sin(y) if j else torch.tanh(y)
        for layer in middle:
            y = torch.tanh(y @ layer.weight.T + layer.bias)
        total = total + net.scale[j] * (y @ last.weight.T + last.bias)
    np.testing.assert_allclose(made(X), total.detach().numpy()[:, 0], atol=1e-14)
    # ε of the second stage is the RMS of what the first has left, equation (3).
    left = residuals(net, z, torch.from_numpy(lecture(X)[:, None]))[1]
    assert float(net.scale[1]) == pytest.approx(float(left.square().mean().sqrt()), rel=1e-12)
    assert float(net.kappa[0]) == 1


@pytest.mark.parametrize(
    ("options", "kappa", "scale"),
    [
        ({"kappa": 7.5}, 7.5, None),
        ({"normalise": "none"}, None, 1.0),
        ({"normalise": "max"}, None, "max"),
        ({"kappa": "sign_changes"}, "signs", None),
    ],
)
def test_every_rule_does_what_it_says(options, kappa, scale):
    made = fit(X, lecture(X), stages=2, adam=60, lbfgs=0, seed=2, **options)
    left = residuals(made.net, torch.from_numpy(X[:, None]), torch.from_numpy(lecture(X)[:, None]))
    before = left[1].numpy()[:, 0]
    if kappa == "signs":
        kappa = 3 * np.count_nonzero(np.diff(np.sign(before)))
    if kappa is not None:
        assert made.stages[1].kappa == pytest.approx(kappa)
    if scale == "max":
        scale = np.abs(before).max()
    if scale is not None:
        assert made.stages[1].scale == pytest.approx(scale)


def test_weights_are_drawn_as_published():
    net = build("multi_stage", n_features=1, n_classes=1, seed=0, width=200, depth=2, stages=1)
    middle = net.stages[0].layers[1]
    std = (2 / 400) ** 0.5
    # A normal distribution cut off at two deviations has 0.8796 of the deviation.
    assert float(middle.weight.detach().std()) == pytest.approx(0.8796 * std, rel=0.02)
    assert float(middle.weight.detach().abs().max()) <= 2 * std
    assert not middle.bias.detach().any()


def test_weights_counted_as_in_the_lecture():
    two = fit(X, X, stages=2, adam=1, lbfgs=0).stages[-1]
    one = fit(X, X, stages=1, width=30, adam=1, lbfgs=0).stages[-1]
    assert (two.weights, two.parameters) == (1680, 1802)
    assert (one.weights, one.parameters) == (1860, 1951)


@pytest.mark.parametrize(
    ("x", "u", "words"),
    [
        ([1, 2], [1, 2, 3], "2 points and u 3"),
        ([1, np.nan], [1, 2], "not finite"),
        ([], [], "shape"),
    ],
)
def test_bad_data_are_named(x, u, words):
    with pytest.raises(ValueError, match=words):
        fit(x, u, stages=1)


# As an experiment -------------------------------------------------------------------------------


def test_the_experiment_does_what_fit_does():
    options = {"adam_steps": 30, "iterations": 10, "history": 30, "restart": 1000}
    made = small(
        n_train=300,
        n_validation=3000,
        epochs=35,
        weight_seed=4,
        network={"name": "multi_stage", "options": {"stages": 2}},
        optimizer={"name": "adam_lbfgs", "options": options},
        path="torch",
    )
    alone = fit(X, lecture(X), stages=2, adam=30, lbfgs=50, seed=4)
    ended = metrics(train(made))[-1]
    assert ended.step == 70
    assert ended.train_loss / 2 == pytest.approx(alone.stages[-1].loss, rel=1e-6)


def test_figures_are_due_at_the_borders_and_the_loss_falls_from_stage_to_stage():
    events = list(train(small(epochs=450)))
    assert events[-1] == e.Finished(900, "all 2 stages are done, 450 epochs each")
    steps = [m.step for m in metrics(events)]
    assert {0, 450, 900} <= set(steps)
    assert 2 * 100 < len(steps) < 2 * 260
    losses = {m.step: m.train_loss for m in metrics(events)}
    assert losses[900] < losses[450] < losses[0]
    kept = [event.step for event in events if isinstance(event, e.Snapshot)]
    assert {0, 450, 900} <= set(kept)
    assert 50 < len(kept) < 70


@pytest.mark.parametrize("halt", [3, 24, 30, 31, 50])
def test_a_run_that_was_paused_ends_where_the_other_does(halt):
    made = small()
    whole = list(train(made))
    first = list(train(made, control=Script({i: Orders(until_step=halt) for i in range(999)})))
    assert isinstance(first[-1], e.Paused)
    rest = list(train(made, checkpoint=first[-2].payload))
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(rest)[name]), name


def test_an_added_stage_is_the_one_that_would_have_been():
    two, three = small(), small(stages=3)
    assert goes_on(two, three)
    assert goes_on(two, two)
    assert not goes_on(three, two)
    assert not goes_on(two, small(stages=3, weight_seed=2))
    ended = [event for event in train(two) if isinstance(event, e.Checkpoint)][-1]
    more = list(train(three, checkpoint=ended.payload))
    assert isinstance(more[0], e.Started)
    assert more[0].step == 60
    for name, value in weights(list(train(three))).items():
        assert torch.equal(value, weights(more)[name]), name
    failed = list(
        train(two, checkpoint=[x for x in more if isinstance(x, e.Checkpoint)][-1].payload)
    )
    assert isinstance(failed[-1], e.Failed)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", "lookahead"])
def test_stages_go_with_any_optimiser(optimizer):
    events = list(train(small(optimizer=optimizer, epochs=20, batch_size=16)))
    assert isinstance(events[-1], e.Finished)
    losses = [m.train_loss for m in metrics(events)]
    assert losses[-1] < losses[0]


def test_the_residual_of_a_stage_is_that_of_the_judged_weights():
    made = small(optimizer="lookahead", epochs=7, batch_size=60)
    events = list(train(made))
    border = next(s for s in events if isinstance(s, e.Snapshot) and s.step == 7)
    trainer = StagedTrainer(made)
    take_weights(trainer.net, unpack_weights(border.weights))
    trainer.net.scale[1] = 0
    left = trainer.truth - trainer.net(trainer.x).detach()
    found = weights(events)["scale"][1]
    assert float(found) == pytest.approx(float(left.square().mean().sqrt()), rel=1e-12)


def test_classes_are_learned_as_one_hot_targets():
    made = small(data="moons", n_train=200, n_validation=200, epochs=150, precision="float32")
    ended = metrics(train(made))[-1]
    assert ended.validation_accuracy > 0.95


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": "moons", "loss": "cross_entropy"}, ["loss", "mean_square"]),
        ({"early_stop": True}, ["early_stop", "false"]),
    ],
)
def test_what_does_not_fit_is_said(changes, words):
    with pytest.raises(ValidationError) as caught:
        small(**changes)
    for word in words:
        assert word in str(caught.value)


def test_sign_changes_are_refused_in_the_plane_and_set_right_by_a_link():
    link = {"network": "multi_stage", "network.kappa": "sign_changes", "data": "moons"}
    read, notes = Experiment.from_query(link)
    assert read.network.options.kappa == "fft"
    assert read.loss.name == "mean_square"
    assert any("sign_changes" in note for note in notes)


# Views, figures, estimates ----------------------------------------------------------------------


def test_views_are_those_of_the_sum():
    made = small(stages=3)
    events = list(train(made))
    snapshot = [event for event in events if isinstance(event, e.Snapshot)][-1]
    views = views_of(made, unpack_weights(snapshot.weights))
    ended = metrics(events)[-1]
    assert len(views.left) == len(views.waves) == 4
    assert len(views.kappas) == len(views.figures) == 3
    np.testing.assert_allclose(np.mean(views.left[-1] ** 2), ended.train_loss, rtol=1e-6)
    np.testing.assert_allclose(np.mean(views.fine_left[-1] ** 2), ended.validation_loss, rtol=1e-6)
    assert views.figures[-1].loss == pytest.approx(ended.train_loss / 2, rel=1e-6)
    split = load("function", n_train=60, n_validation=200, seed=1)
    np.testing.assert_array_equal(views.left[0], split.y_train[:, 0])
    timed = with_seconds(views.figures, metrics(events), made)
    assert sum(f.seconds for f in timed) == pytest.approx(ended.seconds, rel=0.2)
    assert iterations(made, 30) == 20 + 10 * 5
    assert iterations(made, 65) == 2 * 70 + 5


def test_early_weights_show_the_stages_that_have_begun():
    made = small()
    kept = [event for event in train(made) if isinstance(event, e.Snapshot)]
    counts = [len(views_of(made, unpack_weights(s.weights)).figures) for s in kept]
    assert counts == sorted(counts)
    assert set(counts) == {1, 2}


def test_the_figures_compare_like_with_like():
    budget = Budget(100, 200)
    plans = figure_1(budget, "none", 1)
    every = {
        name: iterations(made, made.epochs * made.network.options.stages)
        for name, made in plans.items()
    }
    assert set(every.values()) == {600}
    panels = figure_2(budget, "none", 3, 5)
    assert [len(panel.experiments) for panel in panels] == [len(panel.values) for panel in panels]
    assert {e.weight_seed for p in panels for row in p.experiments for e in row} == {5, 6, 7}
    both = figure_3(budget, "none", 2, 1)
    assert {e.network.options.normalise for e in both["as it is"][0]} == {"none"}
    assert {e.data.options.magnitude for row in both["as it is"] for e in row} >= {1e-4, 1.0, 1e4}


def test_an_estimate_knows_stages_and_iterations():
    one, two = (estimate(fitted(Budget(100, 1000), stages=n)) for n in (1, 2))
    assert two.seconds == pytest.approx(2 * one.seconds, rel=0.01)
    none = estimate(fitted(Budget(100, 0), stages=1))
    assert one.seconds > 8 * none.seconds
