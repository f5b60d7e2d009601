"""The tables as earlier versions of the program made them."""

from playground.jobs.schema import OF_CLASSES, REPORTS, SCHEMA, STUDIED, SWEEPS, TAGS

_OF_ITS_OWNER = """,
    -- what its owner says of it
    starred INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    removed REAL,
    priority INTEGER NOT NULL DEFAULT 0
"""
_RECORDING = ",\n    recording TEXT,\n    recording_size INTEGER NOT NULL DEFAULT 0\n"
# What the version of each number added; the last words of what stands in its place are before it.
_ADDED = {
    5: tuple(reversed(OF_CLASSES)),
    4: (TAGS, SWEEPS, STUDIED, _OF_ITS_OWNER),
    3: (REPORTS,),
    2: (_RECORDING,),
}


def schema_of(version: int) -> str:
    """Return the statements that made a store of an earlier version."""
    text = SCHEMA
    for added in (part for number, parts in _ADDED.items() if number > version for part in parts):
        assert added in text
        text = text.replace(added, "\n" if added.startswith(",") else "")
    return text
