"""What an attack on a stored net on images comes to: computed once, with its progress and a stop."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from playground.analysis.parting import Parting, parting
from playground.jobs import RunRecord
from playground.training.attack_images import AttackedImages, attack_images
from playground.training.attacked import Subject, subject
from playground.ui import state
from playground.ui.labs.robustness_settings import Settings
from playground.ui.labs.stored import checkpoint_of

_KEPT = 16  # results of all users
_OFTEN = 0.3  # seconds between two words about the progress
_STOPPED = "robustness:images:stopped"


@dataclass(frozen=True)
class Found:
    """Images under attack, and the features of some of them on their way.

    Attributes:
        images: What the attack came to.
        pairs: Places of the images whose features are compared.
        parting: How far their features are apart; ``None`` where no image was attacked.
    """

    images: AttackedImages
    pairs: np.ndarray
    parting: Parting | None


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[OrderedDict[str, Found], threading.Lock]:
    """Return what was found last; the cache of Streamlit itself lets no progress be shown."""
    return OrderedDict(), threading.Lock()


def found_of(settings: Settings, run: RunRecord) -> Found | None:
    """Return what the attack comes to, ``None`` where it was stopped.

    Args:
        settings: What is set.
        run: The run that is attacked.

    Raises:
        ValueError: If its data cannot be had, or the attack cannot be made.
    """
    source = state.jobs().get(settings.source) if _transfers(settings) else None
    key = _key(settings, run, source)
    results, lock = _kept()
    with lock:
        if key in results:
            results.move_to_end(key)
            return results[key]
    if st.session_state.get(_STOPPED) == key:
        st.info("The attack was stopped.", icon=":material/info:")
        st.button("Attack", icon=":material/play_arrow:", on_click=_go_on)
        return None
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text="The images are attacked")
        st.button("Stop", icon=":material/stop:", on_click=_stop, args=(key,))
    found = _computed(settings, run, source, _teller(bar.progress))
    place.empty()
    with lock:
        results[key] = found
        while len(results) > _KEPT:
            results.popitem(last=False)
    return found
