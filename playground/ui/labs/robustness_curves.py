"""Accuracy over ε: several nets, each trained several times, under one attack of growing size."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.datasets import TableError
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.attack_rivals import (
    RIVALS,
    SETS,
    TRAININGS,
    Plan,
    can_rest,
    rivals,
)
from playground.training.attacked import attackable
from playground.ui import state
from playground.ui.labs.charting import table
from playground.ui.labs.images_sets import mark
from playground.ui.labs.robustness_curves_results import Named, draw_curves
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.robustness_words import training_words
from playground.ui.labs.stored import label as run_label
from playground.ui.labs.studying import draw_study

_LISTED = 60  # newest runs of one's own to choose from
_FIELDS = Settings.model_fields


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, results = st.columns([1, 3], gap="large")
    with controls:
        own = _controls(settings)
    with results:
        _results(settings, own)


def plan_of(settings: Settings) -> Plan:
    """Return how the rivals are trained."""
    return Plan(
        data=settings.curve_data,
        n_train=settings.curve_n_train,
        n_validation=settings.curve_n_validation,
        data_seed=settings.curve_data_seed,
        epochs=settings.curve_epochs,
        batch_size=settings.curve_batch,
        rate=settings.curve_rate,
        width=settings.curve_width,
        depth=settings.curve_depth,
        sigma=settings.curve_sigma,
        eps=settings.curve_train_eps,
        rest=settings.curve_rest,
    )


def experiments_of(settings: Settings) -> dict[str, list[Experiment]]:
    """Return the trainings of each net, one for each repetition.

    Raises:
        ValueError: If the choices do not fit together, or the data cannot be had.
    """
    plan = plan_of(settings)
    names = settings.curve_image_nets if plan.on_images else settings.curve_nets
    trainings, repetitions = settings.curve_trainings, settings.curve_repetitions
    return rivals(plan, names, trainings, repetitions, settings.curve_seed)


def _controls(settings: Settings) -> dict[str, RunRecord]:
    """Draw the controls; return the chosen runs of one's own by their ids."""
    form = SHEET.form
    form.slot(settings.curve_data, "curve_data", _FIELDS["curve_data"], only=SETS, mark=mark)
    nets = "curve_image_nets" if plan_of(settings).on_images else "curve_nets"
    form.many(settings, nets, {name: RIVALS[name].label for name in _legal(nets)})
    form.many(settings, "curve_trainings", TRAININGS)
    form.field(settings, "curve_repetitions")
    own = _own_runs(settings)
    with st.expander("Nets and training"):
        for name in ("curve_n_train", "curve_n_validation", "curve_epochs", "curve_batch"):
            form.field(settings, name)
        for name in ("curve_rate", "curve_width", "curve_depth", *_amounts(settings)):
            form.field(settings, name)
        form.seed(settings, "curve_data_seed")
        form.seed(settings, "curve_seed")
    st.markdown("##### Attack")
    form.slot(settings.attack, "attack", _FIELDS["attack"])
    for name in ("samples", "attack_seed", "curve_top", "curve_count", "curve_noise"):
        form.field(settings, name)
    return own


def _legal(nets: str) -> list[str]:
    wanted = nets == "curve_image_nets"
    return [name for name, rival in RIVALS.items() if rival.on_images == wanted]


def _amounts(settings: Settings) -> list[str]:
    fields = {
        "noise": "curve_sigma",
        "adversarial": "curve_train_eps",
        "steady": "curve_rest",
    }
    return [field for way, field in fields.items() if way in settings.curve_trainings]


def _own_runs(settings: Settings) -> dict[str, RunRecord]:
    jobs = state.jobs()
    runs = {run.id: run for run in jobs.list_runs(jobs.user, limit=_LISTED)}
    for run_id in settings.curve_runs:  # of a link
        if run_id not in runs:
            try:
                runs[run_id] = jobs.get(run_id)
            except ValueError as error:
                st.info(f"{state.plain(str(error))}.", icon=":material/info:")
    runs = {key: run for key, run in runs.items() if _fits(run)}
    unfit = [key for key in settings.curve_runs if key not in runs]
    if unfit:
        st.info(
            f"Left out: {state.plain(', '.join(each[:40] for each in unfit))}. Wanted are trained runs "
            "that tell classes.",
            icon=":material/info:",
        )
    if runs:
        SHEET.form.many(settings, "curve_runs", {key: run_label(run) for key, run in runs.items()})
    return {key: runs[key] for key in settings.curve_runs if key in runs}


def _fits(run: RunRecord) -> bool:
    try:
        return run.checkpoint_step > 0 and attackable(run.experiment)
    except ValueError:  # of a version that had other settings, or without its data
        return False


def _results(settings: Settings, own: dict[str, RunRecord]) -> None:
    st.markdown("#### How accuracy falls as the attack grows")
    try:
        made = experiments_of(settings)
    except (TableError, ValueError) as error:
        st.info(f"{_reason(error).rstrip('.')}.", icon=":material/info:")
        return
    if not made and not own:
        st.info(
            "Choose a net and a way to train it at least. Steady state needs a net that flows: "
            f"{', '.join(RIVALS[name].label for name in RIVALS if can_rest(name))}.",
            icon=":material/info:",
        )
        return
    if made:
        _say_left_out(settings)
        flat = [each for row in made.values() for each in row]
        st.caption(training_words(flat))
        draw_study(SHEET, flat, lambda runs: _endings(made, runs))
    named = [(name, i, each) for name, row in made.items() for i, each in enumerate(row)]
    draw_curves(settings, lambda: _found(named, own))


def _found(
    named: list[tuple[str, int, Experiment]], own: dict[str, RunRecord]
) -> tuple[list[Named], bool]:
    """Return the trained nets with their names, and whether more are on their way."""
    runs = studies.find(state.jobs(), [experiment for _, _, experiment in named])
    trained = [
        Named(name, i + 1, run)
        for (name, i, _), run in zip(named, runs)
        if run is not None and run.status == "finished" and run.checkpoint_step > 0
    ]
    besides = [Named(_own_name(run, own), 1, run) for run in own.values()]
    return trained + besides, any(map(studies.is_going, runs))


def _own_name(run: RunRecord, own: dict[str, RunRecord]) -> str:
    """Return what a run is called, with its id where another one is called so."""
    called = [run_label(each) for each in own.values()]
    name = f"own: {run_label(run)}"
    return f"{name} ({run.id[:6]})" if called.count(run_label(run)) > 1 else name


def _say_left_out(settings: Settings) -> None:
    names = settings.curve_image_nets if plan_of(settings).on_images else settings.curve_nets
    stiff = [RIVALS[name].label for name in names if not can_rest(name)]
    if "steady" in settings.curve_trainings and stiff:
        st.caption(
            f"Steady state is left out for {', '.join(stiff)}: no flow that could go on beyond T."
        )


def _endings(made: dict[str, list[Experiment]], runs: list[RunRecord | None]) -> None:
    """Say which trainings diverged, and before there are any what is going to be trained."""
    names = [name for name, row in made.items() for _ in row]
    for name, run in zip(names, runs):
        if run is not None and run.status == "diverged":
            st.warning(f"{name}: {state.plain(run.reason)}.", icon=":material/warning:")
    if not any(map(studies.is_done, runs)):
        st.caption(
            "Each net is trained with several weight seeds on the same samples. Here come their "
            "accuracies over ε: the mean, a band of one standard deviation, and chance."
        )
        with st.expander("What is trained"):
            table(_described(made))


def _described(made: dict[str, list[Experiment]]) -> pd.DataFrame:
    rows = []
    for name, row in made.items():
        first = row[0]
        options = first.network.options
        size = getattr(options, "width", None) or getattr(options, "channels", "")
        rows.append(
            {
                "net": name,
                "scheme": first.scheme.entry.label if first.network.entry.uses_scheme else "–",
                "width": str(size),
                "depth": str(getattr(options, "depth", "–")),
                "hardening": first.hardening.entry.label,
                "regulariser": first.regularizer.entry.label,
                "weight seeds": ", ".join(str(each.weight_seed) for each in row),
            }
        )
    return pd.DataFrame(rows)


def _reason(error: Exception) -> str:
    """Return what was wrong, without pydantic's words around it."""
    told = getattr(error, "errors", None)
    text = (
        "; ".join(each["msg"].removeprefix("Value error, ") for each in told())
        if told
        else str(error)
    )
    return state.plain(text)
