"""A trained net on images under attack: which are fooled, by what change, and where on the way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.attacks import TISODE, Preset
from playground.charts.attack_images import (
    FOOLED,
    PICTURES,
    WITHSTOOD,
    WRONG,
    picture,
    tiles,
)
from playground.charts.images import confusion
from playground.datasets import TableError
from playground.jobs import RunRecord
from playground.training.attack_images import AttackedImages, magnification, magnified
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.labs.charting import draw, table
from playground.ui.labs.robustness_images_found import Found, found_of
from playground.ui.labs.robustness_parting import draw_parting
from playground.ui.labs.robustness_settings import SHEET, Settings

_EPSILONS = {"8/255": 8 / 255, "0.1": 0.1, "0.2": 0.2, "0.3": 0.3}
_NORMS = {"linf": "L∞", "l2": "L2", "sigma": "σ"}
_ROWS = 20  # classes of a table that stands open
_SIGNS = {"fooled": "✗", "withstood": "✓", "wrong": "✗"}
_FRAMES = {"fooled": FOOLED, "withstood": WITHSTOOD, "wrong": WRONG}


def controls(settings: Settings, run: RunRecord) -> None:
    """Draw what can be set for nets on images.

    Args:
        settings: What is set.
        run: The run that is attacked.
    """
    st.caption(size_words(settings))
    with st.container(horizontal=True, gap="small"):
        for name, eps in _EPSILONS.items():
            st.button(
                name,
                key=f"images:eps:{name}",
                help=f"Set ε to {name}.",
                on_click=SHEET.change,
                args=({"eps": eps},),
            )
    st.caption("As published (Yan et al. 2020, on MNIST):")
    with st.container(horizontal=True, gap="small"):
        for preset in TISODE:
            st.button(
                preset.label,
                key=f"images:preset:{preset.label}",
                help=f"{preset.attack.entry.label} with the settings of the published code, "
                f"ε = {preset.eps:.3g}.",
                on_click=SHEET.change,
                args=(preset_fields(preset),),
            )
    if _draws(settings, run):
        SHEET.form.field(settings, "image_draws")
    for name in ("image_group", "image_tiles", "image_magnify"):
        SHEET.form.field(settings, name)
    if settings.image_magnify == "fixed":
        SHEET.form.field(settings, "image_factor")


def _draws(settings: Settings, run: RunRecord) -> bool:
    """Return whether the attack looks at draws of the net's own."""
    looks = settings.attack.entry.knows in ("gradient", "logits")
    return looks and bool(getattr(run.experiment.network.options, "randomise", False))


def preset_fields(preset: Preset) -> dict[str, object]:
    """Return the settings of a preset, each option of its attack among them."""
    options = preset.attack.options.model_dump()
    own = {f"attack.{name}": value for name, value in options.items()}
    return {"attack": preset.attack.name, **own, "eps": preset.eps}


def size_words(settings: Settings) -> str:
    """Return ε in the units in which papers give it."""
    eps = settings.eps
    if settings.attack.options.norm == "l2":
        return f"ε = {eps:.4g}, the Euclidean length of the change; images are in [0, 1]."
    what = "the spread of the noise" if settings.attack.options.norm == "sigma" else "of each value"
    return f"ε = {eps:.4g} = {255 * eps:.4g}/255, {what}; images are in [0, 1]."


def results(settings: Settings, run: RunRecord) -> None:
    """Draw what the attack does to images.

    Args:
        settings: What is set.
        run: The run that is attacked.
    """
    try:
        found = found_of(settings, run)
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return
    if found is None:
        return
    _figures(found.images)
    if _draws(settings, run):
        st.caption(
            f"The inputs of this net are randomised: the attack follows the mean over "
            f"{settings.image_draws} draws, and one that it has not seen judges."
        )
    _tiles(settings, found.images)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### What images are taken for, under attack")
        draw("attacked_confusion", confusion(found.images.classes, 300), _pairs(found.images))
        st.caption("Numbers of images; those that were wrong already count as they were.")
    with right:
        st.markdown("##### Each class by itself")
        if len(found.images.classes) <= _ROWS:
            _classes(found.images)
        else:
            with st.expander(f"{len(found.images.classes)} classes"):
                _classes(found.images)
    _depths(found)


def _percent(value: tuple[float, float]) -> str:
    return f"{100 * value[0]:.1f} % ± {100 * value[1]:.1f}"


def _figures(found: AttackedImages) -> None:
    count, right = len(found.truths), len(found.truths) - found.count("wrong")
    shown = {
        "Clean accuracy": (_percent(found.clean), "Of the images, without attack."),
        "Accuracy under attack": (
            _percent(found.robust),
            "Of the images; those that are wrong already count as errors and are left as they are.",
        ),
        "Fooled": (
            f"{found.count('fooled'):,} of {right:,}",
            "Images that were right and are not any more.",
        ),
    }
    noise = found.under_noise
    if noise is not None:
        shown[f"Noise of the same {_NORMS[found.norm]}"] = (
            _percent(noise),
            f"Accuracy under Gaussian noise, that of each image scaled so that its {_NORMS[found.norm]} "
            "norm is ε: a change as large that knows nothing of the net.",
        )
    for column, (name, (value, text)) in zip(st.columns(4), shown.items()):
        with column:
            st.metric(name, value, help=text)
    tried = found.outcomes != "wrong"
    sizes = "Nothing was attacked."
    if tried.any():
        sizes = (
            f"The attack changed no value by more than {found.linf[tried].max():.3g}; the Euclidean "
            f"length of its changes is {found.l2[tried].mean():.3g} in the mean, that of the longest "
            f"{found.l2[tried].max():.3g}."
        )
    st.caption(
        f"On {count:,} validation images; ± is one standard error of a share of so many. "
        f"{found.count('wrong'):,} were wrong already: they count as errors and are left as they are. "
        f"{sizes}"
    )


def _tiles(settings: Settings, found: AttackedImages) -> None:
    st.markdown("##### The images, and what was changed in them")
    places = found.shown(settings.image_group, settings.image_tiles)
    if not len(places):
        what = {"fooled": "is fooled", "withstood": "withstands"}.get(
            settings.image_group, "is there"
        )
        st.caption(f"No image {what} at this ε.")
        return
    changes = found.changes(places)
    fixed = settings.image_magnify == "fixed"
    factor = settings.image_factor if fixed else magnification(changes)
    pictures = pd.DataFrame(
        {
            "image": found.kept[places],
            "original": [picture(image) for image in found.images[places]],
            "change": [picture(each, signed=True) for each in magnified(changes, factor)],
            "attacked": [
                picture(found.attacked[i], _FRAMES[str(found.outcomes[found.kept[i]])])
                for i in places
            ],
        }
    )
    columns = 2 if browser().narrow else 3
    rows = _tile_rows(found, found.kept[places], factor)
    draw("attacked_images", tiles(f"× {factor:.4g}", columns), rows, {PICTURES: pictures})
    grey = (
        "Of grey images, orange is brighter and blue darker; of coloured ones, grey is no change."
    )
    st.caption(
        f"Changes are multiplied by {factor:.4g} and drawn around grey. {grey} An orange frame and ✗: "
        "fooled, the surest first; a blue frame and ✓: withstood, the narrowest first; a grey frame and "
        "✗: wrong already. The percentage is the probability that the net gives its answer."
    )


def _tile_rows(found: AttackedImages, numbers: np.ndarray, factor: float) -> pd.DataFrame:
    names = np.array(found.classes, dtype=object)
    rows = pd.DataFrame(
        {
            "image": numbers,
            "place": range(len(numbers)),
            "outcome": found.outcomes[numbers],
            "truth": names[found.truths[numbers]],
            "before": names[found.before[numbers]],
            "after": names[found.after[numbers]],
            "sure_before": found.sure_before[numbers],
            "sure_after": found.sure_after[numbers],
            "own_before": found.own_before[numbers],
            "own_after": found.own_after[numbers],
            "linf": found.linf[numbers],
            "l2": found.l2[numbers],
            "factor": factor,
        }
    )
    rows["caption"] = [
        f"{_SIGNS[row.outcome]} no. {row.image}, class {row.truth}\n"
        f"{row.before} ({row.sure_before:.0%}) → {row.after} ({row.sure_after:.0%})"
        for row in rows.itertuples()
    ]
    return rows


def _pairs(found: AttackedImages) -> pd.DataFrame:
    counts = found.confusion()
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(found.classes)
    truth, guess = np.divmod(np.arange(size * size), size)
    names = np.array(found.classes, dtype=object)
    return pd.DataFrame(
        {
            "truth": names[truth],
            "guess": names[guess],
            "count": counts.ravel(),
            "share": (counts / totals).ravel(),
        }
    )


def _classes(found: AttackedImages) -> None:
    before, after = found.confusion(attacked=False), found.confusion()
    wrong = after - np.diag(np.diag(after))
    rows = pd.DataFrame(
        {
            "class": found.classes,
            "images": after.sum(axis=1),
            "right": np.diag(before),
            "right under attack": np.diag(after),
            "most often taken for": [
                f"{found.classes[int(row.argmax())]} ({row.max()})" if row.max() else "–"
                for row in wrong
            ],
        }
    )
    table(rows)


def _depths(found: Found) -> None:
    """Draw the features of some images and of the attacked ones through depth."""
    images, way = found.images, found.parting
    if way is None:
        st.info("No image is right without an attack: there is nothing to attack.")
        return
    pairs = images.pairs
    flipped, own = images.outcomes[pairs] == "fooled", images.truths[pairs]
    draw_parting("attacked", way, flipped, own, images.after[pairs], images.classes, pairs)
    st.caption(
        f"Features through depth are those of the first {len(pairs):,} images that were attacked, the "
        f"paths those of the first {len(way.pairs):,}: flipped are the fooled ones."
    )
