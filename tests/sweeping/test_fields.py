"""What can be swept, over the registries: every proposal is legal, and every choice fits."""

from __future__ import annotations

import pytest

from playground.experiment import Experiment
from playground.networks import NETWORKS
from playground.presets import presets
from playground.sweeping import Sweep
from playground.sweeping.fields import fields_of, fitting

BASES = {name: preset.experiment for name, preset in presets().items()}


@pytest.mark.parametrize("name", BASES)
def test_every_proposal_of_a_number_or_a_switch_is_a_sweep(name):
    base = BASES[name]
    known = fields_of(base)
    assert {"network", "network.depth", "scheme", "epochs", "n_train"} <= set(known) | {
        "network.depth"
    }
    for field in known.values():
        if field.kind == "choice":
            continue
        values = field.proposal()
        assert len(values) > 1, field.name
        assert field.read("") == values
        assert field.read(", ".join(str(v).lower() for v in values)) == values
        for value in values:
            low = field.low if field.low is not None else value
            assert low <= value <= (field.high if field.high is not None else value)
    free = ("epochs", "batch_size", "l2", "early_stop")
    grid = {each: known[each].proposal()[:2] for each in free if each in known}
    assert Sweep(base=base, grid=grid).n_points == 2 ** len(grid)


def test_what_is_offered_is_what_has_an_effect():
    known = fields_of(Experiment())
    assert not {"data_seed", "weight_seed", "patience"} & set(known)
    assert "patience" in fields_of(Experiment(early_stop=True))
    assert known["network"].label == "Network"
    assert known["network.depth"].label == "Network: Depth"
    assert set(known["network"].choices) == set(NETWORKS)
    assert known["early_stop"].proposal() == (False, True)


def test_choices_are_those_that_fit_beside_the_rest():
    base = Experiment()
    found = fitting(base, "network")
    assert "rk_net" in found
    assert set(found) < set(NETWORKS)  # nets on images do not fit points
    for name in found:
        assert base.amended({"network": name}).network.name == name
    with pytest.raises(ValueError, match="'epochs' is no choice"):
        fitting(base, "epochs")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("epochs", "1, two", "epochs: 'two' is not legal; legal is a whole number from 1 to 10000"),
        ("epochs", "1.5", "epochs: '1.5' is not legal"),
        ("l2", "x", "l2: 'x' is not legal; legal is a number from 0 to 10"),
        ("early_stop", "maybe", "early_stop: 'maybe' is not legal; legal is true, false"),
        ("scheme", "magic", "scheme: 'magic' is not legal; legal is .*euler"),
    ],
)
def test_what_is_typed_wrongly_is_said(name, text, message):
    with pytest.raises(ValueError, match=message):
        fields_of(Experiment())[name].read(text)
