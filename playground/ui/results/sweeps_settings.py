"""What can be set on the page of the sweeps."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import field_validator

from playground.experiment import Experiment
from playground.presets import presets
from playground.query import LONGEST
from playground.registry import Misfit, Options, option
from playground.sweeping import Sweep
from playground.sweeping.fields import fields_of
from playground.ui.controls import Form
from playground.ui.sheet import Sheet

OWN = "own"
PLACES = (1, 2, 3)
"""Fields that the form can sweep at once; a file for the command line may have more."""
VIEWS = {"table": "Table", "map": "Heat map", "curves": "Curves", "pareto": "Pareto"}
SHOWN = {
    "validation_accuracy": "Accuracy",
    "validation_loss": "Loss",
    "seconds": "Time",
    "parameters": "Parameters",
    "nfe_forward": "NFE",
}


class Settings(Options):
    """What is set on the page of the sweeps."""

    base: str = option("spiral", label="Base", help="What every setting begins with.")
    own: str = option("", label="Own base", help="What an own base differs in from the usual.")
    field_1: str = option("network.depth", label="First field", help="What is varied.")
    values_1: str = option("", label="Its values", help="By commas; empty takes the proposal.")
    field_2: str = option("scheme", label="Second field", help="What is varied as well.")
    values_2: str = option("", label="Its values", help="By commas; empty takes the proposal.")
    field_3: str = option("", label="Third field", help="What is varied as well.")
    values_3: str = option("", label="Its values", help="By commas; empty takes the proposal.")
    repetitions: int = option(
        2,
        label="Repetitions",
        help="Trainings of each setting, each with data and weights of its own.",
        ge=1,
        le=20,
        step=1,
    )
    priority: int = option(
        0,
        label="Priority",
        help="Among your own sweeps the greater comes first. Nobody else waits longer for it.",
        ge=-5,
        le=5,
        step=1,
    )
    name: str = option("", label="Name", help="What this sweep is called.", max_length=200)
    kept: str = option("", label="Kept sweep", help="The id of a kept sweep that is shown.")
    view: Literal["table", "map", "curves", "pareto"] = option(
        "table", label="View", help="How the results are shown.", labels=VIEWS
    )
    quantity: Literal[
        "validation_accuracy", "validation_loss", "seconds", "parameters", "nfe_forward"
    ] = option("validation_accuracy", label="Shown", help="What the map shows.", labels=SHOWN)
    curve: Literal["validation_accuracy", "validation_loss"] = option(
        "validation_accuracy", label="Shown", help="What the curves show.", labels=SHOWN
    )
    cost: Literal["seconds", "parameters", "nfe_forward"] = option(
        "seconds", label="Against", help="What accuracy is weighed against.", labels=SHOWN
    )
    across: str = option("", label="Across", help="Field along the map's horizontal axis.")
    down: str = option("", label="Down", help="Field along the map's vertical axis.")

    @field_validator("base")
    @classmethod
    def _known(cls, name: str) -> str:
        legal = [*presets(), OWN]
        if name not in legal:
            text = f"{name[:40]!r} is not known; legal is {', '.join(legal)}"
            raise Misfit("", text, "spiral")
        return name

    @property
    def experiment(self) -> Experiment:
        """The base, read leniently."""
        return decoded(self.own)[0] if self.base == OWN else presets()[self.base].experiment


def encoded(experiment: Experiment) -> str:
    """Return what an experiment differs in from the usual one, as a link writes it.

    Raises:
        ValueError: If it is longer than a link may be.
    """
    chosen, plain = experiment.to_query(), Experiment().to_query()
    choices = {n: x for n, x in chosen.items() if "." not in n and plain.get(n) != x}
    # What is usual of an option depends on what it is an option of.
    usual = Experiment.from_query(choices)[0].to_query() if choices else plain
    options = {n: x for n, x in chosen.items() if n not in choices and usual.get(n) != x}
    text = urlencode(choices | options)
    if len(text) > LONGEST:
        raise ValueError(f"this experiment takes {len(text)} characters; legal is up to {LONGEST}")
    return text


def decoded(text: str) -> tuple[Experiment, list[str]]:
    """Return the experiment of an encoded text, and what had to be said of it."""
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return Experiment.from_query(fields) if fields else (Experiment(), [])


def sweep_of(settings: Settings) -> Sweep:
    """Return the sweep that is set in the form.

    Raises:
        ValueError: If it is none; the message names the field, the value and what is legal.
    """
    base = settings.experiment
    known, grid = fields_of(base), {}
    for place in PLACES:
        name, typed = getattr(settings, f"field_{place}"), getattr(settings, f"values_{place}")
        if not name:
            continue
        if name not in known:
            raise ValueError(f"{name[:60]!r} is not a field of this base; choose another one")
        if name in grid:
            raise ValueError(f"{name} is chosen twice; legal is once")
        grid[name] = known[name].read(typed)
    return Sweep(
        name=settings.name,
        base=base,
        grid=grid,
        repetitions=settings.repetitions,
        priority=settings.priority,
    )


def form_of(sweep: Sweep) -> dict[str, Any] | None:
    """Return the fields of the form that make a sweep, ``None`` where the form cannot."""
    too_many = len(sweep.grid) > len(PLACES) or sweep.repetitions > 20 or abs(sweep.priority) > 5
    if not sweep.grid or too_many or not set(sweep.grid) <= set(fields_of(sweep.base)):
        return None
    try:
        made: dict[str, Any] = {"base": OWN, "own": encoded(sweep.base), "kept": ""}
    except ValueError:
        return None
    made |= {"name": sweep.name, "repetitions": sweep.repetitions, "priority": sweep.priority}
    swept = [*sweep.grid.items(), *[("", ())] * len(PLACES)]
    for place, (name, values) in zip(PLACES, swept):
        made[f"field_{place}"] = name
        made[f"values_{place}"] = texts(values)
    return made


def texts(values: Any) -> str:
    """Return values as the form's boxes have them."""
    return ", ".join(str(x).lower() if isinstance(x, bool) else f"{x}" for x in values)


def _change(values: dict[str, Any]) -> None:
    """Change the settings; the values of a field that is chosen anew are its proposal."""
    anew = {f"values_{name[-1]}": "" for name in values if name.startswith("field_")}
    SHEET.change({**anew, **values})


SHEET = Sheet("sweeps", Settings)
FORM = Form("sweeps:", _change)
