"""Residual nets side by side: as many weights, the same images and seeds, several repetitions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.datasets import TableError
from playground.experiment import Experiment, RegularizerSlot
from playground.integrators import INTEGRATORS
from playground.networks import NETWORKS
from playground.training.devices import gpus
from playground.training.repetitions import seeded
from playground.training.residual_comparison import (
    REFERENCE,
    RIVALS,
    Contender,
    Scale,
    contenders,
    expected_seconds,
)
from playground.training.residual_table import BATCH, EPOCHS
from playground.ui import state
from playground.ui.labs.charting import table
from playground.ui.labs.images_printed import draw_guide, draw_printed
from playground.ui.labs.images_settings import SHEET, Settings
from playground.ui.labs.images_side_results import draw_results
from playground.ui.labs.studying import draw_study

_STEPPED = ("ho_resnet", "mixer")
_TABLEAUS = [n for n, e in INTEGRATORS.items() if e.kind == "runge_kutta" and n != "custom"]


def side_controls(settings: Settings) -> None:
    """Draw which nets are compared, how large they are, and how often they are trained."""
    form, fields = SHEET.form, Settings.model_fields
    form.many(settings, "side_rivals", {name: NETWORKS[name].label for name in RIVALS})
    if set(_STEPPED) & set(settings.side_rivals):
        form.slot(settings.scheme, "scheme", fields["scheme"], only=_TABLEAUS)
    form.field(settings, "side_size")
    if settings.side_size == "small":
        form.field(settings, "side_width")
        form.field(settings, "side_blocks")
    else:
        form.field(settings, "side_depth")
    form.field(settings, "side_repetitions")


def draw_side(settings: Settings) -> None:
    """Draw the nets, the study that compares them, and the printed table beside it."""
    st.markdown("#### Does the scheme matter, at equal weights?")
    try:
        nets = _nets(settings)
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(_reason(error)).rstrip('.')}.", icon=":material/info:")
    else:
        _study(settings, nets)
    draw_printed()
    draw_guide()


def _reason(error: Exception) -> str:
    """Return what was wrong, without pydantic's words around it."""
    told = getattr(error, "errors", None)
    return (
        "; ".join(each["msg"].removeprefix("Value error, ") for each in told())
        if told
        else str(error)
    )


def _nets(settings: Settings) -> dict[str, Contender]:
    scale = Scale(
        settings.side_size, settings.side_width, settings.side_blocks, settings.side_depth
    )
    published = settings.side_size == "published"
    rivals = [name for name in settings.side_rivals if not (published and name == "mixer")]
    if published and "mixer" in settings.side_rivals:
        st.caption("The mixer is left out: it has no size that the residual-stacking paper prints.")
    # None of these nets is a flow that goes on beyond its horizon, whatever the lab's own net is.
    base = settings.experiment.model_copy(update={"regularizer": RegularizerSlot(name="none")})
    return contenders(base, rivals, scale, settings.scheme)


def _study(settings: Settings, nets: dict[str, Contender]) -> None:
    _table(nets)
    if settings.side_size == "published" and not gpus():
        st.info(
            "The published sizes need a GPU, and none is present here; a CPU is far too slow for them. "
            "Their weights are counted above. Choose small nets to train some.",
            icon=":material/memory:",
        )
        return
    st.caption(_protocol(settings, nets))
    every = {name: seeded(net.experiment, settings.side_repetitions) for name, net in nets.items()}
    flat = [experiment for row in every.values() for experiment in row]
    draw_study(SHEET, flat, lambda runs: draw_results(every, runs))


def _table(nets: dict[str, Contender]) -> None:
    table(
        pd.DataFrame(
            [
                {
                    "net": NETWORKS[name].label,
                    "stepped by": _scheme(name, net.experiment),
                    "blocks": " + ".join(map(str, net.blocks)),
                    "weights": f"{net.parameters:,}",
                    "difference": "" if name == REFERENCE else f"{net.excess:+.2%}",
                }
                for name, net in nets.items()
            ]
        )
    )
    words = (
        "Blocks of each stage; the layouts are those whose weights come nearest to PreActResNet's."
    )
    if "mixer" in nets:
        words += " The mixer has no stages: its residual connections are counted."
    st.caption(words)


def _scheme(name: str, experiment: Experiment) -> str:
    if name in _STEPPED:
        return experiment.scheme.entry.label
    own = {REFERENCE: "euler", "tm_resnet": "taylor_multistep"}.get(name)
    return INTEGRATORS[own].label if own else "two steps, trained weight k"


def _protocol(settings: Settings, nets: dict[str, Contender]) -> str:
    """Say how Table 1 was trained, as far as it is known, and how this is."""
    first = nets[REFERENCE]
    made = first.experiment
    n_train, n_validation = made.split_sizes
    here = (
        f"**Here:** nets of {first.parameters:,} weights, {made.epochs} epochs, batches of "
        f"{made.batch_size}, {n_train:,} images of {made.data.entry.label} to train on and "
        f"{n_validation:,} to judge by, {made.optimizer.entry.label}, schedule "
        f"{made.schedule.entry.label.lower()}, {_times(settings.side_repetitions)}."
    )
    as_printed = settings.side_size == "published" and (made.epochs, made.batch_size) == (
        EPOCHS,
        BATCH,
    )
    verdict = (
        "As printed, as far as it is printed."
        if as_printed
        else "This is a reduced protocol: it can show how such a comparison is made and how much is "
        "chance, it does not repeat the table."
    )
    hours = _expected(settings, nets) if settings.side_size == "small" else ""
    return (
        f"**Table 1's protocol:** {EPOCHS} epochs, batches of {BATCH}, nets of 11 to 58 million "
        "weights on CIFAR-10 and CIFAR-100; optimiser, learning rate and augmentation are not given. "
        f"{here} {verdict}{hours}"
    )


def _times(repetitions: int) -> str:
    if repetitions == 1:
        return "one repetition"
    return (
        f"{repetitions} repetitions (data seed and weight seed go up by one each, the same for all "
        "nets)"
    )


def _expected(settings: Settings, nets: dict[str, Contender]) -> str:
    once = sum(_seconds(net.experiment.model_dump_json()) for net in nets.values())
    total = once * settings.side_repetitions
    told = f"{total:.0f} seconds" if total < 100 else f"{total / 60:.0f} minutes"
    return f" Expected for all: about **{told}** of one core, by gradients that were timed here."


@st.cache_data(max_entries=64, show_spinner=False)
def _seconds(experiment: str) -> float:
    return expected_seconds(Experiment.model_validate_json(experiment))
