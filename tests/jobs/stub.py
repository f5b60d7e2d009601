"""A training that takes no time and honours the contract of ``playground.training.train``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence

from playground.training.control import Control, Unattended
from playground.training.events import (
    Amendment,
    Checkpoint,
    Event,
    Finished,
    Live,
    Metrics,
    Paused,
    Snapshot,
    Started,
    Stopped,
)


def metrics(step: int, weight: float, rate: float) -> Metrics:
    return Metrics(
        step=step,
        epoch=step / 10,
        train_loss=weight,
        validation_loss=2 * weight,
        train_accuracy=None,
        validation_accuracy=0.5,
        nfe_forward=4,
        nfe_backward=4,
        learning_rate=rate,
        gradient_norm=1.0,
        seconds=0.0,
        samples_per_second=1.0,
    )


def training(
    steps: int = 30, *, every: int = 7, pause: float = 0.0
) -> Callable[..., Iterator[Event]]:
    """Make a ``train`` of so many steps, with a checkpoint after ``every`` steps."""

    def train(
        experiment: object,
        *,
        checkpoint: bytes | None = None,
        control: Control | None = None,
        amendments: Sequence[Amendment] = (),
    ) -> Iterator[Event]:
        control = control or Unattended()
        state = json.loads(checkpoint) if checkpoint else {"step": 0, "weight": 1.0, "rate": 0.1}
        recorded = {a.step: a.changes for a in amendments}

        def save() -> Checkpoint:
            return Checkpoint(state["step"], state["step"] / 10, json.dumps(state).encode())

        yield Started("cpu", "because", "stub", 1, state["step"], ("early",))
        if state["step"] == 0:
            yield metrics(0, state["weight"], state["rate"])
        while True:
            orders, step = control.poll(), state["step"]
            state["rate"] = recorded.get(step, {}).get("learning_rate", state["rate"])
            if orders.changes:
                state["rate"] = orders.changes["learning_rate"]
                yield Amendment(step, dict(orders.changes))
            ending = None
            if orders.halt:
                ending = {"stop": Stopped, "pause": Paused}[orders.halt](step, orders.reason)
            elif orders.until_step is not None and step >= orders.until_step:
                ending = Paused(step, "until")
            elif step >= steps:
                ending = Finished(step, "done")
            if ending is not None:
                yield Live(step, step / 10, f"view {orders.view.features}".encode())
                yield save()
                yield ending
                return
            time.sleep(pause)
            state["step"] = step = step + 1
            state["weight"] = state["weight"] * (1 - state["rate"]) + 1e-3 * step
            yield metrics(step, state["weight"], state["rate"])
            if step % 5 == 0:
                yield Snapshot(step, step / 10, f"weights {step}".encode())
            if step % every == 0:
                yield save()

    return train
