"""The documents that the program writes of itself say what its reports say."""

import json
from pathlib import Path

import pytest

from playground.cli import main
from playground.papers import PAPERS
from playground.papers.document import grid
from playground.papers.reports import Report

ROOT = Path(__file__).resolve().parents[1]
REPORTS = sorted((ROOT / "docs" / "papers").glob("*.json"))


def test_the_page_of_the_papers_is_what_the_reports_make(capsys):
    assert main(["paper", "document", str(ROOT / "docs" / "papers")]) == 0
    page = capsys.readouterr().out
    assert page == (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")


def test_the_readme_shows_table_1_beside_the_papers():
    tree = json.loads((ROOT / "docs" / "papers" / "001-table1.json").read_text(encoding="utf-8"))
    found = Report.from_dict(tree)
    assert (found.repetitions, found.reduced, len(found.runs)) == (4, "", 56)
    assert len({run["run"] for run in found.runs}) == 56
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert grid(found, "validation_accuracy") in readme


@pytest.mark.parametrize("name", PAPERS)
def test_everything_of_the_papers_was_computed_at_least_once(name):
    assert f"{name.replace('/', '-')}.json" in {path.name for path in REPORTS}
