"""The convolutional neural ODE against torchdiffeq and written-out convolutions; the mixer by hand."""

import math

import pytest
import torch
from torch.nn import functional
from torchdiffeq import odeint

from playground.integrators import INTEGRATORS
from playground.networks import build

FIXED = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]


def conv_ode(shape=(1, 6, 6), n_classes=3, **options):
    options = {"filters": 4, "channels": 2, "depth": 4, "activation": "softplus", **options}
    return build("conv_ode", n_features=shape, n_classes=n_classes, seed=1, **options).double()


@pytest.fixture
def x():
    torch.manual_seed(4)
    return torch.randn(3, 1, 6, 6, dtype=torch.float64)


def field_by_hand(net):
    (a, b, c) = net.field.convs

    def f(t, y):
        def with_time(z):
            return torch.cat([z, torch.full_like(z[:, :1], float(t))], 1)

        grow = with_time if net.field.time_dependent else (lambda z: z)
        y = functional.softplus(functional.conv2d(grow(y), a.weight, a.bias))
        y = functional.softplus(functional.conv2d(grow(y), b.weight, b.bias, padding=1))
        return functional.conv2d(grow(y), c.weight, c.bias)

    return f


@pytest.mark.parametrize("time_dependent", [False, True])
@pytest.mark.parametrize(
    ("ours", "theirs"), [("euler", "euler"), ("rk4_38", "rk4"), ("midpoint", "midpoint")]
)
def test_fixed_schemes_agree_with_torchdiffeq(ours, theirs, time_dependent, x):
    net = conv_ode(scheme=ours, time_dependent=time_dependent, horizon=1.5)
    start = torch.cat([x, torch.zeros(3, 2, 6, 6)], dim=1)
    states = odeint(field_by_hand(net), start, torch.linspace(0, 1.5, 5).double(), method=theirs)
    ours = torch.stack(net.states(net.lift(net.inputs(x))))
    assert torch.allclose(ours, states, atol=1e-10)
    assert torch.allclose(net(x), net.head[1](states[-1].flatten(1)), atol=1e-10)


@pytest.mark.parametrize("scheme", ["dopri5", "bosh3", "dopri8"])
def test_adaptive_schemes_agree_with_a_fine_solution(scheme, x):
    net = conv_ode(scheme=scheme, scheme_options={"rtol": 1e-8, "atol": 1e-10})
    start = torch.cat([x, torch.zeros(3, 2, 6, 6)], dim=1)
    fine = odeint(field_by_hand(net), start, torch.linspace(0, 1, 41).double(), method="rk4")[-1]
    assert torch.allclose(net.final(net.lift(net.inputs(x))), fine, atol=1e-6)
    assert net.nfe > 4


@pytest.mark.parametrize("head", ["flat", "pool"])
@pytest.mark.parametrize("border", [0, 2])
def test_a_border_of_zeros_is_room_too(head, border, x):
    net = conv_ode(augment="border", border=border, head=head)
    lifted = net.lift(x)
    side = 6 + 2 * border
    assert lifted.shape == (3, 1, side, side)
    inside = slice(border, side - border)
    assert torch.equal(lifted[:, :, inside, inside], x)
    assert torch.allclose(lifted.abs().sum(), x.abs().sum())
    net(x).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())
    weights = sum(p.numel() for p in net.head.parameters())
    assert weights == 3 * ((1 if head == "pool" else side**2) + 1)


def test_added_channels_are_zeros(x):
    lifted = conv_ode(channels=5).lift(x)
    assert lifted.shape == (3, 6, 6, 6)
    assert torch.equal(lifted[:, 0], x[:, 0])
    assert not lifted[:, 1:].any()


@pytest.mark.parametrize("scheme", FIXED)
def test_evaluations_are_counted(scheme, x):
    net = conv_ode(scheme=scheme, depth=6)
    net(x)
    starts = {"ab2": 7, "taylor_multistep": 6}  # Heun's first step takes one more
    assert net.nfe == starts.get(scheme, 6 * (INTEGRATORS[scheme].stages or 0))
    net.nfe = 0
    assert net.nfe == 0


def test_adjoint_is_close_to_the_exact_gradient(x):
    found = {}
    for gradient in ("solver", "adjoint"):
        net = conv_ode(depth=20, gradient=gradient)
        net(x).square().sum().backward()
        found[gradient] = torch.cat([p.grad.flatten() for p in net.parameters()])
    assert torch.allclose(found["adjoint"], found["solver"], rtol=1e-5, atol=1e-7)
    assert not torch.equal(found["adjoint"], found["solver"])


@pytest.mark.parametrize("scheme", ["taylor_multistep", "ralston2"])
def test_mixer_by_hand(scheme):
    net = build("mixer", n_features=(2, 5, 7), n_classes=3, patch=3, width=4, depth=2, step=0.5,
                expansion=1.5, scheme=scheme, seed=2).double()  # fmt: skip
    x = torch.randn(3, 2, 5, 7, dtype=torch.float64)
    padded = functional.pad(x, (0, 2, 0, 1))
    patches = padded.reshape(3, 2, 2, 3, 3, 3).permute(0, 2, 4, 1, 3, 5).reshape(3, 6, 18)
    embed = net.lift.conv
    y = patches @ embed.weight.reshape(4, 18).T + embed.bias
    assert torch.allclose(net.lift(x), y, atol=1e-12)

    def f(block, z):
        z = functional.layer_norm(z, (4,), block.norm.weight, block.norm.bias)
        z = z.transpose(1, 2) if block.over_patches else z
        inner = functional.gelu(z @ block.first.weight.T + block.first.bias)
        z = inner @ block.second.weight.T + block.second.bias
        return z.transpose(1, 2) if block.over_patches else z

    states = [y]
    for index, block in enumerate(net.stack.blocks):
        y = states[-1]
        if scheme == "ralston2":
            k1 = f(block, y)
            states.append(y + 0.5 / 4 * (k1 + 3 * f(block, y + 0.5 * 2 / 3 * k1)))
        elif index < 2:
            states.append(y + 0.5 * f(block, y))
        else:
            states.append(1.5 * y - states[-2] + 0.5 * states[-3] + 0.5 * f(block, y))
    normed = functional.layer_norm(states[-1], (4,))
    expected = normed.mean(1) @ net.head.linear.weight.T + net.head.linear.bias
    assert torch.allclose(net(x), expected, atol=1e-10)
    assert [block.over_patches for block in net.stack.blocks] == [True, False, True, False]
    assert net.stack.blocks[0].first.weight.shape == (math.ceil(1.5 * 6), 6)
