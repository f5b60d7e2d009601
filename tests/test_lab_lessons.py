"""Lessons on the laboratories: each trial can be computed, and what the texts say holds."""

import math

import numpy as np
import pytest
import torch

from playground.analysis.convergence import fitted_order, measure
from playground.analysis.toy_lookahead import PERIODS, first_to_stop, grid, summary
from playground.attacks import AttackSlot
from playground.integrators.conditions import reached_order
from playground.integrators.printed import as_written
from playground.lessons import lessons
from playground.systems import SYSTEMS
from playground.training.attack_points import attack_samples
from playground.training.attacked import subject_of
from playground.training.dynamics import fit
from playground.training.events import Finished, Metrics
from playground.training.loop import train
from playground.training.multi_stage_plans import Budget, figure_2
from playground.training.trainer import make_net
from playground.ui.labs.attention_settings import SHEET as ATTENTION
from playground.ui.labs.dynamics_settings import SHEET as DYNAMICS
from playground.ui.labs.integrators_settings import SHEET as INTEGRATORS
from playground.ui.labs.lookahead_nets import study_of
from playground.ui.labs.lookahead_settings import SHEET as LOOKAHEAD
from playground.ui.labs.multi_stage_settings import SHEET as MULTI_STAGE
from playground.ui.labs.problems import known, measured, posed, solved
from playground.ui.labs.robustness_settings import SHEET as ROBUSTNESS
from playground.ui.labs.tableau import sketch_of
from playground.ui.lessons.shows import find

LABS = ("multi_stage", "lookahead", "attention", "order", "dynamics", "robustness")
TRIALS = [
    pytest.param(trial, id=f"{lesson.name}-{place}")
    for lesson in lessons().values()
    for place, trial in enumerate(lesson.trials, start=1)
    if trial.show.partition(".")[0] in LABS
]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trained(experiment):
    """Train an experiment in this process; return its last figures."""
    events = list(train(experiment, snapshots=False))
    assert isinstance(events[-1], Finished)
    return [event for event in events if isinstance(event, Metrics)][-1]


def multi_stage_fit(trial):
    stages = int(trial.settings["network.stages"])
    less = {"optimizer.adam_steps": "3", "n_train": "20"}
    less |= {"lbfgs": "10"} if trial.settings["lbfgs"] != "0" else {}
    settings, notes = MULTI_STAGE.read({**trial.settings, **less})
    assert not notes
    assert settings.network.options.stages == stages
    assert trained(settings.experiment).train_loss > 0


def multi_stage_plateau(trial):
    settings, _ = MULTI_STAGE.read(trial.settings)
    for panel in figure_2(Budget(1, 10), settings.figure_scale, 1, settings.first):
        assert math.isfinite(trained(panel.experiments[0][0]).train_loss)


def lookahead_toy(trial):
    settings, _ = LOOKAHEAD.read(trial.settings)
    runs = grid(2, settings.seed, gradient=settings.gradient, reset=settings.reset)
    assert all(made.steps.min() >= 1 for _, made in runs)


def lookahead_nets(trial):
    settings, notes = LOOKAHEAD.read({**trial.settings, "epochs": "1", "points": "50"})
    assert not notes
    study = study_of(settings)
    assert {cell.period for cell in study.cells} == {0, *map(int, settings.periods)}
    for row in study.experiments[:2]:
        assert math.isfinite(trained(row[0]).validation_loss)


def attention(trial):
    less = {"epochs": "1", "n_train": "20", "n_validation": "10", "batch_size": "10"}
    settings, notes = ATTENTION.read({**trial.settings, **less})
    assert not notes
    for experiment in settings.experiments.values():
        assert math.isfinite(trained(experiment).validation_loss)


def order_converge(trial):
    settings, _ = INTEGRATORS.read({**trial.settings, "finest": "64"})
    given = posed(settings)
    assert not isinstance(known(given), str)
    for name in settings.schemes:
        errors = [point.error for point in measured(given, name, settings.finest)]
        assert errors[-1] < errors[1]


def order_tableau(trial):
    settings, _ = INTEGRATORS.read(trial.settings)
    assert sketch_of(settings).line() == trial.settings["tableau"]


def dynamics(trial):
    settings, notes = DYNAMICS.read({**trial.settings, "iterations": "2"})
    assert not notes
    assert isinstance(list(fit(settings.fit))[-1], Finished)


def robustness(trial):
    settings, _ = ROBUSTNESS.read(trial.settings)
    few = trial.experiment.amended({"n_train": 30, "n_validation": 20, "epochs": 1})
    assert math.isfinite(trained(few).validation_loss)
    given = subject_of(few, make_net(few).state_dict(), 10)
    attack = AttackSlot.model_validate(
        {"name": "pgd", "options": {"steps": 2, "norm": settings.attack.options.norm}}
    )
    found = attack_samples(given, attack, 0.1, settings.attack_seed)
    assert found.accuracy <= found.clean_accuracy


RUNS = {
    "multi_stage.fit": multi_stage_fit,
    "multi_stage.plateau": multi_stage_plateau,
    "lookahead.thesis": lookahead_toy,
    "lookahead.distribution": lookahead_toy,
    "lookahead.nets": lookahead_nets,
    "attention.train": attention,
    "attention.maps": attention,
    "attention.scores": attention,
    "order.converge": order_converge,
    "order.tableau": order_tableau,
    "dynamics": dynamics,
    "robustness.attack": robustness,
    "robustness.checks": robustness,
}


@pytest.mark.parametrize("trial", TRIALS)
def test_each_trial_can_be_set_and_computed(trial):
    assert find(trial.show).faults(trial) == []
    RUNS[trial.show](trial)


@pytest.mark.parametrize("part", LABS)
def test_each_laboratory_has_a_lesson(part):
    assert any(t.values[0].show.partition(".")[0] == part for t in TRIALS)


def test_what_a_trial_lacks_is_said():
    shown = next(t.values[0] for t in TRIALS if t.values[0].show == "robustness.attack")
    wrong = shown.model_copy(update={"experiment": None, "controls": ("epsilon",)})
    faults = " ".join(find("robustness.attack").faults(wrong))
    assert "needs an experiment" in faults
    assert "'epsilon' is no field" in faults
    settings, _ = MULTI_STAGE.read({})
    regression = shown.model_copy(update={"experiment": settings.experiment})
    assert find("robustness.attack").faults(regression)


def observed(tableau):
    """Return the orders on the three problems of the lesson."""
    settings, _ = INTEGRATORS.read({"view": "tableau", "tableau": tableau})
    numbers = sketch_of(settings).numbers()
    orders = []
    for name in ("decay", "cosine", "logistic"):
        entry = SYSTEMS[name]
        steps = [2**k for k in range(2, 10)]
        points = measure(entry.problem(), entry.start, entry.horizon, as_written(*numbers), steps)
        orders.append(fitted_order(points, 3.0))
    return reached_order(*numbers), np.round(orders)


@pytest.mark.parametrize(
    ("tableau", "reached", "seen"),
    [
        (";1;1/2,1/2;0,1", 2, [2, 2, 2]),
        (";1;1/2,1/2;0,1/2", 1, [2, 1, 2]),
        (";1/3;0,1/2;0,0,1;0,1/3,1/2", 2, [3, 2, 2]),
        (";1/2;1/2,1/2;0,1/2", 1, [1, 1, 1]),
    ],
)
def test_the_orders_of_the_lesson_are_those_that_are_observed(tableau, reached, seen):
    order, found = observed(tableau)
    assert order == reached
    assert list(found) == seen


def test_lookahead_takes_about_twice_the_gradients_of_gradient_descent():
    made = {
        (s.rate, s.period): (s, runs) for s, runs in grid(60, 7, gradient="right", reset="every_k")
    }
    for rate in (0.05, 0.1):
        plain = summary(*made[rate, 0])
        assert plain.rose == 0
        for k in PERIODS:
            ahead = summary(*made[rate, k])
            assert 1.6 < ahead.median / plain.median < 3
            pair = made[rate, 0][1], made[rate, k][1]
            assert (first_to_stop(*pair, "slow") > 0).mean() > 0.7
            assert (first_to_stop(*pair, "evaluations") < 0).mean() > 0.7


def test_the_multistep_scheme_grows_in_waves_of_four_steps_where_eulers_method_decays():
    trial = lessons()["taylor-stability"].trials[1]
    settings, _ = INTEGRATORS.read(trial.settings)
    found = solved(posed(settings), settings.schemes, settings.n_steps, (1e-6, 1e-9))
    ends = {each.scheme: each.states[-8:, 0] for each in found}
    assert abs(ends["euler"]).max() < 1e-9
    assert abs(ends["taylor_multistep"]).max() > 1
    # Two of four steps change the sign, not each one.
    assert abs(np.diff(np.sign(ends["taylor_multistep"]))).sum() / 2 in (3, 4)
