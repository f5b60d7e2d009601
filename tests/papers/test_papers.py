"""Tables of papers: what they ask for, what is printed in them, and what a comparison says."""

import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.cli import main
from playground.experiment import Experiment
from playground.papers import PAPERS, Outcome, Table, judge, report, trainings
from playground.papers.running import here
from playground.training.events import Metrics

TABLES = {name: paper for name, paper in PAPERS.items() if isinstance(paper, Table)}
VARIANTS = [(name, variant) for name, paper in TABLES.items() for variant in paper.variants]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_cell_is_an_experiment_of_its_own(name, variant):
    paper = PAPERS[name]
    made = trainings(paper, variant)
    assert len(made) == len(paper.cells) * paper.repetitions
    assert len({training.experiment for training in made}) == len(made)
    for training in made:
        again = Experiment.model_validate_json(training.experiment.model_dump_json())
        assert again == training.experiment
    seeds = {(t.experiment.data_seed, t.experiment.weight_seed) for t in made}
    assert len(seeds) == paper.repetitions  # the same for all cells, new data for each repetition


@pytest.mark.parametrize("name", PAPERS)
def test_what_is_printed_has_a_cell_and_a_quantity(name):
    paper = PAPERS[name]
    for quantity, row, column in paper.printed:
        assert quantity in paper.quantities
        assert (row, column) in paper.cells
    assert bool(paper.cells) == bool(paper.quantities)
    assert paper.reference
    assert paper.variants


@pytest.mark.parametrize("name", TABLES)
def test_tables_take_figures_from_trainings_and_have_a_quick_protocol(name):
    paper = PAPERS[name]
    assert paper.printed
    for quantity in paper.quantities.values():
        assert quantity.field in Metrics.__dataclass_fields__
    assert paper.reduced_words
    quick = trainings(paper, repetitions=1, reduced=True)
    assert len(quick) == len(paper.cells)


def test_the_settings_are_those_of_the_paper():
    (one,) = [
        t.experiment
        for t in trainings(PAPERS["001/table1"], "code", 1)
        if t.cell == ("RK4Net", "100")
    ]
    assert (one.batch_size, one.epochs, one.n_train, one.n_validation) == (5, 40, 1500, 1500)
    assert one.early_stop
    assert (one.network.options.step, one.network.options.lift) == (0.05, "random")
    text = trainings(PAPERS["001/table1"], "text", 1)[-1].experiment.network.options
    assert (text.step_by, text.horizon, text.lift, text.depth) == ("horizon", 1.0, "zeros", 100)


@pytest.mark.parametrize(
    ("name", "key", "mean", "std"),
    [
        ("001/table1", ("validation_accuracy", "StandardNet", "40"), 48.92, None),
        ("001/table1", ("train_accuracy", "RK4Net", "1"), 75.60, None),
        ("001/table2", ("train_cost", "RK4Net", "100"), 0.01, None),
        ("001/table3", ("validation_accuracy", "RK4Net", "donut 2D & 6C"), 74.92, 0.89),
        ("001/table4", ("validation_cost", "EulerNet", "squares 3D & 4C"), 2.71, None),
    ],
)
def test_some_figures_as_they_are_printed(name, key, mean, std):
    printed = PAPERS[name].printed[key]
    assert (printed.mean, printed.std) == (mean, std)


def test_a_figure_that_is_not_legible_is_left_out():
    assert ("validation_cost", "RK4Net", "100") not in PAPERS["001/table2"].printed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variant": "guess"}, "variant: 'guess' is not known of 001/table1; legal is code, text"),
        ({"repetitions": 0}, "repetitions: 0 is not legal"),
    ],
)
def test_what_cannot_be_asked_is_said(changes, message):
    with pytest.raises(ValueError, match=message):
        trainings(PAPERS["001/table1"], **changes)


@pytest.mark.parametrize(
    ("values", "printed", "std", "point", "kind"),
    [
        ([99.0, 99.4], 99.9, None, 1.0, "agrees"),
        ([98.0, 98.4], 99.9, None, 1.0, "differs"),
        ([75.0, 76.0, 74.0, 75.0], 74.92, 0.89, 1.0, "agrees"),
        ([75.0, 76.0, 74.0, 75.0], 79.0, 0.89, 1.0, "differs"),
        ([75.0], 75.0, 0.89, 1.0, "cannot be judged"),
        ([5.0, 5.2], 5.1, None, None, "agrees"),
        ([5.0], 5.1, None, None, "cannot be judged"),
        ([], 5.1, None, 1.0, "cannot be judged"),
        ([5.0, 5.0], None, None, 1.0, "cannot be judged"),
        ([math.nan, 5.0], 5.5, None, 1.0, "agrees"),
    ],
)
def test_verdicts(values, printed, std, point, kind):
    assert judge(values, printed, std, 4, point=point).kind == kind


@pytest.mark.parametrize(
    ("value", "printed", "relation", "exact", "kind"),
    [
        (11_000_522.0, 11_000_522.0, "=", True, "agrees"),
        (11_000_521.0, 11_000_522.0, "=", True, "differs"),
        (79.9, 80.0, "≤", False, "agrees"),
        (80.1, 80.0, "≤", False, "differs"),
        (95.0, 90.0, "≥", False, "agrees"),
        (89.0, 90.0, "≥", True, "differs"),
    ],
)
def test_counts_agree_to_the_unit_and_claims_are_bounds(value, printed, relation, exact, kind):
    assert judge([value], printed, None, 1, point=1.0, relation=relation, exact=exact).kind == kind


@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=8),
    st.floats(-100, 100),
    st.floats(0, 10),
    st.integers(1, 8),
)
def test_the_tolerance_is_two_combined_standard_errors(values, printed, std, count):
    found = judge(values, printed, std, count, point=1.0)
    wanted = 2 * math.hypot(
        statistics.stdev(values) / math.sqrt(len(values)), std / math.sqrt(count)
    )
    difference = statistics.fmean(values) - printed
    assert found.tolerance == pytest.approx(wanted, abs=1e-9)
    assert found.difference == pytest.approx(difference)
    if abs(abs(difference) - wanted) > 1e-6:
        assert found.kind == ("agrees" if abs(difference) < wanted else "differs")


def metrics(accuracy):
    shared = dict.fromkeys(Metrics.__dataclass_fields__, 0.0)
    return Metrics(**{**shared, "validation_accuracy": accuracy, "epoch": 40.0, "seconds": 2.0})


def test_a_report_puts_means_beside_print_and_lists_every_run():
    paper = PAPERS["001/table1"]
    made = trainings(paper, "code", 2)
    outcomes = [
        Outcome(f"run{i}", "finished", "done", metrics(0.9 + 0.02 * (i % 2)))
        for i in range(len(made))
    ]
    outcomes[0] = Outcome("run0", "failed", "no memory", None)
    found = report(paper, made, outcomes, variant="code", reduced=False)
    assert [run["run"] for run in found.runs] == [f"run{i}" for i in range(28)]
    assert found.runs[0] == {
        "row": "StandardNet",
        "column": "1",
        "repetition": 1,
        "run": "run0",
        "epochs": 0.0,
        "status": "failed",
        "reason": "no memory",
    }
    first, second = [line for line in found.lines if line.quantity == "validation_accuracy"][:2]
    assert first.values == (None, pytest.approx(92.0))
    assert (first.mean, first.std) == (pytest.approx(92.0), None)
    assert (second.mean, second.std) == (pytest.approx(91.0), pytest.approx(math.sqrt(2)))
    assert second.verdict.kind == "differs"  # 92.50 is printed
    assert second.verdict.difference == pytest.approx(-1.5)
    assert found.count("agrees") + found.count("differs") == len(found.lines)
    assert found.seconds == 2.0 * 27
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_reduced_protocol_is_never_held_against_print():
    paper = PAPERS["001/table3"]
    made = trainings(paper, "code", 2, reduced=True)
    outcomes = [Outcome("", "finished", "done", metrics(0.75))] * 2
    found = report(paper, made, outcomes, variant="code", reduced=True)
    assert found.count("cannot be judged") == len(found.lines)
    assert found.reduced == paper.reduced_words
    assert all("reduced" in line.verdict.words for line in found.lines)


def test_trainings_here_keep_their_order():
    paper = PAPERS["001/table1"]
    made = [
        t
        for t in trainings(paper, "code", 1, reduced=True)
        if t.cell in (("StandardNet", "1"), ("RK4Net", "3"))
    ]
    told = []
    found = here(made, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    alone = [here([training])[0] for training in made]
    for ours, theirs in zip(found, alone):
        assert ours.metrics.validation_loss == theirs.metrics.validation_loss
    assert found[0].metrics.validation_loss != found[1].metrics.validation_loss


def test_a_table_is_computed_by_the_command_line(capsys):
    command = "paper run 001/table3 --reduced --repetitions 2 --here --json"
    assert main(command.split()) == 0
    *words, line = capsys.readouterr().out.strip().splitlines()
    found = json.loads(line)
    assert "Reduced protocol" in "\n".join(words)
    assert (found["paper"], found["variant"], found["repetitions"]) == ("001/table3", "code", 2)
    assert [run["status"] for run in found["runs"]] == ["finished", "finished"]
    (accuracy,) = [x for x in found["lines"] if x["quantity"] == "validation_accuracy"]
    assert accuracy["mean"] == pytest.approx(statistics.fmean(accuracy["values"]))
    assert 30 < accuracy["mean"] < 78  # of six classes; no net beats the Bayes classifier's 77.9 %


def test_tables_are_listed(capsys):
    assert main(["paper", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == list(PAPERS)
    by_name = {each["name"]: each for each in listed}
    assert by_name["001/table1"]["trainings"] == 56


def test_an_unknown_table_is_said(capsys):
    assert main(["paper", "run", "001/table9"]) == 2
    assert "unknown paper '001/table9'" in capsys.readouterr().err
