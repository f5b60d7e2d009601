"""The study of the Lookahead lab: trained by the engine, read from the store, compared."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from playground.charts.study import bands, whiskers
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord, studies
from playground.optimizers import OPTIMIZERS
from playground.training.events import Metrics
from playground.training.lookahead_study import Cell, Compared, compared, mean_course
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.lookahead_settings import SHEET, Settings

_BEAT_SECONDS = 1.0
_LEAST = 1e-4  # of a band on a logarithmic axis
_QUANTITIES = {"loss": "validation_loss", "accuracy": "validation_accuracy"}


@dataclass(frozen=True)
class Study:
    """What is to be compared.

    Attributes:
        base: What all trainings share.
        cells: Ways to train.
        experiments: Of each cell one for each seed.
    """

    base: Experiment
    cells: tuple[Cell, ...]
    experiments: tuple[tuple[Experiment, ...], ...]

    @property
    def flat(self) -> list[Experiment]:
        """All experiments, cell by cell."""
        return [each for row in self.experiments for each in row]


@dataclass(frozen=True)
class Found:
    """What the store has of a study: for each cell and seed the run and its metrics."""

    runs: list[list[RunRecord | None]]
    metrics: dict[str, list[Metrics]]

    @property
    def flat(self) -> list[RunRecord | None]:
        """All runs, cell by cell."""
        return [run for row in self.runs for run in row]

    def ended(self, cell: int) -> list[list[Metrics]]:
        """Return the metrics of the runs of a cell that took all their steps."""
        return [
            self.metrics[run.id]
            for run in self.runs[cell]
            if run is not None and run.status == "finished" and run.id in self.metrics
        ]

    def last(self, cell: int, quantity: str) -> list[float | None]:
        """Return the last value of a quantity for each seed, ``None`` where there is none."""
        return [
            getattr(self.metrics[run.id][-1], quantity)
            if run is not None and run.status == "finished" and self.metrics.get(run.id)
            else None
            for run in self.runs[cell]
        ]


def draw_study(study: Study, settings: Settings) -> None:
    """Draw the button that trains, the progress, and what has come out so far."""
    pace = _pace(_runs(study))
    st.fragment(_beat, run_every=pace)(study, settings, pace, [])


def _runs(study: Study) -> list[RunRecord | None]:
    return studies.find(state.jobs(), study.flat)


def _pace(runs: list[RunRecord | None]) -> float | None:
    return _BEAT_SECONDS if any(map(studies.is_going, runs)) else None


def _beat(study: Study, settings: Settings, pace: float | None, beaten: list[bool]) -> None:
    """Draw what changes while the study trains.

    Args:
        study: The study.
        settings: What the page was drawn for.
        pace: How often this is drawn, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    # A control in here runs this alone; what it has set concerns the whole page.
    if not first and SHEET.settings != settings:
        st.rerun()
    flat = _runs(study)
    seeds = len(study.experiments[0])
    rows = [flat[i : i + seeds] for i in range(0, len(flat), seeds)]
    ended = [run.id for run in flat if studies.is_done(run)]
    found = Found(rows, studies.figures(state.jobs(), ended))
    _progress(study, flat)
    if ended:
        _results(study, found, settings)
    _closer(settings)
    if ended:
        _courses(study, found, settings)
    if not first and _pace(flat) != pace:
        st.rerun()


def _progress(study: Study, runs: list[RunRecord | None]) -> None:
    total = len(runs)
    done, going = sum(map(studies.is_done, runs)), sum(map(studies.is_going, runs))
    missing = total - done - going
    bar, button = st.columns([3, 1], vertical_alignment="center", gap="medium")
    with bar:
        words = f"{done} of {total} nets are trained" + (f", {_left(runs)}" if going else "")
        st.progress(done / total, text=words)
    with button, st.container(horizontal=True, gap="small"):
        if missing:
            st.button(
                f"Train {missing} nets" if not (done or going) else f"Train the other {missing}",
                icon=":material/play_arrow:",
                type="primary",
                key="study:train",
                on_click=_hand_in,
                args=(study,),
                help="Train them in the background; the page may be closed meanwhile.",
            )
        if going:
            st.button(
                "Stop the study",
                icon=":material/stop:",
                key="study:stop",
                on_click=lambda: studies.stop(state.jobs(), _runs(study)),
                help="Stop what trains or waits; what is trained is kept.",
            )
    refused, until = st.session_state.get("study:refused", ("", 0.0))
    if time.monotonic() < until:
        st.error(f"Not started: {state.plain(refused)}.")
    failed = [run for run in runs if run is not None and run.status == "failed"]
    if failed:
        st.warning(f"{len(failed)} nets failed: {state.plain(failed[0].reason)}.")


def _left(runs: list[RunRecord | None]) -> str:
    """Return the time left in words, by how long those took that ended in the last minutes."""
    going, now = sum(map(studies.is_going, runs)), time.time()
    ends = sorted(run.ended for run in runs if studies.is_done(run) and now - run.ended < 600)
    begun = min((run.created for run in runs if studies.is_going(run)), default=now)
    since = [end for end in ends if end > begun]
    if len(since) < 3:
        return f"{going} to go"
    return f"{going} to go, about {math.ceil((now - begun) / len(since) * going)} s left"


def _hand_in(study: Study) -> None:
    try:
        studies.hand_in(state.jobs(), study.flat)
    except Refused as refused:
        until = time.monotonic() + state.MESSAGE_SECONDS
        st.session_state["study:refused"] = str(refused), until


def _results(study: Study, found: Found, settings: Settings) -> None:
    quantity = _QUANTITIES[settings.quantity]
    values = {cell: found.last(i, quantity) for i, cell in enumerate(study.cells)}
    rows = compared(values)
    head, switch = st.columns([3, 1], vertical_alignment="bottom")
    with head:
        st.markdown(
            "##### At the end, after as many gradient evaluations with Lookahead as without"
        )
    with switch:
        SHEET.form.field(settings, "quantity")
    _ends(study, rows, settings)
    _table(found, study, rows, settings)
    st.markdown(_verdict(rows, settings))
    st.caption(_limits(study, settings))


def _ends(study: Study, rows: list[Compared], settings: Settings) -> None:
    rates = tuple(settings.rates)
    names = tuple(dict.fromkeys(_short(each.cell) for each in rows))
    inners = list(dict.fromkeys(cell.inner for cell in study.cells))
    for start in range(0, len(inners), 2):
        for inner, column in zip(inners[start : start + 2], st.columns(2, gap="medium")):
            data = pd.DataFrame(
                [
                    {
                        "series": _short(each.cell),
                        "group": f"{each.cell.rate:g}",
                        "mean": each.mean,
                        "low": each.mean - (each.std or 0.0),
                        "high": each.mean + (each.std or 0.0),
                    }
                    for each in rows
                    if each.cell.inner == inner and each.count
                ],
                columns=["series", "group", "mean", "low", "high"],
            )
            with column:
                st.markdown(f"**{OPTIMIZERS[inner].label}**")
                title = f"validation {settings.quantity}"
                chart = whiskers(names, rates, "learning rate", title, _top(settings.quantity))
                draw(f"ends_{inner}", chart, data)


def _top(quantity: str) -> float | None:
    return 1.0 if quantity == "accuracy" else None


def method(cell: Cell) -> str:
    """Return how a cell's optimiser is called beside the others of the same kind."""
    return f"Lookahead, k = {cell.period}" if cell.period else "alone"


def _short(cell: Cell) -> str:
    return f"k = {cell.period}" if cell.period else "alone"  # a legend has little room


def _table(found: Found, study: Study, rows: list[Compared], settings: Settings) -> None:
    frame = pd.DataFrame(
        [
            {
                "optimiser": OPTIMIZERS[each.cell.inner].label,
                "rate": f"{each.cell.rate:g}",
                "method": method(each.cell),
                f"validation {settings.quantity}": _spread(each.mean, each.std),
                "Lookahead − alone": ""
                if each.difference is None
                else _spread(each.difference, each.error, signed=True),
                f"seeds with less {settings.quantity}": _share(each),
                "trained": f"{each.count} of {len(own)}",
                "diverged": sum(run is not None and run.status == "diverged" for run in own),
            }
            for each, own in zip(rows, found.runs)
        ]
    )
    table(frame)
    steps = math.ceil(study.base.n_train / study.base.batch_size) * study.base.epochs
    st.caption(
        f"Mean ± standard deviation over the seeds; the difference seed by seed, ± its standard error. "
        f"Every training takes {steps:,} evaluations of the gradient. Of Lookahead the slow weights are "
        "judged, as they were after the last slow update."
    )


def _share(each: Compared) -> str:
    return f"{each.less} of {each.pairs}" if each.pairs else ""


def _spread(mean: float, spread: float | None, signed: bool = False) -> str:
    if math.isnan(mean):
        return "–"
    text = f"{mean:+.4f}" if signed else f"{mean:.4f}"
    return text if spread is None else f"{text} ± {spread:.4f}"


def _verdict(rows: list[Compared], settings: Settings) -> str:
    pairs = [each for each in rows if each.difference is not None]
    if not pairs:
        return "Nothing can be compared yet."
    sign = -1 if settings.quantity == "loss" else 1
    better = [each for each in pairs if sign * each.difference > 0]
    worse = [each for each in pairs if sign * each.difference < 0]
    clear = sum(each.notable for each in better), sum(each.notable for each in worse)
    many = "1 comparison" if len(pairs) == 1 else f"{len(pairs)} comparisons"
    return (
        f"Of {many} Lookahead has the better mean validation {settings.quantity} in "
        f"**{len(better)}** ({clear[0]} by more than two standard errors) and the worse one in "
        f"**{len(worse)}** ({clear[1]} by more than two standard errors)."
    )


def _limits(study: Study, settings: Settings) -> str:
    n = settings.repetitions
    few = (
        "One repetition says nothing about chance"
        if n == 1
        else f"{n} repetitions tell large differences from chance, not small ones"
    )
    return (
        f"{few}; among many comparisons some exceed two standard errors by chance. One net "
        f"({study.base.network.options.width} features, {study.base.network.options.depth} layers), one "
        "data set and one split: it is no verdict on Lookahead, and not on Lookahead with a learning "
        "rate of its own."
    )


def looks(settings: Settings) -> dict[str, tuple[str, float]]:
    """Return the pairs of inner optimiser and rate that can be looked at closer, by name."""
    return {
        f"{inner}/{rate}": (inner, float(rate))
        for inner in settings.inner
        for rate in settings.rates
    }


def look_of(settings: Settings) -> str:
    """Return which of them is looked at."""
    names = looks(settings)
    return settings.look if settings.look in names else next(iter(names))


def look_k_of(settings: Settings) -> str:
    """Return with which k."""
    return settings.look_k if settings.look_k in settings.periods else settings.periods[0]


def _closer(settings: Settings) -> None:
    """Draw the choice of what is looked at closer, by the curves and by the landscape."""
    names, periods = looks(settings), list(settings.periods)
    chosen = look_of(settings)
    st.markdown("#### A closer look at one optimiser")
    which, k, _ = st.columns([2, 1, 2], gap="small")
    with which:
        SHEET.form.choose(
            "look",
            "Inner optimiser and rate",
            list(names),
            list(names).index(chosen),
            lambda name: f"{OPTIMIZERS[names[name][0]].label}, rate {names[name][1]:g}",
        )
    with k:
        SHEET.form.choose(
            "look_k", "k of the landscape", periods, periods.index(look_k_of(settings)), str
        )


def _courses(study: Study, found: Found, settings: Settings) -> None:
    chosen = looks(settings)[look_of(settings)]
    wanted = [i for i, cell in enumerate(study.cells) if (cell.inner, cell.rate) == chosen]
    series = tuple(_short(study.cells[i]) for i in wanted)
    left, right = st.columns(2, gap="medium")
    for column, quantity in ((left, "loss"), (right, "accuracy")):
        log = quantity == "loss"
        rows = [_course(found, i, _short(study.cells[i]), quantity, log) for i in wanted]
        title, top = f"validation {quantity}", _top(quantity)
        chart = bands(series, "gradient evaluations", title, log, top)
        with column:
            draw(f"course_{quantity}", chart, pd.concat(rows))
    st.caption(
        "Mean over the seeds and a band of one standard deviation; of trainings that took all their "
        "steps. Lookahead's curves are those of its slow weights."
    )


def _course(found: Found, cell: int, name: str, quantity: str, log: bool) -> pd.DataFrame:
    steps, mean, std = mean_course(found.ended(cell), _QUANTITIES[quantity])
    low = mean - std
    return pd.DataFrame(
        {
            "series": name,
            "step": steps,
            "mean": mean,
            "low": low.clip(min=_LEAST) if log else low,
            "high": mean + std,
        }
    )
