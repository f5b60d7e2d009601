"""The slots: processes that run one function at a time, behind ``Pool``; Dask is nowhere else."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from playground.jobs.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster, Security

logger = logging.getLogger(__name__)

START_SECONDS = 120.0
CONNECT_SECONDS = 10.0
REFRESH_SECONDS = 0.5
LOST_SECONDS = 3.0
FORGET_SECONDS = 10.0
CLOSE_SECONDS = 10.0


class PoolError(RuntimeError):
    """The cluster cannot be reached or started; the message says what to look at."""


@dataclass(frozen=True)
class Done:
    """A function has ended: with ``error`` in words, or well."""

    key: str
    error: str | None = None


class Pool(Protocol):
    """Slots that can be had anywhere: processes of this machine, or a cluster."""

    address: str

    def start(self) -> None:
        """Bring the slots up. Raises PoolError."""
        ...

    def slots(self) -> list[str]:
        """Return the names of the slots that work now. Raises PoolError."""
        ...

    def submit(self, slot: str, key: str, function: Callable[..., None], *args: object) -> None:
        """Run ``function(*args)`` on a free slot; ``key`` names it in ``done``."""
        ...

    def done(self, timeout: float) -> list[Done]:
        """Return what has ended since the last call; waits up to ``timeout`` seconds for news."""
        ...

    def kill(self, slot: str) -> None:
        """End the process of a slot at once; a new one takes its place under another name."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class DaskPool:
    """A cluster of Dask: an embedded one, or the existing one that ``PLAYGROUND_ENGINE`` names.

    Each worker is one slot. Work is pinned to a worker and never repeated by Dask itself: what a
    run needs after an accident is decided by the dispatcher, who knows the store.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._cluster: LocalCluster | None = None
        self._futures: dict[str, tuple[Future, str]] = {}
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._slots: list[str] = []
        self._refreshed = 0.0
        self._missing: dict[str, float] = {}
        self._killed: dict[str, float] = {}
        self.address = settings.engine

    def start(self) -> None:
        """Start the embedded cluster, or connect to the given one. Raises PoolError."""
        from distributed import Client

        logging.getLogger("distributed").setLevel(logging.WARNING)
        security = _security(self._settings)
        try:
            if not self._settings.engine:
                self._cluster = _local_cluster(self._settings, security)
            target = self._cluster or self._settings.engine
            self._client = Client(
                target, security=security, timeout=CONNECT_SECONDS, set_as_default=False
            )
            if self._cluster is not None:
                self.address = self._cluster.scheduler_address
                self._client.wait_for_workers(1, timeout=START_SECONDS)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            self.close()
            where = self._settings.engine or "on this machine"
            raise PoolError(f"no Dask cluster {where}: {error}") from error

    def slots(self) -> list[str]:
        """Return the addresses of the workers, known to half a second. Raises PoolError."""
        now = time.monotonic()
        if now - self._refreshed > REFRESH_SECONDS:
            try:
                alive = set(self._client.nthreads())
            except (OSError, TimeoutError, ValueError, RuntimeError) as error:
                raise PoolError(f"the cluster {self.address} does not answer: {error}") from error
            for slot in [s for s, at in self._killed.items() if now - at > FORGET_SECONDS]:
                del self._killed[slot]  # a new worker may have got the same address
            self._slots = sorted(alive - self._killed.keys())
            self._refreshed = now
            self._replace_lost()
        return self._slots

    def submit(self, slot: str, key: str, function: Callable[..., None], *args: object) -> None:
        """Run a function on one worker and on no other."""
        future = self._client.submit(
            function, *args, key=key, workers=[slot], allow_other_workers=False, pure=False
        )
        self._futures[key] = (future, slot)
        future.add_done_callback(lambda _: self._ended.put(key))

    def done(self, timeout: float) -> list[Done]:
        """Return what has ended, or whose worker has left the cluster."""
        ended: list[Done] = []
        try:
            key = self._ended.get(timeout=timeout)
            while True:
                ended += self._settle(key)
                key = self._ended.get_nowait()
        except queue.Empty:
            pass
        return ended + self._lost()

    def kill(self, slot: str) -> None:
        """Kill a worker; its nanny starts another one."""
        self._killed[slot] = time.monotonic()
        self._slots = [other for other in self._slots if other != slot]
        if slot in (processes := self._processes()):
            _kill(processes[slot])
        elif self._cluster is None:
            threading.Thread(target=self._restart, args=(slot,), daemon=True).start()

    def close(self) -> None:
        """Close the client, and the embedded cluster with its workers."""
        if self._cluster is not None:  # workers have nothing to lose, and take seconds to end well
            for nanny in self._cluster.workers.values():
                nanny.close_gracefully()  # it will not start another one
            for pid in self._processes().values():
                _kill(pid)
        for part in (self._client, self._cluster):
            try:
                if part is not None:
                    part.close(timeout=CLOSE_SECONDS)
            except Exception:  # the process ends anyway, and its children with it
                logger.exception("closing the cluster")
        self._client = self._cluster = None

    def _processes(self) -> dict[str, int]:
        """Return the process of every embedded worker by its address."""
        nannies = self._cluster.workers.values() if self._cluster is not None else ()
        return {nanny.worker_address: nanny.pid for nanny in nannies if nanny.pid}

    def _replace_lost(self) -> None:
        """Bring up new workers for those whose nanny has given up too."""
        wanted = self._settings.workers
        if self._cluster is not None and len(self._cluster.workers) < wanted:
            self._cluster.scale(wanted)

    def _settle(self, key: str) -> list[Done]:
        future, _ = self._futures.pop(key, (None, ""))
        if future is None:
            return []
        if future.status == "finished":
            return [Done(key)]
        self._refreshed = 0.0  # perhaps its worker died: give nothing to a slot that is gone
        if future.status == "error":
            return [Done(key, _words(future.exception()))]
        return [Done(key, f"the cluster dropped the work ({future.status})")]

    def _lost(self) -> list[Done]:
        """Find work whose worker has been gone for a while without Dask saying so."""
        now = time.monotonic()
        lost = []
        for key, (future, slot) in list(self._futures.items()):
            if slot in self._slots:
                self._missing.pop(key, None)
            elif now - self._missing.setdefault(key, now) > LOST_SECONDS:
                del self._futures[key], self._missing[key]
                future.cancel()
                lost.append(Done(key, "its worker has left the cluster"))
        return lost

    def _restart(self, slot: str) -> None:
        try:
            self._client.restart_workers([slot], raise_for_error=False)
        except Exception:  # the worker may be gone, or have nobody who restarts it
            logger.exception("restarting the worker %s", slot)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _words(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "its worker process died (killed, or out of memory)"
    return f"{type(error).__name__}: {error}"


def _security(settings: Settings) -> Security | None:
    if not settings.tls_ca:
        return None
    from distributed import Security

    role = {"cert": settings.tls_cert, "key": settings.tls_key}
    names = {
        f"tls_{who}_{what}": path
        for who in ("client", "scheduler", "worker")
        for what, path in role.items()
    }
    return Security(tls_ca_file=settings.tls_ca, require_encryption=True, **names)


def _local_cluster(settings: Settings, security: Security | None) -> LocalCluster:
    import dask
    from distributed import LocalCluster

    threads = str(settings.threads)
    environment = {f"{name}_NUM_THREADS": threads for name in ("OMP", "MKL", "OPENBLAS")}
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 0,
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.scheduler.work-stealing": False,
            "distributed.scheduler.active-memory-manager.start": False,
            "distributed.worker.profile.enabled": False,
            "distributed.admin.tick.interval": "1s",
            "distributed.admin.tick.limit": "30s",
            "distributed.admin.system-monitor.interval": "5s",
            "distributed.deploy.lost-worker-timeout": "10 minutes",  # a slow machine is not lost
            "distributed.nanny.pre-spawn-environ": environment,
        }
    )
    return LocalCluster(
        n_workers=settings.workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        protocol="tls" if security else "tcp",
        security=security,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        memory_limit=0,
        preload="playground.jobs.preload",
        local_directory=str(settings.home / "cluster"),
        silence_logs=logging.WARNING,
    )
