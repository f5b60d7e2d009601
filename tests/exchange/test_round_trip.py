"""A run that was exported and brought elsewhere is seen, and goes on, as where it was trained."""

from __future__ import annotations

import io
import zipfile
from dataclasses import astuple

import numpy as np
import pytest

from playground.analysis.frames import Frames
from playground.datasets import read_upload, store
from playground.datasets.images.upload_store import store_images
from playground.exchange.archive import archive
from playground.exchange.importing import bring
from playground.jobs import Jobs, Refused, studies, worker
from playground.jobs.records import TRAINING
from playground.training.control import View
from playground.training.weights import weights_only
from tests.exchange.conftest import entry, small, traces
from tests.image_files import uneven
from tests.table_files import GOOD


def own_table():
    table = read_upload(GOOD).table
    return {"name": "table", "options": {"hash": store(table)}}


def own_images():
    return {"name": "image_upload", "options": {"hash": store_images(uneven())}}


CASES = {
    "points": (lambda: small(), None),
    "three inputs": (lambda: small(data="spiral_3d"), None),
    "paused": (lambda: small(), 3),
    "lookahead": (lambda: small(optimizer="lookahead"), None),
    "diverged": (
        lambda: small(
            optimizer={"name": "sgd", "options": {"learning_rate": 10.0}},
            loss="mean_square",
            network={"name": "rk_net", "options": {"width": 4, "depth": 2, "activation": "relu"}},
            epochs=20,
        ),
        None,
    ),
    "stages": (
        lambda: small(
            data={"name": "function"},
            network={"name": "multi_stage", "options": {"stages": 2}},
            loss="mean_square",
        ),
        None,
    ),
    "own table": (lambda: small(data=own_table(), n_train=5, n_validation=5), None),
    "digits": (
        lambda: small(data="digits", network={"name": "cnn"}, n_train=40, n_validation=20),
        None,
    ),
    "own images": (
        lambda: small(data=own_images(), network={"name": "cnn"}, n_train=30, n_validation=10),
        None,
    ),
}


def drawn(jobs: Jobs, run_id: str) -> None:
    """Draw what the run asks for, as the engine does."""
    while True:
        with jobs.store.reading() as db:
            row = db.execute(
                "SELECT view_version, view_drawn FROM runs WHERE id = ?", (run_id,)
            ).fetchone()
        if row["view_version"] <= row["view_drawn"]:
            return
        worker.draw(str(jobs.store.home), run_id, row["view_version"])


def shown(jobs: Jobs, run_id: str) -> tuple[bytes, bytes | None]:
    """The live frame and the recording."""
    drawn(jobs, run_id)
    jobs.request_recording(run_id)
    drawn(jobs, run_id)
    assert jobs.get(run_id).view_error == ""
    return jobs.live(run_id)[1], jobs.recording(run_id)


@pytest.mark.parametrize("case", CASES)
def test_a_run_is_elsewhere_what_it_was(case, jobs, train, elsewhere):
    make, until = CASES[case]
    old = train(make(), until, name="of mine")
    assert jobs.get(old).status == {"paused": "paused", "diverged": "diverged"}.get(
        case, "finished"
    )
    images = jobs.get(old).experiment.network.entry.takes_images
    if case == "three inputs":
        jobs.request_view(old, View((2, 0)))
        drawn(jobs, old)
    unseen = images or case == "stages"  # neither has a recording
    pictures = None if unseen else shown(jobs, old)
    data = archive(jobs, [old])
    assert archive(jobs, [old]) == data

    there = elsewhere()
    (new,) = bring(there, data)
    before, after = jobs.get(old), there.get(new)
    same = (
        "name reason created started ended device device_reason path parameters notices step epoch"
    )
    same = [*same.split(), "checkpoint_step", "experiment", "view"]
    if case == "paused":
        same = [name for name in same if name not in ("reason", "ended")]
    assert [getattr(after, n) for n in same] == [getattr(before, n) for n in same]
    assert (after.user, after.kind) == ("eve", TRAINING)
    assert after.id != before.id
    assert after.status == ("stopped" if case == "paused" else before.status)
    assert f"run {old}" in after.note
    assert "Imported" in after.note
    assert np.array_equal(
        np.array([astuple(m) for m in there.metrics(new)], float),
        np.array([astuple(m) for m in jobs.metrics(old)], float),
        equal_nan=True,
    )
    assert there.snapshots(new) == jobs.snapshots(old) != []
    assert weights_only(there.checkpoint(new)) == weights_only(jobs.checkpoint(old))
    assert there.checkpoint(new) == jobs.checkpoint(old)
    assert there.amendments(new) == jobs.amendments(old)
    if pictures is not None:
        live, recording = shown(there, new)
        assert recording == pictures[1] is not None
        ours, theirs = Frames.unpack(live), Frames.unpack(pictures[0])
        assert ours.arrays.keys() == theirs.arrays.keys()
        for name, array in theirs.arrays.items():
            assert np.array_equal(ours.arrays[name], array), name


def test_a_paused_run_goes_on_elsewhere_bit_for_bit(jobs, train, elsewhere, assign):
    old = train(small(optimizer="lookahead"), 3)
    data = archive(jobs, [old])
    jobs.resume(old)
    worker.run(str(jobs.store.home), old, assign(jobs, old))
    there = elsewhere()
    (new,) = bring(there, data)
    there.resume(new)
    worker.run(str(there.store.home), new, assign(there, new))
    assert there.get(new).status == "finished"
    assert there.get(new).versions["imported"] == old
    assert weights_only(there.checkpoint(new)) == weights_only(jobs.checkpoint(old))
    assert [m.train_loss for m in there.metrics(new)] == [m.train_loss for m in jobs.metrics(old)]


def test_marks_and_live_changes_travel(jobs, train, elsewhere, assign):
    old = train(small(), 2)
    jobs.change(old, learning_rate=0.005)
    jobs.resume(old)
    worker.run(str(jobs.store.home), old, assign(jobs, old))
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET starred = 1, note = 'seen *twice*' WHERE id = ?", (old,))
        db.executemany("INSERT INTO tags VALUES (?, ?)", [(old, "a b"), (old, "<i>")])
    there = elsewhere()
    (new,) = bring(there, archive(jobs, [old]))
    assert there.amendments(new) == jobs.amendments(old)
    assert any(each.changes == {"learning_rate": 0.005} for each in there.amendments(new))
    assert there.get(new).starred == 1
    assert there.get(new).note.startswith("seen *twice*\n\nImported on ")
    with there.store.reading() as db:
        assert {row["tag"] for row in db.execute("SELECT tag FROM tags")} == {"a b", "<i>"}


def test_several_runs_share_their_table(jobs, train, elsewhere):
    data = own_table()
    old = [train(small(data=data, n_train=5, n_validation=5, weight_seed=s)) for s in (1, 2)]
    packed = archive(jobs, [*old, old[0]])
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert sum(name.startswith("data/") for name in names) == 1
    there = elsewhere()
    new = bring(there, packed)
    assert [there.get(n).versions["imported"] for n in new] == old
    again = bring(there, packed)  # a second time it is another run
    assert len({*new, *again}) == 4
    assert len(list((there.store.home / "tables").iterdir())) == 1


def test_an_imported_run_counts_for_its_bringer_only(jobs, train, elsewhere):
    old = train(small())
    there = elsewhere()
    (new,) = bring(there, archive(jobs, [old]))
    assert studies.find(there, [small()], TRAINING)[0].id == new
    assert studies.find(Jobs(user="bob"), [small()], TRAINING) == [None]


def test_a_run_that_has_not_trained_comes_as_stopped(jobs, elsewhere):
    old = jobs.submit(small(), name="waits")
    there = elsewhere()
    (new,) = bring(there, archive(jobs, [old]))
    run = there.get(new)
    assert (run.status, run.checkpoint_step, run.step) == ("stopped", -1, 0)
    assert "queued when it was exported" in run.reason
    there.resume(new)
    assert there.get(new).status == "queued"


def test_the_archive_holds_a_script_for_people(jobs, train):
    text = entry(archive(jobs, [train(small())]), "runs/0001/train.py").decode()
    compile(text, "train.py", "exec")
    assert "rk_net" in text


def test_what_cannot_be_exported_is_said(jobs, monkeypatch):
    with pytest.raises(Refused, match="1 to 100"):
        archive(jobs, [])
    with pytest.raises(Refused, match="there is no run"):
        archive(jobs, ["a" * 16])
    with pytest.raises(Refused, match="not the id"):
        archive(jobs, ["../x"])
    monkeypatch.setattr("playground.exchange.archive.MAX_RUNS", 1)
    with pytest.raises(Refused, match="2 runs"):
        archive(jobs, ["a" * 16, "b" * 16])


def test_too_much_for_one_file_is_said(jobs, train, monkeypatch):
    ids = [train(small(weight_seed=seed)) for seed in (1, 2)]
    size = sum(len(s.weights) for s in jobs.snapshots(ids[0])) + len(jobs.checkpoint(ids[0]))
    monkeypatch.setattr("playground.exchange.archive.MAX_BYTES", size + 10)
    archive(jobs, ids[:1])
    with pytest.raises(Refused, match="the first 1 fit"):
        archive(jobs, ids)


def test_own_data_that_is_nowhere_is_refused(jobs, train, elsewhere):
    old = train(small(data=own_table(), n_train=5, n_validation=5))
    (jobs.store.home / "tables").rename(jobs.store.home / "gone")
    data = archive(jobs, [old])
    there = elsewhere()
    with pytest.raises(Refused, match="neither in the file nor on this server"):
        bring(there, data)
    assert traces(there) == ([], [], [])


def test_the_picture_of_an_imported_run_is_on_its_way_until_it_is_drawn(jobs, train, elsewhere):
    old = train(small())
    assert not jobs.draws(old)
    there = elsewhere()
    (new,) = bring(there, archive(jobs, [old]))
    assert there.live(new) is None
    assert there.draws(new)
    drawn(there, new)
    assert there.live(new) is not None
    assert not there.draws(new)
    assert not there.draws("a" * 16)
