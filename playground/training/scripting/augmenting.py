"""The random change of the images of a batch, in an exported script."""

from __future__ import annotations

from playground.experiment import Experiment
from playground.training.augmenting import STREAM
from playground.training.scripting.draft import Draft, block, body


def write_augmentation(draft: Draft, experiment: Experiment) -> None:
    """Add the function ``augmented``, which draws and computes as the playground does.

    Args:
        draft: The script.
        experiment: One that ``augments``.
    """
    data = experiment.data
    draft.need("import torch")
    lines = []
    if data.options.flip:
        lines += [
            "coins = torch.rand(len(x), generator=generator, device=x.device) < 0.5",
            "images = torch.where(coins[:, None, None, None], images.flip(3), images)",
        ]
    if data.options.crop:
        draft.need("from torch.nn import functional as F")
        draft.constant("CROP", data.options.crop, "zeros on each side, before a piece is cut out")
        lines += [
            "places = (2, len(x), 1)",
            "top, left = torch.randint(",
            "    2 * CROP + 1, places, generator=generator, device=x.device",
            ")",
            "rows = (top + torch.arange(SHAPE[1], device=x.device))[:, None, :, None]",
            "columns = (left + torch.arange(SHAPE[2], device=x.device))[:, None, None, :]",
            "each = torch.arange(len(x), device=x.device)[:, None, None, None]",
            "plane = torch.arange(SHAPE[0], device=x.device)[None, :, None, None]",
            "images = F.pad(images, (CROP, CROP, CROP, CROP))[each, plane, rows, columns]",
        ]
    template = block("""
        def augmented(x, step):
            \"""Return the images of a step, each changed at random; the seed and the step decide.\"""
            seed = (WEIGHT_SEED * 1_000_003 + step) % 2**32 ^ {stream:#x}
            generator = torch.Generator(device=x.device).manual_seed(seed)
            images = x.reshape(-1, *SHAPE)
            {lines}
            return images.reshape(x.shape)
    """)
    draft.block(template.format(stream=STREAM, lines=body(lines, 1)))
