"""Figure 2 of the lecture on multi-stage nets: a single stage of any size stays on its plateau."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from playground.charts.stages import spread
from playground.training.multi_stage_plans import figure_2
from playground.ui.labs.charting import draw
from playground.ui.labs.multi_stage_found import (
    Runs,
    budget_of,
    rms_of,
    seeds_of,
    spread_rows,
)
from playground.ui.labs.multi_stage_settings import SHEET, Settings
from playground.ui.labs.studying import draw_study


def plateau(settings: Settings) -> None:
    """Draw the RMS of single stages over their size and their data."""
    st.markdown("#### Figure 2: does a larger net, or more data, help a single stage?")
    panels = figure_2(settings.budget, settings.figure_scale, settings.repetitions, settings.first)
    flat = list(dict.fromkeys(e for panel in panels for row in panel.experiments for e in row))

    def results(runs: Runs) -> None:
        rms = rms_of(flat, runs)
        if not rms:
            st.caption(
                "The RMS of the error over the number of units, of layers and of points comes here, a "
                "dot for each training."
            )
            return
        for panel, column in zip(panels, st.columns(3, gap="medium")):
            with column:
                st.markdown(f"**Over {panel.title}**")
                values = [[rms.get(e) for e in row] for row in panel.experiments]
                rows = spread_rows(panel.values, "one stage", values)
                groups = tuple(str(value) for value in panel.values)
                chart = spread(panel.title, "RMS of the error", groups, ("one stage",))
                draw(f"plateau_{panel.name}", chart, rows)
        st.markdown(
            _flatness([(p.title, [[rms.get(e) for e in r] for r in p.experiments]) for p in panels])
        )
        st.caption(
            f"{budget_of(settings)}; {seeds_of(settings)}. "
            "Diamonds and bars: mean ± standard deviation of the logarithm; dots: single trainings. "
            + (
                "The loss is as it is: much of the plateau is L-BFGS's, which drops curvature below "
                "1e-10. Divide the loss by its value and it falls."
                if settings.figure_scale == "none"
                else "The loss is divided by its value: compare with the loss as it is."
            )
        )

    draw_study(SHEET, flat, results)


def _flatness(panels: Sequence[tuple[str, Sequence[Sequence[float | None]]]]) -> str:
    """Say how much each setting changes the mean of the logarithm, beside the spread of the seeds."""
    told = []
    for title, values in panels:
        logs = [np.log([v for v in row if v]) for row in values]
        logs = [each for each in logs if len(each) > 1]
        if len(logs) < 2:
            continue
        means = [each.mean() for each in logs]
        wide = math.sqrt(np.mean([each.var(ddof=1) for each in logs]))
        change = math.exp(max(means) - min(means))
        told.append(
            f"over {title} the mean changes {change:.2g} times, chance {math.exp(wide):.2g} times"
        )
    return f"From the best to the worst value: {'; '.join(told)}." if told else ""
