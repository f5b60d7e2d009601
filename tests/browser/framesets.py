"""Frame sets for the browser tests: packed here by hand, so that the format is checked twice."""

import json
import struct

import numpy as np

DTYPES = {"u1": "<u1", "i2": "<i2", "f4": "<f4"}


def pack(meta, arrays):
    """Bytes of a frame set; arrays maps name → (dtype, values)."""
    body, specs = b"", {}
    for name, (dtype, values) in arrays.items():
        block = np.ascontiguousarray(values, dtype=DTYPES[dtype])
        specs[name] = {"dtype": dtype, "shape": list(block.shape), "offset": len(body)}
        body += block.tobytes()
        body += bytes(-len(body) % 8)
    header = json.dumps({"meta": meta, "arrays": specs}).encode()
    head = b"ODEF" + struct.pack("<I", len(header)) + header
    return head + bytes(-len(head) % 8) + body


def spiral(n, classes, seed=0):
    """Points (n, 2) on the arms of a spiral, and their labels (n,)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    radius = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 3.5 * radius * np.pi / 1.5 + 2 * np.pi * labels / classes
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return (points + rng.normal(0, 0.02, (n, 2))).astype(np.float32), labels


def unroll(points, progress, times, classes):
    """Positions (S, n, 3) on the way from the plane to a fan in which the arms lie apart."""
    radius = np.linalg.norm(points, axis=1)
    angle = np.arctan2(points[:, 1], points[:, 0])
    horizon = times[-1]
    layers = []
    for t in times:
        u = progress * t / horizon
        turn = angle - 3.5 * radius * np.pi / 1.5 * u
        grow = 1 + 1.4 * u
        height = u * np.cos(turn * classes / 2) * 1.3
        layers.append(
            np.stack([grow * radius * np.cos(turn), grow * radius * np.sin(turn), height], 1)
        )
    return np.array(layers)


def quantise(paths, warp):
    """int16 arrays with one scale and centre for each frame; inputs (F, S, …, 3)."""
    frames = len(paths)
    flat = np.concatenate([paths.reshape(frames, -1, 3), warp.reshape(frames, -1, 3)], 1)
    centre = (flat.min(1) + flat.max(1)) / 2
    scale = np.abs(flat - centre[:, None]).max((1, 2))

    def whole(values):
        shape = (frames,) + (1,) * (values.ndim - 2) + (3,)
        size = scale.reshape((frames,) + (1,) * (values.ndim - 1))
        return np.round((values - centre.reshape(shape)) / size * 32767)

    return {
        "paths": ("i2", whole(paths)),
        "warp": ("i2", whole(warp)),
        "path_scale": ("f4", scale),
        "path_centre": ("f4", centre),
    }


def frame_notes(progress, title=""):
    return [
        {
            "step": int(1200 * p),
            "epoch": round(120 * float(p), 2),
            "train_loss": 0.7 * float(1 - p) + 0.01,
            "validation_loss": 0.72 * float(1 - p) + 0.02,
            "train_accuracy": 0.5 + 0.495 * float(p),
            "validation_accuracy": 0.5 + 0.49 * float(p),
            "title": title,
        }
        for p in progress
    ]


def common_meta(progress, times, **more):
    return {
        "task": "classification",
        "features": [0, 1],
        "feature_names": ["x1", "x2"],
        "class_names": ["blue arm", "red arm"],
        "extent": [-1.2, 1.2, -1.2, 1.2],
        "value_range": [0.0, 1.0],
        "slice": "",
        "times": [float(t) for t in times],
        "layers": list(range(len(times))),
        "horizon": float(times[-1]),
        "components": ["PC1", "PC2", "PC3"],
        "explained": [0.61, 0.27, 0.08],
        "is_flow": True,
        "frames": frame_notes(progress),
        **more,
    }


def spiral_set(progress=(1.0,), classes=2, m=120, size=100, depth=20, **more):
    """A spiral that unrolls as `progress` goes from 0 to 1, one frame for each value."""
    times = np.linspace(0, 5, depth + 1)
    points, labels = spiral(400, classes)
    tests, test_labels = spiral(150, classes, seed=1)
    axis = (np.arange(size) + 0.5) / size * 2.4 - 1.2
    gx, gy = np.meshgrid(axis, axis[::-1])
    nodes = np.linspace(-1.2, 1.2, 15)
    mesh = np.stack(np.meshgrid(nodes, nodes[::-1]), -1).reshape(-1, 2)
    grids, sure, paths, warps = [], [], [], []
    for p in progress:
        radius, angle = np.hypot(gx, gy), np.arctan2(gy, gx)
        phase = angle - 3.5 * radius * np.pi / 1.5 * p
        score = np.stack([np.cos(phase - 2 * np.pi * k / classes) for k in range(classes)])
        weight = np.exp(score * (0.5 + 6 * p))
        weight /= weight.sum(0)
        grids.append(weight.argmax(0))
        sure.append(np.round(255 * weight.max(0)))
        paths.append(unroll(points[:m], p, times, classes))
        warps.append(unroll(mesh, p, times, classes).reshape(len(times), 15, 15, 3))
    names = ["blue arm", "red arm", *[f"arm {k}" for k in range(3, classes + 1)]][:classes]
    meta = common_meta(progress, times, class_names=names)
    meta.update(more)
    arrays = {
        "grid": ("u1", grids),
        "confidence": ("u1", sure),
        "points": ("f4", points),
        "labels": ("u1", labels),
        "test_points": ("f4", tests),
        "test_labels": ("u1", test_labels),
        "path_labels": ("u1", labels[:m]),
        **quantise(np.array(paths), np.array(warps)),
    }
    return pack(meta, arrays)


def halves_set(classes=2, confidence=255, scale=None, **more):
    """Column k of the map belongs to class k, all equally sure; no points. One small flow.

    A `scale` takes the place of the true path scale: 0 puts all points in one place.
    """
    size = 20 * classes
    grid = np.tile(np.repeat(np.arange(classes), 20), (size, 1))[None]
    times = np.linspace(0, 2, 3)
    meta = common_meta([1.0], times, class_names=[f"class {k}" for k in range(classes)])
    meta.update(more)
    # Point i goes from (i, 0, 0) to (i, 4, 0) in two layers.
    paths = np.array([[[[i, 2 * s, 0] for i in range(5)] for s in range(3)]], dtype=float)
    warp = np.array(
        [[[[[c, r + s, 0] for c in range(5)] for r in range(5)] for s in range(3)]], float
    )
    arrays = {
        "grid": ("u1", grid),
        "confidence": ("u1", np.full_like(grid, confidence)),
        "points": ("f4", np.zeros((0, 2))),
        "labels": ("u1", np.zeros(0)),
        "test_points": ("f4", np.zeros((0, 2))),
        "test_labels": ("u1", np.zeros(0)),
        "path_labels": ("u1", np.arange(5) % classes),
        **quantise(paths, warp),
    }
    if scale is not None:
        arrays["path_scale"] = ("f4", [scale])
    return pack(meta, arrays)


def regression_set(inputs=2):
    """A plane over −1 … 1 to be regressed: value (x + y) / 2, or x where there is one input."""
    rng = np.random.default_rng(0)
    times = np.linspace(0, 5, 11)
    points = rng.uniform(-1, 1, (90, 2)).astype(np.float32)
    axis = (np.arange(64) + 0.5) / 32 - 1
    value = np.tile(axis, (1, 1)) if inputs == 1 else (axis[None] + axis[::-1, None]) / 2
    if inputs == 1:
        points[:, 1] = 0
    targets = points[:, 0] if inputs == 1 else points.mean(1)
    paths = np.stack([np.c_[points, points.prod(1)] * (1 + 0.2 * t) for t in times])[None]
    mesh = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(1, -1, 9)), -1)
    warp = np.stack([np.dstack([mesh, mesh.prod(-1)]) * (1 + 0.2 * t) for t in times])[None]
    names = ["x1"] if inputs == 1 else ["x1", "x2"]
    meta = common_meta(
        [1.0], times, task="regression", class_names=[], extent=[-1, 1, -1, 1],
        value_range=[-1.0, 1.0], features=list(range(inputs)), feature_names=names,
    )  # fmt: skip
    arrays = {
        "grid": ("u1", np.round((value + 1) / 2 * 255)[None]),
        "points": ("f4", points),
        "labels": ("f4", targets),
        "test_points": ("f4", points[::3] * 0.9),
        "test_labels": ("f4", targets[::3] * 0.9),
        "path_labels": ("f4", targets),
        **quantise(paths, warp),
    }
    return pack(meta, arrays)


def one_input_set():
    """Nested intervals on a line: one input, one feature through the layers."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 120).astype(np.float32)
    labels = (np.abs(x) > 0.5).astype(int)
    times = np.linspace(0, 5, 21)
    axis = (np.arange(200) + 0.5) / 100 - 1
    margin = np.abs(np.abs(axis) - 0.5)

    def carried(values):
        layers = np.zeros((1, len(times), len(values), 3))
        for s, t in enumerate(times):
            layers[0, s, :, 0] = np.tanh(values * (1 + t)) * (1 + 0.2 * t)
        return layers

    meta = common_meta(
        [1.0], times, features=[0], feature_names=["x1"], extent=[-1, 1, -1, 1],
        class_names=["inside", "outside"], components=["x1", "", ""], explained=[1.0],
    )  # fmt: skip
    arrays = {
        "grid": ("u1", (np.abs(axis) > 0.5).astype(int)[None, None]),
        "confidence": ("u1", np.round(255 * (0.5 + np.minimum(margin, 0.5)))[None, None]),
        "points": ("f4", np.c_[x, 0 * x]),
        "labels": ("u1", labels),
        "test_points": ("f4", np.c_[x, 0 * x][::4]),
        "test_labels": ("u1", labels[::4]),
        "path_labels": ("u1", labels[:60]),
        **quantise(carried(x[:60]), carried(np.linspace(-1, 1, 15))[:, :, None]),
    }
    return pack(meta, arrays)
