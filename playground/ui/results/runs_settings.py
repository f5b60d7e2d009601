"""What can be set on the page of the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import field_validator

from playground.jobs.records import ID
from playground.jobs.search import LONGEST
from playground.registry import Misfit, Options, option
from playground.ui.controls import Form
from playground.ui.sheet import Sheet

STATUSES = ("queued", "running", "paused", "finished", "stopped", "diverged", "failed")
PAGE_ROWS = 100  # of the table; more are on its next page
MOST_CHOSEN = 200
_LONGEST_VALUE, _MOST_VALUES = 60, 30  # of a filter

KINDS = {"training": "Trainings", "study": "Runs of studies", "all": "All runs"}
SORTS = {
    "created": "Newest",
    "accuracy": "Validation accuracy",
    "train_accuracy": "Training accuracy",
    "loss": "Validation loss",
    "seconds": "Seconds",
    "nfe": "NFE",
    "parameters": "Parameters",
    "epoch": "Epochs",
    "depth": "Depth",
    "width": "Width",
    "rate": "Learning rate",
    "name": "Name",
    "data": "Data",
    "network": "Network",
    "scheme": "Integrator",
    "status": "Status",
    "starred": "Star",
}
SMALLEST_FIRST = ("loss", "seconds", "nfe", "name", "data", "network", "scheme", "status")
"""Orders that people mean upwards."""


def _filter(label: str, help: str) -> Any:
    return option((), label=label, help=help)


class Settings(Options):
    """What is set on the page of the runs."""

    kind: Literal["training", "study", "all"] = option(
        "training",
        label="Kind",
        help="What somebody has trained, the many small runs of studies and sweeps, or both.",
        labels=KINDS,
    )
    search: str = option(
        "",
        label="Search",
        help="Words in name, note, tag, id or choice; or a field: depth>20, network:rk_net, "
        'accuracy>0.9, rate<=1e-3, tag:talk, note:"two arms", created>=2026-11-01; a minus before a '
        "term excludes it. Every setting is a field, such as n_train or optimizer.momentum.",
    )
    status: tuple[str, ...] = _filter("Status", "Only runs that are in one of these states.")
    data: tuple[str, ...] = _filter("Data", "Only runs on one of these data sets.")
    network: tuple[str, ...] = _filter("Network", "Only runs of one of these networks.")
    scheme: tuple[str, ...] = _filter("Integrator", "Only runs with one of these integrators.")
    tag: tuple[str, ...] = _filter("Tags", "Only runs that have one of these tags.")
    starred: bool = option(False, label="Starred", help="Only runs that are marked with a star.")
    everybody: bool = option(
        False, label="Everybody's", help="All users' runs, which the teacher's key shows."
    )
    sort: Literal[tuple(SORTS)] = option(  # type: ignore[valid-type]
        "created", label="Order", help="What the table is ordered by.", labels=SORTS
    )
    turned: bool = option(False, label="Reversed", help="The order the other way round.")
    page: int = option(1, label="Page", help="Of the table.", ge=1, le=10_000)
    chosen: tuple[str, ...] = option(
        (), label="Chosen", help="Runs that are shown below the table."
    )
    replay: bool = option(
        False, label="Replay", help="Plays the recording of the run that is chosen."
    )

    @field_validator("search")
    @classmethod
    def _short(cls, text: str) -> str:
        if len(text) > LONGEST:
            raise Misfit("", f"{len(text)} characters are not legal; at most {LONGEST} are", "")
        return text

    @field_validator("status")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in names if name not in STATUSES]
        if wrong:
            legal = tuple(name for name in names if name in STATUSES)
            text = f"{wrong[0][:40]!r} is not known; legal is {', '.join(STATUSES)}"
            raise Misfit("", text, legal)
        return names

    @field_validator("data", "network", "scheme", "tag")
    @classmethod
    def _few(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        legal = tuple(name for name in names if len(name) <= _LONGEST_VALUE)[:_MOST_VALUES]
        if legal != names:
            text = f"at most {_MOST_VALUES} names of {_LONGEST_VALUE} characters are legal"
            raise Misfit("", text, legal)
        return names

    @field_validator("chosen")
    @classmethod
    def _ids(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        legal = tuple(dict.fromkeys(each for each in ids if ID.fullmatch(each)))
        if legal != ids:
            wrong = next((each for each in ids if not ID.fullmatch(each)), "the same run twice")
            raise Misfit("", f"{wrong[:40]!r} is not the id of a run", legal)
        if len(ids) > MOST_CHOSEN:
            text = f"{len(ids)} runs are too many to choose; legal are {MOST_CHOSEN}"
            raise Misfit("", text, ids[:MOST_CHOSEN])
        return ids

    @property
    def falling(self) -> bool:
        """Whether the greatest comes first."""
        return (self.sort in SMALLEST_FIRST) is self.turned

    @property
    def filtered(self) -> bool:
        """Whether anything keeps runs off the table."""
        return any((self.search, self.starred, *(getattr(self, name) for name in FILTERS)))


FILTERS = ("status", "data", "network", "scheme", "tag")
SHEET = Sheet("runs", Settings)


def narrow(values: Mapping[str, Any]) -> None:
    """Change what the table shows, from its first page on."""
    SHEET.change({**values, "page": 1})


FORM = Form("runs:shown", narrow)
"""Controls of what the table shows."""


def clear() -> None:
    """Take search and filters away."""
    narrow({"search": "", "starred": False, **dict.fromkeys(FILTERS, ())})
