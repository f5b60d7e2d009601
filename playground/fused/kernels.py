"""The kernels that Python calls; each handles its rows in blocks whose memory stays in the cache."""

from __future__ import annotations

import math

from playground.fused.flow import backward, forward_layer, head_forward
from playground.fused.jit import entry, inner
from playground.fused.lanes import load, load_part, pointer, shift, store, store_part
from playground.fused.losses import add_loss
from playground.fused.update import penalise, step


@inner
def gather(lanes, net, space, inputs, chosen):  # noqa: ANN001, ANN201
    """Copy the chosen rows of the inputs to the first state."""
    pitch, width = net.sizes[0], net.sizes[1]
    y, x = pointer(space.y), pointer(inputs)
    for r in range(chosen.shape[0]):
        for q in range(0, pitch, len(lanes)):
            store(y, r * pitch + q, load_part(lanes, x, chosen[r] * width + q, width - q))


@inner
def forward(lanes, net, space, rows, keep):  # noqa: ANN001, ANN201
    """Carry the first state to the outputs; ``keep`` what the way back needs."""
    for layer in range(net.layers.shape[0]):
        forward_layer(lanes, net, space, rows, layer, layer if keep else 0)
    head_forward(lanes, net, space, rows)


@inner
def copy_rows(lanes, out, out_width, source, pitch, rows, width):  # noqa: ANN001, ANN201
    """Copy rows of ``width`` numbers without their padding."""
    for r in range(rows):
        for q in range(0, width, len(lanes)):
            value = load(lanes, source, r * pitch + q)
            store_part(shift(out, r * out_width), q, value, width - q)


@entry
def evaluate(lanes, net, space, inputs, rows, block, outputs, states):  # noqa: ANN001, ANN201
    """Fill outputs ``(n, n_outputs)`` and, unless it is empty, states ``(depth + 1, n, width)``."""
    pitch, past, depth = net.sizes[0], net.alpha.shape[1], net.layers.shape[0]
    n, n_outputs = outputs.shape
    width = states.shape[2]
    for start in range(0, n, block):
        chosen = rows[start : min(start + block, n)]
        m = chosen.shape[0]
        gather(lanes, net, space, inputs, chosen)
        for layer in range(depth + 1 if states.shape[0] else 0):
            y = shift(pointer(space.y), layer % past * m * pitch)
            real = net.layers[layer - 1, 3] if layer else net.sizes[1]
            out = shift(pointer(states), (layer * n + start) * width)
            copy_rows(lanes, out, width, y, pitch, m, real)
            if layer < depth:
                forward_layer(lanes, net, space, m, layer, 0)
        if states.shape[0]:
            head_forward(lanes, net, space, m)
        else:
            forward(lanes, net, space, m, False)
        out = shift(pointer(outputs), start * n_outputs)
        copy_rows(lanes, out, n_outputs, pointer(space.outputs), net.sizes[3], m, n_outputs)


@entry
def pull_back(lanes, net, space, inputs, rows, block, adjoints, grad, grad_inputs):  # noqa: ANN001, ANN201
    """Add to ``grad``, and fill ``grad_inputs`` ``(n, width)``, from the outputs' adjoints."""
    pitch, out_pitch = net.sizes[0], net.sizes[3]
    n, n_outputs = adjoints.shape
    width = grad_inputs.shape[1]
    for start in range(0, n, block):
        chosen = rows[start : min(start + block, n)]
        m = chosen.shape[0]
        gather(lanes, net, space, inputs, chosen)
        forward(lanes, net, space, m, True)
        for r in range(m):
            for c in range(n_outputs):
                space.outputs[r * out_pitch + c] = adjoints[start + r, c]
        backward(lanes, net, space, grad, m)
        out = shift(pointer(grad_inputs), start * width)
        copy_rows(lanes, out, width, pointer(space.eta), pitch, m, width)


@entry
def train(  # noqa: ANN201
    lanes,  # noqa: ANN001
    net,  # noqa: ANN001
    space,  # noqa: ANN001
    inputs,  # noqa: ANN001
    loss,  # noqa: ANN001
    labels,  # noqa: ANN001
    values,  # noqa: ANN001
    order,  # noqa: ANN001
    borders,  # noqa: ANN001
    block,  # noqa: ANN001
    rule,  # noqa: ANN001
    rates,  # noqa: ANN001
    steps,  # noqa: ANN001
    limit,  # noqa: ANN001
    grad,  # noqa: ANN001
    losses,  # noqa: ANN001
    norms,  # noqa: ANN001
):
    """Train on batches ``order[borders[i]:borders[i + 1]]`` and return how many were taken.

    ``steps`` were taken before. A loss that is not at most ``limit`` ends the call after its step.
    """
    clip = rule.numbers[7]
    for i in range(borders.shape[0] - 1):
        batch = borders[i + 1] - borders[i]
        sum_of_losses = 0.0
        for start in range(borders[i], borders[i + 1], block):
            chosen = order[start : min(start + block, borders[i + 1])]
            gather(lanes, net, space, inputs, chosen)
            forward(lanes, net, space, chosen.shape[0], True)
            sum_of_losses += add_loss(
                loss,
                pointer(space.outputs),
                net.sizes[3],
                net.sizes[2],
                labels,
                values,
                chosen,
                batch,
            )
            backward(lanes, net, space, grad, chosen.shape[0])
        losses[i] = sum_of_losses
        norms[i] = penalise(lanes, rule, grad)
        factor = min(1.0, clip / (norms[i] + 1e-6)) if clip > 0 else 1.0
        step(lanes, rule, grad, factor, rates[i], steps + i + 1)
        if not sum_of_losses <= limit or math.isinf(sum_of_losses):
            return i + 1
    return borders.shape[0] - 1
