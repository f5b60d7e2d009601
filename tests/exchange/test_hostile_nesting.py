"""Files of runs that nest without end or are links: refused in words, and nothing of them stays."""

from __future__ import annotations

import io
import json
import stat
import zipfile

import pytest

from playground.exchange.importing import bring
from playground.training import checkpoints
from tests.exchange.conftest import entry, rewritten, traces
from tests.exchange.test_hostile_files import RUN, packed, refused, there

__all__ = ["packed", "there"]  # fixtures
DEEP = 20_000


@pytest.mark.parametrize("part", ["manifest.json", f"{RUN}run.json", f"{RUN}experiment.json"])
@pytest.mark.parametrize("deep", [b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP])
def test_json_that_nests_without_end(packed, there, part, deep):
    with refused(there):
        bring(there, rewritten(packed, {part: deep}))


@pytest.mark.parametrize("place", ["header", "tree"])
def test_a_checkpoint_that_nests_without_end(packed, there, place):
    name = f"{RUN}checkpoint.safetensors"
    payload = entry(packed, name)
    deep = "[" * DEEP + "]" * DEEP
    if place == "header":
        head = deep.encode()
    else:
        head = json.dumps({"__metadata__": {"format": checkpoints.FORMAT, "tree": deep}}).encode()
    head += b" " * (-len(head) % 8)
    with refused(there):
        bring(
            there, rewritten(packed, {name: len(head).to_bytes(8, "little") + head + payload[-64:]})
        )


def test_a_link_in_a_file_is_read_as_what_it_is_text(packed, there):
    """Nothing is unpacked to the disk, so that a symbolic link has nowhere to lead."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as before, zipfile.ZipFile(out, "w") as after:
        for info in before.infolist():
            if info.filename != f"{RUN}run.json":
                after.writestr(info, before.read(info))
        link = zipfile.ZipInfo(f"{RUN}run.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        after.writestr(link, b"/etc/passwd")
    before_all = traces(there)
    with refused(there, "run.json"):
        bring(there, out.getvalue())
    assert traces(there) == before_all
