"""A small picture to draw on: a box of the plane, lines, points and fields of colour."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT, _FINER = 480, 240, 3
BACK = (19, 25, 37)
INK = (128, 139, 158)
BLUE, ORANGE, GREEN, PINK, SKY, YELLOW = (
    (64, 153, 222),
    (232, 126, 43),
    (38, 180, 136),
    (214, 131, 177),
    (112, 194, 240),
    (238, 222, 92),
)
COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)
Colour = tuple[int, int, int]


class Tile:
    """A picture of ``WIDTH`` by ``HEIGHT``; coordinates are those of the panel that was opened last.

    Attributes:
        image: What is drawn, finer than it is written.
        colours: Most colours of what is written. With few of them the file is small, but thin lines
            over a shaded field may lose their own.
    """

    def __init__(self) -> None:
        self.colours = 64
        self.image = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), BACK)
        self._draw = ImageDraw.Draw(self.image)
        self.panel((0.0, 1.0, 0.0, 1.0))

    def panel(
        self,
        box: Sequence[float],
        place: tuple[int, int] = (0, 1),
        *,
        margin: int = 0,
        even: bool = False,
    ) -> None:
        """Open one of several panels side by side.

        Args:
            box: Left, right, bottom and top of what it shows.
            place: Which panel, from 0, of how many.
            margin: Empty pixels around it.
            even: Whether a unit is as long upwards as sideways; then more of the plane is shown.
        """
        index, count = place
        wide = (WIDTH - (count - 1) * 4) / count
        x0 = index * (wide + 4) + margin
        self._area = (x0, margin, x0 + wide - 2 * margin, HEIGHT - margin)
        left, right, bottom, top = map(float, box)
        if even:
            aspect = (self._area[2] - self._area[0]) / (self._area[3] - self._area[1])
            height = max(top - bottom, (right - left) / aspect)
            width = height * aspect
            x, y = (left + right) / 2, (bottom + top) / 2
            left, right, bottom, top = x - width / 2, x + width / 2, y - height / 2, y + height / 2
        self.box = (left, right, bottom, top)

    def _at(self, x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
        left, right, bottom, top = self.box
        x0, y0, x1, y1 = self._area
        px = x0 + (np.asarray(x, float) - left) / (right - left) * (x1 - x0)
        py = y1 - (np.asarray(y, float) - bottom) / (top - bottom) * (y1 - y0)
        return [(float(a) * _FINER, float(b) * _FINER) for a, b in zip(px, py)]

    def grid(self, nx: int, ny: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the places ``(nx,)`` and ``(ny,)`` of a grid over the panel, bottom first."""
        left, right, bottom, top = self.box
        return np.linspace(left, right, nx), np.linspace(bottom, top, ny)

    def field(self, colours: np.ndarray) -> None:
        """Fill the panel with colours ``(ny, nx, 3)`` over such a grid."""
        x0, y0, x1, y1 = (round(value * _FINER) for value in self._area)
        picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)[::-1])
        self.image.paste(picture.resize((x1 - x0, y1 - y0), Image.Resampling.BICUBIC), (x0, y0))

    def line(self, x: np.ndarray, y: np.ndarray, colour: Colour, width: float = 2.0) -> None:
        """Draw a line, cut off at a distance outside the panel."""
        left, right, bottom, top = self.box
        far_x, far_y = 2 * (right - left), 2 * (top - bottom)
        near = np.isfinite(x) & np.isfinite(y)
        near &= (np.abs(x - left) < far_x) & (np.abs(y - bottom) < far_y)
        at = self._at(np.asarray(x)[near], np.asarray(y)[near])
        if len(at) > 1:
            self._draw.line(at, fill=colour, width=round(width * _FINER), joint="curve")

    def points(
        self, x: np.ndarray, y: np.ndarray, colour: Colour, radius: float = 2.0, rim: bool = True
    ) -> None:
        """Draw points, with a thin rim of the background if wanted."""
        r = radius * _FINER
        for px, py in self._at(x, y):
            self._draw.ellipse(
                (px - r, py - r, px + r, py + r),
                fill=colour,
                outline=BACK if rim else None,
                width=2 if rim else 0,
            )

    def axes(self) -> None:
        """Draw the lines at zero."""
        left, right, bottom, top = self.box
        self.line(np.array([left, right]), np.zeros(2), INK, 0.7)
        self.line(np.zeros(2), np.array([bottom, top]), INK, 0.7)

    def png(self) -> bytes:
        """Return the picture as a PNG with a palette, which keeps it small."""
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        packed = io.BytesIO()
        small.quantize(self.colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        return packed.getvalue()


def mixed(share: np.ndarray, low: Colour, high: Colour, depth: float = 0.75) -> np.ndarray:
    """Return colours ``(…, 3)`` from low (0) over the background (½) to high (1)."""
    strength = (np.abs(2 * np.asarray(share, float) - 1) ** 0.7)[..., None] * depth
    ends = np.where((share > 0.5)[..., None], np.array(high), np.array(low))
    return (1 - strength) * np.array(BACK) + strength * ends
