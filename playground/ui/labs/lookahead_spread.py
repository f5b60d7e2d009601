"""The thesis's experiment from hundreds of initialisations: medians, quartiles, and its claims."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.toy_lookahead import (
    PERIODS,
    RATES,
    Axis,
    ToySummary,
    first_to_stop,
    summary,
)
from playground.charts.toy import ENDS, PLAIN, QUARTILES, counts
from playground.ui.labs.charting import draw, table
from playground.ui.labs.lookahead_settings import SHEET, Settings
from playground.ui.labs.lookahead_toy import AXES, Cells, rules, switches, trained


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        switches(settings)
        SHEET.form.field(settings, "count")
        SHEET.form.seed(settings, "seed")
        rules(settings)
    with charts:
        draw_spread(settings)


def draw_spread(settings: Settings) -> None:
    """Draw how long all runs took, and what it says of the thesis's claims."""
    cells = trained(settings, settings.count, settings.seed)
    made = {key: summary(*pair) for key, pair in cells.items()}
    st.markdown(f"##### Iterations of {settings.count} runs each, in {AXES[settings.axis]}")
    _strips(cells, settings)
    _table(cells, made, settings)
    _claims(cells, made)
    st.caption(
        f"All cells begin from the same {settings.count} initial weights (seed {settings.seed}). "
        "Medians of a few hundred wander by up to 30 % from seed to seed, so that small differences "
        "mean nothing. Six weights, one start and one target: what holds here need not hold for a "
        "net that learns from data."
    )


def _name(period: int) -> str:
    return f"Lookahead, k = {period}" if period else PLAIN


def _strips(cells: Cells, settings: Settings) -> None:
    methods = tuple(_name(k) for k in (0, *PERIODS))
    jitter = np.random.default_rng(0).random(settings.count)
    for rate, column in zip(RATES, st.columns(3, gap="medium")):
        rows, boxes = [], []
        every = [cells[rate, k][1].count(settings.axis) for k in (0, *PERIODS)]
        longest = float(max(count.max() for count in every))
        for k in (0, *PERIODS):
            runs = cells[rate, k][1]
            count = runs.count(settings.axis)
            ended = np.where(runs.stopped, *ENDS)
            rows.append(
                pd.DataFrame({"method": _name(k), "count": count, "ended": ended, "jitter": jitter})
            )
            low, median, high = np.percentile(count, [25, 50, 75])
            boxes.append({"method": _name(k), "low": low, "median": median, "high": high})
        chart = counts(f"rate {rate:g}", methods, AXES[settings.axis], longest)
        with column:
            name = f"iterations_{rate:g}".replace(".", "_")
            draw(name, chart, pd.concat(rows), {QUARTILES: pd.DataFrame(boxes)})


def _table(cells: Cells, made: dict[tuple[float, int], ToySummary], settings: Settings) -> None:
    rows = []
    for (rate, k), each in made.items():
        who = first_to_stop(cells[rate, 0][1], cells[rate, k][1], settings.axis)
        # A median that the limit cut off is only known to be larger.
        more = "" if each.stopped >= 0.5 else "> "
        rows.append(
            {
                "rate": f"{rate:g}",
                "method": _name(k),
                "evaluations (median)": f"{more}{each.median:g}",
                "quartiles": f"{each.quartiles[0]:.0f} to {each.quartiles[1]:.0f}",
                "slow updates (median)": f"{more}{each.slow_updates:g}" if k else "",
                "stopped by the rule": _percent(each.stopped),
                "last loss (median)": each.loss,
                "faster than gradient descent": _percent((who > 0).mean()) if k else "",
                "slower": _percent((who < 0).mean()) if k else "",
            }
        )
    table(
        pd.DataFrame(rows),
        **{"last loss (median)": st.column_config.NumberColumn(format="%.4f")},
    )
    st.caption(
        f"Faster and slower: the share of the initialisations, in {AXES[settings.axis]}; the rest were "
        "equal, or the limit ended the one that might have been faster. Quartiles are of the "
        "evaluations."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _claims(cells: Cells, made: dict[tuple[float, int], ToySummary]) -> None:
    said, found = st.columns(2, gap="large")
    with said:
        st.markdown(
            "##### What the thesis claims\n"
            "- “… the Lookahead optimizer, in particular, showed faster convergence compared to "
            "Standard Gradient Descent, a trend that is evident from the fewer number of iterations "
            "required for convergence in the aforementioned figures.”\n"
            "- “… while the Lookahead optimizer exhibited a smooth convergence, the Standard Gradient "
            "Descent occasionally showed oscillatory behaviors, especially at higher learning rates.”"
        )
    with found:
        st.markdown(
            "##### What is measured here\n"
            f"- {_speed(cells, 'slow')}; {_speed(cells, 'evaluations')}. {_holds(cells)}.\n"
            f"- {_cost(made)}.\n"
            f"- {_oscillation(made)}."
        )


def _shares(cells: Cells, axis: Axis) -> tuple[float, float]:
    """Return the shares of all pairs in which Lookahead was faster and slower."""
    pairs = [(cells[rate, 0][1], cells[rate, k][1]) for rate in RATES for k in PERIODS]
    who = np.concatenate([first_to_stop(plain, ahead, axis) for plain, ahead in pairs])
    return float((who > 0).mean()), float((who < 0).mean())


def _holds(cells: Cells) -> str:
    """Return on which axis the claim of faster convergence holds, in words."""
    slow, evaluations = (
        faster > slower for faster, slower in (_shares(cells, axis) for axis in AXES)
    )
    if slow == evaluations:
        return f"So Lookahead is {'faster' if slow else 'not faster'}, however it is counted"
    which = "slow updates and not in gradients" if slow else "gradients and not in slow updates"
    return f"So “faster” holds in {which}; a slow update costs k gradients"


def _speed(cells: Cells, axis: Axis) -> str:
    faster, slower = (100 * share for share in _shares(cells, axis))
    return f"counted in {AXES[axis]}, Lookahead was faster in {faster:.0f} % and slower in {slower:.0f} %"


def _cost(made: dict[tuple[float, int], ToySummary]) -> str:
    parts = []
    for rate in RATES:
        plain, ahead = made[rate, 0], [made[rate, k] for k in PERIODS]
        if plain.stopped < 0.5 or any(each.stopped < 0.5 for each in ahead):
            parts.append(f"unknown at rate {rate:g} (the limit cut most runs off)")
            continue
        ratios = [each.median / plain.median for each in ahead]
        low, high = f"{min(ratios):.1f}", f"{max(ratios):.1f}"
        times = low if low == high else f"{low} to {high}"
        parts.append(f"{times} times at rate {rate:g}")
    return (
        "median gradient evaluations of Lookahead, as multiples of gradient descent's: "
        + ", ".join(parts)
    )


def _oscillation(made: dict[tuple[float, int], ToySummary]) -> str:
    plain = ", ".join(f"{100 * made[rate, 0].rose:.0f} % at {rate:g}" for rate in RATES)
    ahead = ", ".join(
        f"{100 * np.mean([made[rate, k].rose for k in PERIODS]):.0f} % at {rate:g}"
        for rate in RATES
    )
    return (
        f"runs whose loss rose at least once: gradient descent {plain}; Lookahead, from one slow update "
        f"to the next, {ahead}"
    )
