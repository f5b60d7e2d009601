"""Images that are changed at random while they are trained on, as code of an exported script."""

from __future__ import annotations

from playground.experiment import Experiment
from playground.training.scripting.draft import Draft, block, body

STREAM = 0x9E3779B9  # keeps these draws apart from those of the order and of dropout


def augments(experiment: Experiment) -> bool:
    """Return whether the images of a batch are mirrored or shifted at random."""
    options = experiment.data.options
    return bool(getattr(options, "flip", False) or getattr(options, "crop", 0))


def write_augmentation(draft: Draft, experiment: Experiment) -> None:
    """Add the function ``augmented(x, step)``."""
    options = experiment.data.options
    shaped = experiment.network.entry.takes_images
    lines = [] if shaped else ["x = x.reshape(-1, *SHAPE)"]
    if options.flip:
        lines += [
            "mirrored = torch.rand(len(x), generator=generator, device=x.device) < 0.5",
            "x = torch.where(mirrored[:, None, None, None], x.flip(3), x)",
        ]
    if options.crop:
        draft.constant("SHIFT", options.crop, "pixels at most; zeros come in from outside")
        draft.need("from torch.nn import functional as F")
        lines += [
            "n, channels, height, width = x.shape",
            "sizes = 2 * SHIFT + 1, (2, n, 1)",
            "top, left = torch.randint(*sizes, generator=generator, device=x.device)",
            "rows = (top + torch.arange(height, device=x.device))[:, None, :, None]",
            "columns = (left + torch.arange(width, device=x.device))[:, None, None, :]",
            "each = torch.arange(n, device=x.device)[:, None, None, None]",
            "planes = torch.arange(channels, device=x.device)[None, :, None, None]",
            "x = F.pad(x, (SHIFT,) * 4)[each, planes, rows, columns]",
        ]
    lines.append("return x" if shaped else "return x.flatten(1)")
    draft.block(_AUGMENTED.format(stream=f"{STREAM:#X}".replace("X", "x"), lines=body(lines, 1)))


_AUGMENTED = block("""
    def augmented(x, step):
        \"""Return the images of a batch as they are trained on; seed and step decide how.\"""
        seed = (WEIGHT_SEED * 1_000_003 + step) % 2**32 ^ {stream}
        generator = torch.Generator(device=x.device).manual_seed(seed)
        {lines}
""")
