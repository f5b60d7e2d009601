"""Which runs stand on the board, in which words, and which of them nobody beats."""

from __future__ import annotations

import json
import threading
import time

import pytest

from playground.classroom import close, entries_of, join, leave, take_off, taken_off
from playground.classroom.board import at_work, baseline, front, in_what
from playground.classroom.watch import Answers
from playground.experiment import Experiment
from playground.jobs.marks import throw_away


def runs(jobs, code: str) -> set[str]:
    return {entry.run for entry in entries_of(jobs, code)}


def test_a_run_counts_if_its_owner_was_in_the_class_when_it_was_begun(
    of, teacher, opened, trained
) -> None:
    ada, bob = of("ada"), of("bob")
    trained(ada)  # before
    join(ada, opened.code, "Ada")
    first = trained(ada, 0.75)
    trained(bob)  # not in the class
    leave(ada)
    trained(ada)  # after
    join(ada, opened.code, "Ada L")
    second = trained(ada)
    assert runs(teacher, opened.code) == {first, second}
    close(teacher, opened.code)
    trained(ada)
    assert runs(teacher, opened.code) == {first, second}
    entry = next(e for e in entries_of(teacher, opened.code) if e.run == first)
    assert (entry.who, entry.accuracy, entry.parameters) == ("Ada L", 0.75, 20)
    assert (entry.cost("seconds"), entry.nfe_forward) == (2.0, None)


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({"status": "stopped"}, True),
        ({"status": "diverged", "accuracy": None, "loss": None}, True),
        ({"status": "running"}, False),
        ({"status": "paused"}, False),
        ({"status": "failed"}, False),
        ({"status": "finished", "step": 0}, False),
    ],
)
def test_what_has_ended_stands_there(of, teacher, opened, trained, changes, there) -> None:
    ada = of("ada")
    join(ada, opened.code, "Ada")
    run = trained(ada, **{"accuracy": 0.9, **changes})
    assert runs(teacher, opened.code) == ({run} if there else set())
    assert at_work(teacher, opened.code) == (changes["status"] == "running")


def test_deleted_imported_and_taken_off_runs_do_not(of, teacher, opened, trained) -> None:
    ada = of("ada")
    join(ada, opened.code, "Ada")
    kept, gone, brought, off = (trained(ada) for _ in range(4))
    throw_away(ada, [gone])
    with ada.store.writing() as db:
        versions = json.dumps({"python": "3", "imported": "x" * 16})
        db.execute("UPDATE runs SET versions = ? WHERE id = ?", (versions, brought))
    take_off(teacher, opened.code, off)
    assert runs(teacher, opened.code) == {kept}
    assert taken_off(teacher, opened.code) == [off]
    take_off(teacher, opened.code, off, off=False)
    assert runs(teacher, opened.code) == {kept, off}


def test_differences_are_said_in_words(of, opened, trained) -> None:
    base = Experiment().model_dump_json()
    assert in_what(base, base) == "the same settings"
    deep = Experiment().amended({"network.depth": "7", "scheme": "euler"}).model_dump_json()
    words = in_what(base, deep)
    assert "7" in words
    assert "Euler" in words
    many = {"epochs": "9", "batch_size": "5", "l2": "0.5", "weight_seed": "8", "n_train": "44"}
    assert in_what(base, Experiment().amended(many).model_dump_json()).endswith("and 2 more")
    assert isinstance(in_what(base, "junk"), str)


def test_the_board_compares_with_what_the_teacher_shows(of, teacher, trained) -> None:
    run = trained(teacher, epochs="9")
    assert baseline(teacher, run) == (teacher.get(run).experiment_json, "what the teacher shows")
    for gone in ("", "b" * 16):
        assert baseline(teacher, gone) == (Experiment().model_dump_json(), "the default settings")


def test_the_front_is_what_nobody_beats(of, teacher, opened, trained) -> None:
    ada = of("ada")
    join(ada, opened.code, "Ada")
    cheap = trained(ada, 0.8, loss=0.5, seconds=1.0)
    dear = trained(ada, 0.9, loss=0.6, seconds=5.0)
    trained(ada, 0.7, loss=0.7, seconds=3.0)
    trained(ada, None, loss=None, seconds=0.1, status="diverged")
    entries = entries_of(teacher, opened.code)
    assert front(entries, "seconds", "accuracy") == {cheap, dear}
    assert front(entries, "seconds", "loss") == {cheap}
    assert front(entries, "nfe_forward", "accuracy") == set()


def test_thirty_who_ask_at_once_are_one_question() -> None:
    asked: list[int] = []
    now = [100.0]
    answers = Answers(0.5, clock=lambda: now[0])

    def ask() -> int:
        asked.append(1)
        time.sleep(0.02)
        return len(asked)

    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(answers.of("x", ask))) for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 30
    now[0] += 0.4
    assert answers.of("x", ask) == 1
    now[0] += 0.2
    assert answers.of("x", ask) == 2
    assert answers.of("x", ask, anew=True) == 3
