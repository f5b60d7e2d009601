"""The columns of a table: their names, which one is the label, and which one is left out.

Two signs in the header make the playground's own files readable again: `` [label]`` behind the name
of the label column, where nothing else would tell it; and a column ``set`` whose cells say
``train`` or ``validation``, which is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from playground.datasets.csv_text import tidy
from playground.datasets.table import TableError, is_number

MAX_COLUMNS = 256
MAX_NAME = 100
LABEL_NAMES = ("label", "class", "target", "y")
"""Names that make a column the label column when none was chosen, the first found wins; ``y``
only where no ``x`` stands beside it, for then both are coordinates."""

LABEL_MARK = " [label]"
SET_COLUMN = "set"
SETS = ("train", "validation")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_header(header: Sequence[str], place: str) -> None:
    """Check number and names of the columns.

    Args:
        header: Names, in order.
        place: What a person calls the header, such as ``row 1``.

    Raises:
        TableError: Says what is wrong, and where.
    """
    if len(header) > MAX_COLUMNS:
        raise TableError(f"the table has {len(header)} columns; at most {MAX_COLUMNS} are allowed")
    if len(header) < 2:
        raise TableError(
            "the table has one column; at least one number column and a label column are needed "
            "(separated by comma, semicolon or tab)"
        )
    if all(is_number(name) for name in header):
        raise TableError(f"{place} holds only numbers; it must name the columns")
    seen: dict[str, int] = {}
    for i, name in enumerate(header, 1):
        check_text(name, place, f"column {i}")
        if not name:
            raise TableError(f"column {i} has no name in {place}")
        if name in seen:
            raise TableError(f"columns {seen[name]} and {i} are both called {name!r}")
        seen[name] = i


def check_text(text: str, row: str, column: str) -> None:
    """Refuse a text that is too long or holds control characters.

    Raises:
        TableError: Names row and column.
    """
    if len(text) > MAX_NAME:
        raise TableError(
            f"{row}, {column}: the text has {len(text)} characters, at most {MAX_NAME} allowed"
        )
    if _CONTROL.search(text):
        raise TableError(f"{row}, {column}: {text!r} holds a control character")


def take_mark(header: Sequence[str]) -> tuple[list[str], int | None]:
    """Return the header without the mark of the label column, and where that stood, if anywhere."""
    marked = [i for i, name in enumerate(header) if name.endswith(LABEL_MARK)]
    if not marked:
        return list(header), None
    at = marked[-1]
    bare = [name.removesuffix(LABEL_MARK) if i == at else name for i, name in enumerate(header)]
    return bare, at


def label_column(header: Sequence[str], label: str | None) -> int:
    """Return which column is the label: the chosen one, or the one whose name tells, or the last.

    Raises:
        TableError: If the chosen one is not there.
    """
    if label is not None:
        wanted = tidy(str(label))
        if wanted not in header:
            raise TableError(
                f"there is no label column {label!r}; the columns are {', '.join(header)}"
            )
        return list(header).index(wanted)
    lowered = [name.lower() for name in header]
    known = [
        name for name in LABEL_NAMES if name in lowered and (name != "y" or "x" not in lowered)
    ]
    return lowered.index(known[0]) if known else len(header) - 1


def header_row(feature_names: Sequence[str], label_name: str) -> list[str]:
    """Return the header of a file, the label last and marked where a reader would take another."""
    plain = [*feature_names, label_name]
    misread = label_name.lower() == SET_COLUMN or label_column(plain, None) < len(feature_names)
    told = take_mark(plain)[1] is None and not misread
    return plain if told else [*feature_names, label_name + LABEL_MARK]


def set_column(
    header: Sequence[str], body: Sequence[Sequence[str]], label: str | None
) -> int | None:
    """Return which column says training or validation and nothing else, ``None`` if none does."""
    lowered = [name.lower() for name in header]
    if SET_COLUMN not in lowered or len(header) < 3:
        return None
    at = lowered.index(SET_COLUMN)
    if label is not None and tidy(str(label)) == header[at]:
        return None
    told = bool(body) and all(cells[at].lower() in SETS for cells in body if at < len(cells))
    return at if told else None
