"""Fits of dynamics against systems and solvers that know nothing of them."""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.integrate import solve_ivp

from playground.analysis import observed as observed_module
from playground.analysis.convergence import reference
from playground.analysis.learned import Picture, flow, path_errors, picture
from playground.analysis.observed import given, observe
from playground.datasets.trajectories import keep_trajectories, read_trajectories
from playground.networks.vector_field import VectorField
from playground.systems import SYSTEMS
from playground.training.control import Orders
from playground.training.dynamics import (
    ENDINGS,
    Began,
    Iteration,
    Segments,
    Weights,
    field_of,
    fit,
    mismatch,
    observed_of,
    shoot,
)
from playground.training.dynamics_settings import Dynamics
from playground.training.events import Diverged, Failed, Finished, Stopped


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def settings_of(**values):
    small = {"problem": "oscillator", "n_trajectories": 4, "n_samples": 30, "horizon": 8.0}
    return Dynamics.model_validate({**small, "width": 16, "iterations": 30, **values})


def run(settings, **more):
    return list(fit(settings, **more))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_linear_field_is_recovered():
    settings = settings_of(
        noise=0.0, n_trajectories=6, iterations=500, activation="linear", depth=1, horizon=10.0
    )
    events = run(settings)
    assert isinstance(events[-1], Finished)
    observed = observed_of(settings)
    drawn = picture(field_of(settings, observed, of(Weights, events)[-1].payload), observed)
    assert drawn.errors.field < 0.03
    assert drawn.errors.inside < 0.03
    assert drawn.errors.beyond < 0.06
    # Before the fit it was nothing like it.
    before = picture(field_of(settings, observed), observed)
    assert before.errors.field > 0.5


def test_a_curved_field_is_learned_from_noisy_samples():
    settings = settings_of(problem="pendulum", iterations=400, n_samples=40, width=32)
    events = run(settings)
    observed = observed_of(settings)
    drawn = picture(field_of(settings, observed, of(Weights, events)[-1].payload), observed)
    assert drawn.errors.field_near < 0.2
    losses = [event.loss for event in of(Iteration, events)]
    assert np.mean(losses[-20:]) < np.mean(losses[:5]) / 8


def test_two_fits_of_the_same_settings_are_the_same():
    settings = settings_of(augment=1, with_time=True)
    first, second = run(settings), run(settings)
    assert [e.loss for e in of(Iteration, first)] == [e.loss for e in of(Iteration, second)]
    assert of(Weights, first)[-1].payload == of(Weights, second)[-1].payload
    other = run(settings_of(augment=1, with_time=True, weight_seed=2))
    assert of(Weights, other)[-1].payload != of(Weights, first)[-1].payload


def gradients(settings):
    observed = observed_of(settings)
    field = field_of(settings, observed)
    segments = Segments.cut(observed, settings.segment)
    mismatch(field, segments, settings).backward()
    return torch.cat([p.grad.reshape(-1) for p in field.parameters()])


@pytest.mark.parametrize(
    "scheme",
    [
        {"name": "dopri5", "options": {"rtol": 1e-9, "atol": 1e-11}},
        {"name": "rk4"},
    ],
    ids=["dopri5", "rk4"],
)
@pytest.mark.parametrize("augment", [0, 2])
def test_direct_and_adjoint_gradients_agree(scheme, augment):
    common = {"scheme": scheme, "segment": 3, "steps": 8, "augment": augment, "with_time": True}
    direct = gradients(settings_of(gradient="direct", **common))
    adjoint = gradients(settings_of(gradient="adjoint", **common))
    assert float((direct - adjoint).norm() / direct.norm()) < 1e-5
    assert float(direct.norm()) > 1e-3


def test_the_gradient_is_that_of_finite_differences():
    settings = settings_of(segment=2)
    observed = observed_of(settings)
    field, segments = field_of(settings, observed), Segments.cut(observed, 2)
    mismatch(field, segments, settings).backward()
    weight = field.layers[0].weight
    with torch.no_grad():
        sides = []
        for shift in (1e-5, -2e-5):
            weight[0, 0] += shift
            sides.append(float(mismatch(field, segments, settings)))
    assert float(weight.grad[0, 0]) == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-5)


@pytest.mark.parametrize("with_time", [False, True])
def test_the_learned_flow_is_that_of_scipy(with_time):
    settings = settings_of(with_time=with_time)
    observed = observed_of(settings)
    field = field_of(settings, observed, of(Weights, run(settings))[-1].payload)
    found = flow(field, observed.starts, observed.grid)
    for start, grid, path in zip(observed.starts, observed.grid, found):
        solved = solve_ivp(
            field.velocity, (grid[0], grid[-1]), start, t_eval=grid, rtol=1e-10, atol=1e-12
        )
        np.testing.assert_allclose(path, solved.y.T, atol=1e-5)


def test_segments_are_solved_over_gaps_of_their_own():
    settings = settings_of(steps=20, noise=0.1)
    observed = observed_of(settings)
    field, segments = field_of(settings, observed), Segments.cut(observed, 4)
    with torch.no_grad():
        found = shoot(field, segments, settings).numpy()
    for row in (0, 7, len(segments) - 1):
        times, states = segments.times[row, :, 0].numpy(), segments.states[row].numpy()
        solved = solve_ivp(
            field.velocity, times[[0, -1]], states[0], t_eval=times, rtol=1e-10, atol=1e-12
        )
        np.testing.assert_allclose(found[row], solved.y.T[1:], atol=1e-6)


def test_only_samples_of_the_trained_time_are_trained_on():
    data = read_trajectories("t,x\n" + "\n".join(f"{t},{t * t}" for t in range(10)))
    observed = given(data, 0.5)
    assert Segments.cut(observed, 2).times.max() <= observed.until[0] == 4.5
    assert len(Segments.cut(observed, 2)) == 3
    assert Segments.cut(observed, 40).length == 4


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "lookahead", "options": {"inner": "adam"}},
        {"name": "lbfgs"},
        {"name": "muon"},
        {"name": "sgd"},
    ],
    ids=lambda each: each["name"],
)
def test_the_loss_falls_with_every_kind_of_optimiser(optimizer):
    events = run(settings_of(optimizer=optimizer, batch=512))
    losses = [event.loss for event in of(Iteration, events)]
    assert isinstance(events[-1], Finished), events[-1]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    ("scheme", "gradient"),
    [
        ("ab2", "direct"),
        ("taylor_multistep", "adjoint"),
        ("bosh3", "adjoint"),
        ("radau", "adjoint"),
    ],
)
def test_every_family_of_solvers_trains(scheme, gradient):
    settings = settings_of(
        scheme=scheme, gradient=gradient, steps=2, iterations=8, batch=8, segment=2, width=4
    )
    events = run(settings)
    assert isinstance(events[-1], Finished), events[-1]
    last = of(Iteration, events)[-1]
    assert last.nfe_forward > 0
    assert last.nfe_backward > 0
    assert math.isfinite(last.loss)


def test_evaluations_are_counted():
    last = of(Iteration, run(settings_of(steps=3, segment=2, iterations=2)))[-1]
    assert (last.nfe_forward, last.nfe_backward) == (4 * 3 * 2, 4 * 3 * 2)


def test_a_loss_without_bound_is_an_ending_in_words():
    wild = {"name": "sgd", "options": {"learning_rate": 10.0}}
    events = run(settings_of(optimizer=wild, scheme="euler", activation="relu", iterations=200))
    assert isinstance(events[-1], Diverged)
    assert "learning rate" in events[-1].reason
    assert all(math.isfinite(event.loss) for event in of(Iteration, events))


def test_a_solver_that_gives_up_is_an_ending_in_words():
    lazy = {"name": "dopri5", "options": {"rtol": 1e-9, "atol": 1e-12, "max_steps": 10}}
    events = run(settings_of(scheme=lazy, n_samples=5))
    assert isinstance(events[-1], Diverged)
    assert "max_steps" in events[-1].reason
    assert "gave up in iteration" in events[-1].reason


def test_a_system_without_a_solution_is_an_ending_in_words():
    flies = {"name": "own", "options": {"equations": ["x^2", "y^2"]}}
    begun = time.monotonic()
    events = run(settings_of(problem=flies))
    assert isinstance(events[-1], Failed)
    assert "the solution flies away near t = 1" in events[-1].reason
    assert time.monotonic() - begun < 10  # a page waits for this


def test_a_solution_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(observed_module, "_MOST", 5000)
    rough = {"name": "own", "options": {"equations": ["sin(1000000*t)", "cos(1000000*t)"]}}
    events = run(settings_of(problem=rough))
    assert isinstance(events[-1], Failed)
    assert "too many steps" in events[-1].reason


def test_it_stops_when_asked_and_keeps_the_weights():
    class Impatient:
        polls = 0

        def poll(self):
            self.polls += 1
            return Orders(halt="stop" if self.polls > 5 else None, reason="enough")

    events = run(settings_of(), control=Impatient())
    assert events[-1] == Stopped(5, "enough")
    assert isinstance(events[-2], Weights)
    assert events[-2].iteration == 5


def test_the_stream_has_one_beginning_and_one_ending():
    events = run(settings_of())
    assert isinstance(events[0], Began)
    assert [isinstance(event, ENDINGS) for event in events] == [False] * (len(events) - 1) + [True]
    assert [event.iteration for event in of(Iteration, events)] == list(range(1, 31))


def test_samples_are_irregular_noisy_and_repeat():
    problem = SYSTEMS["oscillator"].problem()
    plan = {"n_trajectories": 3, "n_samples": 200, "share": 0.5, "seed": 3}
    clean = observe(problem, (1.0, 0.0), 10.0, noise=0.0, **plan)
    noisy = observe(problem, (1.0, 0.0), 10.0, noise=0.1, **plan)
    for times, states, start in zip(clean.times, clean.states, clean.starts):
        assert times[0] == 0
        assert times[-1] <= 5
        assert (np.diff(times) > 0).all()
        assert np.diff(times).std() > 0.3 * np.diff(times).mean()
        turned = [
            [start @ [math.cos(t), math.sin(t)], start @ [-math.sin(t), math.cos(t)]] for t in times
        ]
        np.testing.assert_allclose(states, turned, atol=1e-9)
    rest = np.concatenate(noisy.states) - np.concatenate(clean.states)
    spread = noisy.truth.reshape(-1, 2).std(axis=0)
    np.testing.assert_allclose(rest.std(axis=0), 0.1 * spread, rtol=0.1)
    again = observe(problem, (1.0, 0.0), 10.0, noise=0.1, **plan)
    np.testing.assert_array_equal(np.concatenate(again.states), np.concatenate(noisy.states))


def test_the_truth_is_the_reference_and_starts_that_fly_away_are_drawn_anew(monkeypatch):
    plan = {"n_trajectories": 16, "n_samples": 20, "share": 0.5, "noise": 0.0, "seed": 1}
    tried = []
    alone = observed_module._alone
    monkeypatch.setattr(
        observed_module, "_alone", lambda *given: tried.append(given[1].copy()) or alone(*given)
    )
    # A spring that softens: beyond an energy of 1/4 the state flies away.
    soft = SYSTEMS["own"].problem(equations=["y", "x * x * x - x"])
    for problem, start in ((SYSTEMS["van_der_pol"].problem(), (2.0, 0.0)), (soft, (0.95, 0.0))):
        assert tried == []  # the first system was solved at once
        observed = observe(problem, start, 12.0, **plan)
        for i, begin in enumerate(observed.starts):
            known = reference(problem, begin, observed.grid[i])
            np.testing.assert_allclose(observed.truth[i], known, atol=2e-6)
            np.testing.assert_allclose(observed.states[i][0], begin)

    def energy(states):
        x, y = np.transpose(states)
        return y**2 / 2 + x**2 / 2 - x**4 / 4

    assert energy(tried).max() > energy(observed.starts).max()


def test_figures_of_known_differences():
    problem = SYSTEMS["oscillator"].problem()
    plan = {"n_trajectories": 2, "n_samples": 20, "share": 0.5, "noise": 0.0, "seed": 1}
    observed = observe(problem, (1.0, 0.0), 10.0, **plan)
    assert path_errors(observed.truth, observed) == (0.0, 0.0)
    spread = observed.truth.reshape(-1, 2).std(axis=0)
    later = observed.grid > 5.0
    moved = observed.truth + 0.25 * spread * later[..., None]
    inside, beyond = path_errors(moved, observed)
    assert inside == 0.0
    assert beyond == pytest.approx(0.25)
    lost = np.where(later[..., None], np.nan, observed.truth)
    assert path_errors(lost, observed) == (0.0, None)


def test_a_field_is_compared_with_the_true_one():
    """A net of one linear layer more than it needs can be the oscillator itself, and twice it."""
    settings = settings_of(noise=0.0)
    observed = observed_of(settings)
    field = VectorField(2, width=2, depth=1, activation="linear")
    with torch.no_grad():
        for layer, weight in zip(field.layers, ([[1, 0], [0, 1]], [[0, 1], [-1, 0]])):
            layer.weight.copy_(torch.tensor(weight, dtype=torch.float64))
            layer.bias.zero_()
    drawn = picture(field, observed)
    assert drawn.errors.field == pytest.approx(0, abs=1e-12)
    assert drawn.errors.inside < 1e-5
    with torch.no_grad():
        field.layers[1].weight.mul_(1.5)
    assert picture(field, observed).errors.field == pytest.approx(0.5)


def test_a_picture_survives_its_journey():
    settings = settings_of()
    observed = observed_of(settings)
    drawn = picture(field_of(settings, observed), observed)
    torn = replace(drawn, paths=np.where(np.arange(2) == 1, np.nan, drawn.paths))
    back = Picture.from_json(json.loads(json.dumps(torn.as_json(), allow_nan=False)))
    np.testing.assert_allclose(back.arrows, torn.arrows, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(back.paths, torn.paths, rtol=1e-5, atol=1e-12)
    assert back.errors == torn.errors


def test_own_samples_are_fitted(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    lines = [f"{k},{t},{k * math.exp(-t)}" for k in (1, 2) for t in np.linspace(0, 3, 25)]
    key = keep_trajectories(read_trajectories("trajectory,t,y\n" + "\n".join(lines)))
    settings = Dynamics(source="own", table=key, iterations=300, width=8, share=0.6)
    events = run(settings)
    assert isinstance(events[-1], Finished)
    observed = observed_of(settings)
    drawn = picture(field_of(settings, observed, of(Weights, events)[-1].payload), observed)
    assert drawn.errors.field is None
    assert drawn.errors.inside < 0.05
    assert drawn.paths.shape == (2, observed.grid.shape[1], 1)


def test_own_samples_that_are_not_here_are_an_ending_in_words():
    missing = run(Dynamics(source="own", table="0" * 64))
    assert isinstance(missing[-1], Failed)
    assert "not on this server" in missing[-1].reason
    none = run(Dynamics(source="own"))
    assert "no file has been uploaded" in none[-1].reason


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"problem": "decay"}, "one component"),
        ({"problem": {"name": "own", "options": {"equations": ["-x"]}}}, "two or three"),
        ({"scheme": "radau"}, "adjoint"),
        ({"scheme": "custom"}, "custom"),
        ({"iterations": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(values, words):
    with pytest.raises(ValidationError, match=words):
        Dynamics.model_validate(values)
