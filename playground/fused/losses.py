"""Losses of a block of rows and their adjoints: ``playground.losses``, and the margin of attacks."""

from __future__ import annotations

import math

from playground.fused.jit import inner

CROSS_ENTROPY, SQUARE_OF_CLASSES, SQUARE_OF_VALUES, MARGIN = range(4)
GIVEN = -1  # no loss: the adjoints are given


@inner
def add_loss(kind, outputs, pitch, columns, labels, values, chosen, rows, total):  # noqa: ANN001, ANN201
    """Replace outputs by the loss's derivatives and return the rows' share of the loss.

    ``outputs`` holds rows of ``pitch`` numbers, of which ``columns`` count; ``chosen`` says which
    targets belong to the ``rows``, and ``total`` is the size of the whole batch.
    """
    loss = 0.0
    for r in range(rows):
        start, row = r * pitch, chosen[r]
        if kind == CROSS_ENTROPY:
            loss += _cross_entropy(outputs, start, columns, labels[row], total)
        elif kind == MARGIN:
            loss += _margin(outputs, start, columns, labels[row], total)
        else:
            for c in range(columns):
                gap = outputs[start + c]
                if kind == SQUARE_OF_VALUES:
                    gap -= values[row * columns + c]
                elif labels[row] == c:
                    gap -= 1.0
                loss += gap * gap / (total * columns)
                outputs[start + c] = 2.0 * gap / (total * columns)
    return loss


@inner
def _cross_entropy(outputs, start, columns, label, total):  # noqa: ANN001
    top = outputs[start]
    for c in range(1, columns):
        top = max(top, outputs[start + c])
    chosen, mass = outputs[start + label] - top, 0.0
    for c in range(columns):
        mass += math.exp(outputs[start + c] - top)
    for c in range(columns):
        share = math.exp(outputs[start + c] - top) / mass
        outputs[start + c] = (share - (1.0 if c == label else 0.0)) / total
    return (math.log(mass) - chosen) / total


@inner
def _margin(outputs, start, columns, label, total):  # noqa: ANN001
    """The label's output less the greatest other one: log p_label − max log p_other."""
    other = 1 if label == 0 else 0
    for c in range(columns):
        if c != label and outputs[start + c] > outputs[start + other]:
            other = c
    loss = (outputs[start + label] - outputs[start + other]) / total
    for c in range(columns):
        outputs[start + c] = (1.0 if c == label else -1.0 if c == other else 0.0) / total
    return loss
