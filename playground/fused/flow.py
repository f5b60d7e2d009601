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
    add_outer,
    add_rows,
    add_scaled,
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
def forward_layer(lanes, net, space, rows, layer, place):  # noqa: ANN001, ANN201
    """Take the step of one layer; stage points and slopes go to ``place`` of their memory."""
    pitch = net.sizes[0]
    n = rows * pitch
    past, s_max = net.alpha.shape[1], net.b.shape[1]
    phase = 0 if layer < past - 1 else 1
    n_in, n_out, h = net.layers[layer, 2], net.layers[layer, 3], net.h[layer]
    y = shift(pointer(space.y), layer % past * n)
    k = shift(pointer(space.k), layer % past * s_max * n)
    u = shift(pointer(space.u), place * s_max * n)
    slope = shift(pointer(space.slope), place * s_max * n)
    matrix, bias = pointer(space.matrix), pointer(space.bias)
    transpose(matrix, pitch, pointer_at(net.layers[layer, 0], matrix), n_out, n_in)
    pad_rows(lanes, bias, pitch, pointer_at(net.layers[layer, 1], bias), 1, n_out)
    for i in range(net.stages[phase]):
        here = shift(u, i * n)
        value = shift(k, i * n)
        source = y
        for j in range(i):
            if net.a[phase, i, j] != 0:
                add_scaled(lanes, here, source, h * net.a[phase, i, j], shift(k, j * n), n)
                source = here
        if i == 0 or not np.any(net.a[phase, i, :i]):
            scale(lanes, here, 1.0, y, n)
        product(lanes, value, here, pitch, matrix, bias, rows, n_in, pitch)
        activate(lanes, net.sizes[4], value, shift(slope, i * n), n)
    following = shift(pointer(space.y), (layer + 1) % past * n)
    if net.alpha[phase, past - 1] != 1:  # the place of the oldest state becomes that of the new one
        scale(lanes, following, net.alpha[phase, past - 1], following, n)
    for j in range(past - 1):
        if net.alpha[phase, j] != 0:
            older = shift(pointer(space.y), (layer - j) % past * n)
            add_scaled(lanes, following, following, net.alpha[phase, j], older, n)
    for i in range(net.stages[phase]):
        if net.b[phase, i] != 0:
            add_scaled(lanes, following, following, h * net.b[phase, i], shift(k, i * n), n)
    for j in range(1, past):
        if net.beta[phase, j] != 0:
            older = shift(pointer(space.k), (layer - j) % past * s_max * n)
            add_scaled(lanes, following, following, h * net.beta[phase, j], older, n)


@inner
def head_forward(lanes, net, space, rows):  # noqa: ANN001, ANN201
    """Map the last state to the outputs."""
    pitch, out_pitch = net.sizes[0], net.sizes[3]
    past, depth = net.alpha.shape[1], net.layers.shape[0]
    y = shift(pointer(space.y), depth % past * rows * pitch)
    matrix, bias, outputs = pointer(space.head), pointer(space.bias), pointer(space.outputs)
    n_in, n_out = net.head[2], net.head[3]
    transpose(matrix, out_pitch, pointer_at(net.head[0], matrix), n_out, n_in)
    pad_rows(lanes, bias, out_pitch, pointer_at(net.head[1], bias), 1, n_out)
    product(lanes, outputs, y, pitch, matrix, bias, rows, n_in, out_pitch)


@inner
def head_backward(lanes, net, space, grad, rows):  # noqa: ANN001, ANN201
    """Turn the adjoints of the outputs into that of the last state; add the head's gradients."""
    pitch, out_pitch = net.sizes[0], net.sizes[3]
    past, depth = net.alpha.shape[1], net.layers.shape[0]
    n = rows * pitch
    y = shift(pointer(space.y), depth % past * n)
    eta = shift(pointer(space.eta), depth % past * n)
    matrix, delta, g = pointer(space.back), pointer(space.outputs), pointer(grad)
    n_in, n_out = net.head[2], net.head[3]
    add_outer(lanes, shift(g, net.head[4]), delta, out_pitch, y, pitch, rows, n_out, n_in)
    add_rows(lanes, shift(g, net.head[5]), delta, out_pitch, rows, n_out)
    pad_rows(lanes, matrix, pitch, pointer_at(net.head[0], matrix), n_out, n_in)
    product(lanes, eta, delta, out_pitch, matrix, pointer(space.zeros), rows, n_out, pitch)


@inner
def backward_layer(lanes, net, space, grad, rows, layer):  # noqa: ANN001, ANN201
    """Go back through one layer and add the gradients of its weights."""
    pitch = net.sizes[0]
    n = rows * pitch
    past, s_max = net.alpha.shape[1], net.b.shape[1]
    phase = 0 if layer < past - 1 else 1
    stages = net.stages[phase]
    n_in, n_out, h = net.layers[layer, 2], net.layers[layer, 3], net.h[layer]
    eta = shift(pointer(space.eta), (layer + 1) % past * n)
    kappa = shift(pointer(space.kappa), layer % past * n)
    u = shift(pointer(space.u), layer * s_max * n)
    slope = shift(pointer(space.slope), layer * s_max * n)
    zeta, xi = pointer(space.zeta), pointer(space.xi)
    matrix, g = pointer(space.back), pointer(grad)
    pad_rows(lanes, matrix, pitch, pointer_at(net.layers[layer, 0], matrix), n_out, n_in)
    for i in range(stages - 1, -1, -1):
        here = shift(zeta, i * n)
        scale(lanes, here, h * net.b[phase, i], eta, n)
        for j in range(i + 1, stages):
            if net.a[phase, j, i] != 0:
                add_scaled(lanes, here, here, h * net.a[phase, j, i], shift(xi, j * n), n)
        if i == 0 and past > 1:
            add_scaled(lanes, here, here, 1.0, kappa, n)
            scale(lanes, kappa, 0.0, kappa, n)
        multiply(lanes, here, shift(slope, i * n), n)
        product(
            lanes, shift(xi, i * n), here, pitch, matrix, pointer(space.zeros), rows, n_out, pitch
        )
    terms = stages * rows
    add_outer(lanes, shift(g, net.layers[layer, 4]), zeta, pitch, u, pitch, terms, n_out, n_in)
    add_rows(lanes, shift(g, net.layers[layer, 5]), zeta, pitch, terms, n_out)
    for j in range(1, past):
        if net.beta[phase, j] != 0:
            older = shift(pointer(space.kappa), (layer - j) % past * n)
            add_scaled(lanes, older, older, h * net.beta[phase, j], eta, n)
    for j in range(past - 1):
        if net.alpha[phase, j] != 0:
            older = shift(pointer(space.eta), (layer - j) % past * n)
            add_scaled(lanes, older, older, net.alpha[phase, j], eta, n)
    if net.alpha[phase, past - 1] != 1:
        scale(lanes, eta, net.alpha[phase, past - 1], eta, n)
    adjoint = shift(pointer(space.eta), layer % past * n)
    for i in range(stages):
        add_scaled(lanes, adjoint, adjoint, 1.0, shift(xi, i * n), n)


@inner
def backward(lanes, net, space, grad, rows):  # noqa: ANN001, ANN201
    """Go all the way back from the adjoints of the outputs; that of the input is left in ``eta``."""
    n = rows * net.sizes[0]
    past, depth = net.alpha.shape[1], net.layers.shape[0]
    if past > 1:
        scale(lanes, pointer(space.eta), 0.0, pointer(space.eta), past * n)
        scale(lanes, pointer(space.kappa), 0.0, pointer(space.kappa), past * n)
    head_backward(lanes, net, space, grad, rows)
    for layer in range(depth - 1, -1, -1):
        backward_layer(lanes, net, space, grad, rows, layer)
