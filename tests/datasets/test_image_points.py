"""Images with key points: read from a CSV of shades and places, kept, drawn, learned."""

import numpy as np
import pytest

from playground.datasets import DATASETS, TableError, load
from playground.datasets.images import (
    ImageTable,
    fetch_images,
    fetch_points,
    key_points,
    store_images,
    store_points,
)
from playground.datasets.images.image_table import ImageError
from playground.datasets.images.key_points import from_pixels, read_key_points, sample, to_pixels
from playground.experiment import Experiment
from playground.training import events, train
from playground.training.point_views import point_views
from playground.training.trainer import Trainer


def pictures(n=12, side=10, seed=0):
    """Dark images with one bright pixel each, and where that is: column, then row."""
    rng = np.random.default_rng(seed)
    x, places = np.zeros((n, side, side), int), rng.integers(0, side, (n, 2))
    for image, (column, row) in zip(x, places):
        image[row, column] = 200
    return x, places


def csv_of(x, places, header="spot_x,spot_y,Image"):
    rows = [
        ",".join([*map(str, place), " ".join(map(str, image.reshape(-1)))])
        for image, place in zip(x, places)
    ]
    return "\n".join([header, *rows]).encode()


def test_a_file_in_kaggles_layout_is_read():
    x, places = pictures()
    found = read_key_points(csv_of(x, places))
    np.testing.assert_array_equal(found.table.x[:, 0], x)
    assert (found.table.names, found.left_out) == (("spot_x", "spot_y"), 0)
    np.testing.assert_allclose(to_pixels(found.table.places, 10), places, atol=1e-5)
    first = csv_of(x, places).decode().replace("spot_x,spot_y,Image", "spot_x,spot_y,PIXELS")
    assert read_key_points(first.encode()).table.names == ("spot_x", "spot_y")


def test_rows_that_miss_a_point_are_left_out_and_counted():
    x, places = pictures(14)
    lines = csv_of(x, places).decode().split("\n")
    lines[3] = "," + lines[3].split(",", 1)[1]
    lines[5] = "nan," + lines[5].split(",", 1)[1]
    found = read_key_points("\n".join(lines).encode())
    assert (len(found.table.x), found.left_out) == (12, 2)
    np.testing.assert_array_equal(found.table.x[:, 0], np.delete(x, [2, 4], axis=0))


def test_larger_images_are_made_smaller_and_the_points_stay_where_they_are():
    """A bright square of 4 × 4 becomes one bright pixel; its middle is that pixel's middle."""
    x, places = np.zeros((10, 64, 64), int), []
    for i, image in enumerate(x):
        row, column = 4 * (i + 2), 4 * (13 - i)
        image[row : row + 4, column : column + 4] = 240
        places.append((column + 1.5, row + 1.5))
    found = read_key_points(csv_of(x, places), size=16).table
    assert found.shape == (1, 16, 16)
    for image, place in zip(found.x[:, 0], to_pixels(found.places, 16)):
        row, column = np.unravel_index(image.argmax(), image.shape)
        assert image.max() == 240
        np.testing.assert_allclose(place, (column, row), atol=1e-5)


def test_places_in_pixels_and_back():
    assert from_pixels(np.array([-0.5, 4.5, 9.5]), 10).tolist() == [-1, 0, 1]
    values = np.random.default_rng(0).uniform(-1, 1, 20)
    np.testing.assert_allclose(from_pixels(to_pixels(values, 24), 24), values)


X, PLACES = pictures()
GOOD = csv_of(X, PLACES).decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 columns called 'Image'"),
        (GOOD.replace("Image", "Bild"), "0 columns called 'Image'"),
        (GOOD.replace("spot_y", "pixels"), "2 columns called"),
        (GOOD.replace("spot_x,", "", 1), "pairs of x and y"),
        (GOOD.replace("spot_y", "spot_x"), "same name"),
        (GOOD.replace("200", "300", 1), "row 2, column 'Image': shades go from 0 to 255"),
        (GOOD.replace("200", "2e1", 1), "row 2, column 'Image': shades are whole numbers"),
        (GOOD.replace("200", "200 0", 1), "101 pixels are not legal"),
        (GOOD.replace("\n", "\nx", 2).replace("\nx", "\n", 1), "row 3, column 'spot_x'"),
        ("\n".join(GOOD.split("\n")[:6]), "5 images .* too few"),
        (GOOD + "\n1,2", "row 14 has 2 cells"),
        (GOOD + "\n1,2," + " ".join(["0"] * 64), "8 × 8 pixels, the rows before 10 × 10"),
        (GOOD + "\n1,2," + "0 " * 40_000, "more than 128 × 128 pixels"),
        (GOOD + '\n1,"2', "cannot be read as CSV|row 14"),
    ],
)
def test_what_cannot_be_used_is_named(text, words):
    with pytest.raises(ImageError, match=words):
        read_key_points(text.encode())


def test_limits_hold(monkeypatch):
    with pytest.raises(ImageError, match="no UTF-8"):
        read_key_points(b"\xff\xfe\x00")
    with pytest.raises(ImageError, match="size = 65"):
        read_key_points(GOOD.encode(), size=65)
    monkeypatch.setattr(key_points, "MAX_PIXELS", 1000)
    with pytest.raises(ImageError, match="1000 pixels of all"):
        read_key_points(GOOD.encode())
    monkeypatch.setattr(key_points, "MAX_UPLOAD_BYTES", 100)
    with pytest.raises(ImageError, match="at most 100"):
        read_key_points(GOOD.encode())


def test_they_are_kept_by_hash_and_not_taken_for_classes():
    table = read_key_points(GOOD.encode()).table
    key = store_points(table)
    assert store_points(table) == key
    again = fetch_points(key)
    np.testing.assert_array_equal(again.x, table.x)
    np.testing.assert_array_equal(again.places, table.places)
    assert again.names == table.names
    with pytest.raises(TableError, match="key points, and no classes"):
        fetch_images(key)
    classes = store_images(ImageTable(table.x, np.repeat([0, 1], 6), ("a", "b")))
    with pytest.raises(TableError, match="no key points"):
        fetch_points(classes)
    with pytest.raises(TableError, match="not on this server"):
        fetch_points("0" * 64)
    with pytest.raises(TableError, match="no room"):
        store_points(sample(), limit_mb=0.001)


def test_the_ends_of_the_strokes_are_where_it_is_bright_and_beyond_them_it_is_not():
    table = sample()
    ends = to_pixels(table.places.astype(float), 16).reshape(-1, 2, 2)
    assert (ends[:, 0, 0] <= ends[:, 1, 0]).all()
    rows, columns = np.round(ends[:, 0, 1]).astype(int), np.round(ends[:, 0, 0]).astype(int)
    bright = table.x[np.arange(len(table.x)), 0, rows, columns]
    assert (bright >= 100).mean() > 0.99
    along = ends[:, 0] - ends[:, 1]
    beyond = ends[:, 0] + 3 * along / np.linalg.norm(along, axis=1)[:, None]
    inside = ((beyond >= 0) & (beyond <= 15)).all(axis=1)
    columns, rows = np.round(beyond[inside]).astype(int).T
    assert (table.x[inside][np.arange(inside.sum()), 0, rows, columns] < 60).all()


def made(**changes):
    fields = {
        "data": "image_points",
        "loss": "mean_square",
        "network": {"name": "mlp", "options": {"width": 32, "depth": 2}},
        "n_train": 300,
        "n_validation": 100,
        "epochs": 4,
        **changes,
    }
    return Experiment.model_validate(fields)


def test_a_draw_pairs_each_image_with_its_places():
    table = sample()
    split = load("image_points", n_train=500, n_validation=200, seed=5)
    assert split.task == "regression"
    assert split.y_train.shape == (500, 4)
    known = {bytes(image): i for i, image in enumerate(table.x.reshape(len(table.x), -1))}
    for x, y in ((split.x_train, split.y_train), (split.x_validation, split.y_validation)):
        rows = [known[bytes(row)] for row in np.round(x * 255).astype(np.uint8)]
        np.testing.assert_array_equal(y, table.places[rows])
        assert len(set(rows)) == len(rows)
    entry = DATASETS["image_points"]
    assert entry.shape_of(entry.options()) == (1, 16, 16)


def test_what_a_net_sees_is_measured_in_pixels():
    experiment = made()
    found = [e for e in train(experiment) if isinstance(e, events.Metrics)]
    assert found[-1].validation_loss < found[0].validation_loss
    trainer = Trainer(experiment)
    views = point_views(experiment, trainer.net.state_dict())
    split = load("image_points", n_train=300, n_validation=100, seed=experiment.data_seed)
    import torch

    with torch.no_grad():
        outputs = trainer.net(torch.as_tensor(split.x_validation)).numpy().astype(float)
    off = (outputs - split.y_validation) * 8  # half of 16 pixels
    wanted = np.sqrt((off**2).reshape(100, 2, 2).sum(axis=2).mean(axis=0))
    np.testing.assert_allclose(views.errors, wanted, rtol=1e-5)
    usual = (split.y_train.mean(axis=0) - split.y_validation) * 8
    np.testing.assert_allclose(
        views.mean_errors,
        np.sqrt((usual**2).reshape(100, 2, 2).sum(axis=2).mean(axis=0)),
        rtol=1e-4,
    )
    assert (np.diff(views.distances) <= 0).all()
    assert views.truths.shape == views.guesses.shape == (24, 2, 2)
    with pytest.raises(ValueError, match="weights do not fit"):
        point_views(experiment, {})
    with pytest.raises(ValueError, match="image_points"):
        point_views(Experiment(), {})
