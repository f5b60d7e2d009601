"""The residual connection against schemes stepped by hand, on blocks of several families."""

import pytest
import torch
from torch import nn
from torchdiffeq import odeint

from playground.integrators import INTEGRATORS
from playground.networks import Residual, ResidualStack

EXPLICIT = [name for name, scheme in INTEGRATORS.items() if scheme.kind == "runge_kutta"]
FIXED = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]
KUTTA = {"a": [[], ["1/3"], [0, "2/3"]], "b": ["1/4", 0, "3/4"], "order": 3}


class Gated(nn.Module):
    """A block of nobody's family: a gate on a convolution along the features."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.value, self.gate = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        y = self.norm(x)
        return torch.sigmoid(self.gate(y)) * torch.tanh(self.value(y))


def blocks(count=5, width=4, seed=0):
    torch.manual_seed(seed)
    return [Gated(width).double() for _ in range(count)]


@pytest.fixture
def x():
    torch.manual_seed(9)
    return torch.randn(3, 4, dtype=torch.float64)


def test_euler_is_the_residual_net(x):
    chain, y = blocks(), x
    for block in chain:
        y = y + block(y)
    assert torch.allclose(ResidualStack(chain)(x), y, atol=1e-12)


def test_rk4_by_hand(x):
    chain, y, h = blocks(), x, 0.7
    for f in chain:
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    assert torch.allclose(ResidualStack(chain, scheme="rk4", step=h)(x), y, atol=1e-12)


def test_taylor_multistep_by_hand(x):
    chain, h = blocks(), 0.3
    states = [x]
    for f in chain[:2]:  # two Euler steps
        states.append(states[-1] + h * f(states[-1]))
    for f in chain[2:]:
        last = states[-1]
        states.append(1.5 * last - states[-2] + 0.5 * states[-3] + h * f(last))
    stack = ResidualStack(chain, scheme="taylor_multistep", step=h)
    for ours, theirs in zip(stack.states(x), states, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-12)


def test_ab2_by_hand(x):
    chain, h = blocks(), 0.3
    f = chain[0]  # Heun's step, which starts it
    before = f(x)
    y = x + h / 2 * (before + f(x + h * before))
    for f in chain[1:]:
        now = f(y)
        y, before = y + h * (1.5 * now - 0.5 * before), now
    assert torch.allclose(ResidualStack(chain, scheme="ab2", step=h)(x), y, atol=1e-12)


def test_own_tableau_is_heun_of_order_three(x):
    chain = blocks()
    own = ResidualStack(chain, scheme="custom", options=KUTTA)
    assert torch.allclose(own(x), ResidualStack(chain, scheme="heun3")(x), atol=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), [("rk4_38", "rk4"), ("heun3", "heun3")])
def test_one_shared_block_is_a_neural_ode(x, ours, theirs):
    (f,) = blocks(1)
    stack = ResidualStack([f] * 4, scheme=ours, step=0.25)
    reference = odeint(lambda _t, y: f(y), x, torch.linspace(0, 1, 5).double(), method=theirs)
    assert torch.allclose(torch.stack(stack.states(x)), reference, atol=1e-12)


def test_adaptive_scheme_restarts_at_every_block(x):
    chain, y = blocks(3), x
    for f in chain:
        span = torch.tensor([0.0, 0.5], dtype=torch.float64)
        y = odeint(lambda _t, z, f=f: f(z), y, span, rtol=1e-10, atol=1e-12)[-1]
    options = {"rtol": 1e-9, "atol": 1e-11}
    stack = ResidualStack(chain, scheme="dopri5", step=0.5, options=options)
    assert torch.allclose(stack(x), y, atol=1e-8)


@pytest.mark.parametrize("scheme", FIXED)
def test_gradients_reach_every_weight_and_evaluations_are_counted(scheme, x):
    stack = ResidualStack(blocks(4), scheme=scheme)
    stack(x).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in stack.parameters())
    entry = INTEGRATORS[scheme]
    starts = {"ab2": 1, "taylor_multistep": 0}  # Heun's first step takes one more
    expected = 4 * entry.stages if scheme in EXPLICIT else 4 + starts[scheme]
    assert stack.evaluations == expected


def test_passes_do_not_mix(x):
    chain = blocks()
    connect = Residual("taylor_multistep")
    first, second = connect.begin(), connect.begin()
    ours, theirs = x, 2 * x
    for block in chain:
        ours, theirs = first(block, ours), second(block, theirs)
    stack = ResidualStack(chain, scheme="taylor_multistep")
    assert torch.equal(ours, stack(x))
    assert torch.equal(theirs, stack(2 * x))


def test_time_is_given_to_blocks_that_ask_for_it():
    step = Residual("rk4", step=0.5, with_time=True).begin()
    y = torch.ones(2, dtype=torch.float64)
    for _ in range(4):
        y = step(lambda t, z: z * torch.cos(torch.as_tensor(t, dtype=z.dtype)), y)
    exact = torch.exp(torch.sin(torch.tensor(2.0, dtype=torch.float64)))
    assert torch.allclose(y, exact.expand(2), rtol=2e-3)
    assert step.time == 2.0


def down(seed):
    torch.manual_seed(seed)
    return nn.Linear(4, 2, bias=False).double()


@pytest.mark.parametrize("carried", [0, 1, 2])
def test_what_is_remembered_goes_through_a_change_of_shape(x, carried):
    first, second, maps = blocks(3), blocks(3, width=2, seed=1), [down(i) for i in range(3)]
    now, *past = maps[: 1 + carried]
    stack = ResidualStack(
        [*first, *second], scheme="taylor_multistep", transitions={3: [now, *past]}
    )
    a, b, c = (x, *stack.states(x)[1:3])
    last = 1.5 * c - b + 0.5 * a + first[2](c)
    states = [last, c, b]
    states = [carry(state) for carry, state in zip([now, *past], states)]
    for f in second:
        if len(states) > 2:
            new = 1.5 * states[0] - states[1] + 0.5 * states[2] + f(states[0])
        else:
            new = states[0] + f(states[0])
        states = [new, *states]
    assert torch.allclose(stack(x), states[0], atol=1e-12)


def test_slopes_of_ab2_go_through_a_change_of_shape(x):
    first, second, now, slope = blocks(2), blocks(2, width=2, seed=1), down(0), down(1)
    stack = ResidualStack([*first, *second], scheme="ab2", transitions={2: [now, slope]})
    y = stack.states(x)[1]
    before = first[1](y)
    y, before = now(y + 1.5 * before - 0.5 * first[0](x)), slope(before)
    for f in second:
        change = f(y)
        y, before = y + 1.5 * change - 0.5 * before, change
    assert torch.allclose(stack(x), y, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Residual("rk5"), "unknown scheme 'rk5'"),
        (lambda: Residual(step=0.0), "step: 0.0 is not legal"),
        (lambda: ResidualStack(blocks(2), transitions={2: nn.Identity()}), "0 to 1"),
        (lambda: ResidualStack([nn.Linear(4, 3)])(torch.ones(2, 4)), "keeps the shape"),
    ],
)
def test_what_is_wrong_is_said(make, words):
    with pytest.raises(ValueError, match=words):
        make()
