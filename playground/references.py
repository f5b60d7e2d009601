"""The bibliography: what registries, lessons and the glossary refer to, with its DOI or arXiv number.

The entries lie in ``assets/glossary/references.toml``. A registry names its source in words; an entry
says by which words it is meant, so that the words lead to it wherever they are shown.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = Path(__file__).parent.parent / "assets" / "glossary" / "references.toml"

_Words = Annotated[str, Field(min_length=1)]


class BibliographyError(ValueError):
    """The bibliography cannot be read; the message names the entry and what is wrong with it."""


class Reference(BaseModel):
    """One entry of the bibliography.

    Attributes:
        key: Its name in the file.
        authors: As they are written in a list of references.
        title: The title.
        venue: Journal with volume, publisher or school; empty where it is only on arXiv.
        year: Of publication, ``None`` where none is printed.
        kind: What it is; a lecture or a thesis may have no identifier.
        doi: Digital object identifier, without an address in front.
        arxiv: Number on arXiv.
        url: Where it is published, of what has neither.
        cited: The words by which texts mean it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: _Words
    authors: _Words
    title: _Words
    venue: str = ""
    year: Annotated[int, Field(ge=1600, le=2100)] | None = None
    kind: Literal["article", "book", "thesis", "lecture"] = "article"
    doi: Annotated[str, Field(pattern=r"^(10\.\d{4,9}/\S+)?$")] = ""
    arxiv: Annotated[str, Field(pattern=r"^(\d{4}\.\d{4,5})?$")] = ""
    url: Annotated[str, Field(pattern=r"^(https://\S+)?$")] = ""
    cited: Annotated[tuple[_Words, ...], Field(min_length=1)]

    @property
    def links(self) -> dict[str, str]:
        """Addresses by what a person reads of them: the DOI, the arXiv number, or the place itself."""
        found = {}
        if self.doi:
            found[f"doi:{self.doi}"] = f"https://doi.org/{self.doi}"
        if self.arxiv:
            found[f"arXiv:{self.arxiv}"] = f"https://arxiv.org/abs/{self.arxiv}"
        if self.url:
            found[self.url.removeprefix("https://").rstrip("/")] = self.url
        return found

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands in a list: by the first author's surname, then by the year."""
        first = re.split(r",| and | et al", self.authors)[0]
        surname = re.sub(r"^(\S+\. )+", "", first)
        return surname.casefold(), self.year or 0

    @property
    def markdown(self) -> str:
        """The entry as a line of a list of references, with its links."""
        year = "" if self.year is None else f" ({self.year})"
        venue = f" {self.venue}." if self.venue else ""
        named = f", {self.kind}" if self.kind in ("thesis", "lecture") else ""
        # Brackets in a DOI would end the address of a link in Markdown.
        links = " · ".join(f"[{name}](<{address}>)" for name, address in self.links.items())
        return f"{self.authors}{year}. *{self.title}*{named}.{venue} {links}".strip()


@cache
def references() -> dict[str, Reference]:
    """Return the bibliography by keys, in the order of the file.

    Raises:
        BibliographyError: If an entry is not one, or two are meant by the same words.
    """
    return read_references(FILE.read_text(encoding="utf-8"))


def read_references(text: str) -> dict[str, Reference]:
    """Read a bibliography.

    Args:
        text: Content of the file.

    Raises:
        BibliographyError: If an entry is not one, or two are meant by the same words.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BibliographyError(str(error)) from error
    found: dict[str, Reference] = {}
    owners: dict[str, str] = {}
    for key, fields in tables.items():
        try:
            entry = Reference.model_validate({"key": key, **fields})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BibliographyError(f"{key}: {place}: {first['msg']}") from error
        for words in entry.cited:
            if words in owners:
                raise BibliographyError(f"{key}: {words!r} means {owners[words]!r} already")
            owners[words] = key
        found[key] = entry
    return found


def meant_by(text: str) -> tuple[Reference, ...]:
    """Return the entries that a text means, in the order in which it names them.

    Args:
        text: What a registry or a caption says of its source, such as "Kutta (1901)".
    """
    places = {
        entry.key: min(text.index(words) for words in entry.cited if words in text)
        for entry in references().values()
        if any(words in text for words in entry.cited)
    }
    return tuple(references()[key] for key in sorted(places, key=places.__getitem__))


def with_links(text: str) -> str:
    """Return a text as Markdown, behind it the links of what it means."""
    links = [
        f"[{name}](<{address}>)"
        for entry in meant_by(text)
        for name, address in entry.links.items()
    ]
    return f"{text}. {' · '.join(links)}" if links else f"{text}."
