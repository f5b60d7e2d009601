"""Optimisers, schedules and losses: against torch's own, closed forms, and each other."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from playground.losses import LOSSES, mean_square
from playground.optimizers import OPTIMIZERS, LookaheadOptions, evaluated, set_rate
from playground.registry import bounds
from playground.schedules import SCHEDULES


def problem(seed=0):
    torch.manual_seed(seed)
    stack = nn.Parameter(torch.randn(3, 4, 4) * 0.4)
    head = nn.Linear(4, 2)
    x = torch.randn(32, 4)
    y = (x.sum(1) > 0).long()
    parameters = [stack, *head.parameters()]

    def closure(optimizer):
        optimizer.zero_grad()
        z = x
        for weight in stack:
            z = torch.tanh(z @ weight.T)
        loss = functional.cross_entropy(head(z), y)
        loss.backward()
        return loss

    return parameters, closure


def trained(name, options=None, steps=60):
    parameters, closure = problem()
    entry = OPTIMIZERS[name]
    optimizer = entry.make(parameters, options or entry.options())
    first = float(closure(optimizer).detach())
    for _ in range(steps):
        optimizer.step(lambda: closure(optimizer)) if entry.full_batch else (
            closure(optimizer), optimizer.step()
        )  # fmt: skip
    with evaluated(optimizer):
        return first, float(closure(optimizer).detach()), parameters, optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_makes_the_loss_smaller(name):
    first, last, *_ = trained(name)
    assert last < 0.9 * first


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_options_are_declared_in_full(name):
    for field_name, field in OPTIMIZERS[name].options.model_fields.items():
        assert field.title, field_name
        assert field.description, field_name
        if field.annotation in (int, float):
            assert None not in bounds(field), field_name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_goes_on_exactly(name):
    entry = OPTIMIZERS[name]
    parameters, closure = problem()
    optimizer = entry.make(parameters, entry.options())

    def steps(n, optimizer, closure):
        for _ in range(n):
            if entry.full_batch:
                optimizer.step(lambda: closure(optimizer))
            else:
                closure(optimizer)
                optimizer.step()

    steps(7, optimizer, closure)
    kept = [p.detach().clone() for p in parameters]
    again, closure_again = problem()
    for p, value in zip(again, kept):
        p.data.copy_(value)
    other = entry.make(again, entry.options())
    import copy

    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(8, optimizer, closure)
    steps(8, other, closure_again)
    for a, b in zip(parameters, again):
        assert torch.equal(a, b)


def test_muon_on_a_stack_is_torchs_muon_on_its_layers():
    parameters, closure = problem()
    options = OPTIMIZERS["muon"].options()
    ours = OPTIMIZERS["muon"].make(parameters, options)
    single = [nn.Parameter(layer.clone()) for layer in parameters[0].detach()]
    reference = torch.optim.Muon(
        single, lr=options.learning_rate, momentum=options.momentum, weight_decay=0.0
    )
    for _ in range(5):
        closure(ours)
        for layer, gradient in zip(single, parameters[0].grad):
            layer.grad = gradient.clone()
        ours.step()
        reference.step()
    for layer, own in zip(single, parameters[0]):
        assert torch.allclose(layer, own, atol=1e-7)


def test_lookahead_follows_its_definition():
    options = LookaheadOptions(
        inner={"name": "sgd", "options": {"learning_rate": 0.1}}, k=3, alpha=0.4
    )
    parameters, closure = problem()
    optimizer = OPTIMIZERS["lookahead"].make(parameters, options)
    fast, closure_fast = problem()
    slow = [p.detach().clone() for p in fast]
    plain = torch.optim.SGD(fast, lr=0.1)
    for i in range(1, 8):
        closure(optimizer)
        optimizer.step()
        closure_fast(plain)
        plain.step()
        if i % 3 == 0:
            for p, s in zip(fast, slow):
                s += 0.4 * (p.detach() - s)
                p.data.copy_(s)
    for a, b in zip(parameters, fast):
        assert torch.allclose(a, b, atol=1e-6)
    with evaluated(optimizer):
        for a, s in zip(parameters, slow):
            assert torch.allclose(a, s, atol=1e-6)


def test_rate_reaches_every_group():
    for name, entry in OPTIMIZERS.items():
        parameters, closure = problem()
        optimizer = entry.make(parameters, entry.options())
        before = [p.detach().clone() for p in parameters]
        set_rate(optimizer, 1e-12)
        if entry.full_batch:
            continue  # its line search makes the rate of the first step only
        closure(optimizer)
        optimizer.step()
        moved = max(float((a - b).abs().max()) for a, b in zip(parameters, before))
        assert moved < 1e-6, name


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_start_at_one_and_never_rise(name):
    entry = SCHEDULES[name]
    options = entry.options()
    factors = [entry.factor(options, s / 50) for s in range(51)]
    assert factors[0] == 1
    assert all(0 <= b <= a for a, b in itertools.pairwise(factors))


def test_schedules_against_closed_forms():
    cosine, step = SCHEDULES["cosine"], SCHEDULES["step"]
    assert cosine.factor(cosine.options(floor=0.2), 0.5) == pytest.approx(0.6)
    assert cosine.factor(cosine.options(floor=0.2), 1.0) == pytest.approx(0.2)
    options = step.options(drops=3, factor=0.5)
    assert [step.factor(options, s) for s in (0.1, 0.3, 0.6, 0.9, 1.0)] == pytest.approx(
        [1, 0.5, 0.25, 0.125, 0.125]
    )


def test_losses_against_closed_forms():
    outputs = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    classes = torch.tensor([0, 0])
    expected = -(math.log(math.exp(2) / (math.exp(2) + 1)) + math.log(1 / (1 + math.e))) / 2
    assert float(LOSSES["cross_entropy"].function(outputs, classes)) == pytest.approx(expected)
    assert float(mean_square(outputs, classes)) == pytest.approx((1 + 0 + 1 + 1) / 4)
    assert float(mean_square(outputs[:, :1], torch.tensor([[1.0], [1.0]]))) == pytest.approx(1.0)
