"""Residual stacking: figures as printed, counts by hand, diagrams and schemes against something else."""

import numpy as np
import pytest
import torch

from playground.datasets.images.sources import labels
from playground.networks import build
from playground.papers import PAPERS, study_report, trainings
from playground.papers.residual_diagram import boot_blocks, figure, walk
from playground.papers.scheme_studies import (
    errors,
    extents,
    orders,
    polynomial_of_printed,
    stability,
)
from playground.papers.seed_000 import ROWS, thousands
from playground.papers.seed_000_rivals import FULL, Protocol, compute

SMALL = (1, 8, 8)


def silent(what, share):
    assert what
    assert 0 <= share <= 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("thousands", "PreActResNet-18", "CIFAR-10"), 11_171),
        (("thousands", "TM-ResNet-44", "CIFAR-100"), 23_696),
        (("thousands", "TM-ResNet-137", "CIFAR-100"), 58_325),
    ],
)
def test_weights_as_printed(key, value):
    assert PAPERS["000/table1_weights"].printed[key].mean == value


def test_accuracies_as_printed():
    printed = PAPERS["000/table1"].printed
    assert len(printed) == 20
    assert printed["validation_accuracy", "PreActResNet-34", "CIFAR-10"].mean == 90.94
    assert printed["validation_accuracy", "TM-ResNet-86", "CIFAR-100"].mean == 76.50


def test_every_legible_count_agrees_to_the_unit():
    study = PAPERS["000/table1_weights"]
    found = study.compute(study.order(), silent)
    kinds = {
        (line.row, line.column): line.verdict.kind
        for line in study_report(study, study.order(), found, 1.0, 0.0).lines
    }
    unreadable = ("PreActResNet-34", "CIFAR-10")
    assert kinds.pop(unreadable) == "cannot be judged"
    assert set(kinds.values()) == {"agrees"}
    assert len(kinds) == 19
    assert found.values["thousands", *unreadable] == [21_279.0]
    exact = dict(
        zip(
            zip(found.panels[0].rows["y"], found.panels[0].rows["x"]), found.panels[0].rows["value"]
        )
    )
    assert exact["TM-ResNet-22", "CIFAR-10"] == 11_000_522
    assert exact["PreActResNet-152", "CIFAR-100"] == 58_329_252
    assert "ahead in 8 of 10 cells" in found.notes[0]


def test_thousands_are_cut_off_or_rounded_as_in_print():
    assert thousands("PreActResNet-101", 42_685_604) == 42_685
    assert thousands("TM-ResNet-86", 42_681_636) == 42_682


def test_the_quick_table_has_pairs_of_as_many_weights():
    table = PAPERS["000/table1"]
    full, quick = trainings(table, repetitions=1), trainings(table, repetitions=1, reduced=True)
    assert {t.experiment.epochs for t in full} == {120}
    assert {t.experiment.batch_size for t in full} == {256}
    assert {t.experiment.data.name for t in quick} == {"digits", "fashion_mnist"}
    options = {t.cell: t.experiment.network.options for t in quick}
    for euler, taylor in zip(ROWS[::2], ROWS[1::2]):
        first, second = (options[row, "CIFAR-10"] for row in (euler, taylor))
        assert (first.blocks, first.width) == (second.blocks, second.width)
        counts = []
        for name, each in (("preact_resnet", first), ("tm_resnet", second)):
            sizes = {"size": "small", "blocks": each.blocks, "width": each.width}
            with torch.device("meta"):
                net = build(name, n_features=SMALL, n_classes=10, **sizes)
            counts.append(sum(p.numel() for p in net.parameters()))
        assert abs(counts[1] / counts[0] - 1) < 0.03
    assert len({t.experiment for t in quick}) == len(quick)


def small(name, blocks=2):
    return build(name, n_features=SMALL, n_classes=10, size="small", width=4, blocks=blocks)


def test_a_walk_finds_the_multistep_scheme_and_its_history():
    net = small("tm_resnet")
    steps = walk(net, SMALL)
    assert len(steps) == len(net.stack.blocks)
    assert boot_blocks(steps) == 2
    for step in steps[2:]:
        back = [step.block, step.block - 1, step.block - 2]
        assert step.states == dict(zip(back, (1.5, -1.0, 0.5)))
        assert step.change == 1
    carrying = [step.block for step in steps if step.carried]
    assert carrying == sorted(map(int, net.stack.transitions))
    for step in steps:
        assert len(step.carried) in (0, min(3, step.block + 1))


def test_a_walk_finds_eulers_steps_and_shortcuts():
    net = small("preact_resnet", 3)
    steps = walk(net, SMALL)
    assert all(step.is_euler for step in steps)
    assert boot_blocks(steps) == len(steps) == 9
    assert [s.block for s in steps if s.carried] == [
        i for i, b in enumerate(net.blocks) if b.shortcut
    ]


def test_a_net_with_other_weights_is_read_off_as_it_is():
    net = small("tm_resnet")
    euler = small("tm_resnet")
    euler.stack.connection = type(net.stack.connection)("euler")
    assert all(step.is_euler for step in walk(euler, SMALL))
    halved = small("tm_resnet")
    halved.stack.connection = type(net.stack.connection)("taylor_multistep", step=0.5)
    assert {step.change for step in walk(halved, SMALL)} == {0.5}


def test_a_net_that_is_no_such_sum_is_refused():
    net = small("preact_resnet")
    inner = net.states
    net.states = lambda y: [state + 0.1 * i for i, state in enumerate(inner(y))]
    with pytest.raises(ValueError, match="the state behind block 0 is no sum"):
        walk(net, SMALL)


def test_figure_1_says_that_two_blocks_boot():
    study = PAPERS["000/figure1"]
    found = figure(1, silent)
    lines = {line.row: line for line in study_report(study, study.order(), found, 1.0, 0.0).lines}
    assert lines["boot block"].verdict.kind == "differs"
    assert [lines[row].verdict.kind for row in study.rows[1:]] == ["agrees"] * 4
    assert "11,000,522" in found.notes[0]
    whole = found.panels[2].rows
    assert (
        sum(
            kind == "box" and name == "block F"
            for kind, name in zip(whole["kind"], whole["series"])
        )
        == 10
    )
    for panel in found.panels:
        lengths = {len(column) for column in panel.rows.values()}
        assert len(lengths) == 1


@pytest.mark.parametrize("variant", ["printed", "right"])
def test_orders(variant):
    found = orders(variant, 1, silent, steps=(80, 160, 320, 640))
    wrong = {"Improved Euler": 1, "RK2": 0, "RK4": 3} if variant == "printed" else {}
    known = {
        "Forward Euler": 1,
        "Improved Euler": 2,
        "RK2": 2,
        "RK3": 3,
        "RK4": 4,
        "Taylor multistep": 2,
    }
    for label, order in (known | wrong).items():
        assert found.values["order", label, "y' = y cos t"][0] == pytest.approx(order, abs=0.15)
    assert len(found.notes) == len(wrong)


def test_the_multistep_scheme_is_worse_at_coarse_steps_of_a_fast_decay():
    found = errors((20, 160), 1, silent)
    assert found.values["ratio", "20 steps", "y' = −5y"][0] > 1
    assert found.values["ratio", "160 steps", "y' = −5y"][0] < 0.2
    assert "20 steps on y' = −5y" in found.notes[0]
    # by hand: θ(l+1) = 3/2 θ(l) − θ(l−1) + ½ θ(l−2) + z θ(l) against 1 + z, with z = −1.25
    h, z = 0.25, -1.25
    states = [1.0, 1 + z, (1 + z) ** 2]
    for _ in range(18):
        states.append((1.5 + z) * states[-1] - states[-2] + 0.5 * states[-3])
    times = h * np.arange(21)
    theirs = np.abs(np.array(states) - np.exp(-5 * times))
    euler = np.abs((1 + z) ** np.arange(21) - np.exp(-5 * times))
    by_hand = theirs.max() / euler.max()
    assert found.values["ratio", "20 steps", "y' = −5y"][0] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("name", "coefficients"),
    [
        ("forward_euler", [1, 1]),
        ("improved_euler", [1, 1, 1 / 4]),
        ("rk3", [1, 1, 1 / 2, 1 / 6]),
        ("rk4", [1, 1, 1 / 2, 1 / 6]),
    ],
)
def test_the_polynomial_of_what_is_printed(name, coefficients):
    found = polynomial_of_printed(name)
    np.testing.assert_allclose(found[: len(coefficients)], coefficients, atol=1e-12)
    assert not found[len(coefficients) :].any()


def test_regions_reach_as_far_as_is_known():
    real, imaginary, area = extents("rk4", "right")
    assert (real, imaginary) == pytest.approx((2.7853, 2.8284), abs=1e-4)
    assert area == pytest.approx(12.7, abs=0.05)
    assert extents("rk2", "printed") is None
    assert extents("taylor_multistep", "printed") == pytest.approx((1, 0, 0.55), abs=0.01)


def test_the_multistep_scheme_is_less_stable_than_euler():
    study = PAPERS["000/claim_stability"]
    found = stability("right", 1, silent)
    lines = study_report(study, study.order("right"), found, 1.0, 0.0).lines
    assert [line.verdict.kind for line in lines] == ["differs", "differs"]
    assert "area 0.54" in found.notes[0]


def test_rivals_are_compared_in_pairs_of_the_same_seeds():
    data = (("digits", 60, 40), ("digits", 80, 40))
    tiny = Protocol(
        data, "small", 4, 2, 1, 20, {"name": "adam", "options": {"learning_rate": 1e-2}}
    )
    found = compute(tiny, 2, silent)
    for column in ("first set", "second set"):
        ours, theirs = (found.values["accuracy", n, column] for n in ("TM-ResNet", "HO-ResNet"))
        ahead = found.values["ahead", "TM-ResNet − HO-ResNet", column]
        assert ahead == pytest.approx([a - b for a, b in zip(ours, theirs)])
    assert len(found.runs) == 12
    assert {run["status"] for run in found.runs} == {"finished"}
    assert len(found.notes) == 4


def test_the_full_comparison_says_that_its_images_are_missing(monkeypatch):
    monkeypatch.setenv("PLAYGROUND_ONLINE", "0")
    if labels("cifar10") is not None:
        pytest.skip("CIFAR-10 is on this server")
    with pytest.raises(ValueError, match="cifar10"):
        compute(FULL, 1, silent)
