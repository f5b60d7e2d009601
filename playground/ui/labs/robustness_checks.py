"""Sanity checks: attacks that have to agree where a net's robustness is real and not hidden gradients."""

from __future__ import annotations

import streamlit as st

from playground.jobs import Refused, RunRecord
from playground.jobs.evaluations import EvaluationTask, evaluations
from playground.jobs.reports import Kept, Reports
from playground.training.attacked import attackable
from playground.training.evaluation_settings import Evaluation
from playground.ui import state, troubles
from playground.ui.labs.robustness_checks_controls import Expected, controls
from playground.ui.labs.robustness_checks_report import draw_report, explain
from playground.ui.labs.robustness_checks_stored import draw_stored, wanted
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.stored import run_choice

LIVE_SECONDS = 1.0
_TASK = "robustness:check"


def view(settings: Settings) -> None:
    """Draw the view."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        run = run_choice(
            SHEET, settings.run, attackable, "a net that was trained to tell classes apart"
        )
        expected = controls(settings, run) if run is not None else None
    if run is None:
        return
    with right:
        shown = draw_check(settings, run, expected)
        draw_stored(Reports(state.jobs().store).of(run.id), run, shown)
        explain()


def draw_check(settings: Settings, run: RunRecord, expected: Expected | None) -> Kept | None:
    """Draw the button that checks a run, the progress, and the report of the settings; return that.

    Args:
        settings: What is set.
        run: The run that is checked.
        expected: What a press on the button does, ``None`` where there is nothing to attack.
    """
    runs = _checking(run, expected)
    shown = wanted(settings, run, Reports(state.jobs().store).of(run.id))
    _shown(run, shown, runs)
    return shown


def _shown(run: RunRecord, shown: Kept | None, runs: bool) -> None:
    """Draw the report of the settings, and say where there is none, or one of an earlier net."""
    if shown is None:
        if not runs:
            st.caption(
                "There is no report with these settings. Press *Check this run*: it is attacked in a "
                "process of its own, and the report is kept with the run."
            )
        return
    if not shown.is_of(run):
        st.warning(
            f"This is a report of the net after step {shown.made.step:,}. The run was trained on since "
            f"then, to step {run.checkpoint_step:,}: this is not what the net does now.",
            icon=":material/history:",
        )
    draw_report(shown)


def _checking(run: RunRecord, expected: Expected | None) -> bool:
    """Draw the one button that starts or stops, and the progress; return whether it goes on."""
    task = _going(run)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if task is None:
            if expected is not None:
                st.button(
                    "Check this run",
                    key="robustness:start",
                    help="Attacks the net in every way of the list; it can be stopped.",
                    icon=":material/fact_check:",
                    type="primary",
                    on_click=_start,
                    args=(run.id, expected.evaluation),
                )
                st.caption(expected.words)
        elif task.user == state.jobs().user:
            st.button(
                "Stop",
                key="robustness:stop",
                icon=":material/stop:",
                help="Ends the checks; nothing of them is stored.",
                on_click=_stop,
                args=(task,),
            )
        else:
            st.caption("Somebody else has this run checked now:")
    set_now = expected is not None and task is not None and task.evaluation == expected.evaluation
    seconds = expected.seconds if set_now else None
    pace = LIVE_SECONDS if task is not None else None
    troubles.fragment(_progress, run_every=pace)(task, seconds, [])
    _ending(run)
    return task is not None


def _going(run: RunRecord) -> EvaluationTask | None:
    """Return the evaluation of the run that goes on, somebody else's where there is none of one's own."""
    held = evaluations().get(st.session_state.get(_TASK))
    if held is not None:
        held.user = state.jobs().user  # a click may come before the browser has told its id
    return evaluations().going(state.jobs().user, run.id)


def _progress(task: EvaluationTask | None, seconds: float | None, beaten: list[bool]) -> None:
    """Draw how far an evaluation is; run the whole page anew when it has ended.

    Args:
        task: The one that goes on.
        seconds: How long it will take, where that is known.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    if task is None:
        return
    task.look()
    of = f" of about {max(seconds, 1):.0f} s" if seconds is not None else " s"
    place = state.plain(task.what) if task.what else "The process begins"
    st.progress(task.share, text=f"{place} · {task.seconds:.0f}{of}")
    if not first and not task.runs:  # never in the page's own run
        st.rerun()


def _ending(run: RunRecord) -> None:
    """Say how the last evaluation ended, where that was not with a report."""
    task = evaluations().get(st.session_state.get(_TASK))
    if task is None or task.run != run.id or task.runs or task.status == "finished":
        return
    box = st.error if task.status == "failed" else st.info
    box(f"{state.plain(task.reason)} Nothing was stored.", icon=":material/info:")


def _start(run_id: str, evaluation: Evaluation) -> None:
    SHEET.change({"run": run_id, "source": evaluation.source, "check_step": -1})
    try:
        jobs = state.jobs()
        task = evaluations().check(jobs.user, jobs.settings.home, run_id, evaluation)
    except Refused as refused:
        state.say(f"{refused}.", "error")
        return
    st.session_state[_TASK] = task.id


def _stop(task: EvaluationTask) -> None:
    evaluations().stop(task, "Stopped by hand.")
