"""Augmented neural ODEs on images: loss and evaluations of the field while they learn."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.lines import Axis, lines
from playground.charts.study import bands
from playground.datasets import DATASETS, TableError
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.events import Metrics
from playground.training.image_nfe import epoch_course
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.images_sets import choosable, mark
from playground.ui.labs.images_settings import (
    NFE_BORDERS,
    NFE_CHANNELS,
    SHEET,
    SOLVERS,
    Settings,
)
from playground.ui.labs.images_spikes import Trainings, draw_spikes
from playground.ui.labs.studying import draw_study

FIELDS = Settings.model_fields
_LEAST = 1e-4  # of a band on a logarithmic axis


def draw_nfe(settings: Settings) -> None:
    """Draw the controls of the study, and beside them what has come out of it."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        _controls(settings)
    with right:
        _study(settings)


def _controls(settings: Settings) -> None:
    form = SHEET.form
    form.slot(settings.data, "data", FIELDS["data"], only=choosable(), mark=mark)
    form.field(settings, "nfe_augment")
    if settings.nfe_augment == "channels":
        form.many(settings, "nfe_channels", {p: f"p = {p}" for p in NFE_CHANNELS})
    else:
        form.many(settings, "nfe_borders", {width: width for width in NFE_BORDERS})
    for name in ("nfe_solver", "nfe_tolerance", "nfe_gradient", "nfe_epochs", "nfe_repetitions"):
        form.field(settings, name)
    with st.expander("Net and training"):
        for name in ("nfe_filters", "nfe_images", "nfe_rate", "nfe_batch", "nfe_seed"):
            form.field(settings, name)
        form.seed(settings, "data_seed")


def sizes_of(settings: Settings) -> dict[str, int]:
    """Return the added channels or pixels by what each net is called."""
    if settings.nfe_augment == "channels":
        return {f"p = {p}": int(p) for p in settings.nfe_channels}
    return {f"border {n}": int(n) for n in settings.nfe_borders}


def experiments_of(settings: Settings) -> dict[str, list[Experiment]]:
    """Return the trainings of each net, one for each repetition.

    Raises:
        ValueError: If the choices do not fit together.
    """
    seeds = range(settings.nfe_seed, settings.nfe_seed + settings.nfe_repetitions)
    return {
        name: [Experiment.model_validate(_tree(settings, size, seed)) for seed in seeds]
        for name, size in sizes_of(settings).items()
    }


def _tree(settings: Settings, size: int, seed: int) -> dict[str, Any]:
    by = settings.nfe_augment
    options = {"augment": by, by: size, "filters": settings.nfe_filters}
    tolerance = settings.nfe_tolerance
    return {
        "data": settings.data,
        "n_train": settings.nfe_images,
        "n_validation": min(settings.nfe_images, 200),
        "data_seed": settings.data_seed,
        "network": {
            "name": "conv_ode",
            "options": {**options, "gradient": settings.nfe_gradient},
        },
        "scheme": {
            "name": settings.nfe_solver,
            "options": {"rtol": tolerance, "atol": tolerance},
        },
        "weight_seed": seed,
        "optimizer": {"name": "adam", "options": {"learning_rate": settings.nfe_rate}},
        "batch_size": settings.nfe_batch,
        "epochs": settings.nfe_epochs,
    }


def _study(settings: Settings) -> None:
    try:
        made = experiments_of(settings)
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return
    if not made:
        st.info("Choose a size of the augmentation at least.", icon=":material/info:")
        return
    st.markdown(
        "Neural ODEs whose one convolutional field moves the images, stepped by a solver that chooses "
        "its own steps. How often it evaluates the field (NFE) tells how intricate the flow is."
    )
    flat = [each for row in made.values() for each in row]
    draw_study(SHEET, flat, lambda runs: _results(list(made), runs))


def _results(names: list[str], runs: list[RunRecord | None]) -> None:
    settings = SHEET.settings
    per = max(1, len(runs) // len(names))
    known = [run.id for run in runs if run is not None]
    figures = studies.figures(state.jobs(), known) if known else {}
    found: Trainings = {
        name: [
            figures[run.id]
            for run in runs[i * per : (i + 1) * per]
            if run is not None and len(figures.get(run.id, ())) > 1
        ]
        for i, name in enumerate(names)
    }
    _ended_badly(names, runs, per)
    if not any(found.values()):
        st.caption(
            "Loss and evaluations over the epochs, the one over the other, and epochs at which a "
            "training became unstable come here."
        )
        return
    _courses(found, settings.nfe_gradient == "adjoint")
    _against(found, settings, all(map(studies.is_done, runs)))
    draw_spikes(found, settings)


def _ended_badly(names: list[str], runs: list[RunRecord | None], per: int) -> None:
    for i, run in enumerate(runs):
        if run is not None and run.status == "diverged":
            st.warning(
                f"{names[i // per]}, repetition {i % per + 1}: {state.plain(run.reason)}.",
                icon=":material/warning:",
            )


def _courses(found: Trainings, adjoint: bool) -> None:
    series = tuple(name for name, runs in found.items() if runs)
    quantities = [("train_loss", "training loss", True), ("nfe_forward", "NFE, forward", False)]
    if adjoint:
        quantities.append(("nfe_backward", "NFE, backward", False))
    columns = st.columns(2, gap="medium")
    for i, (quantity, title, log) in enumerate(quantities):
        rows = [_course(name, found[name], quantity, log) for name in series]
        with columns[i % 2]:
            st.markdown(f"##### {title[0].upper()}{title[1:]}")
            chart = bands(series, "epoch", title, log, height=260, of="net", across="epoch")
            draw(f"nfe_{quantity}", chart, pd.concat(rows))
    counted = (
        "the adjoint's are counted by themselves."
        if adjoint
        else "as many belong to the way back, where each of them is gone through once."
    )
    st.caption(
        "Mean over the repetitions and a band of one standard deviation, as far as all have come. "
        f"The evaluations are those of one pass of the epoch's last batch; {counted}"
    )


def _course(name: str, runs: list[list[Metrics]], quantity: str, log: bool) -> pd.DataFrame:
    epochs, mean, std = epoch_course(runs, quantity)
    low = mean - std
    return pd.DataFrame(
        {
            "series": name,
            "epoch": epochs,
            "mean": mean,
            "low": low.clip(min=_LEAST) if log else low,
            "high": mean + std,
        }
    )


def _against(found: Trainings, settings: Settings, ended: bool) -> None:
    series = [name for name, runs in found.items() if runs]
    rows = pd.DataFrame(
        [
            {
                "series": name,
                "repetition": i + 1,
                "epoch": m.epoch,
                "nfe": m.nfe_forward + m.nfe_backward,
                "loss": m.train_loss,
                "accuracy": m.validation_accuracy,
            }
            for name in series
            for i, run in enumerate(found[name])
            for m in run
            if m.step > 0
        ]
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("##### Loss over the work")
        ends_of_axis = (rows["nfe"].min() - 3, rows["nfe"].max() + 3)
        chart = lines(
            Axis("nfe", "NFE, forward and backward", domain=ends_of_axis),
            Axis("loss", "training loss", log=True, domain=_around(rows["loss"])),
            series,
            joined=False,
            height=300,
        )
        draw("nfe_loss", chart, rows)
        st.caption("A mark for each epoch of each training; a good net lies low and to the left.")
    ends = rows.loc[rows.groupby(["series", "repetition"])["epoch"].idxmax()]
    with right:
        st.markdown("##### At the end" if ended else "##### As far as they have come")
        st.markdown(_verdict(ends, series, ended))
        st.caption(_setting(settings))
    table(_end_rows(ends, series))


def _end_rows(ends: pd.DataFrame, series: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "net": name,
                "training loss": _spread(own["loss"], _decimals(own["loss"])),
                "NFE, forward and backward": _spread(own["nfe"], ".0f"),
                "validation accuracy": _spread(100 * own["accuracy"], ".1f") + " %",
                "trainings": len(own),
                "epochs": " and ".join(sorted({f"{epoch:g}" for epoch in own["epoch"]}, key=float)),
            }
            for name in series
            if len(own := ends[ends["series"] == name])
        ]
    )


def _around(losses: pd.Series) -> tuple[float, float]:
    """Return the ends of a logarithmic axis on which all losses above zero lie, with some room."""
    above = losses[(losses > 0) & (losses < math.inf)].clip(lower=_LEAST)
    return (0.9 * float(above.min()), 1.1 * float(above.max())) if len(above) else (_LEAST, 1.0)


def _decimals(values: pd.Series) -> str:
    """Return a format with two digits of the spread, or three of the mean where there is none."""
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return f".{max(0, 1 - math.floor(math.log10(spread)))}f" if spread > 0 else ".3g"


def _spread(values: pd.Series, form: str) -> str:
    mean = format(values.mean(), form)
    return f"{mean} ± {values.std(ddof=1):{form}}" if len(values) > 1 else mean


def _verdict(ends: pd.DataFrame, series: list[str], ended: bool) -> str:
    """Say how the ends of the plain net and of the most augmented one compare."""
    if len(series) < 2:
        return ""
    means = ends.groupby("series")[["loss", "nfe"]].mean()
    first, last = series[0], series[-1]
    loss, nfe = (means.loc[first, name] / means.loc[last, name] for name in ("loss", "nfe"))
    return (
        f"The loss of {first} {'ends' if ended else 'is'} at {loss:.2g} times that of {last}, with "
        f"{nfe:.2g} times its evaluations."
    )


def _setting(settings: Settings) -> str:
    label = DATASETS[settings.data.name].label
    return (
        f"{label}, {settings.nfe_images:,} images, {settings.nfe_epochs} epochs, "
        f"{SOLVERS[settings.nfe_solver]} to {settings.nfe_tolerance:g}: a small copy of what Dupont et "
        "al. (2019) drew for all of MNIST and CIFAR-10. So few repetitions tell large differences from "
        "chance, not small ones."
    )
