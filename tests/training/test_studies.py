"""Looks at stored nets, against what is known of them without the code under test."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.experiment import Experiment
from playground.training import train
from playground.training.checkpoints import unpack
from playground.training.events import Checkpoint
from playground.training.studies import (
    folds,
    layer_eigenvalues,
    step_choices,
    stored_net,
    swapped,
    validation_points,
)

SMALL = {"n_train": "200", "n_validation": "100", "epochs": "3", "network.depth": "4"}


def trained(**fields: str) -> tuple[Experiment, bytes]:
    names = {name.replace("__", "."): value for name, value in fields.items()}
    experiment = Experiment().amended({**SMALL, **names})
    return experiment, [e for e in train(experiment) if isinstance(e, Checkpoint)][-1].payload


@pytest.fixture(scope="module")
def spiral() -> tuple[Experiment, bytes]:
    return trained(network__width="4", network__depth="4")


def test_the_stored_net_has_the_weights_of_the_checkpoint(spiral: tuple) -> None:
    experiment, checkpoint = spiral
    net = stored_net(experiment, checkpoint)
    _, weights = unpack(checkpoint)
    assert {name for name, _ in net.named_parameters()} <= set(weights)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)


def test_a_checkpoint_of_another_net_is_refused(spiral: tuple) -> None:
    experiment, checkpoint = spiral
    with pytest.raises(ValueError, match="do not fit"):
        stored_net(experiment.amended({"network.width": "5"}), checkpoint)


def test_its_own_scheme_in_its_place_changes_nothing(spiral: tuple) -> None:
    experiment, checkpoint = spiral
    found = swapped(experiment, checkpoint, ["rk4", "euler"])
    assert len(found) == 2 * len(step_choices(experiment))
    own = found[0]
    assert (own.agreement, own.evaluations) == (1.0, 16)
    assert own.distance < 1e-5
    net, (x, y) = stored_net(experiment, checkpoint), validation_points(experiment, 100)
    right = float((net(x).argmax(dim=1) == y).double().mean())
    assert own.accuracy == pytest.approx(right)
    euler = [each for each in found if each.scheme == "euler"]
    assert [each.evaluations for each in euler] == [4, 8, 16, 32]
    # Finer steps of one scheme come nearer to the flow, and so to the fine steps of another.
    assert euler[-1].distance < euler[0].distance / 4


def test_a_shared_field_is_stepped_as_often_as_one_likes() -> None:
    experiment, checkpoint = trained(network="neural_ode", network__depth="5", network__hidden="8")
    found = swapped(experiment, checkpoint, ["euler"])
    assert [each.evaluations for each in found] == list(step_choices(experiment))


def test_eigenvalues_are_those_of_finite_differences(spiral: tuple) -> None:
    experiment, checkpoint = spiral
    values = layer_eigenvalues(experiment, checkpoint, most=3)
    assert values.shape == (4, 3, 4)
    net, (x, _) = stored_net(experiment, checkpoint).double(), validation_points(experiment, 3)
    h, field = net.times()[1], net.field(0)
    y = net.lift(net.inputs(x.double()))[0]
    steps = 1e-6 * torch.eye(4, dtype=torch.float64)
    jacobian = torch.stack([(field(0.0, y + s) - field(0.0, y - s)) / 2e-6 for s in steps]).T
    wanted = np.sort_complex(h * np.linalg.eigvals(jacobian.numpy()))
    np.testing.assert_allclose(np.sort_complex(values[0, 0]), wanted, atol=1e-4)


@pytest.mark.parametrize("width", [1, 2])
def test_the_determinant_of_a_line_is_the_slope_of_its_map(width: int) -> None:
    fields = {"data": "nested_intervals", "network__width": str(width)}
    experiment, checkpoint = trained(**fields)
    found = folds(experiment, checkpoint, n=401, most=10)
    assert found.determinants.shape == (401,)
    assert found.paths.shape == (5, 10, width)
    if width == 1:
        net = stored_net(experiment, checkpoint)
        x = torch.as_tensor(found.places[0])[:, None]
        ends = net.final(net.lift(net.inputs(x)))[:, 0].numpy()
        slopes = np.gradient(ends, found.places[0])
        np.testing.assert_allclose(found.determinants[2:-2], slopes[2:-2], rtol=0.05, atol=0.02)


def test_long_euler_steps_fold_the_plane_and_small_ones_do_not() -> None:
    fields = {"data": "circle", "network__width": "2", "scheme": "euler", "epochs": "10"}
    coarse = folds(*trained(**fields, network__depth="3", network__horizon="12"), n=21)
    fine = folds(*trained(**fields, network__depth="60", network__horizon="2"), n=21)
    assert coarse.determinants.shape == (21, 21)
    assert coarse.determinants.min() < 0 < fine.determinants.min()


def test_a_map_over_three_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match="3 inputs"):
        folds(*trained(data="spiral_3d", network__width="4"))
