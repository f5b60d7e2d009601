"""The choice of a stored run whose net a laboratory looks at."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from pydantic import ValidationError

from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.presets import presets
from playground.training.studies import FLOWS
from playground.ui import state
from playground.ui.home_page import PLAYGROUND
from playground.ui.sheet import Sheet

_LISTED = 60  # newest runs of one's own to choose from


def is_flow(experiment: Experiment) -> bool:
    """Return whether a net's features flow by steps of its own, not of an adaptive solver."""
    return experiment.network.name in FLOWS and experiment.scheme.chosen.kind != "adaptive"


def run_choice(
    sheet: Sheet, chosen: str, fits: Callable[[Experiment], bool], what: str
) -> RunRecord | None:
    """Draw the choice of a trained run; return it, ``None`` where there is none.

    Args:
        sheet: Of the page; its field ``run`` takes the choice.
        chosen: Id of the run in the link, empty for the newest that fits.
        fits: Whether a run's experiment can be looked at here.
        what: What fits, in words.
    """
    runs = {run.id: run for run in state.jobs().list_runs(state.jobs().user, limit=_LISTED)}
    runs = {key: run for key, run in runs.items() if _fits(run, fits)}
    if chosen and chosen not in runs:
        try:
            linked = state.jobs().get(chosen)
        except Refused as refused:
            st.info(f"{state.plain(str(refused))}.", icon=":material/info:")
        else:
            if _fits(linked, fits):
                runs = {linked.id: linked, **runs}
            else:
                st.info(f"The run {linked.id} does not fit here: {what}.", icon=":material/info:")
    if not runs:
        st.markdown(f"There is no trained run to look at. Wanted is {what}.")
        if st.button(
            "Train one in the playground",
            icon=":material/play_arrow:",
            help="Opens the playground with a spiral; its run can then be chosen here.",
        ):
            state.start_with(presets()["spiral"].experiment)
            st.switch_page(PLAYGROUND)
        return None
    names = list(runs)
    index = names.index(chosen) if chosen in runs else 0
    sheet.form.choose("run", "Trained run", names, index, lambda key: label(runs[key]))
    return runs[names[index]]


def _fits(run: RunRecord, fits: Callable[[Experiment], bool]) -> bool:
    if run.checkpoint_step <= 0:
        return False
    try:
        return fits(run.experiment)
    except (
        ValidationError,
        ValueError,
    ):  # of a version that had other settings, or without its data
        return False


def label(run: RunRecord) -> str:
    """Return a run in a few words."""
    experiment = run.experiment
    network, options = experiment.network, experiment.network.options
    sizes = [getattr(options, name, None) for name in ("width", "depth")]
    parts = [experiment.data.entry.label, network.entry.label]
    if network.entry.uses_scheme:
        parts.append(experiment.scheme.name)
    if None not in sizes:
        parts.append("×".join(map(str, sizes)))
    words = ", ".join([*parts, f"step {run.step:,}"])
    return f"{run.name}: {words}" if run.name else words


@st.cache_data(max_entries=32, show_spinner=False)
def checkpoint_of(run_id: str, step: int) -> bytes:
    """Return the checkpoint of a run at its step."""
    return state.jobs().checkpoint(run_id) or b""
