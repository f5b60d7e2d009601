"""What attacks are handed of a stored net, against the net itself."""

import pytest
import torch

from playground import fused
from playground.attacks import pgd
from playground.datasets import DATASETS
from playground.experiment import Experiment
from playground.training import train
from playground.training.attacked import attackable, subject
from playground.training.events import Checkpoint
from playground.training.studies import stored_net, validation_points

POINTS = {"n_train": "60", "n_validation": "50", "epochs": "1", "network.depth": "3"}
IMAGES = {
    "data": "digits",
    "n_train": "40",
    "n_validation": "30",
    "epochs": "1",
    "network": "conv_ode",
    "network.depth": "2",
    "network.filters": "4",
    "scheme": "euler",
}


def trained(fields):
    experiment = Experiment().amended(fields)
    return experiment, [e for e in train(experiment) if isinstance(e, Checkpoint)][-1].payload


@pytest.mark.parametrize(
    ("fields", "clip", "shape"),
    [(POINTS, None, (2,)), (IMAGES, (0.0, 1.0), (1, 8, 8))],
    ids=["points", "images"],
)
def test_it_is_the_stored_net_on_its_validation_set(fields, clip, shape):
    experiment, checkpoint = trained(fields)
    found = subject(experiment, checkpoint, 20)
    x, y = validation_points(experiment, 20)
    torch.testing.assert_close(found.x, x, rtol=0, atol=0)
    torch.testing.assert_close(found.y, y, rtol=0, atol=0)
    net = stored_net(experiment, checkpoint)
    torch.testing.assert_close(found.net(x), net(x), rtol=0, atol=0)
    torch.testing.assert_close(found.model(x), net(x), rtol=1e-4, atol=1e-4)
    assert (found.clip, found.shape, found.on_images) == (clip, shape, clip is not None)
    assert len(found.classes) == experiment.n_outputs


def test_small_nets_are_attacked_through_compiled_kernels():
    experiment, checkpoint = trained(POINTS)
    found = subject(experiment, checkpoint, 50)
    assert isinstance(found.model, fused.CompiledModel)
    settings = {"eps": 0.2, "clip": None, "random_start": False, "loss": "margin"}
    ours = pgd(found.model, found.x, found.y, **settings)
    theirs = pgd(found.net, found.x, found.y, **settings)
    # Where a gradient is close to zero its sign may differ by rounding.
    assert float((ours - theirs).abs().amax(1).gt(1e-4).float().mean()) < 0.1
    assert float((ours - found.x).abs().max()) > 0.19


def test_a_regression_has_no_classes_to_attack():
    name = next(name for name, entry in DATASETS.items() if entry.task == "regression")
    experiment = Experiment().adapted({"data": name})[0]
    assert not attackable(experiment)
    assert attackable(Experiment())
    with pytest.raises(ValueError, match="has no classes"):
        subject(*trained({**experiment.to_query(), "epochs": "1", "n_train": "20"}), 10)
