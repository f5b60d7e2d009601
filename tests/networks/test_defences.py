"""Defences against SciPy and plain loops; what is drawn at random, and when it is the same."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.func import functional_call, vmap
from torch.nn import functional

from playground.networks import build
from playground.networks.defences import DenoisingBlock, MeanFilter, NonLocalMeans, Randomise

NAMES = ("cnn", "ode_net", "tis_ode")


def features(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def made(name="tis_ode", **options):
    options = {"channels": 4, "stem": "small", **options}
    if name != "cnn":
        options = {"depth": 2, **options}
    return build(name, n_features=(1, 7, 8), n_classes=3, seed=2, **options).double()


def test_mean_filter_is_that_of_scipy():
    x = features(2, 3, 5, 7)
    found = MeanFilter()(x).numpy()
    for image, ours in zip(x.numpy().reshape(6, 5, 7), found.reshape(6, 5, 7)):
        total = ndimage.uniform_filter(image, 3, mode="constant")
        share = ndimage.uniform_filter(np.ones_like(image), 3, mode="constant")
        np.testing.assert_allclose(ours, total / share, atol=1e-12)
    assert np.allclose(MeanFilter()(torch.ones(1, 1, 4, 4)), 1)


@pytest.mark.parametrize("affinity", ["softmax", "dot"])
def test_non_local_means_by_a_loop_over_pairs_of_pixels(affinity):
    torch.manual_seed(1)
    means, x = NonLocalMeans(6, affinity).double(), features(2, 6, 3, 4)
    wanted = torch.zeros_like(x)
    places = [(i, j) for i in range(3) for j in range(4)]
    for image, out in zip(x, wanted):
        for i, j in places:
            own, likeness = image[:, i, j], []
            for k, m in places:
                other = image[:, k, m]
                if affinity == "softmax":
                    (a, b) = means.embeddings
                    theta = a.weight[:, :, 0, 0] @ own + a.bias
                    phi = b.weight[:, :, 0, 0] @ other + b.bias
                    likeness.append(math.exp((theta @ phi).item() / math.sqrt(3)))
                else:
                    likeness.append((own @ other).item() / 12)
            scale = sum(likeness) if affinity == "softmax" else 1.0
            out[:, i, j] = sum(w / scale * image[:, k, m] for w, (k, m) in zip(likeness, places))
    torch.testing.assert_close(means(x), wanted, rtol=1e-10, atol=1e-11)


def test_softmax_of_equal_pixels_is_their_mean():
    torch.manual_seed(1)
    x = torch.ones(1, 4, 5, 5) * torch.rand(1, 4, 1, 1)
    torch.testing.assert_close(NonLocalMeans(4, "softmax")(x), x)


@pytest.mark.parametrize("denoise", ["mean", "non_local"])
def test_a_block_adds_an_affine_map_of_what_was_denoised(denoise):
    torch.manual_seed(1)
    block, x = DenoisingBlock(4, denoise, "dot").double(), features(2, 4, 5, 5)
    denoised = block.filter(x)
    mapped = torch.einsum("oc,bchw->bohw", block.conv.weight[:, :, 0, 0], denoised)
    torch.testing.assert_close(block(x), x + mapped + block.conv.bias[:, None, None])
    torch.nn.init.zeros_(block.conv.weight)
    torch.nn.init.zeros_(block.conv.bias)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [{"denoise": "mean"}, {"denoise": "non_local"}, {"denoise": "non_local", "affinity": "dot"}],
)
def test_nets_with_denoised_features_train_all_their_weights(name, options):
    net, x = made(name, **options), features(3, 1, 7, 8)
    bare = made(name)
    assert sum(p.numel() for p in net.parameters()) - sum(p.numel() for p in bare.parameters()) == (
        4 * 4 + 4 + (2 * (4 * 2 + 2) if options == {"denoise": "non_local"} else 0)
    )
    net(x).square().sum().backward()
    assert all(bool(p.grad.any()) for p in net.parameters())
    assert all(bool(torch.isfinite(p.grad).all()) for p in net.parameters())
    torch.testing.assert_close(
        net.lift(x), net.lift.denoise(net.lift.stem(x)), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("room", [1, 3, 16])
def test_a_randomised_image_is_an_enlarged_one_among_zeros(room):
    part, x = Randomise(room).eval(), features(2, 1, 6, 5).abs() + 0.1
    sizes, places = set(), set()
    for seed in range(60):
        part.seed = seed
        out = part(x)
        assert out.shape == (2, 1, 6 + room, 5 + room)
        more, top, left = part.drawn()
        height, width = 6 + more, 5 + more
        inside = out[..., top : top + height, left : left + width]
        rows = torch.arange(height) * 6 // height
        columns = torch.arange(width) * 5 // width
        assert torch.equal(inside, x[..., rows, :][..., columns])  # nearest neighbours, by hand
        assert float(out.sum()) == pytest.approx(float(inside.sum()))
        assert int((out != 0).sum()) == 2 * height * width
        if more == 0:
            assert float(out.sum()) == pytest.approx(float(x.sum()))
        sizes.add(more)
        places.add((more, top, left))
    assert max(sizes) - min(sizes) >= min(room, 10)
    assert len(places) > len(sizes)


def test_every_draw_comes_up_about_as_often():
    part, counts = Randomise(2).eval(), np.zeros(3)
    for seed in range(900):
        part.seed = seed
        more, top, left = part.drawn()
        assert 0 <= top <= 2 - more
        assert 0 <= left <= 2 - more
        counts[more] += 1
    assert (np.abs(counts - 300) < 5 * math.sqrt(200)).all()


def test_evaluation_is_a_function_of_the_seed_alone():
    net, x = made(randomise=True, room=4).eval(), features(5, 1, 7, 8).abs()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    whole = net(x)
    assert torch.equal(net(x), whole)
    assert torch.equal(torch.get_rng_state(), before)
    alone = torch.cat([net(image[None]) for image in x])  # also image by image
    torch.testing.assert_close(alone, whole, rtol=1e-10, atol=1e-12)
    others = []
    for seed in range(1, 5):
        net.reseed(seed)
        others.append(net(x))
    assert sum(not torch.allclose(other, whole) for other in others) >= 3
    net.reseed(0)
    assert torch.equal(net(x), whole)


def test_weights_can_be_stacked_in_evaluation():
    """Nothing is drawn on the way, which a map over weights would not allow."""
    net, x = made("cnn", randomise=True).eval(), features(5, 1, 7, 8).abs()
    heads = torch.stack([net.head.linear.weight, 2 * net.head.linear.weight]).detach()
    found = vmap(lambda w: functional_call(net, {"head.linear.weight": w}, (x,)))(heads)
    bias = net.head.linear.bias
    torch.testing.assert_close(found[0], net(x))
    torch.testing.assert_close(found[1], 2 * (net(x) - bias) + bias)


def test_training_draws_from_the_global_generator():
    net, x = made(randomise=True, room=4).train(), features(5, 1, 7, 8).abs()
    torch.manual_seed(7)
    first, second = net(x), [net(x) for _ in range(4)]
    torch.manual_seed(7)
    assert torch.equal(net(x), first)
    assert not all(torch.allclose(first, each) for each in second)


def test_gradients_go_back_to_the_pixels_that_are_seen():
    part = Randomise(3).eval()
    x = features(1, 1, 5, 5).requires_grad_()
    part(x).sum().backward()
    more = part.drawn()[0]
    # Each pixel is seen as often as nearest neighbours repeat it.
    assert float(x.grad.sum()) == (5 + more) ** 2
    assert float(x.grad.min()) >= 1


def test_without_the_defence_nothing_is_drawn():
    net, x = made(), features(2, 1, 7, 8)
    usual = net(x)
    net.reseed(3)
    assert torch.equal(net(x), usual)
    assert torch.equal(net.train()(x), usual)


@pytest.mark.parametrize("name", NAMES)
def test_a_larger_image_is_what_the_extractor_sees(name):
    net = made(name, randomise=True, room=2, stem="published").eval()
    x = features(2, 1, 7, 8)
    assert net.lift(x).shape == (2, 4, 3, 4)  # (7 + 2 − 2) // 2 by (8 + 2 − 2) // 2
    torch.testing.assert_close(net(x), net(x.flatten(1)))
    assert functional.softmax(net(x), dim=1).sum(1).tolist() == pytest.approx([1, 1])
