"""Robustness reports in the store: kept with their run, replaced by newer ones, and gone with it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from playground.attacks import Check, Curve, Report, Threat
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, reports
from playground.jobs.reports import Kept, Made, Reports
from playground.jobs.schema import VERSION
from playground.jobs.store import FILE
from playground.training.evaluation_settings import Evaluation
from tests.jobs.schemas import schema_of

CURVE = Curve("PGD", "pgd", {"steps": 20}, (0.0, 0.5), ("1101", "0001"))
CHECK = Check("chance", "it falls", "violated", "it does not", 0.5, 0.25, 0.01)
REPORT = Report(Threat("linf", (0.0, 1.0), 4, 4, 2, 0), 0.75, (CURVE,), (CHECK,))
MADE = Made(Evaluation(samples=4), step=30, seconds=1.5)


@pytest.fixture
def run(jobs: Jobs, experiment: Experiment) -> str:
    return jobs.submit(experiment)


@pytest.fixture
def kept(jobs: Jobs) -> Reports:
    return Reports(jobs.store)


def count(jobs: Jobs) -> int:
    with jobs.store.reading() as db:
        return db.execute("SELECT COUNT(*) FROM reports").fetchone()[0]


def test_what_is_stored_comes_back(jobs: Jobs, kept: Reports, run: str) -> None:
    before = jobs.store.size()
    kept.save(run, MADE, replace(REPORT, curves=(CURVE,) * 400))
    kept.save(run, replace(MADE, step=40), REPORT)
    newest, first = kept.of(run)
    assert (newest.report, newest.made) == (REPORT, replace(MADE, step=40))
    assert first.report.curves == (CURVE,) * 400
    assert set(first.made.versions) == {"python", "torch", "package"}
    assert kept.get(run, MADE.evaluation, 40) == newest
    assert kept.get(run, MADE.evaluation, 50) is None
    assert kept.get(run, Evaluation(samples=5), 40) is None
    assert jobs.store.size() > before  # the cap of the disk sees them
    assert '"outcomes"' in newest.to_json()


def test_equal_settings_have_one_report_and_others_one_of_their_own(
    jobs: Jobs, kept: Reports, run: str
) -> None:
    kept.save(run, MADE, REPORT)
    kept.save(run, MADE, replace(REPORT, clean=0.5))
    assert [each.report.clean for each in kept.of(run)] == [0.5]
    keys = {Evaluation(**each).key for each in ({}, {"seed": 1}, {"alpha": 0.1}, {"source": run})}
    assert len(keys) == 4
    assert Evaluation().key in keys


def test_a_report_of_an_earlier_checkpoint_is_not_current(
    jobs: Jobs, kept: Reports, run: str
) -> None:
    kept.save(run, MADE, REPORT)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET checkpoint_step = 30")
    (found,) = kept.of(run)
    assert found.is_of(jobs.get(run))
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET checkpoint_step = 31")
    assert not found.is_of(jobs.get(run))
    assert not Kept("another", 0.0, replace(MADE, step=31), REPORT).is_of(jobs.get(run))


def test_reports_go_with_their_run_and_the_oldest_before(
    jobs: Jobs, kept: Reports, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "KEPT", 3)
    for step in range(5):
        kept.save(run, replace(MADE, step=step), REPORT)
    assert [each.made.step for each in kept.of(run)] == [4, 3, 2]
    jobs.delete(run)
    assert count(jobs) == 0
    with pytest.raises(Refused, match=f"there is no run {run}"):
        kept.save(run, MADE, REPORT)
    with pytest.raises(Refused, match="there is no run"):
        kept.of(run)
    assert count(jobs) == 0


def test_a_full_store_takes_none(jobs: Jobs, kept: Reports, run: str) -> None:
    object.__setattr__(jobs.store, "settings", replace(jobs.settings, max_disk_mb=0))
    with pytest.raises(Refused, match=r"store is full.*PLAYGROUND_MAX_DISK_MB"):
        kept.save(run, MADE, REPORT)
    assert count(jobs) == 0


def test_a_report_of_another_program_version_is_left_out(
    jobs: Jobs, kept: Reports, run: str
) -> None:
    kept.save(run, MADE, REPORT)
    kept.save(run, replace(MADE, step=31), REPORT)
    with jobs.store.writing() as db:
        db.execute('UPDATE reports SET made = \'{"evaluation": {"fog": 1}}\' WHERE step = 31')
    assert [each.made.step for each in kept.of(run)] == [30]


def test_a_store_of_the_second_version_keeps_its_runs(home: Path, experiment: Experiment) -> None:
    home.mkdir(exist_ok=True)
    with sqlite3.connect(home / FILE) as db:
        db.executescript(schema_of(2) + "PRAGMA user_version = 2;")
        insert = (
            "INSERT INTO runs (id, user, kind, experiment, status, created, queued_since, step) "
        )
        values = ("a" * 16, "ada", "training", experiment.model_dump_json(), "finished", 1, 1, 30)
        db.execute(f"{insert} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        db.execute("INSERT INTO metrics (run, step, epoch) VALUES (?, 30, 3)", values[:1])
    db.close()
    jobs = Jobs(user="ada")
    (run,) = jobs.list_runs("ada")
    assert (run.id, run.step, run.experiment) == ("a" * 16, 30, experiment)
    assert [metrics.step for metrics in jobs.metrics(run.id)] == [30]
    with jobs.store.reading() as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
    Reports(jobs.store).save(run.id, MADE, REPORT)
    jobs.delete(run.id)
    assert count(jobs) == 0
    jobs.store.close()
