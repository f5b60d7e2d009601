"""What the page of the sweeps lets through, and what it makes of results."""

import math

import pytest

from playground import query
from playground.experiment import Experiment
from playground.presets import presets
from playground.sweeping import Row, Sweep
from playground.sweeping.results import Figure
from playground.ui.results.sweeps_rows import curve_rows, front_rows, map_rows, ordered, table_rows
from playground.ui.results.sweeps_settings import OWN, Settings, decoded, encoded, form_of, sweep_of


@pytest.mark.parametrize("name", presets())
def test_every_preset_makes_a_sweep_with_the_proposals(name):
    base = presets()[name].experiment
    sweep = sweep_of(Settings(base=name, field_1="epochs", field_2="batch_size"))
    assert sweep.base == base
    assert sweep.n_points == len(sweep.grid["epochs"]) * len(sweep.grid["batch_size"])


@pytest.mark.parametrize("name", presets())
def test_an_own_base_is_in_the_link(name):
    base = presets()[name].experiment.amended({"l2": "0.25", "epochs": "7"})
    settings = Settings(base=OWN, own=encoded(base), field_1="epochs", field_2="")
    again, notes = query.read(Settings, query.write(settings))
    assert not notes
    assert again == settings
    assert sweep_of(again).base == base
    assert decoded(encoded(Experiment())) == (Experiment(), [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"field_1": "magic"}, "'magic' is not a field of this base"),
        ({"field_2": "network.depth"}, "network.depth is chosen twice"),
        ({"values_1": "1, many"}, "network.depth: 'many' is not legal; legal is a whole number"),
        ({"values_1": "0"}, "network.depth = 0"),
        ({"values_1": "3, 3"}, "given twice"),
        ({"field_1": "", "field_2": ""}, "neither given"),
    ],
)
def test_what_is_no_sweep_is_said(changes, message):
    with pytest.raises(ValueError, match=message):
        sweep_of(Settings(**changes))


def test_a_wrong_base_in_a_link_is_said_and_mended():
    settings, (note,) = query.read(Settings, {"base": "swirl", "repetitions": "3"})
    assert "'swirl' is not known; legal is spiral" in str(note)
    assert (settings.base, settings.repetitions) == ("spiral", 3)


def test_a_kept_sweep_goes_back_into_the_form():
    base = presets()["spiral"].experiment.amended({"epochs": "3"})
    grid = {"scheme": ("euler", "rk4"), "l2": (0.0, 0.5), "early_stop": (False, True)}
    sweep = Sweep(name="mine", base=base, grid=grid, repetitions=4, priority=2)
    assert sweep_of(Settings(**form_of(sweep))) == sweep
    assert form_of(sweep.model_copy(update={"repetitions": 50})) is None
    assert form_of(Sweep(base=base, listed=({"l2": 1},))) is None
    four = {**grid, "epochs": (1, 2)}
    assert form_of(Sweep(base=base, grid=four)) is None


@pytest.fixture
def sweep():
    return Sweep(grid={"scheme": ("euler", "rk4"), "network.depth": (10, 3)}, repetitions=2)


@pytest.fixture
def found(sweep):
    """Three of four settings have ended."""
    figures = [(60.0, 2.0, 1.0), (80.0, None, 4.0), (70.0, 1.0, 9.0)]
    made = [
        Row(
            place,
            point,
            {"validation_accuracy": Figure(mean, std), "seconds": Figure(seconds)},
            ended=2,
        )
        for place, (point, (mean, std, seconds)) in enumerate(zip(sweep.points(), figures))
    ]
    return [*made, Row(3, sweep.points()[3], failed=2)]


def test_the_table_has_every_setting(sweep, found):
    rows = table_rows(sweep, found)
    assert list(rows["network.depth"]) == [10, 3, 10, 3]
    assert list(rows["accuracy, %"][:3]) == [60.0, 80.0, 70.0]
    assert math.isnan(rows["accuracy, %"][3])
    assert list(rows["failed"]) == [0, 0, 0, 2]
    assert "diverged" not in rows
    assert list(rows["ended"]) == ["2 of 2"] * 3 + ["0 of 2"]


def test_the_front_is_marked(found):
    rows = front_rows(found, "seconds")
    assert list(rows["cost"]) == [1.0, 4.0, 9.0]
    assert list(rows["front"]) == [True, True, False]
    assert (rows["low"][0], rows["high"][0]) == (58.0, 62.0)
    assert rows["words"][1] == "scheme = euler, depth = 3"


def test_a_cell_of_the_map_is_a_setting_or_the_mean_of_several(found):
    usable = found[:3]
    rows = map_rows(
        usable, "network.depth", "scheme", "validation_accuracy", less_is_better=False
    ).set_index(["across", "down"])
    assert rows.loc[("10", "euler"), "mean"] == 60
    assert rows.loc[("10", "euler"), "words"] == "60 ± 2"
    assert list(rows["light"]) == [False, True, False]
    (euler, rk4) = map_rows(
        usable, "scheme", "", "validation_accuracy", less_is_better=False
    ).to_dict("records")
    assert (euler["mean"], euler["count"]) == (70.0, 4)
    assert euler["high"] == pytest.approx(70 + math.sqrt(200))
    assert rk4["mean"] == 70.0


def test_curves_are_means_at_each_epoch():
    courses = [("a", 0, 0.1), ("a", 1, 0.5), ("b", 0, 0.3), ("c", 0, 0.9)]
    places = {"a": ("p", "s"), "b": ("p", "s"), "c": ("q", "s")}
    rows = curve_rows(courses, places, 100.0)
    first, second, third = rows.to_dict("records")
    assert (first["panel"], first["epoch"], first["mean"]) == ("p", 0, pytest.approx(20))
    assert first["high"] - first["mean"] == pytest.approx(math.sqrt(200))
    assert (second["epoch"], second["mean"], second["low"]) == (1, 50, 50)
    assert (third["panel"], third["mean"]) == ("q", 90)


def test_on_a_logarithmic_axis_nothing_is_below_zero():
    courses = [("a", 1, 1.0), ("b", 1, 0.0), ("a", 2, 1e-3), ("b", 2, 4.0)]
    rows = curve_rows(courses, dict.fromkeys("ab", ("p", "s")), 1.0, log=True)
    first, second = rows.to_dict("records")
    assert (first["mean"], first["low"]) == (1.0, 1.0)
    assert second["mean"] == pytest.approx(math.sqrt(4e-3))
    assert second["low"] * second["high"] == pytest.approx(second["mean"] ** 2)


def test_numbers_are_ordered_by_size_and_names_as_they_come():
    assert ordered([10, 3, 10, 0.5]) == [0.5, 3, 10]
    assert ordered(["rk4", "euler", "rk4"]) == ["rk4", "euler"]
    assert ordered([True, False]) == [True, False]
