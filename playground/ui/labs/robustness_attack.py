"""One attack of one size: where it takes the samples, and their features through depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from playground.attacks import AttackSlot
from playground.attacks.problem import Norm
from playground.charts.attack import (
    BALL,
    BORDER,
    FLIPPED,
    GROUND,
    HELD,
    SHADES,
    WRONG,
    attack_plane,
    ball_rows,
    border_rows,
    ground,
)
from playground.jobs import RunRecord
from playground.training.attack_points import (
    Attacked,
    Plane,
    attack_samples,
    plane_of,
    through_depth,
)
from playground.training.attacked import Subject, attackable
from playground.ui import state
from playground.ui.labs import robustness_images
from playground.ui.labs.charting import draw
from playground.ui.labs.robustness_formulas import attack_formulas
from playground.ui.labs.robustness_kept import attack_seconds
from playground.ui.labs.robustness_parting import draw_parting
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.robustness_source import source_choice
from playground.ui.labs.robustness_subjects import (
    eps_slider,
    reach_of,
    subject_at,
)
from playground.ui.labs.stored import run_choice

_WANTED = "a trained net that tells classes, on points or on images"
_MOST_SECONDS = 30  # that an attack on points may take while somebody waits
_SEEING = {
    "regions": "The colours are the classes that the net sees there.",
    "margin": "The colours are the classes that the net sees there, the stronger the further the "
    "largest logit is ahead of the second one.",
    "slope": "The colours say how fast the margin changes: a step of length ε changes it by ε times the "
    "slope at most, to first order. Where the net is steep a small step is enough.",
}


def view(settings: Settings) -> None:
    """Draw the view."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        run = run_choice(SHEET, settings.run, attackable, _WANTED)
        if run is None:
            return
        given = _subject(run, settings)
        if given is None:
            return
        SHEET.form.field(settings, "attack")
        source = (
            source_choice(settings, run, "Examples are made on")
            if settings.attack.name == "transfer"
            else None
        )
        eps_slider(settings, reach_of(given, settings.attack))
        SHEET.form.field(settings, "samples")
        if settings.attack.entry.random:
            SHEET.form.seed(settings, "attack_seed")
        if given.on_images:
            robustness_images.controls(settings, run)
        else:
            _controls(settings, given)
    with right:
        if given.on_images:
            robustness_images.results(settings, run)
        elif settings.attack.name != "transfer" or source is not None:
            draw_attack(settings, run, source)


def draw_eps(settings: Settings, run: RunRecord) -> None:
    """Draw the slider of ε as long as a run's samples suggest."""
    given = _subject(run, settings)
    if given is not None:
        eps_slider(settings, reach_of(given, settings.attack))


def _subject(run: RunRecord, settings: Settings) -> Subject | None:
    try:
        return subject_at(run.id, run.checkpoint_step, settings.samples)
    except ValueError as error:
        st.error(f"{state.plain(str(error))}.", icon=":material/error:")
        return None


def _axes(settings: Settings, count: int) -> tuple[int, int]:
    """Return the two inputs on the axes: those that are set, where the data have them."""
    across = min(settings.across, count) - 1
    upward = min(settings.upward, count) - 1
    return across, upward if upward != across else (across + 1) % count


def _controls(settings: Settings, given: Subject) -> None:
    SHEET.form.field(settings, "background")
    count = given.x.shape[1]
    if count > 2:
        names = given.experiment.data.entry.feature_names(given.experiment.data.options)
        for field, title, place in zip(
            ("across", "upward"), ("Across", "Upward"), _axes(settings, count)
        ):
            SHEET.form.choose(
                field,
                title,
                [str(i + 1) for i in range(count)],
                place,
                lambda key: names[int(key) - 1],
            )


@st.cache_data(max_entries=256, show_spinner=False)
def _attacked(
    run: tuple[str, int],
    source: tuple[str, int] | None,
    samples: int,
    slot: str,
    eps: float,
    seed: int,
) -> Attacked:
    other = subject_at(*source, 2) if source else None
    slot_ = AttackSlot.model_validate_json(slot)
    return attack_samples(subject_at(*run, samples), slot_, eps, seed, other)


@st.cache_data(max_entries=32, show_spinner="What the net says over the plane")
def _plane(run: tuple[str, int], samples: int, axes: tuple[int, int], norm: Norm) -> Plane:
    return plane_of(subject_at(*run, samples), axes, norm)


@st.cache_data(max_entries=128, show_spinner=False)
def _parted(run: tuple[str, int], samples: int, key: tuple[Any, ...]) -> tuple[Any, np.ndarray]:
    return through_depth(subject_at(*run, samples), _attacked(*key))


def draw_attack(settings: Settings, run: RunRecord, source: RunRecord | None) -> None:
    """Draw what an attack makes of the samples of a net on points.

    Args:
        settings: What is set.
        run: The net's run.
        source: The run whose examples are shown to it, for a transfer.
    """
    ours = (run.id, run.checkpoint_step)
    theirs = (source.id, source.checkpoint_step) if source else None
    key = (
        ours,
        theirs,
        settings.samples,
        settings.attack.model_dump_json(),
        settings.eps,
        settings.attack_seed,
    )
    given = subject_at(*ours, settings.samples)
    seconds = attack_seconds(ours, settings.samples, settings.attack)
    if settings.eps and seconds > _MOST_SECONDS:
        st.info(
            f"This attack would take about {seconds:,.0f} s, and the page waits for "
            f"{_MOST_SECONDS} s at most: take fewer samples, steps or restarts.",
            icon=":material/timer:",
        )
        return
    try:
        found = _attacked(*key)
    except ValueError as error:
        st.error(f"{state.plain(str(error))}.", icon=":material/error:")
        return
    _metrics(found)
    norm = "linf" if settings.attack.options.norm == "linf" else "l2"
    plane = _plane(ours, settings.samples, _axes(settings, given.x.shape[1]), norm)
    _chart(settings, given, found, plane)
    _explain(settings, plane, found)
    if not found.chosen.any():
        st.info("No sample is right without an attack: there is nothing to attack.")
        return
    parted, places = _parted(ours, settings.samples, key)
    shown = (part[places] for part in (found.flipped, found.labels, found.after))
    draw_parting("parting", parted, *shown, given.classes, places + 1)


def _metrics(found: Attacked) -> None:
    flipped, attacked = int(found.flipped.sum()), int(found.chosen.sum())
    mean = float(found.lengths[found.chosen].mean()) if attacked else 0.0
    shown = {
        "Clean accuracy": (
            f"{100 * found.clean_accuracy:.1f} %",
            "Of the samples, without attack.",
        ),
        "Accuracy under attack": (
            f"{100 * found.accuracy:.1f} %",
            "Of the samples; those that are wrong already count as errors and are left alone.",
        ),
        "Flipped": (f"{flipped} of {attacked}", "Samples that were right and are not any more."),
        "Mean path length": (
            f"{mean:.3g}",
            "Euclidean length of the ways of the samples that were attacked, all steps counted.",
        ),
    }
    for column, (name, (value, text)) in zip(st.columns(4), shown.items()):
        with column:
            st.metric(name, value, help=text)


def way_rows(found: Attacked, plane: Plane, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the ways as the chart takes them, a row for each place; see ``attack_plane``.

    Samples that were not attacked have one row. Data with one input are spread upwards, by number.
    """
    steps, n = found.way.shape[:2]
    states = np.where(found.flipped, FLIPPED, np.where(found.chosen, HELD, WRONG))
    says = np.array([*classes, "nothing"])[found.after]
    flat = len(plane.axes) == 1
    up = np.tile(np.linspace(-0.9, 0.9, n), (steps, 1)) if flat else found.way[..., plane.axes[1]]
    rows = pd.DataFrame(
        {
            "point": np.tile(np.arange(1, n + 1), steps),
            "step": np.repeat(np.arange(steps), n),
            "x": found.way[..., plane.axes[0]].ravel(),
            "y": up.ravel(),
            "class": np.tile(np.array(classes)[found.labels], steps),
            "says": np.tile(says, steps),
            "state": np.tile(states, steps),
            "length": np.tile(found.lengths, steps),
        }
    )
    rows["last"] = rows["step"] == steps - 1
    return rows[(rows["state"] != WRONG) | (rows["step"] == 0)]


def _chart(settings: Settings, given: Subject, found: Attacked, plane: Plane) -> None:
    seen, kind = plane.margins, settings.background
    values = seen.slope if kind == "slope" else seen.margin
    picture, shades = ground(kind, values, seen.winner, plane.extent)
    flat = len(plane.axes) == 1
    names = plane.names if not flat else (plane.names[0], "")
    ends = tuple(shades["value"]) if len(shades) else None
    chart = attack_plane(names, plane.extent, given.classes, kind, ends)
    shown = found.some(1)
    ball = ball_rows((0, 0), 0, False).iloc[:0]
    if shown and not flat and settings.eps:
        centre = found.way[0][shown[0]][list(plane.axes)]
        ball = ball_rows(centre, settings.eps, settings.attack.options.norm != "linf")
    border = border_rows(seen.margin, seen.winner, plane.extent)
    rows = way_rows(found, plane, given.classes)
    st.markdown("##### Where the attack takes the samples")
    draw("attack", chart, rows, {GROUND: picture, SHADES: shades, BORDER: border, BALL: ball})


def _explain(settings: Settings, plane: Plane, found: Attacked) -> None:
    seeing, step = st.tabs(["What am I seeing?", "The step being taken"])
    with seeing:
        text = (
            "Each sample begins as a circle in the colour of its class and leaves along the line. A "
            "diamond is one that the attack has flipped, at its end in the colour of what the net says "
            "there; a cross was wrong already. The grey lines are the borders between the classes. "
        )
        if found.chosen.any() and len(plane.axes) == 2:
            what = (
                "one standard deviation" if settings.attack.options.norm == "sigma" else "the ball"
            )
            text += f"Dashed: {what} of ε around one of the samples. "
        text += _SEEING[settings.background]
        if plane.note:
            text += (
                f" The colours are those of a slice, {state.plain(plane.note)} (the mean); the samples "
                "lie beside it, and move in all inputs."
            )
        st.caption(text)
    with step:
        for formula in attack_formulas(settings.attack, settings.eps):
            st.latex(formula)
