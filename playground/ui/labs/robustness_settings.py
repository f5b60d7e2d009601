"""What can be set in the robustness lab."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from playground.attacks import AttackSlot
from playground.registry import Options, option
from playground.training.attack_images import Group
from playground.ui.sheet import Sheet

View = Literal["attack", "curves", "checks", "table"]
Background = Literal["regions", "margin", "slope"]
VIEWS = {
    "attack": "Under attack",
    "curves": "Accuracy over ε",
    "checks": "Sanity checks",
    "table": "Table I",
}


def _attack() -> Any:
    return Field(
        default_factory=lambda: AttackSlot(name="pgd"),
        title="Attack",
        description="How the inputs are changed.",
    )


class Settings(Options):
    """What is set in the robustness lab."""

    view: View = option("attack", label="View", help="What is looked at.", labels=VIEWS)

    # All views but the table.
    run: str = option(
        "", label="Run", help="Id of the trained run; the newest that fits where it is empty."
    )
    source: str = option(
        "",
        label="Other run",
        help="Id of the run whose examples are shown to this one (transfer); none where it is empty.",
    )
    attack: AttackSlot = _attack()
    samples: int = option(
        300,
        label="Samples",
        help="Samples of the validation set that are attacked, the first ones.",
        ge=2,
        le=10_000,
    )
    attack_seed: int = option(
        0, label="Attack seed", help="Seed of what the attack draws.", ge=0, le=2**31 - 1
    )

    # Under attack.
    eps: float = option(
        0.2,
        label="ε",
        help="Size of the perturbation, in the units of the inputs; images are in [0, 1].",
        ge=0,
        le=1000,
    )
    background: Background = option(
        "regions",
        label="Background",
        help="What the net says over the plane: the class, by how much it is ahead of the second one "
        "(margin), or how fast that changes (slope).",
        labels={"regions": "regions", "margin": "margin", "slope": "slope"},
    )
    across: int = option(1, label="Across", help="Input on the horizontal axis.", ge=1, le=10_000)
    upward: int = option(2, label="Upward", help="Input on the vertical axis.", ge=1, le=10_000)
    image_draws: int = option(
        16,
        label="Draws",
        help="Of a net whose inputs are randomised, the attack follows the mean over so many draws; the "
        "net is judged by another one.",
        ge=1,
        le=64,
        log=True,
    )
    image_group: Group = option(
        "all",
        label="Images",
        help="All, those whose class the net no longer finds under the attack, or those where it does.",
        labels={"all": "all", "fooled": "fooled", "withstood": "withstood"},
    )
    image_tiles: int = option(
        9, label="Images shown", help="At most so many, side by side.", ge=1, le=48, step=1
    )
    image_magnify: Literal["auto", "fixed"] = option(
        "auto",
        label="Magnify changes",
        help="So that the greatest one is drawn in the strongest colour, or by a factor of your own, "
        "which stays the same when ε changes.",
        labels={"auto": "to full range", "fixed": "fixed"},
    )
    image_factor: float = option(
        5.0,
        label="Factor",
        help="By how much changes are multiplied; what leaves the range is cut.",
        ge=0.1,
        le=1000,
        when={"image_magnify": "fixed"},
    )

    # Accuracy over ε.

    # Sanity checks.

    # Table I.


SHEET = Sheet("robustness", Settings)
