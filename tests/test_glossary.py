"""The glossary: terms lead somewhere, are found by any of their names, and a wrong one is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.glossary import TOPICS, GlossaryError, glossary, named, read_glossary, search
from playground.lessons import lessons
from playground.references import meant_by

TERMS = glossary().values()


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_a_term_is_a_few_sentences_and_is_found_by_each_of_its_names(term):
    assert 40 <= len(term.text) <= 420
    assert term.text.endswith((".", ")"))
    assert term.text.count("$") % 2 == 0
    for name in (term.name, *term.also):
        assert named(name.upper()) is term
        assert term in search(name)
    assert search(term.name)[0].is_called(term.name)


def test_no_two_terms_share_a_name():
    names = [name.casefold() for term in TERMS for name in (term.name, *term.also)]
    assert len(names) == len(set(names))


def test_each_topic_has_terms():
    assert {term.topic for term in TERMS} == set(TOPICS)


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_the_words_of_a_lesson_are_explained(lesson):
    assert [term for term in lesson.terms if named(term) is None] == []


def test_formulas_are_closed():
    for term in TERMS:
        for formula in (term.formula, *re.findall(r"\$(.+?)\$", term.text)):
            assert formula.count("{") == formula.count("}")
            ends = [len(re.findall(rf"\\{end}(?![a-z])", formula)) for end in ("left", "right")]
            assert ends[0] == ends[1]


@given(st.text(max_size=30))
def test_a_search_of_anything_is_quiet_and_true(words):
    found = search(words)
    inside = [f"{term.name} {' '.join(term.also)} {term.text}".casefold() for term in found]
    assert all(word in text for word in words.casefold().split() for text in inside)
    assert named(words) is None or named(words) in found


def test_names_come_before_mentions():
    names = [term.name for term in search("adjoint")]
    assert names[0] == "adjoint"
    assert len(names) > 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]\ntopic='flows'", "a: text"),
        ("[a]\ntopic='cooking'\ntext='b'", "a: topic"),
        ("[a]\ntopic='flows'\ntext='b'\nsee=['c']", "'c' is no other term"),
        ("[a]\ntopic='flows'\ntext='b'\nsee=['a']", "'a' is no other term"),
        ("[a]\ntopic='flows'\ntext='b'\nsources=['nobody']", "'nobody' is not in the bibliography"),
        ("[a]\n= 1", "line 2"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(GlossaryError, match=re.escape(words)):
        read_glossary(text)


def test_years_in_a_text_are_those_of_a_source():
    for term in TERMS:
        for cited in meant_by(term.text):
            assert cited.key in term.sources
