"""The continuous adjoint of a fixed-step scheme, as code of an exported script."""

from __future__ import annotations

from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.steps import Stepper, integration


def write_adjoint(draft: Draft, stepper: Stepper) -> None:
    """Add the function ``integrate`` and the class ``Adjoint`` to a script.

    The steps are those of ``playground.integrators.adjoint``, in the same order of operations.
    """
    draft.need(
        "import math", "import torch", "from torch.autograd.function import once_differentiable"
    )
    template = block("""
        def integrate(f, y, t0, t1):
            \"""Return the state at t1 after DEPTH equal steps, backward in time where t1 < t0.\"""
            h = (t1 - t0) / DEPTH
            {loop}
            return y


        class Adjoint(torch.autograd.Function):
            \"""The state at the horizon, with gradients from the adjoint a = d loss / d y.

            On the way back the state is computed anew together with a, which obeys da/dt = -a df/dy
            (Chen et al. 2018, algorithm 1). This saves memory, but is not the gradient of the steps.
            \"""

            @staticmethod
            def forward(ctx, field, y, *weights):
                ctx.field = field
                y = integrate(field, y, 0.0, STEP * DEPTH)
                ctx.save_for_backward(y, *weights)
                return y

            @staticmethod
            @once_differentiable
            def backward(ctx, a):
                y, *weights = ctx.saved_tensors
                shapes = [y.shape, a.shape, *(weight.shape for weight in weights)]

                def velocity({t}joined):
                    y, a, *_ = split(joined, shapes)
                    with torch.enable_grad():
                        y = y.detach().requires_grad_()
                        dy = ctx.field({t}y)
                        pulled = torch.autograd.grad(dy, (y, *weights), -a)
                    return join([dy.detach(), *pulled])

                zeros = [torch.zeros_like(weight) for weight in weights]
                start = integrate(velocity, join([y, a, *zeros]), STEP * DEPTH, 0.0)
                _, a, *gradients = split(start, shapes)
                return None, a, *gradients


        def join(tensors):
            \"""Return tensors as one vector.\"""
            return torch.cat([tensor.reshape(-1) for tensor in tensors])


        def split(joined, shapes):
            \"""Return the tensors of these shapes that were joined.\"""
            parts = joined.split([math.prod(shape) for shape in shapes])
            return [part.view(shape) for part, shape in zip(parts, shapes)]
    """)
    loop = body(integration(stepper, "f", "h", "t0 + i * h"), 1)
    draft.block(template.format(loop=loop, t=stepper.t))
