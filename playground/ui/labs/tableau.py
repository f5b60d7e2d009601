"""The tableau editor: change a number, and see which conditions still hold and what they decide."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.convergence import (
    NoReference,
    fitted_order,
    measure,
    reference,
)
from playground.analysis.gradients import partner_of
from playground.analysis.stability import polynomial_of
from playground.charts.lines import Axis, lines
from playground.charts.regions import borders, regions
from playground.integrators import INTEGRATORS, Tableau
from playground.integrators.conditions import (
    Condition,
    order_conditions,
    reached_order,
    row_sums,
    symplecticity,
)
from playground.integrators.printed import as_written
from playground.integrators.tableau import MAX_ORDER, MAX_STAGES
from playground.systems import SYSTEMS
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.delivery import is_overtaken, put
from playground.ui.home_page import PLAYGROUND
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import EXPLICIT, SHEET, Settings
from playground.ui.labs.sketch import Sketch

_PROBLEMS = ("decay", "cosine", "logistic")
_STEPS = tuple(2**k for k in range(2, 10))
_HEIGHT = 340
_SKETCHED = 4  # order up to which a sketch's conditions are shown: as many as its chart is high
_BOX = (-6.0, 2.5, -4.2, 4.2)


def view(settings: Settings) -> None:
    """Draw the view."""
    sketch = sketch_of(settings)
    editor, checks = st.columns([1.15, 2], gap="large")
    with editor:
        _beginning(sketch)
        _cells(sketch)
        try:
            a, b, c = sketch.numbers()
        except ValueError as error:
            st.error(f"{state.plain(str(error))}.", icon=":material/error:")
            return
        _verdict(sketch, a, b, c)
    with checks:
        left, right = st.columns(2, gap="medium")
        with left:
            _orders(a, b, c)
        with right:
            _region(a, b)
        _conditions(a, b, c)
        _partner(a, b)


def draw_sketch(settings: Settings) -> None:
    """Draw the cells and the orders that are observed, without the editor's beginnings and regions."""
    sketch = sketch_of(settings)
    if browser().narrow:
        (cells, orders), conditions = st.columns([1, 2], gap="large"), st.container()
    else:
        cells, orders, conditions = st.columns([1, 1.2, 1.6], gap="large")
    with cells:
        st.markdown("##### The tableau")
        _cells(sketch)
    try:
        a, b, c = sketch.numbers()
    except ValueError as error:
        st.error(f"{state.plain(str(error))}.", icon=":material/error:")
        return
    with orders:
        _orders(a, b, c)
    with conditions:
        _conditions(a, b, c, up_to=_SKETCHED)


def sketch_of(settings: Settings) -> Sketch:
    """Return the sketch in the link, the classical method where there is none that can be read."""
    classical = Sketch.of(INTEGRATORS["rk4"].tableau)
    if not settings.tableau:
        return classical
    try:
        return Sketch.read(settings.tableau)
    except ValueError as error:
        state.say(f"In the link: {error}; the classical method is shown.")
        return classical


def _beginning(sketch: Sketch) -> None:
    known, stages = st.columns([1.6, 1], gap="small")
    with known:
        st.selectbox(
            "Start from",
            list(EXPLICIT),
            index=None,
            format_func=lambda name: EXPLICIT[name],
            placeholder="a known method",
            key="sketch:start",
            on_change=_start,
            help="Fills the cells with the coefficients of a known method.",
        )
    with stages:
        put("sketch:stages", sketch.stages)
        st.selectbox(
            "Stages",
            list(range(1, MAX_STAGES + 1)),
            index=sketch.stages - 1,
            key="sketch:stages",
            on_change=_resize,
            help="Field evaluations in a step; cells are added or cut off at the end.",
        )


def _start() -> None:
    name = st.session_state["sketch:start"]
    if name in EXPLICIT:
        SHEET.change({"tableau": Sketch.of(INTEGRATORS[name].tableau).line()})
        st.session_state["sketch:start"] = None


def _resize() -> None:
    if not is_overtaken("sketch:stages"):
        sketch = sketch_of(SHEET.settings).resized(st.session_state["sketch:stages"])
        SHEET.change({"tableau": sketch.line()})


def _cells(sketch: Sketch) -> None:
    """Draw c left of the line, a right of it, b below."""
    with st.container(key="tableau_grid", gap=None):
        for i in range(sketch.stages):
            names = [f"c{i + 1}", *(f"a{i + 1}{j + 1}" for j in range(i))]
            _row(sketch.stages, names, [sketch.c[i], *sketch.a[i]])
        with st.container(key="tableau_weights"):
            names = ["", *(f"b{i + 1}" for i in range(sketch.stages))]
            _row(sketch.stages, names, ["", *sketch.b])
    st.caption("Left of the line the nodes c, below it the weights b. Empty cells are 0.")


def _row(stages: int, names: list[str], texts: list[str]) -> None:
    columns = st.columns(stages + 1, gap="xxsmall", vertical_alignment="center", wrap=False)
    for column, cell, text in zip(columns, names, texts):
        with column:
            if not cell:
                st.markdown("b", text_alignment="right")
                continue
            key = f"sketch:{cell}"
            put(key, text)
            st.text_input(
                cell,
                value=text,
                key=key,
                help="A number or a fraction such as 1/6.",
                label_visibility="collapsed",
                placeholder="0",
                max_chars=24,
                on_change=_typed,
                args=(cell,),
            )


def _typed(cell: str) -> None:
    key = f"sketch:{cell}"
    if not is_overtaken(key):
        sketch = sketch_of(SHEET.settings).with_cell(cell, st.session_state[key])
        SHEET.change({"tableau": sketch.line()})


def _verdict(sketch: Sketch, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    order = reached_order(a, b, c)
    sums = all(each.holds for each in row_sums(a, c))
    if order == 0:
        st.error("No method: the weights do not sum to 1.", icon=":material/close:")
    elif not sums:
        st.warning(
            f"The conditions hold up to order {order}, but nodes and row sums differ, so that on a "
            "problem that depends on time the order is lower.",
            icon=":material/warning:",
        )
    else:
        st.success(f"A method of order {order}.", icon=":material/check:")
    if st.button(
        "Use in the playground",
        icon=":material/play_arrow:",
        disabled=order == 0 or not sums,
        help="Trains a net whose layers are stepped by this tableau."
        if order and sums
        else "A net takes methods whose weights sum to 1 and whose nodes are row sums.",
    ):
        tableau = Tableau.of(a.tolist(), b.tolist(), order)
        rows = [row[:i] for i, row in enumerate(tableau.a)]
        state.change(
            {
                "scheme": "custom",
                "scheme.label": "from the lab",
                "scheme.a": rows,
                "scheme.b": list(tableau.b),
                "scheme.order": order,
            }
        )
        st.switch_page(PLAYGROUND)


def _orders(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    st.markdown("##### The order that is observed")
    rows, lines_of = [], []
    for name in _PROBLEMS:
        entry = SYSTEMS[name]
        problem = entry.problem()
        try:
            points = measure(problem, entry.start, entry.horizon, as_written(a, b, c), _STEPS)
            scale = float(
                np.abs(reference(problem, entry.start, np.linspace(0, entry.horizon))).max()
            )
        except NoReference as reason:
            st.warning(f"{entry.label}: {reason}.")
            continue
        observed = fitted_order(points, scale)
        label = f"{entry.label}: {'?' if observed is None else f'{observed:.2f}'}"
        lines_of.append(label)
        kept = [p for p in points if p.error < 10 * scale]
        rows += [{"series": label, "step": p.step, "error": p.error} for p in kept]
    chart = lines(
        Axis("step", "step size h", log=True),
        Axis("error", "largest error", log=True),
        lines_of,
        height=_HEIGHT,
    )
    draw("tableau_order", chart, pd.DataFrame(rows, columns=["series", "step", "error"]))


def _region(a: np.ndarray, b: np.ndarray) -> None:
    st.markdown("##### Where it is stable")
    re, im = np.linspace(_BOX[0], _BOX[1], 301), np.linspace(_BOX[2], _BOX[3], 301)
    grid = re[None, :] + 1j * im[:, None]
    growth = np.abs(np.polynomial.polynomial.polyval(grid, polynomial_of(a, b)))
    rows = borders("this tableau", re, im, growth)
    draw("tableau_region", regions(["this tableau"], _BOX, height=_HEIGHT), rows)


def _conditions(a: np.ndarray, b: np.ndarray, c: np.ndarray, up_to: int = MAX_ORDER) -> None:
    st.markdown(f"##### Row sums, and the conditions up to order {up_to}")
    every = [*row_sums(a, c), *order_conditions(a, b, c, up_to)]
    missed = [each for each in every if not each.holds]
    st.caption(f"{len(every) - len(missed)} of {len(every)} hold.")
    table(pd.DataFrame([_shown(each) for each in every]), order=st.column_config.TextColumn())


def _shown(each: Condition) -> dict[str, object]:
    return {
        "order": "row sum" if each.order == 0 else str(each.order),
        "condition": each.text,
        "left side": f"{each.value:.6g}",
        "right side": f"{each.wanted:.6g}",
        "holds": "✓" if each.holds else "✗ missed",
    }


def _partner(a: np.ndarray, b: np.ndarray) -> None:
    st.markdown("##### The partner that steps the costate")
    st.latex(r"b_i \tilde a_{ij} + b_j a_{ji} - b_i b_j = 0 \qquad (3.23)")
    try:
        partner = partner_of(a, b)
    except ValueError as error:
        st.info(
            f"{state.plain(str(error))}. The gradient by multipliers ξ needs no division, and is exact "
            "for this tableau all the same.",
            icon=":material/info:",
        )
        return
    missed = symplecticity(a, b, partner)
    st.caption(
        f"With these coefficients ã the condition is met up to {missed:.1e}: state and costate are "
        "stepped symplectically together, and the costate is the exact gradient of the steps."
    )
    names = [f"j = {j + 1}" for j in range(len(b))]
    frame = pd.DataFrame(partner, columns=names)
    frame.insert(0, "ã", [f"i = {i + 1}" for i in range(len(b))])
    table(frame, **{name: st.column_config.NumberColumn(format="%.4g") for name in names})
