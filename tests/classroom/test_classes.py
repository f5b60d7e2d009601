"""Opening, joining, leaving, closing: who may, how many, and what is said where one may not."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from playground.classroom import (
    NO_RULES,
    Rules,
    checked_code,
    class_of,
    classes_of,
    close,
    delete,
    find,
    join,
    leave,
    may_open,
    members_of,
    open_class,
    set_rules,
    show,
    stop_showing,
)
from playground.classroom.codes import LENGTH, LETTERS, checked_nickname, new_code
from playground.experiment import Experiment
from playground.jobs import Refused
from playground.jobs.schema import VERSION
from playground.jobs.settings import read_settings
from playground.jobs.store import FILE, Store
from tests.jobs.schemas import schema_of


def test_a_store_of_the_fourth_version_gets_classes_and_keeps_its_runs(home: Path, of) -> None:
    home.mkdir(parents=True)
    old = schema_of(4)
    assert "members" not in old
    assert "studied" in old
    with sqlite3.connect(home / FILE) as db:
        db.executescript(old + "PRAGMA user_version = 4;")
        db.execute(
            "INSERT INTO runs (id, user, kind, experiment, status, created, queued_since) "
            "VALUES (?, 'ada', 'training', ?, 'finished', 1, 1)",
            ("a" * 16, Experiment().model_dump_json()),
        )
    db.close()
    ada = of("ada")
    with ada.store.reading() as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
    assert [run.id for run in ada.list_runs("ada")] == ["a" * 16]
    found = open_class(ada, "Numerics")
    assert join(of("bob"), found.code, "Bob").code == found.code


def test_a_migrated_store_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    def tables(folder: Path) -> dict[str, list[tuple]]:
        store = Store(read_settings({}, home=folder))
        with store.reading() as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
            found = {n: [tuple(r) for r in db.execute(f"PRAGMA table_info('{n}')")] for n in names}
        store.close()
        return found

    (tmp_path / "old").mkdir()
    with sqlite3.connect(tmp_path / "old" / FILE) as db:
        db.executescript(schema_of(4) + "PRAGMA user_version = 4;")
    db.close()
    assert tables(tmp_path / "old") == tables(tmp_path / "new")


def test_codes_are_short_and_cannot_be_misread() -> None:
    for code in (new_code() for _ in range(200)):
        assert len(code) == LENGTH
        assert not set(code) & set("IO01")
        assert checked_code(f" {code[:2].lower()}-{code[2:]} ") == code


def answer(check, text: str) -> tuple[str | None, str]:
    """What is returned, and what is said where it is refused."""
    try:
        return check(text), ""
    except Refused as refused:
        return None, str(refused)


@given(some.text(max_size=40))
def test_any_text_is_a_code_or_refused_in_words(text: str) -> None:
    code, words = answer(checked_code, text)
    if code is None:
        assert "code of a class" in words
        assert len(words) < 250
    else:
        assert len(code) == LENGTH
        assert set(code) <= set(LETTERS)


@example("0\r\b\x850")  # a line break, a control character, and another line break
@given(some.text(max_size=60))
def test_any_text_is_a_nickname_in_one_line_or_refused(text: str) -> None:
    name, words = answer(checked_nickname, text)
    if name is None:
        assert "legal are 1 to 30" in words
    else:
        assert 1 <= len(name) <= 30
        assert name.isprintable()
        assert checked_nickname(name) == name


def test_who_joins_is_a_member_until_they_leave(of, teacher, opened) -> None:
    ada = of("ada")
    assert class_of(ada) is None
    join(ada, opened.code.lower(), "  Ada\n L ")
    found, member = class_of(ada)
    assert (found.code, member.nickname) == (opened.code, "Ada L")
    join(of("bob"), opened.code, "<b>Bob</b>")
    assert [m.nickname for m in members_of(teacher, opened.code)] == ["Ada L", "<b>Bob</b>"]
    leave(ada)
    assert class_of(ada) is None
    assert [m.nickname for m in members_of(teacher, opened.code)] == ["<b>Bob</b>"]
    join(ada, opened.code, "Ada again")
    assert class_of(ada)[1].nickname == "Ada again"


@pytest.mark.parametrize("nickname", ["ADA", "ada", "Ａda"])
def test_nicknames_that_look_alike_are_refused(of, opened, nickname: str) -> None:
    join(of("ada"), opened.code, "Ada")
    with pytest.raises(Refused, match=r"called .* already"):
        join(of("bob"), opened.code, nickname)
    join(of("ada"), opened.code, nickname)  # one's own may be written otherwise


def test_one_is_in_one_class_at_a_time(of, teacher, opened) -> None:
    other, ada = open_class(teacher, "Second"), of("ada")
    join(ada, opened.code, "Ada")
    join(ada, other.code, "Ada")
    assert class_of(ada)[0].code == other.code
    assert members_of(teacher, opened.code) == []


def test_caps_are_named_with_their_settings(of, home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_CLASSES_PER_USER", "MAX_CLASSES", "MAX_MEMBERS"):
        monkeypatch.setenv(f"PLAYGROUND_{name}", "2")
    teacher = of("teacher")
    first, _ = open_class(teacher, "1"), open_class(teacher, "2")
    with pytest.raises(Refused, match="PLAYGROUND_MAX_CLASSES_PER_USER"):
        open_class(teacher, "3")
    with pytest.raises(Refused, match=r"PLAYGROUND_MAX_CLASSES\)"):
        open_class(of("other"), "3")
    for user in ("ada", "bob"):
        join(of(user), first.code, user)
    with pytest.raises(Refused, match="PLAYGROUND_MAX_MEMBERS"):
        join(of("eve"), first.code, "eve")
    join(of("ada"), first.code, "Ada L")  # who is in may come again
    delete(teacher, first.code)
    assert open_class(teacher, "3").name == "3"


def test_old_classes_make_room(of, teacher, opened) -> None:
    with teacher.store.writing() as db:
        long_ago = time.time() - 86400 * (teacher.settings.class_days + 1)
        db.execute("UPDATE classes SET created = ?", (long_ago,))
    fresh = open_class(teacher, "Next")
    assert [each.code for each in classes_of(teacher)] == [fresh.code]


def test_with_a_key_on_the_server_only_its_holder_opens(
    of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "secret")
    assert not may_open(of("ada"))
    with pytest.raises(Refused, match="teacher's key"):
        open_class(of("ada"), "Mine")
    found = open_class(of("teacher", key="secret"), "Numerics")
    set_rules(of("substitute", key="secret"), found.code, Rules(("data",)))
    assert find(of("ada"), found.code).rules == Rules(("data",))


def test_only_the_teacher_teaches(of, teacher, opened, trained) -> None:
    ada = of("ada")
    run = trained(ada)
    for act in (
        lambda: show(ada, opened.code, run),
        lambda: stop_showing(ada, opened.code),
        lambda: set_rules(ada, opened.code, NO_RULES),
        lambda: close(ada, opened.code),
        lambda: delete(ada, opened.code),
    ):
        with pytest.raises(Refused, match="somebody else's"):
            act()
    show(teacher, opened.code, run)
    assert find(ada, opened.code).shown == run
    stop_showing(teacher, opened.code)
    assert find(ada, opened.code).shown == ""
    with pytest.raises(Refused, match="there is no run"):
        show(teacher, opened.code, "b" * 16)


def test_a_closed_class_is_over(of, teacher, opened) -> None:
    ada = of("ada")
    join(ada, opened.code, "Ada")
    close(teacher, opened.code)
    assert class_of(ada) is None
    with pytest.raises(Refused, match="is closed"):
        join(of("bob"), opened.code, "Bob")
    with pytest.raises(Refused, match="is closed"):
        set_rules(teacher, opened.code, Rules(("data",)))
    delete(teacher, opened.code)
    with pytest.raises(Refused, match="there is no class"):
        find(ada, opened.code)
    with teacher.store.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM members").fetchone()[0] == 0
