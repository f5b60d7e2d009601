"""Warms a worker up: importing torch and the first steps of a process cost seconds."""

from __future__ import annotations

import logging
from typing import Any

from playground.jobs.priority import step_back
from playground.jobs.settings import read_settings

logger = logging.getLogger(__name__)


def dask_setup(worker: Any) -> None:
    """Set the thread budget and train a tiny net; called by Dask when a worker starts."""
    step_back()
    import torch

    torch.set_num_threads(read_settings().threads)
    try:
        warm_up()
    except Exception:  # a cold worker is better than none
        logger.exception("the warm-up failed")


def warm_up() -> None:
    """Run one short training from its start to its end; begin to compile what is not compiled yet."""
    from playground import fused
    from playground.experiment import Experiment
    from playground.training import train

    fused.prepare_all()
    for _ in train(Experiment(n_train=10, n_validation=10, epochs=1)):
        pass
