"""What every attack shares: checks of what it is given, a model held still, rows in portions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from torch import Tensor, nn

Model = Callable[[Tensor], Tensor]
"""A module, or any function, that maps inputs ``(batch, …)`` to logits ``(batch, classes)``."""

Norm = Literal["linf", "l2"]
LossName = Literal["ce", "margin"]
Clip = tuple[float, float] | None
"""Least and greatest legal value of an input, ``None`` for points, which may lie anywhere."""

Watch = Callable[[Tensor], None]
"""Told where all inputs are, ``(batch, …)``: at the start of an attack, and after each of its steps."""

VALUES_AT_ONCE = 2**17  # numbers of inputs in a portion that nobody chose: 167 images of MNIST


def check_number(name: str, value: float, least: float, *, above: bool = False) -> None:
    """Refuse what is no finite number of at least ``least``, or above it.

    Raises:
        ValueError: If so; the message names the field, the value and what is legal.
    """
    legal = math.isfinite(value) and (value > least if above else value >= least)
    if not legal:
        words = "a finite number above" if above else "a finite number of at least"
        raise ValueError(f"{name}: {value} is not legal; legal is {words} {least:g}")


def check_count(name: str, value: int, least: int = 1) -> None:
    """Refuse what is no whole number of at least ``least``.

    Raises:
        ValueError: If so.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name}: {value!r} is not legal; legal is a whole number from {least} on")


def check_choice(name: str, value: str, legal: tuple[str, ...]) -> None:
    """Refuse what is not among the legal values.

    Raises:
        ValueError: If so.
    """
    if value not in legal:
        raise ValueError(f"{name}: {value!r} is not legal; legal is {' or '.join(legal)}")


def check_loss(loss: str) -> None:
    """Refuse an unknown loss with a ``ValueError``."""
    check_choice("loss", loss, get_args(LossName))


def check_clip(clip: Clip) -> None:
    """Refuse a clip range that is none.

    Raises:
        ValueError: If so.
    """
    if clip is not None and not (len(clip) == 2 and -math.inf < clip[0] < clip[1] < math.inf):
        raise ValueError(
            f"clip: {clip} is not legal; legal is (least, greatest) with least < greatest, or None"
        )


def check_inputs(x: Tensor, y: Tensor, clip: Clip) -> Tensor:
    """Check inputs and classes, and return the classes as int64 on the inputs' device.

    Args:
        x: Inputs ``(batch, …)``, floating point, inside the clip range.
        y: Classes ``(batch,)``.
        clip: The legal range of ``x``.

    Raises:
        ValueError: If they do not fit; the message names the field, the value and what is legal.
    """
    check_clip(clip)
    if not x.is_floating_point() or x.ndim < 2:
        raise ValueError(
            f"x: shape {tuple(x.shape)} of {x.dtype} is not legal; legal is (batch, …) of floating "
            "point numbers"
        )
    if tuple(y.shape) != (len(x),) or y.is_floating_point():
        raise ValueError(
            f"y: shape {tuple(y.shape)} of {y.dtype} is not legal; legal are whole numbers of shape "
            f"{(len(x),)}"
        )
    if len(y) and int(y.min()) < 0:
        raise ValueError(f"y: class {int(y.min())} is not legal; legal are classes from 0 on")
    if not bool(torch.isfinite(x).all()):
        raise ValueError("x: holds a value that is not finite; legal are finite numbers")
    if clip is not None and x.numel():
        for value in (float(x.min()), float(x.max())):
            if not clip[0] <= value <= clip[1]:
                raise ValueError(
                    f"x: {value:g} is outside the clip range; legal is {clip[0]:g} to {clip[1]:g}"
                )
    return y.to(device=x.device, dtype=torch.int64)


@contextmanager
def held(model: Model) -> Iterator[None]:
    """Hold a module in evaluation mode, and leave every part of it in the mode in which it was.

    Dropout and batch statistics would otherwise make the target move under the attack.
    """
    parts = list(model.modules()) if isinstance(model, nn.Module) else []
    modes = [part.training for part in parts]
    for part in parts:
        part.training = False
    try:
        yield
    finally:
        for part, mode in zip(parts, modes):
            part.training = mode


def portions(x: Tensor, batch_size: int | None) -> Iterator[slice]:
    """Yield the rows of ``x`` in portions: of ``batch_size``, or of about a hundred thousand numbers.

    Raises:
        ValueError: If the size is not a whole number of at least one.
    """
    if batch_size is None:
        batch_size = max(1, VALUES_AT_ONCE // max(1, x[:1].numel()))
    check_count("batch_size", batch_size)
    for start in range(0, len(x), batch_size):
        yield slice(start, start + batch_size)


def logits_of(model: Model, x: Tensor, labels: Tensor | None = None) -> Tensor:
    """Return the model's logits, of at least two classes and of every label.

    Raises:
        ValueError: If the model returns something else, or a label is no class of it.
    """
    logits = model(x)
    if logits.ndim != 2 or len(logits) != len(x) or logits.shape[1] < 2:
        raise ValueError(
            f"model: it returned the shape {tuple(logits.shape)} for {len(x)} inputs; legal is "
            "(batch, classes) with two classes or more"
        )
    check_labels(labels, logits.shape[1])
    return logits


def check_labels(labels: Tensor | None, n_classes: int) -> None:
    """Refuse labels that are no class of the model with a ``ValueError``."""
    if labels is not None and len(labels) and int(labels.max()) >= n_classes:
        raise ValueError(
            f"y: class {int(labels.max())} is not legal; the model has classes 0 to {n_classes - 1}"
        )


def all_logits(model: Model, x: Tensor, batch_size: int | None = None) -> Tensor:
    """Return the logits ``(batch, classes)`` of a model held still, without a gradient."""
    with held(model), torch.no_grad():
        parts = [logits_of(model, x[rows]) for rows in portions(x, batch_size)]
    return torch.cat(parts) if parts else x.new_empty((0, 2))


def correct(model: Model, x: Tensor, y: Tensor, batch_size: int | None = None) -> Tensor:
    """Return which inputs ``(batch, …)`` the model puts into their class, ``(batch,)`` of bool.

    Logits that are not numbers put an input into no class.
    """
    logits = all_logits(model, x, batch_size)
    return (logits.argmax(1) == y.to(logits.device)) & ~logits.isnan().any(1)
