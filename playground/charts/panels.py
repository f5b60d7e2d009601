"""The pictures of papers: kinds of charts by name, each made from a title or two and rows.

A study names a kind and its options as plain values, which can be stored; here they become a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.charts.answers import answers
from playground.charts.panel_planes import flow, lines, paths, points, regions
from playground.charts.panel_tables import bars, diagram, heat
from playground.charts.parted import parted
from playground.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class PanelChart(Entry):
    """A kind of chart.

    Attributes:
        columns: Columns that the rows need; more are allowed.
        make: Returns the specification, given the rows' columns and the options by name.
    """

    columns: tuple[str, ...]
    make: Callable[..., dict[str, Any]]


PANELS: Registry[PanelChart] = Registry("picture")


def panel_chart(
    kind: str, rows: Mapping[str, Sequence[Any]], options: Mapping[str, Any], height: int = 280
) -> dict[str, Any]:
    """Return the specification of a picture, whose data are named ``rows``.

    Args:
        kind: Name of the kind.
        rows: Its data by columns.
        options: What the kind wants to know.
        height: Height in pixels.

    Raises:
        ValueError: For an unknown kind, or rows that lack a column.
    """
    if kind not in PANELS:
        raise ValueError(PANELS.unknown(kind))
    missing = [name for name in PANELS[kind].columns if name not in rows]
    if missing:
        raise ValueError(f"rows: the picture {kind!r} needs the columns {', '.join(missing)}")
    return PANELS[kind].make(rows, height=height, **options)


for _kind in (
    PanelChart(
        name="lines",
        label="Lines",
        summary="A line for each series, with a band where low and high are there.",
        columns=("x", "y", "series"),
        make=lines,
    ),
    PanelChart(
        name="points",
        label="Points",
        summary="Points of a plane by class.",
        columns=("x", "y", "series"),
        make=points,
    ),
    PanelChart(
        name="paths",
        label="Paths",
        summary="Paths through a plane by class.",
        columns=("x", "y", "t", "path", "series"),
        make=paths,
    ),
    PanelChart(
        name="regions",
        label="Regions",
        summary="Classes and their probabilities over a plane, and points.",
        columns=("kind", "x", "y", "series", "value"),
        make=regions,
    ),
    PanelChart(
        name="bars",
        label="Bars",
        summary="Groups of bars, with spread where low and high are there.",
        columns=("x", "y", "series"),
        make=bars,
    ),
    PanelChart(
        name="heat",
        label="Heat map",
        summary="Values of a table by colour.",
        columns=("x", "y", "value"),
        make=heat,
    ),
    PanelChart(
        name="diagram",
        label="Diagram",
        summary="Boxes and arrows between them.",
        columns=("kind", "x", "y", "x2", "y2", "label", "series"),
        make=diagram,
    ),
    PanelChart(
        name="parted",
        label="Curves of two parts",
        summary="A colour for each series, solid for one part and dotted for the other.",
        columns=("x", "y", "series", "part"),
        make=parted,
    ),
    PanelChart(
        name="answers",
        label="Images and answers",
        summary="Grey images with their classes and what a net took them for.",
        columns=("pixels", "truth", "guess"),
        make=answers,
    ),
    PanelChart(
        name="flow",
        label="Flow",
        summary="Directions of a field and paths through it.",
        columns=("kind", "x", "y", "x2", "y2", "t", "path", "series", "style"),
        make=flow,
    ),
):
    PANELS.add(_kind)
