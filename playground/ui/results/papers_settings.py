"""What can be set on the page of the papers."""

from __future__ import annotations

from pydantic import field_validator, model_validator

from playground.papers import PAPERS, Order, Paper, Study
from playground.registry import Misfit, Options, option
from playground.ui.sheet import Sheet

_FIRST = "001/table1"


class Settings(Options):
    """What is set on the page of the papers."""

    paper: str = option(_FIRST, label="Table or figure", help="What is computed anew.")
    variant: str = option(
        "",
        label="As in",
        help="Where a paper's text and its code differ: which of them is followed; empty is the usual.",
    )
    repetitions: int = option(
        0,
        label="Repetitions",
        help="Of each cell, each with new data and weights; 0 takes as many as the paper.",
        ge=0,
        le=20,
        step=1,
    )
    reduced: bool = option(
        False,
        label="Quick protocol",
        help="A quick trial with fewer points and epochs, which is not held against print.",
    )
    quantity: str = option("", label="Shown", help="What the chart shows; empty is the first.")

    @field_validator("paper")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in PAPERS:
            text = f"{name[:40]!r} is not known; legal is {', '.join(PAPERS)}"
            raise Misfit("", text, _FIRST)
        return name

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        for field, legal in (
            ("variant", self.table.variants),
            ("quantity", self.table.quantities),
        ):
            value = getattr(self, field)
            if value and value not in legal:
                text = f"{value[:40]!r} is not legal with {self.paper}; legal is {', '.join(legal)}"
                raise Misfit(field, text, "")
        return self

    @property
    def table(self) -> Paper:
        """What is computed anew."""
        return PAPERS[self.paper]

    @property
    def study(self) -> Study:
        """What is computed anew, where it is a study."""
        assert isinstance(self.table, Study)
        return self.table

    @property
    def order(self) -> Order:
        """How the study is computed."""
        return self.study.order(self.way, self.repetitions or None, reduced=self.reduced)

    @property
    def way(self) -> str:
        """The variant that is computed."""
        return self.variant or next(iter(self.table.variants))

    @property
    def shown(self) -> str:
        """The quantity that the chart shows; empty where there is none."""
        return self.quantity or next(iter(self.table.quantities), "")


SHEET = Sheet("papers", Settings)
