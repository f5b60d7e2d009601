"""The server's health, for whoever watches it: ``/health`` below the address of the app."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from playground import __version__
from playground.jobs import Jobs
from playground.ui.feed import base


def health_routes() -> list[Route]:
    """Return the route that answers."""
    return [Route(f"{base()}/health", _answer, methods=["GET"])]


async def _answer(_: Request) -> JSONResponse:
    """Answer 200 as long as the store does, 503 otherwise.

    An engine that is down does not make a server ill: it has nothing to do, and the next visitor
    starts it.
    """
    found = await run_in_threadpool(health)
    code = 200 if found["status"] == "ok" else 503
    return JSONResponse(found, code, headers={"Cache-Control": "no-store"})


def health() -> dict[str, Any]:
    """Return the server's health: ``status`` (ok or ill), the engine's state, and what it does.

    Nothing in it tells of users, paths or keys.
    """
    try:
        jobs = Jobs()
        engine = jobs.engine_state()
    except Exception as error:  # whatever it is, the server must be able to say so
        return {"status": "ill", "version": __version__, "reason": type(error).__name__}
    return {
        "status": "ok",
        "version": __version__,
        "engine": engine.state,
        "slots": engine.slots,
        "running": engine.running,
        "queued": engine.queued,
        "low_memory": jobs.settings.low_memory,
    }
