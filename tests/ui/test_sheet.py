"""The settings of a lab: from the link, by controls, back into the link."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from playground import query
from playground.query import write
from playground.registry import Slot
from playground.ui import labs
from playground.ui.labs.integrators_settings import VIEWS
from playground.ui.sheet import Sheet


def script() -> None:
    from playground.ui import state
    from playground.ui.labs.integrators import integrators_page

    integrators_page()
    state.show_messages()


@pytest.fixture
def lab(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """lab(**link) opens the page with a link."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))

    def open_lab(**link: str) -> AppTest:
        page = AppTest.from_function(script, default_timeout=90)
        for name, text in link.items():
            page.query_params[name.replace("__", ".")] = text
        return healthy(page.run())

    return open_lab


def healthy(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def settings(page: AppTest):
    return page.session_state["sheet:integrators"]


def said(page: AppTest) -> str:
    return " ".join(m.value.replace("\\", "") for m in [*page.warning, *page.info, *page.error])


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws_without_a_complaint(lab: Callable[..., AppTest], view: str) -> None:
    page = lab(view=view, finest="256", depth="4")
    assert settings(page).view == view
    assert "In the link" not in said(page)


def test_a_link_sets_the_problem_with_its_parameters(lab: Callable[..., AppTest]) -> None:
    page = lab(problem="decay", problem__rate="5", schemes="euler,rk4", n_steps="10")
    assert settings(page).problem.options.rate == 5.0
    assert settings(page).schemes == ("euler", "rk4")
    frame = page.dataframe[0].value
    assert list(frame["scheme"]) == ["Euler", "Classical Runge-Kutta, order 4"]
    assert list(frame["field evaluations"]) == [10, 40]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"n_steps": "0"}, "n_steps (Steps): 0 is not legal"),
        ({"schemes": "euler,rk5"}, "rk5"),
        ({"problem": "own", "problem__equations": "x +"}, "equations"),
        ({"start": "1, two"}, "start (Initial state): '1, two' is not legal; legal are 2 numbers"),
        ({"view": "tableau", "tableau": "1;2"}, "tableau: 0 stages are not legal"),
        ({"view": "swap", "run": "nobody"}, "nobody"),
    ],
)
def test_what_is_wrong_in_a_link_is_said(
    lab: Callable[..., AppTest], link: dict[str, str], words: str
) -> None:
    assert words in said(lab(**link))


def test_a_control_changes_the_setting_and_another_problem_begins_with_its_defaults(
    lab: Callable[..., AppTest],
) -> None:
    page = lab(problem="decay", problem__rate="5")
    healthy(page.selectbox(key="integrators::problem").set_value("logistic").run())
    assert settings(page).problem.name == "logistic"
    healthy(page.selectbox(key="integrators::problem").set_value("decay").run())
    assert settings(page).problem.options.rate == 1.0


def test_the_declared_orders_are_observed(lab: Callable[..., AppTest]) -> None:
    schemes = "euler,heun2,midpoint,ralston2,heun3,kutta3,ssprk3,rk4"
    page = lab(view="converge", problem="cosine", schemes=schemes)
    frame = page.dataframe[0].value
    assert list(frame["declared order"]) == [1, 2, 2, 2, 3, 3, 3, 4]
    assert ((frame["observed order"] - frame["declared order"]).abs() < 0.15).all()
    assert set(frame["verdict"]) == {"as declared"}


def test_a_cell_of_the_tableau_is_judged_at_once(lab: Callable[..., AppTest]) -> None:
    page = lab(view="tableau")
    assert "A method of order 4" in page.success[0].value
    healthy(page.text_input(key="sketch:b1").set_value("1/7").run())
    assert settings(page).tableau.split(";")[4] == "1/7,1/3,1/3,1/6"
    assert "weights do not sum to 1" in page.error[0].value
    healthy(page.text_input(key="sketch:b1").set_value("one").run())
    assert "b1: 'one' not legal" in page.error[0].value.replace("\\", "")


def test_a_shifted_node_is_warned_of(lab: Callable[..., AppTest]) -> None:
    page = lab(view="tableau", tableau=";1;1/2,1/2;0,1/2")
    assert "nodes and row sums differ" in page.warning[0].value


def test_the_ways_to_the_gradient_agree_but_one(lab: Callable[..., AppTest]) -> None:
    frame = lab(view="adjoint", depth="6", width="3").dataframe[0].value
    assert (frame["difference"][:3] < 1e-12).all()
    assert frame["difference"][3] > 1e-9
    refused = lab(view="adjoint", scheme="heun3", depth="6", width="3")
    assert refused.dataframe[0].value["difference"].isna().tolist() == [False, False, True, False]
    assert any("weight 2 is 0" in caption.value for caption in refused.caption)


def test_own_formulas_with_commas_survive_the_link(lab: Callable[..., AppTest]) -> None:
    page = lab(problem="own", problem__equations='["max(y, 0)", "-x"]')
    assert settings(page).problem.options.equations == ("max(y, 0)", "-x")
    healthy(page.text_input(key="own:0:y").set_value("-x - y").run())
    assert settings(page).problem.options.equations == ("max(y, 0)", "-x - y")
    again = lab(**{k.replace(".", "__"): v for k, v in write(settings(page)).items()})
    assert settings(again) == settings(page)


def test_a_formula_that_is_none_stays_in_its_box(lab: Callable[..., AppTest]) -> None:
    page = lab(problem="own")
    before = settings(page).problem.options.equations
    healthy(page.text_input(key="own:0:x").set_value("y +* 2").run())
    assert settings(page).problem.options.equations == before
    assert page.text_input(key="own:0:x").value == "y +* 2"
    assert "the formula of x" in page.error[0].value


def test_what_a_tolerance_costs_is_drawn_for_adaptive_schemes(lab: Callable[..., AppTest]) -> None:
    page = lab(view="converge", problem="logistic", schemes="rk4,dopri5", finest="64")
    assert "##### Evaluations over the tolerance" in [each.value for each in page.markdown]
    assert list(page.dataframe[0].value["scheme"]) == ["Classical Runge-Kutta, order 4"]


def test_a_slot_begins_with_what_suits_its_page(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from playground.ui.labs.images_settings import SHEET, Settings

    held: dict[str, object] = {}
    monkeypatch.setattr("playground.ui.sheet.st.session_state", held)
    assert SHEET.link() == {"view": "train"}
    SHEET.change({"network": "preact_resnet"})
    assert SHEET.settings.network.options.size == "small"
    assert SHEET.link()["network"] == "preact_resnet"
    assert "network.size" not in SHEET.link()
    SHEET.change({"network.size": "published", "optimizer.beta1": "0.8"})
    link = SHEET.link()
    assert link["network.size"] == "published"
    assert "optimizer.learning_rate" not in link
    before = SHEET.settings
    held.clear()
    SHEET._read(link, "")
    assert SHEET.settings == before != Settings()
    assert SHEET.settings.optimizer.options.learning_rate == 0.003


def every_sheet() -> list[Sheet]:
    """The settings of all labs, found in their modules."""
    names = [module.name for module in pkgutil.iter_modules(labs.__path__)]
    modules = [importlib.import_module(f"{labs.__name__}.{name}") for name in names]
    return list(
        {id(s): s for m in modules for s in vars(m).values() if isinstance(s, Sheet)}.values()
    )


@pytest.mark.parametrize("sheet", every_sheet(), ids=lambda sheet: sheet._name)
def test_any_choice_in_a_link_is_read_in_every_lab(sheet: Sheet) -> None:
    model = sheet._model
    for name, field in model.model_fields.items():
        if not issubclass_of_slot(field.annotation):
            continue
        for chosen in [*field.annotation.registry, "nonsense"]:
            found, notes = query.read(model, {name: chosen})
            assert getattr(found, name).name == chosen or notes, (name, chosen)


def issubclass_of_slot(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Slot)


def test_a_list_in_a_link_keeps_what_is_legal_of_it() -> None:
    from playground import query
    from playground.ui.labs.images_settings import Settings

    link = {"side_rivals": "tm_resnet,nosuch", "nfe_channels": "5,7", "swap_schemes": "nosuch"}
    settings, notes = query.read(Settings, link)
    assert settings.side_rivals == ("tm_resnet",)
    assert settings.nfe_channels == ("5",)
    assert settings.swap_schemes == Settings().swap_schemes
    said = [str(note) for note in notes]
    assert len(said) == 3
    assert any(
        text.startswith("side_rivals: 'nosuch' is not legal") and text.count("side_rivals") == 1
        for text in said
    )
