"""Affine maps of rows of features, their transposes, and the sums that make their gradients.

Features are padded with zeros to ``pitch`` numbers a row, a multiple of the lanes. Five rows at a
time fill the registers: each vector of weights that is loaded serves all five.
"""

from __future__ import annotations

from playground.fused.jit import inner
from playground.fused.lanes import constant, load, load_part, splat, store, store_part


@inner
def product(lanes, out, x, x_pitch, matrix, start, rows, terms, pitch):  # noqa: ANN001, ANN201
    """out[r, q] = start[q] + Σ_k x[r, k] matrix[k, q], k < ``terms``, q < ``pitch``."""
    for q in range(0, pitch, len(lanes)):
        first = load(lanes, start, q)
        r = 0
        while r + 5 <= rows:
            s0 = s1 = s2 = s3 = s4 = first
            x0 = r * x_pitch
            x1 = x0 + x_pitch
            x2 = x1 + x_pitch
            x3 = x2 + x_pitch
            x4 = x3 + x_pitch
            for k in range(terms):
                m = load(lanes, matrix, k * pitch + q)
                s0 = s0 + m * splat(lanes, x, x0 + k)
                s1 = s1 + m * splat(lanes, x, x1 + k)
                s2 = s2 + m * splat(lanes, x, x2 + k)
                s3 = s3 + m * splat(lanes, x, x3 + k)
                s4 = s4 + m * splat(lanes, x, x4 + k)
            o = r * pitch + q
            store(out, o, s0)
            store(out, o + pitch, s1)
            store(out, o + 2 * pitch, s2)
            store(out, o + 3 * pitch, s3)
            store(out, o + 4 * pitch, s4)
            r += 5
        while r < rows:
            s0 = first
            for k in range(terms):
                s0 = s0 + load(lanes, matrix, k * pitch + q) * splat(lanes, x, r * x_pitch + k)
            store(out, r * pitch + q, s0)
            r += 1


@inner
def add_to(lanes, out, index, value, limit):  # noqa: ANN001, ANN201
    """out[index + i] += value[i] for the lanes i < ``limit``."""
    if limit >= len(lanes):
        store(out, index, load(lanes, out, index) + value)
    else:
        store_part(out, index, load_part(lanes, out, index, limit) + value, limit)


@inner
def add_outer(lanes, out, z, z_pitch, u, u_pitch, terms, n_out, n_in):  # noqa: ANN001, ANN201
    """out[j, q] += Σ_t z[t, j] u[t, q]; ``out`` is ``(n_out, n_in)`` without padding."""
    zero = constant(lanes, u, 0.0)
    for q in range(0, n_in, len(lanes)):
        j = 0
        while j + 4 <= n_out:
            s0 = s1 = s2 = s3 = zero
            for t in range(terms):
                v = load(lanes, u, t * u_pitch + q)
                s0 = s0 + v * splat(lanes, z, t * z_pitch + j)
                s1 = s1 + v * splat(lanes, z, t * z_pitch + j + 1)
                s2 = s2 + v * splat(lanes, z, t * z_pitch + j + 2)
                s3 = s3 + v * splat(lanes, z, t * z_pitch + j + 3)
            add_to(lanes, out, j * n_in + q, s0, n_in - q)
            add_to(lanes, out, (j + 1) * n_in + q, s1, n_in - q)
            add_to(lanes, out, (j + 2) * n_in + q, s2, n_in - q)
            add_to(lanes, out, (j + 3) * n_in + q, s3, n_in - q)
            j += 4
        while j < n_out:
            s0 = zero
            for t in range(terms):
                s0 = s0 + load(lanes, u, t * u_pitch + q) * splat(lanes, z, t * z_pitch + j)
            add_to(lanes, out, j * n_in + q, s0, n_in - q)
            j += 1


@inner
def add_rows(lanes, out, z, pitch, terms, n_out):  # noqa: ANN001, ANN201
    """out[j] += Σ_t z[t, j]."""
    for q in range(0, n_out, len(lanes)):
        s = constant(lanes, z, 0.0)
        for t in range(terms):
            s = s + load(lanes, z, t * pitch + q)
        add_to(lanes, out, q, s, n_out - q)


@inner
def pad_rows(lanes, out, pitch, matrix, rows, columns):  # noqa: ANN001, ANN201
    """Copy a matrix ``(rows, columns)`` to rows of ``pitch`` numbers, zeros behind."""
    for r in range(rows):
        for q in range(0, pitch, len(lanes)):
            store(out, r * pitch + q, load_part(lanes, matrix, r * columns + q, columns - q))


@inner
def transpose(out, pitch, matrix, rows, columns):  # noqa: ANN001, ANN201
    """Copy a matrix ``(rows, columns)`` to its transpose, whose rows have ``pitch`` numbers."""
    for r in range(rows):
        for c in range(columns):
            out[c * pitch + r] = matrix[r * columns + c]


@inner
def add_scaled(lanes, out, x, factor, v, count):  # noqa: ANN001, ANN201
    """out[i] = x[i] + factor · v[i]."""
    c = constant(lanes, x, factor)
    for i in range(0, count, len(lanes)):
        store(out, i, load(lanes, x, i) + c * load(lanes, v, i))


@inner
def scale(lanes, out, factor, v, count):  # noqa: ANN001, ANN201
    """out[i] = factor · v[i], where a factor of zero makes a zero of anything."""
    c = constant(lanes, v, factor)
    if factor == 0:
        for i in range(0, count, len(lanes)):
            store(out, i, c)
    else:
        for i in range(0, count, len(lanes)):
            store(out, i, c * load(lanes, v, i))


@inner
def combine(lanes, out, factor, x, h, weights, pitch, terms, first, last, n):  # noqa: ANN001, ANN201
    """out = factor · x + h Σ_j weights[j · pitch] terms[j], first ≤ j < last.

    Zero factors skip what they belong to, be it infinite. A term is a run of ``n`` numbers. ``x`` may
    be ``out``.
    """
    c = constant(lanes, x, factor)
    for i in range(0, n, len(lanes)):
        s = c * load(lanes, x, i) if factor != 0 else c
        for j in range(first, last):
            if weights[j * pitch] != 0:
                s = s + constant(lanes, x, h * weights[j * pitch]) * load(lanes, terms, j * n + i)
        store(out, i, s)


@inner
def multiply(lanes, out, v, n):  # noqa: ANN001, ANN201
    """out[i] = out[i] · v[i]."""
    for i in range(0, n, len(lanes)):
        store(out, i, load(lanes, out, i) * load(lanes, v, i))


@inner
def add_all(lanes, out, terms, count, n):  # noqa: ANN001, ANN201
    """out = out + Σ_j terms[j]."""
    for i in range(0, n, len(lanes)):
        s = load(lanes, out, i)
        for j in range(count):
            s = s + load(lanes, terms, j * n + i)
        store(out, i, s)
