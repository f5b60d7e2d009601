"""The pages of the program with their views: what can be led to from elsewhere, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from playground.ui.labs import (
    attention_settings,
    images_settings,
    integrators_settings,
    lookahead_settings,
    multi_stage_settings,
    robustness_settings,
)
from playground.ui.results import sweeps_settings


@dataclass(frozen=True)
class Place:
    """A page.

    Attributes:
        label: What a person reads.
        path: Its file, by which links within the program name it.
        views: What a person reads of each of its views, by the name in the link.
    """

    label: str
    path: str
    views: Mapping[str, str] = field(default_factory=dict)


PLACES = {
    "playground": Place("Playground", "pages/play/playground.py"),
    "compare": Place("Compare", "pages/play/compare.py"),
    "class": Place("Class", "pages/play/classroom.py"),
    "integrators": Place("Integrators", "pages/labs/integrators.py", integrators_settings.VIEWS),
    "dynamics": Place("Dynamics", "pages/labs/dynamics.py"),
    "lookahead": Place("Lookahead", "pages/labs/lookahead.py", lookahead_settings.VIEWS),
    "multi_stage": Place("Multi-stage", "pages/labs/multi_stage.py", multi_stage_settings.VIEWS),
    "images": Place("Images", "pages/labs/images.py", images_settings.VIEWS),
    "attention": Place("Attention", "pages/labs/attention.py", attention_settings.VIEWS),
    "robustness": Place("Robustness", "pages/labs/robustness.py", robustness_settings.VIEWS),
    "papers": Place("Papers", "pages/results/papers.py"),
    "sweeps": Place("Sweeps", "pages/results/sweeps.py", sweeps_settings.VIEWS),
    "runs": Place("Runs", "pages/results/runs.py"),
}
"""All pages on which something is shown, by their names in links."""


def way(name: str) -> tuple[str, str, dict[str, str]]:
    """Return how to get to a place: the page's file, what a person reads, and the link's fields.

    Args:
        name: "page" or "page:view".

    Raises:
        KeyError: If there is no such page or view.
    """
    page, _, view = name.partition(":")
    place = PLACES[page]
    if not view:
        return place.path, place.label, {}
    return place.path, f"{place.label}: {place.views[view]}", {"view": view}
