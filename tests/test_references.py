"""The bibliography: each entry can be one, and every registry's reference leads to it."""

import importlib
import pkgutil
import re

import pytest

import playground
from playground.lessons import lessons
from playground.references import (
    BibliographyError,
    meant_by,
    read_references,
    references,
    with_links,
)
from playground.registry import Registry


def registries():
    """All registries that the package has, with no list of their names."""
    found = {}
    for module in pkgutil.walk_packages(playground.__path__, "playground."):
        # The engine's and the interface's modules hold registries of others only.
        if not re.match(r"playground\.(ui|jobs|cli|__main__|progress)", module.name):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Registry):
                    found[value.kind] = value
    return found


REGISTRIES = registries()


def test_the_registries_are_found():
    assert {"scheme", "network", "data set", "optimizer", "attack", "paper"} <= set(REGISTRIES)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_the_reference_of_each_entry_leads_to_the_bibliography(kind):
    lost = [e.name for e in REGISTRIES[kind].values() if e.reference and not meant_by(e.reference)]
    assert lost == []


def test_all_years_that_a_reference_names_are_those_of_what_it_means():
    # He et al. is meant by its year on paper, one later than on arXiv; so may others be.
    for registry in REGISTRIES.values():
        for entry in registry.values():
            years = {int(year) for year in re.findall(r"\((\d{4})\)", entry.reference)}
            meant = {found.year for found in meant_by(entry.reference)}
            for year in years:
                assert any(found and abs(found - year) <= 1 for found in meant), entry.reference


def test_no_two_entries_have_one_identifier():
    for name in ("doi", "arxiv", "url"):
        held = [getattr(entry, name) for entry in references().values() if getattr(entry, name)]
        assert len(held) == len(set(held))


def test_what_a_lesson_cites_has_the_identifier_of_the_bibliography():
    by_arxiv = {entry.arxiv: entry for entry in references().values() if entry.arxiv}
    for lesson in lessons().values():
        for source in lesson.sources:
            if source.arxiv in by_arxiv:
                first = by_arxiv[source.arxiv].title.split()[0].casefold()
                assert first in source.text.casefold()


def test_links_stand_behind_the_words_in_their_order():
    found = meant_by("Lotka (1925), Volterra (1926)")
    assert [entry.key for entry in found] == ["lotka1925", "volterra1926"]
    assert with_links("Kingma and Ba (2015)") == (
        "Kingma and Ba (2015). [arXiv:1412.6980](<https://arxiv.org/abs/1412.6980>)"
    )
    # A bracket in a DOI must not end the address.
    assert "(<https://doi.org/10.1016/0771-050X(80)90013-3>)" in with_links(
        "Dormand and Prince (1980)"
    )
    assert with_links("nobody (1700)") == "nobody (1700)."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]\ntitle = 'x'", "a: authors"),
        ("[a]\nauthors='b'\ntitle='c'\ncited=['d']\ndoi='11.1/x'", "a: doi"),
        ("[a]\nauthors='b'\ntitle='c'\ncited=['d']\narxiv='cs/123'", "a: arxiv"),
        ("[a]\nauthors='b'\ntitle='c'\ncited=['d']\nurl='javascript:x'", "a: url"),
        (
            "[a]\nauthors='b'\ntitle='c'\ncited=['d']\n[e]\nauthors='b'\ntitle='c'\ncited=['d']",
            "'d' means 'a' already",
        ),
        ("[a]\n= 1", "line 2"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(BibliographyError, match=re.escape(words)):
        read_references(text)
