"""``python -m benchmarks [NAME …]``: run benchmarks and print median, spread and ratio."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from benchmarks import mlp, rk
from benchmarks.attacks import attacks
from benchmarks.gpu import gpu
from benchmarks.history import history
from benchmarks.images import clothes, digits, resnet, resnet_gpu
from benchmarks.live import boundary, frame, resume
from benchmarks.multi_stage import multi_stage
from benchmarks.pixel import pixel
from benchmarks.robust_table import robust_table
from benchmarks.sweep import sweep
from benchmarks.table1 import table1
from playground.integrators import INTEGRATORS

LIVE = {"boundary": boundary, "frame": frame, "resume": resume}
FUSED = {"rk": rk, "mlp": mlp}
WHOLE = {"pixel": pixel, "table1": table1, "multi_stage": multi_stage, "gpu": gpu}
WHOLE |= {"digits": digits, "clothes": clothes, "resnet": resnet, "resnet_gpu": resnet_gpu}
WHOLE |= {"attacks": attacks, "robust_table": robust_table, "sweep": sweep, "history": history}
LOADED = ("load", "follow")  # with Streamlit, which no other one needs
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


def live(name: str) -> dict[str, dict[str, float]]:
    """Run and print a benchmark whose first part is what the others are measured by."""
    result = timed(LIVE[name]())
    reference, *_ = result
    print(name)
    for part, figures in result.items():
        ratio = figures["median"] / result[reference]["median"]
        print(
            f"  {part:34s} {figures['median']:9.2f} ms "
            f"({figures['least']:.2f} to {figures['greatest']:.2f})  {ratio:6.2f} × {reference}"
        )
    return result


def loaded(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run and print a benchmark in which a class works on a server."""
    if name == "follow":
        from benchmarks.load_follow import follow

        return follow(arguments.sessions, arguments.seconds)
    from benchmarks.load import load

    return load(arguments.sessions, arguments.seconds, soak=arguments.soak)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *FUSED, *LIVE, *WHOLE, *LOADED], help="all by default"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.add_argument_group("options of rk")
    options.add_argument("--net", choices=["rk_net", "standard_net"], default="rk_net")
    schemes = [name for name, scheme in INTEGRATORS.items() if scheme.kind == "runge_kutta"]
    options.add_argument("--scheme", choices=schemes, default="rk4")
    for name, default in (("width", 16), ("depth", 100), ("batch", 5)):
        options.add_argument(f"--{name}", type=int, default=default)
    options = parser.add_argument_group("options of load and follow")
    options.add_argument("--sessions", type=int, default=30, help="students")
    options.add_argument("--seconds", type=float, default=60.0, help="how long they work")
    options.add_argument("--soak", action="store_true", help="load for fifteen minutes")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the chosen benchmarks; ``argv`` is what follows the program's name."""
    arguments = _parser().parse_args(argv)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    results = {}
    for name in arguments.names or [*FUSED, *LIVE, *WHOLE, *LOADED]:
        if name in LIVE:
            results[name] = live(name)
        elif name in WHOLE:
            results[name] = WHOLE[name]()
        elif name in LOADED:
            results[name] = loaded(name, arguments)
        else:
            results[name] = FUSED[name].run(arguments)
            FUSED[name].show(results[name])
    if arguments.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
