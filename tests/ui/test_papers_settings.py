"""What the page of the papers lets through."""

import pytest

from playground import query
from playground.papers import PAPERS
from playground.ui.results.papers_settings import Settings


@pytest.mark.parametrize("name", PAPERS)
def test_every_table_can_be_chosen(name):
    settings, notes = query.read(Settings, {"paper": name})
    assert not notes
    assert settings.table is PAPERS[name]
    assert settings.way in settings.table.variants
    assert settings.shown in settings.table.quantities or not settings.table.quantities


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("paper", "001/table9", "'001/table9' is not known; legal is 000/table1"),
        ("variant", "guess", "'guess' is not legal with 001/table1; legal is code, text"),
        ("quantity", "nfe", "'nfe' is not legal with 001/table1; legal is train_accuracy"),
        ("repetitions", "21", "repetitions"),
    ],
)
def test_what_is_wrong_is_said_and_mended(field, value, message):
    settings, notes = query.read(Settings, {field: value})
    assert message in str(notes[0])
    assert settings == Settings(**({"repetitions": 20} if field == "repetitions" else {}))
