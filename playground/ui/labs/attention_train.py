"""Both nets trained on the same images, their losses and accuracies in one picture each."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.charts.attention import overlaid
from playground.charts.curves import curve_rows
from playground.training.attention_views import positions_of
from playground.training.image_views import parameters_of
from playground.ui.labs.attention_run import Pair, draw_pair, held, judged
from playground.ui.labs.attention_settings import NAMES, Settings
from playground.ui.labs.charting import draw


def draw_training(settings: Settings) -> None:
    """Draw the training of both nets."""
    draw_pair(settings, _drawn)


def _drawn(pair: Pair) -> None:
    _figures(pair)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Loss")
        draw("loss", overlaid("loss"), _rows(pair, "loss"))
    with right:
        st.markdown("##### Accuracy")
        draw("accuracy", overlaid("accuracy"), _rows(pair, "accuracy"))
    positions = positions_of(next(iter(pair.values())).experiment)
    st.caption(
        "**What am I seeing?** Both nets learn the same images, in the same order of batches, from the "
        f"same seed. Each image is cut into {positions} positions. The classic net maps each position "
        "by one affine map and a layer norm, and averages them with weights of its own making; the ODE "
        "net lets each position flow through a field of two layers before it does the same at several "
        "times, and averages over the times. Neither is told where in the image a position lies: their "
        "order changes nothing. The field is a hidden layer that the classic net has not, so that a "
        "lead of the ODE net does not yet show that it is the flow which helps."
    )


def _figures(pair: Pair) -> None:
    weights = held(pair)
    for column, (name, one) in zip(st.columns(2, gap="medium"), pair.items()):
        count, found = parameters_of(one.experiment), weights.get(name)
        with column, st.container(horizontal=True, gap="medium"):
            st.metric(f"{NAMES[name]} parameters", f"{count:,}")
            if found is not None:
                now = judged(found)
                st.metric("Accuracy", f"{now.accuracy:.2%}")
                st.metric("Loss", f"{now.loss:.4f}")
            if one.metrics and one.metrics[-1].nfe_forward:
                st.metric("NFE", f"{one.metrics[-1].nfe_forward}")


def _rows(pair: Pair, quantity: str) -> pd.DataFrame:
    parts = []
    for name, one in pair.items():
        metrics = pd.DataFrame([vars(m) for m in one.metrics])
        if not metrics.empty:
            parts.append(curve_rows(metrics, quantity).assign(net=NAMES[name]))
    if not parts:
        return pd.DataFrame(columns=["epoch", "set", quantity, "net"])
    return pd.concat(parts, ignore_index=True)
