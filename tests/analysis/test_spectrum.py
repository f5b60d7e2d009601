"""Spectra against numpy's transform and waves of known frequency; κ against the published rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.analysis.spectrum import scale_factor, sign_changes, spectrum


def wave(x, frequency, phase=0.3):
    return np.sin(2 * np.pi * frequency * x + phase)


def test_an_even_line_gives_numpys_transform():
    x = np.linspace(-1, 1, 200)[:, None]
    values = np.random.default_rng(0).standard_normal((200, 1))
    found = spectrum(x, values)
    theirs = np.fft.rfft(values[:, 0] - values.mean())
    np.testing.assert_allclose(found.amplitudes, 2 / 200 * np.abs(theirs)[1:], atol=1e-12)
    step = x[1, 0] - x[0, 0]
    np.testing.assert_allclose(found.frequencies[:, 0], np.fft.rfftfreq(200, step)[1:])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.floats(0, 6), st.floats(1e-9, 1e3), st.booleans())
def test_the_strongest_wave_is_found_whatever_its_size(k, phase, size, scattered):
    rng = np.random.default_rng(k)
    x = np.sort(rng.uniform(-1, 1, 600)) if scattered else np.linspace(-1, 1, 600)
    values = size * (wave(x, k / 2, phase) + 0.2 * wave(x, (k + 7) / 2) + 5)
    found = spectrum(x[:, None], values[:, None])
    assert found.dominant == pytest.approx(k / 2, abs=0.3)
    # The frequencies of a transform over 600 places of [-1, 1] are no whole numbers of waves.
    assert found.amplitudes.max() == pytest.approx(size, rel=0.2)


def test_order_of_the_points_does_not_matter():
    x = np.linspace(-1, 1, 100)
    values = wave(x, 3)
    order = np.random.default_rng(1).permutation(100)
    one = spectrum(x[:, None], values[:, None])
    two = spectrum(x[order, None], values[order, None])
    np.testing.assert_allclose(one.amplitudes, two.amplitudes, atol=1e-13)
    assert sign_changes(x[:, None], values[:, None]) == sign_changes(
        x[order, None], values[order, None]
    )


@pytest.mark.parametrize("wanted", [(3, 0), (0, 4), (2, -5), (2, 5)])
def test_a_wave_over_the_plane(wanted):
    side = np.linspace(-1, 1, 40)
    x = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    values = wave(x @ np.array(wanted) / 1.0, 1.0)
    found = spectrum(x, values[:, None])
    peak = found.frequencies[found.peak]
    sign = np.sign(wanted[0]) or np.sign(wanted[1])
    np.testing.assert_allclose(peak, np.array(wanted) * sign, atol=0.51)
    assert found.dominant == pytest.approx(max(map(abs, wanted)), abs=0.51)
    frequencies, amplitudes = found.lines()
    assert frequencies[np.argmax(amplitudes)] == found.dominant
    assert np.sum(amplitudes**2) == pytest.approx(np.sum(found.amplitudes**2))


def test_more_inputs_are_looked_at_one_by_one():
    x = np.random.default_rng(2).uniform(-1, 1, (2000, 3))
    found = spectrum(x, wave(x[:, 2], 6)[:, None])
    np.testing.assert_allclose(found.frequencies[found.peak], [0, 0, 6])


def test_sign_changes_are_counted_as_by_hand():
    x = np.arange(7.0)[:, None]
    values = np.array([1, 0, -2, 0, -1, 3, 3])[:, None]
    assert sign_changes(x, values) == 2
    assert sign_changes(x, np.zeros((7, 1))) == 0


@pytest.mark.parametrize("frequency", [2.0, 5.0, 11.0])
def test_both_rules_agree_on_a_pure_wave(frequency):
    x = np.linspace(-1, 1, 500)[:, None]
    values = wave(x, frequency)
    by_wave = scale_factor(x, values, "fft", 1)
    by_sign = scale_factor(x, values, "sign_changes", 1)
    assert by_wave == pytest.approx(12 * frequency, rel=0.05)
    assert by_sign == pytest.approx(12 * frequency, rel=0.05)
    assert scale_factor(x, values, "by_hand", 7.5) == 7.5


def test_kappa_is_never_below_one():
    x = np.linspace(-1, 1, 50)[:, None]
    assert scale_factor(x, np.ones((50, 1)), "sign_changes", 1) == 1
