"""What Python sends to the canvas views; what they draw is tested in tests/browser."""

import json
import re
import struct
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from playground.ui import canvas

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

import framesets


def unpack(data):
    """Header and arrays of a frame set."""
    (length,) = struct.unpack_from("<I", data, 4)
    header = json.loads(data[8 : 8 + length])
    start = -(-(8 + length) // 8) * 8
    arrays = {}
    for name, spec in header["arrays"].items():
        kind = framesets.DTYPES[spec["dtype"]]
        count = int(np.prod(spec["shape"]))
        assert spec["offset"] % 8 == 0
        block = np.frombuffer(data, kind, count, start + spec["offset"])
        arrays[name] = block.reshape(spec["shape"])
    return header["meta"], arrays


def test_without_keeps_the_other_arrays_as_they_were():
    payload = framesets.spiral_set((0.0, 0.5, 1.0), size=21)
    meta, arrays = unpack(payload)
    kept_meta, kept = unpack(canvas.without(payload, {"grid", "paths", "no such"}))
    assert kept_meta == meta
    assert set(kept) == set(arrays) - {"grid", "paths"}
    for name, values in kept.items():
        np.testing.assert_array_equal(values, arrays[name])


@pytest.mark.parametrize(
    "payload",
    [b"", b"ODEF", b"junk of any kind", b"ODEF" + b"\xff" * 40, framesets.halves_set()[:900]],
)
def test_without_leaves_alone_what_it_cannot_read(payload):
    assert canvas.without(payload, {"grid"}) == payload


def test_wrap_puts_the_frames_at_a_multiple_of_eight():
    for key in ("a", "abc", "abcdefgh"):
        data = canvas.wrap(b"ODEFrest", {key: 1})
        (length,) = struct.unpack_from("<I", data, 4)
        assert json.loads(data[8 : 8 + length]) == {key: 1}
        assert data.index(b"ODEFrest") == -(-(8 + length) // 8) * 8


@pytest.mark.parametrize(
    ("view", "options", "message"),
    [
        (canvas.flow_view, {"view": "4-D"}, "view: '4-D'"),
        (canvas.flow_view, {"hide": ["switches"]}, "hide: 'switches'"),
        (canvas.boundary_view, {"hide": ["tabs"]}, "hide: 'tabs'"),
        (canvas.boundary_view, {"height": 20}, "height: 20"),
    ],
)
def test_wrong_options_are_named(view, options, message):
    with pytest.raises(ValueError, match=message):
        view(b"", key="x", **options)


def test_bundle_holds_every_module_and_no_name_twice():
    entries = {"inline", "library", "light", "slot"}
    assert {path.stem for path in canvas.ASSETS.glob("*.js")} == {*canvas.MODULES, *entries}
    source = canvas.bundle(*canvas.MODULES, "slot", "library")
    assert not re.search(r"^import ", source, re.MULTILINE)
    assert len(re.findall(r"^export ", source, re.MULTILINE)) == 1
    names = re.findall(r"^(?:const|let|class|(?:async )?function\*?) (\w+)", source, re.MULTILINE)
    assert len(names) == len(set(names))


def test_modules_stand_after_what_they_import():
    for place, name in enumerate(canvas.MODULES):
        source = (canvas.ASSETS / f"{name}.js").read_text()
        for imported in re.findall(r'from "\./(\w+)\.js"', source):
            assert imported in canvas.MODULES[:place]


def test_class_colours_are_those_of_the_charts():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    source = (canvas.ASSETS / "theme.js").read_text()
    palette = re.search(r"PALETTE = \[(.*?)\]", source, re.DOTALL).group(1)
    assert re.findall(r"#\w{6}", palette) == config["theme"]["chartCategoricalColors"]


def page(load):
    from playground.ui import canvas

    if load:
        canvas.load()
    canvas.flow_view(b"", key="flow", group="g")
    canvas.boundary_view(b"", key="boundary", group="g")


@pytest.mark.parametrize("load", [False, True])
def test_a_loaded_page_mounts_light_views(load):
    at = AppTest.from_function(page, kwargs={"load": load}).run()
    assert not at.exception
    views = [element.proto for element in at.get("bidi_component")][-2:]
    assert [len(view.js_content) < 1000 for view in views] == [load, load]
    for view in views:
        (length,) = struct.unpack_from("<I", view.bytes, 4)
        assert json.loads(view.bytes[8 : 8 + length])["group"] == "g"
