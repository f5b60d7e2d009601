"""What the attention lab lets through: two trainings alike but for the net, and none too large."""

import pytest

from playground import query
from playground.training.attention_tables import CLASSIC, FLOW
from playground.training.attention_views import ROOM, numbers_at_once
from playground.ui.labs.attention_settings import SHARED, Settings, begin


def test_defaults_agree_with_what_a_choice_begins_with():
    written = query.write(Settings())
    for slot, chosen in (("network", FLOW), ("optimizer", "adam")):
        assert written[slot] == chosen
        for name, text in begin(slot, chosen).items():
            assert written[f"{slot}.{name}"] == text


def test_both_trainings_are_alike_but_for_the_net():
    link = {"network.encoding": "rows", "network.form": "qkv", "network.width": "24"}
    settings, notes = query.read(Settings, {**link, "classic_width": "48", "weight_seed": "5"})
    assert notes == []
    classic, flow = settings.experiments[CLASSIC], settings.experiments[FLOW]
    assert classic.model_copy(update={"network": flow.network}) == flow
    assert (classic.network.options.width, flow.network.options.width) == (48, 24)
    for name in SHARED:
        assert getattr(classic.network.options, name) == getattr(flow.network.options, name)
    assert query.read(Settings, query.write(settings)) == (settings, [])


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            {"network.encoding": "flat", "network.form": "qkv", "network.n_times": "50"},
            "network.encoding",
        ),
        ({"batch_size": "1000", "network.width": "1024", "network.n_times": "50"}, "network.width"),
        (
            {"batch_size": "1000", "network.substeps": "100", "network.n_times": "9"},
            "network.substeps",
        ),
    ],
)
def test_nets_too_large_for_the_memory_are_made_smaller(link, said):
    settings, notes = query.read(Settings, {"n_train": "1300", **link})
    assert any(note.field == said and "is not legal" in note.wrong for note in notes)
    assert settings.n_train == 1300  # what was not at fault stays
    assert max(map(numbers_at_once, settings.experiments.values())) <= ROOM


def test_other_nets_and_points_are_refused():
    settings, notes = query.read(Settings, {"data": "spiral", "network": "mlp"})
    assert (settings.data.name, settings.network.name) == ("digits", FLOW)
    assert len(notes) >= 2
