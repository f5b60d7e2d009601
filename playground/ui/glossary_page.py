"""The glossary: words in a sentence or two, one of them closer, and the references."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from playground.glossary import TOPICS, Term, glossary, named, search
from playground.lessons import lessons
from playground.references import references
from playground.registry import Options, option
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.delivery import is_overtaken, put
from playground.ui.labs.charting import title, view_switch
from playground.ui.places import way
from playground.ui.sheet import Sheet

VIEWS = {"terms": "Words", "references": "References"}
_LESSONS = "pages/start/lessons.py"
_ALL = "all"
_SHORT = 45  # characters of a formula that stands in a line


class Settings(Options):
    """What is set on the page."""

    view: Literal[*VIEWS] = option(  # type: ignore[valid-type]
        "terms", label="View", help="Words, or where everything comes from.", labels=VIEWS
    )
    term: str = option("", label="Word", help="The word that is explained first.", max_length=60)
    search: str = option(
        "",
        label="Search",
        help="Words that the name or the explanation of a term, or a reference, has to hold.",
        max_length=60,
    )
    topic: Literal[_ALL, *TOPICS] = option(  # type: ignore[valid-type]
        _ALL,
        label="Topic",
        help="Only the words of one topic.",
        labels={_ALL: "all", **TOPICS},
    )


SHEET = Sheet("glossary", Settings)


def glossary_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Glossary and references", explained=False)
    view_switch(SHEET, VIEWS)
    left, right = st.columns([1, 3], gap="large")
    with left:
        SHEET.form.field(settings, "search", placeholder="stiff, gradient, kappa …")
    if settings.view == "references":
        with right:
            _references(settings.search)
    else:
        found = _found(settings)
        with left:
            SHEET.form.field(settings, "topic")
            _index(found, settings)
        with right:
            _terms(found, settings)
    SHEET.close()


def _found(settings: Settings) -> list[Term]:
    held = [t for t in glossary().values() if settings.topic in (_ALL, t.topic)]
    return search(settings.search, held)


def _index(found: list[Term], settings: Settings) -> None:
    """Draw the names of what was found, to choose one from."""
    chosen = named(settings.term)
    names = [term.name for term in found]
    here = chosen.name if chosen is not None and chosen.name in names else None
    key = SHEET.form.key_of("index")
    put(key, here)

    def picked() -> None:
        if not is_overtaken(key):
            SHEET.change({"term": st.session_state[key] or ""})

    st.pills(
        "Words",
        names,
        key=key,
        on_change=picked,
        help="One click explains a word in full, a second one puts it back.",
        width="stretch",
        wrap=True,
    )


def _terms(found: list[Term], settings: Settings) -> None:
    chosen = named(settings.term)
    if settings.term and chosen is None:
        words = state.plain(settings.term)
        st.info(f"There is no word {words} here. Search on the left.", icon=":material/search_off:")
    if chosen is not None:
        _closer(chosen)
    rest = [term for term in found if term is not chosen]
    if not rest and chosen is None:
        st.caption("No word is like that.")
    if settings.search:
        st.markdown("\n\n".join(map(_line, rest)))
        return
    for topic, label in TOPICS.items():
        own = [term for term in rest if term.topic == topic]
        if own:
            st.markdown(f"##### {label}\n\n" + "\n\n".join(map(_line, own)))


def _line(term: Term) -> str:
    also = f" *({', '.join(term.also)})*" if term.also else ""
    short = 0 < len(term.formula) <= _SHORT  # a longer one would be broken at the end of a line
    formula = f" ${term.formula}$" if short else ""
    return f"**{term.name}**{also}: {term.text}{formula}"


def _closer(term: Term) -> None:
    """Draw one term with all that leads on from it."""
    with st.container(border=True, key="glossary_term"):
        st.markdown(f"#### {term.name}")
        if term.also:
            st.caption(f"Also: {', '.join(term.also)} · {TOPICS[term.topic]}")
        st.markdown(term.text)
        if term.formula:
            st.latex(term.formula)
        if term.see:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.caption("See also", width="content")
                for other in term.see:
                    st.button(
                        other,
                        type="tertiary",
                        key=f"glossary:see:{other}",
                        help=f"Explain {other}.",
                        on_click=SHEET.change,
                        args=({"term": other},),
                    )
        _ways(term)
        for key in term.sources:
            st.caption(references()[key].markdown)


def _ways(term: Term) -> None:
    """Draw where a term is met, and the lessons that name it."""
    with st.container(horizontal=True, gap="small"):
        for place in term.where:
            path, label, query = way(place)
            st.page_link(path, label=label, icon=":material/arrow_forward:", query_params=query)
        for lesson in lessons().values():
            if any(named(name) is term for name in lesson.terms):
                st.page_link(
                    _LESSONS,
                    label=f"Lesson: {lesson.title}",
                    icon=":material/school:",
                    query_params={"lesson": lesson.name},
                )


def _references(words: str) -> None:
    wanted = words.casefold().split()
    found = [
        entry
        for entry in references().values()
        if all(word in f"{entry.markdown} {' '.join(entry.cited)}".casefold() for word in wanted)
    ]
    if not found:
        st.caption("No reference is like that.")
        return
    st.caption(
        f"{len(found)} of {len(references())}. Where there is neither a DOI nor an arXiv number, none is "
        "known to us."
    )
    st.markdown(
        "\n".join(f"- {entry.markdown}" for entry in sorted(found, key=lambda entry: entry.place))
    )
