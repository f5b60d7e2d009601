"""What all tests of data sets share."""

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder of each test's own, in which uploads are kept."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return tmp_path
