"""What the buttons of the view of images under attack set, and what its words say."""

from __future__ import annotations

import pytest

from playground import query
from playground.attacks import TISODE, AttackSlot, Preset
from playground.ui.labs.robustness_images import preset_fields, size_words
from playground.ui.labs.robustness_settings import Settings


@pytest.mark.parametrize("preset", TISODE, ids=lambda preset: preset.label)
def test_a_preset_sets_the_whole_attack_whatever_was_set_before(preset: Preset) -> None:
    other = {"loss": "ce", "steps": 77, "restarts": 3, "norm": "l2", "target": "next"}
    before = Settings(attack=AttackSlot(name="pgd", options=other), eps=0.01, samples=50)
    values = {name: query.text_of(value) for name, value in preset_fields(preset).items()}
    kept = {k: v for k, v in query.write(before).items() if not k.startswith("attack.")}
    found, notes = query.read(Settings, {**kept, **values})
    assert notes == []
    assert found.attack == preset.attack
    assert found.eps == pytest.approx(preset.eps)
    assert found.samples == 50


@pytest.mark.parametrize(
    ("name", "norm", "words"),
    [
        ("pgd", "linf", "ε = 0.1 = 25.5/255, of each value"),
        ("pgd", "l2", "ε = 0.1, the Euclidean length"),
        ("gaussian_noise", "sigma", "ε = 0.1 = 25.5/255, the spread"),
    ],
)
def test_eps_is_said_in_the_units_of_papers(name: str, norm: str, words: str) -> None:
    slot = AttackSlot(name=name, options={"norm": norm})
    assert size_words(Settings(attack=slot, eps=0.1)).startswith(words)
