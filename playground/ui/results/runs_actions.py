"""What is done with the runs that are chosen; and the trash, from which they come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import streamlit as st

from playground.jobs import RunRecord
from playground.jobs.history import Line, thrown_away
from playground.jobs.marks import put_back, star, tag, throw_away, untag
from playground.jobs.trash import KEPT_SECONDS
from playground.ui import state
from playground.ui.home_page import PLAYGROUND
from playground.ui.results.runs_settings import SHEET
from playground.ui.results.runs_table import choose, title_of

_NAMED = 3  # runs that a message calls by their names


def do(act: Callable[[], object]) -> bool:
    """Do something to runs; where it is refused, say why. Returns whether it was done."""
    try:
        act()
    except ValueError as refused:  # Refused among them
        state.say(f"{refused}.", "error")
        return False
    return True


def draw_actions(lines: Sequence[Line], record: RunRecord | None) -> None:
    """Draw the buttons for the runs that are chosen.

    Args:
        lines: The runs.
        record: The one that is chosen, ``None`` where it is several.
    """
    own = [line.id for line in lines if _own(line)]
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="runs_actions"
    ):
        if record is not None:
            _actions_of_one(record)
        if own:
            _star(lines, own)
            _tags(lines, own)
            st.button(
                "Delete" if len(own) == 1 else f"Delete {len(own)}",
                icon=":material/delete:",
                key="runs:delete",
                on_click=lambda: _delete(own),
                help="Can be undone for a quarter of an hour. What trains is stopped.",
            )
        st.button(
            "Choose none",
            icon=":material/close:",
            key="runs:none",
            help="Takes the choice back; the runs stay.",
            type="tertiary",
            on_click=lambda: choose([]),
        )
        if len(own) < len(lines):
            st.caption(_of_others(len(lines) - len(own)))


def _of_others(number: int) -> str:
    return "It belongs to somebody else." if number == 1 else f"{number} belong to somebody else."


def _own(line: Line) -> bool:
    jobs = state.jobs()
    return line.user == jobs.user or jobs.is_teacher


def _actions_of_one(record: RunRecord) -> None:
    if st.button(
        "Open in the playground",
        icon=":material/open_in_new:",
        type="primary",
        key="runs:open",
        help="Its settings, its views and its recording.",
    ):
        _open(record)
    if not state.owns(record):
        return
    if record.status in state.ACTIVE:
        st.button(
            "Stop",
            icon=":material/stop:",
            key="runs:stop",
            on_click=lambda: do(lambda: state.jobs().stop(record.id)),
            help="End it after its present step.",
        )
    elif state.may_go_on(record):
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            key="runs:resume",
            on_click=lambda: do(lambda: state.jobs().resume(record.id)),
            help="Let it go on from its last checkpoint, in the background.",
        )


def _open(record: RunRecord) -> None:
    """Go to the playground with a run; with its settings alone where another version made it."""
    from playground.experiment import Experiment

    try:
        state.show_run(record)
    except ValueError:
        experiment, messages = Experiment.from_stored(record.experiment_json)
        for message in messages:
            state.say(f"In the run: {message}.")
        state.show_settings(experiment)
    st.switch_page(PLAYGROUND)


def _star(lines: Sequence[Line], own: Sequence[str]) -> None:
    marked = all(line.starred for line in lines if line.id in own)
    st.button(
        "Unstar" if marked else "Star",
        icon=":material/star:",
        key="runs:unstar" if marked else "runs:star",  # a second delivery must not undo the first
        on_click=lambda: do(lambda: star(state.jobs(), own, not marked)),
        help="A run with a star, a name, a tag or a note is never cleared away.",
    )


def _tags(lines: Sequence[Line], own: Sequence[str]) -> None:
    if len(own) == 1:  # whose tags stand beside its name
        return
    with st.popover("Tags", icon=":material/sell:"):
        st.text_input(
            "Add tags to all of them",
            key="runs:add_tags",
            help="Words by which the runs are found again: tag:word in the search.",
            placeholder="by commas",
            on_change=lambda: _add_tags(own),
        )
        held = sorted({word for line in lines if line.id in own for word in line.tags})
        for word in held:
            st.button(
                word,
                icon=":material/close:",
                key=f"runs:untag:{word}",
                on_click=lambda word=word: do(lambda: untag(state.jobs(), own, [word])),
                help="Take this tag off all of them.",
            )


def _add_tags(own: Sequence[str]) -> None:
    words = st.session_state["runs:add_tags"].split(",")
    if do(lambda: tag(state.jobs(), own, words)):
        st.session_state["runs:add_tags"] = ""


def _delete(own: Sequence[str]) -> None:
    if do(lambda: throw_away(state.jobs(), own)):
        choose([run_id for run_id in SHEET.settings.chosen if run_id not in own])


def draw_trash() -> None:
    """Draw what was deleted last, with the way back."""
    jobs = state.jobs()
    held = thrown_away(jobs, None if jobs.is_teacher else jobs.user)
    if not held:
        return
    last = [line for line in held if line.removed == held[0].removed]
    minutes = max(1, round((KEPT_SECONDS - (time.time() - (held[0].removed or 0))) / 60))
    names = ", ".join(title_of(line) for line in last[:_NAMED])
    more = f" and {len(last) - _NAMED} more" if len(last) > _NAMED else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_trash"):
        st.markdown(
            f":material/delete: Deleted: {state.plain(names)}{more}. "
            f"For good in about {minutes} min."
        )
        st.button(
            "Undo",
            icon=":material/undo:",
            key=f"runs:undo:{held[0].removed}",
            help="Brings back what was deleted last.",
            on_click=lambda: _back([line.id for line in last], show=True),
        )
        if len(held) > len(last):
            st.button(
                f"Restore all {len(held)} that were deleted",
                key="runs:undo_all",
                help="Brings back everything that is not deleted for good yet.",
                type="tertiary",
                on_click=lambda: _back([line.id for line in held], show=False),
            )


def _back(run_ids: Sequence[str], *, show: bool) -> None:
    if do(lambda: put_back(state.jobs(), run_ids)) and show and len(run_ids) == 1:
        choose(run_ids)
