"""Attention nets: the numbers of table IV, formulas written out, and maps that add up to one."""

import pytest
import torch
from torch.nn import functional
from torchdiffeq import odeint

from playground.networks import build
from playground.networks.sequences import Sequence

TABLE = {  # shape and classes: classic, neural ODE
    ((1, 28, 28), 10): (5387, 3531),
    ((1, 32, 32), 10): (5899, 3659),
    ((1, 32, 32), 100): (17_509, 6629),
    ((3, 32, 32), 10): (5899, 3659),
}
NAMES = ("classic_attention", "ode_attention")


def net_of(name, shape=(1, 6, 6), n_classes=3, **options):
    options = {"width": 5, "dropout": 0.0, "seed": 3, **options}
    return build(name, n_features=shape, n_classes=n_classes, **options).double()


@pytest.fixture
def x():
    torch.manual_seed(5)
    return torch.randn(4, 1, 6, 6, dtype=torch.float64)


def weights(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("shape", "n_classes"), TABLE)
def test_numbers_of_weights_as_in_table_iv(shape, n_classes):
    built = [build(name, n_features=shape, n_classes=n_classes) for name in NAMES]
    assert tuple(weights(net) for net in built) == TABLE[shape, n_classes]


@pytest.mark.parametrize(("name", "width"), [("classic_attention", 128), ("ode_attention", 32)])
def test_queries_keys_and_values_take_three_squares_more(name, width):
    counted, written = (
        weights(build(name, n_features=(1, 28, 28), n_classes=10, form=form))
        for form in ("score", "qkv")
    )
    assert written - counted == 3 * width**2 - (width + 1)  # the score has gone


def layer_norm(h, norm):
    mean, var = h.mean(-1, keepdim=True), h.var(-1, keepdim=True, unbiased=False)
    return (h - mean) / (var + 1e-5).sqrt() * norm.weight + norm.bias


def context_by_hand(h, attention, form):
    """The context of positions (batch, positions, width), sample by sample."""
    contexts = []
    for sample in h:
        if form == "score":
            scores = torch.stack([attention.score.weight[0] @ p for p in sample])
            a = (scores + attention.score.bias).exp()
            contexts.append(sum(w * p for w, p in zip(a / a.sum(), sample)))
        else:
            q, k, v = (
                sample @ m.weight.T for m in (attention.query, attention.key, attention.value)
            )
            scores = (q @ k.T / len(sample[0]) ** 0.5).exp()
            contexts.append((scores / scores.sum(1, keepdim=True) @ v).mean(0))
    return torch.stack(contexts)


@pytest.mark.parametrize("form", ["score", "qkv"])
def test_classic_attention_by_hand(form, x):
    net = net_of("classic_attention", form=form)
    encoder, decoder = net.lift[1], net.head.decoder
    h = layer_norm(x[:, 0] @ encoder.weight.T + encoder.bias, net.norm)
    expected = context_by_hand(h, net.head.attention, form) @ decoder.weight.T + decoder.bias
    assert torch.allclose(net(x), expected, atol=1e-10)


@pytest.mark.parametrize("form", ["score", "qkv"])
@pytest.mark.parametrize(
    ("method", "substeps", "evaluations"),
    [("euler", 1, 2), ("euler", 3, 6), ("midpoint", 2, 8), ("rk4", 2, 16), ("dopri5", 1, None)],
)
def test_ode_attention_by_hand(form, method, substeps, evaluations, x):
    options = {"form": form, "method": method, "substeps": substeps, "tolerance": 1e-7}
    net = net_of("ode_attention", n_times=3, horizon=1.5, **options)
    first, norm, _, last = net.field.layers

    def f(_t, y):
        y = torch.relu(layer_norm(y @ first.weight.T + first.bias, norm))
        return y @ last.weight.T + last.bias

    encoder, decoder = net.lift[1], net.head.decoder
    start = x[:, 0] @ encoder.weight.T + encoder.bias
    if method == "dopri5":
        times = torch.tensor([0, 0.75, 1.5], dtype=torch.float64)
        states = odeint(f, start, times, rtol=1e-9, atol=1e-11)
    else:
        grid = torch.linspace(0, 1.5, 2 * substeps + 1, dtype=torch.float64)
        states = odeint(f, start, grid, method=method)[::substeps]
    contexts = [context_by_hand(layer_norm(h, net.norm), net.head.attention, form) for h in states]
    expected = torch.stack(contexts).mean(0) @ decoder.weight.T + decoder.bias
    assert torch.allclose(net(x), expected, atol=1e-10 if evaluations else 1e-4)
    assert net.times() == [0.0, 0.75, 1.5]
    assert net.nfe == evaluations if evaluations else net.nfe > 6


@pytest.mark.parametrize("form", ["score", "qkv"])
@pytest.mark.parametrize("encoding", ["rows", "patches", "flat"])
def test_maps_add_up_to_one(form, encoding):
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    options = {"shape": (3, 6, 6), "form": form, "encoding": encoding}
    positions = {"rows": 18, "patches": 4, "flat": 36}[encoding]
    classic = net_of("classic_attention", **options)
    flowing = net_of("ode_attention", n_times=5, **options)
    assert classic.maps(x).shape == (2, positions)
    assert flowing.maps(x).shape == (2, positions, 5)
    for net in (classic, flowing):
        maps, pairs = net.maps(x), net.pairs(x)
        assert torch.allclose(maps.sum(1), torch.ones_like(maps[:, 0]))
        assert bool((maps > 0).all())
        assert torch.allclose(pairs.sum(-1), torch.ones_like(pairs[..., 0]))
        queries = 1 if form == "score" else positions
        assert pairs.shape[-2:] == (queries, positions)
    assert torch.allclose(classic.maps(x), classic.pairs(x).mean(1))
    assert torch.allclose(flowing.maps(x), flowing.pairs(x).mean(2).mT)


@pytest.mark.parametrize("encoding", ["rows", "patches", "flat"])
def test_images_as_positions(encoding):
    x = torch.arange(2 * 3 * 5 * 7.0).reshape(2, 3, 5, 7)
    sequence = Sequence((3, 5, 7), encoding, 2)
    tokens = sequence(x)
    assert tokens.shape == (2, sequence.positions, sequence.values)
    if encoding == "rows":
        assert torch.equal(tokens[1, 5 + 2], x[1, 1, 2])  # channel 1, row 2
    elif encoding == "flat":
        assert torch.equal(tokens[1, 7 * 3 + 4], x[1, :, 3, 4])
    else:
        assert sequence.positions == 3 * 4
        assert torch.equal(tokens[1, 4 * 1 + 2], x[1, :, 2:4, 4:6].flatten())
        corner = functional.pad(x[1, :, 4:5, 6:7], (0, 1, 0, 1))
        assert torch.equal(tokens[1, -1], corner.flatten())


@pytest.mark.parametrize("name", NAMES)
def test_dropout_acts_on_the_context_while_training_only(name, x):
    net = net_of(name, width=64, dropout=0.5)
    net.eval()
    assert torch.equal(net(x), net(x))
    context = net.head.context(net.attended(x))
    net.train()
    torch.manual_seed(0)
    dropped = net.head.dropout(context)
    torch.manual_seed(0)
    assert torch.allclose(net(x), net.head.decoder(dropped))
    share = float((dropped == 0).double().mean())
    assert 0.3 < share < 0.7
    kept = dropped != 0
    assert torch.allclose(dropped[kept], 2 * context[kept])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["score", "qkv"])
def test_gradients_reach_every_weight(name, form, x):
    net = net_of(name, form=form)
    net(x).square().sum().backward()
    # Shifting all scores changes no softmax.
    idle = [key for key, p in net.named_parameters() if p.grad.abs().sum() < 1e-12]
    assert idle == (["head.attention.score.bias"] if form == "score" else [])
