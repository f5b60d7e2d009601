"""The attacks against those of an independent library, from equal starts."""

import eagerpy
import foolbox
import pytest
import torch

from playground.attacks import fgsm, pgd
from playground.attacks.ball import Ball
from tests.attacks.models import convolutions, images, seeded


def _theirs(attack, net, x, y, eps):
    model = foolbox.PyTorchModel(net.eval(), bounds=(0, 1), device="cpu")
    return attack.run(model, x, y, epsilon=eps)


@pytest.mark.parametrize("eps", [0.01, 0.1, 0.5])
def test_fgsm_is_that_of_foolbox(eps):
    (x, y), net = images(), convolutions()
    ours = fgsm(net, x, y, eps=eps)
    torch.testing.assert_close(
        ours, _theirs(foolbox.attacks.FGSM(), net, x, y, eps), atol=1e-6, rtol=0
    )
    assert float((ours - x).abs().max()) > 0.9 * eps


def test_one_step_in_the_euclidean_norm():
    (x, y), net = images(), convolutions()
    theirs = _theirs(foolbox.attacks.L2FastGradientAttack(), net, x, y, 0.7)
    torch.testing.assert_close(fgsm(net, x, y, eps=0.7, norm="l2"), theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("norm", "eps", "alpha", "tolerance"), [("linf", 0.1, 0.02, 1e-6), ("l2", 0.8, 0.2, 5e-6)]
)
def test_pgd_is_that_of_foolbox(norm, eps, alpha, tolerance):
    (x, y), net = images(), convolutions()
    attack = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}[norm]
    attack = attack(abs_stepsize=alpha, steps=10, random_start=False)
    theirs = _theirs(attack, net, x, y, eps)
    ours = pgd(net, x, y, eps=eps, alpha=alpha, steps=10, norm=norm, random_start=False)
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=0)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_pgd_from_the_same_random_start(norm):
    (x, y), net = images(), convolutions()
    start = Ball(0.3, norm, (0.0, 1.0)).random(x, seeded(5))
    attack = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}[norm]
    attack = attack(abs_stepsize=0.05, steps=10, random_start=True)
    attack.get_random_start = lambda x0, epsilon: eagerpy.astensor(start)
    ours = pgd(net, x, y, eps=0.3, alpha=0.05, steps=10, norm=norm, seed=5)
    torch.testing.assert_close(ours, _theirs(attack, net, x, y, 0.3), atol=5e-6, rtol=0)


def test_a_target_is_approached_as_in_foolbox():
    (x, y), net = images(), convolutions()
    wanted = (y + 1) % 4
    attack = foolbox.attacks.LinfPGD(abs_stepsize=0.03, steps=10, random_start=False)
    criterion = foolbox.criteria.TargetedMisclassification(wanted)
    theirs = _theirs(attack, net, x, criterion, 0.2)
    settings = {"eps": 0.2, "alpha": 0.03, "steps": 10, "random_start": False}
    for target in (wanted, "next"):
        ours = pgd(net, x, y, target=target, **settings)
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
