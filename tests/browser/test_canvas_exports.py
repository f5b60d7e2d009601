"""The canvas views in a real browser: what leaves as a file."""

import io

import numpy as np
import pytest
from looking import DARK, LIGHT, boundary, download, flow, pixels, table
from PIL import Image


@pytest.mark.parametrize(("scheme", "background"), [("light", LIGHT), ("dark", DARK)])
def test_png_is_what_is_shown_on_the_page_colour(show, scheme, background):
    page = show("halves", color_scheme=scheme, device_scale_factor=2)
    view = boundary(page)
    shown = pixels(view)
    name, data = download(view, "Download as PNG image")
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert name == "boundary-step-1200.png"
    assert image.shape[:2] == shown.shape[:2]
    assert tuple(image[1, -2]) == background
    opaque = shown[..., 3] == 255
    assert np.abs(image[opaque].astype(int) - shown[opaque][:, :3]).max() <= 1


def test_flow_csv_holds_every_layer_up_to_the_depth(show):
    view = flow(show("halves"))
    name, data = download(view, "Download the numbers as CSV")
    rows = table(data)
    assert name == "flow-trajectories-step-1200.csv"
    assert list(rows[0]) == ["trajectory", "label", "layer", "t", "PC1", "PC2", "PC3"]
    assert len(rows) == 5 * 3
    for row in rows:
        assert row["label"] == f"class {int(row['trajectory']) % 2}"
        assert float(row["t"]) == int(row["layer"])
        assert float(row["PC1"]) == pytest.approx(int(row["trajectory"]), abs=1e-3)
        assert float(row["PC2"]) == pytest.approx(2 * int(row["layer"]), abs=1e-3)
    view.get_by_role("slider", name="depth").fill("0.5")
    assert len(table(download(view, "Download the numbers as CSV")[1])) == 5 * 2


def test_warp_csv_holds_the_nodes_at_the_depth(show):
    view = flow(show("halves"))
    view.get_by_role("tab", name="Warped grid").click()
    view.get_by_role("slider", name="depth").fill("0.75")
    rows = table(download(view, "Download the numbers as CSV")[1])
    assert len(rows) == 25
    for row in rows:
        assert float(row["t"]) == 1.5
        assert float(row["PC1"]) == pytest.approx(int(row["grid_column"]), abs=1e-3)
        assert float(row["PC2"]) == pytest.approx(int(row["grid_row"]) + 1.5, abs=1e-3)


def test_boundary_csv_holds_class_and_confidence_of_every_cell(show):
    rows = table(download(boundary(show("halves")), "Download the numbers as CSV")[1])
    assert len(rows) == 40 * 40
    assert list(rows[0]) == ["x1", "x2", "class", "confidence"]
    assert (float(rows[0]["x1"]), float(rows[0]["x2"])) == pytest.approx((-1.17, 1.17))
    assert {(float(row["x1"]) > 0, row["class"], row["confidence"]) for row in rows} == {
        (False, "class 0", "1"),
        (True, "class 1", "1"),
    }
