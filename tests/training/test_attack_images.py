"""Images under attack: against direct calls of the attacks, foolbox, and sums by hand."""

from __future__ import annotations

from dataclasses import replace

import foolbox
import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from playground.attacks import AttackSlot, OverDraws, gaussian_noise, pgd, robust
from playground.experiment import Experiment
from playground.training import events as e
from playground.training import train
from playground.training.attack_images import (
    AttackedImages,
    attack_images,
    magnification,
    magnified,
)
from playground.training.attacked import Subject, subject_of
from playground.training.checkpoints import unpack_weights

EPS = 0.08
STEPS = {"steps": 5, "alpha": 0.03}


def small(**changes: object) -> Experiment:
    tree = {
        "data": "digits",
        "n_train": 300,
        "n_validation": 120,
        "epochs": 5,
        "batch_size": 32,
        "network": {"name": "preact_resnet", "options": {"size": "small", "width": 8, "blocks": 2}},
        "scheme": "euler",
        "optimizer": {"name": "adam", "options": {"learning_rate": 0.003}},
    }
    return Experiment.model_validate({**tree, **changes})


@pytest.fixture(scope="module")
def digits() -> Subject:
    made = small()
    kept = [event for event in train(made) if isinstance(event, e.Snapshot)]
    return subject_of(made, unpack_weights(kept[-1].weights), 120)


def guesses(net: torch.nn.Module, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return net(x).argmax(1).numpy()


def test_figures_are_those_of_direct_calls(digits: Subject) -> None:
    slot = AttackSlot(name="pgd", options=STEPS)
    found = attack_images(digits, slot, EPS, seed=4)
    x, y, net = digits.x, digits.y, digits.net
    first = guesses(net, x)
    right = torch.as_tensor(first) == y
    assert 0 < int(right.sum()) < len(x)
    moved = x.clone()
    moved[right] = pgd(net, x[right], y[right], eps=EPS, seed=4, **STEPS)
    last = guesses(net, moved)
    np.testing.assert_array_equal(found.before, first)
    np.testing.assert_array_equal(found.after, last)
    held = right.numpy() & (last == y.numpy())
    share = held.mean()
    assert found.robust[0] == share
    assert found.robust[1] == pytest.approx(held.std() / np.sqrt(len(x)))
    assert found.clean[0] == right.double().mean()
    assert found.count("fooled") == right.sum() - held.sum()
    assert found.count("wrong") == (~right).sum()
    np.testing.assert_array_equal(
        held, robust(net, x, y, slot, EPS, seed=4).numpy()
    )  # as the curves have it
    np.testing.assert_array_equal(found.confusion(), confusion_matrix(y, last, labels=range(10)))
    np.testing.assert_array_equal(
        found.confusion(attacked=False), confusion_matrix(y, first, labels=range(10))
    )
    with torch.no_grad():
        shares = [torch.softmax(net(each).double(), 1).numpy() for each in (x, moved)]
    rows = np.arange(len(x))
    np.testing.assert_allclose(found.sure_before, shares[0][rows, first], atol=1e-6)
    np.testing.assert_allclose(found.sure_after, shares[1][rows, last], atol=1e-6)
    np.testing.assert_allclose(found.own_before, shares[0][rows, y], atol=1e-6)
    np.testing.assert_allclose(found.own_after, shares[1][rows, y], atol=1e-6)
    noisy = gaussian_noise(net, x[right], y[right], eps=EPS, norm="linf", seed=4)
    assert found.under_noise is not None
    assert found.noise.sum() == (guesses(net, noisy) == y[right].numpy()).sum()
    assert found.under_noise[0] > found.robust[0]


@pytest.mark.parametrize(
    ("norm", "eps", "theirs"),
    [("linf", 0.1, foolbox.attacks.LinfPGD), ("l2", 0.6, foolbox.attacks.L2PGD)],
)
def test_the_attacked_images_are_those_of_foolbox(
    digits: Subject, norm: str, eps: float, theirs: type
) -> None:
    options = {"norm": norm, "steps": 6, "alpha": eps / 4, "random_start": False}
    found = attack_images(digits, AttackSlot(name="pgd", options=options), eps)
    chosen = found.kept[found.outcomes[found.kept] != "wrong"]
    model = foolbox.PyTorchModel(digits.net, bounds=(0, 1), device="cpu")
    attack = theirs(abs_stepsize=eps / 4, steps=6, random_start=False)
    wanted = attack.run(model, digits.x[chosen], digits.y[chosen], epsilon=eps)
    ours = torch.as_tensor(found.attacked[: len(chosen)]).flatten(1)
    gap = (ours - wanted).abs().amax(1)
    # A sign of a gradient that is nearly zero may differ; then the way of that image does.
    assert (gap < 1e-5).float().mean() > 0.95


def test_sizes_are_those_of_the_pictures_and_inside_the_ball(digits: Subject) -> None:
    for norm, eps in (("linf", 0.1), ("l2", 0.5)):
        slot = AttackSlot(name="pgd", options={"norm": norm, "steps": 4})
        found = attack_images(digits, slot, eps)
        gaps = (found.attacked - found.images).astype(float).reshape(len(found.kept), -1)
        np.testing.assert_allclose(found.linf[found.kept], np.abs(gaps).max(1), atol=1e-6)
        np.testing.assert_allclose(found.l2[found.kept], np.linalg.norm(gaps, axis=1), atol=1e-6)
        size = found.linf if norm == "linf" else found.l2
        assert 0.95 * eps < size.max() <= eps * (1 + 1e-5)  # the range of values cuts some lengths
        assert (size[found.outcomes == "wrong"] == 0).all()
        assert found.images.shape[1:] == (1, 8, 8)
        assert 0 <= found.attacked.min() <= found.attacked.max() <= 1


def test_fooled_images_come_first_the_surest_in_front(digits: Subject) -> None:
    found = attack_images(digits, AttackSlot(name="fgsm"), 0.1)
    outcomes = found.outcomes[found.kept].tolist()
    assert outcomes == sorted(outcomes, key=["fooled", "withstood", "wrong"].index)
    assert set(outcomes) == {"fooled", "withstood", "wrong"}
    for group in ("fooled", "withstood"):
        places = found.shown(group, 100)
        assert set(found.outcomes[found.kept[places]]) == {group}
        np.testing.assert_array_equal(found.shown(group, 3), places[:3])
    sure = found.sure_after[found.kept[found.shown("fooled", 100)]]
    assert (np.diff(sure) <= 0).all()
    assert (np.diff(found.own_after[found.kept[found.shown("withstood", 100)]]) >= 0).all()
    images = digits.x[found.kept].reshape(-1, 1, 8, 8)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(digits.x[found.pairs].shape, found.moved.shape)
    with pytest.raises(ValueError, match=r"group: 'some' is not legal"):
        found.shown("some", 3)


def same(a: AttackedImages, b: AttackedImages) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("after", "kept", "attacked"))


def test_portions_and_progress_change_nothing(digits: Subject) -> None:
    slot = AttackSlot(name="pgd", options={**STEPS, "restarts": 2})
    told: list[float] = []
    once = attack_images(digits, slot, EPS, seed=1)
    again = attack_images(digits, slot, EPS, seed=1, batch_size=17, progress=told.append)
    assert (again.after == once.after).mean() > 0.98  # sums in another order round otherwise
    np.testing.assert_allclose(again.linf, once.linf, atol=1e-6)
    assert same(once, attack_images(digits, slot, EPS, seed=1))
    assert not same(once, attack_images(digits, slot, EPS, seed=2))
    assert told == sorted(told)
    assert 0.8 < told[-1] <= 1


def test_what_progress_raises_ends_the_attack(digits: Subject) -> None:
    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attack_images(digits, AttackSlot(name="pgd"), EPS, progress=stop)


def test_noise_has_no_noise_beside_it_and_zero_changes_nothing(digits: Subject) -> None:
    found = attack_images(digits, AttackSlot(name="gaussian_noise"), 0.2)
    assert found.noise is None
    assert found.under_noise is None
    assert found.norm == "sigma"
    assert found.linf.max() > 0.2  # a spread is no bound
    still = attack_images(digits, AttackSlot(name="fgsm"), 0.0)
    assert still.robust == still.clean
    assert still.linf.max() == 0
    assert magnification(still.changes(still.shown("all", 9))) == 1


def test_a_source_is_attacked_instead(digits: Subject) -> None:
    slot = AttackSlot(name="transfer", options=STEPS)
    with pytest.raises(ValueError, match="source"):
        attack_images(digits, slot, EPS)
    own = attack_images(digits, slot, EPS, source=digits.net)
    assert same(own, attack_images(digits, AttackSlot(name="pgd", options=STEPS), EPS))


def test_a_randomised_net_is_attacked_over_its_draws_and_judged_by_its_own() -> None:
    options = {"stem": "small", "channels": 8, "depth": 3, "randomise": True}
    made = small(network={"name": "tis_ode", "options": options}, n_train=200, epochs=2)
    kept = [event for event in train(made) if isinstance(event, e.Snapshot)]
    given = subject_of(made, unpack_weights(kept[-1].weights), 60)
    slot = AttackSlot(name="pgd", options=STEPS)
    told: list[float] = []
    found = attack_images(given, slot, EPS, draws=3, progress=told.append)
    right = torch.as_tensor(guesses(given.net, given.x)) == given.y
    mean = OverDraws(given.net, 3).eval()
    moved = given.x.clone()
    moved[right] = pgd(mean, given.x[right], given.y[right], eps=EPS, **STEPS)
    np.testing.assert_array_equal(found.moved, moved[right][: len(found.moved)])
    np.testing.assert_array_equal(found.after, guesses(given.net, moved))
    assert told == sorted(told)
    assert not same(found, attack_images(given, slot, EPS))


def test_points_and_no_images_are_refused(digits: Subject) -> None:
    slot = AttackSlot(name="fgsm")
    with pytest.raises(ValueError, match=r"data: 'digits' is not legal; legal are images"):
        attack_images(replace(digits, clip=None), slot, EPS)
    with pytest.raises(ValueError, match=r"samples: 0 is not legal"):
        attack_images(replace(digits, x=digits.x[:0], y=digits.y[:0]), slot, EPS)


def test_a_net_without_a_right_answer_has_nothing_to_attack(digits: Subject) -> None:
    wrong = replace(digits, y=(torch.as_tensor(guesses(digits.net, digits.x)) + 1) % 10)
    found = attack_images(wrong, AttackSlot(name="pgd"), EPS)
    assert found.clean == found.robust == (0.0, 0.0)
    assert not len(found.pairs)
    assert found.linf.max() == 0
    assert found.count("wrong") == len(wrong.x)


@pytest.mark.parametrize(
    ("most", "factor"), [(0.1, 5.0), (8 / 255, 15.0), (0.3, 1.6), (1.0, 0.5), (0.001, 500.0)]
)
def test_the_greatest_change_fills_the_range(most: float, factor: float) -> None:
    changes = np.array([[-most, most / 2, 0.0]])
    found = magnification(changes)
    assert found == factor
    drawn = magnified(changes, found)
    assert 0 <= drawn.min() < 0.05
    assert drawn[0, 2] == 0.5
    assert drawn[0, 1] == pytest.approx(0.5 + factor * most / 2)
    assert magnified(changes, 1e6).tolist() == [[0.0, 1.0, 0.5]]
