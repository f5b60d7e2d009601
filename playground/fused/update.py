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
        count: Number of parameters.
    """

    kind: int
    tensors: np.ndarray
    numbers: np.ndarray
    count: int


@inner
def rule_by_pointers(rule):  # noqa: ANN001, ANN201
    """Return the rule with its tables as pointers."""
    return Rule(rule.kind, pointer(rule.tensors), pointer(rule.numbers), rule.count)


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
def penalised(lanes, rule, p, g, index, limit):  # noqa: ANN001, ANN201
    """Return a piece of the weights and of the gradient with the penalties'."""
    w = take(lanes, p, index, limit)
    v = take(lanes, g, index, limit)
    l2, l1 = rule.numbers[5], rule.numbers[6]
    if l2 != 0 or l1 != 0:
        sign = where_above(w, 0.0, 1.0, where_below(w, 0.0, -1.0, 0.0 * w))
        v = v + l2 * w + l1 * sign
    return w, v


@inner
def gradient_norm(lanes, rule, grad):  # noqa: ANN001, ANN201
    """Return the norm of the gradient with the penalties'."""
    square = 0.0
    for i in range(rule.count):
        row = shift(rule.tensors, 5 * i)
        g = shift(grad, row[1])
        p = pointer_at(row[0], g)
        squares = constant(lanes, g, 0.0)
        for q in range(0, row[2], len(lanes)):
            _, v = penalised(lanes, rule, p, g, q, row[2] - q)
            squares = squares + v * v
        square += total(squares)
    return math.sqrt(square)


@inner
def step(lanes, rule, grad, rate, count):  # noqa: ANN001, ANN201
    """Take step number ``count`` (from 1), clear the gradient, and return its norm before clipping."""
    clip, norm, factor, square = rule.numbers[7], 0.0, 1.0, 0.0
    if clip > 0:
        norm = gradient_norm(lanes, rule, grad)
        factor = min(1.0, clip / (norm + 1e-6))
    for i in range(rule.count):
        row = shift(rule.tensors, 5 * i)
        g = shift(grad, row[1])
        if rule.kind == ADAM:
            square += _adam(lanes, rule, row, g, factor, rate, count)
        else:
            square += _sgd(lanes, rule, row, g, factor, rate)
    return norm if clip > 0 else math.sqrt(square)


@inner
def _sgd(lanes, rule, row, g, factor, rate):  # noqa: ANN001
    momentum, nesterov, decay = rule.numbers[0], rule.numbers[1], rule.numbers[3]
    p, buffer, size = pointer_at(row[0], g), pointer_at(row[3], g), row[2]
    zero = constant(lanes, g, 0.0)
    squares = zero
    for q in range(0, size, len(lanes)):
        limit = size - q
        w, v = penalised(lanes, rule, p, g, q, limit)
        squares = squares + v * v
        v = v * factor + decay * w
        if momentum != 0:
            m = take(lanes, buffer, q, limit) * momentum + v
            put(lanes, buffer, q, m, limit)
            v = v + momentum * m if nesterov != 0 else m
        put(lanes, p, q, w - rate * v, limit)
        put(lanes, g, q, zero, limit)
    return total(squares)


@inner
def _adam(lanes, rule, row, g, factor, rate, count):  # noqa: ANN001
    beta1, beta2, epsilon = rule.numbers[0], rule.numbers[1], rule.numbers[2]
    decay, shrink = rule.numbers[3], 1.0 - rate * rule.numbers[4]
    p, size = pointer_at(row[0], g), row[2]
    first, second = pointer_at(row[3], g), pointer_at(row[4], g)
    length = rate / (1.0 - beta1**count)
    correction = 1.0 / math.sqrt(1.0 - beta2**count)
    zero = constant(lanes, g, 0.0)
    squares = zero
    for q in range(0, size, len(lanes)):
        limit = size - q
        w, v = penalised(lanes, rule, p, g, q, limit)
        squares = squares + v * v
        v = v * factor + decay * w
        m = take(lanes, first, q, limit)
        m = m + (1.0 - beta1) * (v - m)
        s = take(lanes, second, q, limit) * beta2 + (1.0 - beta2) * (v * v)
        put(lanes, first, q, m, limit)
        put(lanes, second, q, s, limit)
        put(lanes, p, q, w * shrink - length * m / (root(s) * correction + epsilon), limit)
        put(lanes, g, q, zero, limit)
    return total(squares)
