"""What every registered data set must keep, over the whole registry."""

import itertools
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.datasets import DATASETS, dataset, load, make, thumbnail
from playground.registry import Options, bounds

NAMES = list(DATASETS)
FIXED_NAMES = """
    donut_1d donut_2d squares spiral donut_multiclass squares_multiclass spiral_3d moons gauss
    concentric_spheres xor circle nested_intervals plane multi_gauss reflection_1d identity_1d
    donut_highd squares_highd shifted_sines table
    digits mnist fashion_mnist cifar10 cifar100 svhn image_folder image_upload image_points
"""
IMAGES = [name for name in NAMES if DATASETS[name].image_shape]
CLASSIFICATION = [name for name in NAMES if DATASETS[name].task == "classification"]


def corner_values(field):
    """Extreme and default values of one option."""
    low, high = bounds(field)
    choices = get_args(field.annotation)
    if field.annotation is bool:
        return [True, False]
    return list(choices) or [v for v in (low, high, field.default) if v is not None]


def legal(name):
    """Strategy of legal options of a data set, extremes included."""
    fields = DATASETS[name].options.model_fields
    parts = {}
    for key, field in fields.items():
        low, high = bounds(field)
        corners = st.sampled_from(corner_values(field))
        if field.annotation is int:
            corners |= st.integers(int(low), int(high))
        if field.annotation is float:
            corners |= st.floats(low, high)
        parts[key] = corners
    return st.fixed_dictionaries(parts)


def check(name, options, x, y, n):
    """Shapes, types and ranges of ``n`` points drawn with ``options``."""
    entry = DATASETS[name]
    assert x.dtype == np.float32
    assert x.shape == (n, entry.n_features(options))
    assert np.isfinite(x).all()
    shape = entry.shape_of(options)
    assert (shape is None) == (name not in IMAGES)
    if shape is not None:
        assert np.prod(shape) == x.shape[1]
        assert len(shape) == 3
        assert x.min() >= 0
        assert x.max() <= 1
    if entry.task_of(options) == "classification":
        assert y.dtype == np.int64
        assert y.shape == (n,)
        assert y.min() >= 0
        assert y.max() < entry.n_classes(options) == entry.n_outputs(options)
    else:
        assert y.dtype == np.float32
        assert y.shape == (n, entry.n_outputs(options))
        assert np.isfinite(y).all()
        assert entry.n_classes(options) == 0


def test_fixed_names_are_registered():
    assert set(FIXED_NAMES.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_set_explains_itself(name):
    entry = DATASETS[name]
    assert entry.summary.endswith(".")
    for key, field in entry.options.model_fields.items():
        assert field.title, key
        assert field.description.endswith("."), key
        if field.annotation in (int, float):
            assert None not in bounds(field), key
    assert "standard deviation" in entry.options.model_fields["noise"].description.lower()


@pytest.mark.parametrize("name", NAMES)
def test_shapes_types_and_ranges(name):
    options = DATASETS[name].options()
    check(name, options, *make(name, 301, random_state=0), 301)
    check(name, options, *make(name, 1, random_state=0), 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_everything(name):
    x, y = make(name, 200, random_state=7)
    again_x, again_y = make(name, 200, random_state=np.random.default_rng(7))
    other_x, other_y = make(name, 200, random_state=8)
    np.testing.assert_array_equal(x, again_x)
    np.testing.assert_array_equal(y, again_y)
    assert not (np.array_equal(x, other_x) and np.array_equal(y, other_y))


@pytest.mark.parametrize("name", [n for n in CLASSIFICATION if n not in IMAGES])
def test_labels_are_set_before_the_noise(name):
    high = bounds(DATASETS[name].options.model_fields["noise"])[1]
    x, y = make(name, 500, noise=0, random_state=3)
    blurred, same = make(name, 500, noise=high, random_state=3)
    np.testing.assert_array_equal(y, same)
    scale = 5 if name == "spiral" else 1
    moved = scale * (blurred - x)
    moved = moved[:, moved.std(axis=0) > 0]
    assert moved.std() == pytest.approx(high, rel=0.1)
    assert abs(moved.mean()) < 0.15 * high


@pytest.mark.parametrize("name", IMAGES)
def test_noise_of_images_goes_onto_the_pixels_and_stays_within_their_range(name):
    x, y = make(name, 300, noise=0, random_state=3)
    blurred, same = make(name, 300, noise=0.1, random_state=3)
    np.testing.assert_array_equal(y, same)
    assert blurred.min() == 0
    assert blurred.max() == 1
    grey = (x > 0.4) & (x < 0.6)  # where nothing is cut off within four standard deviations
    moved = (blurred - x)[grey]
    assert moved.std() == pytest.approx(0.1, rel=0.05)
    assert abs(moved.mean()) < 0.01


@pytest.mark.parametrize("name", [n for n in NAMES if n not in [*CLASSIFICATION, *IMAGES]])
def test_noise_of_a_regression_goes_onto_the_target(name):
    x, y = make(name, 500, noise=0, random_state=3)
    same, blurred = make(name, 500, noise=0.5, random_state=3)
    np.testing.assert_array_equal(x, same)
    assert (blurred - y).std() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_default_noise_is_used_when_none_is_given(name):
    default = DATASETS[name].options().noise
    np.testing.assert_array_equal(
        make(name, 50, random_state=0)[0], make(name, 50, noise=default, random_state=0)[0]
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_corner_of_the_options(name):
    model = DATASETS[name].options
    values = {key: corner_values(field) for key, field in model.model_fields.items()}
    values.pop("hash", None)  # its corners are tables, tested with them
    values.pop("task", None)
    values.pop("outputs", None)
    for combination in itertools.product(*values.values()):
        given_options = dict(zip(values, combination, strict=True))
        x, y = make(name, 64, random_state=1, **given_options)
        check(name, model(**given_options), x, y, 64)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_any_legal_options(data):
    name = data.draw(st.sampled_from([n for n in NAMES if n != "table"]))
    values = data.draw(legal(name))
    n = data.draw(st.integers(1, 80))
    x, y = make(name, n, random_state=data.draw(st.integers(0, 2**32)), **values)
    check(name, DATASETS[name].options(**values), x, y, n)


@pytest.mark.parametrize("name", [n for n in NAMES if DATASETS[n].splitter is None])
def test_load_is_one_draw_cut_in_two(name):
    x, y = make(name, 90, random_state=5)
    split = load(name, n_train=60, n_validation=30, seed=5)
    np.testing.assert_array_equal(np.concatenate([split.x_train, split.x_validation]), x)
    np.testing.assert_array_equal(np.concatenate([split.y_train, split.y_validation]), y)
    assert len(split.x_train) == 60
    entry = DATASETS[name]
    assert split.task == entry.task
    assert len(split.feature_names) == x.shape[1]
    assert len(split.class_names) == entry.n_classes(entry.options())


@pytest.mark.parametrize("name", NAMES)
def test_thumbnails_come_from_the_generator(name):
    x, y = thumbnail(name, n=40, seed=2)
    drawn, labels = make(name, 40, random_state=2)
    assert x.shape == (40, min(2, drawn.shape[1]))
    assert y.shape == (40,)
    view = DATASETS[name].view
    np.testing.assert_array_equal(x[:, 0], drawn[:, view[0]])
    np.testing.assert_array_equal(y, labels.reshape(40, -1)[:, 0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "nosuch"}, ["'nosuch'", "spiral", "table"]),
        ({"n_samples": 0}, ["n_samples = 0", "from 1 to 10000000"]),
        ({"n_samples": 2.5}, ["n_samples = 2.5"]),
        ({"n_samples": True}, ["n_samples = True"]),
        ({"n_samples": 10**9}, ["n_samples = 1000000000"]),
        ({"random_state": -1}, ["random_state = -1", "from 0"]),
        ({"random_state": "x"}, ["random_state = 'x'"]),
        ({"noise": 3.5}, ["spiral", "noise = 3.5", "0 to 3"]),
        ({"noise": float("nan")}, ["noise = nan", "0 to 3"]),
        ({"noise": "much"}, ["noise = 'much'", "0 to 3"]),
        ({"arms": 7}, ["arms = 7", "2 to 6"]),
        ({"legs": 2}, ["no option 'legs'", "noise, arms"]),
    ],
)
def test_bad_input_is_named(arguments, words):
    call = {"name": "spiral", "n_samples": 10, "random_state": 0, **arguments}
    with pytest.raises(ValueError, match=r".") as caught:
        make(call.pop("name"), call.pop("n_samples"), **call)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_train": 0}, "n_train = 0"),
        ({"n_validation": -1}, "n_validation = -1"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"options": {"noise": -1}}, "noise = -1"),
        ({"options": DATASETS["squares_highd"].options()}, "no option 'dim'"),
    ],
)
def test_load_names_bad_input(arguments, words):
    call = {"n_train": 5, "n_validation": 5, "seed": 0, **arguments}
    with pytest.raises(ValueError, match=words):
        load("spiral", **call)


def test_a_name_is_taken_once_and_options_need_noise():
    class Noiseless(Options):
        pass

    with pytest.raises(ValueError, match="need a field 'noise'"):
        dataset(name="quiet", label="Quiet", summary="Quiet.", options=Noiseless)
    register = dataset(
        name="spiral", label="Again", summary="Again.", options=DATASETS["spiral"].options
    )
    with pytest.raises(ValueError, match="registered twice"):
        register(lambda options, n, rng: (np.zeros((n, 2)), np.zeros(n, int)))
