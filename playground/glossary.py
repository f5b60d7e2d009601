"""The glossary: the words of the field, each in a sentence or two; ``assets/glossary/terms.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.references import references

FILE = Path(__file__).parent.parent / "assets" / "glossary" / "terms.toml"
TOPICS = {
    "flows": "Nets as flows",
    "schemes": "Integrators",
    "gradients": "Gradients",
    "training": "Training",
    "stages": "Multi-stage",
    "robustness": "Robustness",
    "attention": "Images and attention",
    "program": "This program",
}
"""What a person reads of each topic."""

Topic = Literal[*TOPICS]  # type: ignore[valid-type]
_Words = Annotated[str, Field(min_length=1)]


class GlossaryError(ValueError):
    """The glossary cannot be read; the message names the term and what is wrong with it."""


class Term(BaseModel):
    """One term.

    Attributes:
        name: The term, in lower case but for names; its address.
        topic: Where it belongs.
        text: What it is, in Markdown with formulas between dollar signs.
        formula: A formula of its own line, in LaTeX; empty where none helps.
        also: Other names by which it is found.
        see: Names of other terms.
        where: Where it is met in the program, each as "page" or "page:view".
        sources: Keys of the bibliography.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Words
    topic: Topic
    text: _Words
    formula: str = ""
    also: tuple[_Words, ...] = ()
    see: tuple[_Words, ...] = ()
    where: tuple[_Words, ...] = ()
    sources: tuple[_Words, ...] = ()

    def speaks_of(self, words: str) -> bool:
        """Tell whether all of some words stand in its names or its text, in any case."""
        inside = " ".join((self.name, *self.also, self.text)).casefold()
        return all(word in inside for word in words.casefold().split())

    def is_called(self, words: str) -> bool:
        """Tell whether some words begin one of its names, in any case."""
        wanted = words.casefold().strip()
        return any(name.casefold().startswith(wanted) for name in (self.name, *self.also))


@cache
def glossary() -> dict[str, Term]:
    """Return all terms by name, in alphabetical order.

    Raises:
        GlossaryError: If a term is not one, or leads to nothing.
    """
    return read_glossary(FILE.read_text(encoding="utf-8"))


def read_glossary(text: str) -> dict[str, Term]:
    """Read a glossary.

    Args:
        text: Content of the file.

    Raises:
        GlossaryError: If a term is not one, or names a term or a source that is not there.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GlossaryError(str(error)) from error
    found = {}
    for name in sorted(tables, key=str.casefold):
        try:
            found[name] = Term.model_validate({"name": name, **tables[name]})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise GlossaryError(f"{name}: {place}: {first['msg']}") from error
    for term in found.values():
        for other in term.see:
            if other not in found or other == term.name:
                raise GlossaryError(f"{term.name}: see: {other!r} is no other term")
        for key in term.sources:
            if key not in references():
                raise GlossaryError(f"{term.name}: sources: {key!r} is not in the bibliography")
    return found


def named(words: str) -> Term | None:
    """Return the term of a name, whatever its case, or ``None`` where there is none."""
    wanted = words.casefold().strip()
    for term in glossary().values():
        if wanted in (name.casefold() for name in (term.name, *term.also)):
            return term
    return None


def search(words: str, among: Iterable[Term] | None = None) -> list[Term]:
    """Return the terms in which all words stand: those that are called so first, then the others.

    Args:
        words: What is searched for; all terms where it is empty.
        among: The terms to search; all without.
    """
    held = list(glossary().values() if among is None else among)
    hits = [term for term in held if term.speaks_of(words)]
    return sorted(hits, key=lambda term: not term.is_called(words))
