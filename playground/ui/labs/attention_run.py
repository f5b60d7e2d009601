"""The two trainings of the attention lab: started together, steered together, drawn while they go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from playground.datasets import TableError
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.jobs.records import TRAINING
from playground.training.attention_views import Judged, judge
from playground.training.checkpoints import unpack_weights
from playground.training.events import Metrics
from playground.ui import state, troubles
from playground.ui.labs.attention_settings import NAMES, SHEET, Settings
from playground.ui.labs.running import LIVE_SECONDS, button, start

_LAB = "attention"


@dataclass(frozen=True)
class Trained:
    """One of the nets as far as its training has come.

    Attributes:
        experiment: Its training.
        run: Its run, ``None`` before there is one.
        metrics: Its figures so far.
    """

    experiment: Experiment
    run: RunRecord | None
    metrics: list[Metrics]

    @property
    def rests(self) -> bool:
        """Whether it has trained and neither trains nor waits now."""
        return self.run is not None and self.run.status not in ("queued", "running")


@dataclass(frozen=True)
class Held:
    """The newest weights of a net that are kept: of its run at a step."""

    run_id: str
    step: int
    experiment: Experiment
    weights: bytes


Pair = dict[str, Trained]


def draw_pair(settings: Settings, draw: Callable[[Pair], None]) -> None:
    """Draw the buttons and the progress of both nets, and what a view makes of them.

    Args:
        settings: What is set.
        draw: Draws the view; is handed both nets by their names.
    """
    try:
        experiments = settings.experiments
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return
    pace = _pace(_pair(experiments))
    troubles.fragment(_beat, run_every=pace)(experiments, draw, settings, pace, [])


def _pair(experiments: Mapping[str, Experiment]) -> Pair:
    runs = studies.find(state.jobs(), list(experiments.values()), TRAINING)
    return {
        name: Trained(experiment, run, state.jobs().metrics(run.id) if run is not None else [])
        for (name, experiment), run in zip(experiments.items(), runs)
    }


def _pace(pair: Pair) -> float | None:
    return LIVE_SECONDS if any(studies.is_going(one.run) for one in pair.values()) else None


def _beat(
    experiments: Mapping[str, Experiment],
    draw: Callable[[Pair], None],
    settings: Settings,
    pace: float | None,
    beaten: list[bool],
) -> None:
    """Draw both nets as far as they are; run the whole page anew when a training begins or ends.

    Args:
        experiments: The trainings by their nets.
        draw: Draws the view.
        settings: What the page was drawn for.
        pace: How often this is drawn, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    told = st.session_state.pop(f"{_LAB}:told", False)
    if not first and (told or SHEET.settings != settings):
        st.rerun()
    pair = _pair(experiments)
    _progress(pair)
    draw(pair)
    if not first and _pace(pair) != pace:
        st.rerun()


def _progress(pair: Pair) -> None:
    finished = all(one.run is not None and one.run.status == "finished" for one in pair.values())
    widths = [1] if finished else [3, 1]  # without buttons the bars take their place
    bars, *buttons = st.columns(widths, vertical_alignment="center", gap="medium")
    with bars:
        for column, (name, one) in zip(st.columns(2, gap="medium"), pair.items()):
            total = one.experiment.epochs
            done = min(one.run.epoch / total, 1.0) if one.run is not None else 0.0
            with column:
                st.progress(done, text=f"**{NAMES[name]}** · {_words(one, total)}")
    for place in buttons:
        with place, st.container(horizontal=True, gap="small"):
            _buttons(pair)


def _words(one: Trained, total: int) -> str:
    run = one.run
    if run is None:
        return f"not trained yet: {total:,} epochs"
    if run.status == "running" and one.metrics:
        pace = one.metrics[-1].samples_per_second
        return f"epoch {run.epoch:.0f} of {total:,} · {pace:,.0f} images/s"
    told = {"running": "beginning …", "queued": "waiting for a slot …"}.get(run.status)
    seconds = one.metrics[-1].seconds if one.metrics else 0.0
    return told or f"{run.status}: {state.plain(run.reason)} · {seconds:.1f} s"


def _buttons(pair: Pair) -> None:
    runs = [one.run for one in pair.values()]
    if any(run is None or run.status == "failed" for run in runs):
        button(_LAB, "Train both", "play_arrow", _start, pair, primary=True)
    resting = [run for run in runs if run is not None and run.status in ("paused", "stopped")]
    if any(map(studies.is_going, runs)):
        button(_LAB, "Stop", "stop", lambda: studies.stop(state.jobs(), runs))
    elif resting:
        button(_LAB, "Go on", "play_arrow", _go_on, resting, primary=True)


def _start(pair: Pair) -> None:
    for name, one in pair.items():
        start(one.experiment, f"{NAMES[name]} attention")


def _go_on(resting: list[RunRecord]) -> None:
    for run in resting:
        state.jobs().resume(run.id)


def held(pair: Pair) -> dict[str, Held]:
    """Return the newest kept weights of each net that has some."""
    found = {}
    for name, one in pair.items():
        kept = state.jobs().snapshot(one.run.id) if one.run is not None else None
        if kept is not None:
            found[name] = Held(one.run.id, kept.step, one.experiment, kept.weights)
    return found


def both(pair: Pair) -> dict[str, Held] | None:
    """Return the newest weights of both nets; say what is missing where there are none."""
    found = held(pair)
    if len(found) == len(pair):
        return found
    going = any(studies.is_going(one.run) for one in pair.values())
    words = "The first weights come in a moment." if going else "This view needs both nets trained."
    st.info(words, icon=":material/hourglass_top:" if going else ":material/info:")
    return None


def judged(one: Held) -> Judged:
    """Return how a net does with its newest weights, remembered."""
    return _judged(one.run_id, one.step, one.experiment.model_dump_json(), one.weights)


@st.cache_data(max_entries=64, show_spinner=False)
def _judged(run_id: str, step: int, experiment: str, _weights: bytes) -> Judged:
    return judge(Experiment.model_validate_json(experiment), unpack_weights(_weights))
