"""Table IV: the parameters of both nets, counted in nets that are built for it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.charts.attention import parameters
from playground.training.attention_tables import (
    CLASSIC,
    FLOW,
    PARTS,
    SETS,
    TABLE_IV,
    Form,
    parts_of,
    table_net,
)
from playground.training.image_views import parameters_of
from playground.ui.labs.attention_settings import NAMES, Settings
from playground.ui.labs.charting import draw, table

_FORMS: dict[Form, str] = {"score": "as counted", "qkv": "as written (QKV)"}


def draw_parameters(settings: Settings) -> None:
    """Draw the table, its bars, and the counts of the nets that are set."""
    counts = {form: _counts(form) for form in _FORMS}
    st.markdown("##### Table IV: printed, and counted in nets built here")
    table(_rows(counts))
    met = sum(_total(counts["score"], key) == value for key, value in TABLE_IV.items())
    st.caption(
        f"{met} of the {len(TABLE_IV)} printed counts are those of the nets with one score a position. "
        "The queries, keys and values of the paper's (7) to (9) would need three matrices more and, as "
        "the difference shows, are not in its table. The positions are the rows of each channel: 28 "
        "of 28 values on MNIST, 96 of 32 on CIFAR."
    )
    form: Form = settings.network.options.form
    st.markdown(f"##### Figure 6: where the parameters are, {_FORMS[form]}")
    names = [_name(key) for key in SETS]
    narrow = sum(parts_of(table_net(CLASSIC, "mnist", form, width=32)).values())
    order = tuple(f"{name}, {NAMES[net]}" for name in names for net in (CLASSIC, FLOW))
    draw("parameters", parameters(order, PARTS), _bars(counts[form]))
    st.caption(
        "**What am I seeing?** The classic net is wide (128), the ODE net narrow (32), so that it has "
        f"fewer parameters in spite of its field. A classic net as narrow has {narrow:,} on MNIST. The "
        "form is that of the networks on the left."
    )
    own = settings.experiments
    told = [f"{NAMES[name]} {parameters_of(experiment):,}" for name, experiment in own.items()]
    st.markdown(f"**As set on the left**, for {settings.data.entry.label}: {', '.join(told)}.")


@st.cache_data(max_entries=4, show_spinner=False)
def _counts(form: Form) -> dict[tuple[str, str], dict[str, int]]:
    return {key: parts_of(table_net(*key, form)) for key in TABLE_IV}


def _total(counts: dict[tuple[str, str], dict[str, int]], key: tuple[str, str]) -> int:
    return sum(counts[key].values())


def _name(dataset: str) -> str:
    return SETS[dataset][0]


def _rows(counts: dict[Form, dict[tuple[str, str], dict[str, int]]]) -> pd.DataFrame:
    rows = []
    for dataset in SETS:
        row = {"data set": _name(dataset)}
        for net in (CLASSIC, FLOW):
            printed, built = TABLE_IV[net, dataset], _total(counts["score"], (net, dataset))
            mark = "✓" if printed == built else "✗"
            row[f"{NAMES[net]}, printed"] = f"{printed:,}"
            row[f"{NAMES[net]}, as counted"] = f"{built:,} {mark}"
            row[f"{NAMES[net]}, QKV"] = f"{_total(counts['qkv'], (net, dataset)):,}"
        rows.append(row)
    return pd.DataFrame(rows)


def _bars(counts: dict[tuple[str, str], dict[str, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "net": f"{_name(dataset)}, {NAMES[net]}",
                "part": part,
                "place": PARTS.index(part),
                "count": count,
            }
            for (net, dataset), parts in counts.items()
            for part, count in parts.items()
            if count
        ]
    )
