"""Settings of the jobs layer: environment variables, checked before anything starts."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playground import memory

PREFIX = "PLAYGROUND_"
DEFAULT_HOME = "~/.local/share/ode-net-playground"


class SettingsError(ValueError):
    """An environment variable holds what it must not; the message names it and what is legal."""


@dataclass(frozen=True)
class Settings:
    """What can be set from outside: each field by ``PLAYGROUND_`` and its name in capitals.

    Attributes:
        home: Folder of the store; every process that shares it shares the runs.
        journal: SQLite's journal: ``wal``, or ``delete`` for a folder on a network file system.
        workers: Slots of the embedded engine.
        threads: Threads that torch may use in one worker.
        engine: Address of an existing Dask cluster; empty for the embedded one.
        tls_ca: Certificate authority of the cluster, a PEM file.
        tls_cert: Certificate of this machine, a PEM file.
        tls_key: Private key of the certificate, a PEM file.
        max_runs_per_user: Runs that one user may have running and waiting.
        max_runs: Runs that all users together may have running and waiting.
        max_study_runs_per_user: Runs of studies that one user may have running and waiting; they come
            after all other work.
        max_study_runs: The same of all users together.
        max_disk_mb: Size of the store in megabytes beyond which new runs are refused.
        kept_runs_per_user: Unnamed runs at rest that are kept for one user; the oldest go first.
        kept_study_runs_per_user: The same for runs of studies.
        preview_minutes: How long a run that never trained is kept after somebody last looked.
        max_tables_mb: Size of all own tables in megabytes; beyond it unused ones go, then new ones are
            refused.
        max_images_mb: The same of all uploaded images.
        max_classes_per_user: Open classes that one user may have.
        max_classes: Classes that are kept at once, closed ones among them.
        max_members: Members that one class may have.
        class_days: A class goes, with its board but not its runs, so long after it was opened.
        quantum_seconds: How long a run keeps its slot while another one waits.
        short_seconds: Runs estimated to take no longer count as interactive.
        stop_seconds: How long a worker may ignore a stop before it is restarted.
        idle_minutes: The engine ends after so long without work and visitors; 0: never.
        teacher_key: Whoever holds it may steer and delete every run; empty: nobody may.
        low_memory: Whether the engine is a thread of the app, without processes of its own.
    """

    home: Path
    journal: Literal["wal", "delete"] = "wal"
    workers: int = 2
    threads: int = 1
    engine: str = ""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    max_runs_per_user: int = 8
    max_runs: int = 200
    max_study_runs_per_user: int = 200
    max_study_runs: int = 1000
    max_disk_mb: int = 8192
    kept_runs_per_user: int = 50
    kept_study_runs_per_user: int = 1000
    preview_minutes: float = 20.0
    max_tables_mb: int = 1024
    max_images_mb: int = 2048
    max_classes_per_user: int = 5
    max_classes: int = 100
    max_members: int = 60
    class_days: int = 120
    quantum_seconds: float = 5.0
    short_seconds: float = 30.0
    stop_seconds: float = 10.0
    idle_minutes: float = 0.0
    teacher_key: str = field(default="", repr=False)
    low_memory: bool = False


def read_settings(
    environ: Mapping[str, str] | None = None, home: str | Path | None = None
) -> Settings:
    """Return the settings that the environment asks for.

    Args:
        environ: Where to read; the process's environment when absent.
        home: Folder of the store; overrides the environment.

    Raises:
        SettingsError: For a value that is no number, out of range, or an address that must not be
            used.
    """
    values = os.environ if environ is None else environ
    cpus = os.cpu_count() or 1
    workers = _number(values, "WORKERS", max(1, min(cpus, 2)), 1, 256, int)
    certificates = {
        name: values.get(PREFIX + name, "").strip() for name in ("TLS_CA", "TLS_CERT", "TLS_KEY")
    }
    _check_certificates(certificates)
    engine = values.get(PREFIX + "ENGINE", "").strip()
    if engine:
        _check_address(engine, bool(certificates["TLS_CA"]))
    folder = str(home) if home is not None else values.get(PREFIX + "HOME", "").strip()
    return Settings(
        home=Path(folder or DEFAULT_HOME).expanduser().absolute(),
        journal=_journal(values),
        workers=workers,
        threads=_number(values, "THREADS", min(4, max(1, cpus // workers)), 1, 1024, int),
        engine=engine,
        tls_ca=certificates["TLS_CA"],
        tls_cert=certificates["TLS_CERT"],
        tls_key=certificates["TLS_KEY"],
        max_runs_per_user=_number(values, "MAX_RUNS_PER_USER", 8, 1, 100_000, int),
        max_runs=_number(values, "MAX_RUNS", 200, 1, 1_000_000, int),
        max_study_runs_per_user=_number(values, "MAX_STUDY_RUNS_PER_USER", 200, 1, 100_000, int),
        max_study_runs=_number(values, "MAX_STUDY_RUNS", 1000, 1, 1_000_000, int),
        max_disk_mb=_number(values, "MAX_DISK_MB", 8192, 1, 10**9, int),
        kept_runs_per_user=_number(values, "KEPT_RUNS_PER_USER", 50, 1, 1_000_000, int),
        kept_study_runs_per_user=_number(
            values, "KEPT_STUDY_RUNS_PER_USER", 1000, 1, 1_000_000, int
        ),
        preview_minutes=_number(values, "PREVIEW_MINUTES", 20.0, 0.1, 10**6, float),
        max_tables_mb=_number(values, "MAX_TABLES_MB", 1024, 1, 10**9, int),
        max_images_mb=_number(values, "MAX_IMAGES_MB", 2048, 1, 10**9, int),
        max_classes_per_user=_number(values, "MAX_CLASSES_PER_USER", 5, 1, 1000, int),
        max_classes=_number(values, "MAX_CLASSES", 100, 1, 100_000, int),
        max_members=_number(values, "MAX_MEMBERS", 60, 1, 10_000, int),
        class_days=_number(values, "CLASS_DAYS", 120, 1, 100_000, int),
        quantum_seconds=_number(values, "QUANTUM_SECONDS", 5.0, 0.1, 3600.0, float),
        short_seconds=_number(values, "SHORT_SECONDS", 30.0, 0.0, 86400.0, float),
        stop_seconds=_number(values, "STOP_SECONDS", 10.0, 0.5, 3600.0, float),
        idle_minutes=_number(values, "IDLE_MINUTES", 0.0, 0.0, 10**6, float),
        teacher_key=values.get(PREFIX + "TEACHER_KEY", ""),
        low_memory=memory.is_low(_switch(values, "LOW_MEMORY")),
    )


def _switch(values: Mapping[str, str], name: str) -> bool | None:
    """Read a setting that is 1, 0 or auto; ``None`` is auto."""
    text = values.get(PREFIX + name, "").strip().lower() or "auto"
    if text not in ("0", "1", "auto"):
        raise SettingsError(f"{PREFIX}{name} is {text!r}; it must be 1, 0 or auto")
    return {"0": False, "1": True}.get(text)


def _number(
    values: Mapping[str, str], name: str, default: float, low: float, high: float, kind: type
) -> int | float:
    text = values.get(PREFIX + name, "").strip()
    if not text:
        return default
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        noun = "a whole number" if kind is int else "a number"
        raise SettingsError(
            f"{PREFIX}{name} is {text!r}; it must be {noun} from {low:g} to {high:g}"
        )
    return number


def _journal(values: Mapping[str, str]) -> Literal["wal", "delete"]:
    text = values.get(PREFIX + "JOURNAL", "").strip().lower() or "wal"
    if text not in ("wal", "delete"):
        raise SettingsError(f"{PREFIX}JOURNAL is {text!r}; it must be wal or delete")
    return text


def _check_certificates(certificates: Mapping[str, str]) -> None:
    missing = [name for name, path in certificates.items() if not path]
    if missing and len(missing) < len(certificates):
        names = " and ".join(PREFIX + name for name in missing)
        raise SettingsError(f"{names} is missing; TLS needs all of CA, CERT and KEY")
    for name, path in certificates.items():
        if path and not Path(path).is_file():
            raise SettingsError(f"{PREFIX}{name} is {path!r}, and there is no such file")


def _check_address(address: str, has_certificates: bool) -> None:
    """Refuse an address at which a stranger could run code: Dask itself knows no passwords."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not port:
        raise SettingsError(
            f"{PREFIX}ENGINE is {address!r}; it must be tls://host:port, "
            "or tcp://127.0.0.1:port on this machine"
        )
    if parts.scheme == "tcp" and not _is_loopback(parts.hostname):
        raise SettingsError(
            f"{PREFIX}ENGINE is {address!r}; tcp is for this machine only (127.0.0.1), because "
            "whoever reaches the port could run code: use tls:// with certificates"
        )
    if parts.scheme == "tls" and not has_certificates:
        raise SettingsError(
            f"{PREFIX}ENGINE is {address!r}; tls needs {PREFIX}TLS_CA, {PREFIX}TLS_CERT "
            f"and {PREFIX}TLS_KEY"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
