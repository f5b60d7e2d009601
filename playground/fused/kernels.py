"""The kernels that Python calls; each handles its rows in blocks whose memory stays in the cache."""

from __future__ import annotations

import math

from playground.fused.flow import (
    backward,
    forward,
    forward_layer,
    head_forward,
    net_by_pointers,
    space_by_pointers,
)
from playground.fused.jit import entry, inner
from playground.fused.lanes import load, load_part, pointer, shift, store, store_part
from playground.fused.losses import GIVEN, add_loss
from playground.fused.update import rule_by_pointers, step


@inner
def gather(lanes, net, space, inputs, chosen, rows):  # noqa: ANN001, ANN201
    """Copy the chosen rows of the inputs to the first state."""
    pitch, width = net.sizes[0], net.sizes[1]
    for r in range(rows):
        for q in range(0, pitch, len(lanes)):
            part = load_part(lanes, inputs, chosen[r] * width + q, width - q)
            store(space.y, r * pitch + q, part)


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
    net, space = net_by_pointers(net), space_by_pointers(space)
    n, n_outputs, width = outputs.shape[0], outputs.shape[1], states.shape[2]
    for start in range(0, n, block):
        m = min(block, n - start)
        gather(lanes, net, space, pointer(inputs), shift(pointer(rows), start), m)
        for layer in range(net.depth + 1):
            if states.shape[0]:
                y = shift(space.y, layer % net.past * m * net.sizes[0])
                real = net.layers[6 * layer - 3] if layer else net.sizes[1]
                out = shift(pointer(states), (layer * n + start) * width)
                copy_rows(lanes, out, width, y, net.sizes[0], m, real)
            if layer < net.depth:
                forward_layer(lanes, net, space, m, layer, 0)
        head_forward(lanes, net, space, m)
        out = shift(pointer(outputs), start * n_outputs)
        copy_rows(lanes, out, n_outputs, space.outputs, net.sizes[3], m, n_outputs)


@entry
def pull_back(  # noqa: ANN201
    lanes,  # noqa: ANN001
    net,  # noqa: ANN001
    space,  # noqa: ANN001
    inputs,  # noqa: ANN001
    rows,  # noqa: ANN001
    block,  # noqa: ANN001
    loss,  # noqa: ANN001
    labels,  # noqa: ANN001
    adjoints,  # noqa: ANN001
    grad,  # noqa: ANN001
    grad_inputs,  # noqa: ANN001
):
    """Fill ``grad_inputs`` ``(n, width)`` and, unless it is empty, add to ``grad``.

    The outputs' adjoints are given, or those of the sum of a loss.
    """
    net, space = net_by_pointers(net), space_by_pointers(space)
    n, width, pitch, n_outputs = len(rows), grad_inputs.shape[1], net.sizes[3], net.sizes[2]
    weights = grad.shape[0] > 0
    for start in range(0, n, block):
        m = min(block, n - start)
        chosen = shift(pointer(rows), start)
        gather(lanes, net, space, pointer(inputs), chosen, m)
        forward(lanes, net, space, m, True)
        if loss == GIVEN:
            for r in range(m):
                for c in range(n_outputs):
                    space.outputs[r * pitch + c] = adjoints[start + r, c]
        else:
            outputs, values = space.outputs, pointer(adjoints)
            add_loss(loss, outputs, pitch, n_outputs, pointer(labels), values, chosen, m, 1)
        backward(lanes, net, space, pointer(grad), m, weights)
        out = shift(pointer(grad_inputs), start * width)
        copy_rows(lanes, out, width, space.eta, net.sizes[0], m, width)


@entry
def train(  # noqa: ANN201
    lanes,  # noqa: ANN001
    net,  # noqa: ANN001
    space,  # noqa: ANN001
    rule,  # noqa: ANN001
    loss,  # noqa: ANN001
    inputs,  # noqa: ANN001
    labels,  # noqa: ANN001
    values,  # noqa: ANN001
    order,  # noqa: ANN001
    borders,  # noqa: ANN001
    block,  # noqa: ANN001
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
    net, space, rule = net_by_pointers(net), space_by_pointers(space), rule_by_pointers(rule)
    for i in range(borders.shape[0] - 1):
        batch = borders[i + 1] - borders[i]
        losses[i] = 0.0
        for start in range(borders[i], borders[i + 1], block):
            m = min(block, borders[i + 1] - start)
            chosen = shift(pointer(order), start)
            gather(lanes, net, space, pointer(inputs), chosen, m)
            forward(lanes, net, space, m, True)
            losses[i] += add_loss(
                loss,
                space.outputs,
                net.sizes[3],
                net.sizes[2],
                pointer(labels),
                pointer(values),
                chosen,
                m,
                batch,
            )
            backward(lanes, net, space, pointer(grad), m, True)
        norms[i] = step(lanes, rule, pointer(grad), rates[i], steps + i + 1)
        if not losses[i] <= limit or math.isinf(losses[i]):
            return i + 1
    return borders.shape[0] - 1
