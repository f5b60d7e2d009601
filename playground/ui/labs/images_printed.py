"""Table 1 of the residual-stacking paper beside what can be counted, and the connection to take home."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import streamlit as st

from playground.analysis.stability import real_interval
from playground.integrators import INTEGRATORS
from playground.networks import NETWORKS
from playground.training.residual_table import (
    CLASSES,
    TABLE_1,
    agreement,
    ahead,
    counted,
)
from playground.ui.labs.charting import table

_GUIDE = Path(__file__).resolve().parents[3] / "docs" / "residual.md"


def draw_printed() -> None:
    """Draw the printed table, each number of weights beside a count, and what it does not say."""
    st.markdown("#### What the paper prints: Table 1")
    rows = _rows()
    table(rows)
    cells = len(TABLE_1) * len(CLASSES)
    lost = [
        f"{taylor.depth} layers on CIFAR-{classes}"
        for euler, taylor in TABLE_1
        for classes in CLASSES
        if (euler.depth, classes) not in ahead()
    ]
    st.markdown(
        f"TM-ResNet is ahead in **{len(ahead())} of {cells}** cells, and behind with "
        f"{' and '.join(lost)}. Each accuracy is a **single figure without a spread**: the text "
        "speaks of several trainings, the table does not say of how many, nor how far they lie apart. "
        "So it cannot tell a difference of a few tenths from chance; the study above shows spreads of "
        "its own."
    )
    st.caption(
        "Accuracies in percent, as printed by Wang et al. (2024). Counted: the weights of these nets, "
        "built now. The numbers of PreActResNet are cut off to thousands in print, those of TM-ResNet "
        "rounded; “21,27k” lacks a digit, and “58,325” its k. The layout of TM-ResNet is not printed: "
        "this is the only one found that has all ten numbers and all five depths."
    )
    _stability()


@st.cache_data(show_spinner=False)
def _rows() -> pd.DataFrame:
    rows = []
    for line in (line for pair in TABLE_1 for line in pair):
        row = {"net": f"{NETWORKS[line.network].label}-{line.depth}"}
        for i, classes in enumerate(CLASSES):
            count = counted(line.network, line.depth, classes)
            row |= {
                f"CIFAR-{classes}": f"{line.accuracy[i]:.2f}",
                f"printed, {classes}": line.parameters[i],
                f"counted, {classes}": f"{count:,}",
                f"agrees, {classes}": agreement(line.parameters[i], count),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _stability() -> None:
    taylor, euler = (INTEGRATORS[name] for name in ("taylor_multistep", "euler"))
    far, near = (f"{real_interval(scheme)[0]:.3g}".replace("-", "−") for scheme in (euler, taylor))
    st.markdown(
        f"**More accurate, less stable.** The Taylor multistep scheme is of order {taylor.order} and "
        f"Euler's method of order {euler.order}, but on the real axis it is stable only on "
        f"**({near}, 0)**, Euler's on ({far}, 0). Where the Jacobian of a block has eigenvalues between "
        f"{far} and {near}, a PreActResNet damps and a TM-ResNet grows. The Integrators lab draws both "
        "regions."
    )


def draw_guide() -> None:
    """Draw the example of the documentation, to be copied."""
    with st.expander("Use it in your own net", icon=":material/integration_instructions:"):
        st.markdown(
            "`Residual` takes the place of the plus in `x + F(x)`: the same blocks and weights, "
            "stepped by any registered scheme. The blocks need not come from here. The MLP-Mixer of "
            "this lab, a residual family without convolutional blocks, uses it for both connections of "
            "each layer."
        )
        st.code(_example(), language="python")
        st.caption("More of it: docs/residual.md in the repository.")


@st.cache_data(show_spinner=False)
def _example() -> str:
    found = re.search(r"^```python\n(.*?)^```$", _GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return found[1] if found else ""
