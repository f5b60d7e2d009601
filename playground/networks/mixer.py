"""The residual connection on another family: a small MLP-Mixer, stepped by any scheme."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from playground.networks.base import NETWORKS, ChosenScheme, Network
from playground.networks.images import ImageNet, ImageOptions, Shape, fit_gradient
from playground.networks.residual import ResidualStack
from playground.registry import option


class MixerOptions(ImageOptions):
    """Options of the mixer."""

    patch: int = option(
        4, label="Patch", help="Pixels along each side of a patch.", ge=1, le=32, unit="pixels"
    )
    width: int = option(
        32, label="Width", help="Components of the features of a patch.", ge=1, le=512
    )
    depth: int = option(
        4,
        label="Layers",
        help="Each layer has two residual connections: one mixes the patches, one the components.",
        ge=1,
        le=64,
    )
    expansion: float = option(
        2.0,
        label="Expansion",
        help="Hidden neurons of a block for each of its inputs.",
        ge=0.25,
        le=8,
        advanced=True,
    )
    step: float = option(
        1.0, label="Step h", help="Time that one connection covers.", ge=0.01, le=10, log=True
    )

    def fit(self, n_features: int | tuple[int, ...], scheme: str) -> None:
        """Add to the check of the images that a gradient goes through the scheme."""
        super().fit(n_features, scheme)
        fit_gradient(scheme)


class MixingBlock(nn.Module):
    """F of one connection: LayerNorm, then an MLP of two layers along the patches or components.

    Features are ``(batch, patches, width)``.
    """

    def __init__(self, width: int, size: int, expansion: float, *, over_patches: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        hidden = max(1, round(size * expansion))
        self.first, self.second = nn.Linear(size, hidden), nn.Linear(hidden, size)
        self.over_patches = over_patches

    def forward(self, x: Tensor) -> Tensor:
        """Return the change of the features."""
        y = self.norm(x)
        if not self.over_patches:
            return self.second(functional.gelu(self.first(y)))
        return self.second(functional.gelu(self.first(y.mT))).mT


class PatchEmbedding(nn.Module):
    """One affine map of every patch; an image that patches do not fill is continued by zeros."""

    def __init__(self, channels: int, patch: int, width: int) -> None:
        super().__init__()
        self.patch = patch
        self.conv = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, patches, width)``."""
        height, width = x.shape[2:]
        x = functional.pad(x, (0, -width % self.patch, 0, -height % self.patch))
        return self.conv(x).flatten(2).mT


class MixerHead(nn.Module):
    """LayerNorm, average over the patches, affine map."""

    def __init__(self, width: int, n_outputs: int) -> None:
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(width), nn.Linear(width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs ``(batch, n_outputs)``."""
        return self.linear(self.norm(x).mean(dim=1))


class Mixer(ImageNet):
    """MLP-Mixer (Tolstikhin et al. 2021), each of whose residual connections is one step."""

    is_flow = True

    def __init__(
        self, shape: Shape, n_outputs: int, options: MixerOptions, chosen: ChosenScheme
    ) -> None:
        super().__init__(shape)
        channels, height, width = shape
        patches = -(-height // options.patch) * -(-width // options.patch)
        self.lift = PatchEmbedding(channels, options.patch, options.width)
        blocks = [
            MixingBlock(
                options.width,
                patches if over_patches else options.width,
                options.expansion,
                over_patches=over_patches,
            )
            for _ in range(options.depth)
            for over_patches in (True, False)
        ]
        self.stack = ResidualStack(blocks, scheme=chosen, step=options.step)
        self.head = MixerHead(options.width, n_outputs)
        self.step = options.step

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features ``(batch, patches, width)`` at the start and after every connection."""
        before = self.stack.evaluations
        states = self.stack.states(y)
        self.nfe += self.stack.evaluations - before
        return states

    def times(self) -> list[float]:
        """Return the times of the states."""
        return [i * self.step for i in range(len(self.stack.blocks) + 1)]


NETWORKS.add(
    Network(
        name="mixer",
        label="MLP-Mixer",
        summary="Patches mixed by MLPs in turn with their components; every residual connection is "
        "stepped by the scheme.",
        reference="Tolstikhin et al. (2021)",
        options=MixerOptions,
        make=Mixer,
        uses_scheme=True,
        takes_images=True,
        formula=r"\dot x = F_l(x)",
    )
)
