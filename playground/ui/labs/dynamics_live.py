"""What moves in the dynamics lab: progress, fields, trajectories, loss; all one fragment."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.analysis.learned import Errors, Picture
from playground.analysis.observed import Observed
from playground.charts.dynamics import (
    LATER,
    LEARNED,
    SAMPLES,
    TRUE,
    component_chart,
    field_chart,
)
from playground.charts.lines import Axis, lines
from playground.charts.plane import ARROWS
from playground.jobs.fits import Fit
from playground.ui import state
from playground.ui.labs.charting import draw
from playground.ui.labs.dynamics_rows import (
    arrow_rows,
    in_plane,
    learned_paths,
    over_time,
    sample_rows,
    thinned,
    true_arrow_rows,
    true_paths,
)
from playground.ui.labs.dynamics_settings import SHEET, Settings

LIVE_SECONDS = 1.0
_SLIDER_HEIGHT = 84  # pixels
_TROUBLES = {"diverged": "warning", "failed": "error"}


def live(
    settings: Settings, observed: Observed, fit: Fit | None, moves: bool, beaten: list[bool]
) -> None:
    """Draw a fit as far as it has come; run the whole page anew when it has ended.

    Args:
        settings: What is set.
        observed: The samples.
        fit: The fit of these settings, ``None`` before there is one.
        moves: Whether the page was drawn for one that goes on.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    runs = fit is not None and fit.runs
    first = not beaten
    beaten[:] = [True]
    if fit is not None:
        fit.look()
    with st.container(key="dynamics_live"):
        _progress(settings, fit)
        above = st.container()
        with st.container(height=_SLIDER_HEIGHT, border=False):  # nothing below it jumps
            at, drawn = _moment(fit, runs)
        with above:
            _figures(drawn.errors if drawn else None, observed)
            _planes(settings, observed, drawn, at)
        _components(settings, observed, drawn)
        _curves(settings, fit)
    # Never in the page's own run, whose widgets would lose what they were told.
    if not first and (moves != runs or SHEET.settings.shown != settings.shown):
        st.rerun()


def _progress(settings: Settings, fit: Fit | None) -> None:
    """Say how far a fit is and how long it will take, or how it ended."""
    if fit is None:
        st.caption(
            "Press Train: the fit begins with random weights, and what it learns is drawn live."
        )
        return
    rows = fit.rows
    done, seconds = (int(rows[-1][0]), rows[-1][4]) if rows else (0, 0.0)
    total = settings.iterations
    if fit.runs:
        text = "The fit is being prepared …"
        if rows:
            left = seconds / done * (total - done)
            text = f"Iteration {done:,} of {total:,} · {seconds:.0f} s · about {left:.0f} s left"
        if fit.stopping:
            text = "Stopping …"
        st.progress(min(done / total, 1.0), text=text)
        return
    size = ""
    if fit.began:
        size = f" {fit.began['parameters']:,} parameters, {fit.began['segments']:,} segments."
        if fit.began["segment"] < settings.segment:
            size += (
                f" A segment has {fit.began['segment']} gaps: the shortest trajectory has no more."
            )
    # In the place of the bar, and as high: nothing below it jumps when a fit ends.
    text = f"{state.plain(fit.reason)} Iteration {done:,}, {seconds:.1f} s.{size}"
    if fit.status in _TROUBLES:
        getattr(st, _TROUBLES[fit.status])(text)
    else:
        st.progress(min(done / total, 1.0), text=text)


def _moment(fit: Fit | None, runs: bool) -> tuple[int, Picture | None]:
    """Return the newest picture of a fit that runs; of one that rests, the one that is chosen."""
    if fit is None or not fit.pictures:
        st.caption("When a fit rests, a slider here leads through its iterations.")
        return 0, None
    held = list(fit.pictures)
    chosen, moments = held[-1], dict(held)
    if runs or len(moments) == 1:
        st.caption("When the fit rests, a slider here leads through its iterations.")
    else:
        at = st.select_slider(
            "Fields and trajectories after iteration",
            list(moments),
            value=list(moments)[-1],
            format_func=lambda i: f"{i:,}",
            key=f"dynamics:moment:{fit.id}",
            help="The fit as it was then: what was learned is kept at these iterations.",
        )
        chosen = at, moments[at]
    return chosen[0], Picture.from_json(chosen[1])


def _figures(errors: Errors | None, observed: Observed) -> None:
    known = observed.truth is not None
    shown = {
        "Field, near samples": (
            errors and errors.field_near,
            "Mean length of the difference of the fields, divided by the mean length of the true "
            "one, at the points of a grid that have a sample nearby.",
        ),
        "Field, whole box": (
            errors and errors.field,
            "The same at all points of the grid, also where no sample was.",
        ),
        "Path, trained time": (
            errors and errors.inside,
            f"Root mean square distance from {'the truth' if known else 'the samples'}, divided by "
            "its spread, over the time that was trained on.",
        ),
        "Path, beyond it": (
            errors and errors.beyond,
            "The same over the time after that: extrapolation.",
        ),
    }
    st.markdown("##### Relative errors of what is learned")
    for column, (name, (value, text)) in zip(st.columns(4), shown.items()):
        none = "–" if errors is None or (name.startswith("Field") and not known) else "flew away"
        if "beyond" in name and (observed.until >= observed.grid[:, -1]).all():
            none = "–"
        with column:
            st.metric(name, none if value is None else f"{100 * value:.3g} %", help=text)


def _planes(settings: Settings, observed: Observed, drawn: Picture | None, at: int) -> None:
    left, right = st.columns(2, gap="medium")
    samples, truth = sample_rows(observed), true_paths(observed)
    flat, known = observed.dim == 1, observed.truth is not None
    names = ("t", observed.names[0]) if flat else observed.names[:2]
    low, high = observed.box()
    across = (observed.grid.min(), observed.grid.max()) if flat else (low[0], high[0])
    box = (*across, low[-1 if flat else 1], high[-1 if flat else 1])
    with left:
        st.markdown(
            "##### The true field and the samples" if observed.problem else "##### The samples"
        )
        arrows = true_arrow_rows(observed)
        draw(
            "true_field",
            field_chart(*names, box, TRUE, known=known),
            in_plane(truth, flat),
            {ARROWS: arrows, SAMPLES: in_plane(samples, flat)},
        )
    with right:
        after = f" after {at:,} iterations" if drawn else ""
        st.markdown(f"##### The learned field{after}")
        learned = learned_paths(observed, drawn)
        draw(
            "learned_field",
            field_chart(*names, box, LEARNED, known=known),
            in_plane(pd.concat([truth, learned]), flat),
            {
                ARROWS: arrow_rows(None if drawn is None else drawn.arrows),
                SAMPLES: in_plane(samples, flat).iloc[:0],
            },
        )
    notes = ["Grey: truth. " if observed.problem else "", "Blue: learned. Points: samples. "]
    notes.append("Dashed: beyond the time that is trained on.")
    if observed.dim > 2:
        notes.append(" The arrows hold the third component in the middle of its range.")
    if settings.with_time and observed.dim > 1:
        notes.append(" The arrows are those of the first moment.")
    st.caption("".join(notes))


def _components(settings: Settings, observed: Observed, drawn: Picture | None) -> None:
    many = len(observed.times)
    chosen = min(settings.shown, many) - 1
    title, choice = st.columns([3, 1], vertical_alignment="center")
    with title:
        st.markdown(f"##### Trajectory {chosen + 1} over time")
    with choice:
        SHEET.form.choose(
            "shown",
            "Trajectory over time",
            [str(i + 1) for i in range(many)],
            chosen,
            lambda name: f"trajectory {name}",
        )
    grid, until = observed.grid[chosen], float(observed.until[chosen])
    low, high = observed.box()
    paths = pd.concat([true_paths(observed), learned_paths(observed, drawn)])
    paths, samples = (
        rows[rows["trajectory"] == chosen + 1] for rows in (paths, sample_rows(observed))
    )
    later = pd.DataFrame({"start": [until], "end": [float(grid[-1])]})
    later = later[later["start"] < later["end"]]
    for c, (column, name) in enumerate(zip(st.columns(observed.dim, gap="medium"), observed.names)):
        with column:
            draw(
                f"over_time_{c + 1}",
                component_chart(
                    name,
                    (grid[0], grid[-1]),
                    (low[c], high[c]),
                    known=observed.truth is not None,
                ),
                over_time(paths, c),
                {SAMPLES: over_time(samples, c), LATER: later},
            )


def _curves(settings: Settings, fit: Fit | None) -> None:
    rows = thinned(list(fit.rows) if fit is not None else [])
    left, right = st.columns(2, gap="medium")
    span = (0.0, float(settings.iterations))
    with left:
        st.markdown("##### Loss of the batch")
        loss = rows[["iteration", "loss"]].assign(series="loss")
        chart = lines(
            Axis("iteration", "iteration", domain=span),
            Axis("loss", "mean square, in squared spreads", log=True),
            ["loss"],
            points=False,
            height=210,
        )
        draw("loss", chart, loss)
    with right:
        st.markdown("##### Evaluations of the field in an iteration")
        counted = [
            pd.DataFrame({"iteration": rows["iteration"], "value": rows[name], "series": name})
            for name in ("forward", "backward")
        ]
        chart = lines(
            Axis("iteration", "iteration", domain=span),
            Axis("value", "evaluations (NFE)", zero=True),
            ["forward", "backward"],
            points=False,
            height=210,
        )
        draw("nfe", chart, pd.concat(counted))
        if settings.gradient == "direct":
            st.caption(
                "Backward: one vector-Jacobian product for each evaluation on the way forward."
            )
