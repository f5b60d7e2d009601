"""Studies: what they come to is kept in the store, put beside print, and told again after a reload."""

import json
import time

import pandas as pd
import pytest
import vl_convert

from playground.charts.panels import PANELS, panel_chart
from playground.jobs import Reader
from playground.jobs.one_order import Told, tried
from playground.papers import PAPERS, Found, Order, Panel, Printed, Quantity, Study, study_report
from playground.papers.document import markdown
from playground.papers.reports import Report
from playground.papers.studied import Studied
from playground.papers.tasks import StudyTasks
from playground.papers.worker import work

PICTURE = Panel(
    "Errors", "lines", {"x": [1, 2], "y": [0.1, 0.01], "series": ["a", "a"]}, {"x": "n", "y": "e"}
)


def compute(order, tell):
    tell("half of it", 0.5)
    value = 80.0 if order.variant == "text" else 60.0
    values = {("accuracy", "net", "set"): [value] * order.repetitions}
    return Found(values, (PICTURE,), ("It was a short one.",), ({"row": "net", "epochs": 3.0},))


@pytest.fixture
def study(monkeypatch):
    made = Study(
        name="999/figure1",
        label="Figure 1",
        summary="Something.",
        reference="Nobody (2000), figure 1",
        rows=("net",),
        columns=("set",),
        quantities={"accuracy": Quantity("accuracy, %", point=1.0)},
        printed={("accuracy", "net", "set"): Printed(79.5)},
        variants={"text": "as told", "code": "as done"},
        repetitions=2,
        reduced_words="less of it",
        compute=compute,
        seconds=1.0,
    )
    monkeypatch.setitem(PAPERS._entries, made.name, made)
    return made


def test_an_order_takes_the_papers_choices(study):
    assert study.order() == Order("text", 2, reduced=False)
    assert study.order("code", 3, reduced=True) == Order("code", 3, reduced=True)
    with pytest.raises(
        ValueError, match="variant: 'guess' is not known of 999/figure1; legal is text"
    ):
        study.order("guess")
    with pytest.raises(ValueError, match="repetitions: 0 is not legal"):
        study.order(repetitions=0)


def test_what_came_out_is_kept_for_each_way_and_replaced(study, tmp_path):
    kept = Studied(Reader(tmp_path).store)
    for variant in ("text", "code", "text"):
        order = study.order(variant)
        kept.save(study, order, compute(order, lambda what, share: None), 2.0)
    assert len(kept.all()) == 2
    found = kept.get(study, study.order())
    (line,) = found.lines
    assert (line.mean, line.verdict.kind, found.panels) == (80.0, "agrees", (PICTURE,))
    assert kept.get(study, study.order("code")).lines[0].verdict.kind == "differs"
    assert kept.get(study, study.order(reduced=True)) is None
    with kept._store.writing() as db:
        db.execute("UPDATE studied SET found = '{}'")
    assert kept.get(study, study.order()) is None


def test_the_worker_stores_the_result_or_says_why_not(study, tmp_path):
    told = Told()
    order = {"home": str(tmp_path), "paper": study.name}
    asked = {"variant": "text", "repetitions": 2, "reduced": True}
    tried(work, {**order, "order": json.dumps(asked)}, told)
    assert (told.status, told.share) == ("finished", 0.5)
    found = Studied(Reader(tmp_path).store).get(study, study.order(reduced=True))
    assert found.lines[0].verdict.kind == "cannot be judged"
    table = Told()
    tried(work, {**order, "paper": "001/table1", "order": json.dumps(asked)}, table)
    assert table.status == "failed"
    assert "is a table" in table.reason


def test_a_process_that_cannot_compute_it_says_so(study, tmp_path):
    tasks = StudyTasks()
    try:
        task = tasks.compute("ada", tmp_path, study, study.order())
        assert tasks.compute("bob", tmp_path, study, study.order()) is task
        until = time.monotonic() + 300
        while task.runs and time.monotonic() < until:
            time.sleep(0.1)
        # The registry of the other process does not have this study.
        assert task.status == "failed"
        assert tasks.going(tmp_path, study, study.order()) is None
    finally:
        tasks.close()


def test_a_report_survives_a_file_and_makes_a_page(study):
    order = study.order()
    whole = study_report(study, order, compute(order, lambda what, share: None), 2.0, 86400.0)
    again = Report.from_dict(json.loads(json.dumps({**whole.to_dict(), "wall_seconds": 2.0})))
    assert again == whole
    page = markdown([again])
    assert "| [999/figure1](#999figure1) Figure 1 | full | 1970-01-02 | 1 | 0 | 0 |" in page
    assert "| net | set | accuracy, % | 79.50 | 80.00 ± 0.00 | agrees |" in page
    assert "It was a short one." in page


SAMPLES = {
    "lines": ({"x": [1, 2], "y": [1.0, 2.0], "series": ["a", "b"]}, {"x": "n", "y": "error"}),
    "points": ({"x": [1, 2], "y": [1.0, 2.0], "series": ["a", "b"]}, {"x": "x₁", "y": "x₂"}),
    "paths": (
        {"x": [0, 1], "y": [0, 1], "t": [0, 1], "path": [0, 0], "series": ["a", "a"]},
        {"x": "x₁", "y": "x₂"},
    ),
    "regions": (
        {
            "kind": ["cell", "cell", "point"],
            "x": [0.0, 1.0, 0.5],
            "y": [0.0, 0.0, 0.1],
            "series": ["0", "1", "1"],
            "value": [0.7, 0.9, None],
        },
        {"x": "x₁", "y": "x₂", "step_x": 1.0, "step_y": 1.0},
    ),
    "bars": ({"x": ["a", "b"], "y": [1.0, 2.0], "series": ["s", "s"]}, {"x": "", "y": "count"}),
    "heat": (
        {"x": [1, 2], "y": [1, 1], "value": [0.1, 0.2]},
        {"x": "k", "y": "rate", "value": "steps", "labels": True},
    ),
    "diagram": (
        {
            "kind": ["box", "box", "part", "edge"],
            "x": [0.0, 1.0, 0.0, 0.5],
            "y": [0.0, 0.0, 0.0, -0.5],
            "x2": [None, None, 0.5, 1.0],
            "y2": [None, None, -0.5, 0.0],
            "label": ["block 1", "block 2", "3/2", ""],
            "series": ["block", "block", "skip", "skip"],
        },
        {},
    ),
    "parted": (
        {
            "x": [1, 2, 1, 2],
            "y": [1.0, 0.5, 1.1, 0.7],
            "series": ["net"] * 4,
            "part": ["validation", "validation", "training", "training"],
        },
        {"x": "epoch", "y": "cost"},
    ),
    "answers": (
        {"pixels": ["00ff8040", "ffffffff"], "truth": ["0", "6"], "guess": ["0", "0"]},
        {"side": 2},
    ),
    "flow": (
        {
            "kind": ["arrow", "path", "path"],
            "x": [0.0, 0.0, 1.0],
            "y": [0.0, 0.0, 1.0],
            "x2": [0.1, None, None],
            "y2": [0.1, None, None],
            "t": [None, 0.0, 1.0],
            "path": [None, "a", "a"],
            "series": ["field", "from 0", "from 0"],
            "style": [None, "ODE", "ODE"],
        },
        {"x": "t", "y": "h"},
    ),
}


@pytest.mark.parametrize("kind", PANELS)
def test_every_kind_of_picture_is_drawn(kind):
    rows, options = SAMPLES[kind]
    chart = panel_chart(kind, rows, options)
    records = pd.DataFrame(rows).to_dict("records")
    given = {**chart, "datasets": {**chart.get("datasets", {}), "rows": records}, "width": 400}
    assert vl_convert.vegalite_to_svg(given).count("aria-roledescription") > 2
    with pytest.raises(ValueError, match="needs the columns"):
        panel_chart(kind, {}, options)


def test_a_band_is_drawn_where_there_is_a_spread():
    rows = {
        "x": [1, 2],
        "y": [1.0, 2.0],
        "low": [0.5, 1.0],
        "high": [2.0, 3.0],
        "series": ["a", "a"],
    }
    chart = panel_chart("lines", rows, {"x": "epoch", "y": "cost", "log_y": True})
    assert "area" in json.dumps(chart)


def test_an_unknown_kind_is_said():
    with pytest.raises(ValueError, match="unknown picture 'pie'; known are lines"):
        panel_chart("pie", {}, {})
