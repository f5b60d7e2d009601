"""Losses of a block of rows and their adjoints, equal to those of ``playground.losses``."""

from __future__ import annotations

import math

from playground.fused.jit import inner

CROSS_ENTROPY, SQUARE_OF_CLASSES, SQUARE_OF_VALUES = range(3)


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
