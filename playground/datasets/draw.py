"""Drawing from a data set by its name: points, training and validation parts, thumbnails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from playground.datasets.base import DATASETS, Split
from playground.registry import Options, bounds

MAX_SAMPLES = 10_000_000
"""Most points that one call draws."""


def resolve_options(name: str, given: Options | Mapping[str, Any] | None) -> Options:
    """Return validated options of the data set ``name``.

    Raises:
        ValueError: For an unknown data set or option, or a value outside its bounds; the message
            names the field, the value and what is legal.
    """
    if name not in DATASETS:
        raise ValueError(DATASETS.unknown(name))
    model = DATASETS[name].options
    if isinstance(given, model):
        return given
    values = given.model_dump() if isinstance(given, Options) else dict(given or {})
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ValueError(
            "; ".join(_explain(name, model, item) for item in error.errors())
        ) from None


def _explain(name: str, model: type[Options], item: Mapping[str, Any]) -> str:
    """Say in one sentence what is wrong with one option."""
    key = str(item["loc"][0]) if item["loc"] else "options"
    field = model.model_fields.get(key)
    if field is None:
        return f"data set {name!r} has no option {key!r}; it has {', '.join(model.model_fields)}"
    low, high = bounds(field)
    legal = f"legal are {low:g} to {high:g}" if low is not None and high is not None else ""
    return f"{name}: {key} = {item['input']!r} is not legal: {legal or item['msg']}"


def _count(field: str, value: Any, least: int) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not least <= value <= MAX_SAMPLES:
        raise ValueError(
            f"{field} = {value!r} is not legal: a whole number from {least} to {MAX_SAMPLES}"
        )
    return int(value)


def _random(field: str, value: Any) -> np.random.Generator:
    if isinstance(value, np.random.Generator):
        return value
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 0:
        return np.random.default_rng(int(value))
    raise ValueError(
        f"{field} = {value!r} is not legal: a whole number from 0 or a numpy.random.Generator"
    )


def make(
    name: str,
    n_samples: int,
    *,
    noise: float | None = None,
    random_state: int | np.random.Generator,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points from a data set.

    Args:
        name: Name in :data:`DATASETS`.
        n_samples: Number of points.
        noise: Standard deviation of the noise; the data set's own where ``None``.
        random_state: A seed or a generator.
        options: The data set's other options.

    Returns:
        ``X (n_samples, d)`` float32, and ``y``: classes ``(n_samples,)`` int64, or targets
        ``(n_samples, k)`` float32 where the data set is a regression.

    Raises:
        ValueError: Names the field, the value and what is legal.
    """
    given = options if noise is None else {**options, "noise": noise}
    settings = resolve_options(name, given)
    n = _count("n_samples", n_samples, 1)
    return DATASETS[name].generator(settings, n, _random("random_state", random_state))


def load(
    name: str,
    *,
    n_train: int,
    n_validation: int,
    seed: int,
    options: Options | Mapping[str, Any] | None = None,
) -> Split:
    """Draw training and validation points together; the first ``n_train`` are for training.

    Own tables have only so many rows: they are shuffled by the seed, and where fewer rows are there
    than were asked for, both parts shrink in proportion.

    Args:
        name: Name in :data:`DATASETS`.
        n_train: Number of training points, at least 1.
        n_validation: Number of validation points, 0 for none.
        seed: Seed of the draw.
        options: The data set's options, defaults where absent.

    Raises:
        ValueError: Names the field, the value and what is legal.
    """
    settings = resolve_options(name, options)
    n_train, n_validation = (
        _count("n_train", n_train, 1),
        _count("n_validation", n_validation, 0),
    )
    entry, rng = DATASETS[name], _random("seed", seed)
    if entry.splitter:
        return entry.splitter(settings, n_train, n_validation, rng)
    x, y = entry.generator(settings, n_train + n_validation, rng)
    return Split(
        x_train=x[:n_train],
        y_train=y[:n_train],
        x_validation=x[n_train:],
        y_validation=y[n_train:],
        feature_names=entry.feature_names(settings),
        class_names=entry.class_names(settings),
        task=entry.task_of(settings),
    )


def split_sizes(
    name: str,
    *,
    n_train: int,
    n_validation: int,
    options: Options | Mapping[str, Any] | None = None,
) -> tuple[int, int]:
    """Return how many training and validation points :func:`load` gives when these are asked for.

    Raises:
        ValueError: Names the field, the value and what is legal.
    """
    settings = resolve_options(name, options)
    return DATASETS[name].split_sizes(
        settings, _count("n_train", n_train, 1), _count("n_validation", n_validation, 0)
    )


def thumbnail(
    name: str,
    options: Options | Mapping[str, Any] | None = None,
    n: int = 250,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the few points of a small picture, by the real generator.

    Returns:
        ``X (n, 2)``, the two inputs that show the set best, or ``(n, 1)`` where there is one; and
        ``y (n,)``, the class, or the first target of a regression.

    Raises:
        ValueError: Names the field, the value and what is legal.
    """
    settings = resolve_options(name, options)
    entry = DATASETS[name]
    x, y = entry.generator(settings, _count("n", n, 1), _random("seed", seed))
    shown = x if x.shape[1] == 1 else x[:, list(entry.view)]
    return shown, y if y.ndim == 1 else y[:, 0]
