"""What came out of nets side by side: means, courses, every repetition, and differences in pairs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from playground.charts.side import differences, strip
from playground.charts.study import bands
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.networks import NETWORKS
from playground.training.events import Metrics
from playground.training.lookahead_study import mean_course
from playground.training.residual_comparison import (
    NOTABLE,
    REFERENCE,
    Paired,
    by_chance,
    paired,
)
from playground.ui import state
from playground.ui.labs.charting import draw, table

Found = Mapping[str, list[list[Metrics]]]
"""Of each net the metrics of each repetition, empty of one that has not finished."""


def draw_results(
    experiments: Mapping[str, Sequence[Experiment]], runs: Sequence[RunRecord | None]
) -> None:
    """Draw what there is of a study.

    Args:
        experiments: Of each net one for each repetition.
        runs: Their runs, net by net.
    """
    ended = [run.id for run in runs if run is not None and run.status == "finished"]
    metrics = studies.figures(state.jobs(), ended)
    every, found, diverged = iter(runs), {}, {}
    for name, row in experiments.items():
        own = [next(every) for _ in row]
        found[name] = [metrics.get(run.id, []) if run is not None else [] for run in own]
        diverged[name] = sum(run is not None and run.status == "diverged" for run in own)
    if not any(diverged.values()) and not any(any(row) for row in found.values()):
        st.caption(
            "Accuracy of every repetition, its course with the spread, and the differences to "
            "PreActResNet in pairs come here."
        )
        return
    accuracy = paired({name: _last(row, "validation_accuracy", 100) for name, row in found.items()})
    first = next(iter(experiments.values()))[0]
    _table(found, accuracy, diverged)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Accuracy over the epochs")
        _courses(found)
    with right:
        st.markdown("##### Every repetition at the end")
        _strip(found, accuracy)
    if len(found) > 1:
        st.markdown("##### In pairs: each repetition minus PreActResNet's on the same images")
        _differences(found, accuracy)
        _verdicts(accuracy, first)


def _last(row: Sequence[list[Metrics]], quantity: str, times: float = 1.0) -> list[float | None]:
    return [times * getattr(metrics[-1], quantity) if metrics else None for metrics in row]


def _table(found: Found, accuracy: Mapping[str, Paired], diverged: Mapping[str, int]) -> None:
    rows = []
    for name, row in found.items():
        own, ended = accuracy[name], [metrics for metrics in row if metrics]
        rows.append(
            {
                "net": NETWORKS[name].label,
                "accuracy": _spread(own.mean, own.std, " %"),
                "best": "–" if math.isnan(own.best) else f"{own.best:.2f} %",
                "loss": _of([m[-1].validation_loss for m in ended], ".3f"),
                "seconds": _of([m[-1].seconds for m in ended], ".1f"),
                "images/s": _of([_pace(m) for m in ended], ",.0f"),
                "NFE": str(ended[0][-1].nfe_forward) if ended else "–",
                "trained": f"{own.count} of {len(row)}"
                + (f", {diverged[name]} diverged" if diverged[name] else ""),
            }
        )
    table(pd.DataFrame(rows))
    st.caption(
        "On the validation images after the last epoch; mean ± standard deviation over the repetitions, "
        "and the best of them. NFE: evaluations of a block in one pass forward. Seconds and images per "
        "second depend on what else the machine does."
    )


def _pace(metrics: list[Metrics]) -> float:
    return statistics.median(m.samples_per_second for m in metrics[1:] or metrics)


def _of(values: Sequence[float], form: str) -> str:
    """Return mean ± standard deviation of what there is."""
    if not values:
        return "–"
    mean = format(statistics.fmean(values), form)
    return f"{mean} ± {statistics.stdev(values):{form}}" if len(values) > 1 else mean


def _spread(mean: float, std: float | None, unit: str) -> str:
    if math.isnan(mean):
        return "–"
    return f"{mean:.2f}{unit}" if std is None else f"{mean:.2f} ± {std:.2f}{unit}"


def _courses(found: Found) -> None:
    labels = tuple(NETWORKS[name].label for name in found)
    frames = []
    for name, row in found.items():
        ended = [metrics for metrics in row if metrics]
        steps, mean, std = mean_course(ended, "validation_accuracy")
        epochs = {m.step: m.epoch for m in ended[0]} if ended else {}
        frames.append(
            pd.DataFrame(
                {
                    "series": NETWORKS[name].label,
                    "epoch": [epochs[step] for step in steps],
                    "mean": 100 * mean,
                    "low": 100 * (mean - std).clip(min=0),
                    "high": 100 * (mean + std).clip(max=1),
                }
            )
        )
    chart = bands(labels, "epoch", "validation accuracy (%)", height=300, of="net", across="epoch")
    draw("side_course", chart, pd.concat(frames))
    st.caption("Mean over the repetitions, band of one standard deviation.")


def _strip(found: Found, accuracy: Mapping[str, Paired]) -> None:
    rows = []
    for name, row in found.items():
        own = accuracy[name]
        std = own.std or 0.0
        for i, value in enumerate(_last(row, "validation_accuracy", 100)):
            if value is not None:
                ends = {"mean": own.mean, "low": own.mean - std, "high": own.mean + std}
                label = NETWORKS[name].label
                rows.append({"net": label, "repetition": i + 1, "value": value, **ends})
    columns = ["net", "repetition", "value", "mean", "low", "high"]
    labels = tuple(NETWORKS[name].label for name in found)
    chart = strip(labels, "validation accuracy (%)")
    draw("side_strip", chart, pd.DataFrame(rows, columns=columns))
    st.caption("Lines join the same images and seeds; bars: mean ± standard deviation.")


def _differences(found: Found, accuracy: Mapping[str, Paired]) -> None:
    reference = _last(found[REFERENCE], "validation_accuracy", 100)
    rows = []
    for name, row in found.items():
        if name == REFERENCE or accuracy[name].difference is None:
            continue
        own = accuracy[name]
        wide = None if own.error is None else NOTABLE * own.error
        ends = {
            "mean": own.difference,
            "low": None if wide is None else own.difference - wide,
            "high": None if wide is None else own.difference + wide,
        }
        values = _last(row, "validation_accuracy", 100)
        rows += [
            {"net": NETWORKS[name].label, "repetition": i + 1, "difference": a - b, **ends}
            for i, (a, b) in enumerate(zip(values, reference))
            if a is not None and b is not None
        ]
    labels = tuple(NETWORKS[name].label for name in found)
    chart = differences(
        labels, "difference in accuracy (percentage points)", 60 + 34 * (len(labels) - 1)
    )
    columns = ["net", "repetition", "difference", "mean", "low", "high"]
    draw("side_differences", chart, pd.DataFrame(rows, columns=columns))


def _verdicts(accuracy: Mapping[str, Paired], first: Experiment) -> None:
    lines, most = [], 0
    for name, own in accuracy.items():
        if name == REFERENCE:
            continue
        label, pairs = NETWORKS[name].label, len(own.differences)
        most = max(most, pairs)
        if own.difference is None:
            lines.append(f"- **{label}**: {own.verdict}.")
            continue
        error = "" if own.error is None else f" ± {own.error:.2f}"
        mean = f"{round(own.difference, 2) + 0:+.2f}".replace("-", "−")
        lines.append(
            f"- **{label}**: {mean}{error} percentage points over "
            f"{pairs} pair{'s' if pairs > 1 else ''}: **{own.verdict}**."
        )
    st.markdown("\n".join(lines))
    one = 100 / first.split_sizes[1]
    chance = (
        f"With {most} pairs, nets that do not differ at all are still told apart by {NOTABLE:g} standard "
        f"errors in {by_chance(most):.0%} of comparisons (Student's t). "
        if most > 1
        else ""
    )
    st.caption(
        f"Mean of the differences ± its standard error; bars reach {NOTABLE:g} of these. {chance}One "
        f"validation image is worth {one:.2f} percentage points. One data set, one training protocol and "
        "one size of nets: more repetitions make the difference between these surer, not more general."
    )
