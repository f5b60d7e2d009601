"""Every registered network under FGSM and PGD: inside the ball and the range, as foolbox does it."""

import foolbox
import pytest
import torch
from torch.nn import functional

from playground.attacks import correct, fgsm, pgd
from playground.networks import IMAGE_NETWORKS, NETWORKS, POINT_NETWORKS, build

RESIDUAL = {"size": "small", "blocks": 2, "width": 4}
ROBUST = {"channels": 4, "stem": "small"}
NETS = {
    "mlp": {"width": 6},
    "standard_net": {"width": 6, "depth": 3},
    "rk_net": {"width": 5, "depth": 4},
    "neural_ode": {"width": 4, "depth": 5, "hidden": 8},
    "multi_stage": {"width": 6, "stages": 2},
    "preact_resnet": RESIDUAL,
    "tm_resnet": RESIDUAL,
    "ho_resnet": RESIDUAL,
    "lm_resnet": RESIDUAL,
    "mixer": {"patch": 3, "width": 6, "depth": 2},
    "conv_ode": {"filters": 4, "channels": 2, "depth": 3},
    "classic_attention": {"width": 8},
    "ode_attention": {"width": 8, "n_times": 3},
    "cnn": ROBUST,
    "ode_net": {**ROBUST, "depth": 3},
    "tis_ode": {**ROBUST, "depth": 3},
}
CASES = [(name, NETS[name]) for name in NETS] + [
    ("cnn", {**ROBUST, "stem": "published", "denoise": "mean"}),
    ("tis_ode", {**ROBUST, "depth": 2, "denoise": "non_local", "randomise": True, "room": 2}),
    ("tis_ode", {**ROBUST, "scheme": "bosh3"}),
    ("neural_ode", {**NETS["neural_ode"], "scheme": "dopri5"}),
    ("rk_net", {**NETS["rk_net"], "scheme": "ab2", "lift": "random"}),
]
IDS = [f"{name}-{index}" for index, (name, _) in enumerate(CASES)]
WIDE = (-100.0, 100.0)  # where foolbox, which cannot do without bounds, leaves points alone


def prepared(name, options, n=12, n_classes=3):
    """A net whose weights and running statistics are not at their start, inputs, and their range."""
    on_images = NETWORKS[name].takes_images
    shape = (1, 6, 6) if on_images else (2,)
    features = shape if on_images else 2
    net = build(name, n_features=features, n_classes=n_classes, seed=4, **options).double()
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if value.is_floating_point():
                spread = 0.1 * torch.randn(value.shape, generator=generator, dtype=value.dtype)
                value.add_(spread.abs() if key.endswith("running_var") else spread)
    x = torch.rand(n, *shape, generator=generator, dtype=torch.float64)
    x = x if on_images else 4 * x - 2
    if on_images:
        x[: n // 3] = x[: n // 3].round()  # on the border of the range
    net.train()
    return net, x, (0.0, 1.0) if on_images else None


def test_every_network_is_held_here():
    assert set(NETS) == set(NETWORKS) == set(IMAGE_NETWORKS) | set(POINT_NETWORKS)


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_attacks_stay_inside_and_agree_with_foolbox(name, options):
    net, x, clip = prepared(name, options)
    labels = torch.arange(len(x)) % 3
    eps, alpha = (0.1, 0.025) if clip else (0.3, 0.08)
    ours = {
        "fgsm": fgsm(net, x, labels, eps=eps, clip=clip),
        "pgd": pgd(
            net, x, labels, eps=eps, alpha=alpha, steps=5, random_start=False, clip=clip
        ),
    }
    assert all(part.training for part in net.modules())  # left as it was
    net.eval()
    model = foolbox.PyTorchModel(net, bounds=clip or WIDE, device="cpu")
    theirs = {
        "fgsm": foolbox.attacks.FGSM(),
        "pgd": foolbox.attacks.LinfPGD(abs_stepsize=alpha, steps=5, random_start=False),
    }
    before = functional.cross_entropy(net(x), labels).item()
    for attack, moved in ours.items():
        assert moved.shape == x.shape
        assert float((moved - x).abs().max()) <= eps + 1e-12
        assert float((moved - x).abs().max()) > 0.9 * eps
        if clip:
            assert 0 <= float(moved.min()) <= float(moved.max()) <= 1
        wanted = theirs[attack].run(model, x, labels, epsilon=eps)
        torch.testing.assert_close(moved, wanted, atol=1e-6, rtol=0)
        assert functional.cross_entropy(net(moved), labels).item() > before


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_attacks_turn_answers_and_mend_none(name, options):
    net, x, clip = prepared(name, options, n=40)
    net.eval()
    with torch.no_grad():
        y = net(x).argmax(1)
        logits = net(x).topk(2).values
    right = correct(net, x, y)
    assert bool(right.all())
    eps = 0.5 if clip else 2.0
    moved = pgd(net, x, y, eps=eps, steps=10, clip=clip, loss="margin")
    fooled = ~correct(net, moved, y)
    assert int(fooled.sum()) > 0
    # Where an answer was nearest to another one a tenth of that serves too, or else nothing changes.
    nearest = (logits[:, 0] - logits[:, 1]).argsort()[:10]
    step = fgsm(net, x[nearest], y[nearest], eps=eps / 10, clip=clip, loss="margin")
    after = net(step).topk(2).values
    same = correct(net, step, y[nearest])
    assert bool((after[same, 0] - after[same, 1]).mean() < (logits[nearest][same, 0] - logits[nearest][same, 1]).mean()) or not bool(same.any())  # fmt: skip
