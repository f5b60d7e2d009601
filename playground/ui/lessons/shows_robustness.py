"""Shows of the robustness laboratory: a net is trained on the page, attacked there, and checked.

A trial has both an experiment, whose net it is, and the laboratory's settings without a run: that is
the experiment's own, whoever has trained it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from playground import query
from playground.jobs import RunRecord
from playground.lessons import Trial
from playground.training.attacked import attackable
from playground.training.events import Metrics
from playground.ui.browser import browser
from playground.ui.labs.robustness_attack import draw_attack, draw_eps
from playground.ui.labs.robustness_checks import draw_check
from playground.ui.labs.robustness_checks_controls import expected
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.running import Panel, draw_run, find_run
from playground.ui.lessons.shows import SHOWS, Show, differing, draw_controls, unknown_controls

_EPS, _RUN = "eps", "run"
Draw = Callable[[Settings, RunRecord], None]


def _begin(trial: Trial, changes: Mapping[str, str]) -> None:
    SHEET.take(trial.settings, changes)


def _link(trial: Trial) -> dict[str, str]:
    usual, _ = SHEET.read(trial.settings)
    changed = differing(query.write(usual), query.write(SHEET.settings))
    return {name: text for name, text in changed.items() if name != _RUN}


def _faults(trial: Trial) -> list[str]:
    settings, faults = SHEET.read(trial.settings)
    if trial.experiment is None or not attackable(trial.experiment):
        faults.append("the trial needs an experiment whose net tells classes")
    elif trial.experiment.data.entry.image_shape is not None:
        faults.append("the trial needs an experiment on points")
    return faults + unknown_controls(trial.controls, query.write(settings))


def _drawn(draw: Draw) -> Callable[[Trial], None]:
    """Return what draws a trial: the training of its net, and, once that has finished, ``draw``."""

    def drawn(trial: Trial) -> None:
        experiment = trial.experiment
        if experiment is None:  # see _faults
            return
        draw_run(SHEET, experiment, Panel("lesson", _trained))
        run = find_run(experiment)
        if run is None or run.status != "finished" or run.checkpoint_step <= 0:
            return
        if SHEET.settings.run != run.id:
            SHEET.change({_RUN: run.id})
        settings = SHEET.settings
        slider = {_EPS: lambda settings: draw_eps(settings, run)}
        draw_controls(trial.controls, settings, SHEET.form.named, slider)
        draw(settings, run)

    return drawn


def _trained(run: RunRecord | None, metrics: list[Metrics]) -> None:
    """Draw how good the net is without attacks."""
    if run is None or not metrics or metrics[-1].validation_accuracy is None:
        st.caption("Press Train: the net has to be trained before it can be attacked.")
        return
    accuracy = metrics[-1].validation_accuracy
    st.caption(f"Accuracy on samples that it was not trained on: {accuracy:.1%}.")


def _attack(settings: Settings, run: RunRecord) -> None:
    # A plane three times as wide as high would show the ball around a sample as a bar.
    with st.container() if browser().narrow else st.columns([2, 1])[0]:
        draw_attack(settings, run, None)


def _check(settings: Settings, run: RunRecord) -> None:
    draw_check(settings, run, expected(settings, run))


def _add(name: str, summary: str, draw: Draw) -> None:
    SHOWS.add(
        Show(
            name=name,
            label="Robustness",
            summary=summary,
            page="pages/labs/robustness.py",
            begin=_begin,
            link=_link,
            draw=_drawn(draw),
            faults=_faults,
        )
    )


_add("robustness.attack", "A net is trained, and its samples are moved by an attack.", _attack)
_add(
    "robustness.checks", "A net is trained, and its robustness held against sanity checks.", _check
)
