"""Table I of TisODE in the reduced protocol: three nets under noise and attacks, printed beside found."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from playground.experiment import Experiment
from playground.networks import NETWORKS
from playground.training import train
from playground.training.attack_curves import Spread, accuracy, outcome
from playground.training.attacked import subject
from playground.training.events import Checkpoint, Finished
from playground.training.robust_comparison import columns_of, compared, ordered, tally
from playground.training.robust_protocol import PROTOCOLS, Protocol, cannot, experiments
from playground.training.robust_table import NETS

REPETITIONS = 3
CLEAN_WANTED = 97.0  # percent of every training without a perturbation


def _evaluated(experiment: Experiment, protocol: Protocol, samples: int) -> dict[str, Any]:
    """Train a net and attack it; return accuracies in percent and the seconds both took."""
    torch.set_num_threads(1)  # of this thread
    torch.set_flush_denormal(True)
    began, spent = time.perf_counter(), time.thread_time()
    checkpoint, ending = b"", None
    for event in train(experiment, snapshots=False):
        if isinstance(event, Checkpoint):
            checkpoint = event.payload
        ending = event
    if not isinstance(ending, Finished):
        raise RuntimeError(f"the training ended otherwise: {ending}")
    own = subject(experiment, checkpoint, samples)
    trained, at_work = time.perf_counter() - began, time.thread_time() - spent
    found = {
        column.label: 100 * accuracy(outcome(own, column.attack, column.eps, seed=0))
        for column in columns_of(protocol)
    }
    return {
        "net": experiment.network.name,
        "seed": experiment.weight_seed,
        "found": found,
        "train_seconds": trained,
        "train_processor": at_work,
        "attack_seconds": time.perf_counter() - began - trained,
    }


def robust_table(name: str = "reduced", repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Train and attack the nets of a protocol, and print Table I beside what came out.

    Args:
        name: Of the protocol; the reduced one needs no GPU.
        repetitions: Weight seeds of each net.

    Returns:
        The accuracies of every training, the verdicts, and how often the order of the nets is the
        printed one; ``{"why": …}`` where the protocol cannot be carried out here.
    """
    protocol = PROTOCOLS[name]
    why = cannot(protocol)
    if why:
        print(f"robust_table: {protocol.label}: {why}")
        return {"why": why}
    made = [each for row in experiments(protocol, repetitions).values() for each in row]
    # The slowest first, so that no thread begins a long training when the others are done.
    made.sort(key=lambda each: -NETS.index(each.network.name))
    cores = os.cpu_count() or 1
    loads = os.getloadavg()[0]
    began = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        runs = list(pool.map(lambda each: _evaluated(each, protocol, protocol.n_validation), made))
    seconds = time.perf_counter() - began
    print(
        f"robust_table: {protocol.label}; {len(runs)} trainings and their attacks on {cores} cores in "
        f"{seconds:.0f} s (load before: {loads:.1f}, after: {os.getloadavg()[0]:.1f})"
    )
    cells: dict[tuple[str, str], list[float]] = {}
    for run in sorted(runs, key=lambda run: run["seed"]):
        for label, value in run["found"].items():
            cells.setdefault((label, run["net"]), []).append(value)
    _print_clean(runs, cells)
    return {"seconds": seconds, "runs": runs, **_print_table(protocol, cells)}


def _print_clean(runs: list[dict[str, Any]], cells: dict[tuple[str, str], list[float]]) -> None:
    for net in NETS:
        own = [run for run in runs if run["net"] == net]
        clean = cells["clean", net]
        wall, processor = (
            statistics.median(run[key] for run in own)
            for key in ("train_seconds", "train_processor")
        )
        reached = "yes" if min(clean) >= CLEAN_WANTED else "no"
        print(
            f"  {NETWORKS[net].label:7s} clean {min(clean):.2f} to {max(clean):.2f} % "
            f"(≥ {CLEAN_WANTED:g}: {reached}); a training took {wall:.0f} s, {processor:.0f} s of the "
            "processor"
        )


def _print_table(protocol: Protocol, cells: dict[tuple[str, str], list[float]]) -> dict[str, Any]:
    lines = compared(protocol, cells)
    for line in lines:
        print(
            f"  {line.row.perturbation:10s} here {line.column.label:10s} {NETWORKS[line.net].label:7s} "
            f"printed {_told(line.printed):12s} found {_told(line.found):12s} {line.verdict.words}"
        )
    counts = tally(ordered(protocol, cells))
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"  order of the nets, {sum(counts.values())} pairs: {told}")
    verdicts = [line.verdict.outcome for line in lines]
    return {"verdicts": {name: verdicts.count(name) for name in set(verdicts)}, "order": counts}


def _told(found: Spread | None) -> str:
    if found is None:
        return "–"
    return f"{found.mean:.1f}" + ("" if found.std is None else f" ± {found.std:.1f}")
