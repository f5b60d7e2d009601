"""``python -m benchmarks [NAME …]``: run benchmarks and print median, spread and ratio."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.live import boundary, frame, resume

BENCHMARKS = {"boundary": boundary, "frame": frame, "resume": resume}
ROUNDS = 9


def timed(parts: dict[str, Callable[[], object]]) -> dict[str, dict[str, float]]:
    """Time the parts in turn, round after round, so that noise meets all of them alike.

    Returns:
        For each part the median, the least and the greatest time in milliseconds.
    """
    for part in parts.values():
        part()
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(ROUNDS):
        for name, part in parts.items():
            began = time.perf_counter()
            part()
            times[name].append(1e3 * (time.perf_counter() - began))
    return {
        name: {"median": statistics.median(t), "least": min(t), "greatest": max(t)}
        for name, t in times.items()
    }


def main() -> None:
    """Run the chosen benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="all by default")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = {}
    for name in arguments.names or BENCHMARKS:
        result = results[name] = timed(BENCHMARKS[name]())
        reference, *_ = result
        print(name)
        for part, figures in result.items():
            ratio = figures["median"] / result[reference]["median"]
            print(
                f"  {part:34s} {figures['median']:9.2f} ms "
                f"({figures['least']:.2f} to {figures['greatest']:.2f})  {ratio:6.2f} × {reference}"
            )
    if arguments.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
