"""Every kind of control: what it refuses is said in words, and it shows the value that holds."""

import pytest
from streamlit.testing.v1 import AppTest

from playground.experiment import Experiment
from playground.ui import state


def form():
    """Draw the controls under test, for the experiment of the session."""
    import streamlit as st

    from playground.experiment import Experiment
    from playground.ui import state
    from playground.ui.controls import PLAYGROUND
    from playground.ui.tableau_form import tableau_form

    experiment = state.experiment()
    for name in ("n_train", "l2", "target_accuracy", "early_stop", "device", "precision"):
        PLAYGROUND.field(experiment, name)
    PLAYGROUND.options(experiment.data.options, "data.", skip=("hash",))
    PLAYGROUND.options(experiment.network.options, "network.")
    own = tableau_form if experiment.scheme.name == "custom" else None
    PLAYGROUND.slot(experiment.scheme, "scheme", Experiment.model_fields["scheme"], form=own)
    PLAYGROUND.slot(experiment.optimizer, "optimizer", Experiment.model_fields["optimizer"])
    state.show_messages()
    st.session_state.pop("messages", None)


@pytest.fixture
def app(monkeypatch):
    """app(changes) draws the form of the default experiment, amended."""
    monkeypatch.setattr(state, "renew", lambda **_: None)
    monkeypatch.setattr(state, "record", lambda: None)

    def draw(changes=None):
        test = AppTest.from_function(form, default_timeout=30)
        test.session_state["experiment"] = Experiment().amended(changes or {})
        return healthy(test.run())

    return draw


def healthy(app):
    assert not app.exception
    return app


def experiment(app):
    return app.session_state["experiment"]


def said(app):
    told = [*app.warning, *app.info, *app.error]
    return " ".join(message.value.replace("\\", "") for message in told)


def set_to(app, kind, name, value):
    return healthy(getattr(app, kind)(key=f"field:{name}").set_value(value).run())


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("number_input", "n_train", 777),
        ("number_input", "l2", 1.23e-9),
        ("number_input", "target_accuracy", 0.5),
        ("toggle", "early_stop", True),
        ("selectbox", "device", "cpu"),
        ("segmented_control", "precision", "float64"),
        ("slider", "data.noise", 2.0),
        ("select_slider", "network.horizon", 2.0),
        ("text_input", "network.inputs", "x1,x1*x2"),
        ("selectbox", "optimizer", "lookahead"),
        ("selectbox", "scheme", "euler"),
    ],
)
def test_legal_value_is_taken(app, kind, name, value):
    shown = set_to(app(), kind, name, value)
    expected = Experiment().amended({name: state.text_of(value)})
    assert experiment(shown) == expected != Experiment()
    assert said(shown) == ""
    assert getattr(shown, kind)(key=f"field:{name}").value == value


@pytest.mark.parametrize(
    ("kind", "name", "value", "words"),
    [
        ("number_input", "n_train", 99999, "99999 is not legal; legal is a whole number from"),
        ("number_input", "n_train", -1, "to 80000"),
        ("number_input", "l2", 11.0, "11.0 is not legal; legal is a number from 0 to 10"),
        ("number_input", "target_accuracy", 1.5, "legal is a number from 0 to 1, or nothing"),
        (
            "number_input",
            "network.width",
            0,
            "0 is not legal; legal is a whole number from 1 to 1024",
        ),
        ("number_input", "network.width", 1, "1 is less than the 2 inputs; with zeros legal is 2"),
        ("text_input", "network.inputs", "x3", "'x3' names an input that is not there"),
        ("text_input", "network.inputs", "y", "'y' is not of the form x1, x1^2, x1*x2 or sin(x1)"),
        ("selectbox", "scheme", "radau", "'radau' passes no gradient back"),
    ],
)
def test_value_that_is_not_legal_is_refused_in_words(app, kind, name, value, words):
    before = app()
    held = getattr(before, kind)(key=f"field:{name}").value
    shown = set_to(before, kind, name, value)
    assert experiment(shown) == Experiment()
    assert name in said(shown)
    assert words in said(shown)
    assert getattr(shown, kind)(key=f"field:{name}").value == held


@pytest.mark.parametrize("name", ["n_train", "l2"])
def test_number_that_must_be_there_comes_back_when_it_is_emptied(app, name):
    before = app()
    held = before.number_input(key=f"field:{name}").value
    shown = set_to(before, "number_input", name, None)
    assert experiment(shown) == Experiment()
    assert said(shown) == ""
    assert shown.number_input(key=f"field:{name}").value == held


def test_optional_number_can_be_emptied(app):
    shown = set_to(app({"target_accuracy": "0.5"}), "number_input", "target_accuracy", None)
    assert experiment(shown).target_accuracy is None
    assert said(shown) == ""


def test_whole_numbers_stay_whole(app):
    assert isinstance(app().number_input(key="field:n_train").value, int)


def test_what_a_choice_rules_out_follows_and_is_said(app):
    shown = set_to(app({"network": "neural_ode"}), "selectbox", "scheme", "bdf")
    assert experiment(shown).network.options.gradient == "adjoint"
    assert "network.gradient: 'solver' is not legal with 'bdf'" in said(shown)
    assert shown.segmented_control(key="field:network.gradient").value == "adjoint"


def cell(app, name):
    found = [box for box in app.text_input if box.key.endswith(f":{name}") and "tableau" in box.key]
    return found[0]


def choice(app, name):
    (found,) = [
        box for box in app.selectbox if box.key.endswith(f":{name}") and "tableau" in box.key
    ]
    return found


def use(app):
    (button,) = [b for b in app.button if b.key == "tableau:use"]
    return healthy(button.click().run())


def texts(app):
    return {box.key.rsplit(":", 1)[1]: box.value for box in app.text_input if "tableau" in box.key}


def test_tableau_of_three_stages_is_written_at_once(app):
    shown = app({"scheme": "custom"})
    assert texts(shown) == {"label": "Own tableau", "a21": "2/3", "b1": "1/4", "b2": "3/4"}
    healthy(choice(shown, "stages").set_value(3).run())
    assert experiment(shown).scheme.options.order == 2  # nothing has changed yet
    written = {"label": "Kutta", "a21": "1/2", "a31": "-1", "a32": "2", "b1": "1/6", "b2": "2/3"}
    for name, text in {**written, "b3": "1/6"}.items():
        cell(shown, name).set_value(text)
    choice(shown, "order").set_value(3)
    use(shown)
    assert not shown.error
    chosen = experiment(shown).scheme.chosen
    assert (chosen.label, chosen.order, chosen.stages) == ("Kutta", 3, 3)
    assert chosen.tableau.a[2] == (-1, 2, 0)
    assert texts(shown) == {**written, "b3": "1/6"}


def test_refused_tableau_stays_in_the_cells(app):
    shown = app({"scheme": "custom"})
    before = experiment(shown)
    cell(shown, "b2").set_value("1/2")
    use(shown)
    assert "order 1 condition Σ bᵢ = 1 violated: the sum is 0.75" in said(shown)
    assert experiment(shown) == before
    assert texts(shown)["b2"] == "1/2"
    cell(shown, "b2").set_value("zwei")
    use(shown)
    assert "b2: 'zwei' is not legal" in said(shown)
    cell(shown, "b1").set_value("0.5")
    cell(shown, "b2").set_value("0.5")
    cell(shown, "a21").set_value("1")
    use(shown)
    assert not shown.error
    assert experiment(shown).scheme.options.b == (0.5, 0.5)


def test_known_scheme_is_a_beginning(app):
    shown = app({"scheme": "custom"})
    before = experiment(shown)
    healthy(choice(shown, "start").set_value("rk4").run())
    assert texts(shown)["b2"] == "1/3"
    assert choice(shown, "stages").value == 4
    assert experiment(shown) == before
    assert any("Not in use yet" in caption.value for caption in shown.caption)
    use(shown)
    assert experiment(shown).scheme.chosen.tableau.order == 4
    assert not any("Not in use yet" in caption.value for caption in shown.caption)


def test_tableau_from_elsewhere_fills_the_cells(app):
    shown = app({"scheme": "custom"})
    cell(shown, "b2").set_value("7")
    use(shown)
    values = {"scheme.a": "[[], [0.5]]", "scheme.b": "[0.0, 1.0]"}
    shown.session_state["experiment"] = experiment(shown).amended(values)
    healthy(shown.run())
    assert texts(shown) == {"label": "Own tableau", "a21": "1/2", "b1": "0", "b2": "1"}
    assert not shown.error
