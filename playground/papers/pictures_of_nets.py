"""Pictures of data and of trained nets, as panels: points, predictions, features, paths, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from playground.papers.figures_of_nets import Seen, TrainedNet, seen_by
from playground.papers.found import Panel, Size

CELLS = 60  # along each side of a prediction
SHOWN_POINTS = 700
SHOWN_PATHS = 50
_TURN, _TILT = np.radians(-60), np.radians(30)  # from where features in space are seen


def rounded(values: Any) -> list[float | None]:
    """Return numbers as JSON has them, to four digits; ``None`` for what is not finite."""
    flat = np.asarray(values, float).ravel().tolist()
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in flat]


def in_perspective(places: np.ndarray) -> np.ndarray:
    """Return places in space ``(…, 3)`` as they are seen from the side and above ``(…, 2)``."""
    x, y, z = places[..., 0], places[..., 1], places[..., 2]
    across = -np.sin(_TURN) * x + np.cos(_TURN) * y
    away = np.cos(_TURN) * x + np.sin(_TURN) * y
    return np.stack([across, np.cos(_TILT) * z - np.sin(_TILT) * away], axis=-1)


def _short(names: Sequence[str]) -> list[str]:
    """Return names of classes without the word that all of them begin with: six fit a narrow legend."""
    return [str(name).removeprefix("class ") for name in names]


def _by_class(places: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> dict[str, list]:
    """Return points as rows, class by class, so that all pictures give the classes the same colours."""
    order, names = np.argsort(labels, kind="stable"), _short(names)
    return {
        "x": rounded(places[order, 0]),
        "y": rounded(places[order, 1]),
        "series": [names[i] for i in labels[order]],
    }


def points_panel(
    title: str,
    places: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    axes: tuple[str, str] = ("x₁", "x₂"),
    size: Size = "third",
    caption: str = "",
    **options: Any,
) -> Panel:
    """Return points ``(n, 2)``, or as seen in perspective ``(n, 3)``, coloured by class."""
    if places.shape[1] == 3:
        places, axes = in_perspective(places), ("across", "up")
    rows = _by_class(places, labels, names)
    return Panel(title, "points", rows, {"x": axes[0], "y": axes[1], **options}, caption, size)


def _grid(places: np.ndarray, cells: int) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the middles of a grid of cells around places, and the size of one."""
    low, high = places.min(axis=0), places.max(axis=0)
    pad = 0.05 * np.maximum(high - low, 1e-3)
    low, high = low - pad, high + pad
    steps = (high - low) / cells
    across, up = (low[i] + steps[i] * (np.arange(cells) + 0.5) for i in (0, 1))
    middles = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    return middles, (float(steps[0]), float(steps[1]))


def _regions(
    title: str,
    grid: tuple[np.ndarray, tuple[float, float]],
    chances: np.ndarray,
    points: tuple[np.ndarray, np.ndarray],
    names: Sequence[str],
    axes: tuple[str, str],
    about: tuple[Size, str],
) -> Panel:
    (middles, steps), (size, caption) = grid, about
    winners = chances.argmax(axis=1)
    drawn = _by_class(points[0], points[1], names)
    rows = {
        "kind": ["cell"] * len(middles) + ["point"] * len(drawn["x"]),
        "x": rounded(middles[:, 0]) + drawn["x"],
        "y": rounded(middles[:, 1]) + drawn["y"],
        "series": [_short(names)[i] for i in winners] + drawn["series"],
        "value": rounded(chances.max(axis=1)) + [None] * len(drawn["x"]),
    }
    options = {"x": axes[0], "y": axes[1], "step_x": steps[0], "step_y": steps[1]}
    return Panel(title, "regions", rows, options, caption, size)


def prediction_panel(
    title: str, net: TrainedNet, size: Size = "third", caption: str = "", cells: int = CELLS
) -> Panel:
    """Return what a net on points of the plane says of each place, and validation points over it."""
    x, y = net.split.x_validation[:SHOWN_POINTS], net.split.y_validation[:SHOWN_POINTS]
    grid = _grid(net.split.x_validation, cells)
    chances = net.probabilities(grid[0])
    names = net.split.class_names
    return _regions(title, grid, chances, (x, y), names, ("x₁", "x₂"), (size, caption))


def plane_panel(
    title: str,
    net: TrainedNet,
    seen: Seen,
    size: Size = "third",
    caption: str = "",
    cells: int = CELLS,
) -> Panel:
    """Return the last features in two main directions over what the head says of that plane."""
    x, y = net.split.x_validation[:SHOWN_POINTS], net.split.y_validation[:SHOWN_POINTS]
    places = seen.of(net.final(x))[:, :2]
    grid = _grid(places, cells)
    chances = net.classified(seen.back(grid[0]))
    axes = _axes(seen)
    return _regions(title, grid, chances, (places, y), net.split.class_names, axes, (size, caption))


def _axes(seen: Seen) -> tuple[str, str]:
    if not seen.shares:
        return "y₁", "y₂"
    return f"PC 1 ({100 * seen.shares[0]:.0f} %)", f"PC 2 ({100 * seen.shares[1]:.0f} %)"


def final_panel(
    title: str, net: TrainedNet, seen: Seen, size: Size = "third", caption: str = ""
) -> Panel:
    """Return the last features: in the plane for a width of two, else three directions of space."""
    x, y = net.split.x_validation[:SHOWN_POINTS], net.split.y_validation[:SHOWN_POINTS]
    places = seen.of(net.final(x))
    flat = places[:, :2] if seen.axes.shape[1] < 3 else places
    return points_panel(title, flat, y, net.split.class_names, _axes(seen), size, caption)


def layers_panels(
    net: TrainedNet, layers: Sequence[int], label: str, size: Size = "quarter"
) -> list[Panel]:
    """Return the features of validation points at some layers, all in one basis and to one scale."""
    x, y = net.split.x_validation[:SHOWN_POINTS], net.split.y_validation[:SHOWN_POINTS]
    states = net.states(x)
    seen = seen_by(states)
    drawn = in_perspective(seen.of(states))
    low, high = drawn.min(axis=(0, 1)), drawn.max(axis=(0, 1))
    pad = 0.04 * (high - low)
    ends = {
        "domain_x": rounded([low[0] - pad[0], high[0] + pad[0]]),
        "domain_y": rounded([low[1] - pad[1], high[1] + pad[1]]),
    }
    names = net.split.class_names
    axes = ("across", "up")
    return [
        points_panel(f"Layer {i}", drawn[i], y, names, axes, size, label, **ends) for i in layers
    ]


def paths_panel(
    title: str, net: TrainedNet, size: Size = "third", caption: str = "", most: int = SHOWN_PATHS
) -> Panel:
    """Return the ways of some validation points through the layers, in one basis; ends are marked."""
    x, labels = net.split.x_validation[:most], net.split.y_validation[:most]
    states = net.states(x)
    seen = seen_by(states)
    places = seen.of(states)
    drawn = in_perspective(places) if seen.axes.shape[1] == 3 else places[..., :2]
    order = np.argsort(labels, kind="stable")
    drawn, labels = drawn[:, order].transpose(1, 0, 2), labels[order]
    kept = np.unique(np.linspace(0, drawn.shape[1] - 1, 41).round().astype(int))
    drawn = drawn[:, kept]
    names = _short(net.split.class_names)
    rows = {
        "x": rounded(drawn[..., 0]),
        "y": rounded(drawn[..., 1]),
        "t": np.tile(kept, len(drawn)).tolist(),
        "path": np.repeat(np.arange(len(drawn)), len(kept)).tolist(),
        "series": [names[label] for label in labels for _ in kept],
    }
    axes = _axes(seen) if seen.axes.shape[1] < 3 else ("across", "up")
    return Panel(title, "paths", rows, {"x": axes[0], "y": axes[1]}, caption, size)
