"""The state of one browser tab: the experiment in the form, the run that is shown, the link.

The experiment is the only truth. Widgets are set from it before they are drawn, and a changed widget
changes it through ``change``; the address bar follows.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, RunRecord
from playground.query import text_of

logger = logging.getLogger(__name__)

ACTIVE = ("queued", "running")
MESSAGE_SECONDS = 20.0
SECOND_DELIVERY = 0.25  # seconds within which the same click may come again
# Where an address (http://, www., a@b) or the name of an icon or emoji (:material/x:, :x:) begins.
_LIVELY = re.compile(r":(?=material/|[\w+-]+:|//)|(?<=\bwww)(?=\.)|(?<=\w)@(?=\w)", re.IGNORECASE)
_RATES = ("optimizer.learning_rate", "optimizer.inner.learning_rate")


def jobs() -> Jobs:
    """Return the store as this browser's user sees it."""
    user = st.session_state.get("user") or st.session_state.setdefault("guest", _guest())
    held, key = st.session_state.get("jobs"), st.session_state.get("key", "")
    if held is None or (held[0].user, held[1]) != (user, key):
        held = st.session_state["jobs"] = (Jobs(user=user, key=key), key)
    guest = st.session_state.get("guest")
    if guest and user != guest:
        with suppress(Refused):  # it is tried again
            held[0].adopt(guest)
            del st.session_state["guest"]
    return held[0]


def _guest() -> str:
    # Until the browser has told its own id; then a run started in that moment is the browser's.
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


def look() -> None:
    """Note that somebody looks at the run that is shown, so that it is not cleared away."""
    if run_id() is not None:
        with suppress(Refused):
            jobs().watch(run_id())


def say(text: str, kind: str = "warning") -> None:
    """Put a message on top of the page for a while, through however many runs of the script."""
    held = st.session_state.setdefault("messages", {})
    held[(kind, plain(text))] = time.monotonic() + MESSAGE_SECONDS


def plain(text: str) -> str:
    """Return text with Markdown's signs escaped: what a link says must not become a picture or a link.

    Addresses and the names of icons are looked for after the signs have been read, so that escaping does
    not help there: a sign without width keeps them apart.
    """
    apart = _LIVELY.sub("\\g<0>\u2060", text)
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:])", r"\\\1", apart)


def show_messages() -> None:
    """Show the messages of the last while."""
    held: dict[tuple[str, str], float] = st.session_state.get("messages", {})
    for (kind, text), until in list(held.items()):
        if time.monotonic() > until:
            del held[(kind, text)]
        else:
            getattr(st, kind)(text)


def show_run(shown: RunRecord) -> None:
    """Show a run, with its settings in the form.

    Raises:
        pydantic.ValidationError: For a run of a program version that had other settings.
    """
    st.session_state["experiment"] = as_it_trains(shown)
    st.session_state["run_id"] = shown.id
    st.session_state["refused"] = ""


def show_settings(chosen: Experiment) -> None:
    """Put settings in the form; the page makes a run of them."""
    st.session_state["experiment"] = chosen
    st.session_state["run_id"] = None
    st.session_state["refused"] = ""


def release(left: str | None) -> None:
    """End a run that is shown no longer, if it is this browser's own."""
    if left is not None:
        _steer(lambda: jobs().release(left))


def start_with(chosen: Experiment) -> None:
    """Put an experiment in the form and train it as soon as the playground opens."""
    release(run_id())
    show_settings(chosen)
    st.session_state["train_at_once"] = True


def as_it_trains(shown: RunRecord) -> Experiment:
    """Return a run's experiment with the learning rate that was last set while it trained.

    Raises:
        pydantic.ValidationError: For a run of a program version that had other settings.
    """
    made = shown.experiment
    changes = [*(amendment.changes for amendment in jobs().amendments(shown.id)), shown.pending]
    rates = [each["learning_rate"] for each in changes if "learning_rate" in each]
    field = _RATES[made.optimizer.name == "lookahead"]
    return made.amended({field: text_of(rates[-1])}) if rates else made


def agrees(shown: RunRecord) -> bool:
    """Return whether a run has the settings of the form."""
    return experiment() in (shown.experiment, as_it_trains(shown))


def rename(run: str, name: str) -> None:
    """Give a run a name; the box of one that has just given way to another may report once more."""
    try:
        if jobs().get(run).name == name.strip():
            return
    except Refused:
        return
    _steer(lambda: jobs().rename(run, name.strip()))


def refusal() -> str:
    """Return why the form's settings are not the run's: what was said when it was handed in."""
    return st.session_state.get("refused", "")


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
    field = _RATES[after.optimizer.name == "lookahead"]
    if live and field in named and shown.step > 0 and owns(shown):
        rate = float(after.to_query()[field])
        _steer(lambda: jobs().change(shown.id, learning_rate=rate))
    else:
        renew(train=shown is not None and shown.status in ACTIVE and shown.until_step is None)


def owns(shown: RunRecord) -> bool:
    """Return whether this browser may steer a run."""
    return shown.user == jobs().user or jobs().is_teacher


def renew(*, train: bool) -> None:
    """Put a fresh run of the form's experiment in place of the one that is shown.

    If it is refused, the one that is shown stays and goes on; ``refusal`` says why.

    Args:
        train: Whether it trains at once; otherwise it shows its initial weights and waits.
    """
    try:
        made = jobs().submit(experiment(), until_step=None if train else 0, instead_of=run_id())
    except Refused as refused:
        st.session_state["refused"] = str(refused)
        return
    except Exception as error:  # the form has changed already: this must not pass in silence
        logger.exception("a run could not be handed in")
        words = f"this program made a mistake ({type(error).__name__}: {error})"
        st.session_state["refused"] = words
        return
    st.session_state["refused"] = ""
    st.session_state["run_id"] = made
    st.session_state["live"] = None


def back_to_the_run() -> None:
    """Put the settings of the run that is shown in the form."""
    shown = record()
    if shown is not None:
        show_run(shown)


# A click may be delivered twice, when the run of the script that it caused is interrupted. So train and
# pause say what is wanted, not what to change about the present state, and may be done twice.


def train() -> None:
    """Train: go on where the run rests, or begin anew where it has ended or is another's."""
    shown = record()
    if shown is None or not owns(shown) or not agrees(shown) or not may_go_on(shown):
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


def may_go_on(shown: RunRecord) -> bool:
    """Return whether a run can be trained further; one that failed, from its last checkpoint."""
    if shown.status == "failed":
        return shown.checkpoint_step > 0
    return shown.status not in ("finished", "diverged")


def reset() -> None:
    """Go back to the initial weights of the form's experiment."""
    renew(train=False)


def step(n_steps: int) -> None:
    """Train a few steps more and pause, as ``train`` does: of a run that has ended, the first ones.

    Steps add up, so that the second delivery of a click has to be told from a second click: it
    follows faster than a finger.
    """
    now = time.monotonic()
    if now - st.session_state.get("stepped", -1.0) < SECOND_DELIVERY:
        return
    st.session_state["stepped"] = now
    shown = record()
    if shown is None or not owns(shown) or not agrees(shown) or not may_go_on(shown):
        renew(train=False)
        shown = record()
    if shown is not None and agrees(shown):
        _steer(lambda: jobs().step(shown.id, n_steps))


def _steer(act: Callable[[], None]) -> None:
    try:
        act()
    except ValueError as refused:  # Refused among them
        say(f"{refused}.", "error")
