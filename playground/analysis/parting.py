"""Two inputs on their way through one net: how far their features are apart at every depth.

Works for every net whose features can be watched, on points and on images. A net whose one field moves
the features has a rule for what comes after its horizon T: there it goes on to 2T, which shows whether
the features have come to rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.integrators.adaptive import integrate
from playground.networks import PointNet
from playground.networks.neural_ode import SharedFlow

AT_ONCE = 250
"""Pairs that go through a net together."""


@dataclass(frozen=True)
class Parting:
    """Pairs of inputs, clean and attacked, depth by depth.

    Lengths are Euclidean, over all values of one sample's features.

    Attributes:
        depths: Time of each depth of a flow, number of the layer or block otherwise ``(depths,)``.
        own: How many of them are the net's own; the later ones are its field beyond the horizon.
        flows: Whether depths are times.
        uniform: Whether the features have one shape at all depths, so that lengths can be compared.
        distances: Between the features of each pair ``(depths, n)``.
        sizes: Lengths of the clean features ``(depths, n)``.
        speeds: Lengths of the field at the clean and the attacked features ``(2, depths, n)``; ``None``
            for a net that has not one field for all depths.
        pairs: Places of the pairs whose paths are kept.
        places: The depths of the paths: all that have features of the shape of the last ones.
        paths: The features of these pairs, clean and attacked, in two directions
            ``(2, places, pairs, 2)``: the features themselves where there are no more than two, else
            the main directions of all these paths up to the horizon.
        shares: Part of the variance along both directions, ``None`` where they are features themselves.
    """

    depths: np.ndarray
    own: int
    flows: bool
    uniform: bool
    distances: np.ndarray
    sizes: np.ndarray
    speeds: np.ndarray | None
    pairs: tuple[int, ...]
    places: tuple[int, ...]
    paths: np.ndarray
    shares: tuple[float, float] | None

    @property
    def relative(self) -> np.ndarray:
        """Distances over the lengths of the clean features ``(depths, n)``; nan where those are zero.

        Only these can be compared where the shape of the features changes on the way.
        """
        return _ratio(self.distances, self.sizes)

    @property
    def growth(self) -> np.ndarray:
        """How many times its first distance each pair has at the net's last depth ``(n,)``.

        The distances are relative where the shape of the features changes; nan for pairs that begin at
        one place.
        """
        distances = self.distances if self.uniform else self.relative
        return _ratio(distances[self.own - 1], distances[0])

    @property
    def later(self) -> np.ndarray | None:
        """How many times its distance at the horizon each pair has at twice that ``(n,)``.

        ``None`` without a way beyond it; nan for pairs that have met.
        """
        if self.own == len(self.depths):
            return None
        return _ratio(self.distances[-1], self.distances[self.own - 1])


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def parting(
    net: PointNet,
    clean: Tensor,
    attacked: Tensor,
    *,
    pairs: Sequence[int] = (),
    beyond: bool = True,
    at_once: int = AT_ONCE,
) -> Parting:
    """Return how far the features of clean and attacked inputs are apart at every depth.

    ::

        found = parting(net, x, x_adv, pairs=range(12))
        np.nanquantile(found.distances, [0.25, 0.5, 0.75], axis=1)     # over found.depths

    Args:
        net: A net on points or on images, in evaluation mode.
        clean: Inputs ``(n, …)`` as the net takes them, at least one.
        attacked: As many, in the same order.
        pairs: Places of those whose paths are to be kept, few enough that all their features fit into
            memory.
        beyond: Whether a field that all depths share goes on from the horizon T to 2T.
        at_once: Pairs that go through the net together.

    Raises:
        ValueError: If the inputs make no pairs, or a place is that of none of them.
    """
    if clean.shape != attacked.shape or not len(clean):
        raise ValueError(
            f"attacked: shape {tuple(attacked.shape)} is not legal; legal is that of the clean inputs, "
            f"{tuple(clean.shape)}, with one pair at least"
        )
    if not all(0 <= place < len(clean) for place in pairs):
        raise ValueError(
            f"pairs: {tuple(pairs)} is not legal; legal are places from 0 to {len(clean) - 1}"
        )
    evaluations = net.nfe
    with torch.no_grad():
        parts = [
            _measured(net, a, b, beyond)
            for a, b in zip(clean.split(at_once), attacked.split(at_once))
        ]
        distances, sizes, speeds = (_joined([part[i] for part in parts]) for i in range(3))
        shapes = {state.shape for state in way(net, clean[:1], beyond=False)}
        places, paths, shares = _paths(net, clean, attacked, list(pairs), beyond)
    net.nfe = evaluations  # looking is not counted
    times = [float(t) for t in net.times()]
    further = len(distances) - len(times)
    times += [times[-1] * (1 + i / further) for i in range(1, further + 1)]
    return Parting(
        depths=np.array(times),
        own=len(times) - further,
        flows=net.is_flow,
        uniform=len(shapes) == 1,
        distances=distances,
        sizes=sizes,
        speeds=speeds,
        pairs=tuple(pairs),
        places=places,
        paths=paths,
        shares=shares,
    )


def way(net: PointNet, x: Tensor, beyond: bool = True) -> list[Tensor]:
    """Return the features of inputs at every depth, each in its own shape, the batch first.

    Args:
        net: The net.
        x: Inputs ``(batch, …)``.
        beyond: Whether a shared field goes on from the horizon T to 2T, in steps of the same size; a
            field that sees the time sees times that it was not trained on.
    """
    y = net.lift(net.inputs(x))
    if not (beyond and isinstance(net, SharedFlow)):
        return net.states(y)
    if net.scheme.kind == "adaptive":
        grid = torch.tensor(_later(net), dtype=y.dtype, device=y.device)
        states = net.states(y)
        return [
            *states,
            *integrate(net.scheme, net.scheme_options, net.field, states[-1], grid)[1:],
        ]
    states, history = [y], ()  # from the start, for schemes that remember
    for i in range(2 * net.n_steps):
        y, history = net.scheme.step(net.field, i * net.step, y, net.step, history)
        states.append(y)
    return states


def _later(net: SharedFlow) -> list[float]:
    return [net.horizon + i * net.step for i in range(net.n_steps + 1)]


def _measured(
    net: PointNet, clean: Tensor, attacked: Tensor, beyond: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return distances and sizes ``(depths, n)``, and speeds ``(2, depths, n)`` of some pairs."""
    ours, theirs = way(net, clean, beyond), way(net, attacked, beyond)
    distances = np.stack([_lengths(b.double() - a.double()) for a, b in zip(ours, theirs)])
    sizes = np.stack([_lengths(state.double()) for state in ours])
    if not isinstance(net, SharedFlow):
        return distances, sizes, None
    speeds = [
        [_lengths(net.field(i * net.step, state).double()) for i, state in enumerate(states)]
        for states in (ours, theirs)
    ]
    return distances, sizes, np.array(speeds)


def _lengths(rows: Tensor) -> np.ndarray:
    return rows.flatten(1).norm(dim=1).cpu().numpy()


def _joined(parts: list[np.ndarray | None]) -> np.ndarray | None:
    return None if parts[0] is None else np.concatenate(parts, axis=-1)


def _paths(
    net: PointNet, clean: Tensor, attacked: Tensor, pairs: list[int], beyond: bool
) -> tuple[tuple[int, ...], np.ndarray, tuple[float, float] | None]:
    """Return the places, the paths and the shares of variance of some pairs."""
    if not pairs:
        return (), np.zeros((2, 0, 0, 2)), None
    states = way(net, torch.cat([clean[pairs], attacked[pairs]]), beyond)
    shape = states[-1].shape
    first = next(i for i, state in enumerate(states) if _same_from(states, i, shape))
    rows = torch.stack([state.flatten(1).double() for state in states[first:]]).cpu()
    own = max(len(net.times()) - first, 1)
    seen, shares = _plane(rows, own)
    shaped = seen.reshape(len(rows), 2, len(pairs), 2).transpose(1, 0, 2, 3)
    return tuple(range(first, len(states))), shaped, shares


def _same_from(states: list[Tensor], first: int, shape: torch.Size) -> bool:
    return all(state.shape == shape for state in states[first:])


def _plane(rows: Tensor, own: int) -> tuple[np.ndarray, tuple[float, float] | None]:
    """Return features ``(places, rows, width)`` in two directions, and their shares of the variance."""
    width = rows.shape[-1]
    if width <= 2:
        return torch.nn.functional.pad(rows, (0, 2 - width)).numpy(), None
    flat = rows[:own].flatten(0, 1)
    known = flat[flat.isfinite().all(dim=1)]
    if len(known) < 2:
        return rows[..., :2].numpy(), None
    centre = known.mean(dim=0)
    _, sizes, axes = torch.linalg.svd(known - centre, full_matrices=False)
    axes = axes[:2] * axes[:2].gather(1, axes[:2].abs().argmax(1, keepdim=True)).sign()
    shares = (sizes**2 / (sizes**2).sum().clamp(min=1e-300)).tolist()
    return ((rows - centre) @ axes.T).numpy(), (shares[0], shares[1])
