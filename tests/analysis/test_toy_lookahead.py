"""The toy of the Lookahead thesis against a plain loop written from its listing, and autograd."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from playground.analysis.toy_lookahead import (
    PERIODS,
    RATES,
    START,
    STEP,
    TARGET,
    ToyRuns,
    ToySettings,
    field_on,
    first_to_stop,
    gradient_of,
    grid,
    initial_weights,
    loss_of,
    path_of,
    summary,
    train_toy,
)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def plain_loop(w0, b0, settings: ToySettings) -> tuple[int, list[float]]:
    """One run in Python's own numbers; nothing is shared with the program."""
    fast = [[float(v) for v in row] + [float(c)] for row, c in zip(w0, b0)]
    slow = [row[:] for row in fast]
    losses: list[float] = []
    for step in range(1, settings.most_steps + 1):
        states = [[1.0, 2.0]]
        for _ in range(10):
            x, y = states[-1]
            states.append(
                [z + 0.2 * sigmoid(r[0] * x + r[1] * y + r[2]) for z, r in zip((x, y), fast)]
            )
        losses.append((states[-1][0] - 2) ** 2 + (states[-1][1] - 4) ** 2)
        if len(losses) > 1 and 0 < losses[-2] - losses[-1] < 0.0007:
            return step, losses
        a = [2 * (states[-1][0] - 2), 2 * (states[-1][1] - 4)]
        gradient = [[0.0] * 3 for _ in range(2)]
        for x, y in reversed(states[:-1]):
            s = [sigmoid(r[0] * x + r[1] * y + r[2]) for r in fast]
            if settings.gradient == "right":
                v = [a[i] * s[i] * (1 - s[i]) for i in range(2)]
                turn = [fast[0][j] * v[0] + fast[1][j] * v[1] for j in range(2)]
            else:
                v = a[:]
                u = [a[i] * sigmoid((x, y)[i]) * (1 - sigmoid((x, y)[i])) for i in range(2)]
                turn = [-(fast[0][j] * u[0] + fast[1][j] * u[1]) for j in range(2)]
            for i in range(2):
                for j, z in enumerate((x, y, 1.0)):
                    gradient[i][j] += 0.2 * v[i] * z
            a = [a[j] + 0.2 * turn[j] for j in range(2)]
        for i, j in itertools.product(range(2), range(3)):
            fast[i][j] -= settings.rate * gradient[i][j]
        if settings.period:
            if step % settings.period == 0:
                for i, j in itertools.product(range(2), range(3)):
                    slow[i][j] += settings.alpha * (fast[i][j] - slow[i][j])
            if step % settings.period == 0 or settings.reset == "as_indented":
                fast = [row[:] for row in slow]
    return settings.most_steps, losses


@pytest.mark.parametrize("reset", ["every_k", "as_indented"])
@pytest.mark.parametrize("gradient", ["right", "printed"])
def test_300_runs_end_where_a_plain_loop_ends(gradient: str, reset: str) -> None:
    weights = initial_weights(300, seed=4)
    for rate, period in ((0.05, 0), (0.05, 6), (0.1, 4)):
        settings = ToySettings(rate=rate, period=period, gradient=gradient, reset=reset)
        runs = train_toy(settings, weights)
        for i, (w, b) in enumerate(zip(*weights)):
            steps, losses = plain_loop(w, b, settings)
            assert runs.steps[i] == steps
            np.testing.assert_allclose(runs.losses[:steps, i], losses, rtol=1e-9)
            assert np.isnan(runs.losses[steps:, i]).all()


def test_the_right_gradient_is_that_of_autograd_and_the_printed_one_is_not() -> None:
    w, b = initial_weights(50, seed=1)
    tw, tb = (torch.tensor(array, requires_grad=True) for array in (w, b))
    z = torch.tensor(START).expand(50, 2)
    for _ in range(10):
        z = z + STEP * torch.sigmoid(torch.einsum("nij,nj->ni", tw, z) + tb)
    ((z - torch.tensor(TARGET)) ** 2).sum().backward()
    path = path_of(w, b)
    np.testing.assert_allclose(path[-1], z.detach().numpy(), rtol=1e-13)
    for ours, known in zip(gradient_of(path, w, b, "right"), (tw.grad, tb.grad)):
        np.testing.assert_allclose(ours, known.numpy(), rtol=1e-10, atol=1e-13)
    for ours, known in zip(gradient_of(path, w, b, "printed"), (tw.grad, tb.grad)):
        assert not np.allclose(ours, known.numpy(), rtol=0.1)


def test_the_worked_example_of_the_thesis() -> None:
    """Its first steps: z(0.5) = (1.44, 1.48) for W = diag(1, 2), b = (1, 1), z(0) = (1, 1)."""
    z = np.array([1.0, 1.0])
    for known in ([1.44, 1.48], [1.9, 1.97], [2.37, 2.47]):
        z = z + 0.5 * np.array([sigmoid(z[0] + 1), sigmoid(2 * z[1] + 1)])
        np.testing.assert_allclose(z, known, atol=0.011)


def test_the_target_is_out_of_reach() -> None:
    """The second component ends below 2 + 2 whatever the weights are: the field stays below 1."""
    w, b = initial_weights(1000, seed=2)
    assert path_of(100 * w, 100 * b)[-1, :, 1].max() <= 4 + 1e-12


def test_the_slow_weights_stay_where_the_reset_comes_every_step() -> None:
    weights = initial_weights(20, seed=3)
    runs = train_toy(ToySettings(period=8, reset="as_indented"), weights)
    # Between two slow updates every step starts from the same weights.
    np.testing.assert_array_equal(runs.losses[1], runs.losses[2])


def test_lookahead_costs_about_twice_as_many_gradients_here() -> None:
    """Medians as measured before; they wander by some 30 % from sample to sample."""
    known = {0.01: (50, 180), 0.05: (34, 72), 0.1: (23, 53)}
    found = {
        (s.rate, s.period): summary(s, runs)
        for s, runs in grid(300, 5, gradient="right", reset="every_k")
    }
    assert set(found) == set(itertools.product(RATES, (0, *PERIODS)))
    for rate, (plain, ahead) in known.items():
        assert found[rate, 0].median == pytest.approx(plain, rel=0.35)
        assert found[rate, 6].median == pytest.approx(ahead, rel=0.35)
        assert found[rate, 6].slow_updates == found[rate, 6].median // 6
    assert found[0.01, 0].stopped < 0.4
    assert found[0.1, 4].loss < 0.5 * loss_of(path_of(*initial_weights(300, 5))).mean()


def test_the_runs_keep_the_weights_that_moved_the_state() -> None:
    weights = initial_weights(5, seed=7)
    runs = train_toy(ToySettings(rate=0.05, period=4), weights)
    np.testing.assert_array_equal(path_of(*runs.weights), runs.path)
    stopped = runs.losses[runs.steps - 1, np.arange(5)]
    np.testing.assert_allclose(loss_of(runs.path)[runs.stopped], stopped[runs.stopped])


def made(steps, stopped, period=0, losses=None) -> ToyRuns:
    steps = np.array(steps)
    if losses is None:
        losses = np.full((steps.max(), len(steps)), np.nan)
        for i, n in enumerate(steps):
            losses[:n, i] = np.arange(n, 0, -1)
    return ToyRuns(losses, steps, np.array(stopped), period, np.zeros((11, 1, 2)), ())


def test_a_course_has_every_loss_or_every_kth_as_in_the_listing() -> None:
    runs = train_toy(ToySettings(rate=0.05, period=6), initial_weights(3, seed=1))
    _, every = plain_loop(*(each[1] for each in initial_weights(3, seed=1)), ToySettings(0.05, 6))
    numbers, losses = runs.course(1, "evaluations")
    assert numbers.tolist() == list(range(1, len(every) + 1))
    np.testing.assert_allclose(losses, every, rtol=1e-9)
    numbers, losses = runs.course(1, "slow")
    kept = [loss for number, loss in enumerate(every, start=1) if number % 6 == 0]
    assert numbers.tolist() == list(range(1, len(kept) + 1))
    assert runs.count("slow")[1] == len(kept)
    np.testing.assert_allclose(losses, kept, rtol=1e-9)


def test_who_was_faster_depends_on_the_axis_and_nobody_is_where_the_limit_came_first() -> None:
    plain = made([10, 10, 10, 50, 50, 50], [1, 1, 1, 0, 0, 1])
    ahead = made([8, 20, 40, 40, 400, 400], [1, 1, 1, 1, 1, 0], period=4)
    assert first_to_stop(plain, ahead, "evaluations").tolist() == [1, -1, -1, 1, 0, -1]
    # slow updates of Lookahead: 2, 5, 10, 10, 100, 100
    assert first_to_stop(plain, ahead, "slow").tolist() == [1, 1, 0, 1, 0, -1]


def test_a_rise_inside_a_period_is_no_rise_of_the_slow_weights() -> None:
    losses = np.array([[4.0, 4.0], [5.0, 2.0], [3.0, 4.5], [1.0, 3.0]])
    assert made([4, 4], [0, 0], 0, losses).rose.tolist() == [True, True]
    assert made([4, 4], [0, 0], 2, losses).rose.tolist() == [False, True]
    ended = np.array([[2.0], [1.0], [np.nan], [np.nan]])
    assert not made([2], [1], 0, ended).rose.any()


def test_the_printed_gradient_makes_plain_descent_oscillate_and_the_right_one_does_not() -> None:
    def share(gradient: str) -> float:
        ((settings, runs),) = grid(
            200, 3, gradient=gradient, reset="every_k", rates=[0.1], periods=[]
        )
        return summary(settings, runs).rose

    assert share("right") == 0
    assert share("printed") > 0.2


def test_the_options_reach_every_cell_and_even_limits_only_plain_descent() -> None:
    kwargs = {"gradient": "right", "reset": "every_k", "rates": [0.01], "periods": [4, 8]}
    found = [s for s, _ in grid(2, 1, **kwargs, alpha=0.3, updates=10, drop=1e-5, even=True)]
    assert {(s.alpha, s.drop) for s in found} == {(0.3, 1e-5)}
    assert [s.most_steps for s in found] == [80, 40, 80]
    assert [s.most_steps for s, _ in grid(2, 1, **kwargs, updates=10)] == [10, 40, 80]


def test_the_arrows_are_those_of_the_field() -> None:
    w, b = np.array([[1.0, -2.0], [0.5, 0.0]]), np.array([0.1, -0.3])
    rows = field_on(w, b, (0.0, 2.0, 0.0, 4.0), n=5)
    assert len(rows) == 25
    for x, y, angle, speed in rows:
        u, v = sigmoid(x - 2 * y + 0.1), sigmoid(0.5 * x - 0.3)
        assert speed == pytest.approx(math.hypot(u, v))
        assert math.tan(math.radians(angle)) == pytest.approx((u / 2) / (v / 4))
