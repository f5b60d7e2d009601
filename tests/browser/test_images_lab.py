"""The image lab as a person uses it: choose a net, train it on digits, look at what it gets wrong."""

import re
from functools import partial
from pathlib import Path

import pytest
from looking import fresh, rows_of, see
from playwright.sync_api import expect

PATIENCE = 90_000
SHORT = "n_train=400&n_validation=200&epochs=3&network.size=small"


@pytest.fixture
def lab(open_lab):
    """Open the lab by a link and wait until it is drawn."""
    return partial(open_lab, "images", "each block a step of a scheme", patience=PATIENCE)


def test_a_net_is_trained_on_digits_and_its_mistakes_are_shown(lab, new_page):
    page = lab(f"{SHORT}&network=preact_resnet&{fresh()}")
    see(page, "Not trained yet: 3 epochs")
    see(page, r"[\d,]+ trainable parameters")
    page.get_by_role("button", name="Train", exact=True).click()
    see(page, "Finished: all 3 epochs are done")
    see(page, "On 200 validation images")
    cells = rows_of(page, "confusion")
    assert len(cells) == 100
    assert sum(int(cell["count"]) for cell in cells) == 200
    right = sum(int(cell["count"]) for cell in cells if cell["truth"] == cell["guess"])
    shown = page.get_by_test_id("stMetric").first.inner_text()
    assert f"{right / 200:.2%}" in shown
    assert len(rows_of(page, "features")) == 200
    wrong = page.get_by_text(re.compile(r"^\d taken for \d, \d+%$"))
    expect(wrong.first).to_be_visible()
    other = new_page(page.url, width=1440, height=1000)
    expect(other.get_by_text("On 200 validation images")).to_be_visible(timeout=PATIENCE)


def test_net_and_scheme_are_chosen_and_what_does_not_fit_is_said(lab):
    page = lab(f"{SHORT}&network=ho_resnet&scheme=midpoint&{fresh()}")
    before = see(page, r"([\d,]+) trainable parameters")[1]
    page.get_by_role("tab", name="Network").click()
    page.locator(".st-key-images--network").get_by_role("combobox").first.click()
    page.get_by_role("option", name="PreActResNet", exact=True).click()
    page.wait_for_url(re.compile("network=preact_resnet"), timeout=PATIENCE)
    see(page, r"[\d,]+ trainable parameters")
    expect(page.get_by_text(f"{before} trainable parameters")).to_be_hidden(timeout=PATIENCE)
    wrong = lab("data=spiral&network=multi_stage&epochs=0")
    see(wrong, "'spiral' is not legal here")
    see(wrong, "'multi_stage' is not legal here")
    see(wrong, r"epochs.*0 is not legal")


def test_the_training_is_had_as_a_script_with_its_images(lab):
    page = lab(f"{SHORT}&data=digits&network=ho_resnet&scheme=heun2&{fresh()}")
    page.get_by_text("The same training in plain PyTorch").click()
    script = downloaded(page, "Script (PyTorch)").decode()
    assert "class PreActBlock(nn.Module)" in script
    assert "from sklearn.datasets import load_digits" in script
    assert "import playground" not in script
    expect(page.get_by_role("button", name="Images of the script (npz)")).to_have_count(0)


def downloaded(page, label):
    """What a download button hands out."""
    button = page.get_by_role("button", name=label)
    expect(button).to_be_visible(timeout=PATIENCE)
    with page.expect_download(timeout=PATIENCE) as waiting:
        button.click()
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.full
def test_a_flow_with_a_defence_begins_small_and_is_trained(lab):
    page = lab(f"{SHORT.rpartition('&')[0]}&network=preact_resnet&{fresh()}")
    see(page, "Not trained yet: 3 epochs")
    page.get_by_role("tab", name="Network").click()
    page.locator(".st-key-images--network").get_by_role("combobox").first.click()
    page.get_by_role("option", name="TisODE", exact=True).click()
    page.wait_for_url(re.compile("network=tis_ode"), timeout=PATIENCE)
    see(page, r"35,754 trainable parameters")
    denoised = lab(
        f"{SHORT.rpartition('&')[0]}&network=tis_ode&network.denoise=mean&network.randomise=true"
        f"&network.stem=small&network.channels=8&network.depth=2&scheme=euler&{fresh()}"
    )
    see(denoised, r"2,042 trainable parameters")
    denoised.get_by_role("button", name="Train", exact=True).click()
    see(denoised, "Finished: all 3 epochs are done")
    assert len(rows_of(denoised, "confusion")) == 100
