"""Table 1 of Giesecke and Kröner (2021), computed anew: StandardNet and RK4Net by their depth."""

from __future__ import annotations

import statistics
import time
from itertools import product

from playground.experiment import Experiment
from playground.training.repetitions import Outcome, seeded, train_many

DEPTHS = (1, 3, 5, 10, 20, 40, 100)
NETS = ("standard_net", "rk_net")
REPETITIONS = 4


def experiment(net: str, depth: int) -> Experiment:
    """Return one cell of the table, with the settings of the authors' code (h = 0.05)."""
    options = {"width": 16, "depth": depth, "lift": "random"}
    steps = {"step_by": "step", "step": 0.05} if net == "rk_net" else {}
    return Experiment.model_validate(
        {
            "data": "spiral",
            "network": {"name": net, "options": {**options, **steps}},
            "optimizer": {"name": "adam", "options": {"learning_rate": 1e-3}},
            "batch_size": 5,
            "epochs": 40,
            "early_stop": True,
        }
    )


def table1(threads: int | None = None) -> dict[str, object]:
    """Train all 56 nets and print the table.

    Args:
        threads: How many train at the same time; the machine's cores by default.

    Returns:
        The seconds it took and, for every net and depth, mean and deviation of the validation accuracy.
    """
    cells = list(product(NETS, DEPTHS))
    # The deepest first, so that no thread begins a long training when the others are done.
    cells.sort(key=lambda cell: -cell[1])
    runs = [each for cell in cells for each in seeded(experiment(*cell), REPETITIONS)]
    began = time.perf_counter()
    outcomes = train_many(runs, threads=threads)
    seconds = time.perf_counter() - began
    found = {
        cell: _summary(outcomes[i * REPETITIONS : (i + 1) * REPETITIONS])
        for i, cell in enumerate(cells)
    }
    print(f"table1: {len(runs)} trainings in {seconds:.1f} s; validation accuracy, %")
    for depth in DEPTHS:
        row = "   ".join(f"{net} {found[net, depth]['words']}" for net in NETS)
        print(f"  depth {depth:3d}   {row}")
    listed = [{"net": n, "depth": d, **found[n, d]} for n, d in product(NETS, DEPTHS)]
    return {"seconds": seconds, "trainings": len(runs), "cells": listed}


def _summary(outcomes: list[Outcome]) -> dict[str, object]:
    percent = [100 * (o.metrics.validation_accuracy or 0.0) for o in outcomes if o.metrics]
    mean, std = statistics.fmean(percent), statistics.stdev(percent)
    epochs = [o.metrics.epoch for o in outcomes if o.metrics]
    words = f"{mean:5.1f} ± {std:4.1f} after {min(epochs):.0f} to {max(epochs):.0f} epochs"
    return {"mean": mean, "std": std, "epochs": epochs, "words": words}
