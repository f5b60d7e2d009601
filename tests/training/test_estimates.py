"""What a training is expected to need, against what trainings of all kinds did take."""

from __future__ import annotations

import pytest

from playground.experiment import Experiment
from playground.training import estimate
from playground.training.estimates import refusal

# Microseconds of one pass as they were measured on one core of 2.5 GHz with AVX2, without other load.
MEASURED = {
    "": 130,
    "path=torch": 9_000,
    "network.depth=100&batch_size=5": 300,
    "network.depth=100&batch_size=5&path=torch": 35_000,
    "network.width=64": 1_700,
    "network.width=64&path=torch": 12_500,
    "precision=float64": 1_500,
    "optimizer=rmsprop": 600,
    "network=standard_net": 30,
    "network=neural_ode": 18_000,
}


def experiment_of(link: str) -> Experiment:
    experiment, messages = Experiment.from_query(dict(p.split("=") for p in link.split("&") if p))
    assert not messages
    return experiment


@pytest.mark.parametrize("link", MEASURED)
def test_estimates_are_good_to_a_factor_of_four(link: str) -> None:
    experiment = experiment_of(link)
    n_train = experiment.split_sizes[0]
    passes = experiment.epochs * -(-n_train // experiment.batch_size)
    ratio = estimate(experiment).seconds / passes / (MEASURED[link] * 1e-6)
    assert 1 / 4 < ratio < 4


def test_the_path_decides_what_is_too_long() -> None:
    link = "n_train=8000&batch_size=4&epochs=600"  # a minute or two when compiled, hours in torch
    assert refusal(experiment_of(link)) is None
    assert "time" in refusal(experiment_of(f"{link}&path=torch"))


def test_inner_iterations_count() -> None:
    few, many = (
        estimate(experiment_of(f"optimizer=lbfgs&optimizer.iterations={n}")).seconds
        for n in (5, 20)
    )
    assert many == pytest.approx(4 * few)
