"""Where published images are found: IDX files, kept arrays, the files of openml.org."""

import gzip
import hashlib
import json
import os
import socket

import numpy as np
import pytest

from playground.datasets import DATASETS, TableMissing, load, make, split_sizes
from playground.datasets.images import ImagesMissing, find, openml, sources
from playground.datasets.images.idx import read_idx
from playground.datasets.images.image_table import ImageError
from playground.datasets.images.npz import write_file
from tests.image_files import arrays_for, idx_bytes, npz, write_idx


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty server: no data, no network, no memory of earlier failures."""
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(sources, "_failures", {})
    return tmp_path / "data"


def refuse(*_args, **_kwargs):
    raise AssertionError("went online")


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


IMAGES = np.arange(5 * 3 * 4, dtype=np.uint8).reshape(5, 3, 4)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("array", [IMAGES, IMAGES[:, 0, 0], IMAGES[:0], IMAGES[..., None]])
def test_idx_round_trip(tmp_path, array, ending):
    path = tmp_path / f"x{ending}"
    data = idx_bytes(array)
    path.write_bytes(gzip.compress(data, mtime=0) if ending else data)
    again = read_idx(path)
    assert again.dtype == np.uint8
    np.testing.assert_array_equal(again, array)


HUGE = bytes([0, 0, 8, 3]) + b"\x7f\xff\xff\xff" * 3
GOOD = idx_bytes(IMAGES)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD[:-1], "60 bytes"),
        (GOOD + b"x", "60 bytes"),
        (GOOD[:10], "cut off within its header"),
        (GOOD[:3], "cut off within its header"),
        (b"", "cut off within its header"),
        (b"\x89PNG" + GOOD, "89504e47"),
        (b"\0\0\x0d" + GOOD[3:], "type 0x0d"),
        (b"\0\0\x08\x00" + GOOD[4:], "0 axes"),
        (b"\0\0\x08\x09" + GOOD[4:], "9 axes"),
        (HUGE, "at most 1000000000"),
        (bytes([0, 0, 8, 1]) + (900_000_000).to_bytes(4, "big"), "900000000 bytes"),
    ],
)
def test_a_wrong_idx_file_is_named_with_the_reason(tmp_path, data, words, ending):
    path = tmp_path / f"bad-idx3-ubyte{ending}"
    path.write_bytes(gzip.compress(data, mtime=0) if ending else data)
    with pytest.raises(ImageError, match=words) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def corrupted(data, place):
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-12],
        lambda data: data[: len(data) // 2],
        lambda data: corrupted(data, len(data) // 2),
        lambda data: corrupted(data, len(data) - 6),
        lambda data: corrupted(data, 0),
        lambda data: b"",
    ],
)
def test_damaged_gzip_is_named(tmp_path, spoil):
    noise = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(spoil(gzip.compress(idx_bytes(noise))))
    with pytest.raises(ImageError, match=r"gz is no whole IDX file"):
        read_idx(path)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("folder", ["fashion-mnist", "fashion_mnist", "listed/fashion-mnist"])
def test_an_idx_folder_is_a_source(tmp_path, monkeypatch, ending, folder):
    arrays = arrays_for("fashion_mnist")
    write_idx(tmp_path / folder, arrays, ending)
    named = tmp_path / "listed" if folder.startswith("listed") else tmp_path / folder
    monkeypatch.setenv("PLAYGROUND_IDX", os.pathsep.join([str(tmp_path / "none"), str(named)]))
    parts = find("fashion_mnist")
    np.testing.assert_array_equal(parts.train.x[:, 0], arrays["x_train"])
    np.testing.assert_array_equal(parts.test.y, arrays["y_test"])
    sizes = split_sizes("fashion_mnist", n_train=1000, n_validation=1000)
    assert sizes == (len(arrays["y_train"]), len(arrays["y_test"]))
    with pytest.raises(ImagesMissing, match="MNIST"):
        find("mnist")  # whose files would have the same names


def test_a_damaged_idx_folder_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "mnist"
    write_idx(folder, arrays_for("mnist"))
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    monkeypatch.setenv("PLAYGROUND_IDX", str(folder))
    with pytest.raises(TableMissing, match="t10k-images-idx3-ubyte is no whole IDX file"):
        find("mnist")


@pytest.mark.parametrize("name", list(sources.PUBLISHED))
def test_kept_arrays_are_the_first_source(home, name):
    arrays = arrays_for(name)
    write_file(home / f"{name}.npz", arrays)
    assert [path.name for path in home.iterdir()] == [f"{name}.npz"]
    options = {"n_train": 10**4, "n_validation": 10**4, "seed": 4}
    split = load(name, **options)
    assert len(split.x_train) == len(arrays["x_train"])
    assert len(split.x_validation) == len(arrays["x_test"])
    channels, height, width = DATASETS[name].shape_of(DATASETS[name].options())
    assert split.x_train.shape[1] == channels * height * width
    for x, part in ((split.x_train, "train"), (split.x_validation, "test")):
        planes = arrays[f"x_{part}"].reshape(len(x), height, width, channels).transpose(0, 3, 1, 2)
        wanted = planes.reshape(len(x), -1).astype(np.float64) / 255
        key = np.lexsort(np.round(wanted[:, :3], 4).T), np.lexsort(np.round(x[:, :3], 4).T)
        np.testing.assert_allclose(x[key[1]], wanted[key[0]], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_train": np.zeros((4, 27, 28), np.uint8)}, r"\(1, 28, 28\)"),
        ({"x_test": np.zeros((20, 28, 28), np.float32)}, "x_test .* float32; legal is uint8"),
        ({"y_train": np.full(40, 11, np.uint8)}, "from 11 to 11; legal are 0 to 9"),
        ({"y_train": np.zeros(3, np.uint8)}, "3 labels"),
        ({"y_test": None}, "has no y_test"),
        ({"y_test": np.array([object()] * 20)}, "numbers and texts"),
    ],
)
def test_wrong_arrays_are_named(home, change, words):
    arrays = {k: v for k, v in {**arrays_for("mnist"), **change}.items() if v is not None}
    home.mkdir()
    np.savez(home / "mnist.npz", **arrays)
    with pytest.raises(ImagesMissing, match=words):
        find("mnist")


@pytest.mark.parametrize("data", [b"", b"junk", npz(x_train=np.zeros(3))[:-30]])
def test_no_npz_file_is_said(home, data):
    home.mkdir()
    (home / "mnist.npz").write_bytes(data)
    with pytest.raises(ImagesMissing, match=r"mnist\.npz is no whole npz file"):
        find("mnist")
    assert split_sizes("mnist", n_train=70_000, n_validation=50) == (60_000, 50)


def seed(home, name, *, rows=30, labels=str, woven=False, spoil=None):
    """Lay the files of openml.org where scikit-learn looks for them; return pixels and classes."""
    published = sources.PUBLISHED[name]
    channels, height, width = published.shape
    rng = np.random.default_rng(1)
    ramp = np.add.outer(np.arange(height), np.arange(width))[None, None]
    planes = ramp + rng.integers(0, 60, (rows, channels, 1, 1)) * 3
    x = planes.transpose(0, 2, 3, 1) if woven else planes
    pixels = x.reshape(rows, -1)
    y = np.arange(rows) % len(published.class_names)
    names = [f"pixel{i}" for i in range(pixels.shape[1])]
    texts = [labels(int(k)) for k in y]
    kinds = ",".join(sorted(set(texts)))
    arff = "\n".join(
        [
            f"@RELATION {name}",
            *(f"@ATTRIBUTE {column} REAL" for column in names),
            f"@ATTRIBUTE class {{{kinds}}}",
            "@DATA",
            *(",".join([*map(str, row), text]) for row, text in zip(pixels, texts)),
        ]
    ).encode()
    number, url = published.openml, f"https://openml.org/data/v1/download/7/{name}.arff"
    about = {
        "id": str(number), "name": name, "version": "1", "format": "ARFF", "status": "active",
        "description": "", "url": url, "file_id": "7", "md5_checksum": hashlib.md5(arff).hexdigest(),
    }  # fmt: skip
    feature = {
        "data_type": "numeric", "is_target": "false", "is_ignore": "false",
        "is_row_identifier": "false", "number_of_missing_values": "0",
    }  # fmt: skip
    features = [{"index": str(i), "name": n, **feature} for i, n in enumerate(names)]
    target = {**feature, "data_type": "nominal", "is_target": "true"}
    features.append({"index": str(len(names)), "name": "class", **target})
    quality = [{"name": "NumberOfInstances", "value": float(rows)}]
    files = {
        f"api/v1/json/data/{number}": json.dumps({"data_set_description": about}).encode(),
        f"api/v1/json/data/features/{number}": json.dumps(
            {"data_features": {"feature": features}}
        ).encode(),
        f"api/v1/json/data/qualities/{number}": json.dumps(
            {"data_qualities": {"quality": quality}}
        ).encode(),
        f"data/v1/download/7/{name}.arff": arff,
    }
    for inside, data in files.items():
        path = home / "openml" / "openml.org" / f"{inside}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0))
    return planes, y


def joined(parts):
    return np.concatenate([parts.train.x, parts.test.x]), np.concatenate(
        [parts.train.y, parts.test.y]
    )


@pytest.mark.parametrize("online", ["0", "1"])
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mnist", {}),
        ("cifar10", {}),
        ("cifar10", {"woven": True}),
        ("cifar10", {"labels": lambda k: sources.PUBLISHED["cifar10"].class_names[k]}),
        ("svhn", {"labels": lambda k: str(k or 10), "woven": True}),
    ],
)
def test_what_was_laid_ready_is_read_without_a_network(
    home, no_network, monkeypatch, name, more, online
):
    monkeypatch.setenv("PLAYGROUND_ONLINE", online)
    planes, y = seed(home, name, **more)
    parts = find(name)
    x, classes = joined(parts)
    np.testing.assert_array_equal(x, planes)
    np.testing.assert_array_equal(classes, y)
    share = sources.PUBLISHED[name].sizes[0] / sum(sources.PUBLISHED[name].sizes)
    assert len(parts.train.y) == round(30 * share)
    kept = home / f"{name}.npz"
    assert kept.exists()
    monkeypatch.setattr(sources, "read_openml", refuse)  # the second time the arrays serve
    again, _ = joined(find(name))
    np.testing.assert_array_equal(again, planes)


@pytest.mark.parametrize(
    ("inside", "data", "words"),
    [
        ("api/v1/json/data/554", b"junk", "554.gz is damaged"),
        ("api/v1/json/data/554", gzip.compress(b"{}", mtime=0), "describes no data set"),
        ("api/v1/json/data/554", gzip.compress(b"[1", mtime=0), "554.gz is damaged"),
        ("api/v1/json/data/features/554", None, "features/554.gz is missing"),
        ("data/v1/download/7/mnist.arff", None, "mnist.arff.gz is missing"),
        (
            "data/v1/download/7/mnist.arff",
            gzip.compress(b"x", mtime=0),
            "not the file that its description",
        ),
    ],
)
def test_what_was_laid_ready_badly_is_named_and_stays(home, no_network, inside, data, words):
    seed(home, "mnist")
    path = home / "openml" / "openml.org" / f"{inside}.gz"
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    before = sorted(p for p in home.rglob("*.gz"))
    with pytest.raises(ImagesMissing, match=words):
        find("mnist")
    assert sorted(p for p in home.rglob("*.gz")) == before


def test_a_description_that_leads_elsewhere_is_refused(home, no_network):
    seed(home, "mnist")
    path = home / "openml" / "openml.org" / "api/v1/json/data/554.gz"
    about = json.loads(gzip.decompress(path.read_bytes()))
    about["data_set_description"]["url"] = "https://openml.org/../../../../x.arff"
    path.write_bytes(gzip.compress(json.dumps(about).encode()))
    with pytest.raises(ImagesMissing, match="leads out of"):
        find("mnist")


def test_what_is_nowhere_is_said_in_words_and_not_fetched_when_offline(home, no_network):
    with pytest.raises(ImagesMissing) as caught:
        make("svhn", 5, random_state=0)
    text = str(caught.value)
    for word in (
        "SVHN",
        str(home / "svhn.npz"),
        "PLAYGROUND_IDX",
        "41081",
        "PLAYGROUND_ONLINE is 0",
    ):
        assert word in text
    assert isinstance(caught.value, TableMissing)


def test_a_failed_download_is_said_and_not_tried_again_at_once(home, monkeypatch):
    tries = []

    def fail(request, timeout):
        tries.append(request.full_url)
        assert timeout <= 30
        raise TimeoutError("no answer")

    monkeypatch.setenv("PLAYGROUND_ONLINE", "1")
    monkeypatch.setattr(openml, "urlopen", fail)
    for _ in range(3):
        with pytest.raises(ImagesMissing, match=r"could not be downloaded \(no answer\)"):
            find("cifar100")
    assert tries == ["https://www.openml.org/api/v1/json/data/41983"]
    clock = sources.time.monotonic()
    monkeypatch.setattr(sources.time, "monotonic", lambda: clock + 601)
    with pytest.raises(ImagesMissing, match="no answer"):
        find("cifar100")
    assert len(tries) == 2
    assert not list(home.rglob("*.part"))


class Reply:
    """What a server answers: bytes, compressed or not."""

    def __init__(self, data, packed):
        self.left = gzip.compress(data, mtime=0) if packed else data
        self.headers = {"Content-Encoding": "gzip"} if packed else {}

    def read(self, n):
        part, self.left = self.left[: min(n, 1000)], self.left[min(n, 1000) :]
        return part

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("packed", [True, False])
def test_a_download_is_kept(home, tmp_path, monkeypatch, packed):
    planes, _ = seed(tmp_path / "server", "mnist")
    root = tmp_path / "server" / "openml" / "openml.org"

    def answer(request, timeout):
        inside = request.full_url.split("openml.org/")[1]
        return Reply(gzip.decompress((root / f"{inside}.gz").read_bytes()), packed)

    monkeypatch.setenv("PLAYGROUND_ONLINE", "1")
    monkeypatch.setattr(openml, "urlopen", answer)
    x, _ = joined(find("mnist"))
    np.testing.assert_array_equal(x, planes)
    assert (home / "mnist.npz").exists()
    assert not list(home.rglob("*.part"))


def test_where_data_are_kept(monkeypatch, tmp_path):
    monkeypatch.delenv("PLAYGROUND_DATA")
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    assert sources.data_folder() == tmp_path / "data"
    monkeypatch.delenv("PLAYGROUND_HOME")
    assert sources.data_folder().parts[-3:] == (".cache", "ode-net-playground", "data")
