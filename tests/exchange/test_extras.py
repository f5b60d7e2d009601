"""Runs handed to MLflow and TensorBoard: to stand-ins that note it, and to themselves where installed."""

from __future__ import annotations

import math
import sys
import types

import pytest
from safetensors.numpy import load

from playground.exchange.extras import ExtraMissing
from playground.exchange.mlflow_export import to_mlflow
from playground.exchange.tensorboard_export import to_tensorboard
from playground.query import flatten
from tests.exchange.conftest import small


class Noted:
    """Anything whose calls are noted."""

    def __init__(self, calls, **attributes):
        self._calls = calls
        self.__dict__.update(attributes)

    def __getattr__(self, name):
        def call(*args, **named):
            self._calls.append((name, args, named))

        return call


class Client(Noted):
    """What an export asks of MLflow's client; its signatures are MLflow 2's."""

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name):
        self._calls.append(("create_experiment", (name,), {}))
        return "7"

    def create_run(self, experiment_id, start_time=None, tags=None, run_name=None):
        self._calls.append(("create_run", (experiment_id, start_time, tags, run_name), {}))
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id="there"))

    def log_artifact(self, run_id, local_path, artifact_path=None):
        with open(local_path, "rb") as file:
            self._calls.append(("log_artifact", (local_path.rsplit("/", 1)[-1], file.read()), {}))


@pytest.fixture
def mlflow(monkeypatch):
    """A stand-in for MLflow that notes its calls."""
    calls = []
    module = types.ModuleType("mlflow")
    module.MlflowClient = lambda tracking_uri: Client(calls, address=tracking_uri)
    module.entities = types.SimpleNamespace(
        Param=lambda key, value: (key, value),
        Metric=lambda key, value, timestamp, step: (key, value, timestamp, step),
    )
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return calls


def named(calls, name):
    return [call for call in calls if call[0] == name]


def test_mlflow_gets_settings_figures_and_weights(jobs, train, mlflow, tmp_path):
    run_id = train(small(), name="mine")
    assert to_mlflow(jobs, [run_id], tmp_path / "runs") == ["there"]
    ((_, (experiment, began, tags, name), _),) = named(mlflow, "create_run")
    assert (experiment, name, tags["playground.run"]) == ("7", "mine", run_id)
    assert began == round(1000 * jobs.get(run_id).started)
    batches = [call[2] for call in named(mlflow, "log_batch")]
    params = dict(p for batch in batches for p in batch.get("params", []))
    assert params == flatten(small().model_dump(mode="json"))
    points = {(p[0], p[3]): p[1] for batch in batches for p in batch.get("metrics", [])}
    for each in jobs.metrics(run_id):
        assert points["validation_loss", each.step] == each.validation_loss
    assert all(math.isfinite(value) for value in points.values())
    files = {call[1][0]: call[1][1] for call in named(mlflow, "log_artifact")}
    assert set(files) == {"experiment.json", "train.py", "weights.safetensors"}
    assert load(files["weights.safetensors"])["weight"].shape == (2, 4, 4)
    ((_, (ended,), about),) = named(mlflow, "set_terminated")
    assert (ended, about["status"]) == ("there", "FINISHED")


def test_tensorboard_gets_scalars_at_their_steps(jobs, train, monkeypatch, tmp_path):
    calls, opened = [], []
    module = types.ModuleType("torch.utils.tensorboard")

    def writer(log_dir):
        opened.append(log_dir)
        return Noted(calls)

    module.SummaryWriter = writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    run_id = train(small(), name="../mine & yours")
    (folder,) = to_tensorboard(jobs, [run_id], tmp_path)
    assert folder == tmp_path / f"mine-yours-{run_id}"
    assert opened == [str(folder)]
    scalars = {(c[1][0], c[2]["global_step"]): c[1][1] for c in named(calls, "add_scalar")}
    for each in jobs.metrics(run_id):
        assert scalars["train_loss", each.step] == each.train_loss
    ((_, (settings, ends), _),) = named(calls, "add_hparams")
    assert settings["network.width"] == "4"
    assert ends["final/validation_loss"] == jobs.metrics(run_id)[-1].validation_loss
    assert len(named(calls, "close")) == 1
    folder.mkdir()
    with pytest.raises(FileExistsError, match="there already"):
        to_tensorboard(jobs, [run_id], tmp_path)


@pytest.mark.parametrize(
    ("export", "module", "package"),
    [
        (to_mlflow, "mlflow", "mlflow"),
        (to_tensorboard, "torch.utils.tensorboard", "tensorboard"),
    ],
)
def test_what_to_install_is_said(jobs, export, module, package, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, module, None)  # as Python itself says that there is none
    with pytest.raises(ExtraMissing, match=f"pip install {package}"):
        export(jobs, ["a" * 16], tmp_path)


def test_tensorboard_itself_reads_what_is_written(jobs, train, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run_id = train(small())
    (folder,) = to_tensorboard(jobs, [run_id], tmp_path)
    events = EventAccumulator(str(folder))
    events.Reload()
    read = {event.step: event.value for event in events.Scalars("train_loss")}
    assert read == pytest.approx({m.step: m.train_loss for m in jobs.metrics(run_id)})


def test_mlflow_itself_reads_what_is_written(jobs, train, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    run_id = train(small())
    (there,) = to_mlflow(jobs, [run_id], f"sqlite:///{tmp_path}/runs.sqlite")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/runs.sqlite")
    read = {m.step: m.value for m in client.get_metric_history(there, "train_loss")}
    assert read == {m.step: m.train_loss for m in jobs.metrics(run_id)}
