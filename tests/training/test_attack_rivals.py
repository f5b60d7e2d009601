"""Rivals as experiments: who is trained how, and who is left out of what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.experiment import DataSlot
from playground.training.attack_rivals import (
    IMAGE_RIVALS,
    POINT_RIVALS,
    SETS,
    TRAININGS,
    Plan,
    label,
    rivals,
)
from playground.training.attacked import attackable
from playground.training.estimates import refusal


def plan(data="moons", **changes):
    values = {
        "data": DataSlot(name=data),
        "n_train": 100,
        "n_validation": 60,
        "data_seed": 3,
        "epochs": 2,
        "batch_size": 16,
        "rate": 0.01,
        "width": 8,
        "depth": 3,
        "sigma": 0.25,
        "eps": 0.07,
        "rest": 0.4,
    }
    return Plan(**{**values, **changes})


@given(
    st.lists(st.sampled_from(POINT_RIVALS + IMAGE_RIVALS), unique=True),
    st.lists(st.sampled_from(list(TRAININGS)), unique=True),
    st.integers(1, 4),
    st.sampled_from(["moons", "spiral_3d", "digits"]),
)
def test_every_rival_is_trained_in_every_way_that_fits(names, trainings, repetitions, data):
    made = rivals(plan(data), names, trainings, repetitions, 5)
    fit = IMAGE_RIVALS if data == "digits" else POINT_RIVALS
    stiff = {"mlp", "standard_net", "cnn"}
    wanted = [
        label(n, t) for n in names if n in fit for t in trainings if t != "steady" or n not in stiff
    ]
    assert list(made) == wanted
    for row in made.values():
        assert [each.weight_seed for each in row] == list(range(5, 5 + repetitions))
        assert len({each.model_copy(update={"weight_seed": 1}) for each in row}) == 1
        assert all(attackable(each) and each.data_seed == 3 for each in row)


def test_the_ways_differ_in_what_they_are_named_after():
    made = rivals(plan(), ["rk_rk4"], list(TRAININGS), 1, 1)
    by = {name: row[0] for name, row in made.items()}
    plain, noise, attacked, steady = by.values()
    assert (plain.hardening.name, plain.regularizer.name) == ("none", "none")
    assert noise.hardening.options.levels == (0.25,)
    assert attacked.hardening.options.eps == 0.07
    assert steady.regularizer.options.weight == 0.4
    assert {e.scheme.name for e in by.values()} == {"rk4"}


@pytest.mark.parametrize("name", SETS)
def test_rivals_fit_every_set_that_can_be_chosen(name):
    made = rivals(plan(name), POINT_RIVALS + IMAGE_RIVALS, ["plain"], 1, 1)
    assert made
    for row in made.values():
        assert refusal(row[0]) is None
