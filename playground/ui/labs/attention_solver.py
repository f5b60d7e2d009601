"""The solver of the neural ODE attention: what it costs, and what another one makes of the same net."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.charts.lines import Axis, lines
from playground.experiment import Experiment
from playground.networks.attention import ADAPTIVE
from playground.training.attention_solvers import (
    Solved,
    evaluations_over_training,
    images_compared,
    solve_otherwise,
)
from playground.training.attention_tables import FLOW
from playground.training.checkpoints import unpack_weights
from playground.ui import state
from playground.ui.labs.attention_run import Held, Pair, draw_pair, held
from playground.ui.labs.attention_settings import SHEET, Settings
from playground.ui.labs.charting import draw, table

_MOMENTS = 16  # of a training at which the solver is run
_LABELS = {"euler": "Euler", "midpoint": "midpoint", "rk4": "rk4 (3/8 rule)", "dopri5": "dopri5"}
_OWN, _PROBE = "as it trains", "dopri5, probed"


def draw_solver(settings: Settings) -> None:
    """Draw the evaluations over the training, and the stored net under other solvers."""
    draw_pair(settings, lambda pair: _drawn(settings, pair))


def _drawn(settings: Settings, pair: Pair) -> None:
    one, kept = pair[FLOW], held(pair).get(FLOW)
    if kept is None:
        st.info("This view needs the ODE net trained.", icon=":material/info:")
        return
    _now(settings, one.metrics[-1].nfe_forward if one.metrics else 0)
    if not one.rests:
        st.caption("The rest is computed when the ODE net rests.")
        return
    _over_training(settings, pair, kept)
    found = _solved(kept.run_id, kept.step, kept.experiment.model_dump_json(), kept.weights)
    _otherwise(found, images_compared(kept.experiment))


def _now(settings: Settings, nfe: int) -> None:
    options = settings.network.options
    with st.container(horizontal=True, gap="large"):
        st.metric("NFE of a forward pass", nfe)
        st.metric("Solver", options.method)
        st.metric("Times attended to", options.n_times)
    if options.method in ADAPTIVE:
        words = f"It chooses its steps for a relative tolerance of {options.tolerance:g}."
    else:
        calls = {"euler": 1, "midpoint": 2, "rk4": 4}[options.method]
        gaps = options.n_times - 1
        words = (
            f"{gaps} stretches between the times × {_counted(options.substeps, 'step')} × "
            f"{_counted(calls, 'evaluation')} = "
            f"{gaps * options.substeps * calls}, whatever the weights are."
        )
    st.caption(f"NFE: evaluations of the field f. {words}")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _over_training(settings: Settings, pair: Pair, kept: Held) -> None:
    st.markdown("##### NFE over the training")
    box, _ = st.columns([1, 2])
    with box:
        SHEET.form.field(settings, "probe")
    rows = [
        {"series": _OWN, "epoch": m.epoch, "nfe": m.nfe_forward}
        for m in pair[FLOW].metrics
        if m.nfe_forward
    ]
    probed = _probed(kept.run_id, kept.step, kept.experiment.model_dump_json(), settings.probe)
    rows += [{"series": _PROBE, "epoch": epoch, "nfe": nfe} for epoch, nfe in probed]
    most = max((row["nfe"] for row in rows), default=1)
    chart = lines(
        Axis("epoch", "epoch", zero=True),
        Axis("nfe", "NFE of a forward pass", domain=(0, 1.1 * most)),  # no mark on the edge
        [_OWN, _PROBE],
        height=220,
    )
    draw("nfe", chart, pd.DataFrame(rows))
    st.caption(
        "**What am I seeing?** The evaluations of the solver that the net trains with, and those that an "
        "adaptive one (Dormand–Prince, at the tolerance above) would have needed for the stored flow at "
        f"moments of the training, on {images_compared(kept.experiment)} images. Where the second "
        "curve rises the flow has become harder to solve."
    )


@st.cache_data(max_entries=32, show_spinner="Solving the stored flows …")
def _probed(run_id: str, step: int, experiment: str, tolerance: float) -> list[tuple[float, int]]:
    steps = state.jobs().kept_steps(run_id)
    apart = max(1, -(-len(steps) // _MOMENTS))
    chosen = sorted({*steps[::apart], *steps[-1:]})
    moments = [state.jobs().snapshot(run_id, each) for each in chosen]
    kept = [(m.epoch, unpack_weights(m.weights)) for m in moments if m is not None]
    return evaluations_over_training(Experiment.model_validate_json(experiment), kept, tolerance)


@st.cache_data(max_entries=32, show_spinner="Solving with every solver …")
def _solved(run_id: str, step: int, experiment: str, _weights: bytes) -> list[Solved]:
    return solve_otherwise(Experiment.model_validate_json(experiment), unpack_weights(_weights))


def _otherwise(found: list[Solved], images: int) -> None:
    st.markdown("##### The stored net under other solvers")
    rows = pd.DataFrame(
        [
            {
                "series": _LABELS.get(one.method, one.method),
                "nfe": one.nfe,
                "error": one.error,
                "accuracy": one.accuracy,
                "setting": f"{one.steps} steps" if one.steps else f"tolerance {one.tolerance:g}",
            }
            for one in found
        ]
    )
    names = list(dict.fromkeys(rows["series"]))
    nfe = Axis("nfe", "NFE of a forward pass", log=True)
    left, right = st.columns(2, gap="medium")
    with left:
        error = Axis("error", "largest error of a probability", log=True)
        draw("solver_error", lines(nfe, error, names, height=260), rows)
    with right:
        accuracy = Axis("accuracy", "accuracy")
        draw("solver_accuracy", lines(nfe, accuracy, names, height=260), rows)
    own = next(one for one in found if one.as_trained)
    st.caption(
        "**What am I seeing?** The same weights, the flow solved with more or fewer steps between the "
        "times, or to another tolerance; the error is against rk4 with 64 steps, in double "
        "precision. The field has corners (ReLU), at which no method keeps its order. As it was trained "
        f"({own.method}, NFE {own.nfe}) its probabilities are off by up to "
        f"{own.error:.1g} and {own.accuracy:.1%} of {images} images are right. A net whose "
        "answers change with the solver is no ODE but its discretisation."
    )
    with st.expander("All solvers as a table"):
        shown = rows.rename(columns={"series": "solver", "nfe": "NFE"})
        shown["accuracy"] = [f"{value:.1%}" for value in rows["accuracy"]]
        shown["error"] = [f"{value:.2e}" for value in rows["error"]]
        table(shown[["solver", "setting", "NFE", "error", "accuracy"]])
