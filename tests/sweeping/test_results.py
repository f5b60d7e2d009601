"""What a sweep has shown, against figures computed by hand; the front against all pairs."""

from __future__ import annotations

import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.sweeping import Sweep, best, distinct, front_of, pareto
from playground.sweeping.results import QUANTITIES, Ended, rows, score_of
from playground.training import estimate
from playground.training.events import Metrics


def metrics(**figures):
    shared = dict.fromkeys(Metrics.__dataclass_fields__, 0.0)
    return Metrics(**{**shared, **figures})


def made(sweep, *ended):
    return rows(sweep.points(), distinct(sweep.points()), ended)


@pytest.fixture
def found(sweep):
    ended = [
        Ended(
            "finished",
            metrics=metrics(
                validation_accuracy=accuracy,
                validation_loss=1 - accuracy,
                seconds=seconds,
                nfe_forward=nfe,
            ),
            parameters=100 + i // 2,
            run=f"r{i}",
        )
        for i, (accuracy, seconds, nfe) in enumerate(
            [
                (0.5, 1.0, 4), (0.7, 3.0, 4),
                (0.9, 8.0, 9), (0.8, 8.0, 9),
                (0.9, 5.0, 20), (0.9, 5.0, 20),
                (0.1, 9.0, 30), (0.2, 9.0, 30),
            ]
        )
    ]  # fmt: skip
    return made(sweep, *ended)


def test_mean_and_deviation_over_the_repetitions(found):
    first = found[0]
    assert first.mean("validation_accuracy") == pytest.approx(60.0)
    assert first.std("validation_accuracy") == pytest.approx(statistics.stdev([50, 70]))
    assert (first.mean("seconds"), first.std("seconds")) == (2.0, pytest.approx(math.sqrt(2)))
    assert first.mean("nfe_forward") == 4
    assert (first.mean("parameters"), first.std("parameters")) == (100, None)
    assert (first.ended, first.failed, first.runs) == (2, 0, ("r0", "r1"))
    json.dumps([row.to_dict() for row in found], allow_nan=False)


def test_the_best_is_the_most_accurate_then_the_one_with_less_loss(found):
    assert best(found).place == 2
    tied = [found[0], found[1]]
    assert best(tied) is found[1]
    assert best([]) is None


def test_the_front_leaves_out_what_another_one_beats(found):
    assert [row.place for row in front_of(found, "seconds")] == [0, 2]
    assert [row.place for row in front_of(found, "nfe_forward")] == [0, 1, 2]
    with pytest.raises(ValueError, match="cost: 'money' is not legal; legal is seconds"):
        front_of(found, "money")


def test_what_has_not_ended_does_not_count(sweep):
    done = Ended("finished", metrics=metrics(validation_accuracy=0.5), run="a")
    lost = Ended("diverged", metrics=metrics(validation_loss=math.nan, validation_accuracy=0.1))
    going = Ended("running", metrics=metrics(validation_accuracy=0.9))
    failed = Ended("failed")
    found = made(sweep, done, going, lost, failed, Ended("missing"), Ended("queued"), done, lost)
    assert [(row.ended, row.diverged, row.failed) for row in found] == [
        (1, 0, 0),
        (1, 1, 1),
        (0, 0, 0),
        (2, 1, 0),
    ]
    assert found[0].figures["validation_accuracy"].mean == 50
    assert found[0].std("validation_accuracy") is None
    assert "validation_loss" not in found[1].figures
    assert found[2].figures == {}
    assert math.isnan(found[2].mean("seconds"))
    assert best(found).place == 0
    assert found[0].mean("parameters") == estimate(sweep.points()[0].experiments[0]).parameters


def test_a_regression_is_judged_by_its_loss(sweep):
    ended = [
        Ended(
            "finished", metrics=metrics(validation_accuracy=None, validation_loss=loss, seconds=s)
        )
        for loss, s in [(3, 1), (3, 1), (1, 2), (1, 2), (2, 3), (2, 3), (0.5, 9), (0.5, 9)]
    ]
    found = made(sweep, *ended)
    assert score_of(found) == "validation_loss"
    assert best(found).place == 3
    assert [row.place for row in front_of(found, "seconds")] == [0, 1, 3]


def test_a_table_has_every_quantity(found):
    flat = found[0].to_dict()
    assert set(QUANTITIES) <= set(flat)
    assert flat["scheme"] == "euler"
    assert flat["network.depth"] == 1


NUMBERS = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([math.nan, math.inf]))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12))
def test_the_front_is_what_no_pair_rules_out(pairs):
    costs, scores = [c for c, _ in pairs], [s for _, s in pairs]

    def beaten(i):
        return any(
            c <= costs[i] and s >= scores[i] and (c, s) != pairs[i]
            for c, s in pairs
            if math.isfinite(c) and math.isfinite(s)
        )

    wanted = {
        i for i, (c, s) in enumerate(pairs) if math.isfinite(c) and math.isfinite(s)
        and not beaten(i)
    }  # fmt: skip
    front = pareto(costs, scores)
    assert set(front) == wanted
    assert len(front) == len(wanted)
    assert [costs[i] for i in front] == sorted(costs[i] for i in front)


def test_as_many_costs_as_scores():
    with pytest.raises(ValueError, match="zip"):
        pareto([1.0], [])


def test_two_settings_may_share_their_trainings(small):
    sweep = Sweep(base=small, listed=({"l2": 0}, {"l2": 0.0}))
    one, two = made(sweep, Ended("finished", metrics=metrics(seconds=2.0), run="a"))
    assert one.runs == two.runs == ("a",)
