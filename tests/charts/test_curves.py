"""Curves: which rows are drawn, and that the specification draws them."""

import numpy as np
import pandas as pd
import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import DRAWN, curve, curve_rows, standalone, thinned


def metrics(loss, epochs=None):
    loss = np.asarray(loss, float)
    return pd.DataFrame(
        {
            "epoch": np.arange(len(loss)) if epochs is None else epochs,
            "train_loss": loss,
            "validation_loss": loss + 1,
            "train_accuracy": 1 / (1 + loss),
            "validation_accuracy": np.full(len(loss), np.nan),
        }
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6000), st.integers(0, 2**31))
def test_thinned_curves_keep_ends_and_extremes(n, seed):
    values = np.random.default_rng(seed).normal(size=n)
    rows = curve_rows(metrics(values), "loss")
    drawn = thinned(rows, "loss")
    assert len(drawn) <= DRAWN + 8
    for name, part in rows.groupby("set"):
        kept = drawn[drawn["set"] == name]
        for row in (0, -1, part["loss"].argmin(), part["loss"].argmax()):
            assert (kept == part.iloc[row]).all(axis=1).any()
        assert kept["epoch"].is_monotonic_increasing


def test_short_curves_are_drawn_whole():
    rows = curve_rows(metrics(np.arange(400)), "loss")
    assert thinned(rows, "loss") is rows


def test_a_spike_of_one_epoch_is_seen_among_ten_thousand():
    loss = np.full(10_001, 0.5)
    loss[6543] = 7.0
    drawn = thinned(curve_rows(metrics(loss), "loss"), "loss")
    assert drawn.loc[drawn["loss"] == 7.0, "epoch"].tolist() == [6543]


def test_what_was_drawn_stays_while_a_curve_grows():
    values = np.random.default_rng(0).normal(size=5000)
    before = thinned(curve_rows(metrics(values[:4800]), "loss"), "loss")
    after = thinned(curve_rows(metrics(values), "loss"), "loss")
    early = [set(d.loc[d["epoch"] < 4000, "epoch"]) for d in (before, after)]
    assert early[0] == early[1]


def test_missing_figures_have_no_rows():
    assert set(curve_rows(metrics([1, 2]), "accuracy")["set"]) == {"training"}


def labels(specification, rows):
    """The texts of a chart, as they stand in its drawing."""
    svg = vl_convert.vegalite_to_svg(standalone(specification, rows))
    found = []
    for part in svg.split("<text")[1:]:
        found.append(part.split(">", 1)[1].split("<", 1)[0].replace(",", ""))
    return svg, [text for text in found if text]


@pytest.mark.parametrize("log", [False, True])
def test_before_the_first_step_there_is_an_axis_of_whole_epochs(log):
    svg, texts = labels(curve("loss", log), curve_rows(metrics([0.7]), "loss"))
    numbers = texts[: texts.index("epoch")]
    assert numbers == ["0", "1"]
    assert TRAIN.lower() in svg.lower()
    assert VALIDATION.lower() in svg.lower()


@pytest.mark.parametrize(
    ("one", "other"), [(0.7020, 0.7023), (0.70201, 0.70202), (0.7, 0.1), (1e-7, 3e-7), (0, 0)]
)
def test_labels_of_the_loss_tell_its_ticks_apart(one, other):
    table = metrics([one]).assign(validation_loss=[other])
    _, texts = labels(curve("loss"), curve_rows(table, "loss"))
    after = texts[texts.index("epoch") + 1 : texts.index("Loss")]
    assert len(set(after)) == len(after)
    assert one == other or len(after) >= 3


def test_logarithmic_labels_are_powers_of_ten_over_many_decades():
    loss = np.geomspace(1, 1e-6, 50)
    table = metrics(loss).assign(validation_loss=loss)
    _, texts = labels(curve("loss", True), curve_rows(table, "loss"))
    after = texts[texts.index("epoch") + 1 : texts.index("Loss")]
    assert after
    assert all(np.log10(float(text)) % 1 == pytest.approx(0, abs=1e-9) for text in after)


def test_curves_have_colours_of_no_class():
    assert not {TRAIN, VALIDATION} & set(CLASSES)
