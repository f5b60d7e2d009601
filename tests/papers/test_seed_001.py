"""Seed 001: printed figures as read by hand, what is trained for them, and what is made of the nets."""

import numpy as np
import pytest
import torch

from playground.papers import PAPERS, Order, Table, seed_001_workings, trainings
from playground.papers.curves_of_nets import (
    answers_panel,
    band_panel,
    epochs_to_reach,
    epochs_to_settle,
    parted_panel,
)
from playground.papers.figures_of_nets import first_below, seen_by, spread, train_nets
from playground.papers.pictures_of_nets import (
    final_panel,
    in_perspective,
    layers_panels,
    paths_panel,
    plane_panel,
    prediction_panel,
)
from playground.papers.seed_001 import experiment_of
from playground.papers.seed_001_shared import last_figures, repeated
from playground.papers.seed_001_workings import least_depth

TINY = {"n_train": "40", "n_validation": "30", "epochs": "2", "batch_size": "20"}
ENTRIES = [name for name in PAPERS if name.startswith("001/")]


def silent(what, share):
    """Take progress and say nothing."""


@pytest.fixture(scope="module")
def nets():
    """Two repetitions of a RK4Net on the donut with six classes, barely trained."""
    data = {"name": "donut_multiclass", "options": {"dim": 2, "classes": 6}}
    cells = {("RK4Net", "donut"): experiment_of("RK4Net", data, 4, "code", width=5)}
    places, experiments = repeated(cells, Order("code", 2, reduced=True), TINY)
    return places, train_nets(experiments, silent)


def test_every_table_and_figure_of_the_paper_is_there():
    wanted = [f"001/table{i}" for i in range(1, 7)] + [f"001/figure{i}" for i in range(2, 19)]
    assert set(wanted) <= set(ENTRIES)
    assert sum("claim" in name for name in ENTRIES) >= 8


@pytest.mark.parametrize(
    ("name", "key", "mean", "std"),
    [
        ("001/table5", ("train_accuracy", "28²", "MNIST"), 97.70, 2.80),
        ("001/table5", ("validation_cost", "30²", "MNIST"), 5.36, 0.46),
        ("001/table6", ("validation_accuracy", "StandardNet", "Fashion-MNIST"), 61.23, 6.00),
        ("001/table6", ("validation_cost", "EulerNet", "MNIST"), 5.71, 0.36),
        ("001/figure9", ("validation_accuracy", "RK4Net", "donut 2D & 6C"), 74.92, 0.89),
        ("001/figure12", ("validation_cost", "EulerNet", "donut 3D & 6C"), 5.67, None),
    ],
)
def test_some_figures_as_they_are_printed(name, key, mean, std):
    printed = PAPERS[name].printed[key]
    assert (printed.mean, printed.std) == (mean, std)


@pytest.mark.parametrize("number", [10, 11, 12, 13])
def test_figures_repeat_what_table_4_prints(number):
    paper, table = PAPERS[f"001/figure{number}"], PAPERS["001/table4"]
    for key, printed in paper.printed.items():
        assert printed.mean == table.printed[key].mean


def test_the_images_are_trained_on_as_in_the_paper_and_the_stand_ins_as_deep():
    full = {t.cell: t.experiment for t in trainings(PAPERS["001/table6"], "code", 1)}
    quick = {t.cell: t.experiment for t in trainings(PAPERS["001/table6"], "text", 1, reduced=True)}
    for cell, one in full.items():
        options, small = one.network.options, quick[cell].network.options
        assert (one.n_train, one.n_validation, one.batch_size, one.patience) == (1500, 1500, 5, 0.1)
        assert (options.width, small.width) == (900, 100)
        assert options.depth == small.depth == (5 if cell[0] == "StandardNet" else 100)
        assert one.data.name == {"MNIST": "mnist"}.get(cell[1], "fashion_mnist")
    assert quick["RK4Net", "MNIST"].data.name == "digits"
    widths = [
        t.experiment.network.options.width for t in trainings(PAPERS["001/table5"], "code", 1)
    ]
    assert widths == [28**2, 30**2]


def test_the_claim_on_95_percent_is_of_the_trainings_of_table_4():
    def experiments(name):
        return [t.experiment for t in trainings(PAPERS[name], "code", 2)]

    assert experiments("001/claim_noise") == experiments("001/table4")


def test_nets_come_back_as_they_were_judged(nets):
    places, trained = nets
    values = last_figures(places, trained, {"validation_accuracy": ("validation_accuracy", 100.0)})
    for net, told in zip(trained, values["validation_accuracy", "RK4Net", "donut"]):
        guesses = net.probabilities(net.split.x_validation).argmax(axis=1)
        assert 100 * (guesses == net.split.y_validation).mean() == pytest.approx(told)
        assert [metrics.epoch for metrics in net.history] == [0.0, 1.0, 2.0]
        x = net.split.x_validation
        assert np.allclose(net.states(x)[-1], net.final(x), atol=1e-6)
        assert np.allclose(net.classified(net.final(x)), net.probabilities(x), atol=1e-5)
        with torch.no_grad():
            moved = max(
                float((a - b).abs().max())
                for a, b in zip(net.net.parameters(), net.fresh().net.parameters())
                if a.shape == net.net.weight.shape
            )
        assert moved > 0
    assert (trained[0].split.x_train != trained[1].split.x_train).any()


def test_a_net_that_cannot_be_trained_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_ONLINE", "0")
    monkeypatch.delenv("PLAYGROUND_IDX", raising=False)
    wanted = experiment_of("StandardNet", "mnist", 2, "code", width=784)
    with pytest.raises(ValueError, match="MNIST"):
        train_nets([wanted.amended(TINY)], silent)


def test_one_basis_serves_all_layers_and_keeps_distances_of_the_plane():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(4, 50, 2)) @ rng.normal(size=(2, 7)) + 3.0
    seen = seen_by(flat)
    drawn = seen.of(flat)
    assert sum(seen.shares[:2]) == pytest.approx(1)
    assert np.allclose(drawn[..., 2], 0, atol=1e-9)
    given = np.linalg.norm(flat[1, 0] - flat[3, 9])
    assert np.linalg.norm(drawn[1, 0] - drawn[3, 9]) == pytest.approx(given)
    assert np.allclose(seen.back(drawn[2, :, :2]), flat[2])
    plane = rng.normal(size=(2, 5, 2))
    assert np.allclose(seen_by(plane).of(plane)[..., :2], plane)


def test_perspective_shows_heights_upright():
    low, high = in_perspective(np.array([[0.3, -1.0, 0.0], [0.3, -1.0, 2.0]]))
    assert low[0] == pytest.approx(high[0])
    assert high[1] - low[1] == pytest.approx(2 * np.cos(np.pi / 6))


def test_spread_is_of_the_points_at_each_layer():
    states = np.array([[[0.0, 0.0], [6.0, 8.0]], [[1.0, 1.0], [1.0, 1.0]]])
    assert spread(states) == pytest.approx([5.0, 0.0])
    assert first_below(np.array([5.0, 1.0, 0.4, 3.0]), 0.1) == 2
    assert first_below(np.array([5.0, 1.0]), 0.1) is None


@pytest.mark.parametrize(
    ("accuracies", "least"),
    [([75, 89, 90], 3.0), ([89, 75, 90], 5.0), ([89, 90, 75], None), ([90, 90, 90], 1.0)],
)
def test_the_least_depth_is_the_one_from_which_on_all_suffice(accuracies, least):
    assert least_depth((1, 3, 5), accuracies) == least


def test_pictures_hold_what_was_asked_for(nets):
    _, trained = nets
    net = trained[0]
    seen = seen_by(net.states(net.split.x_validation))
    panels = [
        prediction_panel("p", net, cells=6),
        plane_panel("q", net, seen, cells=6),
        final_panel("f", net, seen),
        paths_panel("w", net, most=7),
        *layers_panels(net, (0, 4), "RK4Net"),
    ]
    for panel in panels:
        (length,) = {len(column) for column in panel.rows.values()}
        assert length > 0
        assert None not in [*panel.rows["x"], *panel.rows["y"]]
    cells = panels[0].rows
    assert cells["kind"].count("cell") == 36
    middle = np.array([[cells["x"][7], cells["y"][7]]])
    assert cells["value"][7] == pytest.approx(net.probabilities(middle).max(), abs=1e-3)
    assert max(panels[3].rows["path"]) == 6
    first, last = panels[-2:]
    assert first.options["domain_x"] == last.options["domain_x"]


def test_curves_are_means_over_the_repetitions(nets):
    _, trained = nets
    accuracies = [100 * net.history[1].validation_accuracy for net in trained]
    band = band_panel({"RK4Net": trained}, "accuracy", 2).rows
    assert band["x"] == [1, 2]
    assert band["y"][0] == pytest.approx(np.mean(accuracies), abs=0.01)
    assert band["high"][0] - band["y"][0] == pytest.approx(np.std(accuracies, ddof=1), abs=0.01)
    parted = parted_panel({"RK4Net": trained}, "cost", 1).rows
    assert parted["part"] == ["validation"] * 2 + ["training"] * 2
    assert epochs_to_settle(trained[0], points=200.0) == 0.0
    reached = [100 * metrics.validation_accuracy for metrics in trained[0].history]
    assert epochs_to_reach(trained[0], max(reached)) == float(np.argmax(reached))
    assert epochs_to_reach(trained[0], max(reached) + 0.1) is None


def test_images_are_told_with_mistakes_last():
    images = experiment_of("StandardNet", "digits", 1, "code", width=12)
    (net,) = train_nets(
        [images.amended({"n_train": "200", "n_validation": "60", "epochs": "3"})], silent
    )
    rows = answers_panel(net, "a", shown=6, wrong=1).rows
    assert rows["truth"][:5] == rows["guess"][:5]
    assert rows["truth"][5] != rows["guess"][5]
    assert all(len(bytes.fromhex(pixels)) == 64 for pixels in rows["pixels"])


def test_the_adjoint_is_exact_and_integrating_backward_is_not():
    found = PAPERS["001/claim_adjoint"].compute(Order("text", 1), silent)
    for (_, scheme, column), (difference,) in found.values.items():
        assert (difference < 1e-12) == (column != "backward"), (scheme, column)


@pytest.mark.parametrize("name", ["001/figure2", "001/figure8"])
def test_data_sets_are_drawn_whole(name):
    found = PAPERS[name].compute(Order("text", 1), silent)
    assert len(found.panels) == (4 if name.endswith("2") else 6)
    assert {len(panel.rows["x"]) for panel in found.panels} == {1500}


STUDIES = [
    name
    for name in ENTRIES
    if not isinstance(PAPERS[name], Table)
    and name not in ("001/figure2", "001/figure8", "001/claim_adjoint")
]


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_comes_to_figures_of_its_own_cells(name, monkeypatch):
    """Each is computed with nets of few layers and few epochs: what is tested is that it all fits."""
    from playground.papers import figures_of_nets

    def tiny(experiments, tell, **options):
        small = [
            each.amended({**TINY, "network.depth": str(min(each.network.options.depth, 20))})
            if name == "001/figure5"
            else each.amended({**TINY, "network.depth": "2"})
            for each in experiments
        ]
        return train_nets(small, tell, **options)

    monkeypatch.setattr(figures_of_nets, "train_nets", tiny)
    monkeypatch.setattr(seed_001_workings, "_LAYERS", (1, 20))
    study = PAPERS[name]
    found = study.compute(study.order(repetitions=1, reduced=True), silent)
    for quantity, row, column in found.values:
        assert quantity in study.quantities
        assert (row, column) in study.cells
    assert set(study.printed) <= set(found.values)
    assert len(found.runs) > 0
