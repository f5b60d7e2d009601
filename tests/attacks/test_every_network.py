"""Every registered network under FGSM and PGD: inside the ball and the range, as foolbox does it."""

import foolbox
import pytest
import torch
from torch import nn
from torch.nn import functional

from playground.attacks import correct, fgsm, pgd
from playground.attacks.objective import margin
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
        "pgd": pgd(net, x, labels, eps=eps, alpha=alpha, steps=5, random_start=False, clip=clip),
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


class Centred(nn.Module):
    """A net whose logits have their mean over some inputs taken away, so that no class always wins."""

    def __init__(self, net, x):
        super().__init__()
        self.net = net.eval()
        with torch.no_grad():
            self.usual = net(x).mean(0)

    def forward(self, x):
        return self.net(x) - self.usual


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_attacks_lower_the_accuracy_and_every_margin(name, options):
    net, x, clip = prepared(name, options, n=40)
    model = Centred(net, x)
    y = model(x).argmax(1)
    assert len(y.unique()) > 1
    small, large = (0.01, 0.3) if clip else (0.02, 1.5)
    near = fgsm(model, x, y, eps=small, clip=clip, loss="margin")
    far = pgd(model, x, y, eps=large, steps=10, clip=clip, loss="margin")
    kept = [float(correct(model, moved, y).double().mean()) for moved in (x, near, far)]
    assert kept[0] == 1 >= kept[1]
    assert kept[2] < 0.9
    before, after = (margin(model(inputs), y) for inputs in (x, near))
    assert float((after < before).double().mean()) > 0.9
    assert after.mean() < before.mean()
