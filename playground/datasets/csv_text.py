"""From the bytes of a CSV file to rows of cells, and cells as a file holds them.

Spreadsheets write CSV in several ways: with semicolons where the comma is the decimal sign, with a
byte order mark, in UTF-16. What can be told apart for certain is read, the rest is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from playground.datasets.table import TableError, is_number

MAX_BYTES = 10_000_000

# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠]")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")


def decode(data: bytes | str) -> str:
    """Return the text of a file: UTF-8, or UTF-16 and UTF-32 that say so by a byte order mark.

    Raises:
        TableError: If the file is too large or in another encoding; names the row where that shows.
    """
    if len(data) > MAX_BYTES:
        raise TableError(f"the file has {len(data)} bytes; at most {MAX_BYTES} are allowed")
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None and b"\x00" in data:
        row = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise TableError(
            f"row {row} holds zero bytes, as UTF-16 without a byte order mark does; "
            "save the file as CSV with the encoding UTF-8"
        )
    try:
        return data.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        name = (encoding or "utf-8").upper()
        raise TableError(
            f"row {row} is not {name} text (byte 0x{data[error.start]:02x}); "
            "save the file as CSV with the encoding UTF-8"
        ) from None


def separator_of(text: str) -> str:
    """Return whichever of comma, semicolon and tab stands most often in the first row, unquoted."""
    start = re.sub(r'"[^"]*"', "", text.lstrip()[:100_000])
    return max(",;\t", key=re.split(r"[\r\n]", start, maxsplit=1)[0].count)


def records(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV text, the reader's errors as table errors."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 0
    while True:
        row += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableError(f"row {row} cannot be read as CSV: {error}") from None
        yield record


def tidy(cell: str) -> str:
    """Return a cell without byte order marks and with single blanks only."""
    return " ".join(cell.replace("\ufeff", "").split())


def guarded(text: str) -> str:
    """Return a text as a spreadsheet takes it for a text: one that would be a formula gets a quote.

    A cell that begins with ``=``, ``+``, ``-`` or ``@`` is calculated when the file is opened there,
    unless an apostrophe stands before it. :func:`unguarded` takes it off again.
    """
    return f"'{text}" if _FORMULA.match(text) and not is_number(text) else text


def unguarded(text: str) -> str:
    """Return a text without the apostrophe that :func:`guarded` put before it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def has_decimal_comma(cell: str) -> bool:
    """Tell whether a cell is a number with a comma for its decimal sign."""
    return bool(_DECIMAL_COMMA.fullmatch(cell))
