"""Two implementations, one training: compiled kernels against torch, from one shared state."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from playground import fused
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.optimizers import OPTIMIZERS
from playground.training import events as e
from playground.training import paths, train
from playground.training.checkpoints import unpack
from playground.training.control import Orders
from playground.training.trainer import Trainer
from tests.strategies import experiments

TREE = {
    "n_train": 70,  # a ragged last batch
    "n_validation": 20,
    "epochs": 2,
    "batch_size": 16,
    "precision": "float64",
    "network": {"name": "rk_net", "options": {"width": 5, "depth": 4}},
}


def experiment(**changes):
    return Experiment.model_validate({**TREE, **changes})


def pair(made):
    """Two trainers of one experiment, the first by torch, the second by compiled kernels."""
    ours = [Trainer(made), Trainer(made)]
    ours[1].paths.take(paths.FUSED)
    return ours


def distance(one, other):
    """The largest difference of two trainers' weights, in units of the largest weight."""
    gaps = [(a - b).detach().abs().max() for a, b in zip(one.weights, other.weights)]
    return float(max(gaps) / max(w.detach().abs().max() for w in one.weights))


def run(trainer, steps):
    while trainer.step < steps:
        trainer.advance(steps - trainer.step)


CASES = {
    **{f"scheme {n}": {"scheme": n} for n, s in INTEGRATORS.items() if s.kind == "runge_kutta"},
    **{f"scheme {n}": {"scheme": n} for n, s in INTEGRATORS.items() if s.kind == "multistep"},
    **{f"optimiser {name}": {"optimizer": name} for name in OPTIMIZERS if name != "lbfgs"},
    "lookahead around momentum": {
        "optimizer": {"name": "lookahead", "options": {"inner": {"name": "momentum"}, "k": 3}}
    },
    "penalties": {"l1": 0.01, "l2": 0.1},
    "clipping": {"clip_norm": 0.05},
    "schedule": {"schedule": "cosine"},
    "mlp": {"network": "mlp"},
    "standard_net": {"network": {"name": "standard_net", "options": {"width": 6, "depth": 4}}},
    "regression": {"data": "plane", "loss": "mean_square"},
    "mean square of classes": {"loss": "mean_square"},
    "random lift": {
        "network": {"name": "rk_net", "options": {"width": 5, "depth": 3, "lift": "random"}}
    },
    "terms": {"network": {"name": "mlp", "options": {"inputs": ["x1", "x1*x2", "sin(x2)"]}}},
}


@pytest.mark.parametrize("name", CASES)
def test_an_epoch_agrees_with_torch(name):
    one, other = pair(experiment(**CASES[name]))
    for trainer in (one, other):
        run(trainer, one.steps_per_epoch)
    assert distance(one, other) < 1e-8
    assert one.batch_loss == pytest.approx(other.batch_loss, rel=1e-8)
    assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-7)
    assert one.nfe == other.nfe
    ours, theirs = one.evaluate(), other.evaluate()
    assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-8)
    assert ours.validation_accuracy == theirs.validation_accuracy


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(experiments())
def test_one_step_agrees_with_torch_whatever_the_experiment(made):
    small = {"n_train": 24, "n_validation": 20, "precision": "float64", "path": "auto"}
    tree = {**made.model_dump(), **small, "device": "cpu", "data": made.data.model_dump()}
    if made.data.name == "table":
        tree |= {"data": "spiral", "loss": "cross_entropy"}
    options = tree["network"]["options"]
    tree["network"]["options"] = {
        **options,
        **{k: min(options[k], 12) for k in ("depth", "width") if k in options},
    }
    try:
        made = Experiment.model_validate(tree)
    except ValueError:  # a width that is now too small for the inputs
        assume(False)
    try:
        one = Trainer(made)
    except ValueError:
        assume(False)
    assume(one.paths.obstacle is None and not made.optimizer.entry.full_batch)
    other = Trainer(made)
    other.paths.take(paths.FUSED)
    one.advance()
    other.advance()
    if np.isfinite(one.batch_loss):
        assert other.batch_loss == pytest.approx(one.batch_loss, rel=1e-8, abs=1e-12)
    if all(torch.isfinite(w).all() for w in one.weights) and one.gradient_norm < 1e6:
        # Adam's first step is the sign of the gradient, which rounding decides where it is zero.
        assert other.gradient_norm == pytest.approx(one.gradient_norm, rel=1e-6, abs=1e-12)


def test_the_cut_into_stretches_leaves_no_trace():
    made = experiment(precision="float32", optimizer="lookahead", schedule="cosine")
    whole, cut = Trainer(made), Trainer(made)
    for trainer in (whole, cut):
        trainer.paths.take(paths.FUSED)
    run(whole, 10)
    while cut.step < 10:
        cut.advance(1)
    assert all(torch.equal(a, b) for a, b in zip(whole.weights, cut.weights))


def test_a_run_says_its_path_and_why():
    started = next(iter(train(experiment())))
    assert started.path == paths.FUSED
    assert "compiled kernels" in started.reason
    started = next(iter(train(experiment(path="torch"))))
    assert started.path == paths.TORCH
    assert "it was chosen" in started.reason
    started = next(iter(train(experiment(scheme="dopri5"))))
    assert started.path == paths.TORCH
    assert "dopri5" in started.reason


class Late:
    """Kernels that are ready after so many questions."""

    def __init__(self, after):
        self.left = after

    def __call__(self, plan):
        self.left -= 1
        return self.left < 0


def final_weights(events):
    return unpack([x for x in events if isinstance(x, e.Checkpoint)][-1].payload)[1]


def test_the_path_changes_at_the_end_of_an_epoch_and_is_recorded(monkeypatch):
    made = experiment(epochs=4)
    monkeypatch.setattr(fused, "ready", Late(2))
    events = list(train(made))
    assert events[0].path == paths.TORCH
    assert "until" in events[0].reason
    (change,) = (x for x in events if isinstance(x, e.Amendment))
    assert change.changes == {"path": paths.FUSED}
    assert change.step in (5, 10, 15)
    monkeypatch.undo()
    # With the record at hand the same path is taken at the same step, though all is ready now.
    again = list(train(made, amendments=[change]))
    assert again[0].path == paths.TORCH
    one, other = final_weights(events), final_weights(again)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_checkpoint_goes_on_by_its_own_path(monkeypatch):
    made = experiment(epochs=3, path="auto")
    whole = list(train(made))

    class Pause:
        def poll(self):
            return Orders(until_step=7)

    part = list(train(made, control=Pause()))
    checkpoint = [x for x in part if isinstance(x, e.Checkpoint)][-1].payload
    rest = list(train(made, checkpoint=checkpoint))
    assert rest[0].path == paths.FUSED
    one, other = final_weights(whole), final_weights(rest)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_path_that_a_net_cannot_take_is_refused():
    trainer = Trainer(experiment(scheme="dopri5"))
    with pytest.raises(ValueError, match=r"path: 'fused' is not legal here: .*dopri5"):
        trainer.paths.take(paths.FUSED)
    with pytest.raises(ValueError, match="path: 'faster' is not legal"):
        trainer.paths.take("faster")


def test_a_blow_up_ends_as_diverged_at_the_same_step():
    made = experiment(
        optimizer={"name": "sgd", "options": {"learning_rate": 10.0}},
        data="plane",
        loss="mean_square",
        network={"name": "rk_net", "options": {"width": 5, "activation": "linear"}},
    )
    ends = []
    for path in ("auto", "torch"):
        events = list(train(made.model_copy(update={"path": path})))
        assert isinstance(events[-1], e.Diverged)
        ends.append(events[-1].step)
    assert ends[0] == ends[1]
