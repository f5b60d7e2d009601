"""A tab of a browser without the browser: Streamlit's protocol, spoken over a real WebSocket.

It keeps what a browser keeps, because the server has to cope with it: the state of every control,
which each request brings along; long messages, which the server then only refers to; and the clocks
of fragments that run by themselves. Nothing is drawn.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_KEPT_RUNS = 40  # of the script, for which a long message is kept: .streamlit/config.toml
_SENSOR = "odenet_browser"
_FOLDS = ("popover", "expandable")  # blocks that tell the server whether they are open
_WHOLE = ForwardMsg.FINISHED_SUCCESSFULLY
_FRAGMENT = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@dataclass
class Control:
    """One control or component on the page, or one part that folds, as its last message described it."""

    element: Element | Block
    kind: str
    fragment: str
    run: str

    @property
    def proto(self) -> Any:
        """The message of its own kind."""
        return getattr(self.element, self.kind)


@dataclass
class _Kept:
    message: ForwardMsg
    age: int = 0


@dataclass
class Tab:
    """One tab. ``open`` connects it; ``listen`` must run beside whatever is done with it.

    Attributes:
        url: Of the server, without a slash at its end.
        user: The id that this browser tells.
        path: Of the page at which it begins.
        query: What stands behind it in the address with which it begins.
        controls: What stands on the page, by the key that the program gave it.
        link: The fields of the address that the server last wrote.
        runs: How often the whole script has run to its end, and ``beats`` its fragments.
        errors: What went wrong, in words.
    """

    url: str
    user: str
    path: str = ""
    query: str = ""
    controls: dict[str, Control] = field(default_factory=dict)
    link: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    beats: int = 0
    received: int = 0
    errors: list[str] = field(default_factory=list)
    on_feed: Callable[[str], None] = lambda address: None
    _socket: ClientConnection | None = None
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _clocks: dict[str, tuple[float, asyncio.Task]] = field(default_factory=dict)
    _page: str = ""
    _run: str = ""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _closing: bool = False

    async def open(self) -> None:
        """Connect and ask for the page."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(
            address, origin=self.url, subprotocols=["streamlit"], max_size=None, open_timeout=30
        )
        await self.ask()

    async def close(self) -> None:
        """Close the tab."""
        self._closing = True
        self._stop_clocks()
        await self._socket.close()

    async def listen(self) -> None:
        """Take in what the server says until the tab is closed."""
        try:
            async for packed in self._socket:
                self.received += len(packed)
                message = ForwardMsg()
                message.ParseFromString(packed)
                await self._take(message)
        except ConnectionClosed as end:
            if not self._closing:
                self.errors.append(f"the server hung up: {end}")
        finally:
            self._stop_clocks()

    async def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds at the end of a run of the script; return whether it does."""
        async with self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(condition), seconds)
        return condition()

    # Asking -------------------------------------------------------------------------------------

    async def ask(
        self,
        *triggers: WidgetState,
        fragment: str = "",
        by_clock: bool = False,
        page: str = "",
    ) -> None:
        """Let the script run.

        Args:
            triggers: What happened in this moment and is no state.
            fragment: The fragment to run, empty for the whole page.
            by_clock: Whether the fragment's own clock asks.
            page: The page to change to.
        """
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self.query
        asked.widget_states.widgets.extend([*self._states.values(), *triggers])
        asked.page_script_hash = page or self._page
        asked.page_name = "" if asked.page_script_hash else self.path
        asked.fragment_id = fragment
        asked.is_auto_rerun = by_clock
        asked.cached_message_hashes.extend(self._kept)
        asked.context_info.url = f"{self.url}/{self.path}"
        with suppress(ConnectionClosed):
            await self._socket.send(message.SerializeToString())

    async def go(self, path: str) -> None:
        """Change to another page by the navigation."""
        self.path = path
        await self.ask(page=self.pages[path])

    async def set(self, key: str, value: Any) -> None:
        """Move a control; a choice is told by the label that people read."""
        control = self.controls[key]
        state = self._states[control.proto.id] = _state(control, value)
        state.id = control.proto.id
        await self.ask(fragment=control.fragment)

    async def click(self, key: str) -> None:
        """Press a button."""
        control = self.controls[key]
        state = WidgetState(id=control.proto.id, trigger_value=True)
        await self.ask(state, fragment=control.fragment)

    async def tell(self, key: str, event: str, value: Any) -> None:
        """Let a component report an event."""
        control = self.controls[key]
        where = f"$$STREAMLIT_INTERNAL_KEY_{control.proto.id}__events"
        told = json.dumps([{"event": event, "value": value}])
        await self.ask(WidgetState(id=where, json_trigger_value=told), fragment=control.fragment)

    # Hearing ------------------------------------------------------------------------------------

    async def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            kept = self._kept.get(message.ref_hash)
            if kept is None:
                self.errors.append("the server referred to a message that was never sent")
                return
            kept.age = 0
            await self._delta(kept.message.delta)
        elif kind == "delta":
            if message.metadata.cacheable:
                self._kept[message.hash] = _Kept(message)
            await self._delta(message.delta)
        elif kind == "new_session":
            self._run = message.metadata.run.script_run_id
            if not message.metadata.run.fragment_ids:
                self._stop_clocks()
                self._page = message.new_session.page_script_hash
        elif kind == "navigation":
            self.pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            self._page = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            self._start_clock(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_clock(fragment)
        elif kind == "script_finished":
            await self._finished(message)
        elif kind == "page_not_found":
            self.errors.append(f"the page {self.path!r} was not found")

    async def _delta(self, delta: Delta) -> None:
        what = delta.WhichOneof("type")
        if what not in ("new_element", "add_block"):
            return
        element = getattr(delta, what)
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            self.errors.append(f"the page says: {element.alert.body}")
        proto = getattr(element, kind) if kind else None
        widget = getattr(proto, "id", "")
        if not isinstance(widget, str) or not widget.startswith("$$ID-"):
            return
        control = Control(element, kind, delta.fragment_id, self._run)
        self.controls[widget.split("-", 2)[2]] = control
        self._begin(control)
        if kind == "bidi_component":
            await self._component(control)

    def _begin(self, control: Control) -> None:
        """Give a control the state with which a browser would show it."""
        proto = control.proto
        forced = getattr(proto, "set_value", False)
        if proto.id not in self._states or forced:
            shown = _shown(control, forced)
            if shown is not None:
                state = self._states[proto.id] = _state(control, shown)
                state.id = proto.id

    async def _component(self, control: Control) -> None:
        proto = control.proto
        if proto.component_name.endswith(_SENSOR):
            told = json.loads(proto.json or proto.mixed.json)
            self.link = dict(parse_qsl(told["link"], keep_blank_values=True))
            if proto.id not in self._states:
                answer = json.dumps({"id": self.user, "narrow": False})
                self._states[proto.id] = WidgetState(id=proto.id, json_value=answer)
                await self.ask()
        elif proto.bytes[:4] == b"ODEC":
            (length,) = struct.unpack_from("<I", proto.bytes, 4)
            feed = json.loads(proto.bytes[8 : 8 + length]).get("feed", "")
            if _key(proto.id) == "flow":
                self.on_feed(feed)

    async def _finished(self, message: ForwardMsg) -> None:
        whole, part = (message.script_finished == status for status in (_WHOLE, _FRAGMENT))
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("the script could not be compiled")
        if not (whole or part):
            return
        fragments = set(message.metadata.run.fragment_ids)
        run = message.metadata.run.script_run_id
        gone = {
            key: control
            for key, control in self.controls.items()
            if control.run != run and (whole or control.fragment in fragments)
        }
        for key, control in gone.items():
            del self.controls[key]
            self._states.pop(control.proto.id, None)
        for name, kept in list(self._kept.items()):
            kept.age += whole or kept.message.delta.fragment_id in fragments
            if kept.age > _KEPT_RUNS:
                del self._kept[name]
        async with self._changed:
            self.runs += whole
            self.beats += part
            self._changed.notify_all()

    # The clocks of fragments --------------------------------------------------------------------

    def _start_clock(self, fragment: str, seconds: float) -> None:
        if self._clocks.get(fragment, (None,))[0] == seconds:
            return
        self._stop_clock(fragment)
        self._clocks[fragment] = seconds, asyncio.create_task(self._tick(fragment, seconds))

    async def _tick(self, fragment: str, seconds: float) -> None:
        due = time.monotonic()
        while True:
            due = max(due + seconds, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            await self.ask(fragment=fragment, by_clock=True)

    def _stop_clock(self, fragment: str) -> None:
        if fragment in self._clocks:
            self._clocks.pop(fragment)[1].cancel()

    def _stop_clocks(self) -> None:
        for fragment in list(self._clocks):
            self._stop_clock(fragment)


def _key(widget: str) -> str:
    return widget.split("-", 2)[2]


def _shown(control: Control, forced: bool) -> Any:
    """Return what a control shows at first, or what the server sets it to; ``None`` for nothing."""
    proto = control.proto
    if control.kind == "checkbox":
        return proto.value if forced else proto.default
    if control.kind in ("text_input", "number_input"):
        if forced:
            return proto.value if proto.HasField("value") else None
        return proto.default if proto.HasField("default") else None
    if control.kind == "selectbox":
        if forced:
            return proto.raw_value
        return proto.options[proto.default] if proto.HasField("default") else None
    if control.kind in ("button_group", "multiselect"):
        if forced:
            return list(proto.raw_values)
        options = [getattr(option, "content", option) for option in proto.options]
        return [options[place] for place in proto.default]
    if control.kind == "slider":
        if proto.type == Slider.SELECT_SLIDER:
            places = (int(place) for place in proto.default)
            return list(proto.raw_value) if forced else [proto.options[place] for place in places]
        return list(proto.value if forced else proto.default)
    return None


def _state(control: Control, value: Any) -> WidgetState:
    """Return the state of a control with a value."""
    state = WidgetState()
    kind = control.kind
    if kind in ("checkbox", *_FOLDS):
        state.bool_value = value
    elif kind == "number_input":
        state.double_value = value
    elif kind in ("selectbox", "text_input"):
        state.string_value = value
    elif kind == "slider" and control.proto.type != Slider.SELECT_SLIDER:
        state.double_array_value.data.extend(value if isinstance(value, list) else [value])
    elif kind in ("button_group", "multiselect", "slider"):
        state.string_array_value.data.extend(value if isinstance(value, list) else [value])
    else:
        raise ValueError(f"a {kind} has no value that can be set")
    return state


class Getter:
    """One connection that is kept open, for one request after the other, as a browser has it."""

    def __init__(self, url: str) -> None:
        """Connect when the first request is made; ``url`` names the server."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (in lower case) and body of an address on the server.

        Raises:
            OSError: If the connection breaks.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        host = f"{self._host}:{self._port}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode())
        await writer.drain()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.split("\r\n")
            headers = dict(_headers(lines))
            body = await _body(reader, headers)
        except asyncio.IncompleteReadError as error:
            self.close()
            raise ConnectionError(f"the server broke off while it answered {path}") from error
        return int(status.split()[1]), headers, body

    def close(self) -> None:
        """Break the connection off."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int(await reader.readuntil(b"\r\n"), 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", 0)))
