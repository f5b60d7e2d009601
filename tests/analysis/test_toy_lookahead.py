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
    ToySettings,
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
