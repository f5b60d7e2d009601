"""Exported scripts: they stand alone, and end with the weights of the training bit for bit."""

import ast
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.analysis.frames import Frames
from playground.datasets import DATASETS, Table, fetch, store
from playground.experiment import Experiment
from playground.hardening import HARDENINGS
from playground.networks import NETWORKS
from playground.networks.residual_layouts import Layout, PreActOptions, TaylorOptions
from playground.regularizers import REGULARIZERS
from playground.training import events as e
from playground.training import loop, make_net, painter, script, train
from playground.training.checkpoints import unpack
from playground.training.events import Amendment
from playground.training.script import refusal, script_images, torch_script
from playground.training.scripting import known
from playground.training.scripting.draft import literal, number, times
from tests.strategies import experiments
from tests.training.script_cases import BASE, CASES, amendments, named, net, table

NASTY = ('"""', "'; import os #", "\\", "a\nb", "{x}", "\u202e", "%s")
RUNNER = Path(__file__).with_name("run_scripts.py")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Keep own tables in a folder of this module, and let the training draw and warn nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYGROUND_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(painter, "draw", lambda *_: Frames({}, {}))
        patch.setattr(loop, "early_notices", lambda _: ())
        yield


def own_tables():
    """Runs on own tables, made where they are needed because a table is kept under its hash."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, len(NASTY[:4])))
    classes = Table(x, NASTY[:4], tuple(NASTY[i % 3] for i in range(50)), "label")
    numbers = Table(x, NASTY[:4], tuple(repr(float(v)) for v in x[:, 0] ** 2), "target")
    return {
        "own table": {"network": net("mlp"), "data": table(store(classes), noise=0.1)},
        "own table, regression": {
            "network": net("mlp"),
            "data": table(store(numbers)),
            "loss": "mean_square",
        },
        "own table, key points": {
            "network": net("mlp"),
            "data": table(store(numbers), outputs=3),
            "loss": "mean_square",
        },
    }


OWN = ("own table", "own table, regression", "own table, key points")


@pytest.fixture(scope="module")
def runs(home, tmp_path_factory):
    """Experiments by name, and the folder in which all of their scripts were run."""
    folder = tmp_path_factory.mktemp("scripts")
    made = {}
    for name, changes in {**CASES, **own_tables()}.items():
        small = {"network": net("rk_net"), "scheme": "heun2"}
        made[name] = Experiment.model_validate({**BASE, **small, **changes})
        script = torch_script(made[name], amendments(name))
        (folder / f"{slug(name)}.py").write_text(script, encoding="utf-8")
        beside = script_images(made[name])
        if beside is not None:
            (folder / f"{slug(name)}.images").write_bytes(beside)
    threads = str(torch.get_num_threads())
    command = [sys.executable, str(RUNNER), str(folder), threads]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return made, folder


def slug(name):
    return re.sub(r"\W+", "_", name)


def test_the_cases_cover_every_network():
    used = {case["network"]["name"] for case in CASES.values() if "network" in case}
    assert used == set(NETWORKS)


@pytest.mark.parametrize("name", [*CASES, *OWN])
def test_script_ends_with_the_weights_of_the_training(name, runs):
    made, folder = runs
    events = list(train(made[name], amendments=amendments(name)))
    saved = [event for event in events if isinstance(event, e.Checkpoint)][-1]
    tree, weights = unpack(saved.payload)
    printed = (folder / f"{slug(name)}.txt").read_text(encoding="utf-8").splitlines()
    with np.load(folder / f"{slug(name)}.npz", allow_pickle=False) as arrays:
        assert set(arrays) == set(weights)
        for key, value in weights.items():
            np.testing.assert_array_equal(arrays[key], value.numpy(), err_msg=key)

    steps = tree["step"] / np.ceil(len_train(made[name]) / batch(made[name]))
    epochs = [line for line in printed if line.startswith("epoch ")]
    if printed[-1].startswith("the solver gave up"):
        assert isinstance(events[-1], e.Diverged)
        assert "solver gives up" in name
    elif isinstance(events[-1], e.Diverged):
        assert f"diverged in epoch {int(np.ceil(steps))}" in printed
        assert name == "diverges"
    else:
        assert isinstance(events[-1], e.Finished)
        assert len(epochs) == steps + 1
        assert printed[-1] == f"validation_loss {tree['figures']['validation_loss']}"
        accuracy = tree["figures"]["validation_accuracy"]
        assert (f"validation_accuracy {accuracy}" in printed) == (accuracy is not None)


def len_train(experiment):
    return 25 if experiment.data.name == "table" else experiment.split_sizes[0]


def batch(experiment):
    n = len_train(experiment)
    return n if experiment.optimizer.entry.full_batch else min(experiment.batch_size, n)


def test_endings_are_met(runs):
    """The cases that are to end early do, so that the comparison above says something."""
    _, folder = runs
    for name, ending in (
        ("target reached before the start", "the target accuracy is reached"),
        ("target reached on the way", "the target accuracy is reached"),
        ("early stop", "early stop: the validation loss rises"),
    ):
        printed = (folder / f"{slug(name)}.txt").read_text(encoding="utf-8").splitlines()
        assert ending in printed
        epochs = sum(line.startswith("epoch ") for line in printed)
        assert epochs == 1 if "before" in name else 2 <= epochs <= 40


def test_no_name_is_unknown_and_no_import_or_line_is_superfluous(runs):
    _, folder = runs
    rules = "F,E4,E7,E9,W,B,N,E501"
    ignored = "N806,N812,B028,B905"
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", rules]
    command += ["--ignore", ignored, "--line-length", "100", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_weights_of_either_load_into_the_other(runs):
    made, folder = runs
    for name in ("rk_net with a random lift", "clipping, learned steps", "adjoint rk4"):
        with np.load(folder / f"{slug(name)}.npz", allow_pickle=False) as arrays:
            state = {key: torch.as_tensor(value) for key, value in arrays.items()}
        make_net(made[name]).load_state_dict(state, strict=True)


RESIDUAL = ("preact_resnet", "tm_resnet", "ho_resnet", "lm_resnet")


def written_net(experiment, device="cpu"):
    """The net that the script of an experiment makes; the script is loaded, but not run."""
    script = {"__name__": "script"}
    exec(torch_script(experiment), script)
    with torch.device(device), torch.random.fork_rng(devices=[]):
        torch.manual_seed(experiment.weight_seed)
        return script["Net"]()


@pytest.mark.parametrize("name", RESIDUAL)
def test_bottlenecks_are_drawn_and_stepped_alike(name, home, monkeypatch):
    """Nets of bottlenecks were published at sizes that no test can train."""
    small = property(lambda options: Layout((2, 3, 2), 4, bottleneck=True))
    for kind in (PreActOptions, TaylorOptions):
        monkeypatch.setattr(kind, "layout", small)
    experiment = Experiment.model_validate({**BASE, "data": "digits", "network": name})
    theirs, ours = written_net(experiment), make_net(experiment)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    x = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    for each in (theirs, ours):
        each(x).square().sum().backward()
    for (key, a), b in zip(theirs.state_dict().items(), ours.state_dict().values()):
        assert torch.equal(a, b), key
    for (key, a), b in zip(theirs.named_parameters(), ours.parameters()):
        assert torch.equal(a.grad, b.grad), key


@pytest.mark.parametrize(
    ("name", "depth", "parameters"),
    [
        ("preact_resnet", 18, 11_171_146),
        ("preact_resnet", 50, None),
        ("tm_resnet", 22, None),
        ("tm_resnet", 44, None),
        ("ho_resnet", 34, None),
        ("lm_resnet", 18, None),
    ],
)
def test_published_nets_have_all_their_weights(name, depth, parameters, home):
    experiment = Experiment.model_validate(
        {**BASE, "data": "cifar10", "network": named(name, depth=depth)}
    )
    with torch.device("meta"):
        ours = make_net(experiment)
    theirs = written_net(experiment, "meta")
    counts = {key: value.shape for key, value in theirs.named_parameters()}
    assert counts == {key: value.shape for key, value in ours.named_parameters()}
    if parameters is not None:
        assert sum(map(torch.Size.numel, counts.values())) == parameters


def test_what_no_code_is_known_for_is_refused_and_never_left_out(home, monkeypatch):
    experiment = Experiment.model_validate({**BASE, "data": "digits", "l2": 0.5, "network": "mlp"})
    assert refusal(experiment) == ""
    monkeypatch.setattr(known, "FIELDS", known.FIELDS - {"l2", "l1"})
    monkeypatch.setattr(known, "NETWORK_OPTIONS", known.NETWORK_OPTIONS - {"width"})
    assert refusal(experiment).startswith("l2: ")  # the other two have their defaults
    narrow = experiment.model_copy(
        update={"network": type(experiment.network)(name="mlp", options={"width": 3})}
    )
    with pytest.raises(ValueError, match=r"l2, network\.width: no script"):
        torch_script(narrow)
    monkeypatch.setattr(script, "WRITERS", {})
    with pytest.raises(ValueError, match="network: no script can be written for 'mlp'"):
        torch_script(narrow)


def test_every_option_is_known():
    assert set(Experiment.model_fields) <= known.FIELDS
    for entry in NETWORKS.values():
        assert set(entry.options.model_fields) <= known.NETWORK_OPTIONS, entry.name
    for entry in [*HARDENINGS.values(), *REGULARIZERS.values()]:
        assert set(entry.options.model_fields) <= known.ROBUST_OPTIONS, entry.name
    for entry in DATASETS.values():
        if entry.image_shape:
            assert set(entry.options.model_fields) <= known.IMAGE_OPTIONS, entry.name


def test_images_beside_a_script_are_shades_where_they_can_be(home):
    base = {**BASE, "n_train": 20, "n_validation": 10, "network": "mlp"}
    for data, kind in (("cifar10", np.uint8), (named("cifar10", noise=0.1), np.float32)):
        made = Experiment.model_validate({**base, "data": data})
        with np.load(io.BytesIO(script_images(made)), allow_pickle=False) as arrays:
            assert arrays["x_train"].shape == (20, 3 * 32 * 32)
            assert arrays["x_train"].dtype == kind
            assert arrays["y_validation"].shape == (10,)
    for data in ("digits", "moons"):
        assert script_images(Experiment.model_validate({**base, "data": data})) is None


def constants(script):
    """Return the constants at the top that are literals."""
    found = {}
    for node in ast.parse(script).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def test_names_from_a_table_stay_inside_their_quotes(home):
    x = np.arange(70.0).reshape(10, 7)
    key = store(Table(x, (*NASTY[:5], "e", "f"), ('"""', "'\\") * 5, "label"))
    script = torch_script(Experiment.model_validate({"data": table(key), "network": "mlp"}))
    found = constants(script)
    assert found["FEATURES"] == fetch(key).feature_names
    assert found["CLASSES"] == fetch(key).class_names
    assert {NASTY[0], NASTY[1]} <= set(found["FEATURES"])


@given(st.recursive(st.text(st.characters()), lambda inner: st.lists(inner).map(tuple)))
def test_literals_are_read_back_as_they_were(value):
    code = literal(value)
    assert ast.literal_eval(code) == value
    assert len(code.splitlines()) == 1


@given(st.floats(-100, 100), st.floats(1e-4, 10))
def test_coefficients_are_written_exactly(weight, h):
    assert eval(number(weight)) == weight
    assert eval(times("h", weight), {"h": h}) == h * weight


def test_label_of_an_own_tableau_stays_in_the_comment():
    label = '"""\nraise SystemExit(1)\n"""\r\u2028'
    scheme = named("custom", label=label)
    script = torch_script(Experiment.model_validate({**BASE, "scheme": scheme}))
    ast.parse(script)
    assert script.isascii()
    assert not any(line.startswith("raise") for line in script.splitlines())


def test_header_holds_the_experiment():
    experiment = Experiment.model_validate({**BASE, "l2": 0.5})
    lines = torch_script(experiment).split("\n\n\n")[0].splitlines()
    comment = [line[2:] for line in lines if line.startswith("#")]
    text = "\n".join(comment[comment.index("{") : comment.index("}") + 1])
    assert Experiment.model_validate_json(text) == experiment


def test_only_what_was_chosen_is_written():
    script = torch_script(Experiment.model_validate(BASE)).partition("DATA =")[0]
    script = re.sub("^#.*$", "", script, flags=re.MULTILINE)
    for absent in ("learning_rate(", "CLIP_NORM", "L1", "L2", "history", "closure", "odeint"):
        assert absent not in script


def test_equal_experiments_give_equal_scripts():
    experiment = Experiment.model_validate(BASE)
    assert torch_script(experiment) == torch_script(experiment)


@pytest.mark.parametrize("changes", [{"momentum": 0.5}, {"learning_rate": -1.0}])
def test_amendment_that_is_not_legal_is_refused(changes):
    with pytest.raises(ValueError, match=f"amendments: {next(iter(changes))}"):
        torch_script(Experiment.model_validate(BASE), [Amendment(1, changes)])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(experiments())
def test_any_experiment_gives_code_without_the_playground(experiment):
    smaller = {"n_train": max(20, experiment.n_outputs), "n_validation": 20}
    script = torch_script(experiment.model_copy(update=smaller))
    tree = ast.parse(script)
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    known = {"torch", "numpy", "torchdiffeq", "scipy", "pytorch_optimizer", "sklearn"}
    assert {"torch", "numpy"} <= imported
    assert imported - known <= set(sys.stdlib_module_names)
    assert constants(script)["WEIGHT_SEED"] == experiment.weight_seed
