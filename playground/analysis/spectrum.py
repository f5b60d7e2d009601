"""Which waves a residual is made of, and the scale that a net needs to follow the strongest one.

Frequencies are cycles per unit of the mapped inputs, which lie in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 24  # most waves along each side of a plane
MOST = 512  # most waves along a line
PER_FREQUENCY, PER_CHANGE = 12.0, 3.0
"""κ = 12·f_d = 3·Z: a wave of frequency f changes its sign 4·f times in [-1, 1]."""


@dataclass(frozen=True)
class Spectrum:
    """How much of each wave is in some values.

    Attributes:
        frequencies: ``(waves, inputs)``, cycles per unit of the mapped inputs.
        amplitudes: ``(waves,)``, in units of the values; those of several outputs as one length.
    """

    frequencies: np.ndarray
    amplitudes: np.ndarray

    @property
    def peak(self) -> int:
        """Place of the strongest wave."""
        return int(np.argmax(self.amplitudes))

    @property
    def dominant(self) -> float:
        """Frequency of the strongest wave along the input where it is highest."""
        return float(np.abs(self.frequencies[self.peak]).max())

    def lines(self) -> tuple[np.ndarray, np.ndarray]:
        """Return frequencies ``(n,)``, and the amplitudes of all waves whose highest it is."""
        highest = np.abs(self.frequencies).max(axis=1)
        found = np.unique(highest)
        squares = np.square(self.amplitudes)
        power = [squares[highest == each].sum() for each in found]
        return found, np.sqrt(power)


def spectrum(points: np.ndarray, values: np.ndarray) -> Spectrum:
    """Return the waves in values at points of [-1, 1]ᵈ, their mean left out.

    Evenly spaced points on a line give the discrete Fourier transform; other ones, and those of a
    plane, its sums over the points as they are. With more than two inputs only waves along one
    input are looked at.

    Args:
        points: ``(n, inputs)``.
        values: ``(n, outputs)``.
    """
    n, inputs = points.shape
    centred = values - values.mean(axis=0)
    if inputs == 1:
        return _on_a_line(points[:, 0], centred)
    if inputs == 2:
        return _on_a_plane(points, centred)
    parts = [_sums(points[:, i], centred, _waves(n)) for i in range(inputs)]
    frequencies = np.concatenate([_axis(f, i, inputs) for i, (f, _) in enumerate(parts)])
    return Spectrum(frequencies, np.concatenate([amplitudes for _, amplitudes in parts]))


def _axis(frequencies: np.ndarray, place: int, inputs: int) -> np.ndarray:
    placed = np.zeros((len(frequencies), inputs))
    placed[:, place] = frequencies
    return placed


def _waves(n: int) -> int:
    return max(1, min(n // 2, MOST))


def _on_a_line(x: np.ndarray, values: np.ndarray) -> Spectrum:
    order = np.argsort(x, kind="stable")
    gaps = np.diff(x[order])
    n = len(x)
    if n > 2 and gaps.min() > 0 and np.ptp(gaps) < 1e-6 * gaps.mean():
        power = np.abs(np.fft.rfft(values[order], axis=0))[1:]
        frequencies = np.fft.rfftfreq(n, gaps.mean())[1:]
        amplitudes = 2 / n * np.linalg.norm(power, axis=1)
    else:
        frequencies, amplitudes = _sums(x, values, _waves(n))
    return Spectrum(frequencies[:, None], amplitudes)


def _sums(x: np.ndarray, values: np.ndarray, waves: int) -> tuple[np.ndarray, np.ndarray]:
    frequencies = np.arange(1, waves + 1) / 2  # whole numbers of cycles over the length of 2
    sums = np.exp(-2j * np.pi * np.outer(frequencies, x)) @ values
    return frequencies, 2 / len(x) * np.linalg.norm(sums, axis=1)


def _on_a_plane(points: np.ndarray, values: np.ndarray) -> Spectrum:
    n = len(points)
    side = max(1, min(round(np.sqrt(n)) // 2, SIDE))
    first = np.arange(0, side + 1) / 2
    second = np.arange(-side, side + 1) / 2
    along = np.exp(-2j * np.pi * np.outer(points[:, 0], first))
    across = np.exp(-2j * np.pi * np.outer(points[:, 1], second))
    sums = np.stack([(along * value[:, None]).T @ across for value in values.T])
    grid = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1)
    # Of a wave and its mirror image, which is the same wave, one is enough; and none of length 0.
    kept = (grid[..., 0] > 0) | (grid[..., 1] > 0)
    amplitudes = 2 / n * np.linalg.norm(sums, axis=0)
    return Spectrum(grid[kept], amplitudes[kept])


def sign_changes(points: np.ndarray, values: np.ndarray) -> int:
    """Return how often values over a line change their sign; zeros count as what was before them.

    Args:
        points: ``(n, 1)``.
        values: ``(n, outputs)``; the output that changes most often counts.
    """
    ordered = values[np.argsort(points[:, 0], kind="stable")]
    counts = []
    for column in ordered.T:
        signs = np.sign(column[column != 0])
        counts.append(int(np.count_nonzero(signs[1:] != signs[:-1])))
    return max(counts)


def scale_factor(points: np.ndarray, values: np.ndarray, rule: str, value: float) -> float:
    """Return κ, by which the first layer of the next stage multiplies its inputs; at least 1.

    Args:
        points: Mapped inputs ``(n, inputs)``.
        values: What is left ``(n, outputs)``.
        rule: ``fft`` for 12·f_d, ``sign_changes`` for 3·Z, ``by_hand`` for ``value``.
        value: κ by hand.

    Reference: Wang and Lai (2024), section 3.
    """
    if rule == "by_hand":
        return value
    if rule == "sign_changes":
        return max(1.0, PER_CHANGE * sign_changes(points, values))
    return max(1.0, PER_FREQUENCY * spectrum(points, values).dominant)
