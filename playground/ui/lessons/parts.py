"""The parts of a lesson: question, prediction, explanation, check, sources."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from playground.lessons import Lesson, lessons
from playground.ui import state
from playground.ui.address import RUN
from playground.ui.lessons import place
from playground.ui.lessons.shows import find

_GLOSSARY = "glossary"  # address of the page


def head(lesson: Lesson) -> None:
    """Draw the title, how long it takes, and the question."""
    names = list(lessons())
    with st.container(horizontal=True, vertical_alignment="center", key="title"):
        st.markdown(f"### {lesson.title}", width="stretch")
        st.button(
            "All lessons",
            key="lesson:list",
            help="What you tried stays in this tab.",
            icon=":material/list:",
            on_click=place.go,
            args=("",),
        )
    st.caption(
        f"Lesson {names.index(lesson.name) + 1} of {len(names)} · {lesson.level} · about "
        f"{lesson.minutes} minutes"
    )
    st.markdown(f"##### {lesson.question}")


def prediction(lesson: Lesson) -> None:
    """Draw what the reader says before the experiment."""
    key = f"lesson:{lesson.name}:said"
    choices, told = lesson.prediction.choices, place.said(lesson)
    st.radio(
        f"**Before you try it.** {lesson.prediction.ask}",
        range(len(choices)),
        index=told,
        format_func=lambda place: choices[place],
        key=key,
        help="Say it before you try; you are reminded of it afterwards.",
        on_change=lambda: place.say(lesson, st.session_state[key]),
    )


def trial_switch(lesson: Lesson) -> None:
    """Draw the choice of the trial."""
    if len(lesson.trials) == 1:
        return
    key, number = f"lesson:{lesson.name}:trial", place.trial_number(lesson)
    st.session_state[key] = number
    st.segmented_control(
        "Trial",
        range(len(lesson.trials)),
        default=number,
        required=True,
        format_func=lambda i: f"{i + 1} · {lesson.trials[i].label}",
        key=key,
        label_visibility="collapsed",
        help="Which experiment is shown.",
        on_change=lambda: place.go(lesson.name, st.session_state[key]),
    )


def begin_anew(lesson: Lesson) -> None:
    """Draw the way back to the trial's own settings, where some of them were changed."""
    trial = place.trial_of(lesson)
    show = find(trial.show)
    if set(show.link(trial)) - {RUN}:
        st.button(
            "The lesson's settings",
            key="lesson:anew",
            icon=":material/undo:",
            on_click=lambda: show.begin(trial, {}),
            help="Undo what was changed in this trial.",
        )


def look(lesson: Lesson) -> None:
    """Draw what to look for."""
    st.markdown("#### What to look for")
    st.markdown(lesson.look)


def happened(lesson: Lesson) -> None:
    """Draw the explanation, folded until it is asked for."""
    told = place.said(lesson)
    with st.expander(
        "**What happened**", icon=":material/lightbulb:", key=f"lesson:{lesson.name}:happened"
    ):
        if told is None:
            st.info(
                "You have not said yet what you expect: it is worth it.", icon=":material/edit:"
            )
        else:
            said = lesson.prediction.choices[told]
            st.info(f"You said: **{said}**. Is that what you saw?", icon=":material/history:")
        st.markdown(lesson.happened)
        if lesson.disagrees:
            st.markdown("##### Where this and a paper disagree")
            st.warning(lesson.disagrees, icon=":material/balance:")


def check(lesson: Lesson) -> None:
    """Draw the question at the end, and what there is to say to the answer."""
    st.markdown("#### Check yourself")
    choices = lesson.check.choices
    key = f"lesson:{lesson.name}:answer"
    answer = st.radio(
        f"**{lesson.check.ask}**",
        range(len(choices)),
        index=None,
        format_func=lambda i: choices[i].text,
        key=key,
        help="Try as often as you like: each answer is answered.",
    )
    if answer is None:
        return
    chosen = choices[answer]
    box, icon = (st.success, "check") if chosen.right else (st.info, "replay")
    box(chosen.feedback, icon=f":material/{icon}:")


def sources(lesson: Lesson) -> None:
    """Draw where it comes from, and the words that the glossary explains."""
    st.markdown("#### Sources")
    listed = []
    for source in lesson.sources:
        text = state.plain(source.text)
        listed.append(f"- [{text}]({source.link})" if source.link else f"- {text}")
    st.markdown("\n".join(listed))
    if lesson.terms:
        links = (f"[{term}]({_GLOSSARY}?{urlencode({'term': term})})" for term in lesson.terms)
        st.markdown("In the glossary: " + " · ".join(links))


def onward(lesson: Lesson) -> None:
    """Draw the way to the next lesson."""
    names = list(lessons())
    after = names.index(lesson.name) + 1
    if after < len(names):
        following = lessons()[names[after]]
        st.button(
            f"Next: {following.title}",
            key="lesson:next",
            help="What you tried stays in this tab.",
            icon=":material/arrow_forward:",
            type="primary",
            on_click=place.go,
            args=(following.name,),
        )
    else:
        st.button(
            "All lessons",
            key="lesson:end",
            help="What you tried stays in this tab.",
            on_click=place.go,
            args=("",),
        )
