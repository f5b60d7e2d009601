"""Table I, reproduced: printed beside found, the verdicts, and the order of the nets."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from playground.attacks import Preset
from playground.charts.exports import chart_csv
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.networks import NETWORKS
from playground.training.attack_curves import Spread, accuracy, outcome, spread
from playground.training.residual_comparison import by_chance
from playground.training.robust_comparison import (
    Ordered,
    columns_of,
    compared,
    ordered,
    tally,
)
from playground.training.robust_protocol import Protocol
from playground.training.robust_table import NETS, Pair
from playground.training.slices import Kept, Work
from playground.ui import state
from playground.ui.labs.charting import table
from playground.ui.labs.robustness_kept import expected_seconds, key_of, subject_now
from playground.ui.labs.robustness_settings import Settings
from playground.ui.labs.robustness_slices import draw_sliced

Trained = list[tuple[str, int, RunRecord]]
"""Of each trained net its name, which repetition it is, and its run."""
_SEED = 0  # of the noise that is added to the images


def draw_results(settings: Settings, protocol: Protocol, made: dict[str, list[Experiment]]) -> None:
    """Evaluate the nets that are trained, and draw what came out beside what is printed.

    Args:
        settings: What is set.
        protocol: What is done.
        made: The trainings of each net, one for each repetition.
    """
    reproduced = _Reproduced(settings, protocol, made)
    trained, waits = reproduced.trained()
    if not trained and not waits:
        st.caption("When the nets are trained they are attacked here, and the table is filled.")
        return
    name = f"table:{settings.table_protocol}:{settings.model_dump_json()}"
    samples = settings.table_samples
    draw_sliced(
        name,
        settings,
        reproduced.work,
        reproduced.draw,
        lambda work: expected_seconds(samples, work),
        waits,
    )


class _Reproduced:
    """The cells of one protocol."""

    def __init__(
        self, settings: Settings, protocol: Protocol, made: dict[str, list[Experiment]]
    ) -> None:
        self._samples, self._protocol, self._made = settings.table_samples, protocol, made

    def trained(self) -> tuple[Trained, bool]:
        """Return the nets that are trained, and whether more are on their way."""
        named = [(net, i, each) for net, row in self._made.items() for i, each in enumerate(row)]
        runs = studies.find(state.jobs(), [each for _, _, each in named])
        found = [
            (net, i + 1, run)
            for (net, i, _), run in zip(named, runs)
            if run is not None and run.status == "finished" and run.checkpoint_step > 0
        ]
        return found, any(map(studies.is_going, runs))

    def _key(self, run: RunRecord, column: Preset) -> Hashable:
        return key_of(run, self._samples, _SEED, column.attack, column.eps)

    def work(self) -> Work:
        """Return what is to be computed, perturbation by perturbation."""
        work: dict[Hashable, Callable[[], Any]] = {}
        nets, _ = self.trained()
        for column in columns_of(self._protocol):
            for _, _, run in nets:
                own = subject_now(run, self._samples)
                work[self._key(run, column)] = partial(
                    outcome, own, column.attack, column.eps, _SEED
                )
        return work

    def draw(self, kept: Kept) -> None:
        """Draw what is computed."""
        rows = self._rows(kept)
        if not rows:
            return
        cells: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            cells.setdefault((row["reproduced"], row["net"]), []).append(row["accuracy"])
        st.markdown(f"{self._attacked(kept)} {self._clean(cells)}")
        whole = pd.DataFrame(self._lines(cells))
        table(whole)
        st.download_button(
            "All cells (CSV)",
            lambda: chart_csv(pd.DataFrame(self._csv(cells, rows))),
            file_name="table_1.csv",
            key="robust_table:csv",
            on_click="ignore",
            type="tertiary",
            help="Every cell, printed and reproduced, and the accuracy of every repetition.",
        )
        st.caption(
            "Agrees: within one percentage point, or within two combined standard errors (printed: of 3 "
            "trainings). ± is a standard deviation over the weight seeds."
        )
        st.markdown("##### The order of the nets")
        lines = ordered(self._protocol, cells)
        table(pd.DataFrame([_order_row(line) for line in lines]))
        most = max(map(len, cells.values()))
        st.markdown(_order_words(lines, self._protocol, most))

    def _rows(self, kept: Kept) -> list[dict[str, Any]]:
        found = []
        nets, _ = self.trained()
        for column in columns_of(self._protocol):
            for net, repetition, run in nets:
                text = kept.get(self._key(run, column))
                if text is not None:
                    found.append(
                        {
                            "reproduced": column.label,
                            "net": net,
                            "repetition": repetition,
                            "run": run.id,
                            "accuracy": 100 * accuracy(text),
                            "samples": len(text),
                        }
                    )
        return found

    def _attacked(self, kept: Kept) -> str:
        nets, _ = self.trained()
        columns = columns_of(self._protocol)
        done = sum(all(self._key(run, each) in kept for each in columns) for _, _, run in nets)
        return f"{done} of {sum(map(len, self._made.values()))} nets are attacked."

    def _clean(self, cells: dict[tuple[str, str], list[float]]) -> str:
        """Give the accuracies without a perturbation, which are not printed."""
        clean = columns_of(self._protocol)[0].label
        told = [
            f"{NETWORKS[net].label} **{_told(spread(cells.get((clean, net), [])))}**"
            for net in NETS
        ]
        return f"Clean accuracy (not printed): {', '.join(told)}."

    def _lines(self, cells: dict[tuple[str, str], list[float]]) -> list[dict[str, str]]:
        return [
            {
                "printed": each.row.perturbation,
                "here": each.column.label,
                "net": NETWORKS[each.net].label,
                "printed accuracy": _told(each.printed),
                "reproduced": _told(each.found),
                "difference": "–"
                if each.difference is None
                else f"{each.difference:+.1f}".replace("-", "−"),
                "verdict": each.verdict.words,
            }
            for each in compared(self._protocol, cells)
        ]

    def _csv(
        self, cells: dict[tuple[str, str], list[float]], rows: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return one row for each repetition of each cell, the printed figure beside it."""
        by = {(each.column.label, each.net): each for each in compared(self._protocol, cells)}
        made = []
        for row in rows:
            cell = by.get((row["reproduced"], row["net"]))
            own = spread(cells[row["reproduced"], row["net"]])
            made.append(
                {
                    **row,
                    "mean": own.mean,
                    "std": own.std,
                    "printed": "" if cell is None else cell.row.perturbation,
                    "printed_mean": None if cell is None else cell.printed.mean,
                    "printed_std": None if cell is None else cell.printed.std,
                    "verdict": "not printed" if cell is None else cell.verdict.words,
                }
            )
        return made


def _told(found: Spread | None) -> str:
    if found is None:
        return "–"
    return f"{found.mean:.1f}" + ("" if found.std is None else f" ± {found.std:.1f}")


_SIGNS = {1: ">", 0: "≈", -1: "<", None: "?"}


def _order_row(line: Ordered) -> dict[str, str]:
    row = {"printed": line.row.perturbation, "here": line.column.label}
    for pair in line.pairs:
        row[_pair_name(pair)] = (
            f"{_SIGNS[pair.printed]} printed, {_SIGNS[pair.found]} here: {pair.likeness}"
        )
    return row


def _pair_name(pair: Pair) -> str:
    return f"{NETWORKS[pair.nets[0]].label} and {NETWORKS[pair.nets[1]].label}"


def _order_words(lines: list[Ordered], protocol: Protocol, repetitions: int) -> str:
    counts = tally(lines)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    total = sum(counts.values())
    words = f"Of {total} pairs of nets: **{told}**. ≈: within two combined standard errors."
    if repetitions > 1:
        chance = by_chance(2 * repetitions - 1)
        words += (
            f" With {repetitions} trainings each, nets that do not differ at all are still told apart in "
            f"{chance:.0%} of comparisons (Student's t)."
        )
    if protocol.reduced:
        words += (
            " This protocol is **reduced**, so that absolute figures cannot be compared with the printed "
            f"ones ({protocol.reduced}); only the order of the nets is."
        )
    return words
