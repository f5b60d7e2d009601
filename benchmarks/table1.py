"""Table 1 of Giesecke and Kröner (2021), computed anew: StandardNet and RK4Net by their depth."""

from __future__ import annotations

import statistics
import time

from playground.papers import PAPERS, Outcome, trainings
from playground.papers.running import here


def table1() -> dict[str, object]:
    """Train all 56 nets, with the settings of the authors' code (h = 0.05), and print the table.

    Returns:
        The seconds it took and, for every net and depth, mean and deviation of the validation accuracy.
    """
    paper = PAPERS["001/table1"]
    made = trainings(paper, "code")
    began = time.perf_counter()
    outcomes = here(made)
    seconds = time.perf_counter() - began
    found = {
        cell: _summary([o for training, o in zip(made, outcomes) if training.cell == cell])
        for cell in paper.cells
    }
    print(f"table1: {len(made)} trainings in {seconds:.1f} s; validation accuracy, %")
    for depth in paper.columns:
        row = "   ".join(f"{net} {found[net, depth]['words']}" for net in paper.rows)
        print(f"  depth {depth:>3s}   {row}")
    listed = [{"net": net, "depth": int(depth), **found[net, depth]} for net, depth in paper.cells]
    return {"seconds": seconds, "trainings": len(made), "cells": listed}


def _summary(outcomes: list[Outcome]) -> dict[str, object]:
    percent = [100 * (o.metrics.validation_accuracy or 0.0) for o in outcomes if o.metrics]
    mean, std = statistics.fmean(percent), statistics.stdev(percent)
    epochs = [o.metrics.epoch for o in outcomes if o.metrics]
    words = f"{mean:5.1f} ± {std:4.1f} after {min(epochs):.0f} to {max(epochs):.0f} epochs"
    return {"mean": mean, "std": std, "epochs": epochs, "words": words}
