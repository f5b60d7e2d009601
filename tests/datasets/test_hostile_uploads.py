"""Uploads made to harm: headers that declare too much, names that lead away, tables without end."""

from __future__ import annotations

import io
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest

from playground.charts.exports import chart_csv
from playground.datasets import TableError, read_upload
from playground.datasets.images import read_image_upload
from playground.datasets.images.idx import read_idx
from playground.datasets.images.image_table import ImageError
from playground.datasets.images.pictures import read_picture
from tests.image_files import png, zipped

LARGE = 2**31 - 1


def png_of(width: int, height: int) -> bytes:
    """A PNG file whose header declares a size that its data do not have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(64))), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def frugal():
    """Whatever is read takes less than 64 MB."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64_000_000


@pytest.mark.parametrize(("width", "height"), [(LARGE, LARGE), (LARGE, 1), (1, LARGE), (0, 5)])
def test_a_picture_that_declares_too_much(frugal, width, height):
    data = png_of(width, height)
    with pytest.raises(ImageError, match=r"pixels|no whole PNG"):
        read_picture(data, "p.png", 8, "grey")
    with pytest.raises(ImageError):
        read_image_upload(zipped({"a/1.png": data, "b/2.png": data}))


@pytest.mark.parametrize(
    "shape", [(2**32 - 1,) * 3, (2**32 - 1, 1, 1), (40_000, 28, 28), (0, 28, 28)]
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_an_idx_file_that_declares_too_much(tmp_path, frugal, shape, ending):
    import gzip

    head = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    file = tmp_path / f"train-images-idx3-ubyte{ending}"
    file.write_bytes(gzip.compress(head) if ending else head)
    if 0 in shape:
        assert read_idx(file).size == 0  # nothing is declared, and nothing there: the sets say so
        return
    with pytest.raises(ImageError, match="train-images"):
        read_idx(file)


@pytest.mark.parametrize(
    "name", ["../../x/1.png", "/etc/1.png", "a/../../1.png", "C:/a/1.png", "a\\..\\1.png"]
)
def test_names_that_lead_out_of_a_zip_file(name):
    picture = png(np.zeros((8, 8), np.uint8))
    with pytest.raises(ImageError, match="leads out of the archive"):
        read_image_upload(zipped({name: picture, "b/2.png": picture}))


def test_a_link_in_a_zip_file_leads_nowhere():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        link = zipfile.ZipInfo("a/1.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, b"/etc/passwd")
        file.writestr("b/2.png", png(np.zeros((8, 8), np.uint8)))
    with pytest.raises(ImageError, match="no whole PNG") as said:
        read_image_upload(out.getvalue())
    assert "root:" not in str(said.value)


def test_a_zip_file_of_zip_files_is_not_opened_further():
    inner = zipped({"a/1.png": png(np.zeros((8, 8), np.uint8))})
    with pytest.raises(ImageError, match="no PNG or JPEG"):
        read_image_upload(zipped({"a/1.zip": inner, "b/2.zip": inner}))


@pytest.mark.parametrize(
    "data",
    [
        b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n" + b"1," * 999_999 + b"1\n",
        b"," * 1_000_000 + b"\n" + b"," * 1_000_000,
        b"x,y\n" + b"1,2\n" * 1_000_000,
        b'"' * 1_000_001,
        b'x,y\n"' + b"a" * 5_000_000,
        b"x,y\n" + b"9" * 4_000_000 + b",1\n",
    ],
    ids=["columns", "commas", "rows", "quotes", "cell", "digits"],
)
def test_a_table_without_end_is_refused_at_once(data):
    began = time.process_time()
    with pytest.raises(TableError) as said:
        read_upload(data)
    assert len(str(said.value)) < 500
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "data",
    [
        png(np.zeros((8, 8), np.uint8)),
        zipped({"a.csv": b"x,y\n1,2\n"}),
        b"%PDF-1.7 \xff\xfe\x00",
        b"\x7fELF\x02\x01\x01\x00" + bytes(64),
        b"<html><script>alert(1)</script></html>",
        b"\x80\x04\x95\x00pickle",
    ],
    ids=["png", "zip", "pdf", "program", "html", "pickle"],
)
def test_a_file_of_another_type_is_no_table_and_no_images(data):
    with pytest.raises(TableError):
        read_upload(data)
    if not data.startswith(b"PK"):
        with pytest.raises(ImageError):
            read_image_upload(data)


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "＝1", "'=1"])
def test_no_chart_gives_a_spreadsheet_a_formula(text):
    rows = pd.DataFrame({"run": [text, "plain"], text: [1.5, -2.0], "epoch": [-1, 2]})
    lines = chart_csv(rows).decode().splitlines()
    first, second = lines[1].strip('"'), lines[0].split(",")[1].strip('"')
    assert first.startswith("'")
    assert second.startswith("'")
    assert lines[2] == "plain,-2.0,2"  # numbers stay numbers
