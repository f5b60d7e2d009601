"""Table III computed anew: scores of both nets, and their times, taken in the same way."""

from __future__ import annotations

import pandas as pd
import streamlit as st
import torch

from playground.charts.lines import Axis, lines
from playground.experiment import Experiment
from playground.training.attention_speed import Timed, time_nets
from playground.training.attention_tables import CLASSIC, FLOW, SETS, TABLE_III, operations
from playground.training.attention_views import JUDGED, trained_net, validation_images
from playground.training.checkpoints import unpack_weights
from playground.training.trainer import make_net
from playground.ui.labs.attention_run import Held, Pair, both, draw_pair, held, judged
from playground.ui.labs.attention_settings import NAMES, Settings
from playground.ui.labs.charting import draw, table

_AGAIN = "attention:again"


def draw_scores(settings: Settings) -> None:
    """Draw the table, what the paper prints, and the times."""
    draw_pair(settings, lambda pair: _drawn(settings, pair))


def _drawn(settings: Settings, pair: Pair) -> None:
    weights = held(pair)
    timed = _times(pair, weights)
    st.markdown("##### Table III: printed, and computed here")
    table(_rows(settings.data.name, weights, timed))
    steps = [f"{NAMES[name]} after {one.step:,} steps" for name, one in weights.items()]
    count = min(JUDGED, settings.n_validation)
    st.caption(
        f"**What am I seeing?** Here: on the first {count:,} validation images at most, "
        f"{', '.join(steps) or 'not trained yet'}. Precision, recall and F1 are weighted by "
        "the images of each class: the paper does not say so, but its recall is its accuracy in every "
        "row, as it comes out then. Its inference time is "
        "printed without the number of images or the machine; here it is of one image in the batch "
        "that suits the net best."
    )
    _speeds(pair, weights, timed)


def _times(pair: Pair, weights: dict[str, Held]) -> list[Timed]:
    """Return the times of both nets once both rest: a training beside it would be timed as well."""
    if len(weights) < len(pair) or not all(one.rests for one in pair.values()):
        return []
    return _timed(
        tuple((h.run_id, h.step) for h in weights.values()),
        st.session_state.get(_AGAIN, 0),
        [h.experiment.model_dump_json() for h in weights.values()],
        [h.weights for h in weights.values()],
    )


@st.cache_data(max_entries=32, show_spinner="Timing both nets by turns …")
def _timed(
    key: tuple[tuple[str, int], ...], again: int, _experiments: list[str], _weights: list[bytes]
) -> list[Timed]:
    made = [Experiment.model_validate_json(text) for text in _experiments]
    nets = {
        NAMES[experiment.network.name]: trained_net(experiment, unpack_weights(weights))
        for experiment, weights in zip(made, _weights)
    }
    return time_nets(nets, validation_images(made[0])[0])


def _rows(dataset: str, weights: dict[str, Held], timed: list[Timed]) -> pd.DataFrame:
    rows = []
    for name in (CLASSIC, FLOW):
        if name in weights:
            found = judged(weights[name])
            quick = [t.best / t.batch for t in timed if t.net == NAMES[name]]
            words = f"{1e6 * min(quick):.3g} µs an image" if quick else "when both rest"
            scores = (found.accuracy, found.precision, found.recall, found.f1)
            label = weights[name].experiment.data.entry.label
            rows.append(_row(name, f"{label}, here", found.loss, scores, words))
    known = [key for key in SETS if key == dataset] or list(SETS)
    for name in (CLASSIC, FLOW):
        for key in known:
            found = TABLE_III[name, key]
            scores = (found.accuracy, found.precision, found.recall, found.f1)
            words = f"{found.seconds:.4f} s"
            rows.append(_row(name, f"{SETS[key][0]}, printed", found.loss, scores, words))
    return pd.DataFrame(rows)


def _row(
    name: str, images: str, loss: float, scores: tuple[float, ...], inference: str
) -> dict[str, str]:
    names = ("accuracy", "precision", "recall", "F1")
    return {
        "net": NAMES[name],
        "images": images,
        "test loss": f"{loss:.4f}",
        **{title: f"{value:.4f}" for title, value in zip(names, scores)},
        "inference": inference,
    }


def _speeds(pair: Pair, weights: dict[str, Held], timed: list[Timed]) -> None:
    st.markdown("##### Inference time, both measured in the same way")
    if not timed:
        if both(pair) is not None:
            st.caption(
                "The times are taken when both nets rest: a training beside it disturbs them."
            )
        return
    left, right = st.columns([1, 1], gap="medium")
    rows = pd.DataFrame(
        [
            {
                "net": t.net,
                "images": t.batch,
                "microseconds": 1e6 * t.best / t.batch,
                "calls": t.calls,
            }
            for t in timed
        ]
    )
    with left:
        chart = lines(
            Axis("images", "images in a batch", log=True),
            Axis("microseconds", "µs an image, best call", log=True),
            list(NAMES.values()),
            by="net",
            height=250,
        )
        draw("inference", chart, rows)
    with right:
        table(_ratios(timed))
        st.button(
            "Measure again",
            icon=":material/timer:",
            key="attention:measure",
            on_click=_measure_again,
            help="Time both nets once more, by turns, on the same batches.",
        )
    st.markdown(_verdict(pair, timed))


def _measure_again() -> None:
    st.session_state[_AGAIN] = st.session_state.get(_AGAIN, 0) + 1


def _by_batch(timed: list[Timed]) -> dict[int, dict[str, Timed]]:
    found: dict[int, dict[str, Timed]] = {}
    for one in timed:
        found.setdefault(one.batch, {})[one.net] = one
    return found


def _ratios(timed: list[Timed]) -> pd.DataFrame:
    classic, flow = NAMES[CLASSIC], NAMES[FLOW]
    return pd.DataFrame(
        [
            {
                "images in a batch": str(batch),
                f"{classic}, ms": f"{1e3 * nets[classic].best:.3g}",
                f"{flow}, ms": f"{1e3 * nets[flow].best:.3g}",
                f"{flow} / {classic}": f"{nets[flow].best / nets[classic].best:.1f}",
            }
            for batch, nets in _by_batch(timed).items()
        ]
    )


def _verdict(pair: Pair, timed: list[Timed]) -> str:
    ratios = [
        nets[NAMES[FLOW]].best / nets[NAMES[CLASSIC]].best for nets in _by_batch(timed).values()
    ]
    work = [_operations(one.experiment.model_dump_json()) for one in pair.values()]
    printed = [TABLE_III[CLASSIC, key].seconds / TABLE_III[FLOW, key].seconds for key in SETS]
    threads = torch.get_num_threads()
    return (
        f"**The paper prints the ODE net as {min(printed):.1f} to {max(printed):.1f} times as fast. "
        f"Here it takes {min(ratios):.1f} to {max(ratios):.1f} times as long as the classic one**, on "
        f"the CPU with {threads} thread{'s' * (threads > 1)}: by turns, on the same batches, two calls "
        "to warm up, the best of many calls. The matrix products of one image are "
        f"{work[0]:,} operations in the classic net and {work[1]:,} in the ODE net, counted as they "
        "run. The printed times hardly differ between data sets, as a fixed cost would (whatever is "
        "timed first on a GPU pays for its start), and not the arithmetic of these nets."
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _operations(experiment: str) -> int:
    made = Experiment.model_validate_json(experiment)
    return operations(make_net(made), made.data.entry.shape_of(made.data.options))
