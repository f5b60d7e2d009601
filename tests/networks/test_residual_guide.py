"""The example of docs/residual.md, run as it stands there, for every explicit scheme."""

import re
from pathlib import Path

import pytest
import torch

from playground.integrators import INTEGRATORS, RungeKutta

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "residual.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
EXPLICIT = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]
SIGNALS = torch.linspace(-1, 1, 3 * 32).reshape(3, 1, 32).sin()


@pytest.fixture(scope="module")
def guide():
    """What the example defines; its last part, behind the question for the name, does not run."""
    (code,) = BLOCKS
    defined = {"__name__": "guide"}
    exec(compile(code, str(GUIDE), "exec"), defined)
    return defined


def net_of(guide, scheme):
    torch.manual_seed(4)
    return guide["SignalNet"](scheme).double()


def fields(net):
    return [*net.first, None, *net.second]


def plain(net, x):
    x = net.stem(x)
    for block in fields(net):
        x = net.down[0](x) if block is None else x + block(x)
    return net.head(x.mean(dim=2))


def runge_kutta(net, x, tableau):
    x = net.stem(x)
    for block in fields(net):
        if block is None:
            x = net.down[0](x)
            continue
        slopes = []
        for row in tableau.a:
            slopes.append(block(x + sum(float(a) * k for a, k in zip(row, slopes))))
        x = x + sum(float(b) * k for b, k in zip(tableau.b, slopes))
    return net.head(x.mean(dim=2))


def taylor(net, x):
    x, past = net.stem(x), []
    for block in fields(net):
        if block is None:
            x, *past = (carry(y) for carry, y in zip(net.down, (x, *past)))
            continue
        old = [x, *past]
        new = x + block(x) if len(past) < 2 else 1.5 * x - past[0] + 0.5 * past[1] + block(x)
        x, past = new, old[:2]
    return net.head(x.mean(dim=2))


def test_euler_is_the_net_as_it_was(guide):
    net, x = net_of(guide, "euler"), SIGNALS.double()
    assert torch.equal(net(x), plain(net, x))


@pytest.mark.parametrize("name", [n for n in EXPLICIT if isinstance(INTEGRATORS[n], RungeKutta)])
def test_a_runge_kutta_scheme_steps_every_block(guide, name):
    net, x = net_of(guide, name), SIGNALS.double()
    tableau = INTEGRATORS[name].tableau
    assert torch.allclose(net(x), runge_kutta(net, x, tableau), atol=1e-10)
    assert net.evaluations == 8 * len(tableau.b)
    if name != "euler":
        assert not torch.allclose(net(x), plain(net, x), atol=1e-6)


def test_the_history_goes_through_the_change_of_shape(guide):
    net, x = net_of(guide, "taylor_multistep"), SIGNALS.double()
    assert torch.allclose(net(x), taylor(net, x), atol=1e-10)
    assert net.evaluations == 8


@pytest.mark.parametrize("name", EXPLICIT)
def test_it_learns_with_every_scheme(guide, name):
    losses = guide["train"](name, steps=8)
    assert losses[-1] < 0.8 * losses[0]


def test_it_runs_as_a_file(capsys):
    exec(compile(BLOCKS[0], str(GUIDE), "exec"), {"__name__": "__main__"})
    lines = capsys.readouterr().out.splitlines()
    schemes = [line.split()[0] for line in lines]
    assert schemes == ["euler", "heun2", "rk4", "ab2", "taylor_multistep"]


def test_the_page_shows_this_example():
    from playground.ui.labs.images_printed import _example

    assert _example.__wrapped__() == BLOCKS[0]
