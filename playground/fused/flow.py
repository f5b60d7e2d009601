"""The way through the layers and the exact way back.

All nets are one family. Layer l, with the weights (K, b) and the stages of an explicit tableau,

    u_i = y_l + h Σ_j a_ij k_j,   k_i = σ(K u_i + b),
    y_{l+1} = Σ_j α_j y_{l−j} + h Σ_i b_i k_i + h Σ_{j≥1} β_j k_1^{(l−j)}.

A Runge-Kutta net has α = (1), a multistep net more of the past and one stage, a StandardNet or an MLP
α = (0), b = (1), h = 1. The way back is the discrete adjoint in its ξ-form, equations (3.13) and (3.17)
of Giesecke and Kröner (2021): from the adjoint η of y_{l+1}, for the stages i = s … 1,

    ζ_i = σ'(K u_i + b) · h (b_i η + Σ_{j>i} a_ji ξ_j),   ξ_i = Kᵀ ζ_i (without the h),

the adjoint of y_l is α_0 η + Σ_i ξ_i, and the gradient of K is Σ_i ζ_i u_iᵀ. Nothing is divided by
b_i, so that zero weights are no exception.

What belongs to former layers is kept in rings of as many places as the scheme looks back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from playground.fused.functions import activate
from playground.fused.jit import inner
from playground.fused.lanes import pointer, pointer_at, shift
from playground.fused.linear import (
    add_all,
    add_outer,
    add_rows,
    add_scaled,
    combine,
    multiply,
    pad_rows,
    product,
    scale,
    transpose,
)


class Net(NamedTuple):
    """What the kernels know of a net; addresses are those of the module's own parameters.

    Attributes:
        sizes: pitch of a row of features, width of the input, number of outputs, pitch of a row of
            outputs, code of the activation.
        layers: ``(depth, 6)``: addresses of weight and bias, inputs, outputs, and where in the flat
            gradient those of weight and bias begin.
        head: The same six numbers of the head.
        stages: Number of stages of the first layers, which have no past yet, and of the others.
        a: Stage coefficients ``(2, s, s)`` of both.
        b: Weights ``(2, s)`` of both.
        alpha: Weights of former states ``(2, past)``, newest first.
        beta: Weights of former slopes ``(2, past)``; the newest one counts among the stages.
        h: Step size of every layer ``(depth,)``.
        depth: Number of layers.
        past: How many former states a step sees, the present one included.
        most: The greater number of stages, s above.
    """

    sizes: np.ndarray
    layers: np.ndarray
    head: np.ndarray
    stages: np.ndarray
    a: np.ndarray
    b: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    h: np.ndarray
    depth: int
    past: int
    most: int


class Space(NamedTuple):
    """Memory of one call: flat arrays in the net's precision; n is the size of a block of rows.

    Attributes:
        y: States, a ring ``(past, n)``.
        k: Slopes, a ring ``(past, s, n)``.
        u: Stage points ``(depth or 1, s, n)``.
        slope: Derivatives of the activation there.
        eta: Adjoints of the states, a ring ``(past, n)``.
        kappa: Adjoints of former slopes, a ring ``(past, n)``.
        zeta: Adjoints of the stages' arguments ``(s, n)``.
        xi: Adjoints of the stage points ``(s, n)``.
        matrix: The transposed weights of the present layer, padded.
        back: Its weights, padded.
        head: The transposed weights of the head, padded.
        bias: The present bias, padded.
        zeros: A row of zeros.
        outputs: Outputs of the block, then their adjoints.
    """

    y: np.ndarray
    k: np.ndarray
    u: np.ndarray
    slope: np.ndarray
    eta: np.ndarray
    kappa: np.ndarray
    zeta: np.ndarray
    xi: np.ndarray
    matrix: np.ndarray
    back: np.ndarray
    head: np.ndarray
    bias: np.ndarray
    zeros: np.ndarray
    outputs: np.ndarray


@inner
def net_by_pointers(net):  # noqa: ANN001, ANN201
    """Return the tables as pointers, which cost nothing to hand on: arrays count references."""
    return Net(
        pointer(net.sizes),
        pointer(net.layers),
        pointer(net.head),
        pointer(net.stages),
        pointer(net.a),
        pointer(net.b),
        pointer(net.alpha),
        pointer(net.beta),
        pointer(net.h),
        net.depth,
        net.past,
        net.most,
    )


@inner
def space_by_pointers(space):  # noqa: ANN001, ANN201
    """Return the memory as pointers."""
    return Space(
        pointer(space.y),
        pointer(space.k),
        pointer(space.u),
        pointer(space.slope),
        pointer(space.eta),
        pointer(space.kappa),
        pointer(space.zeta),
        pointer(space.xi),
        pointer(space.matrix),
        pointer(space.back),
        pointer(space.head),
        pointer(space.bias),
        pointer(space.zeros),
        pointer(space.outputs),
    )


@inner
def forward_layer(lanes, net, space, rows, layer, place):  # noqa: ANN001, ANN201
    """Take the step of one layer; stage points and slopes go to ``place`` of their memory."""
    pitch, past, most = net.sizes[0], net.past, net.most
    n = rows * pitch
    phase = 0 if layer < past - 1 else 1
    row = shift(net.layers, 6 * layer)
    n_in, n_out, h = row[2], row[3], net.h[layer]
    a, b = shift(net.a, phase * most * most), shift(net.b, phase * most)
    y = shift(space.y, layer % past * n)
    k = shift(space.k, layer % past * most * n)
    u = shift(space.u, place * most * n)
    slope = shift(space.slope, place * most * n)
    transpose(space.matrix, pitch, pointer_at(row[0], y), n_out, n_in)
    pad_rows(lanes, space.bias, pitch, pointer_at(row[1], y), 1, n_out)
    for i in range(net.stages[phase]):
        here, value = shift(u, i * n), shift(k, i * n)
        combine(lanes, here, 1.0, y, h, shift(a, i * most), 1, k, 0, i, n)
        product(lanes, value, here, pitch, space.matrix, space.bias, rows, n_in, pitch)
        activate(lanes, net.sizes[4], value, shift(slope, i * n), n)
    # The place of the oldest state becomes that of the new one.
    following = shift(space.y, (layer + 1) % past * n)
    alpha, beta = shift(net.alpha, phase * past), shift(net.beta, phase * past)
    oldest = alpha[past - 1]
    combine(lanes, following, oldest, following, h, b, 1, k, 0, net.stages[phase], n)
    for j in range(past - 1):
        if alpha[j] != 0:
            older = shift(space.y, (layer - j) % past * n)
            add_scaled(lanes, following, following, alpha[j], older, n)
    for j in range(1, past):
        if beta[j] != 0:
            older = shift(space.k, (layer - j) % past * most * n)
            add_scaled(lanes, following, following, h * beta[j], older, n)


@inner
def head_forward(lanes, net, space, rows):  # noqa: ANN001, ANN201
    """Map the last state to the outputs."""
    pitch, out_pitch = net.sizes[0], net.sizes[3]
    y = shift(space.y, net.depth % net.past * rows * pitch)
    n_in, n_out = net.head[2], net.head[3]
    transpose(space.head, out_pitch, pointer_at(net.head[0], y), n_out, n_in)
    pad_rows(lanes, space.bias, out_pitch, pointer_at(net.head[1], y), 1, n_out)
    product(lanes, space.outputs, y, pitch, space.head, space.bias, rows, n_in, out_pitch)


@inner
def head_backward(lanes, net, space, grad, rows, weights):  # noqa: ANN001, ANN201
    """Turn the adjoints of the outputs into that of the last state, and add the head's gradients."""
    pitch, out_pitch = net.sizes[0], net.sizes[3]
    place = net.depth % net.past * rows * pitch
    y, eta, delta = shift(space.y, place), shift(space.eta, place), space.outputs
    n_in, n_out = net.head[2], net.head[3]
    if weights:
        add_outer(lanes, shift(grad, net.head[4]), delta, out_pitch, y, pitch, rows, n_out, n_in)
        add_rows(lanes, shift(grad, net.head[5]), delta, out_pitch, rows, n_out)
    pad_rows(lanes, space.back, pitch, pointer_at(net.head[0], y), n_out, n_in)
    product(lanes, eta, delta, out_pitch, space.back, space.zeros, rows, n_out, pitch)


@inner
def backward_layer(lanes, net, space, grad, rows, layer, weights):  # noqa: ANN001, ANN201
    """Go back through one layer and, if wanted, add the gradients of its ``weights``."""
    pitch, past, most = net.sizes[0], net.past, net.most
    n = rows * pitch
    phase = 0 if layer < past - 1 else 1
    stages = net.stages[phase]
    row = shift(net.layers, 6 * layer)
    n_in, n_out, h = row[2], row[3], net.h[layer]
    a, b = shift(net.a, phase * most * most), shift(net.b, phase * most)
    eta = shift(space.eta, (layer + 1) % past * n)
    kappa = shift(space.kappa, layer % past * n)
    u = shift(space.u, layer * most * n)
    slope = shift(space.slope, layer * most * n)
    matrix = pointer_at(row[0], u)
    if n_in != pitch:
        pad_rows(lanes, space.back, pitch, matrix, n_out, n_in)
        matrix = space.back
    for i in range(stages - 1, -1, -1):
        zeta, xi = shift(space.zeta, i * n), shift(space.xi, i * n)
        later = shift(a, i)  # the column of stage i
        combine(lanes, zeta, h * b[i], eta, h, later, most, space.xi, i + 1, stages, n)
        if i == 0 and past > 1:
            add_scaled(lanes, zeta, zeta, 1.0, kappa, n)
            scale(lanes, kappa, 0.0, kappa, n)
        multiply(lanes, zeta, shift(slope, i * n), n)
        product(lanes, xi, zeta, pitch, matrix, space.zeros, rows, n_out, pitch)
    if weights:
        terms = stages * rows
        add_outer(lanes, shift(grad, row[4]), space.zeta, pitch, u, pitch, terms, n_out, n_in)
        add_rows(lanes, shift(grad, row[5]), space.zeta, pitch, terms, n_out)
    alpha, beta = shift(net.alpha, phase * past), shift(net.beta, phase * past)
    for j in range(1, past):
        if beta[j] != 0:
            older = shift(space.kappa, (layer - j) % past * n)
            add_scaled(lanes, older, older, h * beta[j], eta, n)
    for j in range(past - 1):
        if alpha[j] != 0:
            older = shift(space.eta, (layer - j) % past * n)
            add_scaled(lanes, older, older, alpha[j], eta, n)
    scale(lanes, eta, alpha[past - 1], eta, n)
    add_all(lanes, shift(space.eta, layer % past * n), space.xi, stages, n)


@inner
def forward(lanes, net, space, rows, keep):  # noqa: ANN001, ANN201
    """Carry the first state to the outputs; ``keep`` what the way back needs."""
    for layer in range(net.depth):
        forward_layer(lanes, net, space, rows, layer, layer if keep else 0)
    head_forward(lanes, net, space, rows)


@inner
def backward(lanes, net, space, grad, rows, weights):  # noqa: ANN001, ANN201
    """Go all the way back from the adjoints of the outputs; that of the input is left in ``eta``.

    Without ``weights`` their gradients are left out, which is all that ``grad`` is for.
    """
    n = rows * net.sizes[0]
    if net.past > 1:
        scale(lanes, space.eta, 0.0, space.eta, net.past * n)
        scale(lanes, space.kappa, 0.0, space.kappa, net.past * n)
    head_backward(lanes, net, space, grad, rows, weights)
    for layer in range(net.depth - 1, -1, -1):
        backward_layer(lanes, net, space, grad, rows, layer, weights)
