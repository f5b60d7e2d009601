"""Pictures of images under attack: read back from the files and the SVG that they become."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
import vl_convert
from PIL import Image

from playground.charts.attack_images import FOOLED, PICTURES, picture, tiles
from playground.charts.curves import standalone
from playground.charts.exports import chart_png
from playground.charts.images import confusion


def opened(address):
    kind, data = address.split(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def svg(specification, rows):
    return vl_convert.vegalite_to_svg(standalone(specification, rows))


def rgb(colour):
    return [int(colour[k : k + 2], 16) for k in (1, 3, 5)]


def luminance(colour):
    """Of a colour (0 to 255), as the Web Content Accessibility Guidelines define it."""
    parts = np.array(colour) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 4, 9)])
def test_a_picture_has_the_pixels_of_the_image(shape):
    image = np.random.default_rng(0).random(shape)
    drawn = opened(picture(image))
    factor = len(drawn) // shape[1]
    assert drawn.shape == (factor * shape[1], factor * shape[2], 3)
    wanted = np.rint(255 * image).repeat(3 // shape[0], axis=0).transpose(1, 2, 0)
    for down in (0, factor - 1):
        np.testing.assert_array_equal(drawn[down::factor, ::factor], wanted)


def test_a_frame_has_its_colour_and_hides_no_pixel():
    image = np.random.default_rng(1).random((1, 8, 8))
    plain, framed = opened(picture(image)), opened(picture(image, FOOLED))
    wide = (len(framed) - len(plain)) // 2
    assert wide > 0
    np.testing.assert_array_equal(framed[wide:-wide, wide:-wide], plain)
    assert framed[0, 0].tolist() == framed[-1, 5].tolist() == rgb(FOOLED)


def test_a_signed_picture_is_blue_below_and_orange_above():
    drawn = opened(picture(np.array([[[0.0, 0.5, 1.0]]]), signed=True))
    darker, same, brighter = drawn[0, :: drawn.shape[1] // 3].astype(int)
    assert darker[2] > darker[0] + 100
    assert brighter[0] > brighter[2] + 100
    assert np.ptp(same) <= 2


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"image of shape \(2, 3, 3\) is not legal"):
        picture(np.zeros((2, 3, 3)))


def tile_rows():
    rows = pd.DataFrame(
        [
            {
                "image": number,
                "place": place,
                "caption": f"{sign} no. {number}, class 1\n1 (90%) → 7 (80%)",
                "truth": "1",
                "before": "1",
                "after": "7",
                "own_before": 0.9,
                "own_after": 0.1,
                "linf": 0.1,
                "l2": 0.4,
            }
            for place, (number, sign) in enumerate([(42, "✗"), (7, "✗"), (19, "✓")])
        ]
    )
    pictures = pd.DataFrame(
        [
            {
                "image": number,
                "original": picture(np.full((1, 2, 2), number / 100)),
                "change": picture(np.full((1, 2, 2), 0.5), signed=True),
                "attacked": picture(np.full((1, 2, 2), number / 100), FOOLED),
            }
            for number in (7, 19, 42)
        ]
    )
    return rows, {**tiles("× 12", 2), "datasets": {PICTURES: pictures.to_dict("records")}}


def test_every_tile_has_its_three_pictures_in_the_order_of_the_rows():
    rows, specification = tile_rows()
    text = svg(specification, rows)
    addresses = re.findall(r'<image[^>]*href="(data:image/png;base64,[^"]+)"', text)
    assert len(addresses) == 9
    shades = [int(opened(address)[50, 50, 0]) for address in addresses[::3]]
    assert shades == [round(2.55 * number) for number in (42, 7, 19)]
    assert text.count("change × 12") == 3
    assert "✓ no. 19, class 1" in text
    assert text.count("1 (90%) → 7 (80%)") >= 3
    drawn = np.asarray(Image.open(io.BytesIO(chart_png(specification, rows))).convert("RGB"))
    assert (np.abs(drawn.astype(int) - rgb(FOOLED)).max(-1) < 8).sum() > 1000


def test_numbers_of_confusions_stand_out_from_their_cells():
    shares = [0.01, 0.2, 0.4, 0.6, 0.74, 0.76, 0.9, 1.0]
    names = tuple(map(str, range(len(shares))))
    rows = pd.DataFrame(
        [
            {"truth": a, "guess": b, "share": s, "count": round(100 * s)}
            for a, s in zip(names, shares)
            for b in names
        ]
    )
    text = svg(confusion(names), rows)
    cells = re.findall(
        r'aria-label="[^"]*class: (\d);[^>]*rect mark[^>]*fill="(rgb\([\d, ]+\))"', text
    )
    grounds = {a: [int(v) for v in re.findall(r"\d+", colour)] for a, colour in cells}
    assert len(grounds) == len(shares)
    for name, share in zip(names, shares):
        letters = set(re.findall(rf'fill="(white|black)">{round(100 * share)}<', text))
        assert len(letters) == 1
        letter = [255] * 3 if letters == {"white"} else [0] * 3
        assert contrast(letter, grounds[name]) >= 4.5
