"""What people type to come into a class: its code, and what they are called in it."""

from __future__ import annotations

import secrets
import unicodedata

from playground.jobs.records import Refused

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which are read as 1 and 0
LENGTH = 5  # eight million codes: short enough to be read from a wall
LONGEST_NICKNAME, LONGEST_NAME = 30, 60
_SHOWN = 20  # characters of a code that a message repeats


def new_code() -> str:
    """Return a random code: five letters that cannot be taken for one another."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def checked_code(text: str) -> str:
    """Return a code as it is kept, however it was typed: in small letters, with blanks or hyphens.

    Raises:
        Refused: If it cannot be the code of a class.
    """
    code = "".join(text.upper().split()).replace("-", "")
    if len(code) != LENGTH or not set(code) <= set(LETTERS):
        raise Refused(
            f"{text[:_SHOWN]!r} is not the code of a class; legal are {LENGTH} letters, none of them "
            "I or O"
        )
    return code


def checked_nickname(text: str) -> str:
    """Return a nickname as it is kept: in one line, without what cannot be seen.

    Raises:
        Refused: If nothing is left, or it is longer than 30 characters.
    """
    return _line(text, "nickname", LONGEST_NICKNAME)


def checked_name(text: str) -> str:
    """Return the name of a class as it is kept; as ``checked_nickname``, up to 60 characters."""
    return _line(text, "name of the class", LONGEST_NAME)


def alike(nickname: str) -> str:
    """Return what two nicknames have in common that people would take for one another."""
    return unicodedata.normalize("NFKC", nickname).casefold()


def _line(text: str, what: str, longest: int) -> str:
    # Of category C are control characters, surrogates, and those that turn the direction of writing;
    # some of the first part words, as a line break does.
    kept = (
        " " if letter.isspace() else letter
        for letter in text
        if letter.isspace() or unicodedata.category(letter)[0] != "C"
    )
    seen = unicodedata.normalize("NFC", " ".join("".join(kept).split()))
    if not seen:
        raise Refused(f"the {what} is empty; legal are 1 to {longest} characters")
    if len(seen) > longest:
        raise Refused(f"the {what} has {len(seen)} characters; legal are 1 to {longest}")
    return seen
