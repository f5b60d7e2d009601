"""The image lab: what its views set, and the trainings that they ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from playground.ui.labs.images_depth import strip
from playground.ui.labs.images_nfe import experiments_of
from playground.ui.labs.images_settings import POINT_NETS, VIEWS, Settings


def script() -> None:
    from playground.ui import state
    from playground.ui.labs.images import images_page

    images_page()
    state.show_messages()


@pytest.fixture
def lab(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """lab(**link) opens the page with a link."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))

    def open_lab(**link: str) -> AppTest:
        page = AppTest.from_function(script, default_timeout=90)
        for name, text in link.items():
            page.query_params[name.replace("__", ".")] = text
        page.run()
        assert not page.exception
        return page

    return open_lab


def settings(page: AppTest) -> Settings:
    return page.session_state["sheet:images"]


def said(page: AppTest) -> str:
    return " ".join(m.value.replace("\\", "") for m in [*page.warning, *page.info, *page.error])


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws_without_a_complaint(lab: Callable[..., AppTest], view: str) -> None:
    page = lab(view=view)
    assert settings(page).view == view
    assert said(page) == ""


@pytest.mark.parametrize("name", POINT_NETS)
def test_a_net_on_points_reads_the_digits_as_rows(lab: Callable[..., AppTest], name: str) -> None:
    page = lab(network=name)
    assert said(page) == ""
    made = settings(page).experiment
    assert (made.n_features, made.n_outputs) == (64, 10)
    if name == "rk_net":
        assert (made.network.options.width, made.network.options.depth) == (64, 100)


def test_a_width_that_wider_images_need_is_taken_and_said(lab: Callable[..., AppTest]) -> None:
    page = lab(network="standard_net", network__width="50")
    assert settings(page).network.options.width == 64
    assert "with zeros legal is 64 or more" in said(page)
    page = lab(network="standard_net", network__width="81")
    assert said(page) == ""


def test_schemes_that_cannot_take_over_are_refused(lab: Callable[..., AppTest]) -> None:
    page = lab(view="swap", swap_schemes="rk4,dopri5,euler")
    assert settings(page).swap_schemes == ("euler", "rk4")  # what is legal of it stays
    assert "'dopri5' is not legal" in said(page)
    page = lab(view="swap", swap_schemes="rk4,euler,rk4")
    assert settings(page).swap_schemes == ("euler", "rk4")
    page = lab(view="swap", network="standard_net")
    assert "StandardNet has no scheme that could be exchanged" in said(page)


def test_the_study_of_the_solvers_work_differs_in_size_and_seed_only() -> None:
    made = experiments_of(Settings(nfe_channels=("0", "5"), nfe_repetitions=2, nfe_seed=7))
    assert list(made) == ["p = 0", "p = 5"]
    for name, size in (("p = 0", 0), ("p = 5", 5)):
        assert [each.weight_seed for each in made[name]] == [7, 8]
        assert {each.network.options.channels for each in made[name]} == {size}
        assert {each.scheme.name for each in made[name]} == {"dopri5"}
    dumps = [each.model_dump() for row in made.values() for each in row]
    for dump in dumps:
        del dump["weight_seed"], dump["network"]["options"]["channels"]
    assert all(dump == dumps[0] for dump in dumps)
    (border,) = experiments_of(
        Settings(nfe_augment="border", nfe_borders=("2",), nfe_repetitions=1)
    ).values()
    assert border[0].network.options.border == 2


def test_feature_maps_stand_side_by_side_on_one_scale() -> None:
    maps = np.zeros((2, 4, 4))
    maps[0], maps[1, 0, 0] = -3.0, 3.0
    picture = strip(maps, 3.0)
    assert picture.shape == (56, 2 * 56 + 6, 4)
    assert tuple(picture[0, 0]) == (0, 114, 178, 255)
    assert tuple(picture[0, 62]) == (213, 94, 0, 255)
    assert picture[30, 58, 3] == 0  # the gap is seen through
    grey = picture[40, 100, :3].astype(int)
    assert np.ptp(grey) <= 3
