"""What am I seeing? An answer for each view of each page, from ``assets/seeing``, behind one button.

A page without views has one text. A page with views has a section for each, whose heading is the view's
name. A text tells what the axes are, what a good and a bad picture look like, and what is not shown.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "seeing"
_GLOSSARY = "glossary"  # address of the page
_SECTION = re.compile(r"^## (\w+)$", re.MULTILINE)


@cache
def texts(page: str) -> dict[str, str]:
    """Return the texts of a page by its views; the whole page's has an empty name.

    Args:
        page: A name from the program, never from a user.

    Raises:
        OSError: If there is no file for the page.
    """
    whole, *parts = _SECTION.split((FOLDER / f"{page}.md").read_text(encoding="utf-8"))
    found = {name: text.strip() for name, text in zip(parts[::2], parts[1::2])}
    return {"": whole.strip(), **found} if whole.strip() else found


def seeing(page: str, view: str = "") -> None:
    """Draw the button behind which the explanation of a view is.

    Args:
        page: Name of the page, which is that of its file in ``assets/seeing``.
        view: Name of the view that is shown; empty for a page without views.
    """
    with st.popover("What am I seeing?", icon=":material/help:", key=f"seeing:{page}"):
        st.markdown(texts(page)[view])
        # A link that opens a tab of its own, so that what is seen stays to be looked at.
        st.caption(f"The words are explained in the [glossary]({_GLOSSARY}).")
