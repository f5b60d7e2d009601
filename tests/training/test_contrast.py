"""Two runs held against each other in words."""

import math
from dataclasses import replace

from playground.training.contrast import contrast
from playground.training.events import Metrics

ONE = Metrics(10, 2.0, 0.3, 0.4, 0.9, 0.85, 20, 20, 0.01, 1.0, 2.0, 500.0)


def test_every_figure_is_told_with_its_direction():
    other = replace(
        ONE,
        validation_accuracy=0.9,
        validation_loss=0.1,
        seconds=5.0,
        nfe_forward=80,
        nfe_backward=40,
    )
    words = contrast(ONE, other, (100, 1200))
    assert words["accuracy"] == (
        "Validation accuracy 90.00% instead of 85.00%: 5.00 percentage points more."
    )
    assert words["loss"] == "Validation loss 0.1 instead of 0.4: 0.25 times as large."
    assert words["seconds"] == "5.0 s of training instead of 2.0 s: 2.5 times as long."
    assert words["nfe"].endswith("80 + 40 instead of 20 + 20.")
    assert words["parameters"] == "1,200 parameters instead of 100."
    assert "5.00 percentage points less" in contrast(other, ONE)["accuracy"]


def test_what_is_the_same_is_said_to_be():
    words = contrast(ONE, ONE, (100, 100))
    assert all("no difference" in words[name] for name in ("accuracy", "loss", "seconds"))
    assert words["nfe"].startswith("As many evaluations")
    assert words["parameters"] == "As many parameters: 100."


def test_a_regression_has_no_accuracy_and_a_loss_that_is_no_number_no_ratio():
    other = replace(ONE, validation_accuracy=None, validation_loss=math.nan)
    words = contrast(ONE, other)
    assert "accuracy" not in words
    assert "parameters" not in words
    assert words["loss"].endswith("not to be compared.")
