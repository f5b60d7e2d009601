"""Uploaded images: what is read, what is refused and in which words, and how they are kept."""

import contextlib
import io
import os
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.datasets import DATASETS, TableError, TableMissing
from playground.datasets.images import (
    fetch_images,
    read_image_upload,
    store_images,
    upload,
)
from playground.datasets.images.image_table import ImageError
from playground.experiment import Experiment
from tests.image_files import npz, png, uneven, zipped


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
