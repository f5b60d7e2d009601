"""A tab in a class: links that hide and lock, whom it follows, what it shows; and QR codes and frames."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import segno
import streamlit as st
from streamlit.testing.v1 import AppTest

from playground.classroom import Rules, close, join, open_class, set_rules, show
from playground.classroom.watch import membership, news
from playground.jobs import Jobs, Refused
from playground.ui import address, state, teaching
from playground.ui.controls import PLAYGROUND
from playground.ui.folds import EVERYTHING, UNFOLDED
from playground.ui.linking import iframe
from playground.ui.qr import draw_qr, svg_of
from tests.ui.test_address import come
from tests.ui.test_state import ADA, BOB, said, small, tab, trained

__all__ = ["come", "tab"]  # the fixtures
TEACHER = "c" * 32


@pytest.fixture
def opened(tab: dict):
    """A class of somebody else's, in which Ada is."""
    found = open_class(Jobs(user=TEACHER), "Numerics")
    join(Jobs(user=ADA), found.code, "Ada")
    membership(state.jobs(), anew=True)
    return found


def test_a_link_carries_its_rules_on(come, tab: dict) -> None:
    come({**small().to_query(), "hide": "network,nonsense", "lock": "epochs"})
    assert state.experiment() == small()
    assert teaching.rules() == Rules(("network",), ("epochs",))
    assert "hide: 'nonsense'" in said(tab).replace("\\", "")
    assert address.link()["hide"] == "network"
    assert address.link()["lock"] == "epochs"
    come(address.link())
    assert teaching.rules() == Rules(("network",), ("epochs",))
    come(small().to_query())
    assert teaching.rules() == Rules()


def test_the_rules_of_the_class_hold_for_its_members(opened, tab: dict) -> None:
    set_rules(Jobs(user=TEACHER), opened.code, Rules(("data",)))
    membership(state.jobs(), anew=True)
    assert teaching.rules().hides("data.noise")
    assert "hide" not in address.link()  # the link is for anybody
    tab["user"] = BOB
    assert teaching.rules().hides("data.noise")  # until the page is drawn anew
    assert not teaching.rules_now()
    teaching.begin()
    assert not teaching.rules()


def test_a_page_is_not_taken_for_newer_than_it_is(opened, tab: dict) -> None:
    teaching.begin()
    teaching.rules()
    drawn = address.asked(drawn=True)
    set_rules(Jobs(user=TEACHER), opened.code, Rules(("data",)))
    membership(state.jobs(), anew=True)
    assert address.asked(drawn=True) == drawn != address.asked()
    teaching.begin()
    assert address.asked(drawn=True) == address.asked() != drawn


def test_a_busy_store_sends_nobody_out_of_the_class(opened, tab: dict, monkeypatch) -> None:
    found, told, pace = teaching.own_class(), teaching.told(), teaching.pace()
    assert found is not None

    def busy(jobs: Jobs) -> None:
        raise Refused("the store is busy")

    monkeypatch.setattr(teaching, "membership", busy)
    assert (teaching.own_class(), teaching.told(), teaching.pace()) == (found, told, pace)


def test_a_short_link_opens_the_same(come, tab: dict) -> None:
    come(small(weight_seed=5).to_query())
    state.renew(train=True)
    brief = address.short_link()
    assert address.RUN not in brief  # it may be cleared away
    come(brief)
    assert state.experiment() == small(weight_seed=5)
    state.renew(train=True)
    trained(state.run_id())
    run = state.run_id()
    assert address.short_link() == {address.RUN: run}
    come(address.short_link())
    assert (state.run_id(), state.experiment()) == (run, small(weight_seed=5))


def test_who_follows_sees_what_the_teacher_shows(come, opened, tab: dict) -> None:
    jobs = Jobs(user=TEACHER)
    come({"follow": opened.code.lower()})
    assert teaching.followed().shown == ""
    assert address.link() == {"follow": opened.code}
    before = address.asked()
    for seed in (3, 4):
        run = jobs.submit(small(weight_seed=seed))
        show(jobs, opened.code, run)
        news(state.jobs(), opened.code, anew=True)
        assert address.asked() != before
        before = address.asked()
        teaching.followed()
        assert (state.run_id(), state.experiment()) == (run, small(weight_seed=seed))
    teaching.try_it_yourself()
    assert state.run_id() is None
    assert state.experiment() == small(weight_seed=4)
    assert address.link() == small(weight_seed=4).to_query()


def test_a_class_that_is_over_is_followed_no_longer(come, opened, tab: dict) -> None:
    come({"follow": opened.code})
    close(Jobs(user=TEACHER), opened.code)
    news(state.jobs(), opened.code, anew=True)
    assert teaching.followed() is None
    assert "is over" in said(tab)
    come({"follow": "ZZZZZ"})
    assert teaching.followed() is None
    assert "not there" in said(tab)
    come({"follow": "<b>"})
    assert teaching.followed_code() == ""
    assert "not the code of a class" in said(tab).replace("\\", "")


def test_the_class_sees_each_run_that_the_teacher_begins(tab: dict) -> None:
    found = open_class(state.jobs(), "Numerics")
    state.renew(train=False)
    teaching.show_to(found.code, True)
    assert news(state.jobs(), found.code, anew=True).shown == state.run_id()
    state.change({"epochs": 9})
    teaching.show_on()
    assert news(state.jobs(), found.code, anew=True).shown == state.run_id()
    teaching.show_to(found.code, False)
    assert news(state.jobs(), found.code, anew=True).shown == ""
    tab["user"] = BOB
    teaching.show_to(found.code, True)
    assert "somebody else" in said(tab)
    assert teaching.showing() == set()


def page() -> None:
    from playground.ui.playground_page import playground_page

    playground_page()


@pytest.fixture
def playground(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """playground(**link) draws the page by a link."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))

    def draw(**link: str) -> AppTest:
        test = AppTest.from_function(page, default_timeout=90)
        test.session_state[UNFOLDED] = {EVERYTHING}
        for name, text in link.items():
            test.query_params[name] = text
        test.run()
        assert not test.exception
        return test

    return draw


def controls(test: AppTest) -> dict[str, bool]:
    """The keys of the form's controls, and whether each is locked."""
    kinds = ("selectbox", "number_input", "slider", "select_slider", "toggle", "segmented_control")
    found = [each for kind in kinds for each in getattr(test, kind)]
    return {
        each.key.removeprefix("field:"): bool(each.disabled)
        for each in found
        if (each.key or "").startswith("field:")
    }


def test_hidden_controls_are_not_there_and_locked_ones_do_not_move(playground) -> None:
    usual = controls(playground())
    assert not any(usual.values())
    hidden = ("data", "seeds", "optimizer", "stopping")
    shown = controls(playground(hide=",".join(hidden), lock="network.choice,network.depth,scheme"))
    rules = Rules(hidden)
    assert set(shown) == {name for name in usual if not rules.hides(name)}
    locked = {name for name, disabled in shown.items() if disabled}
    assert {"network", "network.depth", "scheme"} <= locked
    assert not locked & {"network.width", "epochs", "batch_size"}


def test_what_is_locked_stays_even_if_a_browser_moves_it(come, tab: dict) -> None:
    for rules, epochs in (({"lock": "epochs"}, 3), ({}, 7)):
        come({**small().to_query(), **rules})
        tab[PLAYGROUND.key_of("epochs")] = 7
        PLAYGROUND._changed("epochs")
        assert state.experiment().epochs == epochs


def test_everything_but_the_views_can_be_hidden(playground) -> None:
    names = "data,network,scheme,points,seeds,optimizer,batch_size,epochs,loss,schedule"
    more = "penalties,stopping,computing,robustness,own_data,compare,export,formulas,explanation"
    assert controls(playground(hide=f"{names},{more}")) == {}


LINK = "http://192.168.1.17:8501/playground?run=abcdefghijkmnpqr"


@pytest.mark.parametrize("link", [LINK, f"{LINK}&x={'%3Cb%3E' * 40}"])
def test_the_picture_of_a_code_is_the_code(link: str) -> None:
    """Read the squares back from the picture, as a camera would, dark on white."""
    root = ElementTree.fromstring(svg_of(link))
    paths = [each for each in root.iter() if each.tag.rpartition("}")[2] == "path"]
    assert [each.get("fill") for each in paths][:1] == ["#fff"]
    (dark,) = (each for each in paths if each.get("stroke"))
    assert dark.get("stroke") == "#000"
    matrix = segno.make(link, error="l", micro=False).matrix
    size, border = len(matrix), 4
    assert squares(dark.get("d"), size + 2 * border) == [
        [bool(matrix[y][x]) for x in range(size)] for y in range(size)
    ]


def squares(path: str, size: int) -> list[list[bool]]:
    """Draw a path of horizontal strokes of height one; return what is inside the white border."""
    found = [[False] * size for _ in range(size)]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                found[int(y)][column] = True
            x += values[0]
    assert not any(found[0])
    assert not any(row[0] for row in found)
    return [row[4:-4] for row in found[4:-4]]


def test_a_link_that_is_too_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(st, "caption", told.append)
    monkeypatch.setattr(st, "html", lambda _: pytest.fail("there is no picture"))
    draw_qr(f"{LINK}&{'x' * 3000}", 200)
    assert "no more than 2953" in told[0]


def test_nothing_in_a_link_becomes_a_tag() -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[str, dict]] = []

        def handle_starttag(self, tag: str, attrs: list) -> None:
            self.found.append((tag, dict(attrs)))

    link = f'{LINK}&name="><script>alert(1)</script>'
    tags = Tags()
    tags.feed(iframe(link))
    ((tag, attributes),) = tags.found
    assert tag == "iframe"
    assert attributes["src"] == f"{link}&embed=true"
    assert SimpleNamespace(**attributes).title
