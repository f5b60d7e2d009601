"""The attention lab's figures: against scikit-learn, sums by hand, SciPy and the tables as printed."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.stats import entropy
from sklearn.metrics import accuracy_score, log_loss, precision_recall_fscore_support

from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import build
from playground.networks.sequences import Sequence
from playground.training import events as e
from playground.training import train
from playground.training.attention_solvers import evaluations_over_training, solve_otherwise
from playground.training.attention_speed import time_nets
from playground.training.attention_tables import (
    CLASSIC,
    FLOW,
    TABLE_III,
    TABLE_IV,
    operations,
    parts_of,
    table_net,
)
from playground.training.attention_views import (
    focus,
    judge,
    looks,
    numbers_at_once,
    over_image,
    positions_of,
    trained_net,
    weighted_scores,
)
from playground.training.checkpoints import unpack_weights

NETS = (CLASSIC, FLOW)


def made(name: str, **options: object) -> Experiment:
    chosen = {"encoding": "patches", "patch": 5, **options}
    return Experiment.model_validate(
        {
            "data": "digits",
            "n_train": 300,
            "n_validation": 120,
            "epochs": 3,
            "network": {"name": name, "options": chosen},
            "scheme": "euler",
            "optimizer": {"name": "adam", "options": {"learning_rate": 0.02}},
        }
    )


def trained(experiment: Experiment) -> list[dict[str, torch.Tensor]]:
    kept = [event for event in train(experiment) if isinstance(event, e.Snapshot)]
    return [unpack_weights(each.weights) for each in kept]


@pytest.fixture(scope="module", params=[(name, form) for name in NETS for form in ("score", "qkv")])
def learned(request: pytest.FixtureRequest) -> tuple[Experiment, dict[str, torch.Tensor]]:
    name, form = request.param
    experiment = made(name, form=form)
    return experiment, trained(experiment)[-1]


def images() -> tuple[torch.Tensor, np.ndarray]:
    split = load("digits", n_train=300, n_validation=120, seed=1)
    return torch.as_tensor(split.x_validation), split.y_validation


def test_scores_are_those_of_scikit_learn(learned):
    experiment, weights = learned
    found = judge(experiment, weights)
    x, y = images()
    with torch.no_grad():
        outputs = trained_net(experiment, weights)(x)
    guesses = outputs.argmax(dim=1).numpy()
    np.testing.assert_array_equal(found.truths, y)
    np.testing.assert_array_equal(found.guesses, guesses)
    theirs = precision_recall_fscore_support(y, guesses, average="weighted", zero_division=0)
    assert (found.precision, found.recall, found.f1) == pytest.approx(theirs[:3])
    assert found.accuracy == pytest.approx(accuracy_score(y, guesses))
    assert found.accuracy == pytest.approx(found.recall)  # as in every row of table III
    probabilities = outputs.double().softmax(dim=1).numpy()
    assert found.loss == pytest.approx(log_loss(y, probabilities, labels=range(10)), rel=1e-4)
    np.testing.assert_allclose(found.sureness, probabilities.max(axis=1), atol=1e-6)


def test_classes_that_nobody_guesses_have_no_precision():
    truths, guesses = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 1, 1, 1])
    theirs = precision_recall_fscore_support(
        truths, guesses, labels=range(4), average="weighted", zero_division=0
    )
    assert weighted_scores(truths, guesses, 4) == pytest.approx(theirs[:3])


def test_recall_is_the_accuracy_in_every_printed_row():
    assert all(row.recall == row.accuracy for row in TABLE_III.values())
    assert set(TABLE_III) == set(TABLE_IV)


def test_where_a_net_looks_is_what_it_decides_by(learned):
    experiment, weights = learned
    found, x = looks(experiment, weights, 7), images()[0]
    net = trained_net(experiment, weights)
    np.testing.assert_allclose(found.image, x[7].reshape(8, 8), atol=1e-7)
    np.testing.assert_allclose(found.weights.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(found.pairs.mean(axis=1).T, found.weights, atol=1e-6)
    # The answer again, from the weights that are shown.
    with torch.no_grad():
        states = net.attended(x[7:8])[0]
        attention = net.head.attention
        if experiment.network.options.form == "qkv":
            states = attention.value(states)
        states = states if states.ndim == 3 else states[None]
        shown = torch.as_tensor(found.weights.T, dtype=torch.float32)
        context = (shown[:, :, None] * states).sum(dim=1).mean(dim=0)
        torch.testing.assert_close(net.head.decoder(context), net(x[7:8])[0], atol=1e-5, rtol=1e-4)
    # Patches of five: the first holds 5 × 5 pixels, the last 3 × 3.
    mean = found.weights.mean(axis=1)
    assert found.spread[0, 0] == found.spread[4, 4] == pytest.approx(mean[0])
    assert found.spread[5, 5] == found.spread[7, 7] == pytest.approx(mean[3])
    assert found.spread[0, 7] == pytest.approx(mean[1])


def test_an_image_that_is_not_there_is_refused(learned):
    with pytest.raises(ValueError, match="place: 120 is not legal; legal is 0 to 119"):
        looks(*learned, 120)


def test_how_widely_a_net_looks_is_the_exponential_of_the_entropy(learned):
    experiment, weights = learned
    found = focus(experiment, weights)
    net, x = trained_net(experiment, weights), images()[0]
    with torch.no_grad():
        maps = net.maps(x).double().numpy()
    if maps.ndim == 2:
        np.testing.assert_allclose(found[:, 0], np.exp(entropy(maps, axis=1)), rtol=1e-5)
        assert found.shape == (120, 1)
    else:
        np.testing.assert_allclose(found[:, :-1], np.exp(entropy(maps, axis=1)), rtol=1e-5)
        mean = np.exp(entropy(maps.mean(axis=2), axis=1))
        np.testing.assert_allclose(found[:, -1], mean, rtol=1e-5)
    assert (found >= 1 - 1e-6).all()
    assert (found <= positions_of(experiment) + 1e-6).all()


def test_weights_stand_where_their_positions_are():
    rows = over_image(Sequence((3, 2, 5), "rows", 1), np.arange(6.0), (3, 2, 5))
    np.testing.assert_array_equal(rows, np.array([[0 + 2 + 4] * 5, [1 + 3 + 5] * 5]))
    pixels = over_image(Sequence((3, 2, 5), "flat", 1), np.arange(10.0), (3, 2, 5))
    np.testing.assert_array_equal(pixels, np.arange(10.0).reshape(2, 5))


def test_counts_are_those_of_table_four():
    for (name, dataset), printed in TABLE_IV.items():
        parts = parts_of(table_net(name, dataset, "score"))
        net = table_net(name, dataset, "score")
        assert sum(parts.values()) == printed == sum(p.numel() for p in net.parameters())
        more = sum(parts_of(table_net(name, dataset, "qkv")).values()) - printed
        width = net.norm.normalized_shape[0]
        assert more == 3 * width**2 - (width + 1)
        assert (parts["field of the ODE"] > 0) == (name == FLOW)


def test_operations_are_those_of_the_matrix_products():
    shape, positions, values = (1, 8, 8), 8, 8
    classic = build(CLASSIC, n_features=shape, n_classes=10, seed=1, width=16)
    flow = build(FLOW, n_features=shape, n_classes=10, seed=1, width=16, n_times=3, method="rk4")
    look = positions * 16 + positions * 16  # scores, and the sum that they weigh
    expected = positions * values * 16 + look + 16 * 10
    assert operations(classic, shape) == 2 * expected
    calls = 2 * 4
    expected = positions * values * 16 + calls * 2 * positions * 16**2 + 3 * look + 16 * 10
    assert operations(flow, shape) == 2 * expected


def test_nets_are_timed_by_turns_on_the_same_batches():
    seen: list[tuple[str, int]] = []

    class Spy(torch.nn.Module):
        def __init__(self, name: str, work: int) -> None:
            super().__init__()
            self.name, self.work = name, work

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            assert not self.training
            seen.append((self.name, len(x)))
            for _ in range(self.work):
                x = x @ torch.ones(64, 64)
            return x

    nets = {"light": Spy("light", 1), "heavy": Spy("heavy", 60)}
    found = time_nets(nets, torch.zeros(10, 64), batches=(2, 25), seconds=0.02)
    assert [(t.net, t.batch) for t in found] == [
        ("light", 2), ("heavy", 2), ("light", 25), ("heavy", 25)
    ]  # fmt: skip
    timed = [name for name, size in seen if size == 25][4:]  # after two calls each to warm up
    assert timed == ["light", "heavy"] * (len(timed) // 2)
    assert len(timed) == 2 * found[2].calls >= 10
    assert all(t.best <= t.median for t in found)
    assert found[1].best > found[0].best
    long = time_nets(nets, torch.zeros(10, 64), batches=(2, 25), seconds=0.0)
    assert {t.batch for t in long} == {2}


@pytest.fixture(scope="module")
def flowing() -> tuple[Experiment, list[dict[str, torch.Tensor]]]:
    experiment = made(FLOW, n_times=3)
    return experiment, trained(experiment)


def test_other_solvers_of_a_stored_net(flowing):
    experiment, kept = flowing
    found = solve_otherwise(experiment, kept[-1])
    for one in found:
        if one.steps:
            assert one.nfe == 2 * one.steps * {"euler": 1, "midpoint": 2, "rk4": 4}[one.method]
    assert [(o.method, o.steps) for o in found if o.as_trained] == [("rk4", 1)]
    euler = [o.error for o in found if o.method == "euler"]
    assert all(math.log2(a / b) == pytest.approx(1, abs=0.35) for a, b in pairwise(euler[1:]))
    adaptive = [o for o in found if o.method == "dopri5"]
    assert adaptive[0].nfe < adaptive[-1].nfe
    assert adaptive[-1].error < 1e-3
    # SciPy's solution of the same field, through the rest of the net.
    net, x = trained_net(experiment, kept[-1]).double(), images()[0].double()
    field = net.field

    def slope(_t: float, y: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return field(0, torch.as_tensor(y).reshape(-1, 32)).numpy().ravel()

    with torch.no_grad():
        start = net.lift(net.inputs(x[:10]))
        solved = solve_ivp(
            slope, (0, 1), start.numpy().ravel(), t_eval=[0, 0.5, 1], rtol=1e-6, atol=1e-8
        )
        states = torch.as_tensor(solved.y.T).reshape(3, *start.shape)
        contexts = [net.head.attention(net.norm(h))[0] for h in states]
        exact = net.head.decoder(torch.stack(contexts).mean(dim=0)).softmax(dim=1)
        net.method, net.substeps = "rk4", 16
        assert float((net(x[:10]).softmax(dim=1) - exact).abs().max()) < 1e-4


def test_evaluations_over_a_training_are_those_of_dopri5(flowing):
    experiment, kept = flowing
    moments = [(float(i), weights) for i, weights in enumerate(kept[:: len(kept) // 3])]
    loose = evaluations_over_training(experiment, moments, 1e-2)
    tight = evaluations_over_training(experiment, moments, 1e-6)
    assert [epoch for epoch, _ in loose] == [epoch for epoch, _ in moments]
    assert all(a < b for (_, a), (_, b) in zip(loose, tight))
    # Dormand and Prince: two evaluations to begin, six for each step tried, one net at a time.
    assert all((nfe - 2) % 6 == 0 for _, nfe in loose + tight)


def test_weights_of_another_net_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        judge(made(CLASSIC), {"x": torch.zeros(1)})


def test_what_is_held_at_once_grows_with_positions_and_times():
    small = numbers_at_once(made(FLOW))
    assert numbers_at_once(made(FLOW, encoding="flat")) > 10 * small
    assert numbers_at_once(made(FLOW, n_times=40)) > 5 * small
    pairs = made(CLASSIC, encoding="flat", form="qkv")
    assert numbers_at_once(pairs) >= 300 * 64**2
