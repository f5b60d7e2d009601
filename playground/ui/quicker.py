"""What Streamlit computes anew in every run of a script although it stays the same, computed once.

A page of sixty controls spent a sixth of its time on two such things. Each is taken over only where
Streamlit still has it in the place that is named here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from streamlit.proto.NewSession_pb2 import CustomThemeConfig

_SESSION = "streamlit.runtime.app_session"
_THEME = "_populate_theme_msg"
_STATE = "get_session_state"
_WIDGETS = tuple(
    f"streamlit.elements.widgets.{name}" for name in ("number_input", "selectbox", "text_widgets")
)


def quicken() -> None:
    """Take both over, once."""
    _take_over(_SESSION, _THEME, remembered)
    for module in _WIDGETS:
        _take_over(module, _STATE, looked_up)


def _take_over(module: str, name: str, quicker: Callable[[Any], Any]) -> None:
    place = import_module(module)
    present = getattr(place, name, None)
    if present is not None and not hasattr(present, "__wrapped__"):
        setattr(place, name, quicker(present))


def remembered(fill: Callable[..., None]) -> Callable[..., None]:
    """Return the filling of a theme's message that reads each section of the settings only once.

    Streamlit walks over all its settings for each of six sections in each run of a script or of a
    fragment; nothing here changes a theme while the server runs.
    """
    held: dict[str, CustomThemeConfig] = {}

    @wraps(fill)
    def filled(message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in held:
            made = CustomThemeConfig()
            fill(made, section)
            held[section] = made
        if held[section].ByteSize():  # to merge nothing would make it present
            message.MergeFrom(held[section])

    return filled


class _Lookup:
    """The state of a session by key, without a table of all of it."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def __contains__(self, key: str) -> bool:
        return key in self._state

    def __getitem__(self, key: str) -> Any:
        return self._state[key]


class _Session:
    """The state of a session for a control that asks for its own key only."""

    def __init__(self, state: Any) -> None:
        self._state = state

    @property
    def filtered_state(self) -> _Lookup:
        """What Streamlit makes a table of, for a control that looks one key up in it."""
        return _Lookup(self._state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def looked_up(session_state: Callable[[], Any]) -> Callable[[], Any]:
    """Return the state of the session such that a control's look at one key costs one key."""

    @wraps(session_state)
    def quick() -> Any:
        return _Session(session_state())

    return quick
