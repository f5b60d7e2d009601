"""Figure 5: where both nets look in an image, at each time of the flow, and how widely in all images."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.attention import (
    COLOURS,
    GAP,
    over_pairs,
    over_times,
    picture,
    widths,
)
from playground.experiment import Experiment
from playground.training.attention_tables import CLASSIC, FLOW
from playground.training.attention_views import Judged, Looks, focus, looks, validation_images
from playground.training.checkpoints import unpack_weights
from playground.ui.labs.attention_run import Held, Pair, both, draw_pair, judged
from playground.ui.labs.attention_settings import NAMES, SHEET, Settings
from playground.ui.labs.charting import draw

_MEAN = "mean"
Found = dict[str, Looks]


def draw_maps(settings: Settings) -> None:
    """Draw the choice of an image, and where both nets look in it."""
    draw_pair(settings, lambda pair: _drawn(settings, pair))


def _drawn(settings: Settings, pair: Pair) -> None:
    weights = both(pair)
    if weights is None:
        return
    answers = {name: judged(one) for name, one in weights.items()}
    place = _chosen(settings, answers)
    if place is None:
        return
    found = {name: _looks(*_key(one), place, one.weights) for name, one in weights.items()}
    _pictures(weights, answers, found, place)
    _over_times(settings, found)
    if settings.network.options.form == "qkv":
        _pairs(settings, found)
    _widths(weights, found)


def _key(one: Held) -> tuple[str, int, str]:
    return one.run_id, one.step, one.experiment.model_dump_json()


@st.cache_data(max_entries=64, show_spinner=False)
def _looks(run_id: str, step: int, experiment: str, place: int, _weights: bytes) -> Looks:
    return looks(Experiment.model_validate_json(experiment), unpack_weights(_weights), place)


@st.cache_data(max_entries=16, show_spinner=False)
def _focus(run_id: str, step: int, experiment: str, _weights: bytes) -> np.ndarray:
    return focus(Experiment.model_validate_json(experiment), unpack_weights(_weights))


def _chosen(settings: Settings, answers: dict[str, Judged]) -> int | None:
    """Draw the choice of an image; return its place, ``None`` where there is none to choose."""
    wrong = {name: found.guesses != found.truths for name, found in answers.items()}
    legal = {
        "all": np.ones_like(wrong[CLASSIC]),
        "classic": wrong[CLASSIC],
        "flow": wrong[FLOW],
        "both": wrong[CLASSIC] & wrong[FLOW],
    }[settings.among]
    places = np.flatnonzero(legal)
    number = min(settings.image, max(len(places), 1))
    left, middle, right = st.columns([5, 3, 4], vertical_alignment="bottom", gap="medium")
    with left:
        SHEET.form.field(settings, "among")
    with middle:
        SHEET.form.field(settings.model_copy(update={"image": number}), "image")
    with right, st.container(horizontal=True, gap="small"):
        _turn("Previous", number - 1, len(places))
        _turn("Next", number + 1, len(places))
    if not len(places):
        st.info("There is no such image: all of them are taken for what they are.")
        return None
    return int(places[number - 1])


def _turn(label: str, number: int, count: int) -> None:
    st.button(
        label,
        key=f"attention:{label}",
        help=f"{label} image of those that are chosen among.",
        disabled=not 1 <= number <= count,
        on_click=lambda: SHEET.change({"image": number}),
    )


def _pictures(
    weights: dict[str, Held], answers: dict[str, Judged], found: Found, place: int
) -> None:
    _, _, names = validation_images(weights[CLASSIC].experiment)
    truth = names[answers[CLASSIC].truths[place]]
    most = max(one.spread.max() for one in found.values())
    shown = [(f"Image {place + 1}: {truth}", picture(found[CLASSIC].image, None, most, "#000000"))]
    for (name, one), colour in zip(found.items(), COLOURS):
        told = answers[name]
        said, sure = names[told.guesses[place]], told.sureness[place]
        mark = "right" if said == truth else "wrong"
        words = f"{NAMES[name]}: {said}, {sure:.0%} ({mark})"
        shown.append((words, picture(one.image, one.spread, most, colour)))
    with st.container(horizontal=True, gap="medium"):
        for caption, image in shown:
            st.image(np.clip(image, 0, 1), caption=caption, width=200, alt=caption)


def _columns(found: Found) -> tuple[str, ...]:
    times = tuple(f"t = {t:.2g}" for t in found[FLOW].times)
    return (NAMES[CLASSIC], GAP, *times, _MEAN)


def _over_times(settings: Settings, found: Found) -> None:
    columns = _columns(found)
    flow = found[FLOW].weights
    values = {columns[0]: found[CLASSIC].weights[:, 0], columns[-1]: flow.mean(axis=1)}
    values |= dict(zip(columns[2:-1], flow.T))
    most = max(v.max() for v in values.values())
    rows = pd.DataFrame(
        [
            {
                "column": column,
                "position": i + 1,
                "words": _words(settings, i),
                "weight": float(weight),
                "bright": bool(weight > 0.6 * most),
            }
            for column, column_weights in values.items()
            for i, weight in enumerate(column_weights)
        ]
    )
    positions = len(flow)
    st.markdown(
        "##### Figure 5: the weight of each position, and how it changes with the ODE's time"
    )
    height = int(np.clip(22 * positions + 40, 170, 430))
    draw("attention", over_times(columns, positions, height), rows)
    st.caption(
        "**What am I seeing?** Each column adds up to one: the share of every position in what the net "
        "decides by. On the left the classic net, which looks once; then the ODE net at each of its "
        f"times, and the mean over them. {_meaning(settings)}"
    )


def _meaning(settings: Settings) -> str:
    options = settings.network.options
    if options.encoding == "rows":
        channels = settings.data.entry.shape_of(settings.data.options)[0]
        more = ", channel after channel" if channels > 1 else ""
        return f"A position is a row of the image, from the top{more}."
    if options.encoding == "flat":
        return "A position is a pixel, row by row."
    return f"A position is a patch of {options.patch} by {options.patch} pixels, row by row."


def _words(settings: Settings, place: int) -> str:
    channels, height, width = settings.data.entry.shape_of(settings.data.options)
    options = settings.network.options
    if options.encoding == "rows":
        channel, row = divmod(place, height)
        more = f" of channel {channel + 1}" if channels > 1 else ""
        return f"row {row + 1}{more}"
    edge = options.patch if options.encoding == "patches" else 1
    row, column = divmod(place, -(-width // edge))
    kind = "patch" if options.encoding == "patches" else "pixel"
    return f"{kind} in row {row + 1}, column {column + 1}"


def _pairs(settings: Settings, found: Found) -> None:
    times = found[FLOW].times
    moment = min(settings.moment, len(times))
    st.markdown("##### Who looks at whom: A = softmax(QKᵀ/√d)")
    left, right = st.columns(2, gap="medium")
    with right:
        SHEET.form.choose(
            "moment",
            "Time of the ODE net",
            [str(i + 1) for i in range(len(times))],
            moment - 1,
            lambda number: f"t = {times[int(number) - 1]:.3g}",
        )
    with left:
        st.markdown("**classic**")
    left, right = st.columns(2, gap="medium")
    for column, name, chosen in ((left, CLASSIC, 0), (right, FLOW, moment - 1)):
        pairs = found[name].pairs[chosen]
        rows = pd.DataFrame(
            [
                {"query": q + 1, "position": p + 1, "weight": float(weight)}
                for q, row in enumerate(pairs)
                for p, weight in enumerate(row)
            ]
        )
        with column:
            draw(f"pairs_{NAMES[name]}", over_pairs(len(pairs), 280), rows)
    st.caption(
        "**What am I seeing?** Each row adds up to one: how much a position takes from every other. The "
        "mean of the rows is what stands in the chart above."
    )


def _widths(weights: dict[str, Held], found: Found) -> None:
    columns = _columns(found)
    classic = _focus(*_key(weights[CLASSIC]), weights[CLASSIC].weights)
    flow = _focus(*_key(weights[FLOW]), weights[FLOW].weights)
    rows = [
        {"column": columns[0], "net": NAMES[CLASSIC], "effective": float(value)}
        for value in classic[:, 0]
    ]
    rows += [
        {"column": column, "net": NAMES[FLOW], "effective": float(value)}
        for column, values in zip(columns[2:], flow.T)
        for value in values
    ]
    positions = len(found[FLOW].weights)
    st.markdown("##### How widely they look, in all validation images")
    draw("focus", widths(columns, positions), pd.DataFrame(rows))
    st.caption(
        "**What am I seeing?** exp(entropy) of the weights of each image: 1 where one position has "
        f"all of them, {positions} where all have the same; boxes hold the middle half of the images, "
        "whiskers all of them. The paper says that its classic net narrows down to one position and "
        f"its ODE net does not, and asks for a measure. Here it is on average {classic[:, 0].mean():.2f} "
        f"of {positions} positions for the classic net, {flow[:, -1].mean():.2f} for the ODE net."
    )
