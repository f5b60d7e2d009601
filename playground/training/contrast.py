"""What a change made of a training, in words: the last figures of two runs held against each other."""

from __future__ import annotations

import math

from playground.training.events import Metrics

_SAME = 0.005  # relative difference of times and losses that is not worth a word


def contrast(
    one: Metrics, other: Metrics, parameters: tuple[int, int] | None = None
) -> dict[str, str]:
    """Return what is different in the last figures of another run, by the names of the figures.

    Args:
        one: Last figures of the run that was there.
        other: Last figures of the run with the change.
        parameters: Trainable parameters of both, where they are known.

    Returns:
        A sentence for accuracy (unless it is a regression), loss, time, work and size.
    """
    words: dict[str, str] = {}
    if one.validation_accuracy is not None and other.validation_accuracy is not None:
        words["accuracy"] = _accuracy(one.validation_accuracy, other.validation_accuracy)
    words["loss"] = (
        f"Validation loss {other.validation_loss:.3g} instead of {one.validation_loss:.3g}: "
        f"{_ratio(one.validation_loss, other.validation_loss, 'as large')}."
    )
    words["seconds"] = (
        f"{other.seconds:.1f} s of training instead of {one.seconds:.1f} s: "
        f"{_ratio(one.seconds, other.seconds, 'as long')}."
    )
    works = [f"{m.nfe_forward} + {m.nfe_backward}" for m in (one, other)]
    words["nfe"] = (
        f"As many evaluations of the field in a pass forward and backward: {works[0]}."
        if works[0] == works[1]
        else f"Evaluations of the field in a pass forward and backward: {works[1]} instead of "
        f"{works[0]}."
    )
    if parameters is not None and all(parameters):
        before, after = parameters
        words["parameters"] = (
            f"As many parameters: {before:,}."
            if before == after
            else f"{after:,} parameters instead of {before:,}."
        )
    return words


def _accuracy(before: float, after: float) -> str:
    points = 100 * (after - before)
    how = f"{abs(points):.2f} percentage points {'more' if points > 0 else 'less'}"
    how = "no difference" if abs(points) < 0.005 else how
    return f"Validation accuracy {after:.2%} instead of {before:.2%}: {how}."


def _ratio(before: float, after: float, how: str) -> str:
    """Return how many times as large or long something is, in words."""
    if not (math.isfinite(before) and math.isfinite(after) and before > 0 and after >= 0):
        return "not to be compared"
    if abs(after - before) <= _SAME * before:
        return "no difference"
    return f"{after / before:.2g} times {how}"
