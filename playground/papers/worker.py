"""The process of one study of a paper; what comes out is stored in one transaction: all or nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import torch

from playground.jobs.one_order import Told, serve
from playground.jobs.reader import Reader
from playground.papers import PAPERS, Order, Study
from playground.papers.studied import Studied


def work(order: dict[str, Any], told: Told) -> None:
    """Compute a study, and store what comes out.

    Raises:
        ValueError: If what is asked for is no study, or cannot be computed here.
        Refused: If the store does not take it.
    """
    began = time.monotonic()
    study, asked = PAPERS[order["paper"]], Order(**json.loads(order["order"]))
    if not isinstance(study, Study):
        raise ValueError(f"paper: {study.name} is a table, which the engine trains")
    found = study.compute(asked, told.progress)
    Studied(Reader(order["home"]).store).save(study, asked, found, time.monotonic() - began)
    told.status, told.reason = "finished", "The result is stored."


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(work)
