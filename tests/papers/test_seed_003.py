"""The survey on robust neural ODEs: what is printed, and the computations on tiny settings."""

import numpy as np
import pytest

from playground.charts.panels import panel_chart
from playground.papers import PAPERS, Order
from playground.papers.attention import Size as Learning
from playground.papers.attention import figure_5, sets_here, table_3
from playground.papers.attention_counts import figure_6, table_4
from playground.papers.augmented import Size, figure_3, figure_4, greatest
from playground.papers.crossing import compute as crossing
from playground.papers.crossing import crossings
from playground.papers.followed import Followed
from playground.papers.robust import compute as robust
from playground.papers.robust import trainings
from playground.papers.seed_003 import EULER, IDENTITY, LATE, ODE, PAIR, WIDE
from playground.training.events import Metrics
from playground.training.robust_protocol import PROTOCOLS

REDUCED = Order("", 1, reduced=True)


def silent(what, share):
    assert 0 <= share <= 1
    assert what


def drawn(found):
    assert found.panels
    for panel in found.panels:
        assert len({len(column) for column in panel.rows.values()}) == 1
        assert panel_chart(panel.chart, panel.rows, panel.options)


def test_what_the_survey_prints():
    one, three, four = (PAPERS[f"003/table{n}"] for n in (1, 3, 4))
    # Read by hand, a figure of each corner.
    assert len(one.printed) == 45
    pgd = one.printed["accuracy", "MNIST, PGD-0.2", "CNN"]
    assert (pgd.mean, pgd.std) == (32.9, 3.7)
    last = one.printed["accuracy", "ImgNet10, PGD-5/255", "TisODE"]
    assert (last.mean, last.std) == (14.5, 1.1)
    assert three.printed["f1", "Classic attention", "CIFAR100"].mean == 0.077547
    assert three.printed["loss", "Neural ODE attention", "MNIST"].mean == 0.3699
    ratio = three.printed["ratio", "Neural ODE attention", "FashionMNIST"].mean
    assert ratio == pytest.approx(0.1031 / 1.0212)
    assert [printed.mean for printed in four.printed.values()] == [
        *(5387, 5387, 5899, 17509),
        *(3531, 3531, 3659, 6629),
    ]


def test_every_entry_is_there():
    names = [name for name in PAPERS if name.startswith("003/")]
    figures = [f"003/figure{n}" for n in (2, 3, 4, 5, 6)]
    assert sorted(names) == [*figures, "003/table1", "003/table3", "003/table4"]


def test_parameters_are_counted_to_the_unit():
    found = table_4(Order("counted", 1), silent)
    drawn(found)
    printed = PAPERS["003/table4"].printed
    assert {key: values[0] for key, values in found.values.items()} == {
        key: each.mean for key, each in printed.items()
    }
    written = table_4(Order("written", 1), silent).values
    assert all(written[key][0] > each.mean for key, each in printed.items())
    # Three matrices of 32 × 32 for queries, keys and values in the place of a score of 32 weights.
    flow = ("parameters", "MNIST", "Neural ODE attention")
    assert written[flow][0] - found.values[flow][0] == pytest.approx(3 * 32**2, rel=0.1)


def test_the_shares_of_parameters():
    found = figure_6(Order("counted", 1), silent)
    drawn(found)
    share = found.values["share", "CIFAR100", "Neural ODE attention"]
    assert share == [pytest.approx(6629 / 17509)]
    for panel in found.panels[1:]:
        assert sum(panel.rows["y"]) in (5387 * 2 + 5899 + 17509, 3531 * 2 + 3659 + 6629)


def test_crossings_are_counted():
    line = np.linspace(-1, 1, 5)
    assert crossings(line, -line) == 1
    assert crossings(line, line + 1) == 0
    assert crossings(np.array([0.0, 1, 0]), np.zeros(3)) == 0  # they meet


def test_no_ode_on_a_line_lets_two_paths_cross():
    found = crossing(Order("text", 1), silent, epochs=25)
    drawn(found)
    assert found.values["crossings", ODE, PAIR] == [0.0]
    assert found.values["crossings", IDENTITY, PAIR] == [0.0]
    assert found.values["error", ODE, PAIR][0] > 0.99
    assert found.values["error", WIDE, PAIR][0] < found.values["error", ODE, PAIR][0]
    assert found.values["crossings", EULER, PAIR][0] in (0.0, 1.0, 2.0, 3.0)


def test_the_variant_says_when_the_flow_has_to_rest():
    protocol = PROTOCOLS["reduced"]
    intervals = {}
    for variant in ("code", "text"):
        made = trainings(protocol, Order(variant, 1, reduced=True), {})
        assert [each.network.name for each in made] == ["tis_ode", "ode_net", "cnn"]
        intervals[variant] = made[0].regularizer.options.interval
        assert made[0].regularizer.options.weight == 0.01
    assert intervals == {"code": "authors", "text": "double"}


def test_three_nets_are_attacked_on_digits():
    changes = {"epochs": 1, "n_train": 60, "n_validation": 20}
    found = robust(Order("code", 1, reduced=True), silent, **changes)
    drawn(found)
    assert len(found.values) == 15
    assert all(row.startswith("MNIST") for _, row, _ in found.values)
    assert all(0 <= value <= 100 for values in found.values.values() for value in values)
    found_bars, printed = found.panels
    assert found_bars.rows["x"][0] == "clean"
    assert printed.rows["y"][:3] == [98.7, 99.4, 99.6]


def test_what_is_not_here_is_said(monkeypatch):
    monkeypatch.setattr("playground.papers.robust.cannot", lambda protocol: "there is no GPU")
    with pytest.raises(ValueError, match=r"Published: MNIST: .*reduced protocol"):
        robust(Order("code", 1), silent)


TINY = Size(n_train=40, filters=4, epochs=2, batch_size=20, rate=0.01)


def test_augmented_nets_are_followed_on_digits():
    found = figure_3(REDUCED, silent, TINY, nets=("p = 0", "p = 1"))
    drawn(found)
    column = "MNIST"
    loss = [found.values["loss", name, column][0] for name in ("p = 0", "p = 1")]
    assert found.values["loss_over", "p = 1", column] == [pytest.approx(loss[0] / loss[1])]
    assert found.values["nfe", "p = 0", column][0] >= 6
    assert "stand in the place of MNIST" in found.notes[0]


def test_jumps_are_looked_for_in_both_halves():
    found = figure_4(REDUCED, silent, TINY)
    drawn(found)
    assert len(found.values["jumps", "neural ODE", LATE]) == 1


def _metrics(epoch, loss):
    return Metrics(epoch, epoch, loss, loss, 0.5, 0.5, 6, 6, 0.1, 1.0, 1.0, 1.0)


def test_the_greatest_jump_is_over_the_least_loss_before_it():
    losses = [1.0, 0.5, 2.0, 0.25, 0.5]
    one = Followed(None, tuple(_metrics(i + 1, v) for i, v in enumerate(losses)), b"", "", "")
    assert greatest(one, 3.5, late=False) == 4.0
    assert greatest(one, 3.5, late=True) == 2.0


@pytest.fixture
def without_clothes(monkeypatch):
    monkeypatch.setattr("playground.papers.attention.presence", lambda name: "missing")


LITTLE = Learning(n_train=60, n_validation=30, epochs=1)


def test_attention_is_judged_and_timed(without_clothes):
    found = table_3(Order("counted", 1, reduced=True), silent, LITTLE)
    drawn(found)
    flow, classic = (("micro", f"{net} attention", "MNIST") for net in ("Neural ODE", "Classic"))
    ratio = found.values["ratio", "Neural ODE attention", "MNIST"][0]
    assert ratio == pytest.approx(found.values[flow][0] / found.values[classic][0])
    # Weighted by images recall is the accuracy, as in the table.
    for net in ("Neural ODE attention", "Classic attention"):
        assert found.values["recall", net, "MNIST"] == pytest.approx(
            found.values["accuracy", net, "MNIST"]
        )


def test_attention_maps_add_up_to_one(without_clothes):
    found = figure_5(Order("written", 1, reduced=True), silent, LITTLE)
    drawn(found)
    rows = found.panels[0].rows
    for name in dict.fromkeys(rows["x"]):
        column = [value for x, value in zip(rows["x"], rows["value"]) if x == name]
        assert sum(column) == pytest.approx(1, abs=1e-5)
    wide = found.values["effective", "Classic attention", "MNIST"][0]
    assert 1 <= wide <= 8


def test_without_any_images_it_is_said(without_clothes):
    with pytest.raises(ValueError, match="none of the four sets"):
        sets_here(reduced=False)
