from __future__ import annotations

from pathlib import Path

import pytest

from playground.jobs.settings import SettingsError, read_settings


def test_defaults_are_finite_and_local() -> None:
    settings = read_settings({})
    assert settings.home == Path("~/.local/share/ode-net-playground").expanduser()
    assert settings.engine == ""
    assert settings.workers * settings.threads >= 1
    assert 0 < settings.max_runs_per_user <= settings.max_runs
    assert settings.teacher_key == ""


@pytest.mark.parametrize(
    ("name", "value", "legal"),
    [
        ("PLAYGROUND_WORKERS", "many", "a whole number from 1 to 256"),
        ("PLAYGROUND_WORKERS", "0", "a whole number from 1 to 256"),
        ("PLAYGROUND_WORKERS", "1.5", "a whole number"),
        ("PLAYGROUND_QUANTUM_SECONDS", "nan", "a number from 0.1 to 3600"),
        ("PLAYGROUND_MAX_RUNS_PER_USER", "-1", "a whole number from 1"),
        ("PLAYGROUND_JOURNAL", "off", "wal or delete"),
        ("PLAYGROUND_ENGINE", "10.0.0.1:8786", "tls://host:port"),
        ("PLAYGROUND_ENGINE", "tcp://10.0.0.1:8786", "this machine only"),
        ("PLAYGROUND_ENGINE", "tcp://127.0.0.1.example.org:8786", "this machine only"),
        ("PLAYGROUND_ENGINE", "tcp://127.0.0.1", "tls://host:port"),
        ("PLAYGROUND_ENGINE", "tcp://127.0.0.1:99999", "tls://host:port"),
        ("PLAYGROUND_ENGINE", "tls://cluster:8786", "PLAYGROUND_TLS_CA"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_legal(name: str, value: str, legal: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value})
    assert name in str(caught.value)
    assert value in str(caught.value)
    assert legal in str(caught.value)


def test_certificates_come_together_and_exist(tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    with pytest.raises(SettingsError, match="PLAYGROUND_TLS_CERT and PLAYGROUND_TLS_KEY"):
        read_settings({"PLAYGROUND_TLS_CA": str(file)})
    names = [f"PLAYGROUND_TLS_{part}" for part in ("CA", "CERT", "KEY")]
    with pytest.raises(SettingsError, match="no such file"):
        read_settings({name: str(file) for name in names})
    file.touch()
    values = {name: str(file) for name in names} | {"PLAYGROUND_ENGINE": "tls://cluster:8786"}
    assert read_settings(values).engine == "tls://cluster:8786"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_tcp_is_allowed_on_this_machine(host: str) -> None:
    assert read_settings({"PLAYGROUND_ENGINE": f"tcp://{host}:8786"}).engine


def test_an_explicit_home_wins(tmp_path: Path) -> None:
    assert read_settings({"PLAYGROUND_HOME": "/elsewhere"}, home=tmp_path).home == tmp_path
