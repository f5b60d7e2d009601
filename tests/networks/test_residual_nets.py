"""Residual nets: published numbers of weights, a plainly written net, and steps taken by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from playground.networks import build
from playground.networks.blocks import PreActBlock, Shrink, StageNorm

PUBLISHED = {
    ("preact_resnet", 18): (11_171_146, 11_217_316),
    ("preact_resnet", 34): (21_279_306, 21_325_476),
    ("preact_resnet", 50): (23_509_066, 23_693_476),
    ("preact_resnet", 101): (42_501_194, 42_685_604),
    ("preact_resnet", 152): (58_144_842, 58_329_252),
    ("tm_resnet", 22): (11_000_522, 11_046_692),
    ("tm_resnet", 36): (21_034_698, 21_080_868),
    ("tm_resnet", 44): (23_511_242, 23_695_652),
    ("tm_resnet", 86): (42_497_226, 42_681_636),
    ("tm_resnet", 137): (58_140_874, 58_325_284),
}


def weights(net):
    return sum(p.numel() for p in net.parameters())


def on_paper(name, n_classes=10, shape=(3, 32, 32), **options):
    """A net without values, of which only the shapes are wanted."""
    with torch.device("meta"):
        return build(name, n_features=shape, n_classes=n_classes, **options)


def small(name, shape=(3, 8, 8), blocks=2, **more):
    options = {"size": "small", "blocks": blocks, "width": 4, "seed": 3, **more}
    return build(name, n_features=shape, n_classes=3, **options).double().eval()


@pytest.fixture
def x():
    torch.manual_seed(2)
    return torch.randn(4, 3, 8, 8, dtype=torch.float64)


@pytest.mark.parametrize(("name", "depth"), PUBLISHED)
def test_numbers_of_weights_as_published(name, depth):
    counts = tuple(weights(on_paper(name, n_classes=c, depth=depth)) for c in (10, 100))
    assert counts == PUBLISHED[name, depth]


@pytest.mark.parametrize(("name", "depth"), PUBLISHED)
def test_depth_counts_the_layers_on_the_way(name, depth):
    """Stem and decoder, and two convolutions for each basic block, three for each bottleneck."""
    net = on_paper(name, depth=depth)
    blocks = [module for module in net.modules() if isinstance(module, PreActBlock)]
    assert sum(len(block.convs) for block in blocks) + 2 == depth


@pytest.mark.parametrize("blocks", range(2, 10))
@pytest.mark.parametrize("width", [8, 16, 64])
def test_small_nets_have_equally_many_weights(blocks, width):
    shared = {"size": "small", "blocks": blocks, "width": width, "shape": (1, 8, 8)}
    euler, taylor = (weights(on_paper(name, **shared)) for name in ("preact_resnet", "tm_resnet"))
    assert abs(taylor / euler - 1) < 0.006


def test_three_small_blocks_are_a_resnet_of_20_layers():
    """0.27 million weights, as He et al. (2016) print for the ResNet-20 of CIFAR-10."""
    assert weights(on_paper("preact_resnet", size="small")) == pytest.approx(0.27e6, rel=0.02)


class PlainBlock(nn.Module):
    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        projects = stride != 1 or n_in != n_out
        self.shortcut = nn.Conv2d(n_in, n_out, 1, stride, bias=False) if projects else None

    def forward(self, x):
        out = functional.relu(self.bn1(x))
        shortcut = x if self.shortcut is None else self.shortcut(out)
        out = self.conv1(out)
        out = self.conv2(functional.relu(self.bn2(out)))
        return out + shortcut


class PlainPreActResNet18(nn.Module):
    """The net written out, without an integrator."""

    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        stages, n_in = [], 64
        for n_out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            stages += [PlainBlock(n_in, n_out, stride), PlainBlock(n_out, n_out, 1)]
            n_in = n_out
        self.stages = nn.Sequential(*stages)
        self.linear = nn.Linear(512, n_classes)

    def forward(self, x):
        out = self.stages(self.conv1(x))
        return self.linear(functional.adaptive_avg_pool2d(out, 1).flatten(1))


def copied(plain, ours):
    """Give the plain net the weights of ours, part by part."""
    plain.conv1.load_state_dict(ours.lift.state_dict())
    plain.linear.load_state_dict(ours.head.linear.state_dict())
    for theirs, block in zip(plain.stages, ours.blocks, strict=True):
        for number in (0, 1):
            getattr(theirs, f"bn{number + 1}").load_state_dict(block.norms[number].state_dict())
            getattr(theirs, f"conv{number + 1}").load_state_dict(block.convs[number].state_dict())
        if theirs.shortcut is not None:
            theirs.shortcut.load_state_dict(block.shortcut.state_dict())
    return plain


def test_preact_resnet_18_is_the_plain_one():
    ours = build("preact_resnet", n_features=(3, 32, 32), n_classes=10, depth=18, seed=0)
    plain = copied(PlainPreActResNet18(10), ours)
    torch.manual_seed(1)
    x = torch.randn(2, 3, 16, 16)
    for mode in (True, False):  # statistics of the batch, then the running ones that it left
        assert torch.allclose(ours.train(mode)(x), plain.train(mode)(x), atol=1e-5)
    y = torch.tensor([3, 7])
    functional.cross_entropy(ours(x), y).backward()
    functional.cross_entropy(plain(x), y).backward()
    first, last = ours.lift.weight.grad, ours.blocks[-1].convs[1].weight.grad
    assert torch.allclose(first, plain.conv1.weight.grad, rtol=1e-3, atol=1e-6)
    assert torch.allclose(last, plain.stages[-1].conv2.weight.grad, rtol=1e-3, atol=1e-6)


def test_tm_resnet_by_hand(x):
    net = small("tm_resnet")  # 4, 4 and 1 blocks
    blocks, maps = list(net.stack.blocks), net.stack.transitions
    assert (len(blocks), sorted(maps)) == (9, ["4", "8"])
    a = net.lift(x)
    b = a + blocks[0](a)
    c = b + blocks[1](b)
    for index in range(2, 9):
        if str(index) in maps:
            c, b, a = (carry(state) for carry, state in zip(maps[str(index)], (c, b, a)))
        a, b, c = b, c, 1.5 * c - b + 0.5 * a + blocks[index](c)
    assert torch.allclose(net(x), net.head.linear(c.mean((2, 3))), atol=1e-10)
    assert net.nfe == 9


def test_ho_resnet_by_hand(x):
    net = small("ho_resnet", scheme="rk4", step=0.5)
    y, h = net.lift(x), 0.5
    for index, f in enumerate(net.stack.blocks):
        if index in (2, 4):
            y = torch.cat([y[:, :, ::2, ::2], torch.zeros_like(y)[:, :, ::2, ::2]], dim=1)
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    assert torch.allclose(net(x), net.head.linear(y.mean((2, 3))), atol=1e-10)
    assert net.nfe == 4 * 6


@pytest.mark.parametrize("scheme", ["euler", "midpoint", "kutta3", "custom"])
def test_stages_of_ho_resnet_share_the_weights(scheme, x):
    net = small("ho_resnet", scheme=scheme)
    net(x)
    assert weights(net) == weights(small("ho_resnet", scheme="euler"))
    assert net.nfe == 6 * {"euler": 1, "midpoint": 2, "kutta3": 3, "custom": 2}[scheme]
    assert not list(Shrink(2, 4, 2).parameters())


def test_lm_resnet_by_hand(x):
    net = small("lm_resnet", blocks=4)
    k, f = net.k.detach(), net.blocks
    assert k.shape == (9,)  # of twelve blocks the first and two that change the shape step by Euler
    assert bool(((k >= 1) & (k <= 1.1)).all())
    x1 = net.lift(x)
    for stage, first in enumerate((0, 4, 8)):
        x0 = x1
        if stage:
            shortcut = net.shortcuts[str(first)]
            opened = functional.relu(shortcut.norm(x1))
            x0 = functional.conv2d(opened, shortcut.conv.weight, stride=2)
        x1 = x0 + f[first](x1)
        k1, k2, k3 = k[3 * stage : 3 * stage + 3]
        x2 = k1 * x1 + (1 - k1) * x0 + f[first + 1](x1)
        x3 = k2 * x2 + (1 - k2) * x1 + f[first + 2](x2)
        x1 = k3 * x3 + (1 - k3) * x2 + f[first + 3](x3)
    assert torch.allclose(net(x), net.head.linear(x1.mean((2, 3))), atol=1e-10)
    assert net.nfe == 12


def test_lm_resnet_with_k_one_steps_by_euler(x):
    net = small("lm_resnet", blocks=3)
    with torch.no_grad():
        net.k.fill_(1.0)
    y = net.lift(x)
    for index, block in enumerate(net.blocks):
        carry = net.shortcuts[str(index)] if str(index) in net.shortcuts else nn.Identity()
        y = carry(y) + block(y)
    assert torch.allclose(net(x), net.head(y), atol=1e-10)


@pytest.mark.parametrize("scheme", ["heun2", "rk4"])
def test_a_net_is_judged_as_it_was_trained(scheme):
    """Each stage is normalised by its own statistics, also where they are running ones."""
    torch.manual_seed(5)
    x = torch.randn(32, 3, 8, 8, dtype=torch.float64)
    net = small("ho_resnet", scheme=scheme).train()
    with torch.no_grad():
        for _ in range(120):
            trained = net(x)
        judged = net.eval()(x)
    # Running variances are those of a sample: of 128 values at the end of the net, one in 127 more.
    assert (judged - trained).norm() < 0.05 * (trained - trained.mean(dim=0)).norm()


def test_a_pass_that_broke_off_leaves_no_trace(x):
    net = small("ho_resnet", scheme="rk4")
    for norm in (n for n in net.modules() if isinstance(n, StageNorm)):
        norm.running_mean += torch.arange(4.0)[:, None]
    whole = net(x)
    net.stack.blocks[0](net.lift(x))  # one stage of four
    assert torch.equal(net(x), whole)
