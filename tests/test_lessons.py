"""Lessons as files: each can be read, names only what there is, and a wrong one says what is wrong."""

import re

import pytest

from playground.lessons import FOLDER, LessonError, lessons, read_lesson
from playground.ui.lessons.shows import find

ONE = (FOLDER / "01-donut.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_each_trial_can_be_drawn_as_it_says(lesson):
    for trial in lesson.trials:
        assert find(trial.show).faults(trial) == []


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_sources_have_identifiers_that_can_be_ones(lesson):
    for source in lesson.sources:
        assert not source.doi or re.fullmatch(r"10\.\d{4,9}/\S+", source.doi)
        assert not source.arxiv or re.fullmatch(r"\d{4}\.\d{4,5}", source.arxiv)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("+++\n", "---\n"), "TOML between two lines"),
        (('level = "first steps"', 'level = "easy"'), "level"),
        (("minutes = 8", "minutes = eight"), "01-donut.md"),
        (('data = "donut_2d"', 'data = "doughnut"'), "trials.0.experiment.data"),
        (("right = true, ", ""), "no choice is marked as right"),
        (("## What happened", "## What we saw"), "What we saw"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(change, words):
    with pytest.raises(LessonError, match=re.escape(words)):
        read_lesson(ONE.replace(*change), "01-donut")


def test_the_text_may_hold_anything_below_its_sections():
    lesson = read_lesson(ONE + "\n### Further\n\n+++\n", "01-donut")
    assert lesson.happened.endswith("+++")
