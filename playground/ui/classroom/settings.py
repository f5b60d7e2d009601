"""What can be set on the page of a class."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from playground.classroom import checked_code
from playground.jobs import Refused
from playground.registry import Misfit, Options, option
from playground.ui.sheet import Sheet

COSTS = {
    "seconds": "seconds of training",
    "parameters": "parameters",
    "nfe_forward": "evaluations of the field",
}
SCORES = {"accuracy": "validation accuracy (%)", "loss": "validation loss"}


class Settings(Options):
    """What is set on the page of a class."""

    code: str = option("", label="Code", help="Five letters, by which a class is joined.")
    cost: Literal["seconds", "parameters", "nfe_forward"] = option(
        "seconds",
        label="Cost",
        help="What the accuracy of a run is weighed against. Seconds depend on who else trains.",
        labels={"seconds": "Seconds", "parameters": "Parameters", "nfe_forward": "Evaluations"},
    )
    score: Literal["accuracy", "loss"] = option(
        "accuracy",
        label="Score",
        help="By what runs are compared; a regression has no accuracy.",
        labels={"accuracy": "Accuracy", "loss": "Loss"},
    )
    every: bool = option(
        False,
        label="Stopped and diverged runs as well",
        help="Runs that were not trained to their end, with what they had reached.",
    )

    @field_validator("code")
    @classmethod
    def _legal(cls, code: str) -> str:
        if not code:
            return code
        try:
            return checked_code(code)
        except Refused as refused:
            raise Misfit("", str(refused), "") from None


SHEET = Sheet("class", Settings)
