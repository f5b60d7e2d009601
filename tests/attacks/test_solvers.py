"""The same weights by another solver."""

import pytest
import torch

from playground.attacks import checklist, is_adaptive, pgd, with_fixed_steps
from playground.attacks.checklist import Effort
from playground.attacks.registry import PGDOptions, SPSAOptions
from playground.networks import build


def _net(name="neural_ode", scheme="dopri5", **options):
    features = 2 if name == "neural_ode" else (1, 6, 6)
    return build(name, n_features=features, n_classes=3, scheme=scheme, seed=0, **options)


@pytest.mark.parametrize(("name", "shape"), [("neural_ode", (2,)), ("conv_ode", (1, 6, 6))])
@pytest.mark.parametrize("gradient", ["solver", "adjoint"])
def test_fixed_steps_follow_the_same_flow(name, shape, gradient):
    net = _net(name, gradient=gradient, horizon=1.0, scheme_options={"rtol": 1e-6, "atol": 1e-6})
    fixed = with_fixed_steps(net, "rk4", steps=40)
    assert is_adaptive(net)
    assert not is_adaptive(fixed)
    assert fixed.horizon == pytest.approx(net.horizon)
    x = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fixed(x), net(x), atol=1e-4, rtol=1e-3)
    coarse = with_fixed_steps(net, "euler", steps=2)
    assert not torch.allclose(coarse(x), net(x), atol=1e-4)
    with torch.no_grad():
        next(fixed.parameters()).add_(1.0)
    assert not torch.equal(next(fixed.parameters()), next(net.parameters()))


def test_steps_are_those_of_a_net_that_was_built_so():
    built = _net(scheme="heun2", depth=7, horizon=2.0)
    fixed = with_fixed_steps(_net(depth=20, horizon=2.0), "heun2", steps=7)
    x, y = torch.rand(5, 2), torch.tensor([0, 1, 2, 0, 1])
    torch.testing.assert_close(fixed(x), built(x))
    torch.testing.assert_close(pgd(fixed, x, y, eps=0.1), pgd(built, x, y, eps=0.1))


def test_the_checklist_attacks_through_fixed_steps_too():
    net = _net(horizon=1.0, depth=4, width=2, hidden=8)
    x, y = torch.rand(20, 2), torch.randint(0, 3, (20,))
    effort = Effort(restarts=2, spsa=SPSAOptions(samples=2, steps=2), spsa_samples=5)
    more = {"attack": PGDOptions(steps=3), "fixed": with_fixed_steps(net), "effort": effort}
    report = checklist(net, x, y, (0.1, 0.5), **more)
    assert {check.name: check.status for check in report.checks}["solver"] == "held"


@pytest.mark.parametrize(
    ("net", "change", "message"),
    [
        ("rk_net", {}, "net: FlowNet is not legal"),
        (
            "neural_ode",
            {"scheme": "bosh3"},
            "scheme: 'bosh3' chooses its own steps; legal are euler",
        ),
        ("neural_ode", {"scheme": "leapfrog"}, "unknown scheme 'leapfrog'"),
        ("neural_ode", {"steps": 0}, "steps: 0 is not legal"),
    ],
)
def test_what_cannot_be_stepped_so(net, change, message):
    with pytest.raises(ValueError, match=message):
        with_fixed_steps(build(net, n_features=2, n_classes=2), **change)
