"""Each page and view is explained, each control has a tooltip, each way of the glossary is one."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest
from pydantic import BaseModel

import playground
from playground.experiment import Experiment
from playground.glossary import glossary
from playground.registry import Options, Registry, Slot
from playground.ui.places import PLACES, way
from playground.ui.seeing import FOLDER, texts
from playground.ui.sheet import Sheet

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "playground" / "ui"

CONTROLS = {
    "button", "checkbox", "color_picker", "download_button", "file_uploader", "multiselect",
    "number_input", "pills", "radio", "segmented_control", "select_slider", "selectbox", "slider",
    "text_area", "text_input", "toggle",
}  # fmt: skip

# Labels that are whole sentences already, so that a tooltip would say the same once more.
SENTENCES = {
    ("ui/home_page.py", "Train it live"),  # beside the sentence that tells of it
    ("ui/labs/robustness_curves_results.py", "A curve is an upper bound. Check the gradients of"),
}


def app_pages():
    """The pages in the navigation, from the text of the app: to import it would start it."""
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    held = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "PAGES"
    )
    return {url: path for part in ast.literal_eval(held).values() for path, _, _, url in part}


def test_the_places_are_pages_of_the_navigation():
    pages = app_pages()
    for name, place in PLACES.items():
        assert pages[name] == place.path
    # Home, lessons and the glossary explain themselves.
    assert set(pages) - set(PLACES) == {"", "lessons", "glossary"}


@pytest.mark.parametrize("page", PLACES)
def test_each_view_of_a_page_is_explained_and_nothing_else_is(page):
    views = PLACES[page].views or {"": ""}
    assert set(texts(page)) == set(views)
    for text in texts(page).values():
        assert "**Not shown.**" in text
        assert 200 <= len(text) <= 1500


def test_no_explanation_is_of_a_page_that_is_not_there():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PLACES)


def modules():
    for module in pkgutil.walk_packages(playground.__path__, "playground."):
        if not module.name.startswith(("playground.cli", "playground.__main__")):
            yield importlib.import_module(module.name)


MODULES = list(modules())


def test_the_views_of_each_sheet_are_those_of_its_place():
    sheets = {v.name: v for m in MODULES for v in vars(m).values() if isinstance(v, Sheet)}
    for name, sheet in sheets.items():
        if name in PLACES and PLACES[name].views:
            legal = type(sheet.settings).model_fields["view"].annotation.__args__
            assert set(legal) == set(PLACES[name].views)


@pytest.mark.parametrize("name", sorted({w for t in glossary().values() for w in t.where}))
def test_where_a_term_is_met_is_a_page_with_that_view(name):
    path, label, query = way(name)
    assert (ROOT / path).is_file()
    assert label
    assert ":" not in name or query["view"] == name.partition(":")[2]


def models():
    """All models whose fields become controls: options of entries, and settings of pages."""
    found = {Experiment}
    for module in MODULES:
        for value in vars(module).values():
            if isinstance(value, Registry):
                found |= {entry.options for entry in value.values()}
            elif isinstance(value, Sheet):
                found.add(type(value.settings))
            elif isinstance(value, type) and issubclass(value, Options):
                found.add(value)
    return sorted(found, key=lambda model: f"{model.__module__}.{model.__qualname__}")


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__qualname__)
def test_each_field_has_a_title_and_a_sentence(model: type[BaseModel]):
    for name, field in model.model_fields.items():
        assert field.title, name
        assert field.description, name


def calls():
    for path in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if not isinstance(called, ast.Attribute) or called.attr not in CONTROLS:
                continue
            if not (isinstance(called.value, ast.Name) and called.value.id == "self"):
                yield path.relative_to(UI.parent).as_posix(), node


def test_each_control_has_a_tooltip():
    bare = []
    for path, call in calls():
        names = {keyword.arg for keyword in call.keywords}
        # None stands for ** : the arguments of a field, which have its description.
        if "help" in names or None in names:
            continue
        label = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        if (path, label) not in SENTENCES:
            bare.append(f"{path}:{call.lineno} {ast.unparse(call.func)}({label!r})")
    assert bare == []


def test_the_sentences_that_need_no_tooltip_are_still_there():
    labels = {
        (path, call.args[0].value)
        for path, call in calls()
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert labels >= SENTENCES


def test_a_slot_is_no_field_without_words():
    for name, field in Experiment.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Slot):
            assert field.description, name
