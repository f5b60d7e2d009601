"""The choice of the images: published sets, the server's own, uploaded ones, and which are here."""

from __future__ import annotations

import streamlit as st

from playground.datasets import DATASETS
from playground.datasets.images import PUBLISHED, image_folders, presence
from playground.datasets.images.server_folder import SETTING, FolderOptions
from playground.datasets.images.upload_store import UploadOptions
from playground.registry import Options
from playground.ui import state
from playground.ui.labs.images_own import is_grey, own_images
from playground.ui.labs.images_settings import SHEET, Settings

_MARKS = {"here": "", "download": " · to be downloaded", "missing": " · not here"}


def choosable() -> list[str]:
    """Return the sets of images to choose from; uploaded ones are chosen by their upload."""
    own = ["image_folder"] if image_folders() else []
    return ["digits", *PUBLISHED, *own]


def mark(name: str) -> str:
    """Return what stands behind the label of a set that is not on this server."""
    return _MARKS[presence(name)] if name in PUBLISHED else ""


def here() -> list[str]:
    """Return the labels of the sets that are on this server, and the names of its folders."""
    published = [one.label for one in PUBLISHED.values() if presence(one.name) == "here"]
    return [DATASETS["digits"].label, *published, *(f"{name!r}" for name in image_folders())]


def comes_with_a_run(name: str) -> bool:
    """Tell whether a set is not on this server, but is downloaded when a run needs it."""
    return name in PUBLISHED and presence(name) == "download"


def say_missing(error: Exception) -> None:
    """Say why images cannot be had, and which can."""
    text = state.plain(str(error)).rstrip(".")
    st.info(f"{text[:1].upper()}{text[1:]}.", icon=":material/info:")
    st.caption(f"On this server there are: {state.plain(', '.join(here()))}.")


def draw_sets(settings: Settings) -> None:
    """Draw the choice of the images, the options of the chosen ones, and the upload."""
    SHEET.form.slot(
        settings.data,
        "data",
        Settings.model_fields["data"],
        only=choosable(),
        form=_options,
        mark=mark,
    )
    own_images(settings)


def _options(options: Options) -> None:
    skip = {"hash"}
    if isinstance(options, UploadOptions) and is_grey(options):
        skip.add("colour")
    if isinstance(options, FolderOptions):
        skip.add("folder")
        _folder(options)
    SHEET.form.options(options, "data.", skip=skip)


def _folder(options: FolderOptions) -> None:
    folders = list(image_folders())
    if not folders:
        st.caption(f"{SETTING} names no folder with images.")
        return
    chosen = options.folder or folders[0]
    names = folders if chosen in folders else [*folders, chosen]
    SHEET.form.choose(
        "data.folder",
        "Folder",
        names,
        names.index(chosen),
        lambda name: str(name),
        help="A folder of image sets that this server offers.",
    )
