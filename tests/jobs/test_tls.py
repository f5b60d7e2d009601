"""The port on which code is run: on the loopback address, or for those alone who have a certificate."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from playground.jobs import pool
from playground.jobs.settings import Settings, read_settings

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@dataclass(frozen=True)
class Papers:
    """What one party shows: the authority it believes in, its certificate, its key."""

    ca: str
    cert: str
    key: str

    def within(self, settings: Settings) -> Settings:
        return replace(settings, tls_ca=self.ca, tls_cert=self.cert, tls_key=self.key)


def openssl(words: str) -> None:
    subprocess.run(["openssl", *words.split()], check=True, capture_output=True)


def authority(folder: Path) -> Papers:
    """A throwaway authority, and a certificate that it has signed."""
    folder.mkdir()
    ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl(
        f"req -x509 {ec} -days 2 -subj /CN=authority -keyout {folder}/ca.key -out {folder}/ca.pem"
    )
    openssl(f"req {ec} -subj /CN=127.0.0.1 -keyout {folder}/key.pem -out {folder}/asked.csr")
    openssl(
        f"x509 -req -in {folder}/asked.csr -CA {folder}/ca.pem -CAkey {folder}/ca.key -CAcreateserial "
        f"-days 2 -out {folder}/cert.pem"
    )
    return Papers(f"{folder}/ca.pem", f"{folder}/cert.pem", f"{folder}/key.pem")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return authority(tmp_path_factory.mktemp("ours") / "pki")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return authority(tmp_path_factory.mktemp("theirs") / "pki")


@pytest.fixture(scope="module")
def scheduler(ours: Papers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The engine's own cluster with our certificates, without the workers, which take seconds."""
    home = tmp_path_factory.mktemp("home")
    settings = replace(ours.within(read_settings({}, home=home)), workers=0)
    cluster = pool._local_cluster(settings, pool._security(settings))
    yield cluster.scheduler_address
    cluster.close()


def connects(address: str, papers: Papers | None, encrypted: bool = True) -> bool:
    """Return whether a client with these papers is let in; with none it is as strangers come."""
    import distributed
    from distributed import Security

    if papers is not None:
        security = pool._security(papers.within(read_settings({}, home="/nowhere")))
    else:
        security = Security(require_encryption=False) if not encrypted else None
    try:
        client = distributed.Client(
            address, security=security, timeout=2, set_as_default=False, asynchronous=False
        )
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError):
        return False
    client.close()
    return True


def test_only_who_has_a_certificate_of_our_authority_gets_in(
    scheduler: str, ours: Papers, theirs: Papers
) -> None:
    assert scheduler.startswith("tls://127.0.0.1:")
    assert connects(scheduler, ours)
    assert not connects(scheduler, theirs)  # somebody else's authority
    assert not connects(scheduler, replace(theirs, ca=ours.ca))  # which believes in ours
    assert not connects(scheduler, None)  # none at all
    assert not connects(scheduler.replace("tls://", "tcp://"), None, encrypted=False)
    assert connects(scheduler, ours)  # and it stands


def test_a_bare_connection_is_not_let_in(scheduler: str, ours: Papers) -> None:
    """TLS with the right authority, and no certificate of one's own."""
    host, port = scheduler.removeprefix("tls://").split(":")
    context = ssl.create_default_context(cafile=ours.ca)
    context.check_hostname = False
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        _ask(context, plain)


def _ask(context: ssl.SSLContext, plain: socket.socket) -> None:
    """Say something over TLS; with TLS 1.3 the refusal comes with the first answer."""
    with context.wrap_socket(plain) as secure:
        secure.sendall(bytes(16))
        if not secure.recv(1):
            raise ConnectionResetError


def test_the_engines_own_cluster_listens_on_the_loopback_address_only(tmp_path: Path) -> None:
    settings = replace(read_settings({}, home=tmp_path), workers=0)
    before = listening()
    cluster = pool._local_cluster(settings, None)
    try:
        opened = listening() - before
        assert opened
        assert {address for address, _ in opened} == {"127.0.0.1"}
        assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")
    finally:
        cluster.close()


def listening() -> set[tuple[str, int]]:
    """Where this process listens for connections of the internet's kinds."""
    found = psutil.Process().net_connections(kind="inet")
    return {tuple(c.laddr) for c in found if c.status == psutil.CONN_LISTEN}
