"""The page of the lessons: what a link says, what is remembered, what a card opens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from playground.lessons import lessons


def script() -> None:
    from playground.ui import state
    from playground.ui.lessons import place
    from playground.ui.lessons.page import lessons_page

    lessons_page()
    state.st.json(place.link())
    state.show_messages()


@pytest.fixture
def visit(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """visit(**link) opens the page with a link."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))

    def open_page(**link: str) -> AppTest:
        page = AppTest.from_function(script, default_timeout=60)
        for name, text in link.items():
            page.query_params[name.replace("__", ".")] = text
        page.run()
        assert not page.exception
        return page

    return open_page


def link_of(page: AppTest) -> dict[str, str]:
    import json

    return json.loads(page.json[-1].value)


def warnings(page: AppTest) -> str:
    return " ".join(box.value for box in page.warning)


def test_a_link_opens_a_trial_with_what_was_changed_in_it(visit) -> None:
    page = visit(lesson="donut", trial="2", network__width="5", said="3")
    wanted = {"lesson": "donut", "trial": "2", "network.width": "5", "said": "3"}
    assert link_of(page) == wanted
    assert "In the link" not in warnings(page)
    page.button(key="lesson:anew").click().run()
    assert link_of(page) == {"lesson": "donut", "trial": "2", "said": "3"}
    said = lessons()["donut"].prediction.choices[2]
    assert any(said in box.value for box in page.info)


def test_what_was_changed_in_one_trial_is_there_again_after_another(visit) -> None:
    page = visit(lesson="donut", trial="2", network__width="5")
    switch = "lesson:donut:trial"
    page.button_group(key=switch).set_value(0).run()
    assert link_of(page) == {"lesson": "donut", "trial": "1"}
    page.button_group(key=switch).set_value(1).run()
    assert link_of(page)["network.width"] == "5"


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"lesson": "bagel"}, "there is no lesson"),
        ({"lesson": "donut", "trial": "9"}, "legal is 1 to 2"),
        ({"lesson": "donut", "trial": "²"}, "legal is 1 to 2"),
        ({"lesson": "donut", "said": "x"}, "legal is 1 to 3"),
        ({"lesson": "donut", "network__width": "many"}, "width"),
        ({"lesson": "donut", "run": "../../etc"}, "In the link"),
    ],
)
def test_what_a_link_has_wrong_is_said(visit, link, words: str) -> None:
    page = visit(**link)
    told = warnings(page) + " ".join(box.value for box in page.info)
    assert words in told.replace("\\", "")


def test_every_answer_is_told_something(visit) -> None:
    page = visit(lesson="donut")
    lesson = lessons()["donut"]
    for number, choice in enumerate(lesson.check.choices):
        page.radio(key="lesson:donut:answer").set_value(number).run()
        boxes = page.success if choice.right else page.info
        assert any(choice.feedback in box.value for box in boxes)
