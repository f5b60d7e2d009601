"""Muon on nets whose layers stand in one tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

from playground.optimizers.options import MuonOptions


class LayeredMuon(TorchOptimizer):
    """Muon for matrices, one layer of a stack at a time, and AdamW for everything else.

    ``torch.optim.Muon`` takes two-dimensional parameters only. A stack ``(layers, n, n)`` is passed as
    one view a layer that shares its memory; its gradients are views, too.
    """

    def __init__(self, parameters: Iterable[Tensor], options: MuonOptions) -> None:
        parameters = list(parameters)
        super().__init__(parameters, {"lr": options.learning_rate})
        matrices = [p for p in parameters if p.ndim >= 2]
        others = [p for p in parameters if p.ndim < 2]
        self._views = [(p, self._layers(p.detach())) for p in matrices]
        layers = [view for _, views in self._views for view in views]
        self._parts: list[TorchOptimizer] = []
        if layers:
            self._parts.append(
                torch.optim.Muon(
                    layers, lr=options.learning_rate, momentum=options.momentum, weight_decay=0.0
                )
            )
        if others:
            self._parts.append(
                torch.optim.AdamW(others, lr=options.learning_rate, weight_decay=0.0)
            )

    @staticmethod
    def _layers(tensor: Tensor) -> list[Tensor]:
        return list(tensor.reshape(-1, *tensor.shape[-2:]).unbind())

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:  # type: ignore[override]
        """Step every layer with the rate of the one group that stands outside."""
        loss = closure() if closure is not None else None
        for parameter, views in self._views:
            if parameter.grad is not None:
                for view, gradient in zip(views, self._layers(parameter.grad)):
                    view.grad = gradient
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = self.param_groups[0]["lr"]
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return the states of both parts and of the group outside, where wrappers keep counts."""
        outer = {k: v for k, v in self.param_groups[0].items() if k != "params"}
        return {"parts": [part.state_dict() for part in self._parts], "outer": outer}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        for part, state in zip(self._parts, state_dict["parts"]):
            part.load_state_dict(state)
        self.param_groups[0].update(state_dict["outer"])
