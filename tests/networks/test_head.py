"""A neural ODE without a head: its first components are the outputs."""

from __future__ import annotations

import pytest
import torch

from playground.experiment import Experiment
from playground.networks import build

CHOSEN = {"network": "neural_ode", "network.head": "none", "data": "reflection_1d"}


def test_outputs_are_the_first_components_of_the_last_state() -> None:
    net = build("neural_ode", n_features=2, n_classes=2, width=3, head="none")
    x = torch.randn(5, 2)
    torch.testing.assert_close(net(x), net.trajectory(x)[-1][:, :2])
    assert {name.partition(".")[0] for name, _ in net.named_parameters()} == {"field"}


def test_a_narrow_state_is_refused_with_what_is_legal() -> None:
    with pytest.raises(ValueError, match=r"network\.head: 'none' is not legal for 2 outputs"):
        Experiment().amended({**CHOSEN, "data": "nested_intervals", "network.width": "1"})


def test_a_link_falls_back_to_the_affine_head() -> None:
    link = {**CHOSEN, "data": "nested_intervals", "network.width": "1"}
    experiment, messages = Experiment.from_query(link)
    assert experiment.network.options.head == "affine"
    assert any("head" in message for message in messages)
