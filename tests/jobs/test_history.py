"""The history: what a list tells of runs, what a search finds, what owners say, and the way back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, studies
from playground.jobs.history import Line, differences, overview, tags_of, thrown_away
from playground.jobs.marks import (
    LONGEST_NOTE,
    checked_tags,
    put_back,
    set_note,
    set_tags,
    star,
    tag,
    throw_away,
    untag,
)
from playground.jobs.search import FIELDS, SORTS, ordered, parse, values_of
from playground.jobs.sweep import sweep
from playground.jobs.trash import KEPT_SECONDS
from tests.jobs.history_runs import put_run

LATER = 3600.0
TEXT = Experiment(n_train=40, n_validation=20).model_dump_json()
DEEP = Experiment().amended({"network.depth": "40", "scheme": "heun2", "data": "moons"})


def ids(lines: list[Line]) -> list[str]:
    return [line.id for line in lines]


def found(jobs: Jobs, text: str) -> set[str]:
    search = parse(text)
    assert search.messages == ()
    return {line.name for line in search.among(overview(jobs, jobs.user))}


# The list --------------------------------------------------------------------------------------


def test_a_line_tells_what_the_store_tells_piece_by_piece(jobs: Jobs) -> None:
    run_id = put_run(jobs, DEEP.model_dump_json(), figures=7, name="deep", parameters=99)
    tag(jobs, [run_id], ["b", "a"])
    (line,) = overview(jobs)
    run, last = jobs.get(run_id), jobs.metrics(run_id)[-1]
    for name in ("id", "user", "kind", "name", "status", "created", "ended", "parameters", "note"):
        assert getattr(line, name) == getattr(run, name), name
    for name in ("train_loss", "validation_accuracy", "nfe_forward", "seconds"):
        assert getattr(line, name) == getattr(last, name), name
    assert line.settings == DEEP.to_query()
    assert (line.data, line.network, line.scheme) == ("moons", "rk_net", "heun2")
    assert (line.depth, line.width) == (40, DEEP.network.options.width)
    assert line.learning_rate == DEEP.optimizer.options.learning_rate
    assert line.tags == tags_of(jobs, run_id) == ("a", "b")


def test_runs_without_figures_and_of_another_version_are_in_the_list(jobs: Jobs) -> None:
    bare = put_run(jobs, TEXT, figures=0)
    odd = put_run(jobs, '{"data": {"name": "gone", "options": {"x": 1}}, "future": [1, 2]}')
    junk = put_run(jobs, "[]")
    held = {line.id: line for line in overview(jobs)}
    assert held[bare].validation_loss is None
    assert held[odd].data == "gone"
    assert held[odd].depth is None
    assert held[junk].settings == {}


def test_whose_and_which_are_chosen_by_the_query(jobs: Jobs) -> None:
    old = put_run(jobs, TEXT, created=100.0)
    new = put_run(jobs, TEXT, created=200.0, kind="study")
    other = put_run(Jobs(user="bob"), TEXT, created=150.0)
    assert ids(overview(jobs)) == [new, other, old]
    assert ids(overview(jobs, "ada")) == [new, old]
    assert ids(overview(jobs, kind="training")) == [other, old]
    assert ids(overview(jobs, limit=1)) == [new]
    assert ids(overview(jobs, ids=[old, "x' OR 1=1 --", new, old])) == [old, new]


def test_differences_are_the_settings_that_are_not_the_same(jobs: Jobs) -> None:
    put_run(jobs, TEXT)
    put_run(jobs, Experiment(n_train=40, n_validation=20, epochs=9).model_dump_json())
    assert differences(overview(jobs)) == {"epochs": ["9", "40"]}
    assert differences(overview(jobs)[:1]) == {}


# Searching ---------------------------------------------------------------------------------------


@pytest.fixture
def three(jobs: Jobs) -> Jobs:
    last = {"validation_accuracy": 0.97, "nfe_forward": 80}
    spiral = put_run(jobs, TEXT, name="Spiral, good", figures=5, last=last)
    put_run(jobs, DEEP.model_dump_json(), name="moons", figures=3, status="stopped", created=1e9)
    blank = put_run(jobs, TEXT, name="50%_done", figures=0)
    tag(jobs, [spiral], ["for the talk"])
    set_note(jobs, spiral, 'it\'s a "plateau" at 50 %')
    star(jobs, [blank])
    return jobs


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {"Spiral, good", "moons", "50%_done"}),
        ("GOOD spiral", {"Spiral, good"}),
        ("heun2", {"moons"}),
        ('"for the talk"', {"Spiral, good"}),
        ("tag:talk", {"Spiral, good"}),
        ('tag:""', {"moons", "50%_done"}),
        ('note!=""', {"Spiral, good"}),
        ("note:plateau", {"Spiral, good"}),
        ("it's", {"Spiral, good"}),
        ("%", {"Spiral, good", "50%_done"}),  # no sign stands for others
        ("50%_", {"50%_done"}),
        ("s_iral", set()),
        ("depth>20", {"moons"}),
        ("network.depth>=40 -heun2", set()),
        ("network:rk_net -moons", {"Spiral, good", "50%_done"}),
        ("scheme=heun2", {"moons"}),
        ("scheme=heun", set()),
        ("scheme!=heun2", {"Spiral, good", "50%_done"}),
        ("n_train=40 accuracy>0.9", {"Spiral, good"}),
        ("accuracy>=97", {"Spiral, good"}),
        ("accuracy>97%", set()),
        ("accuracy<=1", {"Spiral, good", "moons"}),  # where there is one
        ("nfe>79", {"Spiral, good"}),
        ("rate<1", {"Spiral, good", "moons", "50%_done"}),
        ("starred=1", {"50%_done"}),
        ("status:stop", {"moons"}),
        ("created<2002-01-01", {"moons"}),
        ("created:2001", {"moons"}),
        ("-created:2001", {"Spiral, good", "50%_done"}),
    ],
)
def test_a_search_finds(three: Jobs, text: str, names: set[str]) -> None:
    assert found(three, text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth>deep", "'depth>deep' needs a number, such as depth>0.5"),
        ("accuracy:high", "needs a number"),
        ("depth>nan", "needs a number"),
        ("created>yesterday", "needs a day, such as created>=2026-11-01"),
        ("name:", "has nothing after ':'"),
        ('"open', "a quotation mark is not closed"),
        ("x " * 300, "400 characters"),
        ("x " * 31, "30 terms"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_holds(text: str, message: str) -> None:
    search = parse(f"{text}" if "x " in text else f"spiral {text}")
    assert message in " ".join(search.messages)
    assert search.terms


def test_a_field_that_no_run_has_is_said_with_the_nearest(three: Jobs) -> None:
    lines = overview(three)
    assert parse("dpeth>3").unknown(lines) == ["no run has a field 'dpeth'; is 'depth' meant?"]
    assert parse("n_train=4 network.depth=1 tag:x").unknown(lines) == []


def _line(**changes: object) -> Line:
    settings = Experiment().to_query()
    values = dict.fromkeys(Line.__dataclass_fields__) | {
        "created": time.time(),
        "settings": settings,
    }
    texts = dict.fromkeys(("id", "user", "kind", "name", "status", "reason", "note"), "")
    rest = {"device": "cpu", "path": "", "tags": (), "starred": False, "step": 3, "epoch": 1.0}
    return Line(**{**values, **texts, **rest, **changes})


@given(st.text(max_size=500))
def test_no_text_crashes_a_search(text: str) -> None:
    search = parse(text)
    assert isinstance(search.holds(_line(name=text)), bool)
    search.unknown([_line()])


@given(st.text(alphabet="ab%_'\";\\-:=<> \n.0", min_size=1, max_size=40))
def test_a_quoted_text_is_found_where_it_stands_and_nowhere_else(text: str) -> None:
    asked = text.replace('"', "")
    search = parse(f'name:"{asked}"')
    assert search.messages == ()
    if asked.strip():
        assert search.holds(_line(name=f"before {asked} behind"))
        assert not search.holds(_line(name="zzz"))


@given(
    st.sampled_from([*FIELDS, "network.depth", "depth", "n_train"]),
    st.sampled_from([":", "=", "!=", "<", ">", "<=", ">="]),
    st.text(max_size=30),
)
def test_no_comparison_crashes(field: str, op: str, text: str) -> None:
    parse(f"{field}{op}{text}").holds(_line())
    parse(f'-{field}{op}"{text}"').holds(_line())


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_read(three: Jobs, field: str) -> None:
    assert any(values_of(line, field) for line in overview(three))


@pytest.mark.parametrize("by", SORTS)
@pytest.mark.parametrize("falling", [True, False])
def test_every_order_puts_what_has_nothing_last(three: Jobs, by: str, falling: bool) -> None:
    lines = ordered(overview(three), by, falling=falling)
    keys = [SORTS[by](line) for line in lines]
    held = [key for key in keys if key is not None]
    assert keys[len(held) :] == [None] * (len(keys) - len(held))
    assert held == sorted(held, reverse=falling)


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'beauty' is not known; legal is created, accuracy"):
        ordered([], "beauty")


# What owners say ---------------------------------------------------------------------------------


def test_marks_are_kept_and_taken_away(jobs: Jobs) -> None:
    one, two = put_run(jobs, TEXT), put_run(jobs, TEXT)
    star(jobs, [one, two])
    star(jobs, [two], False)
    set_note(jobs, one, "  first\r\nsecond\x00  ")
    tag(jobs, [one, two], ["a", " b  c ", "a", ""])
    untag(jobs, [two], ["a", "never there"])
    run = jobs.get(one)
    assert (run.starred, run.note) == (1, "first\nsecond")
    assert jobs.get(two).starred == 0
    assert (tags_of(jobs, one), tags_of(jobs, two)) == (("a", "b c"), ("b c",))
    set_tags(jobs, one, ["z"])
    assert tags_of(jobs, one) == ("z",)
    jobs.delete(one)
    assert tags_of(jobs, one) == ()


def test_limits_are_named_and_nothing_is_half_done(jobs: Jobs) -> None:
    run_id = put_run(jobs, TEXT)
    with pytest.raises(ValueError, match="note has 5001 characters; at most 5000"):
        set_note(jobs, run_id, "x" * (LONGEST_NOTE + 1))
    with pytest.raises(ValueError, match="has 41 characters; at most 40"):
        tag(jobs, [run_id], ["x" * 41])
    with pytest.raises(ValueError, match="has a comma"):
        checked_tags(["a,b"])
    with pytest.raises(ValueError, match="21 tags are too many for a run; at most 20"):
        tag(jobs, [run_id], [str(i) for i in range(21)])
    assert tags_of(jobs, run_id) == ()
    with pytest.raises(Refused, match="no run is named"):
        star(jobs, [])


def test_only_the_owner_and_the_teacher_mark(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "sesame")
    ada, bob, teacher = Jobs(user="ada"), Jobs(user="bob"), Jobs(user="eve", key="sesame")
    his, hers = put_run(bob, TEXT), put_run(ada, TEXT)
    gone = throw_away(bob, [put_run(bob, TEXT)]) and thrown_away(bob, "bob")[0].id
    for act in (
        lambda: star(ada, [hers, his]),
        lambda: tag(ada, [hers, his], ["x"]),
        lambda: untag(ada, [his], ["x"]),
        lambda: set_tags(ada, his, ["x"]),
        lambda: set_note(ada, his, "x"),
        lambda: throw_away(ada, [hers, his]),
        lambda: put_back(ada, [gone]),
    ):
        with pytest.raises(Refused, match="belongs to somebody else"):
            act()
    assert ada.get(hers).starred == 0
    assert tags_of(ada, hers) == ()
    star(teacher, [his])
    assert bob.get(his).starred == 1
    with pytest.raises(Refused, match="is not the id of a run"):
        star(ada, ["../x"])


# The trash ---------------------------------------------------------------------------------------


def test_what_is_thrown_away_is_nowhere_and_comes_back_whole(
    jobs: Jobs, experiment: Experiment
) -> None:
    run_id = put_run(jobs, experiment.model_dump_json(), figures=4, name="mine")
    kept = put_run(jobs, TEXT)
    tag(jobs, [run_id], ["x"])
    before = (jobs.get(run_id), jobs.metrics(run_id))
    throw_away(jobs, [run_id])
    assert ids(overview(jobs)) == [kept] == [run.id for run in jobs.list_runs()]
    assert overview(jobs, ids=[run_id]) == []
    assert studies.find(jobs, [experiment], kind="training") == [None]
    for act in (jobs.get, jobs.metrics, jobs.resume, jobs.checkpoint, lambda i: star(jobs, [i])):
        with pytest.raises(Refused, match="may have been deleted"):
            act(run_id)
    jobs.release(run_id)
    assert ids(thrown_away(jobs, "ada")) == [run_id]
    assert thrown_away(jobs, "bob") == []
    assert put_back(jobs, [run_id, kept]) == [run_id]
    assert (jobs.get(run_id), jobs.metrics(run_id)) == before
    assert tags_of(jobs, run_id) == ("x",)


def test_what_trains_or_waits_is_stopped_by_the_trash(
    jobs: Jobs, experiment: Experiment, assign: Callable[[Jobs, str], int]
) -> None:
    waits, trains = jobs.submit(experiment), jobs.submit(experiment)
    rests = jobs.submit(experiment, start=False)
    assign(jobs, trains)
    throw_away(jobs, [waits, trains, rests])
    put_back(jobs, [waits, trains, rests])
    states = [(jobs.get(run).status, jobs.get(run).command) for run in (waits, trains, rests)]
    assert states == [("stopped", None), ("running", "stop"), ("paused", None)]


def test_the_trash_is_emptied_after_a_while(jobs: Jobs) -> None:
    gone, kept = put_run(jobs, TEXT, name="named"), put_run(jobs, TEXT)
    now = throw_away(jobs, [gone])
    assert sweep(jobs.store, now + KEPT_SECONDS - 1) == []
    assert sweep(jobs.store, now + KEPT_SECONDS + 1) == [gone]
    assert put_back(jobs, [gone]) == []
    assert {path.name for path in jobs.store.runs_folder.iterdir()} == {kept}


def test_what_was_thrown_away_makes_room_at_once(
    home: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_DISK_MB", "10")
    jobs = Jobs(user="ada")
    large = put_run(jobs, TEXT, name="large", checkpoint_size=11_000_000)
    with pytest.raises(Refused, match="the store is full"):
        jobs.submit(experiment, start=False)
    throw_away(jobs, [large])
    assert jobs.submit(experiment, start=False)
    assert thrown_away(jobs, "ada") == []


def test_what_is_marked_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_KEPT_RUNS_PER_USER", "1")
    jobs, old = Jobs(user="ada"), time.time() - LATER
    starred, noted, tagged, plain, newest = (put_run(jobs, TEXT, created=old + i) for i in range(5))
    star(jobs, [starred])
    set_note(jobs, noted, "look")
    tag(jobs, [tagged], ["talk"])
    preview = put_run(jobs, TEXT, figures=0, step=0, checkpoint_step=0, created=old, note="seen")
    assert sweep(jobs.store) == [plain]
    assert set(ids(overview(jobs))) == {starred, noted, tagged, newest, preview}


def test_a_marked_run_does_not_vanish_for_the_next_one(jobs: Jobs, experiment: Experiment) -> None:
    first = jobs.submit(experiment, until_step=0)
    tag(jobs, [first], ["keep"])
    jobs.submit(experiment, instead_of=first)
    assert jobs.get(first).status == "stopped"
