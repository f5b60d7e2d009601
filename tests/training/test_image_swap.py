"""Other schemes in a net on images: against nets that are built with them, and plain loops."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.training.image_swap import (
    SCHEMES,
    SWAPPABLE,
    image_swaps,
    own_scheme,
    own_steps,
    step_choices,
    stepped,
)
from playground.training.image_views import judged
from playground.training.trainer import make_net

OPTIONS: dict[str, dict[str, Any]] = {
    "mixer": {"width": 8, "depth": 2},
    "conv_ode": {"channels": 1, "filters": 4, "depth": 3},
    "ode_attention": {"width": 8},
    "rk_net": {"width": 64, "depth": 3},
    "neural_ode": {"width": 64, "depth": 3},
    "ode_net": {"channels": 4, "depth": 3},
    "tis_ode": {"channels": 4, "depth": 3, "randomise": True},
}


def small(name: str, scheme: str = "heun2", **changes: Any) -> Experiment:
    options = {"size": "small", "width": 4, "blocks": 2} if "resnet" in name else OPTIONS[name]
    return Experiment.model_validate(
        {
            "data": "digits",
            "n_train": 60,
            "n_validation": 40,
            "network": {"name": name, "options": {**options, **changes}},
            "scheme": scheme,
            "precision": "float64",
        }
    )


def opened(made: Experiment) -> tuple[Any, torch.Tensor, torch.Tensor]:
    net, split = judged(made, make_net(made).state_dict())
    return net, torch.as_tensor(split.x_validation).double(), torch.as_tensor(split.y_validation)


def staged(weights: dict[str, Any], net: Any) -> dict[str, Any]:
    """Running statistics for as many stages as the net has, the last ones for those that are more."""
    taken = dict(weights)
    for key, wanted in net.state_dict().items():
        if wanted.shape != weights[key].shape:
            rows = [weights[key][min(i, 1)] for i in range(len(wanted) if wanted.ndim == 2 else 1)]
            taken[key] = torch.stack(rows) if wanted.ndim == 2 else rows[0]
    return taken


@pytest.mark.parametrize("name", SWAPPABLE)
@pytest.mark.parametrize("scheme", ["heun2", "taylor_multistep"])
def test_its_own_scheme_gives_what_the_net_gives(name: str, scheme: str) -> None:
    if (name, scheme) == ("ho_resnet", "taylor_multistep"):
        pytest.skip("takes Runge-Kutta schemes only")
    made = small(name, scheme)
    net, x, _ = opened(made)
    lifted = net.lift(net.inputs(x))
    end, evaluations = stepped(net, lifted, INTEGRATORS[own_scheme(made)], own_steps(made))
    net.nfe = 0
    head = net.head(net.norm(end)) if name == "ode_attention" else net.head(end)
    torch.testing.assert_close(head, net(x), rtol=1e-9, atol=1e-9)
    assert evaluations == net.nfe


@pytest.mark.parametrize("name", ["ho_resnet", "mixer", "conv_ode", "rk_net", "neural_ode"])
@pytest.mark.parametrize("other", ["euler", "rk4"])
def test_another_scheme_gives_what_a_net_built_with_it_gives(name: str, other: str) -> None:
    made = small(name)
    net, x, _ = opened(made)
    for key, values in net.state_dict().items():
        if "running_var" in key:  # statistics that tell the stages apart
            values.uniform_(0.5, 1.5)
    twin = make_net(small(name, other)).eval()
    twin.load_state_dict(staged(net.state_dict(), twin))
    end, _ = stepped(net, net.lift(net.inputs(x)), INTEGRATORS[other], own_steps(made))
    torch.testing.assert_close(net.head(end), twin(x), rtol=1e-9, atol=1e-9)
    assert (net.head(end) - net(x)).abs().max() > 1e-8


def test_half_steps_through_a_preact_resnet_are_two_half_changes() -> None:
    net, x, _ = opened(small("preact_resnet"))
    end, evaluations = stepped(net, net.lift(net.inputs(x)), INTEGRATORS["euler"], 2)
    y = net.lift(net.inputs(x))
    crossings = 0
    for block in net.blocks:
        if block.shortcut is None:
            y = y + block(y) / 2
            y = y + block(y) / 2
        else:
            carried, change = block.crossing(y)
            y, crossings = carried + change, crossings + 1
    torch.testing.assert_close(end, y)
    assert crossings == 2
    assert evaluations == 2 * (len(net.blocks) - 2) + 2


def test_a_taylor_net_is_stepped_by_euler_with_the_maps_of_its_features() -> None:
    net, x, _ = opened(small("tm_resnet"))
    end, _ = stepped(net, net.lift(net.inputs(x)), INTEGRATORS["euler"], 1)
    y = net.lift(net.inputs(x))
    for index, block in enumerate(net.stack.blocks):
        if str(index) in net.stack.transitions:
            y = net.stack.transitions[str(index)][0](y)
        y = y + block(y)
    torch.testing.assert_close(end, y)


def test_attention_sees_midpoints_at_all_times() -> None:
    net, x, _ = opened(small("ode_attention", n_times=3, horizon=2.0))
    lifted = net.lift(net.inputs(x))
    end, evaluations = stepped(net, lifted, INTEGRATORS["midpoint"], 2)
    y, states = lifted, [lifted]
    for _ in range(2):
        for _ in range(2):
            y = y + 0.5 * net.field(0.0, y + 0.25 * net.field(0.0, y))
        states.append(y)
    torch.testing.assert_close(end, torch.stack(states, dim=1))
    assert evaluations == 8


def test_what_is_told_of_a_swap() -> None:
    made = small("conv_ode", "euler", horizon=8.0)
    net, x, y = opened(made)
    own, *others = image_swaps(made, net.state_dict(), ("euler", "rk4"))
    assert (own.scheme, own.steps, own.evaluations) == ("euler", 3, 3)
    assert (own.agreement, own.distance) == (1.0, 0.0)
    outputs = net(x)
    assert own.accuracy == pytest.approx(float((outputs.argmax(1) == y).double().mean()))
    assert own.loss == pytest.approx(float(functional.cross_entropy(outputs, y)))
    assert [(each.scheme, each.steps) for each in others] == [
        (name, steps) for name in ("euler", "rk4") for steps in step_choices(made)
    ]
    repeated = next(each for each in others if (each.scheme, each.steps) == ("euler", 3))
    assert repeated.distance == pytest.approx(0, abs=1e-12)
    swapped = next(each for each in others if (each.scheme, each.steps) == ("rk4", 2))
    end, calls = stepped(net, net.lift(net.inputs(x)), INTEGRATORS["rk4"], 2)
    usual = net.final(net.lift(net.inputs(x)))
    relative = ((end - usual).flatten(1).norm(dim=1) / usual.flatten(1).norm(dim=1)).median()
    assert swapped.distance == pytest.approx(float(relative))
    assert swapped.evaluations == calls == 8
    same = net.head(end).argmax(1) == outputs.argmax(1)
    assert swapped.agreement == pytest.approx(float(same.double().mean()))


def test_what_an_adaptive_scheme_chose_itself_has_no_steps() -> None:
    made = small("conv_ode", "dopri5")
    net, _, _ = opened(made)
    own, *_ = image_swaps(made, net.state_dict(), ())
    assert own_steps(made) is None
    assert own.steps == 0
    assert own.evaluations >= 7


def test_what_cannot_be_swapped_is_refused() -> None:
    made = Experiment.model_validate({"data": "digits", "network": "mlp"})
    with pytest.raises(ValueError, match="'mlp' has no scheme"):
        list(image_swaps(made, {}, SCHEMES))
    made = small("rk_net")
    with pytest.raises(ValueError, match="'dopri5' is not legal"):
        list(image_swaps(made, make_net(made).state_dict(), ("dopri5",)))
