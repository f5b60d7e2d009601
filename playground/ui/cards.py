"""Cards: a picture that the program made, a title, a sentence, a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from playground.ui.browser import browser

PICTURES = Path(__file__).resolve().parents[2] / "assets" / "pictures"


@dataclass(frozen=True)
class Card:
    """One card.

    Attributes:
        key: Of its button; unique on the page.
        title: What it leads to.
        text: One sentence.
        button: What the button says.
        act: What a click does, within the page's run.
        picture: Name of a file in assets/pictures without its ending; empty for none.
    """

    key: str
    title: str
    text: str
    button: str
    act: Callable[[], None]
    picture: str = ""


def draw_cards(cards: Sequence[Card]) -> None:
    """Draw cards in rows: four in each, three where there is little room."""
    across = 3 if browser().narrow else 4
    for start in range(0, len(cards), across):
        row = cards[start : start + across]
        for column, card in zip(st.columns(across, gap="small"), row):
            with column, st.container(border=True, height="stretch", gap="small"):
                _card(card)


def _card(card: Card) -> None:
    picture = PICTURES / f"{card.picture}.png"
    with st.container(height="stretch", gap="small"):  # so that the buttons of a row are level
        if picture.is_file():  # that each has one is a matter of the tests
            st.image(str(picture), width="stretch", alt="")
        st.markdown(f"**{card.title}**")
        st.caption(card.text)
    if st.button(
        card.button,
        key=card.key,
        icon=":material/arrow_forward:",
        help=f"{card.button}: {card.title}.",
    ):
        card.act()
