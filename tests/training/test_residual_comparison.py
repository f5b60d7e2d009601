"""Nets side by side: their weights, their seeds, and their differences against SciPy."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from playground.experiment import Experiment, SchemeSlot
from playground.integrators import INTEGRATORS
from playground.networks import build
from playground.networks.base import ChosenScheme
from playground.networks.residual_layouts import PREACT, Layout, without_shortcuts
from playground.networks.residual_nets import HigherOrderResNet
from playground.training import train
from playground.training.events import Metrics
from playground.training.repetitions import seeded
from playground.training.residual_comparison import (
    REFERENCE,
    RIVALS,
    Scale,
    by_chance,
    contenders,
    expected_seconds,
    nearest,
    paired,
)
from playground.training.residual_table import CLASSES, TABLE_1, agreement, ahead, counted

BASE = Experiment.model_validate(
    {"data": "digits", "n_train": 200, "n_validation": 90, "network": REFERENCE, "epochs": 2}
)
HEUN = SchemeSlot(name="heun2")


def weights(name, shape=(3, 32, 32), **options):
    with torch.device("meta"):
        net = build(name, n_features=shape, n_classes=10, **options)
    return sum(p.numel() for p in net.parameters())


def equal_blocks(blocks, layout):
    with torch.device("meta"):
        made = Layout(blocks, layout.base, layout.bottleneck)
        scheme = INTEGRATORS["euler"]
        chosen = ChosenScheme(scheme, scheme.options())
        net = HigherOrderResNet((3, 32, 32), 10, made, 1.0, chosen)
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("blocks", range(2, 10))
@pytest.mark.parametrize("width", [4, 16, 64])
def test_small_nets_of_runge_kutta_have_as_many_weights(blocks, width):
    shared = {"size": "small", "blocks": blocks, "width": width}
    euler = weights(REFERENCE, **shared)
    assert abs(weights("ho_resnet", matched=True, **shared) / euler - 1) < 0.02
    assert weights("ho_resnet", **shared) / euler > 1.02


@pytest.mark.parametrize("depth", PREACT)
def test_so_have_the_published_ones(depth):
    euler = weights(REFERENCE, depth=depth)
    assert abs(weights("ho_resnet", depth=depth, matched=True) / euler - 1) < 0.02


@pytest.mark.parametrize("layout", [Layout((2, 2, 2), 8), Layout((3, 4, 6, 3), 16, True)])
def test_no_layout_that_is_more_alike_has_as_many_weights(layout):
    size = {3: "small", 4: "published"}[len(layout.blocks)]
    found = without_shortcuts(layout).blocks
    changes = sum(abs(a - b) for a, b in zip(found, layout.blocks))
    assert changes > 0
    if size == "small":
        euler = weights(REFERENCE, size="small", width=8, blocks=2)
        assert abs(equal_blocks(found, layout) / euler - 1) < 0.02
        assert abs(equal_blocks(layout.blocks, layout) / euler - 1) > 0.02
        others = [(a, b, c) for a in (1, 2, 3) for b in (1, 2, 3) for c in (1, 2, 3)]
        single = [o for o in others if sum(abs(n - 2) for n in o) <= changes]
        best = min(single, key=lambda o: abs(equal_blocks(o, layout) - euler))
        assert best == found


@pytest.mark.parametrize("scale", [Scale("small", 8, 2, 18), Scale("small", 16, 3, 18)])
def test_all_nets_have_as_many_weights_and_share_the_rest(scale):
    nets = contenders(BASE, RIVALS, scale, HEUN)
    assert list(nets) == [REFERENCE, *RIVALS]
    wanted = nets[REFERENCE].parameters
    for name, net in nets.items():
        made = net.experiment
        options = made.network.options.model_dump()
        count = weights(name, (1, 8, 8), scheme=made.scheme.name, **options)
        assert net.parameters == count
        assert net.excess == pytest.approx(count / wanted - 1)
        assert abs(net.excess) < 0.02
        for field in ("data", "n_train", "data_seed", "weight_seed", "optimizer", "epochs"):
            assert getattr(made, field) == getattr(BASE, field)
    assert nets["ho_resnet"].experiment.scheme.name == "heun2"


def test_each_repetition_has_seeds_of_its_own_which_all_nets_share():
    nets = contenders(BASE, ("tm_resnet",), Scale("small", 4, 2, 18), HEUN)
    seeds = [
        [(e.data_seed, e.weight_seed) for e in seeded(net.experiment, 4)] for net in nets.values()
    ]
    assert seeds[0] == seeds[1]
    assert len({s for pair in seeds[0] for s in [pair]}) == 4
    assert len({d for d, _ in seeds[0]}) == len({w for _, w in seeds[0]}) == 4


def test_published_pairs_are_those_of_the_table():
    for euler, taylor in TABLE_1:
        nets = contenders(
            BASE, ("tm_resnet", "lm_resnet"), Scale("published", 8, 2, euler.depth), HEUN
        )
        assert nets["tm_resnet"].experiment.network.options.depth == taylor.depth
        assert max(abs(net.excess) for net in nets.values()) < 0.02


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="'ab2' has no explicit tableau; legal is euler"):
        contenders(BASE, ("ho_resnet",), Scale("small", 8, 2, 18), SchemeSlot(name="ab2"))
    with pytest.raises(ValueError, match="'published' is not legal for the mixer"):
        contenders(BASE, ("mixer",), Scale("published", 8, 2, 18), HEUN)


@pytest.mark.parametrize("wanted", [-3, 0, 1, 7, 40, 41, 2000, 10_000])
def test_the_nearest_number_is_found_as_by_trying_all(wanted):
    found = nearest(lambda n: 3 * n * n + n, wanted, 1, 50)
    assert abs(3 * found**2 + found - wanted) == min(
        abs(3 * n * n + n - wanted) for n in range(1, 51)
    )


def test_differences_are_those_of_a_paired_test():
    random = np.random.default_rng(3)
    euler, taylor = random.normal(95, 1, 8), random.normal(95.5, 1, 8)
    found = paired({REFERENCE: euler.tolist(), "tm_resnet": taylor.tolist()})
    own, known = found["tm_resnet"], stats.ttest_rel(taylor, euler)
    assert own.error == pytest.approx(stats.sem(taylor - euler))
    assert own.difference / own.error == pytest.approx(known.statistic)
    assert own.mean == pytest.approx(taylor.mean())
    assert own.std == pytest.approx(taylor.std(ddof=1))
    assert (own.best, own.count) == (taylor.max(), 8)
    clear = abs(known.statistic) > 2
    assert (own.verdict == "no difference within 2 standard errors") == (not clear)
    assert found[REFERENCE].difference is None


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [
        ([91.0, 92.1, 93.0], "better"),
        ([89.0, 90.1, 91.0], "worse"),
        ([91.0, 90.0, 92.5], "no difference within 2 standard errors"),
        ([90.5, None, None], "one pair, which says nothing about chance"),
        ([None, math.nan, None], "nothing to compare yet"),
    ],
)
def test_the_verdict_in_words(theirs, verdict):
    found = paired({REFERENCE: [90.0, 91.0, 92.0], "tm_resnet": theirs})
    assert found["tm_resnet"].verdict == verdict


def test_only_repetitions_that_both_have_are_compared():
    found = paired({REFERENCE: [90.0, None, 92.0], "tm_resnet": [91.0, 99.0, None]})
    assert found["tm_resnet"].differences == (1.0,)
    assert found["tm_resnet"].mean == 95.0
    assert found[REFERENCE].count == 2


@pytest.mark.parametrize("pairs", [2, 3, 10])
def test_how_often_chance_tells_nets_apart(pairs):
    values = np.random.default_rng(pairs).normal(size=(100_000, pairs))
    errors = values.std(axis=1, ddof=1) / math.sqrt(pairs)
    share = (np.abs(values.mean(axis=1)) > 2 * errors).mean()
    assert by_chance(pairs) == pytest.approx(share, abs=0.006)
    with pytest.raises(ValueError, match="pairs: 1 is not legal"):
        by_chance(1)


def test_the_expected_time_is_of_the_right_size():
    (first, *_) = contenders(BASE, (), Scale("small", 8, 2, 18), HEUN).values()
    last = [event for event in train(first.experiment) if isinstance(event, Metrics)][-1]
    assert last.seconds / 10 < expected_seconds(first.experiment) < 10 * last.seconds


def test_the_printed_numbers_of_weights_are_those_of_the_nets():
    exact = {
        (18, 10): 11_171_146, (18, 100): 11_217_316, (22, 10): 11_000_522, (22, 100): 11_046_692,
        (34, 10): 21_279_306, (34, 100): 21_325_476, (36, 10): 21_034_698, (36, 100): 21_080_868,
        (50, 10): 23_509_066, (50, 100): 23_693_476, (44, 10): 23_511_242, (44, 100): 23_695_652,
        (101, 10): 42_501_194, (101, 100): 42_685_604, (86, 10): 42_497_226, (86, 100): 42_681_636,
        (152, 10): 58_144_842, (152, 100): 58_329_252, (137, 10): 58_140_874,
        (137, 100): 58_325_284,
    }  # fmt: skip
    told = {}
    for line in (line for pair in TABLE_1 for line in pair):
        for classes, printed in zip(CLASSES, line.parameters):
            count = counted(line.network, line.depth, classes)
            assert count == exact.pop((line.depth, classes))
            told[printed] = agreement(printed, count)
    assert exact == {}
    assert told.pop("21,27k") == "a digit is missing"
    assert all(words.startswith("equal") for words in told.values())
    assert told["42,685k"] == "equal, cut off"
    assert told["42,682k"] == "equal, rounded"
    assert agreement("11,172k", 11_171_146) == "differs"


def test_the_multistep_net_is_ahead_in_eight_of_ten_printed_cells():
    depths = [euler.depth for euler, _ in TABLE_1]
    every = {(depth, classes) for depth in depths for classes in CLASSES}
    assert every - set(ahead()) == {(18, 100), (101, 10)}
