"""Batches with noise or under attack: what is drawn, what stays as it is, and what it is good for."""

import json

import numpy as np
import pytest
import torch

from playground.attacks import pgd
from playground.attacks.problem import correct
from playground.experiment import Experiment
from playground.hardening import HARDENINGS, AdversarialOptions, NoiseOptions
from playground.schedules import SCHEDULES
from playground.training.batched import batchable
from playground.training.estimates import estimate
from playground.training.hardening import Adversary, Noise
from playground.training.script import refusal
from playground.training.trainer import Trainer


def named(name, **options):
    return {"name": name, "options": options}


BASE = {"data": "moons", "n_train": 60, "n_validation": 40, "batch_size": 16, "epochs": 3}
SMALL = {"size": "small", "blocks": 2, "width": 4}
WAYS = {
    "noise": {"hardening": "noise"},
    "adversarial": {"hardening": named("adversarial", steps=3, alpha=0.02)},
    "steady state": {"regularizer": named("steady_state", from_epoch=1)},
    "images": {
        "data": "digits",
        "network": named("preact_resnet", **SMALL),
        "hardening": named("adversarial", steps=2, share=0.5),
    },
}


def of(**changes):
    small = {"network": named("rk_net", depth=4), "path": "torch"}
    return Experiment.model_validate({**BASE, **small, **changes})


def stepped(trainer, steps):
    for _ in range(steps):
        trainer.advance()
    return {key: value.clone() for key, value in trainer.net.state_dict().items()}


def test_the_levels_are_those_of_the_paper_and_equidistant():
    np.testing.assert_allclose(NoiseOptions().levels, np.array([50, 75, 100]) / 255)
    assert NoiseOptions(least=0.3, greatest=0.7, count=1).levels == (0.3,)
    assert NoiseOptions(least=1, greatest=0, count=5).levels == (1, 0.75, 0.5, 0.25, 0)


def test_noise_has_its_share_and_its_levels():
    options = NoiseOptions(share=0.4, least=0.1, greatest=0.9, count=3)
    x, rows = torch.zeros(6000, 400), 6000
    moved = Noise(options, None, weight_seed=3)(None, x, None, 5)
    spread = moved.std(dim=1).numpy()
    struck = spread > 0
    assert abs(struck.sum() - 0.4 * rows) < 4 * np.sqrt(rows * 0.4 * 0.6)
    nearest = np.abs(spread[struck][:, None] - np.array(options.levels)).argmin(axis=1)
    for place, level in enumerate(options.levels):
        of_level = spread[struck][nearest == place]
        assert abs(len(of_level) - struck.sum() / 3) < 4 * np.sqrt(struck.sum() * 2 / 9)
        # A standard deviation of n draws spreads by about s / sqrt(2 n), its mean by far less.
        assert of_level.mean() == pytest.approx(level, rel=0.01)
        assert np.abs(of_level - level).max() < 5 * level / np.sqrt(800)
    assert abs(float(moved.mean())) < 1e-3
    assert not x.any()


def test_noise_leaves_images_in_their_range_and_points_anywhere():
    digits = Trainer(of(data="digits", network="mlp", hardening=named("noise", share=1)))
    x, _ = digits.batch(0)
    assert (float(x.min()), float(x.max())) == (0, 1)
    inside = (x > 0) & (x < 1)
    assert inside.float().mean() > 0.5  # also where the images are black
    plain = Trainer(of(data="digits", network="mlp")).batch(0)[0]
    assert not torch.equal(x, plain)
    moved = Trainer(of(hardening=named("noise", share=1, least=9, greatest=9))).batch(0)[0]
    assert float(moved.abs().max()) > 5


@pytest.mark.parametrize("way", ["noise", "adversarial"])
def test_seed_and_step_draw_anew_and_nothing_else_does(way):
    trainer, other = Trainer(of(**WAYS[way])), Trainer(of(**WAYS[way], weight_seed=2))
    rows = trainer.x[:16], trainer.y[:16]
    before = torch.get_rng_state()
    first = trainer.hardener(trainer.net, *rows, 3)
    assert torch.equal(first, trainer.hardener(trainer.net, *rows, 3))
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(first, trainer.hardener(trainer.net, *rows, 4))
    assert not torch.equal(first, other.hardener(trainer.net, *rows, 3))


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("data", ["digits", "moons"])
def test_attacked_batches_are_in_the_ball_and_the_range_and_worse(data, norm):
    attack = named("adversarial", eps=0.3, norm=norm, steps=5)
    made = of(data=data, network=named("mlp", width=16), hardening=attack)
    trainer, plain = Trainer(made), Trainer(of(data=data, network=made.network.model_dump()))
    stepped(plain, 4)
    trainer.net.load_state_dict(plain.net.state_dict())
    (x, y), (clean, same) = trainer.batch(4), plain.batch(4)
    assert torch.equal(y, same)
    gap = x - clean
    size = gap.abs().amax(1) if norm == "linf" else gap.norm(dim=1)
    assert 0.2 < float(size.max()) <= 0.3 + 1e-6
    if data == "digits":
        assert float(x.min()) >= 0
        assert float(x.max()) <= 1
    net = trainer.net
    assert float(trainer.loss(net(x), y)) > 1.01 * float(trainer.loss(net(clean), y))


def test_the_attack_is_that_of_the_attacks_and_takes_the_first_of_a_batch():
    made = of(hardening=named("adversarial", eps=0.2, alpha=0.05, steps=4, share=0.25))
    trainer, plain = Trainer(made), Trainer(of())
    (x, y), (clean, _) = trainer.batch(2), plain.batch(2)
    seed = (made.weight_seed * 1_000_003 + 2) % 2**32 ^ 0x85EBCA6B
    expected = pgd(plain.net, clean[:4], y[:4], eps=0.2, alpha=0.05, steps=4, clip=None, seed=seed)
    torch.testing.assert_close(x[:4], expected)
    assert torch.equal(x[4:], clean[4:])
    assert not torch.equal(x[:4], clean[:4])
    none = Adversary(AdversarialOptions(share=0.02), None, 1)
    assert none(plain.net, clean, y, 2) is clean


def test_the_attack_leaves_gradients_counts_modes_and_statistics():
    trainer = Trainer(of(**WAYS["images"]))
    stepped(trainer, 2)
    net = trainer.net
    for weight in trainer.weights:
        weight.grad = torch.full_like(weight, 0.5)
    net.nfe = 7
    before = {key: value.clone() for key, value in net.state_dict().items()}
    trainer.batch(2)
    assert net.nfe == 7
    assert all(module.training for module in net.modules())
    assert all(torch.equal(w.grad, torch.full_like(w, 0.5)) for w in trainer.weights)
    assert any("running_mean" in key for key in before)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_what_judges_is_neither_noisy_nor_attacked():
    plain = Trainer(of())
    for way in ("noise", "adversarial", "steady state"):
        trainer = Trainer(of(**WAYS[way]))
        trainer.batch(0)
        assert trainer.judged() == plain.judged()
        assert torch.equal(trainer.x, plain.x)


@pytest.mark.parametrize("way", WAYS)
def test_a_checkpoint_resumes_to_the_last_bit(way):
    whole = stepped(Trainer(of(**WAYS[way])), 7)
    first = Trainer(of(**WAYS[way]))
    stepped(first, 3)
    payload = first.save()
    torch.manual_seed(99)  # what somebody else drew in between
    second = Trainer(of(**WAYS[way]))
    second.restore(payload)
    resumed = stepped(second, 4)
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())
    plain = {k: v for k, v in WAYS[way].items() if k not in ("hardening", "regularizer")}
    unlike = stepped(Trainer(of(**plain)), 7)
    assert any(not torch.equal(value, unlike[key]) for key, value in whole.items())


def test_the_steady_state_is_trained_on_and_not_reported():
    heavy = named("steady_state", weight=20)
    trainer, plain = Trainer(of(regularizer=heavy)), Trainer(of())
    stepped(trainer, 1)
    stepped(plain, 1)
    assert trainer.batch_loss == plain.batch_loss
    assert trainer.nfe == plain.nfe
    assert trainer.gradient_norm > plain.gradient_norm
    stepped(trainer, 40)
    stepped(plain, 40)
    term = [float(trainer.regularized(trainer.x)[1])]
    slot = trainer.experiment.regularizer
    term.append(float(slot.entry.passed(slot.options, plain.net, plain.x)[1]))
    assert term[0] < 0.2 * term[1]


def test_the_steady_state_begins_when_it_should():
    late = Trainer(of(regularizer=named("steady_state", from_epoch=1)))
    plain, early = Trainer(of()), Trainer(of(regularizer="steady_state"))
    steps = plain.steps_per_epoch
    held = [stepped(trainer, steps) for trainer in (plain, late, early)]
    same = [all(torch.equal(held[0][k], each[k]) for k in each) for each in held[1:]]
    assert same == [True, False]
    held = [stepped(trainer, 1) for trainer in (plain, late)]
    assert not all(torch.equal(held[0][k], held[1][k]) for k in held[0])


@pytest.mark.parametrize(
    ("way", "words"),
    [("noise", "noise is added"), ("adversarial", "attacked"), ("steady state", "regulariser")],
)
def test_compiled_kernels_and_stacks_are_not_taken_and_say_why(way, words):
    trainer = Trainer(of(**WAYS[way], path="auto"))
    assert words in trainer.paths.reason
    with pytest.raises(ValueError, match=words):
        trainer.paths.take("fused")
    assert not batchable(trainer.experiment)
    assert batchable(of())


def test_estimates_know_what_it_costs():
    plain = estimate(of()).seconds
    # Attacks of nine steps take ten passes in the place of one.
    nine = estimate(of(hardening=named("adversarial", steps=9))).seconds
    assert nine == pytest.approx(10 * plain, rel=0.01)
    assert estimate(of(hardening="noise")).seconds == pytest.approx(plain, rel=0.01)
    assert estimate(of(regularizer="steady_state")).seconds == pytest.approx(2 * plain, rel=0.05)
    network = named("conv_ode", depth=6, filters=8)
    images = {"data": "digits", "network": network, "n_train": 300, "epochs": 5}
    bare, resting = (estimate(of(**images, regularizer=name)) for name in ("none", "steady_state"))
    assert 1.4 * bare.seconds < resting.seconds < 2.1 * bare.seconds
    whole = {**images, "batch_size": 300}  # of which more is kept than judging needs
    kept = [
        estimate(of(**whole, regularizer=name)).memory_bytes for name in ("none", "steady_state")
    ]
    assert kept[1] > 1.4 * kept[0]
    attacked = estimate(of(**images, hardening=named("adversarial", steps=9))).seconds
    assert 5 * bare.seconds < attacked < 10.1 * bare.seconds


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"data": "plane", "loss": "mean_square", "hardening": "adversarial"},
            "hardening: 'adversarial' is not legal for regression, which has no classes",
        ),
        (
            {"network": "multi_stage", "loss": "mean_square", "hardening": "noise"},
            "hardening: 'noise' is not legal for a net whose stages",
        ),
        (
            {"network": "multi_stage", "loss": "mean_square", "regularizer": "steady_state"},
            "regularizer: 'steady_state' is not legal with 'multi_stage'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(changes, words):
    with pytest.raises(ValueError, match=words):
        of(**changes)
    texts = {key: value for key, value in changes.items() if key in ("hardening", "regularizer")}
    rest = {key: value for key, value in changes.items() if key not in texts}
    read, (message,) = Experiment.from_query(of(**rest).to_query() | texts)
    assert read == of(**rest)
    assert words in message


def test_links_and_files_of_before_still_open():
    made = of(hardening="adversarial", regularizer="steady_state")
    assert Experiment.from_query(made.to_query()) == (made, [])
    assert Experiment.model_validate_json(made.model_dump_json()) == made
    old = of()
    tree = json.loads(old.model_dump_json())
    for name in ("hardening", "regularizer"):
        del tree[name]
    assert Experiment.model_validate_json(json.dumps(tree)) == old
    assert Experiment.from_stored(json.dumps(tree)) == (old, [])
    link = {k: v for k, v in old.to_query().items() if k not in ("hardening", "regularizer")}
    assert Experiment.from_query(link) == (old, [])


def test_a_net_trained_on_attacks_withstands_more_of_them():
    few = {"n_train": 200, "n_validation": 300, "epochs": 20, "network": named("mlp", width=24)}
    stood = {}
    for name in ("none", "adversarial"):
        options = {"eps": 0.3} if name == "adversarial" else {}
        trainer = Trainer(of(**few, hardening=named(name, **options)))
        stepped(trainer, trainer.total_steps)
        x, y = trainer.x_validation, trainer.y_validation
        attacked = pgd(trainer.net, x, y, eps=0.3, steps=20, clip=None, seed=7)
        stood[name] = float(correct(trainer.net, attacked, y).float().mean())
        assert float(correct(trainer.net, x, y).float().mean()) > 0.8
    assert stood["adversarial"] > stood["none"] + 0.1


def test_the_rate_drops_after_epochs_30_60_and_90_of_100():
    made = of(epochs=100, schedule="multi_step")
    trainer = Trainer(made)
    rates = [trainer.rate_at(epoch * trainer.steps_per_epoch) for epoch in range(100)]
    expected = [0.2 ** sum(epoch >= drop for drop in (30, 60, 90)) for epoch in range(100)]
    np.testing.assert_allclose(np.array(rates) / trainer.base_rate, expected, rtol=1e-12)
    options = SCHEDULES["multi_step"].options(first=0.5, second=1, third=1, factor=0.1)
    factors = [SCHEDULES["multi_step"].factor(options, s) for s in (0, 0.49, 0.5, 1.0)]
    np.testing.assert_allclose(factors, [1, 1, 0.1, 0.1])


def test_a_script_of_a_net_whose_flow_it_cannot_continue_is_refused(monkeypatch):
    from playground.training import script

    made = of(regularizer="steady_state")
    assert refusal(made) == ""
    monkeypatch.setattr(script, "RESTING", ("neural_ode",))
    assert refusal(made).startswith("regularizer: no script can be written for 'steady_state'")
    monkeypatch.setattr(script, "HARDENERS", {})
    assert refusal(of(hardening="noise")).startswith("hardening: no script can be written")


def test_every_hardening_that_does_something_says_what():
    assert [name for name, entry in HARDENINGS.items() if not entry.words] == ["none"]
