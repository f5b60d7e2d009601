"""L-BFGS after Adam, with a loss that is scaled so that it can go on where it is small.

``torch.optim.LBFGS`` forgets every curvature pair with yᵀs ≤ 1e-10. Near a good fit all pairs are that
small, and what is left is gradient descent: a plateau of the optimiser, not of the net. Scaled by
1/loss, the same loss has pairs of ordinary size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class AdamThenLBFGS(torch.optim.Optimizer):
    """A number of steps of Adam, then steps of several L-BFGS iterations each; both on all points.

    Args:
        weights: What is trained.
        lr: Adam's learning rate; L-BFGS begins its line search at 1.
        adam_steps: How many steps are Adam's.
        iterations: L-BFGS iterations of one step.
        history: Curvature pairs that L-BFGS remembers.
        scale: What the loss is multiplied by for L-BFGS: ``none``, ``thousand``, or ``current`` for
            one over its value at each restart.
        restart: L-BFGS iterations between two restarts; only for ``current``.
    """

    def __init__(
        self,
        weights: Iterable[Tensor],
        *,
        lr: float,
        adam_steps: int,
        iterations: int,
        history: int,
        scale: str,
        restart: int,
    ) -> None:
        weights = list(weights)
        super().__init__(weights, {"lr": lr, "done": 0, "factor": 1.0})
        self.adam_steps, self.scale = adam_steps, scale
        self.every = max(1, restart // iterations)
        self.adam = torch.optim.Adam(weights, lr=lr)
        self.newton = torch.optim.LBFGS(
            weights,
            max_iter=iterations,
            max_eval=10 * iterations,
            history_size=history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

    def step(self, closure: Callable[[], Tensor]) -> Tensor:
        """Take one step; ``closure`` sets the gradients anew and returns the loss."""
        group = self.param_groups[0]
        done, group["done"] = group["done"], group["done"] + 1
        if done < self.adam_steps:
            loss = closure()
            self.adam.param_groups[0]["lr"] = group["lr"]
            self.adam.step()
            return loss
        if (done - self.adam_steps) % self.every == 0:
            self._restart(closure)
        return self.newton.step(lambda: self._scaled(closure))

    def _restart(self, closure: Callable[[], Tensor]) -> None:
        factor = {"none": 1.0, "thousand": 1e3}.get(self.scale)
        if factor is None:
            factor = 1 / max(float(closure().detach()), 1e-300)
            self.newton.state.clear()
        self.param_groups[0]["factor"] = factor

    def _scaled(self, closure: Callable[[], Tensor]) -> Tensor:
        with torch.enable_grad():
            loss = closure()
        factor = self.param_groups[0]["factor"]
        for weight in self.param_groups[0]["params"]:
            if weight.grad is not None:
                weight.grad.mul_(factor)
        return loss.detach() * factor

    def state_dict(self) -> dict[str, Any]:
        """Return the states of both optimisers and how far they are."""
        own = {k: v for k, v in self.param_groups[0].items() if k != "params"}
        return {"adam": self.adam.state_dict(), "newton": self.newton.state_dict(), "own": own}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self.adam.load_state_dict(state_dict["adam"])
        self.newton.load_state_dict(state_dict["newton"])
        self.param_groups[0].update(state_dict["own"])
