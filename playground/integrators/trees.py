"""Rooted trees and the order conditions that they stand for.

A one-step method has order p exactly when, for every rooted tree with at most p nodes, its
elementary weight equals one over the density of the tree (Butcher 1963; Hairer, Nørsett and
Wanner, *Solving Ordinary Differential Equations I*, theorem II.2.13).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import count
from math import prod

import numpy as np

Tree = tuple["Tree", ...]
"""A tree is the sorted tuple of the subtrees at its root; a single node is ``()``."""

_INDICES = "ᵢⱼₖₗₘ"
_POWERS = {1: "", 2: "²", 3: "³", 4: "⁴"}


@cache
def trees(n_nodes: int) -> tuple[Tree, ...]:
    """Return all rooted trees with ``n_nodes`` nodes: 1, 1, 2, 4, 9, … of them."""
    return tuple(_forests(n_nodes - 1, n_nodes - 1))


def _forests(n_nodes: int, largest: int) -> Iterator[Tree]:
    """Yield every multiset of trees with ``n_nodes`` nodes, none larger than ``largest``."""
    if n_nodes == 0:
        yield ()
    for size in range(min(n_nodes, largest), 0, -1):
        for first in trees(size):
            for rest in _forests(n_nodes - size, size):
                if not rest or (nodes(rest[0]), rest[0]) <= (size, first):
                    yield (first, *rest)


def nodes(tree: Tree) -> int:
    """Return the number of nodes."""
    return 1 + sum(nodes(child) for child in tree)


def density(tree: Tree) -> int:
    """Return γ, the product over all nodes of the size of the subtree that hangs there."""
    return nodes(tree) * prod(density(child) for child in tree)


def elementary_weight(tree: Tree, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Return Σ b_i Φ_i of a tree for coefficients a ``(s, s)``, weights b and nodes c ``(s,)``."""
    return float(b @ _stage_weights(tree, a, c))


def _stage_weights(tree: Tree, a: np.ndarray, c: np.ndarray) -> np.ndarray:
    weights = np.ones(len(c))
    for child in tree:
        weights = weights * (c if child == () else a @ _stage_weights(child, a, c))
    return weights


def condition(tree: Tree) -> str:
    """Return the order condition of a tree as text, for example ``Σ bᵢ aᵢⱼ cⱼ = 1/6``."""
    fresh = count(1)
    factors = _factors(tree, 0, fresh)
    gamma = density(tree)
    return f"Σ bᵢ{factors} = {'1' if gamma == 1 else f'1/{gamma}'}"


def _factors(tree: Tree, index: int, fresh: Iterator[int]) -> str:
    text = ""
    leaves = Counter(tree)[()]
    if leaves:
        text += f" c{_INDICES[index]}{_POWERS[leaves]}"
    for child in tree:
        if child != ():
            inner = next(fresh)
            text += f" a{_INDICES[index]}{_INDICES[inner]}{_factors(child, inner, fresh)}"
    return text
