"""Activation functions, each with its formula and the largest slope that it can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from playground.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class Activation(Entry):
    """An activation: ``function`` acts on every component; ``slope`` bounds its derivative."""

    function: Callable[[Tensor], Tensor]
    formula: str
    slope: float


ACTIVATIONS: Registry[Activation] = Registry("activation")


def _identity(z: Tensor) -> Tensor:
    return z


# 1.1290 is the maximum of the derivative Φ(z) + z φ(z) of the GELU, reached at z = √2.
for _name, _label, _function, _formula, _slope, _summary in (
    ("tanh", "tanh", torch.tanh, r"\tanh z", 1.0, "Smooth, odd, bounded by one."),
    ("relu", "ReLU", torch.relu, r"\max(0, z)", 1.0, "Linear where positive, else zero."),
    ("softplus", "softplus", functional.softplus, r"\log(1+e^z)", 1.0, "A smooth ReLU."),
    (
        "logistic",
        "logistic",
        torch.sigmoid,
        r"1/(1+e^{-z})",
        0.25,
        "Smooth, between zero and one, with slopes of at most a quarter.",
    ),
    ("sine", "sine", torch.sin, r"\sin z", 1.0, "Periodic and bounded by one."),
    ("gelu", "GELU", functional.gelu, r"z\,\Phi(z)", 1.1290, "A smooth ReLU with a small dip."),
    ("linear", "linear", _identity, "z", 1.0, "No activation: every layer is an affine map."),
):
    ACTIVATIONS.add(
        Activation(
            name=_name,
            label=_label,
            summary=_summary,
            function=_function,
            formula=_formula,
            slope=_slope,
        )
    )
