"""What a data set is and how it is registered.

A data set is one function ``(options, n, rng) -> (X, y)`` under the decorator :func:`dataset`; from
there on it can be listed, validated, drawn as a thumbnail, trained on and tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

import numpy as np

from playground.datasets.table import TableError
from playground.registry import Entry, Options, Registry, option

Task = Literal["classification", "regression"]
Generator = Callable[[Any, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
Declared = int | Sequence[str] | Callable[[Any], "int | Sequence[str]"]

LEAST_TRAIN, LEAST_VALIDATION = 5, 2
"""Fewest points that a part shrinks to, unless fewer were asked for."""


@dataclass(frozen=True, eq=False)
class Split:
    """Training and validation points of one draw.

    Attributes:
        x_train: Training inputs ``(n_train, d)``, float32; functions come in float64.
        y_train: Classes ``(n_train,)``, int64; or targets ``(n_train, k)``, typed as the inputs.
        x_validation: Validation inputs ``(n_validation, d)``, typed as those.
        y_validation: Validation labels, shaped and typed as ``y_train``.
        feature_names: Names of the ``d`` inputs.
        class_names: Names of the classes, empty for a regression.
        task: ``"classification"`` or ``"regression"``.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    task: Task


@dataclass(frozen=True, kw_only=True)
class Dataset(Entry):
    """A registered data set.

    Attributes:
        generator: Draws ``n`` points: ``(options, n, rng) -> X float32 (n, d), y``.
        task: What is learned; a data set whose task depends on its options (own tables) gives the
            usual one here and the true one through :meth:`task_of`.
        features: Number of inputs, or their names, or a function of the options giving either.
        classes: Number of classes, or their names, or a function of the options giving either.
        targets: Number of outputs of a regression, or a function of the options giving it.
        bayes: Function of the options that gives the best possible accuracy, where it is known.
        view: The two inputs that show the set best.
        splitter: Replaces the usual split, for sets that cannot draw without end.
        resolve_task: Function of the options that gives the task, where it depends on them.
        rows: Function of the options that gives how many points there are, for sets that cannot draw
            without end.
        parts: Function of the options that gives how many of these points are for training and how
            many for judging, for sets that were published in two parts.
        image_shape: Function of the options that gives channels, height and width of a set of images;
            a point is an image, plane by plane and row by row, in [0, 1].
    """

    generator: Generator
    task: Task = "classification"
    features: Declared = 2
    classes: Declared = 2
    targets: int | Callable[[Any], int] = 1
    bayes: Callable[[Any], float | None] | None = None
    view: tuple[int, int] = (0, 1)
    splitter: Callable[[Any, int, int, np.random.Generator], Split] | None = None
    resolve_task: Callable[[Any], Task] | None = None
    rows: Callable[[Any], int] | None = None
    parts: Callable[[Any], tuple[int, int]] | None = None
    image_shape: Callable[[Any], tuple[int, int, int]] | None = None

    def task_of(self, options: Options) -> Task:
        """Return the task under these options."""
        return self.resolve_task(options) if self.resolve_task else self.task

    def feature_names(self, options: Options) -> tuple[str, ...]:
        """Return the names of the inputs under these options."""
        return _names(self.features, options, "x{}", first=1)

    def class_names(self, options: Options) -> tuple[str, ...]:
        """Return the names of the classes, empty for a regression."""
        if self.task_of(options) == "regression":
            return ()
        return _names(self.classes, options, "class {}", first=0)

    def n_features(self, options: Options) -> int:
        """Return the number of inputs."""
        return len(self.feature_names(options))

    def n_classes(self, options: Options) -> int:
        """Return the number of classes, 0 for a regression."""
        return len(self.class_names(options))

    def n_outputs(self, options: Options) -> int:
        """Return the number of outputs of a net: one logit a class, or one value a target."""
        targets = self.targets
        return self.n_classes(options) or (targets(options) if callable(targets) else targets)

    def n_rows(self, options: Options) -> int | None:
        """Return how many points there are, ``None`` where they are drawn without end."""
        return self.rows(options) if self.rows else None

    def shape_of(self, options: Options) -> tuple[int, int, int] | None:
        """Return channels, height and width of an image, ``None`` for a set of points."""
        return self.image_shape(options) if self.image_shape else None

    def split_sizes(self, options: Options, n_train: int, n_validation: int) -> tuple[int, int]:
        """Return the sizes of the two parts that are really had when these are asked for.

        Where there are fewer points, both parts shrink in proportion; training keeps a point of each
        class. The parts of a set that was published in two are each as long as they are.

        Raises:
            TableError: If ``n_train`` is below the number of classes of a set with so many points.
        """
        rows = self.n_rows(options)
        if rows is None:
            return n_train, n_validation
        least = max(1, self.n_classes(options))
        if n_train < least:
            holder, row = ("set", "image") if self.image_shape else ("table", "row")
            raise TableError(
                f"n_train = {n_train} is not legal: the {holder} has {least} classes, and each needs a "
                f"training {row}"
            )
        if self.parts:
            train, rest = self.parts(options)
            return min(n_train, train), min(n_validation, rest)
        wanted = n_train + n_validation
        if wanted <= rows:
            return n_train, n_validation
        least = max(least, min(n_train, LEAST_TRAIN))
        most = rows - min(n_validation, LEAST_VALIDATION)
        train = min(max(round(rows * n_train / wanted), least), most)
        return train, rows - train if n_validation else 0

    def ceiling(self, options: Options) -> float | None:
        """Return the Bayes-optimal accuracy in [0, 1], ``None`` where it is not known."""
        return self.bayes(options) if self.bayes else None


DATASETS: Registry[Dataset] = Registry("data set")


def _names(declared: Declared, options: Options, pattern: str, first: int) -> tuple[str, ...]:
    value = declared(options) if callable(declared) else declared
    if isinstance(value, int):
        return tuple(pattern.format(first + i) for i in range(value))
    return tuple(value)


def dataset(*, options: type[Options], **about: Any) -> Callable[[Generator], Generator]:
    """Register the function below as a data set.

    Args:
        options: The options model; it must have a field ``noise``.
        about: The other fields of :class:`Dataset`, ``generator`` excepted.

    Returns:
        A decorator; what it returns gives float32 inputs, and int64 classes or float32 targets.

    Raises:
        ValueError: If the name is taken or the options have no noise.
    """
    if "noise" not in options.model_fields:
        raise ValueError(f"the options of data set {about['name']!r} need a field 'noise'")

    def register(draw: Generator) -> Generator:
        @wraps(draw)
        def generator(
            options: Any, n: int, rng: np.random.Generator
        ) -> tuple[np.ndarray, np.ndarray]:
            x, y = draw(options, n, rng)
            integer = np.issubdtype(np.asarray(y).dtype, np.integer)
            return (
                np.ascontiguousarray(x, np.float32),
                np.ascontiguousarray(y, np.int64 if integer else np.float32),
            )

        DATASETS.add(Dataset(generator=generator, options=options, **about))
        return generator

    return register


def noise_option(default: float, le: float, about: str = "") -> Any:
    """Declare the option every data set has: how far the points are blurred.

    Args:
        default: Standard deviation of the published set.
        le: Greatest legal standard deviation.
        about: Replaces the sentence of help.
    """
    text = about or (
        "Standard deviation of the normal noise added to every input after the labels were set, "
        "in units of the inputs."
    )
    return option(default, label="Noise", help=text, ge=0.0, le=le, step=0.05)


def known_at(accuracy: float) -> Callable[[Options], float | None]:
    """Return a ceiling that is known for the default options only."""
    return lambda options: accuracy if options == type(options)() else None


def blur(x: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation ``noise``.

    The numbers are drawn even when ``noise`` is 0, so that one seed gives the same labels and the
    same order at every noise: turning the noise up moves the points and shuffles nothing.
    """
    return x + noise * rng.standard_normal(x.shape)
