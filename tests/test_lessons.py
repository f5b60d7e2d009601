"""Lessons as files: each can be read, names only what there is, and a wrong one says what is wrong."""

import importlib.util
import io
import re

import pytest
from PIL import Image

from playground.experiment import Experiment
from playground.lessons import FOLDER, LessonError, lessons, read_lesson
from playground.training import events, train
from playground.ui.cards import PICTURES
from playground.ui.home_page import LABORATORIES
from playground.ui.lessons.listing import picture_of
from playground.ui.lessons.shows import all_shows, find

EVERY = pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
ONE = (FOLDER / "01-donut.md").read_text(encoding="utf-8")


@EVERY
def test_each_trial_can_be_drawn_as_it_says(lesson):
    for trial in lesson.trials:
        assert find(trial.show).faults(trial) == []


@EVERY
def test_each_experiment_trains(lesson):
    for trial in lesson.trials:
        if trial.experiment is not None:
            few = {"n_train": "40", "n_validation": "20", "epochs": "1", "batch_size": "40"}
            *_, last = train(trial.experiment.amended(few))
            assert isinstance(last, events.Finished), last


@EVERY
def test_its_words_are_in_the_glossary(lesson):
    if importlib.util.find_spec("playground.glossary") is None:
        pytest.skip("there is no glossary")
    from playground.glossary import named

    assert [term for term in lesson.terms if named(term) is None] == []


@EVERY
def test_its_large_formulas_stand_in_lines_of_their_own(lesson):
    """Between two signs in one line a formula is drawn small, in the midst of the words."""
    for text in (lesson.look, lesson.happened, lesson.disagrees):
        marks = [line for line in text.splitlines() if "$$" in line]
        assert marks == ["$$"] * len(marks)
        assert len(marks) % 2 == 0


@EVERY
def test_its_parts_are_told_apart(lesson):
    choices = [choice.text for choice in lesson.check.choices]
    for texts in (choices, lesson.prediction.choices, [trial.label for trial in lesson.trials]):
        assert len(set(texts)) == len(texts)


def test_a_wrong_trial_is_found_before_it_is_drawn():
    lesson = lessons()["donut"]
    wrong = lesson.trials[0].model_copy(
        update={"controls": ("network.layers",), "settings": {"view": "solve"}}
    )
    control, settings = find("points").faults(wrong)
    assert "'network.layers' is no field" in control
    assert "network.depth" in control
    assert "takes an experiment" in settings
    regression = wrong.model_copy(
        update={"experiment": Experiment().amended({"data": "plane", "loss": "mean_square"})}
    )
    assert any("only a flow" in fault for fault in find("points.swap").faults(regression))


def test_a_laboratory_says_which_settings_it_does_not_have():
    trial = (
        lessons()["donut"]
        .trials[0]
        .model_copy(update={"experiment": None, "controls": ("n_steps", "speed")})
    )
    wrong = trial.model_copy(update={"settings": {"view": "orders", "pace": "2"}})
    faults = find("integrators.solve").faults(wrong)
    assert len(faults) == 3
    for words in ("'orders' is not legal", "'pace' is not known", "'speed' is no field"):
        assert any(words in fault for fault in faults)


def test_an_unknown_show_is_refused():
    with pytest.raises(KeyError, match="unknown show 'puppets'"):
        find("puppets")


def test_each_show_leads_to_a_page():
    for show in all_shows().values():
        assert (FOLDER.parents[1] / show.page).exists()


PAINTED = [picture_of(lesson) for lesson in lessons().values()]
PAINTED += [f"lab-{name.replace('_', '-')}" for name, _, _ in LABORATORIES]


@pytest.mark.parametrize("name", sorted(set(PAINTED)))
def test_lessons_and_laboratories_have_small_pictures(name):
    packed = (PICTURES / f"{name}.png").read_bytes()
    assert len(packed) < 40_000
    picture = Image.open(io.BytesIO(packed)).convert("RGB")
    assert len(picture.getcolors(picture.width * picture.height)) > 8


@EVERY
def test_each_lesson_has_a_picture_of_its_own(lesson):
    assert picture_of(lesson) == f"lesson-{lesson.name}"


def test_no_two_pictures_are_the_same():
    packed = [path.read_bytes() for path in PICTURES.glob("*.png")]
    assert len(set(packed)) == len(packed)


@pytest.mark.parametrize(
    ("name", "picture"), [("order", "lab-integrators"), ("plateau", "lab-multi-stage")]
)
def test_a_lesson_without_a_picture_shows_that_of_its_laboratory(name, picture):
    assert picture_of(lessons()[name].model_copy(update={"name": "new"})) == picture


def test_each_picture_can_be_made_again():
    from benchmarks.pictures import MAKERS

    assert sorted(MAKERS) == sorted(path.stem for path in PICTURES.glob("*.png"))


def test_every_laboratory_is_on_the_first_page():
    pages = {path.stem for path in (FOLDER.parents[1] / "pages" / "labs").glob("*.py")}
    assert {name for name, _, _ in LABORATORIES} == pages


@EVERY
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
        (('"donut_2d"', '"doughnut"'), "trials.0.experiment.data"),
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
