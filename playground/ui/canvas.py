"""The canvas views: feature trajectories and decision boundary, drawn in the browser.

Both are one component (assets/canvas) mounted in two modes. They take a frame set as bytes, as
packed by `playground.analysis.frames`, and keep their node, camera, depth and switches while the
bytes change under a fixed key.
"""

import json
import re
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "canvas"

# In the order in which they are read: a module stands after all that it imports.
MODULES = (
    "format",
    "theme",
    "timeline",
    "dom",
    "chart",
    "export",
    "paths",
    "space",
    "trails",
    "feed",
    "receiver",
    "view",
    "flow",
    "map",
    "boundary",
    "mount",
)

FLOW_TABS = ("trajectories", "warp", "space")
FLOW_PARTS = ("tabs", "depth", "epoch", "export", "legend")
BOUNDARY_PARTS = ("switches", "discrete", "train", "test", "epoch", "export", "legend")

_OPTIONS_MAGIC = b"ODEC"
_FRAMES_MAGIC = b"ODEF"
_BOUNDARY_ONLY = {"grid", "confidence", "points", "labels", "test_points", "test_labels"}
_FLOW_ONLY = {"paths", "path_scale", "path_centre", "path_labels", "warp"}


@cache
def bundle(*modules: str) -> str:
    """The modules as one ES module, since inline JavaScript cannot import files.

    Imports between the modules go, and so does `export` except before the entry's `default`.
    Top-level names must therefore be unique over all files.
    """
    parts = []
    for name in modules:
        source = (ASSETS / f"{name}.js").read_text(encoding="utf-8")
        source = re.sub(r"^import .*?;\n", "", source, flags=re.MULTILINE)
        parts.append(re.sub(r"^export (?!default)", "", source, flags=re.MULTILINE))
    return "\n".join(parts)


@cache
def _style() -> str:
    return (ASSETS / "canvas.css").read_text(encoding="utf-8")


def _view(name: str, *modules: str) -> Any:
    return st.components.v2.component(f"odenet_{name}", js=bundle(*modules), css=_style())


_library = st.components.v2.component("odenet_library", js=bundle(*MODULES, "slot", "library"))
_inline = {mode: _view(mode, *MODULES, "inline") for mode in ("flow", "boundary")}
_light = {mode: _view(f"light_{mode}", "slot", "light") for mode in ("flow", "boundary")}

_LOADED = "odenet_canvas_loaded"


def load() -> None:
    """Send the views' code once for the page; call it outside fragments, before the views.

    Streamlit sends a component's code along with each update of it. A page that has called this
    mounts views of a few hundred bytes instead, which take their code from here. Without it the
    views work as well, at the price of their code with every frame.
    """
    st.session_state[_LOADED] = True
    _library(key="odenet_library")


def _mount(mode: str, payload: bytes, options: dict[str, Any], key: str) -> None:
    views = _light if st.session_state.get(_LOADED) else _inline
    # A run that rests wakes the page, whose script then runs anew; there is nothing else to do.
    heard = {"on_rests_change": lambda: None} if mode == "flow" else {}
    views[mode](data=wrap(payload, options), key=key, **heard)


def _pad(size: int) -> int:
    return -size % 8


def without(payload: bytes, dropped: set[str]) -> bytes:
    """The frame set with some arrays left out, so that no view is sent what it never draws.

    Anything that is not a frame set comes back as it is: the view says what is wrong with it.
    """
    if payload[:4] != _FRAMES_MAGIC or len(payload) < 8:
        return payload
    (length,) = struct.unpack_from("<I", payload, 4)
    try:
        header = json.loads(payload[8 : 8 + length])
        specs = header["arrays"]
        ends = {name: spec["offset"] + _size(spec) for name, spec in specs.items()}
    except (ValueError, KeyError, TypeError):
        return payload
    start = 8 + length + _pad(8 + length)
    if start + max(ends.values(), default=0) > len(payload):
        return payload
    kept, body = {}, bytearray()
    for name, spec in specs.items():
        if name in dropped:
            continue
        kept[name] = {**spec, "offset": len(body)}
        body += payload[start + spec["offset"] : start + ends[name]]
        body += bytes(_pad(len(body)))
    text = json.dumps({"meta": header["meta"], "arrays": kept}).encode()
    head = _FRAMES_MAGIC + struct.pack("<I", len(text)) + text
    return head + bytes(_pad(len(head))) + bytes(body)


def flow_part(payload: bytes) -> bytes:
    """What the flow view draws of a frame set."""
    return without(payload, _BOUNDARY_ONLY)


def boundary_part(payload: bytes) -> bytes:
    """What the boundary view draws of a frame set."""
    return without(payload, _FLOW_ONLY)


def _size(spec: dict[str, Any]) -> int:
    size = {"u1": 1, "i2": 2, "f4": 4}[spec["dtype"]]
    for length in spec["shape"]:
        size *= length
    return size


def wrap(payload: bytes, options: dict[str, Any]) -> bytes:
    """Options and frames in one block of bytes: mark, uint32 length, JSON, padding to 8, frames.

    Bytes are the only form of `data` that reaches the browser as bytes, so options travel inside.
    """
    text = json.dumps(options).encode()
    head = _OPTIONS_MAGIC + struct.pack("<I", len(text)) + text
    return head + bytes(_pad(len(head))) + payload


def _checked(hide: Sequence[str], legal: Sequence[str], height: int) -> list[str]:
    for part in hide:
        if part not in legal:
            raise ValueError(f"hide: {part!r} is no part of this view; legal are {legal}")
    if not 160 <= height <= 2000:
        raise ValueError(f"height: {height} is outside 160 … 2000 pixels")
    return list(hide)


def flow_view(
    payload: bytes,
    *,
    key: str,
    height: int = 380,
    view: Literal["trajectories", "warp", "space"] = "trajectories",
    group: str = "",
    autoplay: bool = False,
    epoch_slider: bool = False,
    hide: Sequence[str] = (),
    empty_text: str = "Press train to start",
    feed: str = "",
) -> None:
    """Mount the flow view: trajectories, warped grid and 3-D under one depth slider.

    Args:
        payload: a frame set (squeezed or not), or `b""` while there is none (shows `empty_text`).
        key: fixed key; the same key keeps the node and what the user has set in it.
        height: the largest height of the drawing in pixels; narrow columns make it lower.
        view: the tab that is open at first.
        group: views of one group share depth and epoch, so that one slider moves them all.
        autoplay: play epochs (in a loop) and depth at first sight, unless reduced motion is asked.
        epoch_slider: keep the epoch slider's place while there is only one frame, for a recording
            that will come.
        hide: parts to leave out, of `FLOW_PARTS`.
        empty_text: what to show while there are no frames.
        feed: address from which the view fetches live frames (`playground.ui.feed`); then `payload`
            is not looked at, and what is shown stays until the first of them.

    Raises:
        ValueError: an unknown view or part, or a height outside 160 … 2000.
    """
    if view not in FLOW_TABS:
        raise ValueError(f"view: {view!r} is unknown; legal are {FLOW_TABS}")
    options = {
        "height": height,
        "view": view,
        "group": group,
        "autoplay": autoplay,
        "epoch_slider": epoch_slider,
        "hide": _checked(hide, FLOW_PARTS, height),
        "empty_text": empty_text,
        "feed": feed,
    }
    _mount("flow", flow_part(payload), options, key)


def boundary_view(
    payload: bytes,
    *,
    key: str,
    height: int = 380,
    group: str = "",
    autoplay: bool = False,
    discretise: bool = False,
    show_train: bool = True,
    show_test: bool = False,
    hide: Sequence[str] = (),
    empty_text: str = "Press train to start",
    feed: str = "",
) -> None:
    """Mount the boundary view: the predicted map over two inputs (or one) with the data on top.

    Args:
        payload: a frame set (squeezed or not), or `b""` while there is none (shows `empty_text`).
        key: fixed key; the same key keeps the node and what the user has set in it.
        height: the largest height of the drawing in pixels, legend included.
        group: views of one group share the epoch; a flow view of the group then has the slider.
        autoplay: play the epochs in a loop at first sight, unless reduced motion is asked.
        discretise: whether the map starts without confidence.
        show_train: whether training points are shown at first.
        show_test: whether test points are shown at first.
        hide: parts to leave out, of `BOUNDARY_PARTS`.
        empty_text: what to show while there are no frames.
        feed: address from which the view fetches live frames (`playground.ui.feed`); then `payload`
            is not looked at, and what is shown stays until the first of them.

    Raises:
        ValueError: an unknown part, or a height outside 160 … 2000.
    """
    options = {
        "height": height,
        "group": group,
        "autoplay": autoplay,
        "discretise": discretise,
        "show_train": show_train,
        "show_test": show_test,
        "hide": _checked(hide, BOUNDARY_PARTS, height),
        "empty_text": empty_text,
        "feed": feed,
    }
    _mount("boundary", boundary_part(payload), options, key)
