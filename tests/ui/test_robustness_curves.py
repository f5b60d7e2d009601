"""Settings of the two views in links, and what the pages say in words."""

import pytest

from playground.attacks import ATTACKS, AttackSlot
from playground.query import read, write
from playground.training.robust_protocol import PROTOCOLS
from playground.ui.labs.robustness_curves import experiments_of, plan_of
from playground.ui.labs.robustness_settings import Settings
from playground.ui.labs.robustness_table import changes_of, protocol_of
from playground.ui.labs.robustness_words import axis_title, options_words


def test_a_link_brings_back_what_was_set():
    settings = Settings(
        view="curves",
        curve_nets=("mlp", "neural_ode"),
        curve_trainings=("noise", "steady"),
        curve_runs=("abc", "def"),
        curve_count=7,
        table_protocol="svhn",
    )
    found, notes = read(Settings, write(settings))
    assert found == settings
    assert notes == []


@pytest.mark.parametrize(
    ("name", "value", "legal", "kept"),
    [
        ("curve_nets", "mlp,resnet", "legal are mlp, standard_net, rk_euler", ("mlp",)),
        ("curve_image_nets", "cnn,mlp", "legal are cnn, ode_net, tis_ode", ("cnn",)),
        ("curve_trainings", "hard,noise", "legal are plain, noise", ("noise",)),
        ("curve_count", "1", "1 is not legal", 2),
        ("curve_count", "201", "201 is not legal", 200),
        ("curve_top", "-1", "-1 is not legal", 0.0),
        ("curve_repetitions", "0", "0 is not legal", 1),
        ("table_samples", "3", "3 is not legal", 10),
    ],
)
def test_what_is_not_legal_is_said_with_what_is(name, value, legal, kept):
    found, notes = read(Settings, {name: value})
    assert getattr(found, name) == kept
    assert len(notes) == 1
    assert name in str(notes[0])
    assert legal in str(notes[0])


def test_data_without_classes_are_refused():
    found, notes = read(Settings, {"curve_data": "plane"})
    assert found.curve_data.name == "moons"
    assert "'plane' is not legal here; legal is donut_1d" in str(notes[0])


def test_nets_follow_the_data():
    points = experiments_of(Settings())
    images, _ = read(Settings, {"curve_data": "digits"})
    assert list(points) == ["MLP", "RK net, Euler", "RK net, RK4"]
    assert list(experiments_of(images)) == ["CNN", "ODENet", "TisODE"]
    assert plan_of(images).on_images
    assert not plan_of(Settings()).on_images


def test_zero_leaves_the_protocol_its_own_numbers():
    assert changes_of(Settings()) == {}
    assert changes_of(Settings(table_epochs=2, table_n_train=60)) == {"epochs": 2, "n_train": 60}


def test_what_is_changed_of_a_published_protocol_is_no_more_compared_with_print():
    assert protocol_of(Settings(table_protocol="mnist")).reduced == ""
    for changes in ({"table_epochs": 2}, {"table_n_train": 60}, {"table_samples": 50}):
        made = protocol_of(Settings(table_protocol="mnist", **changes))
        assert "changed" in made.reduced
        assert made.columns == PROTOCOLS["mnist"].columns
    assert protocol_of(Settings(table_epochs=2)).reduced == PROTOCOLS["reduced"].reduced


@pytest.mark.parametrize("name", list(ATTACKS))
def test_every_option_of_an_attack_is_told(name):
    attack = AttackSlot(name=name)
    told = options_words(attack)
    fields = type(attack.options).model_fields
    assert told.count(",") == len(fields) - 1
    for field in fields.values():
        assert field.title[1:] in told
    assert "ε" in axis_title(attack) or "σ" in axis_title(attack)
