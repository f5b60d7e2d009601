"""Image sets from openml.org, by way of scikit-learn; and what a server's owner has laid ready there.

The four files of a data set lie below ``openml/openml.org`` where scikit-learn looks for them. Those
that are missing are downloaded here, with limits on time and size that scikit-learn does not have;
afterwards its loader finds all it needs and does not go online.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import warnings
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import numpy as np

from playground.datasets.images.image_table import ImageError, ImagesMissing, ImageTable, Parts
from playground.datasets.images.npz import whole_file
from playground.datasets.images.published import Published

_API = "https://www.openml.org/api/v1/json/data/"
_REPLY_SECONDS = 20  # longest silence of the server
_DOWNLOAD_SECONDS = 1800
_MOST_BYTES = 3_000_000_000
_CHUNK = 1 << 20
_DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error, ValueError, KeyError, TypeError)


def is_seeded(published: Published, data_home: Path) -> bool:
    """Tell whether somebody has begun to lay the data set ready below ``data_home``."""
    return _path(data_home, f"api/v1/json/data/{published.openml}").exists()


def read_openml(published: Published, data_home: Path, *, online: bool) -> Parts:
    """Return a data set from the files of openml.org, downloading those that are missing.

    Args:
        published: Which.
        data_home: Where scikit-learn keeps its data; the files are below ``openml`` in there.
        online: Whether anything may be downloaded.

    Raises:
        ImageError: If a file is missing and may not or cannot be downloaded, or is damaged; names it.
    """
    number = published.openml
    about = _json(data_home, f"api/v1/json/data/{number}", online)
    for kind in ("features", "qualities"):
        _json(data_home, f"api/v1/json/data/{kind}/{number}", online)
    try:
        url, checksum = about["data_set_description"]["url"], _checksum(about)
    except (KeyError, TypeError):
        path = _path(data_home, f"api/v1/json/data/{number}")
        raise ImageError(f"{path} describes no data set; delete it") from None
    path = _obtain(data_home, urlparse(url).path.lstrip("/"), url, online)
    if _md5(path) != checksum:
        raise ImageError(f"{path} is not the file that its description names; delete it")
    return _arranged(published, *_load(number, data_home))


def _load(number: int, data_home: Path) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import fetch_openml  # slow to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a data set that is marked inactive is the same data
            # The parser of pandas fails on classes that are whole numbers.
            found = fetch_openml(
                data_id=number, data_home=data_home, as_frame=False, parser="liac-arff", n_retries=1
            )
    except Exception as error:  # whatever a parser makes of a strange file
        raise ImageError(f"scikit-learn could not read data set {number}: {error}") from error
    return found.data, found.target


def _arranged(published: Published, x: np.ndarray, y: np.ndarray) -> Parts:
    """Return rows of pixels as images, cut into the two published parts.

    A file with fewer rows than were published is cut in the same proportion.
    """
    channels, height, width = published.shape
    label = f"data set {published.openml} of openml.org"
    if x.ndim != 2 or x.shape[1] != channels * height * width:
        raise ImageError(f"{label} has {x.shape} values; {published.shape} an image were expected")
    if not ((x >= 0) & (x <= 255)).all():
        raise ImageError(f"{label} has values that are not from 0 to 255")
    images = _planes(x.astype(np.uint8), channels, height, width)
    classes = np.array([_class(published, text) for text in y.tolist()], np.int64)
    cut = round(len(x) * published.sizes[0] / sum(published.sizes))
    train, test = (
        ImageTable(images[part], classes[part], published.class_names)
        for part in (slice(cut), slice(cut, None))
    )
    return Parts(train, test)


def _planes(x: np.ndarray, channels: int, height: int, width: int) -> np.ndarray:
    """Return rows as ``(n, c, h, w)``, whether colours come plane by plane or pixel by pixel.

    Neighbours in a photograph are alike, so the arrangement in which they are more so is the true one.
    """
    planes = x.reshape(-1, channels, height, width)
    woven = x.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    if channels == 1 or _roughness(planes) <= _roughness(woven):
        return planes
    return np.ascontiguousarray(woven)


def _roughness(images: np.ndarray) -> float:
    some = images[:500].astype(float)
    return float(np.abs(np.diff(some, axis=3)).mean() + np.abs(np.diff(some, axis=2)).mean())


def _class(published: Published, label: Any) -> int:
    """Return the class that a label means: its number or its name; ten is the digit 0."""
    if label in published.class_names and not str(label).isdigit():
        return published.class_names.index(label)
    try:
        value = int(float(label))
    except (TypeError, ValueError):
        raise ImageError(f"label {label!r} is no class of {published.label}") from None
    if published.name == "svhn":
        value %= 10
    if not 0 <= value < len(published.class_names):
        raise ImageError(f"label {label!r} is no class of {published.label}")
    return value


def _path(data_home: Path, inside: str) -> Path:
    base = (data_home / "openml" / "openml.org").resolve()
    path = (base / f"{inside}.gz").resolve()
    if not path.is_relative_to(base):
        raise ImageError(f"{inside!r} leads out of {base}")
    return path


def _checksum(about: dict[str, Any]) -> str:
    return str(about["data_set_description"]["md5_checksum"])


def _json(data_home: Path, inside: str, online: bool) -> Any:
    path = _obtain(data_home, inside, _API + inside.removeprefix("api/v1/json/data/"), online)
    try:
        with gzip.open(path) as file:
            return json.loads(file.read(_MOST_BYTES))
    except _DAMAGED as error:
        raise ImageError(f"{path} is damaged ({error}); delete it or lay it there again") from None


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with gzip.open(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except _DAMAGED as error:
        raise ImageError(f"{path} is damaged ({error}); delete it or lay it there again") from None
    return digest.hexdigest()


def _obtain(data_home: Path, inside: str, url: str, online: bool) -> Path:
    """Return where a file of openml.org lies, having downloaded it if need be."""
    path = _path(data_home, inside)
    if path.exists():
        return path
    if not online:
        raise ImagesMissing(f"{path} is missing")
    if urlparse(url).scheme not in ("http", "https"):
        raise ImageError(f"{url!r} is no address to download from")
    try:
        _download(url, path)
    except (OSError, ValueError) as error:
        raise ImagesMissing(f"{url} could not be downloaded ({error})") from error
    return path


def _download(url: str, path: Path) -> None:
    """Download a file and keep it compressed, as a whole or not at all."""
    deadline = time.monotonic() + _DOWNLOAD_SECONDS
    request = Request(url, headers={"Accept-Encoding": "gzip"})
    with urlopen(request, timeout=_REPLY_SECONDS) as reply, whole_file(path) as part:
        ready = reply.headers.get("Content-Encoding", "") == "gzip"
        out = part if ready else gzip.GzipFile(fileobj=part, mode="wb")
        held = 0
        while chunk := reply.read(_CHUNK):
            held += len(chunk)
            if held > _MOST_BYTES:
                raise ValueError(f"it has more than {_MOST_BYTES} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(f"it took longer than {_DOWNLOAD_SECONDS} seconds")
            out.write(chunk)
        if not ready:
            out.close()
