"""What an evaluation is set to, what it takes, and what it needs of another net."""

import math
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError

from playground.attacks import checklist
from playground.experiment import Experiment
from playground.query import read, write
from playground.training.attacked import Subject, subject_of
from playground.training.evaluation_settings import ChecklistOptions, Evaluation
from playground.training.evaluations import (
    alike,
    epsilons_of,
    evaluate,
    facts_of,
    fixed_twin,
    load_of,
)
from playground.training.trainer import make_net

SMALL = {"n_train": 20, "n_validation": 40, "network": {"name": "mlp", "options": {"width": 4}}}


def untrained(**values: object) -> Subject:
    experiment = Experiment.model_validate({**SMALL, "data": "moons", **values})
    return subject_of(experiment, make_net(experiment).state_dict(), 40)


class Counting:
    """A model that is always right about class 0, and counts what it is asked."""

    def __init__(self) -> None:
        self.gradients = self.logits = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            self.gradients += len(x)
        else:
            self.logits += len(x)
        return torch.stack([1e3 + x.sum(1), -x.sum(1)], dim=1)


@pytest.mark.parametrize("restarts", [1, 4])
@pytest.mark.parametrize("others", [0, 1])
def test_the_load_is_what_models_are_asked(restarts: int, others: int) -> None:
    options = ChecklistOptions(
        steps=3,
        restarts=restarts,
        count=5,
        retries=3,
        spsa_samples=4,
        spsa_steps=2,
        spsa_directions=6,
    )
    model, x = Counting(), torch.rand(10, 3)
    epsilons = [0, 0.1, 0.2, 0.3, 0.4]
    more = {"source": model} if others else {}
    checklist(
        model, x, torch.zeros(10, dtype=torch.int64), epsilons, attack=options.attack,
        effort=options.effort, **more,
    )  # fmt: skip
    load = load_of(options, 10, others)
    assert load.gradients == model.gradients
    assert load.logits == pytest.approx(model.logits, rel=0.1)


def test_the_time_follows_the_load() -> None:
    facts = facts_of(untrained())
    assert facts.samples == 40
    assert facts.gradient > 0
    assert facts.logits > 0
    exact, options = replace(facts, gradient=2.0, logits=0.5), Evaluation(samples=40)
    load, more = load_of(options, 40), load_of(options, 40, 1)
    assert exact.seconds(options) == 2 * load.gradients + 0.5 * load.logits
    extra = (more.gradients - load.gradients) * 2 + (more.logits - load.logits) * 0.5
    assert exact.seconds(options, exact) - exact.seconds(options) == pytest.approx(extra)


def test_radii_go_as_far_as_is_asked_or_needed() -> None:
    subject = untrained()
    assert epsilons_of(subject, Evaluation(greatest=0.8, count=5)) == pytest.approx(
        (0, 0.2, 0.4, 0.6, 0.8)
    )
    gaps = subject.x - subject.x.mean(0)
    facts = facts_of(subject)
    for norm, far in (("linf", gaps.abs().max()), ("l2", gaps.norm(dim=1).max())):
        needed = epsilons_of(subject, Evaluation(norm=norm, count=3))
        assert needed == pytest.approx((0, float(far) / 2, float(far)))
        assert facts.greatest[norm] == pytest.approx(float(far))
    alone = replace(subject, x=subject.x[:1].repeat(4, 1), y=subject.y[:4])
    assert math.isnan(facts_of(alone).greatest["linf"])


def test_settings_go_through_a_link_and_nothing_is_no_greatest_size() -> None:
    chosen = Evaluation(norm="l2", greatest=1.5, alpha=0.01, random_start=False, seed=7)
    assert read(Evaluation, write(chosen)) == (chosen, [])
    assert Evaluation(greatest=0) == Evaluation()
    assert Evaluation(greatest=0).key == Evaluation().key != chosen.key
    assert chosen.attack.model_dump() == {
        "norm": "l2", "loss": "ce", "target": "none", "steps": 20, "alpha": 0.01,
        "random_start": False, "restarts": 5,
    }  # fmt: skip
    with pytest.raises(ValidationError, match="steps"):
        Evaluation(steps=0)
    found, notes = read(Evaluation, {"retries": "1"})
    assert found.retries == 2
    assert "Restarts of the check" in str(notes[0])


def test_nets_that_step_themselves_have_a_twin_with_fixed_steps() -> None:
    ode = {"name": "neural_ode", "options": {"width": 2, "depth": 4}}
    assert fixed_twin(untrained(network=ode)) is None
    subject = untrained(network=ode, scheme="dopri5")
    twin = fixed_twin(subject)
    torch.testing.assert_close(twin(subject.x), subject.net(subject.x), atol=1e-3, rtol=0)
    layers = {"name": "rk_net", "options": {"width": 4, "depth": 2}}
    assert fixed_twin(untrained(network=layers, scheme="dopri5")) is None


def test_another_net_may_count_in_another_precision() -> None:
    subject, other = untrained(), untrained(weight_seed=2, precision="float64")
    assert other.x.dtype == torch.float64
    few = Evaluation(steps=2, restarts=1, count=2, retries=2, spsa_steps=1, spsa_directions=2)
    report = evaluate(subject, few, other)
    assert "transfer" in {c.name for c in report.checks if c.status != "not checked"}
    same = evaluate(subject, few, untrained(weight_seed=2))
    assert [c.attack for c in same.curves] == [c.attack for c in report.curves]


def test_other_nets_are_those_that_tell_the_same_classes_of_the_same_inputs() -> None:
    moons = untrained().experiment
    assert alike(moons, untrained(weight_seed=5, n_train=50, network="rk_net").experiment)
    circle = untrained(data="circle")
    assert not alike(moons, circle.experiment)
    with pytest.raises(ValueError, match=r"source: a net on 'circle' is not legal"):
        evaluate(untrained(), Evaluation(), circle)
