"""CNN, ODENet and TisODE: their weights counted, their layers rebuilt of plain torch, their steps."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchdiffeq import odeint

from playground.attacks import with_fixed_steps
from playground.integrators import INTEGRATORS
from playground.networks import NETWORKS, build
from playground.networks.neural_ode import SharedFlow
from playground.networks.robust import groups_of
from playground.registry import Misfit

NAMES = ("cnn", "ode_net", "tis_ode")
FLOWS = ("ode_net", "tis_ode")


def weights(net):
    return sum(p.numel() for p in net.parameters())


def made(name, shape=(1, 9, 9), **options):
    options = {"channels": 8, "n_classes": 3, **options}
    return build(name, n_features=shape, seed=3, **options).double()


def pixels(*shape):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("shape", "counts"),
    [((1, 28, 28), (141_130, 142_410, 141_130)), ((3, 32, 32), (142_282, 143_562, 142_282))],
)
def test_published_nets_have_all_their_weights(shape, counts):
    assert tuple(weights(build(n, n_features=shape, n_classes=10)) for n in NAMES) == counts


@pytest.mark.parametrize(("channels", "counts"), [(16, (7_386, 7_706, 7_386))])
def test_small_nets_for_digits(channels, counts):
    options = {"n_features": 64, "n_classes": 10, "stem": "small", "channels": channels}
    assert tuple(weights(build(n, **options)) for n in NAMES) == counts


def test_the_published_extractor_leaves_13_by_13():
    net = build("tis_ode", n_features=784, n_classes=10)
    assert net.lift(torch.rand(2, 1, 28, 28)).shape == (2, 64, 13, 13)
    assert build("cnn", n_features=64, n_classes=10, stem="small", channels=4).lift(
        torch.rand(2, 1, 8, 8)
    ).shape == (2, 4, 8, 8)


class Plain(nn.Module):
    """The nets as one would write them by hand: layers in a row, the middle by a loop of Euler steps."""

    def __init__(self, n_in, c, groups, stem, timed, steps, h):
        super().__init__()
        pad, size, stride = (1, 3, 1) if stem == "small" else (0, 4, 2)
        self.extract = nn.Sequential(
            nn.Conv2d(n_in, c, 3, padding=pad),
            nn.GroupNorm(groups, c),
            nn.ReLU(),
            nn.Conv2d(c, c, size, stride=stride, padding=1),
            nn.GroupNorm(groups, c),
            nn.ReLU(),
        )
        self.a = nn.Conv2d(c + timed, c, 3, padding=1, bias=timed)
        self.b = nn.Conv2d(c + timed, c, 3, padding=1, bias=timed)
        self.norm_a, self.norm_b = nn.GroupNorm(groups, c), nn.GroupNorm(groups, c)
        self.pool, self.linear = nn.AdaptiveAvgPool2d(1), nn.Linear(c, 3)
        self.timed, self.steps, self.h = timed, steps, h

    def f(self, t, y):
        def seen(z):
            return torch.cat([torch.full_like(z[:, :1], t), z], 1) if self.timed else z

        y = self.norm_a(self.a(seen(y))).relu()
        return self.norm_b(self.b(seen(y))).relu()

    def forward(self, x):
        y = self.extract(x)
        for i in range(self.steps):
            y = y + self.h * self.f(i * self.h, y)
        return self.linear(self.pool(y).flatten(1))


ORDER = (  # our names in the order of the modules above
    *("lift.stem.convs.0", "lift.stem.norms.0", "lift.stem.convs.1", "lift.stem.norms.1"),
    *("MIDDLE.convs.0", "MIDDLE.convs.1", "MIDDLE.norms.0", "MIDDLE.norms.1"),
    "head.linear",
)


@pytest.mark.parametrize("stem", ["published", "small"])
@pytest.mark.parametrize("name", NAMES)
def test_forward_and_gradient_are_those_of_plain_layers(name, stem):
    steps = {"cnn": {}, "ode_net": {"depth": 10}, "tis_ode": {"depth": 20}}[name]
    net = made(name, (3, 9, 12), stem=stem, **steps)
    n = steps.get("depth", 1)
    plain = Plain(3, 8, 4, stem, name == "ode_net", n, 1 / n).double()
    layers = [m for m in plain.modules() if isinstance(m, nn.Conv2d | nn.GroupNorm | nn.Linear)]
    middle = "block" if name == "cnn" else "field"
    for where, layer in zip(ORDER, layers, strict=True):
        ours = net.get_submodule(where.replace("MIDDLE", middle))
        with torch.no_grad():  # the affine maps of fresh normalisations are the identity
            for p in ours.parameters():
                p.add_(0.1 * torch.randn(p.shape, dtype=p.dtype))
        layer.load_state_dict(ours.state_dict(), strict=True)
    x = pixels(4, 3, 9, 12)
    torch.testing.assert_close(net(x), plain(x), rtol=1e-10, atol=1e-11)
    net(x).square().sum().backward()
    plain(x).square().sum().backward()
    for where, layer in zip(ORDER, layers):
        ours = net.get_submodule(where.replace("MIDDLE", middle))
        for a, b in zip(ours.parameters(), layer.parameters()):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-8, atol=1e-9)


def test_defaults_are_the_published_steps():
    for name, steps in (("ode_net", 10), ("tis_ode", 20)):
        net = build(name, n_features=784, n_classes=10)
        assert (net.n_steps, net.scheme.name) == (steps, "euler")
        assert net.horizon == pytest.approx(1.0)
        assert net.times() == pytest.approx([i / steps for i in range(steps + 1)])
        net(torch.rand(1, 784))
        assert net.nfe == steps
    assert NETWORKS["tis_ode"].options().step_size(20) == 0.05
    by_step = made("tis_ode", step_by="step", step=0.3, depth=5)
    assert by_step.horizon == pytest.approx(1.5)


def test_a_net_without_a_scheme_of_its_own_is_stepped_by_rk4():
    assert build("neural_ode", n_features=2, n_classes=2).scheme.name == "rk4"


def test_one_step_of_size_one_is_the_cnn():
    cnn, flow = made("cnn"), made("tis_ode", depth=1)
    state = {key.replace("block.", "field."): value for key, value in cnn.state_dict().items()}
    flow.load_state_dict(state, strict=True)
    x = pixels(5, 1, 9, 9)
    torch.testing.assert_close(cnn(x), flow(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(cnn.trajectory(x), flow.trajectory(x), rtol=1e-12, atol=1e-12)
    assert cnn.nfe > 0


@pytest.mark.parametrize("name", FLOWS)
def test_the_flow_goes_on_behind_the_horizon(name):
    """What keeps a state steady follows the field from T to 2T."""
    net = made(name, depth=4)
    assert isinstance(net, SharedFlow)
    y = net.final(net.lift(pixels(2, 1, 9, 9)))
    for i in range(4, 8):
        y, _ = net.scheme.step(net.field, i * net.step, y, net.step, ())
    assert bool(torch.isfinite(y).all())
    early, late = (net.field(t, y) for t in (0.0, 2.0))
    assert torch.equal(early, late) == (name == "tis_ode")


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize(
    ("ours", "theirs"), [("euler", "euler"), ("rk4_38", "rk4"), ("midpoint", "midpoint")]
)
def test_fixed_schemes_agree_with_torchdiffeq(name, ours, theirs):
    net = made(name, scheme=ours, depth=5, horizon=1.5)
    y = net.lift(pixels(2, 1, 9, 9))
    grid = torch.linspace(0, 1.5, 6, dtype=torch.float64)
    states = odeint(net.field, y, grid, method=theirs)
    torch.testing.assert_close(torch.stack(net.states(y)), states, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", FLOWS)
def test_an_adaptive_solver_and_fixed_steps_follow_one_flow(name):
    net = made(name, scheme="dopri5", scheme_options={"rtol": 1e-7, "atol": 1e-7})
    x = pixels(2, 1, 9, 9)
    fixed = with_fixed_steps(net, "rk4", steps=200)
    torch.testing.assert_close(net(x), fixed(x), atol=1e-4, rtol=1e-4)
    assert net.nfe > 6
    net(x).square().sum().backward()
    assert all(bool(torch.isfinite(p.grad).all()) for p in net.parameters())


@pytest.mark.parametrize("name", FLOWS)
def test_the_adjoint_comes_near_the_gradient_of_many_steps(name):
    found = []
    for gradient in ("solver", "adjoint"):
        # So few channels that hardly a ReLU changes sign: each makes the two gradients differ.
        net = made(name, gradient=gradient, depth=300, horizon=0.1, scheme="rk4", channels=4)
        net(pixels(2, 1, 9, 9)).square().sum().backward()
        found.append(torch.cat([p.grad.flatten() for p in net.parameters()]))
    assert (found[0] - found[1]).norm() < 0.01 * found[0].norm()
    assert not torch.equal(*found)


def test_groups_divide_and_are_32_where_they_can_be():
    assert [groups_of(c) for c in (1, 2, 3, 7, 8, 16, 32, 48, 64, 96, 100)] == [
        1, 1, 1, 1, 4, 8, 32, 24, 32, 32, 25,
    ]  # fmt: skip
    for channels in range(1, 257):
        groups = groups_of(channels)
        assert channels % groups == 0
        assert groups <= 32
        assert groups == 32 or channels // groups >= min(2, channels)
    net = build("cnn", n_features=784, n_classes=2)
    norms = [m for m in net.modules() if isinstance(m, nn.GroupNorm)]
    assert [(m.num_groups, m.num_channels, m.affine) for m in norms] == [(32, 64, True)] * 4


@pytest.mark.parametrize("name", NAMES)
def test_images_that_are_too_small_are_refused_in_words(name):
    options = NETWORKS[name].options
    with pytest.raises(
        Misfit, match=r"stem: 'published' is not legal for images of 5 × 8"
    ) as wrong:
        options().fit((1, 5, 8), "euler")
    assert wrong.value.nearest == "small"
    options(stem="small").fit((1, 2, 2), "euler")
    options().fit((1, 6, 6), "euler")
    net = made(name, (1, 6, 6))
    net(pixels(1, 1, 6, 6)).sum().backward()  # one image alone, of which two by two are left
    assert all(bool(torch.isfinite(p.grad).all()) for p in net.parameters())


def test_a_head_is_the_mean_over_all_pixels():
    net = made("cnn")
    y = pixels(2, 8, 4, 4)
    wanted = functional.linear(y.flatten(2).sum(2) / 16, *net.head.linear.parameters())
    torch.testing.assert_close(net.head(y), wanted)
    assert math.prod(net.lift(pixels(1, 1, 9, 9)).shape) == 8 * 3 * 3


def test_implicit_schemes_need_the_adjoint():
    for name in FLOWS:
        with pytest.raises(Misfit, match="gradient: 'solver' is not legal with 'radau'"):
            NETWORKS[name].options().fit((1, 8, 8), "radau")
    assert not INTEGRATORS["radau"].differentiable
