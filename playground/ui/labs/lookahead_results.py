"""What came out of a study: means and spreads, pair by pair, and the courses of one optimiser."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from playground.charts.study import bands, whiskers
from playground.optimizers import OPTIMIZERS
from playground.training.lookahead_study import Cell, Compared, compared, mean_course
from playground.ui.labs.charting import draw, table
from playground.ui.labs.lookahead_found import Found, Study, look_k_of, look_of, looks
from playground.ui.labs.lookahead_settings import SHEET, Settings

_LEAST = 1e-4  # of a band on a logarithmic axis
_QUANTITIES = {"loss": "validation_loss", "accuracy": "validation_accuracy"}


def results(study: Study, found: Found, settings: Settings) -> None:
    """Draw what the trainings ended with, pair by pair, and say what it comes to."""
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


def closer(settings: Settings) -> None:
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


def courses(study: Study, found: Found, settings: Settings) -> None:
    """Draw loss and accuracy over the gradient evaluations, of what is looked at closer."""
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
