"""Table I as data against the printed text, and what the comparison says of it."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.attacks import TISODE
from playground.datasets.images import image_folders
from playground.training.attack_curves import Spread, spread
from playground.training.attacked import attackable
from playground.training.robust_comparison import columns_of, compared, ordered, tally
from playground.training.robust_protocol import PROTOCOLS, cannot, experiments
from playground.training.robust_table import (
    NETS,
    SETS,
    SVHN_NOTE,
    TABLE_I,
    combined_error,
    order,
    pairs,
    rows_of,
    verdict,
)

# As the table is printed, line by line; a σ or an ± set by TeX is a letter here.
PRINTED = """
MNIST	σ = 100	98.7 ± 0.1	99.4 ± 0.1	99.6 ± 0.0
	FGSM-0.3	54.2 ± 1.1	71.5 ± 1.1	75.7 ± 1.4
	FGSM-0.5	15.8 ± 1.3	19.9 ± 1.2	26.5 ± 3.8
	PGD-0.2	32.9 ± 3.7	64.7 ± 1.8	67.4 ± 1.5
	PGD-0.3	0.0 ± 0.0	13.0 ± 0.2	13.2 ± 1.0
SVHN	σ = 35	90.6 ± 0.2	95.1 ± 0.1	94.9 ± 0.1
	FGSM-5/255	25.3 ± 0.6	49.4 ± 1.0	51.6 ± 1.2
	FGSM-8/255	12.3 ± 0.7	34.7 ± 0.5	38.2 ± 1.9
	PGD-3/255	32.4 ± 0.4	50.9 ± 1.3	52.0 ± 0.9
	PGD-5/255	14.0 ± 0.5	27.2 ± 1.4	28.2 ± 0.3
ImgNet10	σ = 25	92.6 ± 0.6	92.6 ± 0.5	92.8 ± 0.4
	FGSM-5/255	40.9 ± 1.8	42.0 ± 0.4	44.3 ± 0.7
	FGSM-8/255	26.7 ± 1.7	29.0 ± 1.0	31.4 ± 1.1
	PGD-3/255	28.6 ± 1.5	29.8 ± 0.4	31.1 ± 1.2
	PGD-5/255	11.2 ± 1.2	12.3 ± 0.6	14.5 ± 1.1
"""
SPREADS = st.builds(
    Spread, st.floats(0, 100), st.one_of(st.none(), st.floats(0, 20)), st.integers(2, 9)
)


def test_the_table_is_as_it_is_printed():
    data, found = "", []
    for line in PRINTED.strip().splitlines():
        first, perturbation, *cells = line.split("\t")
        data = first or data
        values = [tuple(map(float, re.findall(r"[\d.]+", cell))) for cell in cells]
        found.append((data, perturbation, dict(zip(NETS, values))))
    assert found == [(row.data, row.perturbation, row.cells) for row in TABLE_I]
    assert tuple(dict.fromkeys(row.data for row in TABLE_I)) == SETS


def test_on_svhn_the_printed_table_contradicts_its_text():
    svhn = rows_of("SVHN")
    behind = [row for row in svhn if row.cells["tis_ode"][0] < row.cells["ode_net"][0]]
    assert [row.perturbation for row in behind] == ["σ = 35"]
    assert "94.9" in SVHN_NOTE
    assert "95.1" in SVHN_NOTE
    assert order(svhn[0].printed("tis_ode"), svhn[0].printed("ode_net")) == -1


@given(SPREADS, SPREADS)
def test_a_figure_agrees_within_a_point_or_two_combined_errors(printed, found):
    judged = verdict(printed, found)
    by = abs(found.mean - printed.mean)
    if printed.std is None or found.std is None:
        assert combined_error(printed, found) is None
        assert judged.outcome == ("agrees" if by <= 1 + 1e-9 else "cannot be judged")
        return
    error = math.sqrt(printed.std**2 / printed.count + found.std**2 / found.count)
    assert judged.outcome == ("agrees" if by <= max(1, 2 * error) + 1e-9 else "differs")
    assert judged.words.startswith(judged.outcome)
    # Whoever is compared with whom, the outcome is the same.
    assert verdict(found, printed).outcome == judged.outcome


@given(SPREADS, SPREADS)
def test_reduced_figures_are_never_judged(printed, found):
    judged = verdict(printed, found, "other images")
    assert judged.outcome == "cannot be judged"
    assert "other images" in judged.words
    assert verdict(printed, None).outcome == "cannot be judged"


@given(SPREADS, SPREADS)
def test_the_order_turns_round_with_the_nets(one, other):
    forth, back = order(one, other), order(other, one)
    assert (forth is None) == (one.std is None or other.std is None)
    if forth is not None:
        assert forth == -back
        assert forth == 0 or (one.mean > other.mean) == (forth == 1)


def test_pairs_say_what_is_the_same_and_what_is_not():
    row = rows_of("MNIST")[3]  # PGD-0.2: CNN well below both flows, which are about equal
    found = {
        "cnn": Spread(80.0, 1.0, 3),
        "ode_net": Spread(50.0, 1.0, 3),
        "tis_ode": Spread(90.0, 1.0, 3),
    }
    likeness = {pair.nets: pair.likeness for pair in pairs(row, found)}
    assert likeness["ode_net", "cnn"] == "opposite order"
    assert likeness["tis_ode", "cnn"] == "same order"
    assert likeness["tis_ode", "ode_net"] == "not told apart"  # in print
    alone = pairs(row, {**found, "cnn": None})
    assert {pair.likeness for pair in alone if "cnn" in pair.nets} == {"cannot be judged"}


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_columns_stand_for_the_printed_lines(name):
    protocol = PROTOCOLS[name]
    rows = rows_of(protocol.table)
    assert len(rows) == len(protocol.columns)
    for row, column in zip(rows, protocol.columns):
        kind = row.perturbation[:3]
        assert column.label.startswith(kind)
        value = value_in(row.perturbation) * (0.5 if name == "reduced" else 1)
        assert column.eps == pytest.approx(value)
        if kind == "PGD":
            options = column.attack.options
            assert options.alpha == pytest.approx(column.eps / 5)
            assert (options.steps, options.random_start, options.loss) == (9, False, "margin")
    assert columns_of(protocol)[0].eps == 0


def value_in(perturbation):
    if perturbation.startswith("σ"):
        return float(perturbation.split()[-1]) / 255
    top, _, bottom = perturbation.split("-")[1].partition("/")
    return float(top) / float(bottom or 1)


def test_printed_attacks_on_mnist_are_the_published_ones():
    assert PROTOCOLS["mnist"].columns == TISODE


@pytest.mark.parametrize("name", ["reduced", "fashion", "mnist", "svhn"])
def test_trainings_follow_the_protocol(name):
    made = experiments(PROTOCOLS[name], 3)
    assert tuple(made) == NETS
    for net, row in made.items():
        assert [each.weight_seed for each in row] == [1, 2, 3]
        first = row[0]
        assert attackable(first)
        assert first.l2 == 5e-4
        schedule = first.schedule
        assert schedule.entry.factor(schedule.options, 0.29) == 1
        assert schedule.entry.factor(schedule.options, 0.95) == pytest.approx(0.2**3)
        assert first.hardening.name == "noise"
        assert first.hardening.options.share == 0.5
        assert (first.regularizer.name == "steady_state") == (net == "tis_ode")
    full = experiments(PROTOCOLS["mnist"], 1)["tis_ode"][0]
    assert (full.epochs, full.batch_size, full.n_train) == (100, 128, 60_000)
    assert full.optimizer.options.learning_rate == 1e-3
    assert full.regularizer.options.from_epoch == 5
    levels = [round(255 * s) for s in full.hardening.options.levels]
    assert levels == [50, 75, 100]
    tiny = experiments(PROTOCOLS["reduced"], 1, 9, epochs=1, n_train=50)["cnn"][0]
    assert (tiny.epochs, tiny.n_train, tiny.weight_seed) == (1, 50, 9)


def test_what_cannot_be_done_here_is_said():
    assert cannot(PROTOCOLS["reduced"]) == ""
    if not image_folders():
        assert "images of your own" in cannot(PROTOCOLS["imgnet10"])
    assert PROTOCOLS["imgnet10"].reduced  # other images, whatever they are


@given(st.lists(st.lists(st.floats(0, 100), max_size=4), min_size=15, max_size=15))
def test_every_printed_cell_has_one_line_and_every_pair_counts_once(values):
    protocol = PROTOCOLS["reduced"]
    keys = [(column.label, net) for column in protocol.columns for net in NETS]
    cells = dict(zip(keys, values))
    lines = compared(protocol, cells)
    assert [(line.column.label, line.net) for line in lines] == keys
    for line, own in zip(lines, values):
        assert line.found == spread(own)
        assert line.verdict.outcome == "cannot be judged"
        if own:
            assert line.difference == pytest.approx(sum(own) / len(own) - line.printed.mean)
    assert sum(tally(ordered(protocol, cells)).values()) == 15
