"""Own images as a person brings them to the lab: a file, what it holds, a net trained on it, its link."""

import random
import re
from functools import partial

import numpy as np
import pytest
from looking import see
from playwright.sync_api import expect

from tests.image_files import npz, png, zipped

PATIENCE = 60_000
NAMES = ("bars", "stripes", "dots <b>")


@pytest.fixture
def lab(open_lab):
    """Open the lab by a link and wait until it is drawn."""
    return partial(open_lab, "images", "each block a step of a scheme", patience=PATIENCE)


def pictures(n=20, side=8):
    """Images that lie, stand, or are dotted, in front of noise that differs with each call."""
    rng = np.random.default_rng(random.randrange(2**31))
    x = rng.integers(0, 60, (3 * n, side, side), np.uint8)
    x[:n, ::2] += 180
    x[n : 2 * n, :, ::2] += 180
    x[2 * n :, ::2, ::2] += 180
    return x, np.repeat([0, 1, 2], n)


def upload(page, name, data):
    fold = page.locator("[data-testid=stExpander]", has_text="Own images")
    if not page.locator("input[type=file]").count():
        fold.locator("summary").click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": data}
    )


def test_an_upload_is_named_trained_on_and_opened_by_its_link(lab):
    page = lab("epochs=2&network=preact_resnet&network.size=small")
    x, y = pictures()
    upload(page, "../../own.npz", npz(x=x, y=y, class_names=np.array(NAMES)))
    see(page, r"60 images · 8 × 8 pixels, grey · 3 classes: bars \(20\), stripes \(20\), dots <b>")
    assert "image_upload" not in page.url
    page.get_by_role("button", name="Use these images").click()
    page.wait_for_url(re.compile("data=image_upload.*data.hash=[0-9a-f]{64}"), timeout=PATIENCE)
    see(page, "In use: 60 images")
    page.get_by_role("button", name="Train", exact=True).click()
    see(page, "Finished: all 2 epochs are done")
    see(page, "On 12 validation images")
    other = lab(address=page.url)
    see(other, "On 12 validation images")
    other.get_by_role("radio", name="Images", exact=True).click()
    see(other, "48 training and 12 validation images · 8 × 8 pixels, 1 channel")
    name = other.get_by_text("dots <b>", exact=True).first  # beside its row, as a text
    expect(name).to_be_visible(timeout=PATIENCE)
    expect(other.locator("[data-testid=stImage] img").first).to_be_visible(timeout=PATIENCE)


def test_what_cannot_be_used_is_said_and_changes_nothing(lab):
    page = lab("view=data")
    upload(page, "none.zip", b"PK\x03\x04 nothing of the kind")
    see(page, "none.zip: the file is neither an npz file of arrays nor a zip file of pictures")
    expect(page.get_by_role("button", name="Use these images")).to_have_count(0)
    assert "image_upload" not in page.url


def test_a_zip_of_folders_is_brought_to_a_size(lab):
    page = lab("view=data&n_train=20&n_validation=10")
    x, y = pictures(side=20)
    members = {
        f"set/{('lying', 'standing', 'dotted')[k]}/{i}.png": png(x[i]) for i, k in enumerate(y)
    }
    upload(page, "own.zip", zipped(members))
    see(page, r"60 images · 32 × 32 pixels, grey · 3 classes: dotted \(20\), lying")
    page.get_by_role("slider", name="Pixels a side").press("ArrowLeft")
    see(page, "60 images · 24 × 24 pixels")
    page.get_by_role("button", name="Use these images").click()
    page.wait_for_url(re.compile("data=image_upload"), timeout=PATIENCE)
    see(page, "48 training and 12 validation images · 24 × 24 pixels")
