"""The weights of a checkpoint alone, for other programs."""

from __future__ import annotations

from safetensors.torch import save

from playground.training.checkpoints import unpack


def weights_only(checkpoint: bytes) -> bytes:
    """Return the judged weights of a checkpoint as plain safetensors, named as in the module.

    Raises:
        ValueError: If the bytes are no checkpoint.
    """
    _, weights = unpack(checkpoint)
    return save(weights)
