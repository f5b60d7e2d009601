"""The three views of a net on points: decision boundary, feature trajectories, warped grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.analysis.frames import FULL, Frames
from playground.datasets import Split
from playground.networks import ImageNet, PointNet

RESOLUTION = 100  # cells along each side of the boundary map
SHOWN_PATHS = 300
SHOWN_POINTS = 1000
SHOWN_LAYERS = 41
WARP_LINES = 15
CHUNK = 4096  # rows at once: few enough for the cache, enough to outweigh the calls
IMAGE_CHUNK = 256  # images at once, whose features at all layers are held together


@dataclass
class Scene:
    """What stays the same while a net trains: the data, the shown inputs, the grid of the map.

    Args:
        split: The data.
        features: Indices of the two inputs on the axes; ``None`` takes the first two.
        device: Where the net lives.
        dtype: Its floating type.
        pad: Share of the points' extent by which the plane is wider than they are, on each side.

    Raises:
        ValueError: If an index names no input of the data.
    """

    split: Split
    features: tuple[int, int] | None = None
    device: str = "cpu"
    dtype: torch.dtype = torch.float32
    pad: float = 0.05
    reference: np.ndarray | None = field(default=None, init=False)  # basis that the signs follow
    basis: np.ndarray | None = field(default=None, init=False)  # of the last frame

    def __post_init__(self) -> None:
        n = self.split.x_train.shape[1]
        chosen = self.features or (0, min(1, n - 1))
        if not all(0 <= index < n for index in chosen):
            raise ValueError(f"features: {chosen} is not legal; the data have inputs 0 to {n - 1}")
        self.axes = list(dict.fromkeys(chosen))
        if n > 1 and len(self.axes) < 2:
            raise ValueError(f"features: {chosen} names one input twice; choose two different ones")
        self.held = self.split.x_train.mean(axis=0)
        self.extent = self._extent()
        self.cells = self._inputs(RESOLUTION, RESOLUTION if n > 1 else 1)
        self.lines = self._inputs(WARP_LINES, WARP_LINES if n > 1 else 1, flip=False)

    def _extent(self) -> list[float]:
        shown = np.concatenate([self.split.x_train, self.split.x_validation])[:, self.axes]
        low, high = shown.min(axis=0), shown.max(axis=0)
        pad = self.pad * np.maximum(high - low, 1e-3)
        sides = [[float(a), float(b)] for a, b in zip(low - pad, high + pad)]
        return [*sides[0], *(sides[1] if len(sides) == 2 else (-1.0, 1.0))]

    def _inputs(self, columns: int, rows: int, flip: bool = True) -> Tensor:
        """Return the inputs of a regular grid, row by row, the top row first when flipped."""
        x0, x1, y0, y1 = self.extent
        points = np.tile(self.held, (rows * columns, 1))
        points[:, self.axes[0]] = np.tile(np.linspace(x0, x1, columns), rows)
        if len(self.axes) == 2:
            heights = np.linspace(y1, y0, rows) if flip else np.linspace(y0, y1, rows)
            points[:, self.axes[1]] = np.repeat(heights, columns)
        return self.tensor(points)

    def tensor(self, values: np.ndarray) -> Tensor:
        """Return values as a tensor on the scene's device."""
        return torch.as_tensor(np.asarray(values), dtype=self.dtype, device=self.device)

    def note(self) -> str:
        """Return which inputs are held at which values, in words."""
        names = self.split.feature_names
        rest = [i for i in range(len(names)) if i not in self.axes]
        return ", ".join(f"{names[i]} = {self.held[i]:.3g}" for i in rest[:4]) + (
            " …" if len(rest) > 4 else ""
        )


@torch.inference_mode()
def predict(net: torch.nn.Module, x: Tensor) -> Tensor:
    """Return the outputs ``(n, n_outputs)`` for many points, computed a chunk at a time."""
    rows = IMAGE_CHUNK if isinstance(net, ImageNet) else CHUNK
    return torch.cat([net(part) for part in x.split(rows)])


def boundary(net: torch.nn.Module, scene: Scene) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the map of predictions over the plane of the shown inputs: arrays and meta."""
    outputs = predict(net, scene.cells)
    side = (1, RESOLUTION if len(scene.axes) == 2 else 1, RESOLUTION)
    if scene.split.task == "classification":
        probability, winner = torch.softmax(outputs.float(), dim=-1).nan_to_num().max(dim=-1)
        arrays = {
            "grid": winner.to(torch.uint8).cpu().numpy().reshape(side),
            "confidence": (255 * probability).round().to(torch.uint8).cpu().numpy().reshape(side),
        }
        return arrays, {}
    targets = scene.split.y_train[:, 0]
    low, high = float(targets.min()), float(targets.max())
    high = high if high > low else low + 1.0
    share = ((outputs[:, 0].float() - low) / (high - low)).nan_to_num().clamp(0, 1)
    grid = (255 * share).round().to(torch.uint8).cpu().numpy().reshape(side)
    return {"grid": grid}, {"value_range": [low, high]}


def shown_layers(total: int) -> list[int]:
    """Return which of ``total`` states are shown: all, or evenly spread ones with both ends."""
    if total <= SHOWN_LAYERS:
        return list(range(total))
    return sorted({round(i) for i in np.linspace(0, total - 1, SHOWN_LAYERS)})


def principal_axes(
    states: np.ndarray, previous: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit one basis to all layers at once.

    Args:
        states: Features ``(layers, points, width)``.
        previous: Basis of an earlier frame; the signs follow it, so that nothing flips.

    Returns:
        The centre ``(width,)``, the basis ``(width, k)`` with k ≤ 3, and the explained shares ``(k,)``.
    """
    flat = states.reshape(-1, states.shape[-1])
    centre = flat.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(flat - centre, rowvar=False).reshape(len(centre), -1))
    order = np.argsort(values)[::-1][:3]
    basis, total = vectors[:, order], max(float(values.sum()), 1e-30)
    reference = previous if previous is not None and previous.shape == basis.shape else None
    # Without a predecessor the largest loading points up, which makes the basis reproducible.
    signs = (
        np.sign((basis * reference).sum(axis=0))
        if reference is not None
        else np.sign(basis[np.abs(basis).argmax(axis=0), range(basis.shape[1])])
    )
    basis = basis * np.where(signs == 0, 1.0, signs)
    return centre, basis, np.clip(values[order] / total, 0, 1)


@torch.inference_mode()
def flow(net: PointNet, scene: Scene) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return trajectories and warped grid in one basis for all layers: arrays and meta.

    The signs of the basis follow ``scene.reference``; the basis itself is left in ``scene.basis``.
    """
    x = scene.tensor(scene.split.x_train[:SHOWN_PATHS])
    every = net.trajectory(torch.cat([x, scene.lines]))
    layers = shown_layers(len(every))
    # Features that fly away would overflow in the axes; their pictures end at a million.
    states = np.clip(np.nan_to_num(every[layers].cpu().double().numpy()), -1e6, 1e6)
    width = states.shape[-1]
    if width <= 2:
        centre, basis, explained = np.zeros(width), np.eye(width), np.ones(0)
    else:
        centre, basis, explained = principal_axes(states[:, : len(x)], scene.reference)
    scene.basis = basis
    seen = np.zeros((*states.shape[:2], 3))
    seen[..., : basis.shape[1]] = (states - centre) @ basis
    paths, warp = seen[:, : len(x)], seen[:, len(x) :]
    middle = (paths.min(axis=(0, 1)) + paths.max(axis=(0, 1))) / 2
    # Grid corners may fly far away from the data; beyond three half widths they are cut off.
    half = max(float(np.abs(paths - middle).max()), 1e-6)
    scale = max(half, min(float(np.abs(warp - middle).max()), 3 * half))
    quantised = np.clip(np.round((seen - middle) / scale * FULL), -FULL, FULL).astype(np.int16)
    rows = WARP_LINES if len(scene.axes) == 2 else 1
    kind = "PC" if width > 2 else "y"
    times = net.times()
    meta = {
        "layers": layers,
        "times": [times[i] for i in layers],
        "horizon": times[-1] if net.is_flow else None,
        "components": [f"{kind}{i + 1}" if i < basis.shape[1] else "" for i in range(3)],
        "explained": [round(float(share), 4) for share in explained],
        "is_flow": net.is_flow,
    }
    arrays = {
        "paths": quantised[None, :, : len(x)],
        "warp": quantised[None, :, len(x) :].reshape(1, len(layers), rows, WARP_LINES, 3),
        "path_scale": np.array([scale], np.float32),
        "path_centre": middle[None].astype(np.float32),
    }
    return arrays, meta


def _labels(split: Split, y: np.ndarray) -> np.ndarray:
    return y.astype(np.uint8) if split.task == "classification" else y[:, 0].astype(np.float32)


def _points(scene: Scene) -> dict[str, np.ndarray]:
    split, arrays = scene.split, {}
    for prefix, x, y in (
        ("", split.x_train, split.y_train),
        ("test_", split.x_validation, split.y_validation),
    ):
        shown = x[:SHOWN_POINTS, scene.axes].astype(np.float32)
        if shown.shape[1] == 1:
            shown = np.column_stack([shown, np.zeros_like(shown)])
        arrays[f"{prefix}points"] = shown
        arrays[f"{prefix}labels"] = _labels(split, y[:SHOWN_POINTS])
    arrays["path_labels"] = _labels(split, split.y_train[:SHOWN_PATHS])
    return arrays


def draw(net: PointNet, scene: Scene, figures: dict[str, Any]) -> Frames:
    """Draw all views of a net as one frame.

    Args:
        net: The net, with the weights that are to be judged in place.
        scene: What stays the same.
        figures: Step, epoch, losses and accuracies of this frame, ``None`` where unknown.

    Returns:
        A set of one frame.
    """
    evaluations = net.nfe
    map_arrays, map_meta = boundary(net, scene)
    flow_arrays, flow_meta = flow(net, scene)
    net.nfe = evaluations  # looking is not counted
    split = scene.split
    meta = {
        "task": split.task,
        "features": scene.axes,
        "feature_names": [split.feature_names[i] for i in scene.axes],
        "class_names": list(split.class_names),
        "extent": scene.extent,
        "slice": scene.note(),
        "frames": [figures],
        **map_meta,
        **flow_meta,
    }
    return Frames(meta, {**map_arrays, **flow_arrays, **_points(scene)})
