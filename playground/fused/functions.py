"""The activations and their derivatives, on a run of numbers in memory.

In float32 they are polynomials and quotients of such on lanes, with errors below 3e-7; in float64
the mathematical library computes every number, to the last digit.
"""

from __future__ import annotations

import math
from typing import Any

from numba import types
from numba.extending import overload

from playground.fused.jit import inner
from playground.fused.lanes import floor, load, power_of_two, store, where_above, where_below

CODES = {"tanh": 0, "relu": 1, "softplus": 2, "logistic": 3, "sine": 4, "gelu": 5, "linear": 6}
"""The activations by their names in ``playground.networks.ACTIVATIONS``."""

TANH, RELU, SOFTPLUS, LOGISTIC, SINE, GELU, LINEAR = range(7)
SOFTPLUS_LINEAR = 20.0  # torch takes the softplus as linear beyond


@inner
def exponential(x):  # noqa: ANN001, ANN201
    """Return e^x of float32 lanes by 2^n e^r with |r| ≤ ln(2)/2; the ends are clipped to ±87."""
    x = where_above(x, 87.0, 87.0, x)
    x = where_below(x, -87.0, -87.0, x)
    n = floor(x * 1.4426950408889634 + 0.5)
    # ln 2 in two parts, the first of which has few digits, so that r is exact.
    r = (x - n * 0.693359375) + n * 2.12194440e-4
    p = r * (1 / 5040) + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = (p * r + 1.0) * r + 1.0
    return p * power_of_two(where_above(n, -127.0, n, 0.0))  # a NaN is in p, no whole number


@inner
def hyperbolic_tangent(x):  # noqa: ANN001, ANN201
    """Return tanh x of float32 lanes as x P(x²) / Q(x²), constant beyond ±8, where tanh is 1 - 2e-7.

    P and Q are of degree 5 and 3, fitted on [0, 8] for the least greatest error, 2e-8.
    """
    x = where_above(x, 8.0, 8.0, x)
    x = where_below(x, -8.0, -8.0, x)
    t = x * x
    p = t * 2.302638650821266e-11 - 1.4517159472296647e-08
    p = p * t + 9.815567076519457e-06
    p = p * t + 2.9788145380925017e-03
    p = p * t + 1.297258263481143e-01
    p = p * t + 1.0
    q = t * 2.3623849505684786e-04 + 2.3998842925363605e-02
    q = q * t + 4.6305880290524715e-01
    q = q * t + 1.0
    return x * p / q


@inner
def log_one_plus(t):  # noqa: ANN001, ANN201
    """Return log(1 + t) of float32 lanes, 0 ≤ t ≤ 1, by the series of 2 artanh(t / (2 + t))."""
    s = t / (t + 2.0)
    q = s * s
    p = q * (1 / 13) + 1 / 11
    p = p * q + 1 / 9
    p = p * q + 1 / 7
    p = p * q + 1 / 5
    p = p * q + 1 / 3
    return 2.0 * s * (p * q + 1.0)


@inner
def sine_and_cosine(x):  # noqa: ANN001, ANN201
    """Return sin x and cos x of float32 lanes: x = nπ + r with |r| ≤ π/2, then Taylor's series."""
    n = floor(x * (1 / math.pi) + 0.5)
    r = ((x - n * 3.140625) - n * 9.67502593994140625e-4) - n * 1.509957990978376e-7
    q = r * r
    s = q * (-1 / 39916800) + 1 / 362880
    s = s * q - 1 / 5040
    s = s * q + 1 / 120
    s = (s * q - 1 / 6) * q * r + r
    c = q * (1 / 479001600) - 1 / 3628800
    c = c * q + 1 / 40320
    c = c * q - 1 / 720
    c = c * q + 1 / 24
    c = (c * q - 0.5) * q + 1.0
    sign = 1.0 - 4.0 * (n * 0.5 - floor(n * 0.5))  # 1 for even n, -1 for odd
    return sign * s, sign * c


def activate(lanes: Any, code: int, z: Any, slope: Any, count: int) -> None:
    """Replace ``count`` numbers at ``z`` by the activation, and write its derivative to ``slope``.

    ``count`` is a multiple of the lanes. Compiled code only.
    """
    raise NotImplementedError


@overload(activate)
def _activate(lanes, code, z, slope, count):  # noqa: ANN001
    if z.dtype == types.float32:
        return _on_lanes
    return _by_library


def _on_lanes(lanes, code, z, slope, count):  # noqa: ANN001
    n = len(lanes)
    if code == TANH:
        for i in range(0, count, n):
            k = hyperbolic_tangent(load(lanes, z, i))
            store(z, i, k)
            store(slope, i, 1.0 - k * k)
    elif code == RELU:
        for i in range(0, count, n):
            x = load(lanes, z, i)
            store(z, i, where_below(x, 0.0, 0.0, x))
            store(slope, i, where_above(x, 0.0, 1.0, 0.0))
    elif code == SOFTPLUS:
        for i in range(0, count, n):
            x = load(lanes, z, i)
            small = exponential(where_above(x, 0.0, 0.0 - x, x))
            k = where_above(x, 0.0, x, 0.0) + log_one_plus(small)
            rising = 1.0 / (small + 1.0)
            store(z, i, where_above(x, SOFTPLUS_LINEAR, x, k))
            store(slope, i, where_above(x, 0.0, rising, 1.0 - rising))
    elif code == LOGISTIC:
        for i in range(0, count, n):
            k = 1.0 / (exponential(0.0 - load(lanes, z, i)) + 1.0)
            store(z, i, k)
            store(slope, i, k * (1.0 - k))
    elif code == SINE:
        for i in range(0, count, n):
            s, c = sine_and_cosine(load(lanes, z, i))
            store(z, i, s)
            store(slope, i, c)
    else:
        _one_by_one(code, z, slope, count)


def _by_library(lanes, code, z, slope, count):  # noqa: ANN001
    _one_by_one(code, z, slope, count)


@inner
def _one_by_one(code, z, slope, count):  # noqa: ANN001
    for i in range(count):
        x = z[i]
        if code == TANH:
            z[i] = math.tanh(x)
            slope[i] = 1.0 - z[i] * z[i]
        elif code == RELU:
            z[i] = 0.0 if x < 0.0 else x
            slope[i] = 1.0 if x > 0.0 else 0.0
        elif code == SOFTPLUS:
            small = math.exp(-abs(x))
            linear = x > SOFTPLUS_LINEAR
            z[i] = x if linear else (x if x > 0.0 else 0.0) + math.log1p(small)
            slope[i] = 1.0 if linear else (1.0 if x > 0.0 else small) / (1.0 + small)
        elif code == LOGISTIC:
            z[i] = 1.0 / (1.0 + math.exp(-x))
            slope[i] = z[i] * (1.0 - z[i])
        elif code == SINE:
            z[i] = math.sin(x)
            slope[i] = math.cos(x)
        elif code == GELU:
            share = 0.5 * (1.0 + math.erf(x * 0.7071067811865476))
            z[i] = x * share
            slope[i] = share + x * 0.3989422804014327 * math.exp(-0.5 * x * x)
        else:
            slope[i] = 1.0
