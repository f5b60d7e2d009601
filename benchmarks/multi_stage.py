"""What multi-stage nets reach: the lecture's target in two stages, full and quick, and three stages."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.training.multi_stage import Fit, fit


@dataclass(frozen=True)
class Case:
    """A fit of the lecture's target and what it has to reach.

    Attributes:
        title: In words.
        stages: How many.
        adam: Steps of Adam in each.
        lbfgs: L-BFGS iterations in each.
        n: Points.
        reach: They lie in [-reach, reach].
        history: Curvature pairs of L-BFGS.
        seeds: Initial weights.
    """

    title: str
    stages: int
    adam: int
    lbfgs: int
    n: int
    reach: float
    history: int
    seeds: range


CASES = {
    "full": Case("two stages, 300 points", 2, 1500, 2500, 300, 1.0, 30, range(1, 6)),
    "quick": Case("two stages, quick", 2, 1000, 800, 300, 1.0, 20, range(1, 6)),
    "three": Case("three stages, 1000 points of ±1.05", 3, 2000, 5000, 1000, 1.05, 30, range(1, 4)),
}


def lecture(x: np.ndarray) -> np.ndarray:
    """Return sin(2x + 1) + 0.2·exp(1.3x)."""
    return np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x)


def _run(case: Case, seed: int) -> tuple[Fit, dict[str, float]]:
    x = np.linspace(-case.reach, case.reach, case.n)
    # Ten times as many points, of the domain that is asked about: margins are there to be left out.
    fine = np.linspace(-1, 1, 10 * case.n)
    began = time.perf_counter()
    made = fit(
        x,
        lecture(x),
        stages=case.stages,
        adam=case.adam,
        lbfgs=case.lbfgs,
        history=case.history,
        seed=seed,
    )
    seconds = time.perf_counter() - began
    error = made(fine) - lecture(fine)
    return made, {
        "half": made.stages[-1].loss,
        "first_half": made.stages[0].loss,
        "rms": float(np.sqrt(np.mean(error**2))),
        "max": float(np.abs(error).max()),
        "seconds": seconds,
    }


def multi_stage() -> dict[str, Any]:
    """Fit every case with several seeds on one thread; print and return what was reached."""
    results: dict[str, Any] = {}
    print("multi_stage: sin(2x + 1) + 0.2 exp(1.3x), stages of 3×20, float64, one thread")
    for name, case in CASES.items():
        print(
            f"  {case.title}: Adam {case.adam:,}, L-BFGS {case.lbfgs:,} a stage; on a grid ten times "
            "as fine over [-1, 1]:"
        )
        rows = []
        for seed in case.seeds:
            _, row = _run(case, seed)
            rows.append(row)
            print(
                f"    seed {seed}: MSE/2 {row['first_half']:.1e} after stage 1, {row['half']:.1e} at the "
                f"end; RMS {row['rms']:.1e} and maximum {row['max']:.1e} between; {row['seconds']:.1f} s"
            )
        results[name] = rows
    _verdicts(results)
    return results


def _verdicts(results: dict[str, Any]) -> None:
    full = sum(row["half"] <= 1e-14 and row["max"] <= 1e-6 for row in results["full"])
    quick = sum(row["half"] <= 5e-13 for row in results["quick"])
    three = sum(row["rms"] <= 1e-9 for row in results["three"])
    print(f"  MSE/2 ≤ 1e-14 and maximum ≤ 1e-6: {full} of {len(results['full'])} seeds")
    print(f"  quick, MSE/2 ≤ 5e-13: {quick} of {len(results['quick'])} seeds")
    print(f"  three stages, RMS ≤ 1e-9 between: {three} of {len(results['three'])} seeds")
