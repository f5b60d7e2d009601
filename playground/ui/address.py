"""The address of the page: what a link says, and where the back button leads.

A link holds the settings and the run. The settings are what somebody may have edited by hand, so
they win where the two do not agree.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from playground.analysis.differences import changes
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.ui import state, teaching
from playground.ui.browser import told, travelled

RUN = "run"  # name of the run's id in a link
_LONGEST = 40  # characters of an id that a message repeats


def enter(page: str) -> None:
    """Note which page is drawn: a link counts when somebody comes to a page, not in every run.

    Streamlit reports an address a moment late, and keeps the one with which a tab began; so while
    the tab stays on its page, only ``travelled`` is believed.
    """
    if st.session_state.get("page") != page:
        st.session_state["page"] = page
        st.session_state["arrived"] = True


def open_link() -> None:
    """Take settings and run from the address, when this tab comes to the page or goes back."""
    back = travelled()
    if back is not None:
        st.session_state["arrived"] = False
        take(back, back=True)
    elif st.session_state.get("arrived", True):
        link = {k: v for k, v in st.query_params.to_dict().items() if not k.startswith("embed")}
        take(link, back=False)
        st.session_state["arrived"] = False


def link() -> dict[str, str]:
    """Return the link to what is shown."""
    if teaching.followed_code():
        return {teaching.FOLLOW: teaching.followed_code()}
    run = {RUN: state.run_id()} if state.run_id() else {}
    return {**state.experiment().to_query(), **run, **teaching.link()}


def short_link() -> dict[str, str]:
    """Return a link to what is shown that is short enough for a QR code.

    A run that has been trained is kept, and its id says all. Otherwise only what differs from the
    settings with which everybody begins is written.
    """
    if teaching.followed_code():
        return link()
    shown = state.record()
    if shown is not None and shown.step > 0 and state.agrees(shown):
        return {RUN: shown.id, **teaching.link()}
    return {**changes(Experiment(), state.experiment()), **teaching.link()}


def asked(*, drawn: bool = False) -> tuple[object, ...]:
    """Return what the page is drawn from: the link, what the browser has told, and the class.

    A browser sends together what happens in one moment, and as news of a fragment if any of it is.
    Then only the fragment runs, although the callbacks of all the widgets have been called.

    Args:
        drawn: Whether this is what the page that is being drawn shows, not what holds now.
    """
    return link(), told(), teaching.told_first() if drawn else teaching.told()


def take(link: Mapping[str, str], *, back: bool) -> None:
    """Show what a link says: its settings, and its run if that has these settings.

    Args:
        link: Settings of an experiment, and the id of a run.
        back: Whether somebody goes back to what this tab has shown before.
    """
    if not link:
        return
    link = teaching.take(link)
    fields = {name: text for name, text in link.items() if name != RUN}
    wanted = None
    if fields:
        wanted, messages = Experiment.from_query(fields)
        for message in messages:
            state.say(f"In the link: {message}.")
    run = _run(link[RUN], wanted, quiet=back) if RUN in link else None
    before = state.run_id()
    if run is not None:
        state.show_run(run)
    elif wanted is not None:
        state.show_settings(wanted)
    if back and before != state.run_id():
        state.release(before)


def _run(run_id: str, wanted: Experiment | None, *, quiet: bool) -> RunRecord | None:
    """Return the run of a link, or say why it is not shown.

    Args:
        run_id: What the link says.
        wanted: The settings in the link, ``None`` where it has none.
        quiet: Whether a run that is gone is no news.
    """
    try:
        run = state.jobs().get(run_id)
        trained = (run.experiment, state.as_it_trains(run))
    except Refused as refused:
        if not quiet:
            rest = "its settings are shown" if wanted else "nothing of it can be shown"
            state.say(f"In the link: {_short(refused, run_id)}; {rest}.", "info")
        return None
    except ValueError:
        state.say(
            f"In the link: the run {run_id} was made by another version of this program, which "
            "understood its settings differently; it cannot be shown."
        )
        return None
    if wanted is None or any(_equal(wanted, experiment) for experiment in trained):
        return run
    state.say(
        f"In the link: the settings are not those of the run {run_id}. The settings of the link are "
        "shown, with a run of their own."
    )
    return None


def _short(refused: Refused, run_id: str) -> str:
    text = str(refused)
    return text if len(run_id) <= _LONGEST else text.replace(run_id[_LONGEST:], "…")


def _equal(one: Experiment, other: Experiment) -> bool:
    """Compare as links do: what no link can tell apart is the same."""
    return one == other or one.to_query() == other.to_query()
