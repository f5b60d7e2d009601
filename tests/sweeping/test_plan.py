"""Sweeps as values: what they ask for, what they refuse, and JSON there and back."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.experiment import Experiment
from playground.presets import presets
from playground.sweeping import Sweep, distinct, size, too_large
from playground.sweeping.size import BEGINNING_SECONDS, duration
from playground.training import estimate
from playground.training.repetitions import seeded

EXAMPLE = Path(__file__).parents[2] / "assets" / "sweeps" / "schemes.json"


def test_a_grid_is_all_combinations_each_with_its_repetitions(sweep, small):
    points = sweep.points()
    wanted = list(itertools.product(["euler", "rk4"], [1, 3]))
    assert [tuple(point.values.values()) for point in points] == wanted
    assert (sweep.n_points, sweep.n_runs, sweep.fields) == (4, 8, ("scheme", "network.depth"))
    for (scheme, depth), point in zip(wanted, points):
        changed = small.amended({"scheme": scheme, "network.depth": str(depth)})
        assert point.experiments == tuple(seeded(changed, 2))
        assert (changed.scheme.name, changed.network.options.depth) == (scheme, depth)
    assert len(distinct(points)) == 8


def test_a_list_is_taken_as_it_stands(small):
    listed = [{"network": "standard_net", "network.depth": 4}, {"l2": 0.1}, {"early_stop": True}]
    sweep = Sweep.model_validate({"base": small, "list": listed})
    first, second, third = (point.experiments[0] for point in sweep.points())
    assert (first.network.name, first.network.options.depth) == ("standard_net", 4)
    assert second == small.model_copy(update={"l2": 0.1})
    assert third == small.model_copy(update={"early_stop": True})
    assert sweep.fields == ("network", "network.depth", "l2", "early_stop")


def test_settings_that_train_the_same_are_trained_once(small):
    sweep = Sweep(base=small, listed=({"l2": 0}, {"l2": 0.0}, {"l1": 0.5}), repetitions=3)
    assert sweep.n_runs == 9
    assert len(distinct(sweep.points())) == 6


@pytest.mark.parametrize(
    ("base", "depth", "epochs"),
    [
        ("spiral", presets()["spiral"].experiment.network.options.depth, None),
        ({"preset": "spiral", "network.depth": 7, "epochs": 3}, 7, 3),
        (json.loads(Experiment(epochs=5).model_dump_json()), 20, 5),
    ],
)
def test_a_base_is_a_preset_a_changed_preset_or_an_experiment(base, depth, epochs):
    sweep = Sweep.model_validate_json(json.dumps({"base": base, "grid": {"l2": [0, 0.1]}}))
    if isinstance(base, str):
        assert sweep.base == presets()[base].experiment
    assert sweep.base.network.options.depth == depth or "preset" not in base
    assert epochs is None or sweep.base.epochs == epochs


VALUES = st.one_of(
    st.tuples(
        st.just("epochs"), st.lists(st.integers(1, 500), min_size=1, max_size=4, unique=True)
    ),
    st.tuples(
        st.just("l2"), st.lists(st.floats(0, 10, width=32), min_size=1, max_size=4, unique=True)
    ),
    st.tuples(
        st.just("scheme"),
        st.lists(st.sampled_from(["euler", "heun2", "rk4"]), min_size=1, max_size=3, unique=True),
    ),
    st.tuples(st.just("early_stop"), st.just([False, True])),
    st.tuples(st.just("target_accuracy"), st.just([None, 0.5])),
)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(VALUES, min_size=1, max_size=3).map(dict),
    st.text(max_size=20),
    st.integers(1, 4),
    st.integers(-9, 9),
    st.booleans(),
)
def test_json_there_and_back(grid, name, repetitions, priority, listed):
    given = {"name": name, "repetitions": repetitions, "priority": priority}
    if listed:
        given["list"] = [{field: values[0]} for field, values in grid.items()]
    else:
        given["grid"] = grid
    sweep = Sweep.model_validate(given)
    again = Sweep.from_json(sweep.to_json())
    assert again == sweep
    assert again.points() == sweep.points()
    assert again.to_json() == sweep.to_json()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "neither given; legal is one of the two"),
        ({"grid": {"l2": [0]}, "list": [{"l2": 1}]}, "both given"),
        ({"grid": {"l2": []}}, "l2 has no values"),
        ({"grid": {"l2": [0.5, 0.5]}}, "l2: 0.5 is given twice"),
        (
            {"grid": {"epochs": [1, 0]}},
            "epochs = 0: epochs: 0 is not legal; legal is a whole",
        ),
        ({"grid": {"scheme": ["euler", "magic"]}}, "scheme = magic.*known are"),
        ({"grid": {"depht": [1]}}, "'depht' is not known"),
        ({"list": [{}]}, "a setting is empty"),
        ({"grid": {"l2": [0]}, "repetitions": 0}, "repetitions"),
        ({"grid": {"l2": [0]}, "repetitions": 101}, "less than or equal to 100"),
        ({"grid": {"l2": [0]}, "priority": 10}, "less than or equal to 9"),
        ({"grid": {"l2": [0]}, "prioritty": 1}, "Extra inputs"),
        ({"base": "swirl", "grid": {"l2": [0]}}, "preset: 'swirl' is not known; legal is spiral"),
        ({"base": {"preset": "spiral", "l3": 1}, "grid": {"l2": [0]}}, "'l3' is not known"),
        ({"grid": {"epochs": list(range(1, 200)), "n_train": list(range(5, 65))}}, "up to 10000"),
        ({"grid": {f"x{i}": [1] for i in range(7)}}, "7 fields; legal is up to 6"),
    ],
)
def test_what_is_wrong_is_said_with_the_field_the_value_and_what_is_legal(given, message):
    with pytest.raises(ValidationError, match=message):
        Sweep.model_validate(given)


def test_size_and_time_before_it_starts(sweep):
    found = size(sweep)
    each = [estimate(point.experiments[0]) for point in sweep.points()]
    times = [need.seconds + BEGINNING_SECONDS for need in each]
    assert (found.points, found.runs, found.estimated) == (4, 8, 4)
    assert found.seconds == pytest.approx(2 * sum(times))
    assert found.longest == max(times)
    assert found.parameters == (each[0].parameters, each[1].parameters)
    assert "8 trainings" in found.words(2)
    assert "factor of about three" in found.words(2)


def test_of_many_settings_some_are_estimated_for_all(small):
    sweep = Sweep(base=small, grid={"epochs": tuple(range(1, 301))})
    found = size(sweep)
    assert (found.points, found.estimated) == (300, 100)
    whole = sum(estimate(point.experiments[0]).seconds for point in sweep.points())
    assert found.seconds == pytest.approx(whole + 300 * BEGINNING_SECONDS, rel=0.02)
    assert "from 100 of the 300 settings" in found.words(1)


def test_what_a_server_does_not_take_is_said_before(sweep, jobs, monkeypatch):
    from playground.jobs import read_settings

    assert too_large(sweep, jobs.settings) == ""
    monkeypatch.setenv("PLAYGROUND_MAX_STUDY_RUNS_PER_USER", "7")
    words = too_large(sweep, read_settings())
    assert "8 trainings; legal on this server is up to 7" in words
    assert "PLAYGROUND_MAX_STUDY_RUNS_PER_USER" in words
    monkeypatch.setenv("PLAYGROUND_MAX_STUDY_RUNS_PER_USER", "100")
    monkeypatch.setenv("PLAYGROUND_KEPT_STUDY_RUNS_PER_USER", "7")
    assert "PLAYGROUND_KEPT_STUDY_RUNS_PER_USER" in too_large(sweep, read_settings())
    long = Sweep(
        base=Experiment(path="torch", n_train=20000, batch_size=1),
        grid={"epochs": (1, 10000)},
    )
    assert too_large(long, jobs.settings).startswith("epochs = 10000: time: this net would need")


def test_the_example_in_the_assets_is_one():
    sweep = Sweep.from_json(EXAMPLE.read_text(encoding="utf-8"))
    assert (sweep.n_points, sweep.n_runs, sweep.base.epochs) == (9, 27, 10)
    assert size(sweep).seconds < 120


def test_times_in_words():
    assert [duration(s) for s in (0.2, 59, 600, 7200)] == [
        "a second",
        "59 seconds",
        "10 minutes",
        "2.0 hours",
    ]
