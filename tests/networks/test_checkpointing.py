"""Blocks that are computed anew on the way back: the same gradient and statistics, less memory."""

import copy

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from playground.experiment import Experiment
from playground.networks import IMAGE_NETWORKS, NETWORKS, build
from playground.training.trainer import Trainer

NETS = [n for n in IMAGE_NETWORKS if "checkpointing" in NETWORKS[n].options.model_fields]
SIZE = {"size": "small", "blocks": 3, "width": 4}


def pair(name, scheme="rk4"):
    made = [
        build(
            name,
            n_features=(1, 8, 8),
            n_classes=3,
            seed=3,
            scheme=scheme,
            checkpointing=checkpointing,
            **SIZE,
        ).double()
        for checkpointing in (False, True)
    ]
    return made, torch.randn(6, 1, 8, 8, dtype=torch.float64)


def passed(net, x):
    """The net's gradients after one pass, and the bytes that were kept for the way back."""
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    net.zero_grad()
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = net(x).square().sum()
    loss.backward()
    return [p.grad.clone() for p in net.parameters()], sum(kept.values())


def test_the_residual_nets_have_it():
    assert set(NETS) == {"preact_resnet", "tm_resnet", "ho_resnet", "lm_resnet"}


@pytest.mark.parametrize("name", NETS)
def test_gradients_and_statistics_are_the_same_and_less_is_kept(name):
    (plain, sparing), x = pair(name)
    assert [n for n, _ in plain.named_parameters()] == [n for n, _ in sparing.named_parameters()]
    assert list(plain.state_dict()) == list(sparing.state_dict())
    for step in range(3):
        (ours, less), (theirs, more) = passed(sparing, x + step), passed(plain, x + step)
        assert all(torch.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(ours, theirs))
        assert less < 0.6 * more
    for (key, one), other in zip(plain.state_dict().items(), sparing.state_dict().values()):
        assert torch.equal(one, other), key
    counted = [v for k, v in sparing.state_dict().items() if "num_batches_tracked" in k]
    if name != "ho_resnet":  # whose norms have statistics for each stage and count no batches
        assert {int(v) for v in counted} == {3}
    assert sparing.nfe == plain.nfe


def test_without_the_freeze_the_statistics_would_move_twice():
    (_, sparing), x = pair("preact_resnet")
    norm = sparing.blocks[1].norms[0]
    before = norm.running_mean.clone()
    loss = sparing(x).sum()
    after = norm.running_mean.clone()
    assert not torch.equal(before, after)
    loss.backward()
    assert torch.equal(norm.running_mean, after)
    assert not norm.repeats
    with torch.no_grad():
        sparing(x)
    assert not torch.equal(norm.running_mean, after)  # the next batch counts again


def test_one_value_a_channel_and_judging():
    (plain, sparing), x = pair("preact_resnet")
    plain, sparing = plain.train(), sparing.train()
    one = x[:1, :, :4, :4].clone()  # shrinks to one pixel, where the running statistics are taken
    ours, theirs = passed(sparing, one)[0], passed(plain, one)[0]
    assert all(torch.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(ours, theirs))
    assert torch.equal(plain.eval()(x), sparing.eval()(x))
    ours, theirs = passed(sparing, x)[0], passed(plain, x)[0]
    assert all(torch.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(ours, theirs))


def test_curvature_goes_through_it():
    (plain, sparing), x = pair("lm_resnet")
    found = []
    for net in (plain, sparing):
        weights = list(net.parameters())
        first = torch.autograd.grad(net(x).square().sum(), weights, create_graph=True)
        size = sum(g.square().sum() for g in first)
        found.append(torch.autograd.grad(size, weights))
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(*found))


def test_mixed_precision_is_repeated_as_it_was():
    (plain, sparing), x = pair("preact_resnet")
    plain, sparing, x = plain.float(), sparing.float(), x.float()
    grads = []
    for net in (plain, sparing):
        with torch.autocast("cpu", torch.bfloat16):
            outputs = net(x)
        outputs.float().square().sum().backward()
        grads.append([p.grad for p in net.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads))


def test_a_training_ends_with_the_same_weights():
    tree = {
        "data": "digits",
        "network": {"name": "tm_resnet", "options": SIZE},
        "n_train": 40,
        "n_validation": 20,
        "precision": "float64",
    }
    weights = []
    for checkpointing in (False, True):
        made = copy.deepcopy(tree)
        made["network"]["options"] |= {"checkpointing": checkpointing}
        trainer = Trainer(Experiment.model_validate(made))
        for _ in range(3):
            trainer.advance()
        assert trainer.nfe[0] == trainer.nfe[1]
        weights.append(trainer.net.state_dict())
    for key, value in weights[0].items():
        torch.testing.assert_close(weights[1][key], value, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", NETS)
def test_gradients_of_images_are_the_same_where_running_statistics_judge(name):
    (plain, sparing), x = pair(name)
    for step in range(3):  # statistics that differ from stage to stage
        passed(plain, x + step)
        passed(sparing, x + step)
    found = []
    for net in (plain.eval(), sparing.eval()):
        asked = x.clone().requires_grad_()
        found.append(torch.autograd.grad(net(asked).square().sum(), asked)[0])
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
