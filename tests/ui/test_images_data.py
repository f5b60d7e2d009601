"""The data side of the image lab: what is here, what is uploaded, what is shown of it."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from playground.datasets.images import ImageTable, openml, store_images, store_points
from playground.datasets.images.key_points import PointTable
from playground.ui.labs.images_own import sizes
from playground.ui.labs.images_points import experiment_of
from playground.ui.labs.images_settings import Settings
from tests.image_files import write_folder


def script() -> None:
    from playground.ui import state
    from playground.ui.labs.images import images_page

    images_page()
    state.show_messages()


@pytest.fixture
def lab(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """lab(**link) opens the page with a link; a page must not go online."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    monkeypatch.setattr(openml, "urlopen", lambda *a, **k: pytest.fail("a page went online"))

    def open_lab(**link: str) -> AppTest:
        page = AppTest.from_function(script, default_timeout=90)
        for name, text in link.items():
            page.query_params[name.replace("__", ".")] = text
        page.run()
        assert not page.exception
        return page

    return open_lab


def set_of(page: AppTest) -> Settings:
    return page.session_state["sheet:images"]


def texts(page: AppTest) -> str:
    shown = [*page.caption, *page.info, *page.warning, *page.error, *page.markdown]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def sets(page: AppTest) -> list[str]:
    return page.selectbox(key="images::data").options


def own(n=(30, 12), names=("up & *down*", "left"), side=9) -> str:
    x = np.random.default_rng(0).integers(0, 256, (sum(n), 1, side, side), np.uint8)
    return store_images(ImageTable(x, np.repeat(np.arange(len(n)), n), names))


@pytest.mark.parametrize("part", ["training", "validation"])
def test_some_of_each_class_are_shown_with_their_numbers(lab, part) -> None:
    page = lab(view="data", n_train="200", n_validation="100", grid_part=part)
    said = texts(page)
    assert "200 training and 100 validation images · 8 × 8 pixels, 1 channel" in said
    shown = [m.value for m in page.markdown if m.value.startswith("**") and "gray[" in m.value]
    assert [text[2] for text in shown] == list("0123456789")
    counts = [int(text.split("gray[")[1].split(" ")[0]) for text in shown]
    assert sum(counts) == (200 if part == "training" else 100)


def test_one_class_is_paged_through_and_another_begins_at_the_front(lab) -> None:
    page = lab(view="data", grid_class="3")
    assert "1 to 72 of 142" in texts(page)
    page.button(key="images::page:chevron_right").click().run()
    assert "73 to 142 of 142" in texts(page)
    assert page.button(key="images::page:chevron_right").disabled
    page.selectbox(key="images::grid_class").set_value("4").run()
    assert (set_of(page).grid_class, set_of(page).grid_page) == ("4", 1)
    assert "1 to 72 of 141" in texts(page)


def test_a_class_and_a_page_that_are_not_there_show_what_is(lab) -> None:
    page = lab(view="data", grid_class="eleven", grid_page="999", n_train="100")
    assert not page.exception
    assert "Page 1 of 1" not in texts(page)
    assert len([m for m in page.markdown if "images]]" in m.value]) == 10


def test_sets_that_cannot_be_had_are_marked_and_said_to_be_missing(lab, monkeypatch, tmp_path):
    assert "MNIST" in sets(lab())
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "none"))
    page = lab(data="mnist")
    assert "MNIST · not here" in sets(page)
    said = texts(page)
    assert f"put mnist.npz (x_train, y_train, x_test, y_test) into {tmp_path / 'none'}" in said
    assert "PLAYGROUND_IDX" in said
    # A system may have a package of its own with clothes.
    assert re.search(r"On this server there are: Digits, (Fashion-MNIST, )?'insects'\.", said)
    assert not [b for b in page.button if b.label == "Train"]
    assert "MNIST is not on this server" in texts(lab(data="mnist", view="data"))


def test_what_is_downloaded_by_a_run_can_be_trained_but_is_not_fetched_by_the_page(
    lab, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("PLAYGROUND_ONLINE", "1")
    page = lab(data="cifar10")
    assert "CIFAR-10 · to be downloaded" in sets(page)
    assert "CIFAR-10 is downloaded when the training begins" in texts(page)
    assert [b for b in page.button if b.label == "Train"]
    assert "downloaded when a net is trained" in texts(lab(data="cifar10", view="data"))


def test_the_folders_of_the_server_are_chosen_by_name(lab, monkeypatch, tmp_path) -> None:
    write_folder(tmp_path / "own" / "insects")
    write_folder(tmp_path / "own" / "shapes", classes=("a", "b", "c"), n=8)
    monkeypatch.setenv("PLAYGROUND_IMAGES", str(tmp_path / "own"))
    page = lab(data="image_folder", view="data", n_train="20", n_validation="10")
    assert page.selectbox(key="images::data.folder").options == ["insects", "shapes"]
    page.selectbox(key="images::data.folder").set_value("shapes").run()
    assert set_of(page).data.options.folder == "shapes"
    assert "3 classes" in texts(page)
    monkeypatch.delenv("PLAYGROUND_IMAGES")
    assert "Images of this server" not in sets(lab())
    gone = lab(data="image_folder", data__folder="shapes")
    assert "PLAYGROUND_IMAGES names a folder whose sub-folders are image sets" in texts(gone)


def test_uploaded_images_open_by_their_link(lab) -> None:
    key = own()
    page = lab(data="image_upload", data__hash=key, view="data", n_train="30", n_validation="12")
    said = texts(page)
    assert "42 images · 9 × 9 pixels, grey · 2 classes: up & *down* (30), left (12)" in said
    assert "**up & \\*down\\***" in "\n".join(m.value for m in page.markdown)
    assert "image_upload" in page.session_state["sheet:images"].data.name
    missing = lab(data="image_upload", data__hash="0" * 64)
    assert "are not on this server: own data do not travel with the link" in texts(missing)
    assert set_of(missing).data.options.hash == "0" * 64


def test_images_that_are_no_squares_are_trained_on(lab) -> None:
    x = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 12), np.uint8)
    key = store_images(ImageTable(x, np.repeat([0, 1], 20), ("a", "b")))
    page = lab(data="image_upload", data__hash=key, n_train="30", n_validation="10")
    assert "trainable parameters" in texts(page)
    assert set_of(page).experiment.data.options.hash == key


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [((50, 50), (80, 20)), ((6, 6), (20, 10)), ((60_000, 59_000), (80_000, 39_000))],
)
def test_most_of_an_upload_is_trained_on_within_what_can_be_set(counts, wanted) -> None:
    n = sum(counts)
    table = ImageTable(np.zeros((n, 1, 8, 8), np.uint8), np.repeat([0, 1], counts), ("a", "b"))
    assert sizes(table) == wanted


def test_key_points_are_trained_on_by_themselves_with_the_mean_square(lab) -> None:
    page = lab(view="points", n_train="100", n_validation="40")
    said = texts(page)
    assert "1,200 images · 16 × 16 pixels, grey · 2 points: left end x, left end y" in said
    assert [b for b in page.button if b.label == "Train"]
    assert "images::data" not in [box.key for box in page.selectbox]  # it has data of its own
    experiment = experiment_of(set_of(page))
    assert (experiment.data.name, experiment.loss.name) == ("image_points", "mean_square")
    assert experiment.n_outputs == 4
    missing = lab(view="points", points_hash="0" * 64)
    assert "are not on this server" in texts(missing)


def test_own_key_points_open_by_their_link_and_are_left_again(lab) -> None:
    x = np.random.default_rng(0).integers(0, 256, (30, 1, 12, 12), np.uint8)
    places = np.zeros((30, 6), np.float32)
    key = store_points(PointTable(x, places, ("a x", "a y", "b x", "b y", "c x", "c y")))
    page = lab(view="points", points_hash=key, n_train="20", n_validation="10")
    assert "30 images · 12 × 12 pixels, grey · 3 points" in texts(page)
    assert experiment_of(set_of(page)).n_outputs == 6
    page.button(key="points:back").click().run()
    assert set_of(page).points_hash == ""
    assert "2 points" in texts(page)
    wrong = lab(data="image_upload", data__hash=key)  # they have no classes
    assert "key points, and no classes" in texts(wrong)
