"""One step of an optimiser on all parameters, equal to torch's."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playground.fused.jit import inner
from playground.fused.lanes import (
    constant,
    load,
    load_part,
    pointer,
    pointer_at,
    root,
    shift,
    store,
    store_part,
    total,
    where_above,
    where_below,
)

SGD, ADAM = range(2)


class Rule(NamedTuple):
    """What an optimiser does.

    Attributes:
        kind: ``SGD`` or ``ADAM`` (AdamW too).
        tensors: ``(parameters, 5)``: address, place in the flat gradient, size, addresses of the two
            states: momentum buffer and nothing, or the means of gradient and squared gradient.
        numbers: SGD: momentum, 1 for Nesterov; Adam: β₁, β₂, ε. Then in both weight decay that is
            added to the gradient, decay that is taken off the weights apart from it (times the
            rate), the factors of the L2 and the L1 penalty, and the largest norm of the gradient
            (0: any).
    """

    kind: int
    tensors: np.ndarray
    numbers: np.ndarray


@inner
def take(lanes, start, index, limit):  # noqa: ANN001, ANN201
    """Load lanes of which only ``limit`` may exist."""
    if limit >= len(lanes):
        return load(lanes, start, index)
    return load_part(lanes, start, index, limit)


@inner
def put(lanes, start, index, value, limit):  # noqa: ANN001, ANN201
    """Store lanes of which only ``limit`` may exist."""
    if limit >= len(lanes):
        store(start, index, value)
    else:
        store_part(start, index, value, limit)


@inner
def penalise(lanes, rule, grad):  # noqa: ANN001, ANN201
    """Add the penalties to the gradient and return its norm."""
    l2, l1 = rule.numbers[5], rule.numbers[6]
    square = 0.0
    for i in range(rule.tensors.shape[0]):
        g = shift(pointer(grad), rule.tensors[i, 1])
        p = pointer_at(rule.tensors[i, 0], g)
        size = rule.tensors[i, 2]
        squares = constant(lanes, g, 0.0)
        for q in range(0, size, len(lanes)):
            v = take(lanes, g, q, size - q)
            if l2 != 0 or l1 != 0:
                w = take(lanes, p, q, size - q)
                sign = where_above(w, 0.0, 1.0, where_below(w, 0.0, -1.0, 0.0 * w))
                v = v + l2 * w + l1 * sign
                put(lanes, g, q, v, size - q)
            squares = squares + v * v
        square += total(squares)
    return math.sqrt(square)


@inner
def step(lanes, rule, grad, factor, rate, count):  # noqa: ANN001, ANN201
    """Take step number ``count`` (from 1) with ``factor`` times the gradient, and clear that."""
    for i in range(rule.tensors.shape[0]):
        g = shift(pointer(grad), rule.tensors[i, 1])
        p = pointer_at(rule.tensors[i, 0], g)
        first = pointer_at(rule.tensors[i, 3], g)
        if rule.kind == ADAM:
            second = pointer_at(rule.tensors[i, 4], g)
            _adam(lanes, p, g, first, second, rule.tensors[i, 2], rule.numbers, factor, rate, count)
        else:
            _sgd(lanes, p, g, first, rule.tensors[i, 2], rule.numbers, factor, rate)


@inner
def _sgd(lanes, p, g, buffer, size, numbers, factor, rate):  # noqa: ANN001
    momentum, nesterov, decay = numbers[0], numbers[1], numbers[3]
    zero = constant(lanes, g, 0.0)
    for q in range(0, size, len(lanes)):
        limit = size - q
        w = take(lanes, p, q, limit)
        v = take(lanes, g, q, limit) * factor + decay * w
        if momentum != 0:
            m = take(lanes, buffer, q, limit) * momentum + v
            put(lanes, buffer, q, m, limit)
            v = v + momentum * m if nesterov != 0 else m
        put(lanes, p, q, w - rate * v, limit)
        put(lanes, g, q, zero, limit)


@inner
def _adam(lanes, p, g, first, second, size, numbers, factor, rate, count):  # noqa: ANN001
    beta1, beta2, epsilon = numbers[0], numbers[1], numbers[2]
    decay, shrink = numbers[3], 1.0 - rate * numbers[4]
    length = rate / (1.0 - beta1**count)
    correction = 1.0 / math.sqrt(1.0 - beta2**count)
    zero = constant(lanes, g, 0.0)
    for q in range(0, size, len(lanes)):
        limit = size - q
        w = take(lanes, p, q, limit)
        v = take(lanes, g, q, limit) * factor + decay * w
        m = take(lanes, first, q, limit)
        m = m + (1.0 - beta1) * (v - m)
        s = take(lanes, second, q, limit) * beta2 + (1.0 - beta2) * (v * v)
        put(lanes, first, q, m, limit)
        put(lanes, second, q, s, limit)
        put(lanes, p, q, w * shrink - length * m / (root(s) * correction + epsilon), limit)
        put(lanes, g, q, zero, limit)
