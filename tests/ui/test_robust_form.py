"""The controls of robust training: what is offered for which net, and what a change of the net does."""

import pytest
from streamlit.testing.v1 import AppTest

from playground.experiment import Experiment
from playground.ui import state
from playground.ui.folds import EVERYTHING, UNFOLDED


def lab():
    from playground.ui import state
    from playground.ui.labs.images import images_page

    images_page()
    state.show_messages()


def panel():
    from playground.ui import state
    from playground.ui.panels import optimizer_panel

    optimizer_panel(state.experiment())
    state.show_messages()


def opened(script, **link):
    page = AppTest.from_function(script, default_timeout=90)
    for name, text in link.items():
        page.query_params[name.replace("__", ".")] = text
    return healthy(page.run())


def healthy(page):
    assert not page.exception
    return page


def said(page):
    told = [*page.warning, *page.info, *page.error]
    return " ".join(message.value.replace("\\", "") for message in told)


def keys(page):
    return {box.key for kind in (page.selectbox, page.slider, page.number_input) for box in kind}


def test_a_link_sets_how_images_are_trained_on_and_the_controls_show_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    link = {"network": "conv_ode", "hardening": "adversarial", "hardening__eps": "0.25"}
    page = opened(lab, **link, regularizer="steady_state")
    made = page.session_state["sheet:images"].experiment
    assert (made.hardening.name, made.hardening.options.eps) == ("adversarial", 0.25)
    assert made.regularizer.name == "steady_state"
    assert page.number_input(key="images::hardening.eps").value == 0.25
    healthy(page.number_input(key="images::regularizer.weight").set_value(0.5).run())
    made = page.session_state["sheet:images"].experiment
    assert made.regularizer.options.weight == 0.5

    healthy(page.selectbox(key="images::network").set_value("preact_resnet").run())
    made = page.session_state["sheet:images"].experiment
    assert (made.network.name, made.regularizer.name) == ("preact_resnet", "none")
    assert made.hardening.options.eps == 0.25
    assert "'steady_state' is not legal with 'preact_resnet'" in said(page)
    assert "images::regularizer" not in keys(page)


def test_the_side_by_side_view_hardens_all_nets_and_regularises_none(tmp_path, monkeypatch):
    from playground.ui.labs.images_side import _nets

    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    page = opened(lab, network="conv_ode", hardening="noise", regularizer="steady_state")
    nets = _nets(page.session_state["sheet:images"])
    assert len(nets) > 1
    for net in nets.values():
        assert (net.experiment.hardening.name, net.experiment.regularizer.name) == ("noise", "none")


@pytest.fixture
def play(monkeypatch):
    """play(changes) draws the panel of the default experiment, amended."""
    monkeypatch.setattr(state, "renew", lambda **_: None)
    monkeypatch.setattr(state, "record", lambda: None)

    def draw(changes):
        page = AppTest.from_function(panel, default_timeout=30)
        page.session_state["experiment"] = Experiment().amended(changes)
        page.session_state[UNFOLDED] = {EVERYTHING}
        return healthy(page.run())

    return draw


def test_the_playground_offers_what_suits_the_training(play):
    page = play({})
    assert page.selectbox(key="field:hardening").options == [
        "none",
        "Gaussian noise",
        "adversarial (PGD)",
    ]
    healthy(page.selectbox(key="field:hardening").set_value("adversarial").run())
    healthy(page.number_input(key="field:hardening.eps").set_value(0.3).run())
    made = page.session_state["experiment"]
    assert (made.hardening.name, made.hardening.options.eps) == ("adversarial", 0.3)
    healthy(page.number_input(key="field:hardening.eps").set_value(11.0).run())
    assert "11.0 is not legal; legal is a number from 0 to 10" in said(page)
    assert page.session_state["experiment"] == made

    page = play({"data": "plane", "loss": "mean_square"})
    assert page.selectbox(key="field:hardening").options == ["none", "Gaussian noise"]
    page = play({"network": "mlp"})
    assert "field:regularizer" not in keys(page)
    assert any("come to rest" in caption.value for caption in page.caption)
