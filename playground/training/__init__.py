"""Training: an experiment in, a stream of events out."""

from playground.training.control import Control, Orders, Unattended, View
from playground.training.estimates import Estimate, Limits, estimate, refusal
from playground.training.loop import redraw, train
from playground.training.retelling import retell
from playground.training.trainer import make_net

__all__ = [
    "Control",
    "Estimate",
    "Limits",
    "Orders",
    "Unattended",
    "View",
    "estimate",
    "make_net",
    "redraw",
    "refusal",
    "retell",
    "train",
]
