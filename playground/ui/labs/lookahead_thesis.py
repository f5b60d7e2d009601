"""The thesis's experiment from one initialisation: its figures 4 to 12, and the state that is moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.toy_lookahead import (
    PERIODS,
    RATES,
    START,
    STEP,
    TARGET,
    ToyRuns,
    ToySettings,
    field_on,
    first_to_stop,
)
from playground.charts.colours import CLASSES
from playground.charts.lines import Axis, lines
from playground.charts.plane import ARROWS, portrait
from playground.charts.toy import AHEAD, PLAIN, SERIES, course, courses, legend_in, with_mark
from playground.ui.exports import chart_menu
from playground.ui.labs.charting import draw
from playground.ui.labs.lookahead_settings import CELLS, SHEET, Settings
from playground.ui.labs.lookahead_toy import AXES, Cells, rules, switches, trained

_FIRST_FIGURE = 4
_UNTRAINED = "untrained"
_SHORT = {PLAIN: "descent", AHEAD: "Lookahead"}  # a legend has little room


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        switches(settings)
        SHEET.form.seed(settings, "seed")
        rules(settings)
    with charts:
        draw_courses(settings)
        _state(trained(settings, 1, settings.seed), settings)


def draw_courses(settings: Settings) -> None:
    """Draw the losses of all rates and k, and say which method was faster."""
    cells = trained(settings, 1, settings.seed)
    st.markdown("##### Loss over the iterations: figures 4 to 12 of the thesis")
    _legend()
    _panels(cells, settings)
    _verdict(cells, settings)


def _legend() -> None:
    marks = "".join(
        f'<span style="margin-right:1.4em"><span style="display:inline-block;width:1.7em;'
        f'vertical-align:middle;border-top:3px {line} {colour}"></span> {name}</span>'
        for colour, line, name in zip(CLASSES, ("solid", "dashed"), SERIES)
    )
    st.html(f'<div style="font-size:0.85rem">{marks}</div>')


def _panels(cells: Cells, settings: Settings) -> None:
    rows = [
        _rows(cells[rate, 0][1], cells[rate, k][1], settings).assign(rate=f"{rate:g}", k=k)
        for rate in RATES
        for k in PERIODS
    ]
    every = pd.concat(rows)
    highest = float(every["loss"].max())
    for row, rate in enumerate(RATES):
        for place, (k, column) in enumerate(zip(PERIODS, st.columns(3, gap="small"))):
            figure = _FIRST_FIGURE + row + 3 * place
            plain, ahead = cells[rate, 0][1], cells[rate, k][1]
            chart = course(
                f"Figure {figure}: rate {rate:g}, k = {k}",
                f"{_count(plain, settings)} against {_count(ahead, settings)}",
                AXES[settings.axis],
                highest,
            )
            shown = rows[3 * row + place][["iteration", "loss", "method"]]
            with column:
                st.vega_lite_chart(
                    {**chart, "datasets": {"rows": shown}}, key=f"figure:{figure}", width="stretch"
                )
    chart_menu("figures_4_to_12", courses(AXES[settings.axis], highest), lambda: every)


def _rows(plain: ToyRuns, ahead: ToyRuns, settings: Settings) -> pd.DataFrame:
    frames = []
    for name, runs in ((PLAIN, plain), (AHEAD, ahead)):
        iterations, losses = runs.course(0, settings.axis)
        frames.append(pd.DataFrame({"iteration": iterations, "loss": losses, "method": name}))
    return pd.concat(frames)


def _count(runs: ToyRuns, settings: Settings) -> str:
    count = f"{runs.count(settings.axis)[0]}"
    return count if runs.stopped[0] else f"more than {count}"


def _verdict(cells: Cells, settings: Settings) -> None:
    words = {}
    for axis, name in AXES.items():
        who = [
            int(first_to_stop(cells[rate, 0][1], cells[rate, k][1], axis)[0])
            for rate in RATES
            for k in PERIODS
        ]
        words[axis] = f"on the axis of **{name}** {_sides(who)}"
    first, second = (words[axis] for axis in sorted(AXES, key=lambda axis: axis != settings.axis))
    st.markdown(f"Of the nine pairs, {first}. And {second}.")
    st.caption(
        "Faster means: stopped by the rule after fewer iterations. The loss cannot reach zero, since the "
        "field stays below 1 and moves the second component from 2 to less than 4. This is one "
        "initialisation of six weights in a toy; another seed may say the opposite, and the "
        "distribution over many is in the next view."
    )


def _sides(who: list[int]) -> str:
    ahead, plain, open_ones = who.count(1), who.count(-1), who.count(0)
    words = f"Lookahead was faster in {ahead} and gradient descent in {plain}"
    return (
        f"{words}; {open_ones} cannot be told (a tie, or the limit came first)"
        if open_ones
        else words
    )


def _state(cells: Cells, settings: Settings) -> None:
    st.markdown("##### The state, moved by the trained weights in ten Euler steps")
    names, chosen = list(CELLS), CELLS[settings.cell]
    pick, _ = st.columns([1, 2])
    with pick:
        SHEET.form.choose(
            "cell",
            "Trained weights of",
            names,
            names.index(settings.cell),
            lambda name: "rate {:g}, k = {}".format(*CELLS[name]),
        )
    rate, k = chosen
    plain, ahead = cells[rate, 0][1], cells[rate, k][1]
    untrained = _start(cells[rate, 0][0], settings.seed)
    paths = {_UNTRAINED: untrained, PLAIN: plain.path[:, 0], AHEAD: ahead.path[:, 0]}
    times = STEP * np.arange(len(untrained))
    rows = pd.concat(
        [
            pd.DataFrame({"x": path[:, 0], "y": path[:, 1], "t": times, "series": name})
            for name, path in paths.items()
        ]
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _plane(rows, ahead)
    with right:
        _components(paths, times)


def _start(settings: ToySettings, seed: int) -> np.ndarray:
    from playground.analysis.toy_lookahead import initial_weights, path_of

    return path_of(*initial_weights(1, seed))[:, 0]


def _plane(rows: pd.DataFrame, ahead: ToyRuns) -> None:
    pad = 0.15
    box = (
        min(float(rows["x"].min()), START[0]) - pad,
        max(float(rows["x"].max()), TARGET[0]) + pad,
        min(float(rows["y"].min()), START[1]) - pad,
        max(float(rows["y"].max()), TARGET[1]) + 2 * pad,  # and what is written there
    )
    w, b = ahead.weights
    arrows = pd.DataFrame(field_on(w[0], b[0], box), columns=["x", "y", "angle", "speed"])
    chart = portrait("z₁", "z₂", box, SERIES, reference=_UNTRAINED, height=340)
    marked = with_mark(legend_in(chart, 2), TARGET, "target (2, 4)")
    draw("state_plane", marked, rows, {ARROWS: arrows})
    st.caption("The arrows are the field of the weights that Lookahead trained.")


def _components(paths: dict[str, np.ndarray], times: np.ndarray) -> None:
    rows = pd.concat(
        [
            pd.DataFrame({"t": times, "value": path[:, i], "series": f"{_SHORT[name]} z{'₁₂'[i]}"})
            for name, path in paths.items()
            if name != _UNTRAINED
            for i in range(2)
        ]
    )
    chart = lines(
        Axis("t", "t", domain=(0.0, float(times[-1]))),
        Axis("value", "state"),
        list(dict.fromkeys(rows["series"])),
        height=340,
    )
    draw("state_time", legend_in(chart, 2), rows)
    ends = ", ".join(
        f"{name} ({path[-1, 0]:.3f}, {path[-1, 1]:.3f})" for name, path in paths.items()
    )
    st.caption(f"At t = 2 the state is at: {ends}; the target is (2, 4).")
