"""An existing cluster in place of the embedded one, over TLS with certificates made for the test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """A certificate that vouches for itself; authority, certificate and key of all parties."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        ["openssl", *words.split(), "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return {"ca": str(cert), "cert": str(cert), "key": str(key)}


@pytest.fixture
def cluster(tmp_path: Path, home: Path, certificate: dict[str, str]) -> Iterator[str]:
    """Address of a scheduler with one worker, as an administrator would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tls://127.0.0.1:{port}"
    common = ["--tls-ca-file", certificate["ca"], "--tls-cert", certificate["cert"]]
    common += ["--tls-key", certificate["key"], "--no-dashboard"]
    scheduler = ["scheduler", "--host", "tls://127.0.0.1", "--port", str(port)]
    worker = ["worker", address, "--nthreads", "1", "--preload", "playground.jobs.preload"]
    worker += ["--local-directory", str(tmp_path / "scratch")]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    log = (tmp_path / "cluster.log").open("wb")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{role}", *arguments, *common],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
        )
        for role, *arguments in (scheduler, worker)
    ]
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield address
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
    log.close()


def test_a_run_on_a_cluster_over_tls(
    cluster: str, certificate: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLAYGROUND_ENGINE", cluster)
    for name, file in certificate.items():
        monkeypatch.setenv(f"PLAYGROUND_TLS_{name.upper()}", file)
    jobs = Jobs(user="ada")
    run_id = jobs.submit(Experiment(n_train=40, n_validation=40, epochs=2))
    code = "import sys; from playground.jobs.engine import main; sys.exit(main())"
    engine = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 300
        while jobs.get(run_id).unfinished:
            assert time.monotonic() < deadline, (tmp_path / "cluster.log").read_text()
            assert engine.poll() is None
            time.sleep(0.05)
        assert jobs.get(run_id).status == "finished"
        assert jobs.engine_state().address == cluster
        deadline = time.monotonic() + 60  # a run may end between two signs of life
        while jobs.engine_state().slots != 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(30) == 0
        jobs.store.close()
