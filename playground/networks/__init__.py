"""Networks as data → lift → flow → head, listed in ``NETWORKS`` and made by ``build``."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import nn

from playground.integrators import INTEGRATORS, resolve
from playground.networks import (
    attention,
    conv_ode,
    flow_net,
    mixer,
    mlp,
    multi_stage,
    neural_ode,
    residual_nets,
    robust,
)
from playground.networks.activations import ACTIVATIONS
from playground.networks.base import NETWORKS, ChosenScheme, Network, PointNet
from playground.networks.images import ImageNet, count_of, image_shape
from playground.networks.residual import Residual, ResidualStack
from playground.registry import Options

__all__ = [
    "ACTIVATIONS",
    "IMAGE_NETWORKS",
    "NETWORKS",
    "POINT_NETWORKS",
    "ImageNet",
    "Network",
    "PointNet",
    "Residual",
    "ResidualStack",
    "build",
]

_DRAWING = threading.Lock()
POINTS = (mlp, flow_net, neural_ode, multi_stage)  # importing the families fills the registry
IMAGES = (residual_nets, mixer, conv_ode, attention, robust)
POINT_NETWORKS = tuple(name for name, entry in NETWORKS.items() if not entry.takes_images)
IMAGE_NETWORKS = tuple(name for name, entry in NETWORKS.items() if entry.takes_images)


def build(
    name: str,
    *,
    n_features: int | tuple[int, int, int],
    n_classes: int,
    scheme: str | None = None,
    scheme_options: Any = None,
    seed: int | None = None,
    **options: Any,
) -> nn.Module:
    """Build a network.

    Args:
        name: A name in ``NETWORKS``.
        n_features: Number of input features d, or ``(channels, height, width)``. A net on points takes
            ``(batch, d)``, with the product d of a shape; one on images both ``(batch, c, h, w)`` and
            ``(batch, c·h·w)``, and reads a number as a square of one channel or of three.
        n_classes: Number of outputs: classes, or target components for regression.
        scheme: A name in ``INTEGRATORS``; ignored by nets that no integrator steps. The network's own
            without one, which is Euler's method where it was published so and else ``rk4``.
        scheme_options: Options of the scheme, a dict or its options model.
        seed: Seed of the initial weights; torch's global generator is used, and moved, without one.
        options: Options of the network, see ``NETWORKS[name].options``.

    Returns:
        The module; it maps its inputs to ``(batch, n_classes)``.

    Raises:
        KeyError: For an unknown name.
        ValueError: For options that are out of bounds or do not fit the data, and for a net on images
            where the inputs are none.
    """
    entry = NETWORKS[name]
    scheme = scheme or entry.scheme
    features: Any = image_shape(n_features) if entry.takes_images else count_of(n_features)
    given = scheme_options.model_dump() if isinstance(scheme_options, Options) else scheme_options
    chosen_options = INTEGRATORS[scheme].options.model_validate(given or {})
    network_options = entry.options.model_validate(options)
    network_options.fit(features, scheme)
    chosen = ChosenScheme(resolve(scheme, chosen_options), chosen_options)
    # The initial draws come from torch's one global generator, which threads would share.
    with _DRAWING, torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        return entry.make(features, n_classes, network_options, chosen)
