"""Lessons: one Markdown file each in ``assets/lessons``, with its experiments in TOML on top.

A file begins with a line of three plus signs, then comes TOML, then three plus signs again, then the
text. The text has the sections "What to look for" and "What happened", as headings of the second
rank; the second one is what the reader opens after the experiment.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from playground.experiment import Experiment

FOLDER = Path(__file__).parent.parent / "assets" / "lessons"
LOOK, HAPPENED = "What to look for", "What happened"
_MARK = "+++"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)

Text = Annotated[str, Field(min_length=1)]


class LessonError(ValueError):
    """A file is not a lesson; the message names the file, the place and what is wrong with it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Part):
    """One answer: ``feedback`` is told to whoever picks it; in a prediction none is right yet."""

    text: Text
    right: bool = False
    feedback: str = ""


class Prediction(_Part):
    """What the reader says before the experiment, and is reminded of after it."""

    ask: Text
    choices: Annotated[tuple[Text, ...], Field(min_length=2)]


class Check(_Part):
    """A question with feedback for each answer; at least one of them is right."""

    ask: Text
    choices: Annotated[tuple[Choice, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _has_an_answer(self) -> Check:
        if not any(choice.right for choice in self.choices):
            raise ValueError("no choice is marked as right")
        if not all(choice.feedback for choice in self.choices):
            raise ValueError("a choice has no feedback")
        return self


class Trial(_Part):
    """Something to run in a lesson.

    Attributes:
        label: What a person reads on the switch between the trials of a lesson.
        show: What draws it: a name of the interface's shows; "points" trains the experiment on the
            page, with its flow, boundary and curves.
        experiment: Settings that differ from the playground's usual ones; for "points".
        settings: Settings of the laboratory or page that ``show`` embeds, named as in its link.
        controls: Dotted names of the few fields that may be changed in the lesson.
        hint: One sentence above it: what to do.
    """

    label: Text
    show: Text = "points"
    experiment: Experiment | None = None
    settings: Mapping[str, str] = Field(default_factory=dict)
    controls: tuple[str, ...] = ()
    hint: str = ""


class Source(_Part):
    """Where something comes from: a text, and a DOI or an arXiv number or neither (a lecture)."""

    text: Text
    doi: str = ""
    arxiv: str = ""

    @property
    def link(self) -> str:
        """The address to which the DOI or the arXiv number leads; empty without either."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""


class Lesson(_Part):
    """One lesson.

    Attributes:
        name: Of its file, without the number in front; its address.
        title: What a person reads.
        summary: One sentence for the list of lessons.
        minutes: How long it takes.
        level: How much it presupposes.
        question: What it asks.
        prediction: What the reader says first.
        trials: What is run.
        look: What to look for, Markdown.
        happened: What happened and why, Markdown with formulas.
        check: A question at the end.
        sources: Where it comes from.
        terms: Names in the glossary.
        disagrees: What of a paper the facts contradict, told kindly; empty if nothing.
    """

    name: Text
    title: Text
    summary: Text
    minutes: Annotated[int, Field(ge=1, le=60)]
    level: Literal["first steps", "further", "deep"] = "first steps"
    question: Text
    prediction: Prediction
    trials: Annotated[tuple[Trial, ...], Field(min_length=1)]
    look: Text
    happened: Text
    check: Check
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    terms: tuple[str, ...] = ()
    disagrees: str = ""


@cache
def lessons() -> dict[str, Lesson]:
    """Return all lessons by name, in the order of their files.

    Raises:
        LessonError: If a file is not a lesson, or two have one name.
    """
    found: dict[str, Lesson] = {}
    for path in sorted(FOLDER.glob("*.md")):
        lesson = read_lesson(path.read_text(encoding="utf-8"), path.stem)
        if lesson.name in found:
            raise LessonError(f"{path.name}: there is a lesson called {lesson.name!r} already")
        found[lesson.name] = lesson
    return found


def read_lesson(text: str, stem: str) -> Lesson:
    """Read one lesson.

    Args:
        text: Content of the file.
        stem: Name of the file without its ending; a number in front only orders the files.

    Raises:
        LessonError: If it is not a lesson.
    """
    front, sections = _parted(text, stem)
    unknown = set(sections) - {LOOK, HAPPENED}
    if unknown:
        raise LessonError(f"{stem}.md: the section {min(unknown)!r} is none of a lesson's")
    try:
        return Lesson.model_validate(
            {
                **front,
                "name": stem.partition("-")[2] or stem,
                "look": sections.get(LOOK, ""),
                "happened": sections.get(HAPPENED, ""),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise LessonError(f"{stem}.md: {place}: {first['msg']}") from error


def _parted(text: str, stem: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Part a file in what its TOML says and the texts of its sections by their headings."""
    begin, _, rest = text.partition(f"{_MARK}\n")
    front, mark, body = rest.partition(f"\n{_MARK}\n")
    if begin.strip() or not mark:
        raise LessonError(f"{stem}.md: it has to begin with TOML between two lines of {_MARK}")
    try:
        fields = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"{stem}.md: {error}") from error
    before, *parts = _SECTION.split(body)
    if before.strip():
        raise LessonError(f"{stem}.md: there is text before the first section")
    sections = dict(zip(parts[::2], (part.strip() for part in parts[1::2])))
    return fields, sections
