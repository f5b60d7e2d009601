"""One training of a lab: found by its settings, steered by buttons, and drawn while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord, studies
from playground.jobs.records import TRAINING
from playground.training.events import Metrics
from playground.ui import state, troubles
from playground.ui.sheet import Sheet

LIVE_SECONDS = 1.0


@dataclass(frozen=True)
class Panel:
    """What a lab adds to a training.

    Attributes:
        name: Of the lab; begins the keys of its buttons, and is the name of its runs.
        draw: Draws what has come out; is handed the run (``None`` before there is one) and its metrics.
        total: Epochs of the run, all stages together; the experiment's own when absent.
        planned: What will be trained, in words.
        place: Where a run is, in words, given the share that is done.
        more: Draws further buttons beside those of a run that has finished.
    """

    name: str
    draw: Callable[[RunRecord | None, list[Metrics]], None]
    total: int = 0
    planned: str = ""
    place: Callable[[float], str] | None = None
    more: Callable[[RunRecord], None] | None = None


def draw_run(sheet: Sheet[Any], experiment: Experiment, panel: Panel) -> None:
    """Draw the buttons, the progress and the pictures of the training that is set."""
    run = find_run(experiment)
    moves = studies.is_going(run)
    pace = LIVE_SECONDS if moves else None
    troubles.fragment(_live, run_every=pace)(sheet, experiment, panel, sheet.settings, moves, [])


def find_run(experiment: Experiment) -> RunRecord | None:
    """Return the run of an experiment, anybody's; equal experiments come out the same."""
    return studies.find(state.jobs(), [experiment], TRAINING)[0]


def start(experiment: Experiment, name: str) -> None:
    """Hand in an experiment, unless it has a run already: a click may be delivered twice."""
    held = find_run(experiment)
    if held is None or held.status == "failed":
        state.jobs().submit(experiment, name=name)


def _live(
    sheet: Sheet[Any],
    experiment: Experiment,
    panel: Panel,
    settings: Any,
    moves: bool,
    beaten: list[bool],
) -> None:
    """Draw a training as far as it has come; run the whole page anew when it begins or ends.

    Args:
        sheet: Of the page.
        experiment: What is trained.
        panel: What the lab draws.
        settings: What the page was drawn for.
        moves: Whether it was drawn for a training that goes on.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    run = find_run(experiment)
    metrics = state.jobs().metrics(run.id) if run is not None else []
    _progress(experiment, panel, run, metrics)
    panel.draw(run, metrics)
    told = st.session_state.pop(_told(panel.name), False)
    changed = told or studies.is_going(run) != moves or sheet.settings != settings
    if not first and changed:
        st.rerun()


def _told(name: str) -> str:
    return f"{name}:told"


def _progress(
    experiment: Experiment, panel: Panel, run: RunRecord | None, metrics: list[Metrics]
) -> None:
    total = panel.total or experiment.epochs
    bar, buttons = st.columns([3, 2], vertical_alignment="center", gap="medium")
    done = min(run.epoch / total, 1.0) if run is not None else 0.0
    with bar:
        st.progress(done, text=_words(panel, run, metrics, done, total))
    with buttons, st.container(horizontal=True, gap="small"):
        _buttons(experiment, panel, run)


def _words(
    panel: Panel, run: RunRecord | None, metrics: list[Metrics], done: float, total: int
) -> str:
    if run is None:
        return f"Not trained yet: {panel.planned or f'{total:,} epochs'}"
    seconds = metrics[-1].seconds if metrics else 0.0
    if run.status == "running" and metrics:
        left = f", about {seconds * (1 - done) / done:.0f} s left" if done > 0.02 else ""
        if panel.place is not None:
            return f"{panel.place(done)} · {seconds:.0f} s{left}"
        pace = metrics[-1].samples_per_second
        return f"Epoch {run.epoch:.0f} of {total:,} · {seconds:.0f} s{left} · {pace:,.0f} samples/s"
    told = {"running": "Beginning …", "queued": "Waiting for a slot …"}.get(run.status)
    return told or f"{run.status.capitalize()}: {state.plain(run.reason)} · {seconds:.1f} s"


def _buttons(experiment: Experiment, panel: Panel, run: RunRecord | None) -> None:
    name = panel.name
    if run is None or run.status == "failed":
        button(name, "Train", "play_arrow", start, experiment, name, primary=True)
    elif studies.is_going(run):
        button(name, "Pause", "pause", lambda: state.jobs().pause(run.id))
        button(name, "Stop", "stop", lambda: state.jobs().stop(run.id))
    elif run.status in ("paused", "stopped"):
        button(name, "Go on", "play_arrow", lambda: state.jobs().resume(run.id), primary=True)
    elif panel.more is not None and run.status == "finished":
        panel.more(run)


def button(
    name: str, label: str, icon: str, act: Callable[..., None], *args: Any, primary: bool = False
) -> None:
    """Draw a button of a lab; what is refused is said on top of the page."""
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{name}:{label}",
        type="primary" if primary else "secondary",
        help=_HELP.get(label),
        on_click=_guarded,
        args=(name, act, *args),
    )


_HELP = {
    "Train both": "Trains both nets in the background, on the same batches.",
    "Train": "Trains in the background; the page may be closed meanwhile.",
    "Pause": "Halts after the present step; nothing is lost.",
    "Stop": "Ends the training after the present step; its weights are kept.",
    "Go on": "Trains on from where it halted, as if it never had.",
    "Add a stage": "Trains one more net on what the stages before have left.",
}


def _guarded(name: str, act: Callable[..., None], *args: Any) -> None:
    st.session_state[_told(name)] = True  # the whole page is drawn next: it says what was refused
    try:
        act(*args)
    except Refused as refused:
        state.say(f"{refused}.", "error")
