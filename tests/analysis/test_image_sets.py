"""What is said of an experiment's images, against plain loops over the data themselves."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from playground.analysis.image_sets import augmented, describe, is_augmented, loaded, rows_of
from playground.datasets import TableError
from playground.datasets.images import ImageTable, store_images
from playground.experiment import Experiment


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))


def on(data, **fields):
    return Experiment(
        **{"data": data, "network": "tm_resnet", "n_train": 300, "n_validation": 90, **fields}
    )


def test_all_digits_have_the_counts_and_means_of_scikit_learn():
    about = describe(on("digits", n_train=1790, n_validation=7))
    digits = load_digits()
    assert about.classes == tuple("0123456789")
    assert about.shape == (1, 8, 8)
    np.testing.assert_array_equal(about.counts.sum(axis=0), np.bincount(digits.target))
    assert about.counts.sum(axis=1).tolist() == [1790, 7]
    for label in range(10):
        mean = (digits.images[digits.target == label] / 16).mean(axis=0)
        np.testing.assert_allclose(about.means[label, 0], mean, atol=0.01)  # seven are left out
    assert about.brightness == pytest.approx((digits.images / 16).mean(), abs=1e-3)
    assert about.spread == pytest.approx((digits.images / 16).std(), abs=1e-3)


@pytest.mark.parametrize("part", ["training", "validation"])
def test_paging_goes_once_through_all_images_of_a_class(part):
    experiment = on("digits")
    split = loaded(experiment)
    x, y = (
        (split.x_train, split.y_train)
        if part == "training"
        else (split.x_validation, split.y_validation)
    )
    wanted = [point for point, label in zip(x, y) if label == 3]
    found, first = [], 0
    while True:
        row, other = rows_of(experiment, part, (3, 8), first, 7)
        assert (row.label, other.label, row.total) == (3, 8, len(wanted))
        if not len(row.images):
            break
        assert row.images.shape[1:] == (1, 8, 8)
        found += [image.reshape(-1) for image in row.images]
        first += 7
    np.testing.assert_array_equal(found, wanted)


def test_colour_images_keep_their_planes():
    """Images that are red in one class and green in the other."""
    x = np.zeros((20, 3, 8, 9), np.uint8)
    x[:10, 0], x[10:, 1] = 255, 255
    key = store_images(ImageTable(x, np.repeat([0, 1], 10), ("red", "green")))
    experiment = on({"name": "image_upload", "options": {"hash": key}}, n_train=16, n_validation=4)
    about = describe(experiment)
    assert about.shape == (3, 8, 9)
    red, green = about.means
    assert (red[0] == 1).all()
    assert (red[1:] == 0).all()
    assert (green[1] == 1).all()
    assert about.counts.tolist() == [[8, 8], [2, 2]]


def test_what_is_no_image_or_not_here_is_refused():
    with pytest.raises(ValueError, match="spiral"):
        describe(Experiment())
    gone = on({"name": "image_upload", "options": {"hash": "0" * 64}})
    with pytest.raises(TableError, match="not on this server"):
        describe(gone)


class Augmented:
    """An experiment whose images are mirrored, or moved by so many pixels."""

    weight_seed = 1

    def __init__(self, experiment, flip, crop):
        entry = experiment.data.entry
        options = type("O", (), {"flip": flip, "crop": crop})()
        self.data = type("D", (), {"options": options, "entry": self})()
        self.shape_of = lambda _: entry.shape_of(experiment.data.options)


def test_the_first_image_stays_and_the_others_are_mirrored_or_moved():
    plain = on("digits")
    assert not is_augmented(plain)
    row = rows_of(plain, "training", (4,), 0, 5)[0]
    original = row.images[0, 0]
    mirrored = Augmented(plain, flip=True, crop=0)
    assert is_augmented(mirrored)
    found = augmented(mirrored, row, 40).images
    assert len(found) == 40
    np.testing.assert_array_equal(found[0, 0], original)
    kinds = {bytes(image.tobytes()) for image in found[1:, 0]}
    assert kinds == {original.tobytes(), np.ascontiguousarray(original[:, ::-1]).tobytes()}
    moved = augmented(Augmented(plain, flip=False, crop=2), row, 40).images[1:, 0]
    padded = np.pad(original, 2)
    places = [padded[i : i + 8, j : j + 8].tobytes() for i in range(5) for j in range(5)]
    assert {image.tobytes() for image in moved} <= set(places)
    assert len({image.tobytes() for image in moved}) > 5
