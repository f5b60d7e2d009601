"""The page of the papers: a table is trained anew by one button, and put beside what is printed."""

from __future__ import annotations

import streamlit as st

from playground.jobs import RunRecord, studies
from playground.papers import PAPERS, Table, Training, trainings
from playground.papers.reports import Outcome, Report, report
from playground.papers.running import outcomes_of
from playground.references import with_links
from playground.training import estimate
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.labs.charting import title
from playground.ui.labs.studying import draw_study
from playground.ui.results.papers_computed import draw_computed, in_time
from playground.ui.results.papers_settings import SHEET, Settings
from playground.ui.results.papers_shown import draw_chart, draw_lines, draw_runs, draw_summary


def papers_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Papers: printed beside reproduced")
    left, right = st.columns([1, 3], gap="large")
    with left:
        _controls(settings, _made(settings))
    with right:
        draw_entry(settings)
    SHEET.close()


def draw_entry(settings: Settings) -> None:
    """Draw a table or a figure: the button that computes it, and what came out."""
    paper, made = settings.table, _made(settings)
    st.markdown(f"#### {paper.label}")
    st.caption(f"{paper.summary} {with_links(paper.reference)}")
    if made is None:
        draw_computed(settings)
    else:
        draw_study(
            SHEET,
            [training.experiment for training in made],
            lambda runs: _results(settings, made, runs),
        )


def _made(settings: Settings) -> list[Training] | None:
    """Return the trainings of a table, ``None`` for what is computed in another way."""
    if not isinstance(settings.table, Table):
        return None
    return trainings(
        settings.table, settings.way, settings.repetitions or None, reduced=settings.reduced
    )


def _controls(settings: Settings, made: list[Training] | None) -> None:
    form, table = SHEET.form, settings.table
    names = list(PAPERS)
    form.choose(
        "paper",
        "Table or figure",
        names,
        names.index(settings.paper),
        lambda name: f"{name[:3]} · {PAPERS[name].label}",
    )
    ways = list(table.variants)
    if len(ways) > 1:
        form.choose("variant", "As in", ways, ways.index(settings.way), lambda name: f"the {name}")
    st.caption(f"{settings.way.capitalize()}: {table.variants[settings.way]}.")
    if made is not None or table.quantities:
        form.field(settings, "repetitions")
    if table.reduced_words:
        form.field(settings, "reduced")
        if settings.reduced:
            st.caption(f"Reduced: {table.reduced_words}.")
    shown = list(table.quantities)
    if len(shown) > 1:
        form.choose(
            "quantity",
            "Shown",
            shown,
            shown.index(settings.shown),
            lambda name: table.quantities[name].label,
        )
    st.caption(_work(settings, made))
    if table.doubts:
        st.markdown("##### What is doubtful")
        for doubt in table.doubts:
            st.caption(f"• {doubt}")


def _work(settings: Settings, made: list[Training] | None) -> str:
    """Return how much there is to compute, in words."""
    if made is not None:
        seconds = _seconds(tuple(training.experiment.model_dump_json() for training in made))
        about = f"about {in_time(seconds)} of one core"
        return f"{len(made)} trainings, {about} by an estimate that is good to a factor of three."
    study, order = settings.study, settings.order
    seconds = study.reduced_seconds if order.reduced else study.seconds
    return f"About {in_time(seconds * order.repetitions / study.repetitions)} of one core."


@st.cache_data(max_entries=64, show_spinner=False)
def _seconds(experiments: tuple[str, ...]) -> float:
    from playground.experiment import Experiment

    return sum(estimate(Experiment.model_validate_json(text)).seconds for text in experiments)


def _results(settings: Settings, made: list[Training], runs: list[RunRecord | None]) -> None:
    """Draw what there is of the table: cells whose trainings have all ended."""
    found = report_of(settings, made, runs)
    if found is None:
        st.caption(
            "Each cell appears when all of its trainings have ended; the page may be closed meanwhile."
        )
        return
    draw_summary(settings, found)
    draw_chart(settings, found)
    draw_lines(settings, found)
    draw_runs(found)


def report_of(
    settings: Settings, made: list[Training], runs: list[RunRecord | None]
) -> Report | None:
    """Return the report of the cells whose trainings have all ended, ``None`` where there is none."""
    ended: dict[tuple[str, str], bool] = {}
    for training, run in zip(made, runs, strict=True):
        ended[training.cell] = ended.get(training.cell, True) and studies.is_done(run)
    whole = [i for i, training in enumerate(made) if ended[training.cell]]
    if not whole:
        return None
    outcomes: list[Outcome] = outcomes_of(state.jobs(), [runs[i] for i in whole])
    return report(
        settings.table,
        [made[i] for i in whole],
        outcomes,
        variant=settings.way,
        reduced=settings.reduced,
    )
