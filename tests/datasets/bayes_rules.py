"""Bayes-optimal classifiers by exact convolution of the class densities with the noise.

Nothing here uses the generators: each rule follows from the written definition of its set, so that
agreement between the two is evidence for both.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi, ncx2, norm


def interval(z, low, high, noise):
    """Density at ``z`` of a point of U(-4, 4) that lies in [low, high] and is blurred."""
    return (norm.cdf((z - low) / noise) - norm.cdf((z - high) / noise)) / 8


def _halves(z, noise):
    """Joint densities of ``z`` with the sign of the point: stacked (positive, negative)."""
    return np.stack([interval(z, 0, 4, noise), interval(z, -4, 0, noise)])


def stripe(noise=0.5):
    """``donut_1d``: rule and ceiling; the second input is independent of the class."""

    def densities(z):
        inner = interval(z, -1, 1, noise)
        return np.stack([inner, interval(z, -4, 4, noise) - inner])

    z = np.linspace(-8, 8, 40_001)
    ceiling = np.trapezoid(densities(z).max(axis=0), z)
    return lambda x: densities(x[:, 0]).argmax(axis=0), ceiling


def boxes(classes_of_signs: np.ndarray, noise=0.3):
    """Sets of orthants: rule and ceiling.

    Args:
        classes_of_signs: Class of each orthant, an array of shape ``(2,) * d`` with index 0 for a
            positive and 1 for a negative input.
        noise: Standard deviation of the noise.
    """
    d, k = classes_of_signs.ndim, int(classes_of_signs.max()) + 1
    signs = list(np.ndindex(*classes_of_signs.shape))

    def posterior(halves):
        joint = np.zeros((k, *np.broadcast_shapes(*(h[0].shape for h in halves))))
        for sign in signs:
            product = 1.0
            for axis, side in enumerate(sign):
                product = product * halves[axis][side]
            joint[classes_of_signs[sign]] += product
        return joint

    z = np.linspace(-6, 6, 1201 if d == 2 else 161)
    grid = [
        _halves(z, noise).reshape(2, *(-1 if a == i else 1 for a in range(d))) for i in range(d)
    ]
    ceiling = posterior(grid).max(axis=0)
    for _ in range(d):
        ceiling = np.trapezoid(ceiling, z, axis=-1)

    def rule(x):
        return posterior([_halves(x[:, i], noise) for i in range(d)]).argmax(axis=0)

    return rule, float(ceiling)


def shells(borders, d, scale, noise=0.2):
    """Shells of an isotropic normal point of standard deviation ``scale``: rule and ceiling.

    Given the blurred point z, the clean one is normal around z s²/(s² + σ²) with variance
    s²σ²/(s² + σ²) in every direction, so its squared radius is noncentral chi-squared.
    """
    total = scale**2 + noise**2
    variance = scale**2 * noise**2 / total
    r = np.linspace(0, 8 * np.sqrt(total), 2001)
    centre = (r * scale**2 / total) ** 2 / variance
    below = [ncx2.cdf(b**2 / variance, d, centre) for b in borders[1:]]
    shares = np.diff([np.zeros_like(r), *below, np.ones_like(r)], axis=0)
    density = chi.pdf(r / np.sqrt(total), d) / np.sqrt(total)
    ceiling = np.trapezoid(shares.max(axis=0) * density, r)
    best = shares.argmax(axis=0)

    def rule(x):
        nearest = np.rint(np.linalg.norm(x, axis=1) / (r[1] - r[0])).astype(int)
        return best[np.minimum(nearest, len(r) - 1)]

    return rule, float(ceiling)
