"""What is folded away is not drawn before it is unfolded, and stays drawn from then on."""

from streamlit.testing.v1 import AppTest

from playground.ui.folds import EVERYTHING, UNFOLDED


def _page() -> None:
    import streamlit as st

    from playground.ui import folds

    folds.expander("More", "more", lambda: st.number_input("Depth", value=3, key="depth"))
    folds.popover("Menu", "menu", lambda: st.text_input("Name", key="name"))


def test_what_is_folded_away_is_not_drawn() -> None:
    page = AppTest.from_function(_page).run()
    assert not page.exception
    assert [each.label for each in page.expander] == ["More"]
    assert not page.number_input
    assert {caption.value for caption in page.caption} == {"One moment …"}
    assert not page.text_input


def test_what_was_unfolded_is_drawn_and_keeps_what_was_typed() -> None:
    page = AppTest.from_function(_page).run()
    page.session_state["more"] = True
    page.run()
    page.number_input(key="depth").set_value(7).run()
    page.session_state["more"] = False  # folded again
    page.run()
    assert page.number_input(key="depth").value == 7
    assert not page.text_input  # the menu has not been opened


def test_everything_can_be_unfolded() -> None:
    page = AppTest.from_function(_page)
    page.session_state[UNFOLDED] = {EVERYTHING}
    page.run()
    assert page.number_input
    assert page.text_input
