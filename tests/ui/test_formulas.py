"""The formulas beside the form are those of the scheme that is really stepped."""

import re

import numpy as np
import pytest

from playground.analysis.first_step import Evaluation, FirstStep
from playground.experiment import Experiment
from playground.networks import NETWORKS
from playground.training import estimate
from playground.training.dynamics_settings import Dynamics
from playground.ui import formulas

EULER = {"name": "custom", "options": {"label": "mine", "a": [[0.0]], "b": [1.0], "order": 1}}


def test_own_tableau_is_shown_with_its_own_stages():
    experiment = Experiment.model_validate({"scheme": EULER})
    default = Experiment.model_validate({"scheme": "custom"})
    assert "20 steps × 1 evaluation " in formulas.evaluations(experiment)
    assert "order 1" in formulas.evaluations(experiment)
    assert formulas.step_formula(experiment) != formulas.step_formula(default)
    assert estimate(experiment).seconds < estimate(default).seconds


ON_IMAGES = [n for n, e in NETWORKS.items() if e.takes_images]


@pytest.mark.parametrize("name", ON_IMAGES)
def test_the_numbers_of_a_net_on_images_multiply(name):
    experiment = Experiment.model_validate({"data": "digits", "network": name})
    text = formulas.image_numbers(experiment)
    if "hL" not in text:
        return
    h = float(re.search(r"h = ([\d.]+)", text)[1])
    total = int(re.search(r"= (\d+),\\quad T", text)[1])
    assert float(re.search(r"hL = ([\d.]+)", text)[1]) == pytest.approx(h * total)
    parts = re.search(r"L = ([\d +]+) =", text)[1]
    assert sum(map(int, parts.split("+"))) == total


def test_a_net_with_one_field_tells_horizon_and_steps():
    network = {"name": "conv_ode", "options": {"horizon": 2.0, "depth": 8}}
    given = {"data": "digits", "network": network, "scheme": "rk4"}
    assert formulas.image_numbers(Experiment.model_validate(given)) == "h = T/L = 2/8 = 0.25"
    adaptive = Experiment.model_validate({**given, "scheme": "dopri5"})
    assert "chosen in each step" in formulas.image_numbers(adaptive)


def test_a_segment_is_counted_as_its_solver_steps():
    fit = Dynamics(steps=3, segment=5, n_samples=11, share=0.5, horizon=8.0, scheme="rk4")
    text = formulas.segment_numbers(fit)
    assert r"5 \cdot 3 \cdot 4 = 60" in text
    assert r"\frac{4}{10} = 0.4" in text
    assert r"\approx 0.1333" in text


def test_the_first_step_is_written_with_every_number():
    step = FirstStep(
        0.5,
        np.array([1.0, 0.0]),
        (Evaluation(0.0, np.array([1.0, 0.0]), np.array([0.0, -1.0])),),
        np.array([1.0, -1.25e-7]),
    )
    text = formulas.step_numbers(step, 4, 2.0)
    assert r"h &= T/n = 2/4 = 0.5" in text
    assert r"k_{1} &= f(0,\, (1,\, 0)) = (0,\, -1)" in text
    assert r"y_1 &= (1,\, -1.25 \cdot 10^{-7})" in text


def test_a_step_that_was_rejected_says_so():
    assert r"> 1 \cdot 10^{-6}" in formulas.tried_step(0.1, False, (1e-3, 1e-6))
    assert "kept" in formulas.tried_step(0.1, True, (1e-3, 1e-6))
