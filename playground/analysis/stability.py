"""Where a scheme is stable: on ẏ = λy a step multiplies the error by R(z), z = hλ.

For a Runge-Kutta scheme R is a polynomial; for a multistep scheme the growth is the largest root of
ρ(ζ) − zσ(ζ). See Hairer and Wanner, *Solving Ordinary Differential Equations II*, IV.2 and V.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from playground.integrators import Multistep, RungeKutta, Scheme

_TOLERANCE = 1e-12
_SCAN_STEP = 0.01
_SCAN_END = 20.0
_LEAST_INTERVAL = 0.01


def stability_polynomial(scheme: RungeKutta) -> np.ndarray:
    """Return the coefficients of R(z) = 1 + Σ_k bᵀA^(k−1)1 z^k, lowest power first."""
    return polynomial_of(scheme.tableau.a, scheme.tableau.b)


def polynomial_of(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Return the same of coefficients ``(s, s)`` and weights ``(s,)``, a method or not."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    coefficients, vector = [1.0], np.ones(len(b))
    for _ in b:
        coefficients.append(float(b @ vector))
        vector = a @ vector
    return np.array(coefficients)


def growth(scheme: Scheme, z: ArrayLike) -> np.ndarray:
    """Return the factor by which an error grows in one step.

    Args:
        scheme: A Runge-Kutta or multistep scheme.
        z: Products hλ, real or complex, any shape.

    Returns:
        abs(R(z)), or the modulus of the largest root for a multistep scheme, in the shape of ``z``.

    Raises:
        ValueError: For an adaptive scheme, which keeps itself stable by its choice of step.
    """
    z = np.asarray(z, dtype=complex)
    if isinstance(scheme, RungeKutta):
        return np.abs(np.polynomial.polynomial.polyval(z, stability_polynomial(scheme)))
    if isinstance(scheme, Multistep):
        return np.abs(_multistep_roots(scheme, z)).max(axis=-1)
    raise ValueError(f"scheme: {scheme.name!r} has no fixed step, hence no stability region")


def _multistep_roots(scheme: Multistep, z: np.ndarray) -> np.ndarray:
    """Return the roots of ρ(ζ) − zσ(ζ), shape of ``z`` and k, as companion eigenvalues."""
    k = scheme.steps
    companion = np.zeros((*z.shape, k, k), dtype=complex)
    companion[..., 0, :] = np.array(scheme.alpha) + z[..., None] * np.array(scheme.beta)
    companion[..., np.arange(1, k), np.arange(k - 1)] = 1
    return np.linalg.eigvals(companion)


def is_stable(scheme: Scheme, z: complex) -> bool:
    """Return whether errors do not grow at z = hλ.

    Raises:
        ValueError: For an adaptive scheme.
    """
    return bool(growth(scheme, z) <= 1 + _TOLERANCE)


def region(scheme: Scheme, re: ArrayLike, im: ArrayLike) -> np.ndarray:
    """Return the growth on a grid of the complex plane; the scheme is stable where it is ≤ 1.

    Args:
        scheme: A Runge-Kutta or multistep scheme.
        re: Real parts ``(n,)``.
        im: Imaginary parts ``(m,)``.

    Returns:
        Growth factors ``(m, n)``.

    Raises:
        ValueError: For an adaptive scheme.
    """
    return growth(scheme, np.asarray(re)[None, :] + 1j * np.asarray(im)[:, None])


def real_interval(scheme: Scheme) -> tuple[float, float]:
    """Return (−s, 0), the part of the real axis next to 0 on which the scheme is stable.

    Raises:
        ValueError: For an adaptive scheme.
    """
    return -_stable_length(scheme, -1.0), 0.0


def imaginary_interval(scheme: Scheme) -> tuple[float, float]:
    """Return (−s, s), the part of the imaginary axis next to 0 on which the scheme is stable.

    s = 0 means that oscillations grow at every step size. Multistep schemes with s < 0.01 count as 0.

    Raises:
        ValueError: For an adaptive scheme.
    """
    length = _stable_length(scheme, 1j)
    return 0.0 - length, length


def _stable_length(scheme: Scheme, direction: complex) -> float:
    """Return the length of the stable piece of a ray that starts at 0."""
    if isinstance(scheme, RungeKutta):
        return polynomial_length(stability_polynomial(scheme), direction)
    return _scanned_length(scheme, direction)


def polynomial_length(coefficients: np.ndarray, direction: complex) -> float:
    """Return how far a ray from 0 stays in the region of a scheme of one step.

    There |R|² − 1, a polynomial in the distance x, first turns positive.

    Args:
        coefficients: Of R, lowest power first ``(n,)``.
        direction: Of the ray, of modulus 1.

    Returns:
        The distance, inf where it never leaves.
    """
    along = coefficients * direction ** np.arange(len(coefficients))
    excess = np.convolve(along, along.conj()).real
    excess[0] -= 1
    excess[np.abs(excess) < _TOLERANCE] = 0  # cancelled to rounding: it decides the sign near 0
    if not excess.any():
        return np.inf
    roots = np.polynomial.polynomial.polyroots(np.trim_zeros(excess, "b"))
    crossings = np.unique(roots[(np.abs(roots.imag) < 1e-6) & (roots.real > 1e-9)].real)
    edges = np.array([0.0, *crossings, crossings[-1] + 1 if len(crossings) else 1.0])
    middles = (edges[:-1] + edges[1:]) / 2
    grows = np.polynomial.polynomial.polyval(middles, excess) > 0
    return float(edges[np.argmax(grows)])


def _scanned_length(scheme: Scheme, direction: complex) -> float:
    """Return where the growth first passes 1, by scanning and then closing in."""

    def excess(x: float) -> float:
        return float(growth(scheme, x * direction)) - 1 - _TOLERANCE

    points = np.arange(_SCAN_STEP, _SCAN_END, _SCAN_STEP)
    unstable = growth(scheme, points * direction) > 1 + _TOLERANCE
    end = points[np.argmax(unstable)]
    if end <= _LEAST_INTERVAL:
        return 0.0
    return float(brentq(excess, end - _SCAN_STEP, end))
