"""Live pictures past the scripts: the views of a page fetch a run's newest frame from the server.

Each run of a script, even of a small fragment, lets the browser look at every control of the page
anew, which on a page with sixty of them takes longer than to draw a picture. So pictures come by a
route of their own: a request waits until there is a frame that the view does not have yet, and is
answered with its bytes, as packed by ``playground.analysis.frames``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playground.classroom.watch import news
from playground.jobs import Reader, Refused
from playground.ui import state
from playground.ui.pace import stretched

PATIENCE = 10.0  # seconds that a request waits for a picture
LOOK_SECONDS = 0.02  # between two looks at the file of the newest frame, which cost microseconds
STATUS_SECONDS = 0.5  # between two looks at the run itself, which ask the store
FEW = 4  # requests that wait at once; of more, each looks less often, so that all cost the same
SLOWEST = 1.0  # seconds between two pictures of one page, at most, that a busy server takes
WATCH_SECONDS = 3.0
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Encoding": "identity",  # packing would cost the server more than the way costs
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[Route]:
    """Return the server's routes for live pictures, below the address at which the app lives."""
    paths = ("/live/{run_id}", "/live/{run_id}/{code}")
    return [Route(base() + path, newest, methods=["GET"]) for path in paths]


def feed_of(run_id: str, code: str = "") -> str:
    """Return the address from which a view fetches the newest frames of a run.

    Args:
        run_id: The run.
        code: Of the class that the page follows: the feed ends when another run is shown to it.
    """
    return f"{base()}/live/{run_id}" + (f"/{code}" if code else "")


def base() -> str:
    """Return the path below which the app lives; empty at the root of its server."""
    path = st.get_option("server.baseUrlPath").strip("/")
    return f"/{path}" if path else ""


@cache
def _runs() -> Reader:
    return Reader()


async def newest(request: Request) -> Response:
    """Answer with the newest frame of a run as soon as it is not the one that the asker knows.

    The query's ``known`` is the version that came with the last answer, in the header ``X-Version``. An
    answer without a body is 204: nothing new for ten seconds, or, with the header ``X-Run: rests``,
    nothing until the run goes on, or because the class that the page follows is shown another one. 404
    means that there is no such run.
    """
    with _waiting() as crowd:
        return await _newest(request, crowd)


async def _newest(request: Request, crowd: Callable[[], float]) -> Response:
    run_id, known = request.path_params["run_id"], request.query_params.get("known")
    code = request.path_params.get("code", "")
    until, looked = time.monotonic() + PATIENCE, 0.0
    active: bool | None = True
    try:
        if known:  # a picture costs the server more than a look, and the page has one already
            await asyncio.sleep(_pause(crowd()))
        while True:
            now = time.monotonic()
            if now - looked >= STATUS_SECONDS * min(2.0, crowd()):
                if looked and await request.is_disconnected():
                    return Response(status_code=204, headers=_HEADERS)
                looked, active = now, await run_in_threadpool(_looked_at, run_id, code)
            # Read after the status: what rests has its last picture.
            fresh = _runs().live(run_id, known) if active is not None else None
            if fresh is not None:
                version, frame = fresh
                head = {**_HEADERS, "X-Version": version}
                return Response(frame, headers=head, media_type="application/octet-stream")
            if not active:
                return Response(status_code=204, headers={**_HEADERS, "X-Run": "rests"})
            if now > until:
                return Response(status_code=204, headers=_HEADERS)
            await asyncio.sleep(_pause(crowd()))
    except Refused:
        return Response(status_code=404, headers=_HEADERS)


def _pause(crowd: float) -> float:
    """Return how long a request rests between two looks, in seconds."""
    return min(SLOWEST, stretched(LOOK_SECONDS * crowd))


_requests = 0  # that wait now; only the server's one loop counts them


@contextmanager
def _waiting() -> Iterator[Callable[[], float]]:
    """Count a request that waits; lend how many times ``FEW`` of them there are, at least 1."""
    global _requests
    _requests += 1
    try:
        yield lambda: max(1.0, _requests / FEW)
    finally:
        _requests -= 1


def _looked_at(run_id: str, code: str) -> bool | None:
    """Say that somebody looks at a run, and return whether more pictures of it will come.

    Returns:
        ``None`` if it is not the one any more that the class is shown.
    """
    if code and (found := news(_runs(), code)) is not None and found.shown != run_id:
        return None
    _runs().watch(run_id, WATCH_SECONDS)
    return _runs().get(run_id).status in state.ACTIVE
