"""One meaning for each colour, everywhere: classes in this order, safe for colour-blind readers."""

from __future__ import annotations

CLASSES = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
    "#56B4E9", "#833F3F", "#2626ED", "#268AED", "#3F5083",
)  # fmt: skip
TRAIN = "#8A94A3"  # the training set's curve; like the next, the colour of no class
VALIDATION = "#6F66DE"  # the validation set's curve


def diverging(share: float) -> str:
    """Return the colour of a value at ``share`` in [0, 1] between lowest (blue) and highest (orange)."""
    low, middle, high = (0, 114, 178), (236, 236, 236), (213, 94, 0)
    start, end, t = (low, middle, 2 * share) if share < 0.5 else (middle, high, 2 * share - 1)
    return "#" + "".join(f"{round(a + (b - a) * t):02x}" for a, b in zip(start, end))
