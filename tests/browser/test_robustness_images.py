"""The view of one attack on images, as a person uses it: ε, presets, who is fooled, and the files."""

import re
from functools import partial

import pytest
from looking import rows_of, see
from playwright.sync_api import expect

from playground.experiment import Experiment
from playground.jobs import Jobs, studies

PATIENCE = 120_000
SMALL = {
    "data": "digits",
    "n_train": 400,
    "n_validation": 150,
    "epochs": 5,
    "batch_size": 32,
    "network": {"name": "preact_resnet", "options": {"size": "small", "width": 8, "blocks": 2}},
    "scheme": "euler",
    "optimizer": {"name": "adam", "options": {"learning_rate": 0.003}},
}
LINK = "view=attack&attack=fgsm&samples=120"


@pytest.fixture
def trained(app, home, new_page):
    """The id of a small net that was trained on digits."""
    jobs = Jobs(home, user="images-under-attack")
    run = jobs.submit(Experiment.model_validate(SMALL))
    page = new_page(app)
    for _ in range(600):
        if not studies.is_going(jobs.get(run)):
            break
        page.wait_for_timeout(500)
    assert jobs.get(run).checkpoint_step > 0
    return run


@pytest.fixture
def lab(open_lab):
    """Open the view by a link and wait until it is drawn."""
    return partial(open_lab, "robustness", "whether it is real", patience=PATIENCE)


def metric(page, name):
    shown = page.get_by_test_id("stMetric").filter(has_text=name)
    expect(shown).to_be_visible(timeout=PATIENCE)
    return shown.get_by_test_id("stMetricValue").inner_text()


def share(page, name):
    return float(metric(page, name).split(" ")[0])


def attacked_by(page, eps):
    """Wait until the page shows the attack of a size."""
    see(page, rf"The attack changed no value by more than {re.escape(eps)};")


def right_share(cells):
    right = sum(int(c["count"]) for c in cells if c["truth"] == c["guess"])
    return 100 * right / sum(int(c["count"]) for c in cells)


def outcomes(page):
    return [row["outcome"] for row in rows_of(page, "attacked_images")]


def test_a_larger_eps_fools_more_images_and_the_page_and_its_files_agree(lab, trained):
    page = lab(f"{LINK}&run={trained}&eps=0.03")
    attacked_by(page, "0.03")
    clean, little = share(page, "Clean accuracy"), share(page, "Accuracy under attack")
    assert clean > 60
    cells = rows_of(page, "attacked_confusion")
    assert len(cells) == 100
    assert right_share(cells) == pytest.approx(little, abs=0.06)
    tiles = rows_of(page, "attacked_images")
    assert len(tiles) == 9
    assert all(float(row["linf"]) <= 0.0301 for row in tiles)
    see(page, r"ε = 0\.03 = 7\.65/255")
    see(page, "Changes are multiplied by 16 ")
    page.get_by_role("button", name="0.2", exact=True).click()
    attacked_by(page, "0.2")
    page.wait_for_url(re.compile(r"(?!.*eps=0\.03)robustness"), timeout=PATIENCE)
    assert share(page, "Accuracy under attack") < little
    assert share(page, "Clean accuracy") == clean
    assert share(page, "Noise of the same L∞") > share(page, "Accuracy under attack")
    see(page, r"those of the first \d+ images that were attacked")
    assert {row["series"] for row in rows_of(page, "attacked_distance")} <= {"flipped", "holds"}


@pytest.mark.full
def test_fooled_and_withstood_are_told_apart_and_a_preset_sets_attack_and_eps(lab, trained):
    page = lab(f"{LINK}&run={trained}&eps=0.03&image_tiles=4")
    attacked_by(page, "0.03")
    for group in ("fooled", "withstood"):
        page.get_by_role("radio", name=group, exact=True).click()
        page.wait_for_url(re.compile(f"image_group={group}"), timeout=PATIENCE)
        for _ in range(10):  # the address may be there before the tiles
            found = outcomes(page)
            if set(found) == {group}:
                break
            page.wait_for_timeout(1000)
        assert found == [group] * 4
    page.get_by_role("button", name="PGD-0.2", exact=True).click()
    page.wait_for_url(re.compile(r"attack\.steps=9"), timeout=PATIENCE)
    attacked_by(page, "0.2")
    see(page, r"ε = 0\.2 = 51/255")
    assert "attack.loss=margin" in page.url
    assert "attack.alpha=0.04" in page.url
    page.reload()
    attacked_by(page, "0.2")
