"""What an attack on a stored net on images comes to: computed once, with its progress and a stop."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from playground.analysis.parting import Parting, parting
from playground.jobs import Refused, RunRecord
from playground.training.attack_images import AttackedImages, attack_images
from playground.training.attacked import Subject, subject
from playground.training.image_depth import depth_names
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
        parting: How far the features of ``images.pairs`` are apart; ``None`` where none was attacked.
        depths: What the depth counts.
    """

    images: AttackedImages
    parting: Parting | None
    depths: str


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
    source = _source(settings)
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


def _source(settings: Settings) -> RunRecord | None:
    """Return the other run of a transfer, if there is one."""
    if settings.attack.entry.knows != "another" or not settings.source:
        return None
    try:
        return state.jobs().get(settings.source)
    except Refused as refused:
        raise ValueError(str(refused)) from refused


def _key(settings: Settings, run: RunRecord, source: RunRecord | None) -> str:
    other = () if source is None else (source.id, source.checkpoint_step)
    own = (run.id, run.checkpoint_step, *other, settings.attack.model_dump_json())
    return "|".join(map(str, (*own, settings.eps, settings.samples, settings.attack_seed)))


def _stop(key: str) -> None:
    st.session_state[_STOPPED] = key


def _go_on() -> None:
    st.session_state.pop(_STOPPED, None)


def _computed(
    settings: Settings, run: RunRecord, source: RunRecord | None, tell: Callable[[float], None]
) -> Found:
    own = _subject(run, settings.samples)
    other = None if source is None else _subject(source, 1)
    if other is not None and (other.shape, other.classes) != (own.shape, own.classes):
        raise ValueError(
            f"source: {settings.source!r} is not legal; legal is a run on images of the same size with "
            "the same classes"
        )
    images = attack_images(
        own,
        settings.attack,
        settings.eps,
        seed=settings.attack_seed,
        source=None if other is None else other.model,
        progress=tell,
    )
    last = depth_names(own.net, own.net.times())[-1]
    way = None
    if len(images.pairs):
        way = parting(own.net, own.x[images.pairs], images.moved)
    return Found(images, way, "time t" if last.startswith("t =") else last.split()[0])


def _subject(run: RunRecord, most: int) -> Subject:
    return subject(run.experiment, checkpoint_of(run.id, run.checkpoint_step), most)


def _teller(draw: Callable[..., object]) -> Callable[[float], None]:
    """Return what draws a share that is done and the time that is left, not too often.

    When somebody has changed a control or left, drawing ends the run of the page, and the attack with it.
    """
    began = last = time.monotonic()

    def tell(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _OFTEN:
            return
        last = now
        left = (now - began) * (1 - share) / max(share, 1e-9)
        draw(share, text=f"The images are attacked; about {max(left, 1):,.0f} s are left")

    return tell
