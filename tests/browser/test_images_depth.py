"""Three views of the image lab as a person uses them: through depth, other schemes, the solver's work."""

from functools import partial

import pytest
from looking import fresh, rows_of, see

PATIENCE = 90_000
SHORT = "n_train=200&n_validation=60&epochs=2"


@pytest.fixture
def lab(open_lab):
    """Open the lab by a link and wait until it is drawn."""
    return partial(open_lab, "images", "each block a step of a scheme", patience=PATIENCE)


def test_a_net_is_looked_into_depth_by_depth(lab):
    page = lab(f"view=depth&{SHORT}&network=preact_resnet&network.width=8&{fresh()}")
    page.get_by_role("button", name="Train", exact=True).click()
    see(page, "Many images at each depth")
    see(page, r"Taken for \d")
    see(page, "Blue is below zero")
    changes = rows_of(page, "depth_change")
    assert [row["name"] for row in changes] == [f"block {i}" for i in range(1, 7)]
    assert sum(row["median"] == "" for row in changes) == 2  # two blocks change the shape
    probes = rows_of(page, "depth_probes")
    assert len(probes) == 3 * 7
    assert all(0 <= float(row["accuracy"]) <= 1 for row in probes)
    assert len({row["depth"] for row in rows_of(page, "depth_clouds")}) == 3


def test_a_trained_net_is_stepped_by_other_schemes(lab):
    link = f"view=swap&{SHORT}&network=ho_resnet&network.width=8&scheme=heun2"
    page = lab(f"{link}&swap_schemes=euler,heun2,rk4&{fresh()}")
    page.get_by_role("button", name="Train", exact=True).click()
    see(page, "As it was trained, by Heun")
    rows = rows_of(page, "swap_accuracy")
    assert len(rows) == 9
    own = next(r for r in rows if "its own" in r["scheme"] and r["steps"] == "1 step")
    assert float(own["value"]) == pytest.approx(float(own["usual"]))
    euler = next(r for r in rows if r["scheme"].startswith("Euler") and r["steps"] == "1 step")
    assert (int(own["evaluations"]), int(euler["evaluations"])) == (12, 6)


def test_loss_and_work_of_augmented_neural_odes_are_compared(lab):
    page = lab(
        "view=nfe&nfe_channels=0,2&nfe_images=60&nfe_epochs=2&nfe_repetitions=1&nfe_filters=4&"
        f"nfe_tolerance=0.01&{fresh('nfe_seed')}"
    )
    page.get_by_role("button", name="Train 2 nets").click()
    see(page, "2 of 2 nets are trained")
    see(page, r"of 4 epochs of 2 trainings ended")
    rows = rows_of(page, "nfe_loss")
    assert {row["series"] for row in rows} == {"p = 0", "p = 2"}
    assert len(rows) == 4
    assert all(float(row["nfe"]) >= 14 for row in rows)


def test_a_flow_net_learns_digits_as_rows(lab):
    page = lab(
        f"{SHORT}&network=rk_net&network.depth=5&scheme=rk4&{fresh()}",
    )
    page.get_by_role("button", name="Train", exact=True).click()
    see(page, "Finished: all 2 epochs are done")
    see(page, "On 60 validation images")
    assert len(rows_of(page, "features")) == 60
    assert sum(int(row["count"]) for row in rows_of(page, "confusion")) == 60
