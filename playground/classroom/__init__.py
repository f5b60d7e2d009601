"""Classes: a code that students join by, what the teacher shows, and the board of their runs.

Nothing here is a secret kept from a member: whoever is in a class sees the runs on its board, and whoever
knows its code may follow what its teacher shows.
"""

from playground.classroom.board import Entry, entries_of
from playground.classroom.classes import (
    Class,
    classes_of,
    close,
    delete,
    find,
    may_open,
    open_class,
    set_rules,
    show,
    stop_showing,
    take_off,
    taken_off,
)
from playground.classroom.codes import checked_code
from playground.classroom.members import Member, class_of, join, leave, members_of
from playground.classroom.rules import NO_RULES, Rules, choices, read_rules

__all__ = [
    "NO_RULES",
    "Class",
    "Entry",
    "Member",
    "Rules",
    "checked_code",
    "choices",
    "class_of",
    "classes_of",
    "close",
    "delete",
    "entries_of",
    "find",
    "join",
    "leave",
    "may_open",
    "members_of",
    "open_class",
    "read_rules",
    "set_rules",
    "show",
    "stop_showing",
    "take_off",
    "taken_off",
]
