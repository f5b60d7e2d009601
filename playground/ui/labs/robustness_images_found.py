"""What an attack on a stored net on images comes to: computed once, with its progress and a stop."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from playground.analysis.parting import Parting, parting
from playground.jobs import RunRecord
from playground.training.attack_images import AttackedImages, attack_images
from playground.ui.labs.robustness_settings import Settings
from playground.ui.labs.robustness_source import source_of
from playground.ui.labs.robustness_subjects import subject_at

_KEPT = 16  # results of all users
_PATHS = 12  # pairs whose ways through the features are drawn
_LISTED = 60  # newest runs of one's own among which a transfer finds its source
_OFTEN = 0.3  # seconds between two words about the progress
_STOPPED = "robustness:images:stopped"


@dataclass(frozen=True)
class Found:
    """Images under attack, and the features of some of them on their way.

    Attributes:
        images: What the attack came to.
        parting: How far the features of ``images.pairs`` are apart; ``None`` where none was attacked.
    """

    images: AttackedImages
    parting: Parting | None


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[OrderedDict[str, Found], threading.Lock]:
    """Return what was found last; the cache of Streamlit itself lets no progress be shown."""
    return OrderedDict(), threading.Lock()


def found_of(settings: Settings, run: RunRecord) -> Found | None:
    """Return what the attack comes to, ``None`` where it was stopped or has no source.

    Args:
        settings: What is set.
        run: The run that is attacked.

    Raises:
        ValueError: If its data cannot be had, or the attack cannot be made.
    """
    source = _source(settings, run)
    if source is None and settings.attack.entry.knows == "another":
        return None  # its control has said that there is none
    place = st.empty()  # also where nothing is computed, so that what follows keeps its place
    key = _key(settings, run, source)
    results, lock = _kept()
    with lock:
        if key in results:
            results.move_to_end(key)
            return results[key]
    if st.session_state.get(_STOPPED) == key:
        st.info("The attack was stopped.", icon=":material/info:")
        st.button(
            "Attack",
            icon=":material/play_arrow:",
            on_click=_go_on,
            help="Attacks the images with what is set; the page waits for it.",
        )
        return None
    with place.container():
        bar = st.progress(0.0, text="The images are attacked")
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=_stop,
            args=(key,),
            help="Ends this attack; it may be begun again.",
        )
    found = _computed(settings, run, source, _teller(bar.progress))
    place.empty()
    with lock:
        results[key] = found
        while len(results) > _KEPT:
            results.popitem(last=False)
    return found


def _source(settings: Settings, run: RunRecord) -> RunRecord | None:
    """Return the other run of a transfer; other attacks have none."""
    return source_of(settings, run) if settings.attack.entry.knows == "another" else None


def _key(settings: Settings, run: RunRecord, source: RunRecord | None) -> str:
    other = () if source is None else (source.id, source.checkpoint_step)
    own = (run.id, run.checkpoint_step, *other, settings.attack.model_dump_json())
    return "|".join(
        map(str, (*own, settings.eps, settings.samples, settings.attack_seed, settings.image_draws))
    )


def _stop(key: str) -> None:
    st.session_state[_STOPPED] = key


def _go_on() -> None:
    st.session_state.pop(_STOPPED, None)


def _computed(
    settings: Settings, run: RunRecord, source: RunRecord | None, tell: Callable[[float], None]
) -> Found:
    own = subject_at(run.id, run.checkpoint_step, settings.samples)
    other = source and subject_at(source.id, source.checkpoint_step, 2)
    images = attack_images(
        own,
        settings.attack,
        settings.eps,
        seed=settings.attack_seed,
        source=None if other is None else other.model,
        draws=settings.image_draws,
        progress=tell,
    )
    if not len(images.pairs):
        return Found(images, None)
    some = range(min(_PATHS, len(images.pairs)))
    return Found(images, parting(own.net, own.x[images.pairs], images.moved, pairs=some))


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
