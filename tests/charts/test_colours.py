"""The colours, as eyes of each kind see them.

Dichromacy is simulated as Machado, Oliveira and Fernandes have it (2009, IEEE Transactions on
Visualization and Computer Graphics 15, 1291-1298; matrices of severity 1.0, applied to linear RGB).
Differences are CIEDE2000 (Sharma, Wu and Dalal, 2005), checked below against values they print.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import vl_convert

from playground.charts.colours import CLASSES, TRAIN, VALIDATION, diverging

ROOT = Path(__file__).resolve().parents[2]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# About 2.3 is just noticed between large patches that touch. Marks are a few pixels wide and stand
# apart, so several times as much is asked for; the six that nearly all data sets get by with are
# held to a little more than the ten.
APART = {6: 10.0, 10: 9.0}
STANDS_OUT = 3.0  # WCAG 2.2, 1.4.11


def linear(colour: str) -> np.ndarray:
    """Return the linear red, green and blue of a colour written #rrggbb, each from 0 to 1."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(colour: str, vision: str = "usual") -> np.ndarray:
    """Return CIELAB (D65) of a colour as a kind of vision has it."""
    seen = np.clip(VISION[vision] @ linear(colour), 0, 1)
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    xyz = (to_xyz @ seen) / (0.95047, 1.0, 1.08883)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return CIEDE2000 between two colours in CIELAB."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25**7))
    a1, a2 = g * a1, g * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    d_l, d_c = (l2 - l1) / s_l, (c2 - c1) / (1 + 0.045 * chroma)
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * t)
    round_hue = np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    r = -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * round_hue
    return float(np.sqrt(d_l**2 + d_c**2 + d_h**2 + r * d_c * d_h))


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast of two colours, from 1 to 21."""
    dark, light = sorted(float(linear(c) @ (0.2126, 0.7152, 0.0722)) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "printed"),  # of table 1 of Sharma, Wu and Dalal
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_the_one_that_is_printed(one, other, printed) -> None:
    assert difference(np.array(one), np.array(other)) == pytest.approx(printed, abs=5e-5)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("count", APART)
def test_any_two_classes_can_be_told_apart(vision, count) -> None:
    seen = [lab(colour, vision) for colour in CLASSES[:count]]
    gaps = {
        (i, j): difference(seen[i], seen[j]) for i, j in itertools.combinations(range(count), 2)
    }
    closest = min(gaps, key=gaps.get)
    assert gaps[closest] >= APART[count], f"classes {closest}: {gaps[closest]:.1f}"


@pytest.mark.parametrize("vision", VISION)
def test_the_curves_of_training_and_validation_can_be_told_apart(vision) -> None:
    assert difference(lab(TRAIN, vision), lab(VALIDATION, vision)) >= APART[6]


def test_a_pair_that_only_some_can_tell_apart_is_found_out() -> None:
    red, green = "#C05A3A", "#7F8B2E"
    assert difference(lab(red), lab(green)) > 30
    assert difference(lab(red, "deuteranopia"), lab(green, "deuteranopia")) < APART[10]


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_marks_stand_out_from_both_grounds(ground) -> None:
    """Four series (as many as are compared) by themselves; of the others the canvas draws the edge."""
    below = THEME[ground]["backgroundColor"]
    for colour in (*CLASSES[:4], TRAIN, VALIDATION, THEME[ground]["primaryColor"]):
        assert contrast(colour, below) >= STANDS_OUT, colour
    for colour in CLASSES[4:]:
        assert contrast(colour, below) >= 2.2, colour


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_text_can_be_read_on_both_grounds(ground) -> None:
    theme = THEME[ground]
    for below in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], below) >= 7
        assert contrast(theme["linkColor"], below) >= 4.5
    # What stands on the accent has the colour of the page's ground (assets/app.css).
    style = (ROOT / "assets" / "app.css").read_text()
    on_accent = dict(
        zip(
            ("light", "dark"),
            re.search(r"primary\"\].*light-dark\((#\w+), (#\w+)\)", style).groups(),
        )
    )
    assert contrast(on_accent[ground], theme["primaryColor"]) >= 4.5


@pytest.mark.parametrize("vision", VISION)
def test_values_grow_away_from_the_middle_and_their_signs_differ(vision) -> None:
    middle = lab(diverging(0.5), vision)
    for shares in (np.linspace(0.5, 0, 9), np.linspace(0.5, 1, 9)):
        ways = [difference(middle, lab(diverging(share), vision)) for share in shares]
        assert np.all(np.diff(ways) > 1)
    for share in (0.0, 0.1, 0.2, 0.3):
        gap = difference(lab(diverging(share), vision), lab(diverging(1 - share), vision))
        assert gap >= APART[6], share


@pytest.mark.parametrize("vision", VISION)
def test_the_scale_of_amounts_grows_lighter_all_the_way(vision) -> None:
    lightness = [lab(colour, vision)[0] for colour in scale_colours("viridis")]
    assert np.all(np.diff(lightness) > 0)
    assert lightness[-1] - lightness[0] > 50


@pytest.mark.parametrize("vision", VISION)
def test_the_scale_of_signs_has_ends_that_differ(vision) -> None:
    colours = scale_colours("blueorange")
    gap = difference(lab(colours[0], vision), lab(colours[-1], vision))
    assert gap >= 2 * APART[6]


def scale_colours(scheme: str, count: int = 9) -> list[str]:
    """Return the colours that the charts' renderer draws for a named scheme."""
    rows = [{"i": i} for i in range(count)]
    drawn = vl_convert.vegalite_to_svg(
        {
            "data": {"values": rows},
            "mark": "rect",
            "encoding": {
                "x": {"field": "i", "type": "ordinal"},
                "color": {
                    "field": "i",
                    "type": "quantitative",
                    "scale": {"scheme": scheme},
                    "legend": None,
                },
            },
        }
    )
    found = re.findall(
        r'aria-label="i: (\d+)"[^>]*fill="(?:rgb\((\d+), (\d+), (\d+)\)|(#\w{6}))"', drawn
    )
    colours = {
        int(i): named or "#" + "".join(f"{int(v):02x}" for v in (r, g, b))
        for i, r, g, b, named in found
    }
    return [colours[i] for i in range(count)]


def test_a_class_has_one_colour_in_charts_canvas_and_theme() -> None:
    script = (ROOT / "assets" / "canvas" / "theme.js").read_text()
    palette = re.search(r"PALETTE = \[(.*?)\]", script, re.DOTALL).group(1)
    assert tuple(re.findall(r"#\w{6}", palette)) == CLASSES
    assert tuple(THEME["chartCategoricalColors"]) == CLASSES
