"""What has to hold for every attack, over the registry, and what holds for some."""

import functools
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from playground.attacks import ATTACKS, AttackSlot, correct, fgsm, gaussian_noise, pgd, run, spsa
from playground.attacks.ball import Ball
from playground.attacks.objective import margin
from tests.attacks.models import convolutions, digits, images, moons, seeded

SMALL = {"spsa": {"samples": 8, "steps": 3}, "pgd": {"steps": 4}, "transfer": {"steps": 4}}
CASES = [(name, norm) for name in ATTACKS for norm in ("linf", "l2")]


def _slot(name, norm="linf", **options):
    return AttackSlot(name=name, options={"norm": norm, **SMALL.get(name, {}), **options})


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_says_what_it_is(name):
    entry = ATTACKS[name]
    assert entry.label
    assert entry.summary.endswith(".")
    assert entry.reference or name == "gaussian_noise"
    for field in entry.options.model_fields.values():
        assert field.title
        assert field.description


@functools.cache
def _net(dtype, seed=0):
    return convolutions(dtype, seed).eval()


@pytest.mark.parametrize(("name", "norm"), CASES)
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 99),
    eps=st.floats(0, 3),
    low=st.floats(-3, 2),
    width=st.floats(1e-3, 5),
    double=st.booleans(),
)
def test_what_comes_out_lies_in_the_ball_and_in_the_range(
    name, norm, seed, eps, low, width, double
):
    dtype = torch.float64 if double else torch.float32
    ends = torch.tensor([low, low + width], dtype=dtype).tolist()
    x = torch.rand(3, 1, 5, 5, generator=seeded(seed), dtype=dtype) * width + low
    x[0] = x[0].gt(x[0].mean()) * width + low
    x = x.clamp(*ends)
    y = torch.randint(0, 4, (3,), generator=seeded(seed))
    before = x.clone()
    net, source = _net(dtype), _net(dtype, 1)
    moved = run(_slot(name, norm), net, x, y, eps=eps, clip=ends, source=source, seed=seed)
    assert moved.shape == x.shape
    assert moved.dtype == dtype
    assert not moved.requires_grad
    assert torch.equal(x, before)
    assert float(moved.min()) >= ends[0]
    assert float(moved.max()) <= ends[1]
    gap = (moved - x).flatten(1)
    size = gap.abs().amax(1) if norm == "linf" else gap.norm(dim=1)
    rounding = (1e-5 if dtype == torch.float32 else 1e-12) * (1 + eps + abs(low) + width)
    assert float(size.max()) <= eps + rounding


@pytest.mark.parametrize(("name", "norm"), CASES)
def test_points_may_go_anywhere(name, norm):
    x, y, net, other = moons()
    moved = run(_slot(name, norm), net, 10 * x[:20], y[:20], eps=2.0, clip=None, source=other)
    assert float(moved.abs().max()) > 10


@pytest.mark.parametrize("name", ATTACKS)
def test_batches_change_nothing_and_the_seed_repeats_it(name):
    (x, y), net, source = images(11, torch.float64), _net(torch.float64), _net(torch.float64, 1)
    attack = functools.partial(run, _slot(name), net, x, y, eps=0.2, source=source)
    whole = attack(seed=3)
    for size in (1, 4, 100):
        torch.testing.assert_close(attack(seed=3, batch_size=size), whole, atol=1e-9, rtol=0)
    assert torch.equal(attack(seed=3), whole)
    if ATTACKS[name].random:
        assert not torch.allclose(attack(seed=4), whole)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_model_is_left_as_it_was(name):
    net, (x, y) = convolutions(), images(6)
    net.train()
    net[1].eval()  # a mixture of modes is kept too
    for i, parameter in enumerate(net.parameters()):
        parameter.grad = torch.full_like(parameter, i) if i % 2 else None
    state = {key: value.clone() for key, value in net.state_dict().items()}
    grads = [None if p.grad is None else p.grad.clone() for p in net.parameters()]
    modes = [part.training for part in net.modules()]
    moved = run(_slot(name), net, x, y, eps=0.1, source=net)
    assert [part.training for part in net.modules()] == modes
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
    for parameter, grad in zip(net.parameters(), grads):
        assert parameter.requires_grad
        assert parameter.grad is None if grad is None else torch.equal(parameter.grad, grad)
    evaluated = run(_slot(name), net.eval(), x, y, eps=0.1, source=net)
    assert torch.equal(moved, evaluated)  # dropout did not act


def test_the_mode_comes_back_after_an_error():
    net = convolutions().train()
    with pytest.raises(RuntimeError):
        pgd(net, torch.rand(2, 7), torch.zeros(2, dtype=torch.int64), eps=0.1)
    assert net.training
    assert net[3].training


def test_no_grad_around_it_does_not_matter():
    (x, y), net = images(), _net(torch.float32)
    with torch.no_grad():
        inside = fgsm(net, x, y, eps=0.1)
    assert torch.equal(inside, fgsm(net, x, y, eps=0.1))
    assert torch.equal(inside, fgsm(lambda v: net(v), x, y, eps=0.1))


def test_without_samples_nothing_happens():
    x, y = torch.zeros(0, 1, 5, 5), torch.zeros(0, dtype=torch.int64)
    for name in ATTACKS:
        moved = run(_slot(name), _net(torch.float32), x, y, eps=0.1, source=_net(torch.float32))
        assert moved.shape == x.shape


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_step_is_the_steepest_for_a_linear_model(norm):
    """A linear margin is pushed furthest by ε times the dual norm of its weights, by hand."""
    weight = torch.tensor([[3.0, -4.0], [0.0, 0.0]])
    x, y = torch.zeros(1, 2), torch.tensor([0])
    moved = fgsm(lambda v: v @ weight.T, x, y, eps=0.5, norm=norm, loss="margin", clip=None)
    wanted = [[-0.5, 0.5]] if norm == "linf" else [[-0.3, 0.4]]
    torch.testing.assert_close(moved, torch.tensor(wanted))
    more = {"loss": "margin", "clip": None, "steps": 60, "alpha": 0.2}
    many = pgd(lambda v: v @ weight.T, x, y, eps=0.5, norm=norm, **more)
    torch.testing.assert_close(many, torch.tensor(wanted))


def test_the_margin_is_that_of_the_logarithms():
    logits = torch.randn(50, 5, generator=seeded(0), dtype=torch.float64)
    labels = torch.randint(0, 5, (50,), generator=seeded(1))
    log_p = logits.log_softmax(1)
    wanted = [p[k] - max(v for j, v in enumerate(p) if j != k) for p, k in zip(log_p, labels)]
    torch.testing.assert_close(margin(logits, labels), torch.stack(wanted))


def test_the_smallest_gradients_still_have_a_direction():
    x, y = torch.zeros(1, 2), torch.tensor([0])
    for scale in (1e-30, 1e-3, 1e30):
        weight = scale * torch.tensor([[3.0, -4.0], [0.0, 0.0]])
        moved = fgsm(
            lambda v, w=weight: v @ w.T, x, y, eps=1.0, norm="l2", loss="margin", clip=None
        )
        torch.testing.assert_close(moved, torch.tensor([[-0.6, 0.8]]))


def test_restarts_are_never_worse():
    x, y, net, _ = digits()
    settings = {"eps": 0.08, "steps": 2, "alpha": 0.03, "loss": "margin"}
    lefts, values = [], []
    for restarts in (1, 2, 5):
        moved = pgd(net, x, y, restarts=restarts, **settings)
        lefts.append(correct(net, moved, y))
        with torch.no_grad():
            values.append(margin(net(moved), y))
    for few, many in pairwise(lefts):
        assert not bool((many & ~few).any())
    for few, many in pairwise(values):
        assert bool((many <= few).all())
    assert float(values[-1].mean()) < float(values[0].mean()) - 1e-3


@pytest.mark.parametrize("target", ["next", "least_likely", 3])
def test_a_target_is_reached_more_often_than_by_chance(target):
    x, y, net, _ = digits()
    with torch.no_grad():
        logits = net(x)
    wanted = {"next": (y + 1) % 10, 3: torch.full_like(y, 3)}.get(target, logits.argmin(1))
    moved = pgd(net, x, y, eps=0.3, steps=10, target=target)
    with torch.no_grad():
        reached = float((net(moved).argmax(1) == wanted).float().mean())
        noisy = gaussian_noise(net, x, y, eps=0.3, norm="linf")
        by_noise = float((net(noisy).argmax(1) == wanted).float().mean())
    assert reached > max(0.3, by_noise + 0.2)
    estimated = spsa(net, x, y, eps=0.3, target=target, samples=32, steps=10)
    with torch.no_grad():
        assert float((net(estimated).argmax(1) == wanted).float().mean()) > by_noise + 0.1


def test_spsa_finds_the_gradient_of_a_model_without_one():
    x, y, net, _ = moons()

    def blind(points):
        with torch.no_grad():
            return net(points.detach())

    settings = {"eps": 0.3, "clip": None}
    with pytest.raises(ValueError, match="use spsa"):
        pgd(blind, x, y, **settings)
    same = {"loss": "margin", "steps": 20, "random_start": False}
    found = correct(net, spsa(blind, x, y, **settings), y).float().mean()
    pushed = correct(net, pgd(net, x, y, **same, **settings), y).float().mean()
    noisy = correct(net, gaussian_noise(net, x, y, norm="linf", **settings), y).float().mean()
    assert float(found) < float(noisy) - 0.1
    assert abs(float(found) - float(pushed)) < 0.02


def test_noise_has_the_size_that_was_asked_for():
    x, y = torch.full((400, 30), 0.5, dtype=torch.float64), torch.zeros(400, dtype=torch.int64)
    free = functools.partial(gaussian_noise, None, x, y, eps=0.2, clip=None)
    assert float((free() - x).std()) == pytest.approx(0.2, rel=0.02)
    ones = torch.full((400,), 0.2, dtype=torch.float64)
    torch.testing.assert_close((free(norm="l2") - x).norm(dim=1), ones)
    torch.testing.assert_close((free(norm="linf") - x).abs().amax(1), ones)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_random_starts_fill_the_ball(norm):
    x = torch.zeros(4000, 3, dtype=torch.float64)
    start = Ball(2.0, norm, None).random(x, seeded(0))
    size = start.abs().amax(1) if norm == "linf" else start.norm(dim=1)
    # The share inside a smaller ball of the same kind is the ratio of the volumes.
    for radius in (1.0, 1.5):
        assert float((size < radius).double().mean()) == pytest.approx((radius / 2) ** 3, abs=0.03)
    assert float(start.mean(0).abs().max()) < 0.1


def test_what_is_not_a_number_moves_nothing():
    def broken(v):
        logits = torch.stack([v[:, 0], v[:, 1]], 1)
        return torch.where(v[:, :1] > 0.9, logits * torch.nan, logits)

    x, y = torch.tensor([[0.95, 0.5], [0.2, 0.1]]), torch.tensor([0, 0])
    moved = pgd(broken, x, y, eps=0.3, restarts=2)
    assert bool(torch.isfinite(moved).all())
    assert correct(broken, x, y).tolist() == [False, True]


class _Saturated(nn.Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.tensor([[1.2, 0.5]])}, r"x: 1\.2 is outside the clip range; legal is 0 to 1"),
        (
            {"x": torch.tensor([[-0.1, 0.5]])},
            r"x: -0\.1 is outside the clip range; legal is 0 to 1",
        ),
        ({"clip": (0.0, 0.4)}, r"x: 0\.5 is outside the clip range; legal is 0 to 0\.4"),
        ({"clip": (1.0, 0.0)}, r"clip: \(1\.0, 0\.0\) is not legal"),
        ({"x": torch.tensor([[0.5, torch.nan]])}, "x: holds a value that is not finite"),
        ({"x": torch.tensor([[1, 0]])}, "x: .*int64 is not legal"),
        ({"y": torch.tensor([0, 1])}, r"y: shape \(2,\) .*legal are whole numbers of shape \(1,\)"),
        ({"y": torch.tensor([-1])}, "y: class -1 is not legal"),
        ({"y": torch.tensor([0.0])}, "y: .*float32 is not legal"),
        ({"eps": -0.1}, "eps: -0.1 is not legal; legal is a finite number of at least 0"),
        ({"eps": float("nan")}, "eps: nan is not legal"),
    ],
)
def test_bad_input_is_named(change, message):
    given = {"x": torch.tensor([[0.5, 0.5]]), "y": torch.tensor([0]), "eps": 0.1, **change}
    x, y = given.pop("x"), given.pop("y")
    for name in ATTACKS:
        more = {"source": _Saturated()} if name == "transfer" else {}
        with pytest.raises(ValueError, match=message):
            ATTACKS[name].function(_Saturated(), x, y, **given, **more)


@pytest.mark.parametrize(
    ("attack", "change", "message"),
    [
        (pgd, {"steps": 0}, "steps: 0 is not legal; legal is a whole number from 1 on"),
        (pgd, {"alpha": -1.0}, "alpha: -1.0 is not legal"),
        (pgd, {"restarts": 0}, "restarts: 0 is not legal"),
        (pgd, {"norm": "l1"}, "norm: 'l1' is not legal; legal is linf or l2"),
        (pgd, {"loss": "hinge"}, "loss: 'hinge' is not legal; legal is ce or margin"),
        (pgd, {"target": 2}, "target: a class is not legal; legal are 0 to 1"),
        (pgd, {"target": "worst"}, "target: 'worst' is not legal"),
        (pgd, {"batch_size": 0}, "batch_size: 0 is not legal"),
        (spsa, {"samples": 0}, "samples: 0 is not legal"),
        (spsa, {"delta": 0.0}, "delta: 0.0 is not legal; legal is a finite number above 0"),
        (gaussian_noise, {"norm": "l1"}, "norm: 'l1' is not legal"),
    ],
)
def test_bad_settings_are_named(attack, change, message):
    with pytest.raises(ValueError, match=message):
        attack(_Saturated(), torch.rand(1, 2), torch.tensor([0]), **{"eps": 0.1, **change})


def test_labels_and_shapes_that_the_model_does_not_have():
    with pytest.raises(ValueError, match="y: class 5 is not legal; the model has classes 0 to 1"):
        fgsm(_Saturated(), torch.rand(1, 2), torch.tensor([5]), eps=0.1)
    with pytest.raises(ValueError, match=r"model: it returned the shape \(1, 1\)"):
        fgsm(_Saturated(), torch.rand(1, 1), torch.tensor([0]), eps=0.1)
    with pytest.raises(ValueError, match="source: 'transfer' needs another model"):
        run(_slot("transfer"), _Saturated(), torch.rand(1, 2), torch.tensor([0]), eps=0.1)
