"""QR codes: of a link for a telephone or a wall, always dark on white, whatever the theme."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from urllib.parse import urlsplit

import segno
import streamlit as st
from segno.encoder import DataOverflowError

_SCALE = 8  # pixels of a module in the picture, which the page then scales
_QUIET = 4  # modules of white around it, as ISO/IEC 18004 asks for
_DENSE = 20  # version from which cameras have trouble with a code on a screen
_HERE = ("localhost", "127.0.0.1", "::1")


def code_of(link: str) -> segno.QRCode:
    """Return the code of a link, with as little redundancy as there is, so that it stays coarse.

    Raises:
        ValueError: If the link is longer than a code can be.
    """
    try:
        return segno.make(link, error="l", micro=False)
    except DataOverflowError:
        raise ValueError(
            f"the link has {len(link)} characters, and a QR code holds no more than 2953"
        ) from None


@lru_cache(maxsize=128)  # some thirty milliseconds each
def svg_of(link: str) -> str:
    """Return the picture of the code of a link. Raises ValueError as ``code_of`` does."""
    held = io.BytesIO()
    looks = {"scale": _SCALE, "border": _QUIET, "dark": "#000", "light": "#fff"}
    code_of(link).save(held, kind="svg", xmldecl=False, **looks)
    return held.getvalue().decode()


def draw_qr(link: str, width: int) -> None:
    """Draw the code of a link, or say why there is none; what is in the link never becomes HTML.

    Args:
        link: The link.
        width: In pixels.
    """
    try:
        picture = base64.b64encode(svg_of(link).encode()).decode()
        version = code_of(link).version if len(link) > 400 else 1
    except ValueError as error:
        st.caption(f":orange[:material/error:] {error}.")
        return
    st.html(
        f'<img class="qr" alt="QR code of the link" width="{width}" height="{width}" '
        f'style="display:block;max-width:100%;height:auto;border-radius:6px" '
        f'src="data:image/svg+xml;base64,{picture}">'
    )
    if version > _DENSE:
        st.caption("This code is dense: a run that has been trained has a much shorter link.")
    if urlsplit(link).hostname in _HERE:
        st.caption(
            ":orange[:material/info:] This address works on this computer only. Open the page by the "
            "server's name or number in the network, and the code works for others."
        )
