"""The state of one browser tab: the experiment in the form, the run that is shown, the link.

The experiment is the only truth. Widgets are set from it before they are drawn, and a changed widget
changes it through ``change``; the address bar follows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, RunRecord
from playground.query import text_of

ACTIVE = ("queued", "running")
MESSAGE_SECONDS = 20.0
SECOND_DELIVERY = 0.25  # seconds within which the same click may come again
RUN = "run"  # name of the run's id in a link
_RATES = ("optimizer.learning_rate", "optimizer.inner.learning_rate")


def jobs() -> Jobs:
    """Return the store as this browser's user sees it."""
    user = st.session_state.get("user") or st.session_state.setdefault("guest", _guest())
    held = st.session_state.get("jobs")
    if held is None or held.user != user:
        held = st.session_state["jobs"] = Jobs(user=user)
    return held


def _guest() -> str:
    # Until the browser has told its own id; a run started in that moment belongs to this tab.
    import secrets

    return secrets.token_hex(16)


def experiment() -> Experiment:
    """Return the experiment in the form."""
    return st.session_state.setdefault("experiment", Experiment())


def run_id() -> str | None:
    """Return the id of the run that is shown, ``None`` before the first."""
    return st.session_state.get("run_id")


def record() -> RunRecord | None:
    """Return the run that is shown, ``None`` if there is none (any more)."""
    if run_id() is None:
        return None
    try:
        return jobs().get(run_id())
    except Refused:
        st.session_state["run_id"] = None
        return None


def say(text: str, kind: str = "warning") -> None:
    """Put a message on top of the page for a while, through however many runs of the script."""
    held = st.session_state.setdefault("messages", {})
    held[(kind, plain(text))] = time.monotonic() + MESSAGE_SECONDS


def plain(text: str) -> str:
    """Return text with Markdown's signs escaped: what a link says must not become a picture or a link."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:])", r"\\\1", text)


def show_messages() -> None:
    """Show the messages of the last while."""
    held: dict[tuple[str, str], float] = st.session_state.get("messages", {})
    for (kind, text), until in list(held.items()):
        if time.monotonic() > until:
            del held[(kind, text)]
        else:
            getattr(st, kind)(text)


def open_link() -> None:
    """Take experiment and run from the address, the first time that this tab sees it."""
    link = {k: v for k, v in st.query_params.to_dict().items() if k != "embed"}
    # A browser reports its address a moment late: one that this tab has had before is no new link.
    if not link or not _first_sight(link):
        return
    values: Mapping[str, Any] = {k: v for k, v in link.items() if k != RUN}
    if values:
        st.session_state["experiment"], messages = Experiment.from_query(values)
        for message in messages:
            say(f"In the link: {message}.")
    if RUN in link and link[RUN] != run_id():
        _attach(link[RUN])


def _first_sight(link: Mapping[str, str]) -> bool:
    """Note a link, and return whether this tab has not had it before."""
    seen: set[frozenset[tuple[str, str]]] = st.session_state.setdefault("links", set())
    known = frozenset(link.items())
    if known in seen:
        return False
    seen.add(known)
    return True


def _attach(wanted: str) -> None:
    try:
        shown = jobs().get(wanted)
    except Refused as refused:
        say(f"In the link: {refused}.")
        return
    st.session_state["run_id"] = wanted
    st.session_state["experiment"] = as_it_trains(shown)


def start_with(chosen: Experiment) -> None:
    """Put an experiment in the form and train it as soon as the playground opens."""
    old = record()
    if old is not None and owns(old):
        _steer(lambda: jobs().stop(old.id))
    st.session_state["experiment"] = chosen
    st.session_state["run_id"] = None
    st.session_state["train_at_once"] = True


def as_it_trains(shown: RunRecord) -> Experiment:
    """Return a run's experiment with the learning rate that was last set while it trained."""
    made = Experiment.model_validate_json(shown.experiment_json)
    rates = [a.changes["learning_rate"] for a in jobs().amendments(shown.id)]
    field = _RATES[made.optimizer.name == "lookahead"]
    return made.amended({field: text_of(rates[-1])}) if rates else made


def write_link() -> None:
    """Bring the address to what is shown."""
    link = experiment().to_query()
    if run_id():
        link[RUN] = run_id()
    _first_sight(link)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def change(values: Mapping[str, Any]) -> None:
    """Change fields of the experiment by their dotted names.

    What no longer fits beside them (the width, where the data have more inputs) follows, and is said.
    A new learning rate goes to the run that is training; anything else makes another run of it.
    """
    named = {name: text_of(value) for name, value in values.items()}
    before = experiment()
    try:
        after, notes = before.adapted(named)
    except ValueError as error:
        say(str(error))
        return
    for note in notes:
        say(note, "info")
    if after == before:
        return
    st.session_state["experiment"] = after
    shown = record()
    live = set(named) <= set(_RATES) and shown is not None and shown.status in (*ACTIVE, "paused")
    if live and shown.step > 0 and owns(shown):
        (rate,) = (float(v) for v in named.values())
        _steer(lambda: jobs().change(shown.id, learning_rate=rate))
    else:
        renew(train=shown is not None and shown.status in ACTIVE and shown.until_step is None)


def owns(shown: RunRecord) -> bool:
    """Return whether this browser may steer a run."""
    return shown.user == jobs().user or jobs().is_teacher


def renew(*, train: bool) -> None:
    """Put a fresh run of the form's experiment in place of the one that is shown.

    Args:
        train: Whether it trains at once; otherwise it shows its initial weights and waits.
    """
    old = record()
    try:
        made = jobs().submit(experiment(), until_step=None if train else 0)
    except Refused as refused:
        say(f"Not started: {refused}.", "error")
        return
    st.session_state["run_id"] = made
    st.session_state["live"] = None
    if old is not None and owns(old):
        # A run that never trained is only a preview of the form; nobody will look for it again.
        _steer(lambda: jobs().delete(old.id) if old.step == 0 else jobs().stop(old.id))


# A click may be delivered twice, when the run of the script that it caused is interrupted. So train and
# pause say what is wanted, not what to change about the present state, and may be done twice.


def train() -> None:
    """Train: go on where the run was paused, or begin anew where it has ended or is another's."""
    shown = record()
    if shown is None or not owns(shown) or shown.status in ("finished", "diverged", "failed"):
        renew(train=True)
    elif not trains(shown):
        _steer(lambda: jobs().resume(shown.id))


def pause() -> None:
    """Halt the run after its present step."""
    shown = record()
    if shown is not None and trains(shown):
        _steer(lambda: jobs().pause(shown.id))


def trains(shown: RunRecord) -> bool:
    """Return whether a run trains, or waits to, without a step at which it pauses."""
    return shown.status in ACTIVE and shown.until_step is None


def reset() -> None:
    """Go back to the initial weights of the form's experiment."""
    renew(train=False)


def step(n_steps: int) -> None:
    """Train a few steps more and pause.

    Steps add up, so that the second delivery of a click has to be told from a second click: it
    follows faster than a finger.
    """
    now = time.monotonic()
    if now - st.session_state.get("stepped", -1.0) < SECOND_DELIVERY:
        return
    st.session_state["stepped"] = now
    shown = record()
    if shown is None or not owns(shown):
        renew(train=False)
        shown = record()
    if shown is not None:
        _steer(lambda: jobs().step(shown.id, n_steps))


def _steer(act: Any) -> None:
    try:
        act()
    except Refused as refused:
        say(f"{refused}.", "error")
