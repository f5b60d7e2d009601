"""What draws the trials of lessons: the playground's views, a paper's table, a view of a laboratory.

A show is found by its name. The part before the dot names its file, ``shows_PART.py``, which adds its
shows to ``SHOWS`` when it is imported; it is imported when a lesson first needs it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from playground import query
from playground.lessons import Trial
from playground.registry import Entry, Registry
from playground.ui.sheet import Sheet

Control = Callable[[Any], None]
_PREFIX = "shows_"
_IN_A_ROW = 4  # so many controls stand side by side


@dataclass(frozen=True, kw_only=True)
class Show(Entry):
    """One way to draw a trial.

    Attributes:
        page: File of the page on which the same can be set freely.
        begin: Sets everything as the trial says, and then changes what the link of somebody who has
            gone on from there says.
        link: Returns what has been changed since; ``begin`` takes it.
        draw: Draws the trial, with the controls that it allows and no others.
        faults: Returns what is wrong with a trial, in words; nothing is drawn or set.
    """

    page: str
    begin: Callable[[Trial, Mapping[str, str]], None]
    link: Callable[[Trial], dict[str, str]]
    draw: Callable[[Trial], None]
    faults: Callable[[Trial], list[str]]


SHOWS: Registry[Show] = Registry("show")


def find(name: str) -> Show:
    """Return a show by its name.

    Raises:
        KeyError: If there is none; the message names those that are known.
    """
    part = name.partition(".")[0]
    if part in _parts():
        importlib.import_module(f"{__package__}.{_PREFIX}{part}")
    return SHOWS[name]


def all_shows() -> Registry[Show]:
    """Return the registry with the shows of every file in it."""
    for part in _parts():
        importlib.import_module(f"{__package__}.{_PREFIX}{part}")
    return SHOWS


def _parts() -> list[str]:
    names = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return [name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)]


def embed(
    name: str,
    *,
    label: str,
    summary: str,
    page: str,
    sheet: Sheet[Any],
    draw: Callable[[Any], None],
    controls: Mapping[str, Control] | None = None,
) -> Show:
    """Add a show that is a view of a laboratory, or of any page whose settings a sheet keeps.

    Args:
        name: The file's part, and what it shows: ``"integrators.swap"`` in shows_integrators.py.
        label: The page's name, as in "Open in: Integrators".
        summary: One sentence on what it draws.
        page: The page's file.
        sheet: The page's settings; the trial's ``settings`` are written as in its links.
        draw: Draws the view, for the settings as they are.
        controls: Draws a field that the form does not draw by itself well enough, from the settings:
            where the page has a choice of names, say.
    """
    own = dict(controls or {})

    def begin(trial: Trial, changes: Mapping[str, str]) -> None:
        sheet.take(trial.settings, changes)

    def link(trial: Trial) -> dict[str, str]:
        usual, _ = sheet.read(trial.settings)
        return differing(query.write(usual), query.write(sheet.settings))

    def drawn(trial: Trial) -> None:
        draw_controls(trial.controls, sheet.settings, sheet.form.named, own)
        draw(sheet.settings)

    def faults(trial: Trial) -> list[str]:
        settings, notes = sheet.read(trial.settings)
        if trial.experiment is not None:
            notes.append(f"the show {name!r} takes settings, not an experiment")
        legal = set(query.write(settings)) | set(own)
        return notes + [_no_field(c, legal) for c in trial.controls if c not in legal]

    return SHOWS.add(
        Show(
            name=name,
            label=label,
            summary=summary,
            page=page,
            begin=begin,
            link=link,
            draw=drawn,
            faults=faults,
        )
    )


def draw_controls(
    names: tuple[str, ...],
    model: Any,
    named: Callable[[Any, str], None],
    own: Mapping[str, Control] | None = None,
) -> None:
    """Draw the few controls of a trial side by side.

    Args:
        names: Dotted names of the fields; one that the model has not, as it is set now, is left out.
        model: The experiment, or the settings of a page.
        named: Draws the control of a field by its dotted name.
        own: What draws a field in another way.
    """
    now = query.write(model)
    shown = [name for name in names if name in now or name in (own or {})]
    for start in range(0, len(shown), _IN_A_ROW):
        row = shown[start : start + _IN_A_ROW]
        for column, name in zip(st.columns(max(len(row), 3), gap="medium"), row):
            with column:
                if own and name in own:
                    own[name](model)
                else:
                    named(model, name)


def differing(usual: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return what of flat settings differs from the usual; of a slot chosen anew, all its options."""
    changed = {name: text for name, text in chosen.items() if usual.get(name) != text}
    anew = tuple(f"{name}." for name in changed)
    return {k: v for k, v in chosen.items() if k in changed or k.startswith(anew)} if anew else {}


def unknown_controls(controls: tuple[str, ...], legal: Mapping[str, str]) -> list[str]:
    """Return a sentence for each control that is no field."""
    return [_no_field(name, set(legal)) for name in controls if name not in legal]


def _no_field(name: str, legal: set[str]) -> str:
    return f"the control {name!r} is no field; legal is {', '.join(sorted(legal))}"
