"""Sets of images: their parts and balance, folders and uploads of one's own."""

import contextlib
import io
import os
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from playground.datasets import DATASETS, TableError, TableMissing, load, make, split_sizes
from playground.datasets.images import (
    ImageTable,
    fetch_images,
    pictures,
    read_image_upload,
    store_images,
    upload,
)
from playground.datasets.images.image_table import ImageError
from playground.datasets.images.npz import write_file
from playground.experiment import Experiment
from tests.image_files import arrays_for, npz, png, write_folder, zipped


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return tmp_path


def uneven(classes=(30, 12, 6), side=8, seed=0):
    """Grey images, so many of each class, each of a shade of its own."""
    n = sum(classes)
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (n, 1, side, side), np.uint8)
    y = np.repeat(np.arange(len(classes)), classes)
    return ImageTable(x, y, tuple(f"k{i}" for i in range(len(classes))))


def rows_in(x, table):
    """The row of the table that each point is, by its pixels."""
    known = {bytes(row): i for i, row in enumerate(table.x.reshape(len(table.x), -1))}
    return [known[bytes(row)] for row in np.round(x * 255).astype(np.uint8)]


def test_digits_are_those_of_scikit_learn():
    split = load("digits", n_train=1500, n_validation=297, seed=0)
    found = np.concatenate([split.x_train, split.x_validation])
    labels = np.concatenate([split.y_train, split.y_validation])
    digits = load_digits()
    theirs = sorted(map(tuple, np.column_stack([digits.data / 16, digits.target])))
    ours = sorted(map(tuple, np.column_stack([found, labels])))
    np.testing.assert_array_equal(ours, theirs)
    entry = DATASETS["digits"]
    assert entry.shape_of(entry.options()) == (1, 8, 8)
    assert entry.n_rows(entry.options()) == 1797
    assert DATASETS["spiral"].shape_of(DATASETS["spiral"].options()) is None


@pytest.mark.parametrize("balance", ["as it is", "even"])
@pytest.mark.parametrize("asked", [(20, 10), (1000, 1000), (1000, 200), (3, 5), (9, 9)])
def test_a_whole_set_is_cut_in_class_proportion_without_overlap(asked, balance):
    table = uneven()
    options = {"hash": store_images(table), "balance": balance}
    sizes = split_sizes("image_upload", n_train=asked[0], n_validation=asked[1], options=options)
    split = load("image_upload", n_train=asked[0], n_validation=asked[1], seed=2, options=options)
    assert (len(split.x_train), len(split.x_validation)) == sizes
    train, rest = rows_in(split.x_train, table), rows_in(split.x_validation, table)
    assert len({*train, *rest}) == len(train) + len(rest)
    np.testing.assert_array_equal(split.y_train, table.y[train])
    np.testing.assert_array_equal(split.y_validation, table.y[rest])
    shares = np.full(3, 1 / 3) if balance == "even" else np.array([30, 12, 6]) / 48
    assert np.abs(np.bincount(split.y_train, minlength=3) - shares * len(train)).max() < 2
    assert set(split.y_train) == {0, 1, 2}
    available = 18 if balance == "even" else 48
    assert sum(sizes) == min(available, sum(asked))
    assert split.class_names == ("k0", "k1", "k2")


def test_the_seed_decides_the_draw_and_other_seeds_draw_otherwise():
    options = {"hash": store_images(uneven())}
    asked = {"n_train": 20, "n_validation": 10, "options": options}
    one, same, other = (load("image_upload", seed=s, **asked) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.x_train, same.x_train)
    np.testing.assert_array_equal(one.x_validation, same.x_validation)
    assert not np.array_equal(one.x_train, other.x_train)


def test_more_images_than_there_are_go_round_again():
    table = uneven()
    x, _ = make("image_upload", 100, random_state=0, hash=store_images(table))
    counts = np.bincount(rows_in(x, table))
    assert counts.min() == 2
    assert counts.max() == 3


def test_published_parts_stay_apart(home, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_DATA", str(home))
    arrays = arrays_for("mnist", n_train=40, n_test=30)
    arrays["x_train"][:] //= 2  # dark to train on, light to test with
    arrays["x_test"][:] = 128 + arrays["x_test"] // 2
    write_file(home / "mnist.npz", arrays)
    split = load("mnist", n_train=25, n_validation=25, seed=0)
    assert split.x_train.max() < 0.5
    assert split.x_validation.min() > 0.5
    assert split_sizes("mnist", n_train=35, n_validation=400) == (35, 30)
    assert split_sizes("mnist", n_train=400, n_validation=3) == (40, 3)
    with pytest.raises(TableError, match="n_train = 9 is not legal: the set has 10 classes"):
        load("mnist", n_train=9, n_validation=3, seed=0)
    x, _ = make("mnist", 200, random_state=0)
    assert x.max() < 0.5
    arrays["y_train"] = np.array([0] * 31 + list(range(1, 10)), np.uint8)
    write_file(home / "mnist.npz", arrays)
    os.utime(home / "mnist.npz", ns=(time.time_ns(), time.time_ns() + 10**9))
    even = {"balance": "even"}
    assert split_sizes("mnist", n_train=400, n_validation=400, options=even) == (10, 30)
    split = load("mnist", n_train=400, n_validation=400, seed=0, options=even)
    np.testing.assert_array_equal(np.bincount(split.y_train), np.ones(10))


def test_grey_is_the_brightness():
    colour, _ = make("cifar10", 30, random_state=1)
    grey, _ = make("cifar10", 30, random_state=1, colour="grey")
    planes = colour.reshape(30, 3, 1024).astype(np.float64)
    wanted = planes[:, 0] * 0.299 + planes[:, 1] * 0.587 + planes[:, 2] * 0.114
    np.testing.assert_allclose(grey, wanted, atol=1e-6)
    options = DATASETS["cifar10"].options(colour="grey")
    assert DATASETS["cifar10"].shape_of(options) == (1, 32, 32)
    assert DATASETS["cifar10"].n_features(options) == 1024


def test_an_experiment_on_images_that_are_not_here_stays_as_it_is(home, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_DATA", str(home / "none"))
    monkeypatch.delenv("PLAYGROUND_IMAGES")
    for name, options in [
        ("mnist", {}),
        ("image_folder", {"folder": "elsewhere"}),
        ("image_upload", {"hash": "0" * 64}),
    ]:
        data = {"name": name, "options": options}
        made = Experiment(data=data, network={"name": "mlp"}, n_train=50, n_validation=20)
        assert made.split_sizes == (50, 20)
        again, notes = Experiment.from_query(made.to_query())
        assert (again, notes) == (made, [])
        with pytest.raises(TableMissing):
            load(name, n_train=50, n_validation=20, seed=0, options=options)


# --- folders of the server


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


# --- pictures


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


# --- uploads


def pictures_of(names=("cat", "dog"), n=5, prefix=""):
    """The members of a zip file with pictures of one shade each."""
    members = {}
    for k, name in enumerate(names):
        for i in range(n):
            shade = np.full((8, 8), (40 * k + 7 * i) % 256, np.uint8)
            members[f"{prefix}{name}/{i}.png"] = png(shade)
    return members


@pytest.mark.parametrize("prefix", ["", "top/", "a/b/"])
def test_a_zip_file_of_pictures(prefix):
    extra = {"__MACOSX/cat/1.png": b"x", f"{prefix}cat/.2.png": b"x", "read.me": b"x"}
    table = read_image_upload(zipped({**pictures_of(prefix=prefix), **extra}), size=8)
    assert table.class_names == ("cat", "dog")
    assert table.x.shape == (10, 1, 8, 8)
    np.testing.assert_array_equal(table.y, [0] * 5 + [1] * 5)
    np.testing.assert_array_equal(table.x[:, 0, 3, 3], [0, 7, 14, 21, 28, 40, 47, 54, 61, 68])


def test_one_picture_in_colour_makes_all_of_them_so():
    members = pictures_of()
    members["dog/red.jpg"] = png(np.full((8, 8, 3), (250, 0, 0), np.uint8), "JPEG")
    table = read_image_upload(zipped(members))
    assert table.shape == (3, 32, 32)
    assert np.abs(table.x[-1].mean(axis=(1, 2)) - [250, 0, 0]).max() < 4


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "no PNG or JPEG"),
        ({"cat/a.gif": b"GIF89a"}, "no PNG or JPEG"),
        ({**pictures_of(), "../cat/9.png": b""}, "leads out of the archive"),
        ({**pictures_of(), "cat/../../9.png": b""}, "leads out of the archive"),
        ({**pictures_of(), "/etc/9.png": b""}, "leads out of the archive"),
        ({**pictures_of(), "C:\\cat\\9.png": b""}, "leads out of the archive"),
        ({**pictures_of(), "..\\cat\\9.png": b""}, "leads out of the archive"),
        ({**pictures_of(), "9.png": png(np.zeros((8, 8), np.uint8))}, "'9.png' is in no folder"),
        ({**pictures_of(), "cat/9.png": b"text"}, r"cat/9\.png is no whole PNG"),
        (pictures_of(("cat",), 12), "there are 1 classes"),
        (pictures_of(n=2), "4 images are too few"),
        (pictures_of([f"k{i}" for i in range(101)], 2), "there are 101 classes"),
        (pictures_of(("cat", "d" * 61)), "is not legal: a name has 1 to 60"),
        (pictures_of(("cat", "d\x07g")), "is not legal: a name has 1 to 60"),
    ],
)
def test_wrong_zip_files_are_said(members, words):
    with pytest.raises(ImageError, match=words):
        read_image_upload(zipped(members))


def test_a_zip_bomb_is_not_unpacked(monkeypatch):
    bomb = zipped({**pictures_of(), "cat/9.png": bytes(40_000_000)})
    assert len(bomb) < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(ImageError, match=r"would unpack from .* to 4000"):
        read_image_upload(bomb)


def test_limits_of_an_upload(monkeypatch):
    data = zipped(pictures_of())
    with pytest.raises(ImageError, match="size = 65 is not legal"):
        read_image_upload(data, size=65)
    for name, value, words in [
        ("_MAX_MEMBERS", 9, "10 members; at most 9"),
        ("MAX_UPLOAD_BYTES", 100, "at most 100 are allowed"),
        ("MAX_IMAGES", 9, "10 pictures; at most 9"),
        ("MAX_ALL_PIXELS", 600, "more than 600 pixels"),
        ("MAX_PIXELS", 10 * 32 * 32 - 1, "more than 10239 numbers"),
        ("MAX_EXPANDED_BYTES", 100, "at most 100, and"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(upload, name, value)
            with pytest.raises(ImageError, match=words):
                read_image_upload(data)
    assert len(read_image_upload(data).x) == 10


def test_a_locked_zip_file_is_said():
    data = bytearray(zipped(pictures_of(), zipfile.ZIP_STORED))
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(sign)
        data[at + place] |= 1  # the flag that says it is encrypted
    with pytest.raises(ImageError, match="cannot be unpacked"):
        read_image_upload(bytes(data))


GREY = np.random.default_rng(0).integers(0, 256, (12, 8, 9), np.uint8)
LABELS = np.arange(12) % 3


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_of_arrays(save):
    out = io.BytesIO()
    save(out, x=GREY, y=LABELS * 5 - 5, other=np.zeros(3))
    table = read_image_upload(out.getvalue())
    np.testing.assert_array_equal(table.x[:, 0], GREY)
    np.testing.assert_array_equal(table.y, LABELS)
    assert table.class_names == ("-5", "0", "5")
    colour = np.stack([GREY, GREY // 2, GREY // 3], axis=-1)
    names = np.array(["a", "b", "unused", "d"])
    table = read_image_upload(npz(x=colour / 255, y=LABELS + (LABELS == 2), class_names=names))
    assert table.shape == (3, 8, 9)
    assert table.class_names == ("a", "b", "d")
    np.testing.assert_allclose(table.x[:, 1], GREY // 2 / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": GREY}, "no array y; needed are x and y"),
        ({"y": LABELS}, "no array x"),
        ({"z": LABELS}, "no array x and y"),
        ({"x": GREY.astype(np.int32), "y": LABELS}, "x is of type int32"),
        ({"x": GREY * 1.0, "y": LABELS}, r"outside \[0, 1\]"),
        ({"x": np.full(GREY.shape, np.nan), "y": LABELS}, r"outside \[0, 1\]"),
        ({"x": GREY, "y": LABELS / 2}, "y is float64"),
        ({"x": GREY, "y": LABELS[:5]}, r"legal are whole numbers \(12,\)"),
        ({"x": GREY, "y": LABELS[:, None]}, "y is int64 of shape"),
        ({"x": GREY[:, 0], "y": LABELS}, "images of shape"),
        ({"x": GREY[..., None].repeat(4, 3), "y": LABELS}, "1 or 3 channels"),
        ({"x": GREY[:, :7], "y": LABELS}, "8 to 64"),
        ({"x": np.zeros((12, 8, 65), np.uint8), "y": LABELS}, "8 to 64"),
        ({"x": GREY[:9], "y": LABELS[:9]}, "9 images are too few"),
        ({"x": GREY[:0], "y": LABELS[:0]}, "0 classes"),
        ({"x": GREY, "y": LABELS, "class_names": np.array(["a", "b"])}, "class_names is"),
        ({"x": GREY, "y": LABELS, "class_names": np.arange(3)}, "class_names is"),
        ({"x": GREY, "y": LABELS, "class_names": np.array(["a", "b", "a"])}, "the same name"),
        ({"x": np.array([[object()]]), "y": LABELS}, "legal are numbers and texts"),
        ({"x": np.zeros(12), "y": LABELS}, "images of shape"),
        ({"x": np.float64(3), "y": LABELS}, "images of shape|whole numbers"),
    ],
)
def test_wrong_arrays_are_said(arrays, words):
    with pytest.raises(ImageError, match=words):
        read_image_upload(npz(**arrays))


def test_an_array_that_declares_too_much_takes_no_memory(monkeypatch):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 8, 8)}
    )
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ImageError, match="has 64000000000 bytes; at most"):
        read_image_upload(zipped({"x.npy": header.getvalue(), "y.npy": b""}))


HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (12, 8, 9), }"


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            ["(" * 900, "{'descr': ", "'" * 9, "\n  x\n y", HEADER, HEADER.replace("12", "-12")]
        ),
        st.tuples(st.integers(0, len(HEADER)), st.text("({[:'L,\n 9", max_size=4)).map(
            lambda change: HEADER[: change[0]] + change[1] + HEADER[change[0] :]
        ),
    )
)
def test_a_strange_header_is_an_image_error(text):
    header = text.encode("latin1", "ignore") + b"\n"
    x = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + GREY.tobytes()
    y = io.BytesIO()
    np.save(y, LABELS)
    with contextlib.suppress(ImageError):
        table = read_image_upload(zipped({"x.npy": x, "y.npy": y.getvalue()}))
        assert table.x.shape == (12, 1, 8, 9)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 2000), st.booleans())
def test_junk_is_an_image_error(junk, at, arrays):
    whole = npz(x=GREY, y=LABELS) if arrays else zipped(pictures_of())
    data = whole[: at % len(whole)] + junk + whole[at % len(whole) + len(junk) :]
    for bytes_ in (data, junk, whole[: at % len(whole)]):
        with contextlib.suppress(ImageError):
            assert len(read_image_upload(bytes_).x) >= 10


# --- kept uploads


@pytest.mark.parametrize("scale", [1, 1 / 255])
def test_kept_images_come_back(home, scale):
    x = GREY if scale == 1 else GREY * scale
    table = read_image_upload(npz(x=x, y=LABELS))
    key = store_images(table)
    assert store_images(table) == key
    assert [p.name for p in (home / "images").iterdir()] == [f"{key}.npz"]
    again = fetch_images(key)
    np.testing.assert_array_equal(again.x, table.x)
    assert again.x.dtype == table.x.dtype
    np.testing.assert_array_equal(again.y, table.y)
    assert again.class_names == table.class_names
    entry = DATASETS["image_upload"]
    assert entry.shape_of(entry.options(hash=key)) == (1, 8, 9)
    experiment = Experiment(data={"name": "image_upload", "options": {"hash": key}}, network="mlp")
    assert (experiment.n_features, experiment.n_outputs) == (72, 3)
    assert experiment.split_sizes == (7, 5) or sum(experiment.split_sizes) == 12


def test_missing_and_damaged_uploads_are_said(home):
    with pytest.raises(TableMissing, match="not on this server"):
        fetch_images("0" * 64)
    for wrong in ("../x", "0" * 63, "g" * 64):
        with pytest.raises(ImageError, match="64 digits"):
            fetch_images(wrong)
    key = store_images(uneven())
    path = home / "images" / f"{key}.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TableMissing, match="damaged on this server; upload them again"):
        fetch_images(key)
    store_images(uneven())
    assert len(fetch_images(key).x) == 48


def test_old_uploads_make_room_unless_they_are_needed(home):
    first, second = (store_images(uneven(seed=s)) for s in (0, 1))
    size = sum(path.stat().st_size for path in (home / "images").iterdir()) / 1e6
    with pytest.raises(TableError, match="no room for these images"):
        store_images(uneven(seed=2), limit_mb=size)
    for key in (first, second):
        path = home / "images" / f"{key}.npz"
        os.utime(path, (time.time() - 3 * 86_400, path.stat().st_mtime))
    store_images(uneven(seed=2), limit_mb=size * 1.01, needed=lambda: {first})
    assert fetch_images(first)
    with pytest.raises(TableMissing):
        fetch_images(second)
