"""What is told to containers, services and proxies, against what the program reads and answers."""

import configparser
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from playground import __version__, cli_health
from playground.cli import main
from playground.jobs import Jobs
from playground.jobs.settings import PREFIX, read_settings
from playground.ui.health import health

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNIT = ROOT / "deploy" / "ode-net-playground.service"


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_server_that_is_well_says_what_its_engine_does(home):
    found = health()
    assert found == {
        "status": "ok",
        "version": __version__,
        "engine": "down",
        "slots": 0,
        "running": 0,
        "queued": 0,
        "low_memory": read_settings().low_memory,
    }
    with Jobs().store.writing() as db:
        db.execute(
            "INSERT INTO engine VALUES (1, 1, 'elsewhere', 0, ?, 'ready', '', 'tcp://x', 2, 1, 3, 0)",
            (time.time(),),
        )
    found = health()
    assert (found["engine"], found["slots"], found["running"], found["queued"]) == (
        "ready",
        2,
        1,
        3,
    )


def test_a_server_without_its_store_is_ill_and_tells_no_paths(home):
    home.write_text("no folder")
    found = health()
    assert found["status"] == "ill"
    assert str(home) not in json.dumps(found)


def test_asking_a_server_that_is_not_there(capsys):
    assert main(["health", "--url", "http://127.0.0.1:9", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "down"
    assert main(["health", "--url", "ftp://127.0.0.1"]) == 2
    assert "has to begin with http" in capsys.readouterr().err


def test_the_usual_address_is_the_one_that_streamlit_is_told(monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "7860")
    monkeypatch.setenv("STREAMLIT_SERVER_BASE_URL_PATH", "/play/")
    assert cli_health.usual_url() == "http://127.0.0.1:7860/play"


def test_the_app_answers_for_its_health_and_ends_when_a_service_ends_it(home, unused_port):
    url = f"http://127.0.0.1:{unused_port}"
    settings = {
        **os.environ,
        "STREAMLIT_SERVER_PORT": str(unused_port),
        "PLAYGROUND_LOW_MEMORY": "1",
    }
    command = [sys.executable, "-m", "playground"]
    with subprocess.Popen([*command, "app", "--server.headless=true"], env=settings) as app:
        try:
            for _ in range(600):
                asked = subprocess.run([*command, "health", "--json"], env=settings, **QUIET)
                if asked.returncode == 0:
                    break
            found = json.loads(asked.stdout)
            assert (found["status"], found["low_memory"]) == ("ok", True)
            with urllib.request.urlopen(f"{url}/health") as answer:
                assert answer.headers["Cache-Control"] == "no-store"
        finally:
            app.send_signal(signal.SIGTERM)
            assert app.wait(timeout=60) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/health", timeout=5)


QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_image_takes_the_pinned_packages_and_says_its_version():
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(r"^torch==", requirements, re.MULTILINE)
    assert "grep '^torch==' /tmp/requirements.txt" in DOCKERFILE
    assert f'image.version="{__version__}"' in DOCKERFILE
    assert "USER playground" in DOCKERFILE


def test_each_file_that_the_image_copies_is_there():
    for source in re.findall(r"^COPY (?!--from)(?:--\S+ )?(\S+) ", DOCKERFILE, re.MULTILINE):
        assert (ROOT / source).exists()


@pytest.mark.parametrize("name", ["compose.yaml", "compose.cuda.yaml"])
def test_compose_files_set_only_what_the_program_reads(name):
    compose = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"app"}
    check_settings(compose["services"]["app"].get("environment", {}))


def test_the_service_sets_only_what_the_program_reads():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    text = UNIT.read_text(encoding="utf-8")
    parser.read_string(text)
    pairs = re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
    check_settings(dict(pair.split("=", 1) for line in pairs for pair in line.split()))
    assert parser["Service"]["DynamicUser"] == "yes"


def check_settings(environment):
    """Every setting of ours has to be one that is read, and whose text is legal."""
    ours = {n: v for n, v in environment.items() if n.startswith(PREFIX)}
    known = {f"{PREFIX}{field.upper()}" for field in read_settings({}).__dataclass_fields__}
    assert set(ours) <= known
    read_settings({n: re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(v)) for n, v in ours.items()})
    for name in environment.keys() - ours.keys():
        assert name.startswith(("STREAMLIT_", "XDG_"))


def test_every_setting_is_documented_and_every_documented_one_is_read():
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`PLAYGROUND_(\w+)`", text[text.index("## Settings") :]))
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "playground").rglob("*.py"))
    declared = {name.upper() for name in read_settings({}).__dataclass_fields__}
    assert declared <= listed
    for name in listed:
        assert f"PLAYGROUND_{name}" in sources or f'"{name}"' in sources
