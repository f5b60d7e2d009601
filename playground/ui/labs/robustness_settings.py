"""What can be set in the robustness lab."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from playground.attacks import AttackSlot
from playground.experiment import DataSlot
from playground.registry import Misfit, Options, option
from playground.training.attack_images import Group
from playground.training.attack_rivals import IMAGE_RIVALS, POINT_RIVALS, SETS, TRAININGS
from playground.training.evaluation_settings import ChecklistSlot, Evaluation
from playground.training.robust_protocol import ATTACKED, PROTOCOLS
from playground.ui.labs.fitting import listed
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


def _data() -> Any:
    return Field(
        default_factory=lambda: DataSlot(name="moons"),
        title="Data",
        description="Points or images, whose classes are told apart.",
    )


def _amount(default: float, label: str, text: str, most: float = 1000) -> Any:
    return option(default, label=label, help=text, ge=0, le=most)


_LISTS = {
    "curve_nets": POINT_RIVALS,
    "curve_image_nets": IMAGE_RIVALS,
    "curve_trainings": tuple(TRAININGS),
}


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
    curve_data: DataSlot = _data()
    curve_n_train: int = option(
        1000, label="Training samples", help="Samples that are trained on.", ge=20, le=20_000
    )
    curve_n_validation: int = option(
        1000,
        label="Validation samples",
        help="Samples that only judge; the first of them are attacked.",
        ge=10,
        le=20_000,
    )
    curve_data_seed: int = option(
        1, label="Data seed", help="Seed of the samples, the same for all nets.", ge=0, le=9999
    )
    curve_nets: tuple[str, ...] = option(
        ("mlp", "rk_euler", "rk_rk4"), label="Nets", help="The nets that are trained on points."
    )
    curve_image_nets: tuple[str, ...] = option(
        IMAGE_RIVALS, label="Nets", help="The nets that are trained on images."
    )
    curve_trainings: tuple[str, ...] = option(
        ("plain",),
        label="Trained",
        help="Each net is trained in each of these ways; steady state needs a net that flows.",
    )
    curve_repetitions: int = option(
        3,
        label="Repetitions",
        help="Trainings of each net, with other initial weights and another order of the batches.",
        ge=1,
        le=20,
    )
    curve_epochs: int = option(
        15, label="Epochs", help="Passes over the training samples.", ge=1, le=500, log=True
    )
    curve_batch: int = option(
        32, label="Batch size", help="Samples in one step.", ge=1, le=1024, log=True
    )
    curve_rate: float = option(
        0.003, label="Learning rate", help="Of Adam, constant.", ge=1e-5, le=1, log=True
    )
    curve_width: int = option(
        16,
        label="Width",
        help="Components of the features; on images, channels.",
        ge=2,
        le=128,
    )
    curve_depth: int = option(
        20,
        label="Depth",
        help="Layers of the RK nets, steps of the neural ODE, of ODENet and TisODE.",
        ge=1,
        le=100,
    )
    curve_sigma: float = _amount(
        0.2,
        "Noise of the training σ",
        "Standard deviation of the noise that half of the samples get when trained on noise.",
        10,
    )
    curve_train_eps: float = _amount(
        0.1,
        "Radius of the training's attack",
        "How far inputs are moved by the attack of an adversarial training (PGD, L∞, 7 steps).",
        10,
    )
    curve_rest: float = _amount(
        0.1,
        "Weight of the steady state",
        "Factor λ of the steady-state loss.",
    )
    curve_seed: int = option(
        1, label="First weight seed", help="Seed of the first repetition.", ge=0, le=9000
    )
    curve_runs: tuple[str, ...] = option(
        (),
        label="Own runs besides",
        help="Trained runs of your own, one curve each, without a band.",
        max_length=12,
    )
    curve_top: float = _amount(
        0.0,
        "Greatest ε",
        "End of the axis; 0 goes as far as any input can be made to say nothing.",
    )
    curve_count: int = option(
        20, label="Number of ε", help="Equidistant sizes from 0 on.", ge=2, le=200
    )
    curve_noise: bool = option(
        False,
        label="Noise of the same norm",
        help="Draws the accuracy under Gaussian noise whose norm is ε, as dashed lines.",
    )
    curve_at: float = _amount(
        0.0,
        "Table at ε",
        "The nearest ε of the curves is taken; 0: where the nets lie farthest apart.",
    )

    # Sanity checks.
    checks: ChecklistSlot = Field(
        default_factory=lambda: ChecklistSlot(name="carlini"),
        title="Checks",
        description="The attack that is checked, and how hard.",
    )
    check_step: int = option(
        -1,
        label="Report of step",
        help="Optimiser step of the net whose report is shown; -1 is the newest checkpoint.",
        ge=-1,
        le=10**9,
    )

    # Table I.
    table_protocol: Literal["reduced", "fashion", "mnist", "svhn", "imgnet10"] = option(
        "reduced",
        label="Protocol",
        help="The published one needs a GPU; the reduced ones compare the order of the nets only.",
        labels={name: protocol.label for name, protocol in PROTOCOLS.items()},
    )
    table_repetitions: int = option(
        3, label="Repetitions", help="Trainings of each net; printed are 3.", ge=1, le=10
    )
    table_seed: int = option(
        1, label="First weight seed", help="Seed of the first repetition.", ge=0, le=9000
    )
    table_epochs: int = option(
        0,
        label="Epochs",
        help="Passes over the images; 0 takes as many as the protocol has.",
        ge=0,
        le=200,
    )
    table_n_train: int = option(
        0,
        label="Training images",
        help="Images that are trained on; 0 takes as many as the protocol has.",
        ge=0,
        le=80_000,
    )
    table_samples: int = option(
        ATTACKED,
        label="Attacked images",
        help="As many as there are of the images that judge; printed are 1000.",
        ge=10,
        le=10_000,
    )

    @field_validator(*_LISTS)
    @classmethod
    def _listed(cls, chosen: tuple[str, ...], info: Any) -> tuple[str, ...]:
        return listed(chosen, _LISTS[info.field_name])

    @field_validator("curve_data")
    @classmethod
    def _attacked(cls, slot: DataSlot) -> DataSlot:
        if slot.name not in SETS:
            text = f"{slot.name!r} is not legal here; legal is {', '.join(SETS)}"
            raise Misfit("", text, DataSlot(name="moons"))
        return slot

    @property
    def evaluation(self) -> Evaluation:
        """The sanity checks that are set."""
        shared = {"samples": self.samples, "seed": self.attack_seed, "source": self.source}
        return Evaluation(**self.checks.options.model_dump(), **shared)


SHEET = Sheet("robustness", Settings)
