"""The command line: what it prints, and what wrong input gets."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load

from playground import cli
from playground.cli import main
from playground.experiment import Experiment
from playground.presets import presets

SMALL = ["--set", "n_train=60", "--set", "n_validation=60", "--set", "epochs=2"]
SMALL += ["--set", "network.width=4", "--set", "network.depth=2"]


def last_json(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_train_ends_with_one_line_of_json(capsys):
    assert main(["train", "--preset", "spiral", "--json", *SMALL]) == 0
    result = last_json(capsys)
    assert result["status"] == "finished"
    assert result["epochs"] == 2
    assert 0 <= result["validation_accuracy"] <= 1
    assert {"validation_loss", "seconds"} <= set(result)


def test_train_takes_a_file_and_writes_weights(tmp_path, capsys):
    file, weights = tmp_path / "e.json", tmp_path / "w.safetensors"
    file.write_text(Experiment().model_dump_json())
    assert main(["train", str(file), "--weights", str(weights), "--json", *SMALL]) == 0
    assert load(weights.read_bytes())["weight"].shape == (2, 4, 4)
    assert last_json(capsys)["steps"] == 4


def test_train_learns_several_columns_of_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    file, weights = tmp_path / "points.csv", tmp_path / "w.safetensors"
    rows = "\n".join(f"{i % 7},{i % 5 / 5},{i % 11},{i % 3}" for i in range(60))
    file.write_text(f"left,a,right,b\n{rows}")
    words = ["train", "--csv", str(file), "--predict", "left, right", "--weights", str(weights)]
    assert main([*words, "--set", "epochs=2", "--json"]) == 0
    assert last_json(capsys)["validation_accuracy"] is None
    shapes = {value.shape for value in load(weights.read_bytes()).values()}
    assert (2,) in shapes  # the bias of two outputs
    assert main(["train", "--csv", str(file), "--predict", "left,up"]) == 2
    assert "'up'" in capsys.readouterr().err
    assert main(["train", "--predict", "left"]) == 2
    assert "--csv" in capsys.readouterr().err


def test_train_writes_a_recording(tmp_path):
    import gzip

    from playground.analysis.frames import Frames

    file = tmp_path / "r.gz"
    assert main(["train", "--recording", str(file), *SMALL]) == 0
    frames = Frames.unpack(gzip.decompress(file.read_bytes()))
    assert len(frames.meta["frames"]) == len(frames.arrays["grid"]) > 2
    assert frames.arrays["paths"].shape[2] <= 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "nope"], ["nope", "spiral"]),
        (["--set", "epochs=0"], ["epochs", "0", "1 to 10000"]),
        (["--set", "colour=red"], ["colour"]),
        (["--set", "epochs"], ["FIELD=VALUE"]),
        (["missing.json"], ["missing.json"]),
        (["--set", "network.width=1024", "--set", "network.depth=500"], ["parameters", "legal"]),
    ],
)
def test_wrong_input_is_named(arguments, words, capsys):
    assert main(["train", *arguments]) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words), said


def test_file_that_is_no_experiment_is_named(tmp_path, capsys):
    file = tmp_path / "e.json"
    file.write_text('{"n_train": 1}')
    assert main(["train", str(file)]) == 2
    assert "n_train" in capsys.readouterr().err


def test_divergence_is_a_failure(capsys):
    wild = ["--set", "optimizer=sgd", "--set", "optimizer.learning_rate=10"]
    wild += ["--set", "network.activation=linear", "--set", "network.depth=10"]
    assert main(["train", "--json", *SMALL, *wild, "--set", "epochs=30"]) == 1
    assert last_json(capsys)["status"] == "diverged"


def test_list_names_every_registry_and_every_entry(capsys):
    assert set(cli.LISTED) == set(cli._registries())
    assert main(["list", "--json"]) == 0
    listed = last_json(capsys)
    for kind, registry in cli._registries().items():
        assert [row["name"] for row in listed[kind]] == list(registry)
    assert main(["list", "integrators"]) == 0
    assert "rk4" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["train"], ["list"], ["engine"], ["app"], ["bench"]])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_repetitions_report_mean_and_spread(capsys):
    assert main(["train", "--repetitions", "3", "--json", *SMALL]) == 0
    result = last_json(capsys)
    found = [run["validation_accuracy"] for run in result["runs"]]
    assert len(found) == result["repetitions"] == 3
    assert result["validation_accuracy"] == pytest.approx(sum(found) / 3)
    spread = result["validation_accuracy_spread"]
    assert (spread["least"], spread["greatest"]) == (min(found), max(found))
    assert result["status"] == "finished"


def test_repetitions_keep_no_single_weights(tmp_path, capsys):
    wanted = ["--weights", str(tmp_path / "w"), "--repetitions", "2"]
    assert main(["train", *wanted, *SMALL]) == 2
    assert "--repetitions" in capsys.readouterr().err


def test_options_of_the_server_and_of_benchmarks_are_passed_on(monkeypatch):
    from benchmarks import __main__ as benchmarks

    commands = []

    class Process:
        def __init__(self, command, **_):
            commands.append(command)

        def wait(self):
            return 0

        def terminate(self):
            pass

    monkeypatch.setattr(cli.subprocess, "Popen", Process)
    assert main(["app", "--server.port=8777", "--server.headless", "true"]) == 0
    assert commands[0][-3:] == ["--server.port=8777", "--server.headless", "true"]
    assert commands[1][-1] == "http://127.0.0.1:8777"
    passed = []
    monkeypatch.setattr(benchmarks, "main", passed.extend)
    assert main(["bench", "rk", "--json", "--width", "8"]) == 0
    assert passed == ["rk", "--json", "--width", "8"]
    with pytest.raises(SystemExit):
        main(["list", "--nonsense"])


def test_help_does_not_import_torch():
    code = "import sys, playground.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass\n"
    code += "sys.exit('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[1]
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True).returncode == 0
    )


@pytest.mark.parametrize("name", presets())
def test_every_preset_trains(name):
    from playground.training import refusal, train
    from playground.training.events import Finished

    preset = presets()[name]
    assert preset.label
    assert preset.summary
    assert refusal(preset.experiment) is None
    short = preset.experiment.amended({"epochs": "1", "n_train": "60", "n_validation": "60"})
    assert isinstance(list(train(short))[-1], Finished)
