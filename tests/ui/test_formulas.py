"""The formulas beside the form are those of the scheme that is really stepped."""

from playground.experiment import Experiment
from playground.training import estimate
from playground.ui import formulas

EULER = {"name": "custom", "options": {"label": "mine", "a": [[0.0]], "b": [1.0], "order": 1}}


def test_own_tableau_is_shown_with_its_own_stages():
    experiment = Experiment.model_validate({"scheme": EULER})
    default = Experiment.model_validate({"scheme": "custom"})
    assert "20 steps × 1 evaluation " in formulas.evaluations(experiment)
    assert "order 1" in formulas.evaluations(experiment)
    assert formulas.step_formula(experiment) != formulas.step_formula(default)
    assert estimate(experiment).seconds < estimate(default).seconds
