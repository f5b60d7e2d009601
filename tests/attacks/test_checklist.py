"""Curves, paired errors, and a checklist that finds hidden gradients and no others."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from playground.attacks import (
    CLAIMS,
    TISODE,
    AttackSlot,
    Effort,
    PGDOptions,
    Report,
    SPSAOptions,
    accuracy_curve,
    checklist,
    correct,
    paired,
    pgd,
    robust,
    run,
    suggested_epsilons,
)
from playground.attacks.evaluation import Curve
from tests.attacks.models import digits, moons

EPSILONS = (0.0, 0.1, 0.2, 0.5)
EFFORT = Effort(restarts=3, spsa=SPSAOptions(samples=32, steps=10), spsa_samples=60)


class Masked(nn.Module):
    """A net whose softmax is so sure that the cross-entropy has no gradient in single precision."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return 1e4 * self.net(x)


def _status(report):
    return {check.name: check.status for check in report.checks}


@pytest.fixture(scope="module")
def clean():
    x, y, net, other = digits()
    return checklist(net, x[:200], y[:200], EPSILONS, source=other, effort=EFFORT)


@pytest.fixture(scope="module")
def masked():
    x, y, net, other = digits()
    return checklist(Masked(net), x[:200], y[:200], EPSILONS, source=other, effort=EFFORT)


def test_a_clean_model_is_not_suspected(clean):
    assert set(_status(clean)) == set(CLAIMS)
    assert _status(clean).pop("solver") == "not checked"
    wrong = [check.finding for check in clean.checks if check.status == "violated"]
    assert not wrong
    assert not clean.masking_suspected
    assert "No sign of gradient masking: all 8 checks" in clean.verdict
    assert clean.curves[0].accuracies[-1] < 0.02 < 0.85 < clean.clean


@pytest.mark.parametrize(
    ("names", "weak"),
    [((), False), (("restarts",), True), (("steps", "restarts"), True), (("steps", "spsa"), False)],
)
def test_too_few_steps_or_restarts_are_told_from_the_rest(clean, names, weak):
    checks = [replace(c, status="violated") if c.name in names else c for c in clean.checks]
    found = replace(clean, checks=tuple(checks))
    assert found.only_weak is weak
    assert ("may settle it" in found.verdict) is weak
    assert found.masking_suspected is bool(names)


def test_a_masked_model_is_suspected(masked, clean):
    status = _status(masked)
    for name in ("transfer", "spsa", "chance"):
        assert status[name] == "violated"
    assert masked.masking_suspected
    assert masked.verdict.startswith("Gradient masking suspected")
    assert CLAIMS["transfer"] in masked.verdict
    assert masked.clean == clean.clean  # the same classes, by the same net
    assert masked.curves[0].accuracies[-1] > clean.curves[0].accuracies[-1] + 0.3


def test_the_margin_is_not_masked():
    x, y, net, other = digits()
    options = PGDOptions(loss="margin")
    more = {"attack": options, "source": other, "effort": EFFORT}
    status = _status(checklist(Masked(net), x[:200], y[:200], EPSILONS, **more))
    assert [status[name] for name in ("transfer", "spsa", "chance")] == ["held"] * 3


def test_an_attack_that_stops_short_is_told_so():
    x, y, net, _ = digits()
    options = PGDOptions(steps=4, alpha=0.01, random_start=False)
    report = checklist(net, x[:200], y[:200], (0.1, 0.5), attack=options, effort=EFFORT)
    assert _status(report)["steps"] == _status(report)["iterative"] == "violated"
    assert _status(report)["chance"] == "violated"
    assert report.masking_suspected


def test_points_are_judged_too():
    x, y, net, other = moons()
    epsilons = suggested_epsilons(x, "l2", None, 4)
    options = PGDOptions(norm="l2", loss="margin", steps=20, restarts=3)
    more = {"attack": options, "clip": None, "source": other, "effort": EFFORT}
    report = checklist(net, x, y, epsilons, **more)
    assert not report.masking_suspected, report.verdict
    assert report.threat.norm == "l2"
    assert report.threat.clip is None
    weak = checklist(net, x, y, (0.0, 0.2), **more)
    assert _status(weak)["chance"] == "violated"


def test_what_was_not_given_is_not_checked():
    x, y, net, _ = digits()
    heard = []
    report = checklist(
        net, x[:50], y[:50], (0.1,), effort=EFFORT, progress=lambda *said: heard.append(said)
    )
    status = _status(report)
    assert status["transfer"] == status["larger_eps"] == "not checked"
    shares = [share for _, share in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any("SPSA" in what for what, _ in heard)


def test_a_report_survives_json(masked):
    text = masked.to_json()
    assert Report.from_json(text) == masked
    assert json.loads(text)["checks"][0]["claim"] == CLAIMS["larger_eps"]
    with pytest.raises(ValueError, match="clean"):
        Report.from_json("{}")


def test_the_curve_counts_what_is_right(clean):
    x, y, net, _ = digits()
    x, y = x[:200], y[:200]
    curve = clean.curves[0]
    assert curve.epsilons == EPSILONS
    for eps, accuracy in zip(EPSILONS, curve.accuracies):
        right = correct(net, x, y)
        moved = pgd(net, x[right], y[right], eps=eps, steps=20, restarts=5)
        right[right.nonzero()[:, 0]] = correct(net, moved, y[right])
        assert accuracy == pytest.approx(float(right.float().mean()))
        assert np.array_equal(curve.right(eps), right.numpy())


def test_wrong_ones_count_as_errors_or_are_attacked_too():
    x, y, net, _ = digits()
    y = torch.where(torch.arange(len(y)) < 60, (y + 1) % 10, y)  # sixty labels are wrong
    noise = AttackSlot(name="gaussian_noise")
    before = correct(net, x, y)
    kept = robust(net, x, y, noise, 0.4)
    judged = robust(net, x, y, noise, 0.4, only_right=False)
    assert not bool((kept & ~before).any())
    assert bool((judged & ~before).any())
    moved = run(noise, net, x, y, eps=0.4)
    assert torch.equal(judged, correct(net, moved, y))


def test_paired_errors_are_those_of_the_differences():
    above, below = np.array([1, 1, 0, 1, 0], bool), np.array([1, 0, 0, 0, 1], bool)
    gap = paired(above, below)
    # differences 0, 1, 0, 1, −1: mean 0.2, variance (0.04·2 + 0.64·2 + 1.44) / 4 = 0.7
    assert gap.mean == pytest.approx(0.2)
    assert gap.error == pytest.approx((0.7 / 5) ** 0.5)
    assert gap.tolerance == pytest.approx(2 * (0.7 / 5) ** 0.5)
    assert paired(above, above).tolerance == 0.01
    with pytest.raises(ValueError, match="paired"):
        paired(above, below[:3])


def test_accuracy_and_its_error():
    curve = Curve("PGD", "pgd", {}, (0.1, 0.2), ("1100", "0000"))
    assert curve.accuracies == (0.5, 0.0)
    assert curve.errors == (0.25, 0.0)


def test_suggested_radii_leave_no_hope():
    x, _, _, _ = digits()
    assert suggested_epsilons(x, "linf", (0.0, 1.0), 6) == pytest.approx(
        (0, 0.1, 0.2, 0.3, 0.4, 0.5)
    )
    assert suggested_epsilons(x, "l2", (0.0, 1.0), 2) == pytest.approx((0, 4.0))
    points = torch.tensor([[0.0, 0.0], [4.0, 0.0], [2.0, 3.0]])
    assert suggested_epsilons(points, "linf", None, 3) == pytest.approx((0, 1, 2))
    assert suggested_epsilons(points, "l2", None, 2)[-1] == pytest.approx(5**0.5)


@pytest.mark.parametrize("epsilons", [(), (0.2, 0.1), (0.1, 0.1), (-0.1,)])
def test_radii_have_to_rise(epsilons):
    x, y, net, _ = moons()
    with pytest.raises(ValueError, match="epsilons"):
        accuracy_curve(net, x, y, AttackSlot(name="fgsm"), epsilons, clip=None)


def test_the_published_settings_are_those_of_the_code():
    """One step of ε; nine steps of 0.04 or 0.06 on the margin from the image itself, by hand."""
    x, y, net, _ = digits()
    x, y = x[:20], y[:20]
    labels = [preset.label for preset in TISODE]
    assert labels == ["σ = 100", "FGSM-0.3", "FGSM-0.5", "PGD-0.2", "PGD-0.3"]
    for label, eps, alpha, steps in (
        ("FGSM-0.5", 0.5, 0.5, 1), ("PGD-0.2", 0.2, 0.04, 9), ("PGD-0.3", 0.3, 0.06, 9)
    ):  # fmt: skip
        preset = TISODE[labels.index(label)]
        assert preset.eps == eps
        moved = x.clone()
        for _ in range(steps):
            moved.requires_grad_()
            log_p = net(moved).log_softmax(1)
            own = torch.nn.functional.one_hot(y, 10).bool()
            loss = log_p[own] - log_p.masked_fill(own, -1e9).amax(1)
            (gradient,) = torch.autograd.grad(loss.sum(), moved)
            moved = (moved.detach() - alpha * gradient.sign()).clamp(x - eps, x + eps).clamp(0, 1)
        ours = run(preset.attack, net, x, y, eps=preset.eps)
        torch.testing.assert_close(ours, moved, atol=1e-5, rtol=0)
