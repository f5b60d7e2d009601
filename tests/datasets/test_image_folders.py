"""Folders of pictures on the server, and single pictures: what is read, and what is refused."""

import os
import time

import numpy as np
import pytest
from PIL import Image

from playground.datasets import DATASETS, TableMissing, make
from playground.datasets.images import (
    pictures,
)
from playground.datasets.images.image_table import ImageError
from tests.image_files import png, write_folder


@pytest.fixture
def own(home, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_IMAGES", str(home / "own"))
    return home / "own"


def test_a_folder_of_pictures(own):
    write_folder(own / "insects", ("bees", "ants"), n=6, side=16)
    write_folder(own / "zoo", ("cats", "dogs", "emus"), n=5, side=8)
    (own / "zoo" / "cats" / "notes.txt").write_text("no picture")
    (own / "zoo" / "empty").mkdir()
    (own / ".hidden").mkdir()
    options = DATASETS["image_folder"].options(folder="zoo", size=8)
    entry = DATASETS["image_folder"]
    assert entry.class_names(options) == ("cats", "dogs", "emus")
    assert entry.n_rows(options) == 15
    x, y = make("image_folder", 15, random_state=0, folder="zoo", size=8)
    pixels = np.array(Image.open(own / "zoo" / "dogs" / "3.png")).transpose(2, 0, 1).ravel()
    hit = np.abs(x - pixels / 255).max(axis=1).argmin()
    np.testing.assert_allclose(x[hit], pixels / 255, atol=1e-6)
    assert y[hit] == 1
    first, _ = make("image_folder", 12, random_state=0)
    assert first.shape == (12, 3 * 16 * 16)
    assert entry.class_names(entry.options()) == ("ants", "bees")
    grey, _ = make("image_folder", 12, random_state=0, colour="grey", size=64)
    assert grey.shape == (12, 64 * 64)


def test_a_changed_folder_is_read_anew(own):
    write_folder(own / "insects", side=8)
    before, _ = make("image_folder", 12, random_state=0, size=8)
    path = own / "insects" / "ants" / "0.png"
    path.write_bytes(png(np.zeros((8, 8, 3), np.uint8)))
    os.utime(path, ns=(0, time.time_ns() + 10**9))
    after, _ = make("image_folder", 12, random_state=0, size=8)
    assert (after == 0).all(axis=1).sum() == 1
    assert not (before == 0).all(axis=1).any()


@pytest.mark.parametrize("name", ["..", "../own/insects", "/etc", "insects/ants", "nosuch", "."])
def test_only_a_listed_name_opens_a_folder(own, name):
    write_folder(own / "insects")
    with pytest.raises(TableMissing, match=r"is not on this server; there are insects"):
        make("image_folder", 5, random_state=0, folder=name)


def test_wrong_folders_are_said(own):
    with pytest.raises(TableMissing, match="PLAYGROUND_IMAGES"):
        make("image_folder", 5, random_state=0)
    (own / "bare").mkdir(parents=True)
    with pytest.raises(TableMissing, match="'bare' has 0 sub-folders"):
        make("image_folder", 5, random_state=0)
    write_folder(own / "few", n=2)
    with pytest.raises(TableMissing, match="4 pictures of 2 classes; legal are at least 10"):
        make("image_folder", 5, random_state=0, folder="few")
    write_folder(own / "spoilt")
    (own / "spoilt" / "bees" / "3.png").write_bytes(b"no picture")
    with pytest.raises(TableMissing, match=r"'spoilt': bees/3\.png is no whole PNG"):
        make("image_folder", 5, random_state=0, folder="spoilt")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_becomes_a_small_square(kind):
    flat = np.full((30, 20, 3), (200, 100, 50), np.uint8)
    small = pictures.read_picture(png(flat, kind), "p", 8, "colour")
    assert small.shape == (3, 8, 8)
    assert np.abs(small.astype(int) - np.array([200, 100, 50])[:, None, None]).max() <= 3
    grey = pictures.read_picture(png(flat, kind), "p", 8, "grey")
    assert np.abs(grey.astype(int) - (0.299 * 200 + 0.587 * 100 + 0.114 * 50)).max() <= 3


def test_averages_transparency_and_deep_grey():
    halves = np.zeros((16, 16), np.uint8)
    halves[:, ::2] = 200
    assert (pictures.read_picture(png(halves), "p", 8, "grey") == 100).all()
    clear = np.zeros((8, 8, 4), np.uint8)
    assert (pictures.read_picture(png(clear), "p", 8, "colour") == 255).all()
    deep = np.full((8, 8), 40_000, np.uint16)
    assert (pictures.read_picture(png(deep), "p", 8, "grey") == 40_000 >> 8).all()


def test_pictures_that_are_traps_are_refused(monkeypatch):
    bomb = png(np.zeros((2001, 2000), np.uint8))
    assert len(bomb) < 20_000
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(ImageError, match=r"big\.png has 2000 × 2001 pixels; at most 4000000"):
        pictures.read_picture(bomb, "big.png", 8, "grey")
    with pytest.raises(ImageError, match="at most 10000000 are allowed a picture"):
        pictures.read_picture(bytes(10_000_001), "long.png", 8, "grey")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        png(np.zeros((8, 8), np.uint8), "GIF"),
        png(np.zeros((8, 8), np.uint8), "BMP"),
        png(np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8))[:-800],
    ],
)
def test_what_is_no_picture_is_named(data):
    with pytest.raises(ImageError, match=r"odd\.png is no whole PNG or JPEG file"):
        pictures.read_picture(data, "odd.png", 8, "grey")
