"""Files that are not what they say: refused in words, and nothing of them stays."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import contextmanager

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.exchange import reading
from playground.exchange.archive import archive
from playground.exchange.importing import bring
from playground.exchange.own_data import KINDS
from playground.jobs import Jobs, Refused
from playground.training import checkpoints
from tests.exchange.conftest import entry, rewritten, small, traces
from tests.exchange.test_round_trip import own_table

RUN = "runs/0001/"


@pytest.fixture
def packed(jobs, train):
    """A run on points as a file."""
    return archive(jobs, [train(small(), 3)])


@pytest.fixture
def there(packed, elsewhere):
    return elsewhere()


@contextmanager
def refused(there: Jobs, words: str | None = None):
    before = traces(there)
    with pytest.raises(Refused, match=words) as found:
        yield
    assert traces(there) == before
    assert 10 < len(str(found.value)) < 700


def with_json(data: bytes, part: str, /, **changes) -> bytes:
    tree = {**json.loads(entry(data, part)), **changes}
    return rewritten(data, {part: json.dumps(tree).encode()})


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "/etc/passwd",
        "runs/0001/../../x",
        "runs/0001/snapshots/../../../x.safetensors",
        "C:\\x.json",
        "runs\\0001\\run.json",
        "runs/0001/run.json/",
        "runs/0001/snapshots/007.safetensors",
        "runs/0001/pickle.pkl",
        "data/" + "a" * 64 + ".zip",
        "runs/٠٠٠١/run.json",
        "more.txt",
    ],
)
def test_names_that_no_run_has_are_refused(packed, there, name):
    with refused(there, "no name of an entry"):
        bring(there, rewritten(packed, {name: b"x"}))


def test_a_name_that_stands_twice_is_refused(packed, there):
    out = io.BytesIO(packed)
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(f"{RUN}run.json", b"{}")
    with refused(there, "stands twice"):
        bring(there, out.getvalue())


def test_a_file_that_unpacks_to_much_is_refused_before_it_does(packed, there, monkeypatch):
    bomb = rewritten(packed, {f"{RUN}metrics.json": b" " * 60_000_000})
    assert len(bomb) < 1_000_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with refused(there, "would unpack"):
        bring(there, bomb)


def test_a_large_text_in_a_large_file_is_refused(packed, there, monkeypatch):
    monkeypatch.setattr(reading, "MAX_JSON_BYTES", 10_000)
    padding = {f"{RUN}metrics.json": b" " * 20_000}
    with refused(there, "at most 10000"):
        bring(there, rewritten(packed, padding))


def test_many_entries_are_refused(packed, there, monkeypatch):
    monkeypatch.setattr(reading, "MAX_ENTRIES", 5)
    with refused(there, "at most 5"):
        bring(there, packed)


def test_a_large_file_is_refused(packed, there, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 1000)
    with refused(there, "at most 1000"):
        bring(there, packed)


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_archive_is_refused(there, data):
    with refused(there):
        bring(there, data)


def test_a_newer_format_asks_for_an_update(packed, there):
    with refused(there, "version 2 .* update the program"):
        bring(there, with_json(packed, "manifest.json", version=2))
    with refused(there, "no file of runs"):
        bring(there, with_json(packed, "manifest.json", format="mine"))


def test_an_experiment_of_a_newer_version_is_named(packed, there):
    newer = with_json(packed, "manifest.json", program="9.1.0")
    with refused(there, r"does not understand its settings \(colour.*version 9.1.0"):
        bring(there, with_json(newer, f"{RUN}experiment.json", colour="red"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "queued"}, "status"),
        ({"status": "queued; DROP TABLE runs"}, "status"),
        ({"id": "../../../etc/x"}, "id"),
        ({"id": "b" * 16}, "another run"),
        ({"created": 1e12}, "future"),
        ({"created": None}, "created"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "control"),
        ({"tags": ["a,b"]}, "tag"),
        ({"tags": ["a", "a"]}, "twice"),
        ({"parameters": 2**63}, "parameters"),
        ({"parameters": 51}, "50 parameters, not 51"),
        ({"features": [0, 7]}, "inputs"),
        ({"features": [0]}, "two inputs"),
        ({"checkpoint_step": None}, "checkpoint"),
        ({"checkpoint_step": 2}, "step 3, not 2"),
        ({"snapshots": []}, "kept weights"),
        ({"amendments": [{"step": 1}]}, "changes nothing"),
        ({"amendments": [{"step": 1, "learning_rate": -1.0}]}, "learning_rate"),
        ({"data": "a" * 64}, "own data"),
        ({"user": "ada"}, "user"),
        ({"note": {"$": 1}}, "note"),
    ],
)
def test_what_is_said_of_a_run_is_held_to_its_limits(packed, there, changes, words):
    with refused(there, words):
        bring(there, with_json(packed, f"{RUN}run.json", **changes))


@pytest.mark.parametrize(
    "column", ["step", "train_loss", "train_accuracy", "nfe_forward", "more", "short"]
)
def test_figures_are_held_to_their_limits(packed, there, column):
    columns = json.loads(entry(packed, f"{RUN}metrics.json"))["columns"]
    if column == "short":
        columns["seconds"] = columns["seconds"][1:]
    else:
        columns[column] = ["nan" if column == "train_loss" else -1.5 for _ in columns["step"]]
    with refused(there, "metrics.json"):
        bring(there, with_json(packed, f"{RUN}metrics.json", columns=columns))


def test_parts_that_are_missing_are_named(packed, there):
    for name in ("manifest.json", f"{RUN}run.json", f"{RUN}checkpoint.safetensors"):
        with refused(there):
            bring(there, rewritten(packed, {name: None}))
    with refused(there, "belongs to no run"):
        bring(there, rewritten(packed, {"runs/0002/run.json": b"{}"}))


def test_weights_of_another_net_are_refused(packed, there):
    wide = small(network={"name": "rk_net", "options": {"width": 5, "depth": 2}})
    from playground.training import make_net

    other = checkpoints.pack_weights(make_net(wide).state_dict())
    with refused(there, "weights of step 0.*another net"):
        bring(there, rewritten(packed, {f"{RUN}snapshots/0.safetensors": other}))
    double = {n: t.double() for n, t in make_net(small()).state_dict().items()}
    with refused(there, "float64"):
        payload = checkpoints.pack_weights(double)
        bring(there, rewritten(packed, {f"{RUN}snapshots/0.safetensors": payload}))
    with refused(there, "the weights of step 1: not the weights"):
        bring(there, rewritten(packed, {f"{RUN}snapshots/1.safetensors": b"\x80\x04pickle"}))


def forged(packed: bytes, change) -> bytes:
    """The archive with another checkpoint: change(tree, weights) edits it."""
    name = f"{RUN}checkpoint.safetensors"
    tree, weights = checkpoints.unpack(entry(packed, name))
    change(tree, weights)
    return rewritten(packed, {name: checkpoints.pack(tree, weights)})


def shrink_momentum(tree, _):
    tree["optimizer"]["state"][0]["exp_avg"] = torch.zeros(1)


def retype_momentum(tree, _):
    state = tree["optimizer"]["state"][0]
    state["exp_avg_sq"] = state["exp_avg_sq"].double()


def widen_fast(tree, _):
    tree["fast"]["bias"] = torch.zeros(3, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (shrink_momentum, "exp_avg is float32 of shape"),
        (retype_momentum, "exp_avg_sq is float64"),
        (widen_fast, "another net"),
        (lambda t, w: t["optimizer"]["state"][0].update(step=None, more=torch.ones(2)), "more"),
        (lambda t, w: t["optimizer"]["param_groups"][0].update(fused=True), "fused is True"),
        (lambda t, w: t["optimizer"]["param_groups"].clear(), "length"),
        (lambda t, w: t.update(experiment=small(weight_seed=2).model_dump_json()), "another exper"),
        (lambda t, w: t.update(experiment="{"), "cannot be read"),
        (lambda t, w: t.update(generator=torch.zeros(7, dtype=torch.uint8)), "damaged"),
        (lambda t, w: t.update(base_rate=float("nan")), "base_rate"),
        (lambda t, w: t.update(path="rm -rf"), "path"),
        (lambda t, w: t.update(basis=torch.zeros(2)), "basis"),
        (lambda t, w: t.update(more=1), "more"),
        (lambda t, w: t.pop("fast"), "fast"),
        (lambda t, w: w.clear(), "another net"),
    ],
)
def test_checkpoints_that_nobody_has_saved_are_refused(packed, there, change, words):
    with refused(there, f"the checkpoint.*{words}"):
        bring(there, forged(packed, change))


def test_the_limits_of_the_server_are_named(packed, there, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_MAX_DISK_MB", "1")
    small_store = Jobs(user="eve")
    with small_store.store.writing() as db:
        db.execute(
            "INSERT INTO runs (id, user, kind, experiment, status, created, queued_since, "
            "checkpoint_size) VALUES ('x', 'u', 'training', '{}', 'stopped', 0, 0, 990000)"
        )
    with refused(small_store, "PLAYGROUND_MAX_DISK_MB"):
        bring(small_store, packed)
    monkeypatch.setattr("playground.exchange.importing.refusal", lambda _: "parameters: too many")
    with refused(there, "run 1: parameters"):
        bring(there, packed)


def test_the_second_run_takes_the_first_down_with_it(jobs, train, elsewhere):
    data = archive(
        jobs, [train(small(data=own_table(), n_train=5, n_validation=5)), train(small())]
    )
    there = elsewhere()
    with refused(there, "run 2"):
        bring(there, rewritten(data, {"runs/0002/snapshots/0.safetensors": b"x"}))
    assert traces(there) == ([], [], [])


def test_a_store_that_fails_at_last_keeps_nothing(packed, there, monkeypatch):
    monkeypatch.setattr("playground.exchange.importing._METRICS", "INSERT INTO nothing VALUES (1)")
    with refused(there, "store did not take it"):
        bring(there, packed)


def test_own_data_are_checked(jobs, train, elsewhere):
    data = archive(jobs, [train(small(data=own_table(), n_train=5, n_validation=5))])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        (name,) = [each for each in file.namelist() if each.startswith("data/")]
    there = elsewhere()
    with refused(there, "not those of the hash"):
        bring(there, rewritten(data, {name: entry(data, name) + b"1,2,red\n"}))


def test_every_own_data_set_can_travel():
    from playground.datasets import DATASETS

    own = [name for name, each in DATASETS.items() if "hash" in each.options.model_fields]
    assert set(own) == set(KINDS)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files_are_refused_or_harmless(packed, there, data):
    """Bytes flipped, cut or put in: refused in words, or (a bit that nobody reads) still whole."""
    held = bytearray(packed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(held) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "put"]))
        if kind == "flip":
            held[at] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del held[at : at + data.draw(st.integers(1, 2000))]
        else:
            held[at:at] = data.draw(st.binary(min_size=1, max_size=40))
        if not held:
            break
    before = traces(there)
    try:
        new = bring(there, bytes(held))
    except Refused:
        assert traces(there) == before
    else:
        for run_id in new:
            there.delete(run_id)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_junk_in_the_texts_is_refused_or_legal(packed, there, data):
    part = data.draw(
        st.sampled_from(
            ["manifest.json", f"{RUN}run.json", f"{RUN}metrics.json", f"{RUN}experiment.json"]
        )
    )
    tree = json.loads(entry(packed, part))
    key = data.draw(st.sampled_from(sorted(tree)))
    changed = with_json(packed, part, **{key: data.draw(JUNK)})
    before = traces(there)
    try:
        new = bring(there, changed)
    except Refused:
        assert traces(there) == before
    else:
        for run_id in new:
            there.delete(run_id)
