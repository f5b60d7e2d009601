"""Checkpoints as safetensors: a tree of tensors and plain values, nothing that could run code."""

from __future__ import annotations

import json
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

FORMAT = "ode-net-playground checkpoint 1"


def pack(tree: Any, weights: dict[str, Tensor]) -> bytes:
    """Return bytes that hold ``weights`` by name and any tree of dicts, lists, tuples and scalars.

    Args:
        tree: Values whose leaves are tensors, numbers, texts, booleans or ``None``.
        weights: The net's own tensors; they stand under their names with ``net.`` before it, so that
            any safetensors reader finds them.

    Raises:
        TypeError: If a leaf is of another type.
    """
    tensors = {f"net.{name}": _plain(tensor) for name, tensor in weights.items()}
    described = _describe(tree, tensors)
    metadata = {"format": FORMAT, "tree": json.dumps(described)}
    return save(tensors, metadata=metadata)


def pack_weights(weights: dict[str, Tensor]) -> bytes:
    """Return bytes that hold the tensors of a net by name."""
    return save({name: _plain(tensor) for name, tensor in weights.items()})


def unpack_weights(payload: bytes) -> dict[str, Tensor]:
    """Return the tensors that ``pack_weights`` wrote.

    Raises:
        ValueError: If the payload is not such a file.
    """
    try:
        return load(payload)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"not the weights of a net: {error}") from error


def unpack(payload: bytes) -> tuple[Any, dict[str, Tensor]]:
    """Return the tree and the weights that ``pack`` wrote.

    Raises:
        ValueError: If the payload is not such a checkpoint.
    """
    try:
        length = int.from_bytes(payload[:8], "little")
        metadata = json.loads(payload[8 : 8 + length]).get("__metadata__", {})
        tensors = load(payload)
    except (SafetensorError, ValueError, AttributeError) as error:
        raise ValueError(f"not a checkpoint: {error}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"not a checkpoint of the format {FORMAT!r}")
    weights = {k.removeprefix("net."): v for k, v in tensors.items() if k.startswith("net.")}
    return _rebuild(json.loads(metadata["tree"]), tensors), weights


def _plain(tensor: Tensor) -> Tensor:
    # safetensors refuses tensors that share memory, and writes from the CPU only.
    return tensor.detach().cpu().contiguous().clone()


def _describe(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        name = f"state.{len(tensors)}"
        tensors[name] = _plain(value)
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_describe(k, tensors), _describe(v, tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_describe(item, tensors) for item in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint cannot hold a {type(value).__name__}")


def _rebuild(value: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_rebuild(k, tensors): _rebuild(v, tensors) for k, v in content}
    items = [_rebuild(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items
