"""Sets of images: published ones, the server's own, uploaded ones."""

from playground.datasets.images import published_sets, server_folder, upload_store
from playground.datasets.images.image_table import (
    ImageError,
    ImageShape,
    ImagesMissing,
    ImageTable,
    Parts,
)
from playground.datasets.images.published import PUBLISHED
from playground.datasets.images.server_folder import image_folders
from playground.datasets.images.sources import data_folder, find, presence, without_download
from playground.datasets.images.upload import MAX_UPLOAD_BYTES, holds_arrays, read_image_upload
from playground.datasets.images.upload_store import fetch_images, store_images

from playground.datasets.images.point_sets import fetch_points, store_points  # isort: skip

__all__ = [
    "MAX_UPLOAD_BYTES",
    "PUBLISHED",
    "ImageError",
    "ImageShape",
    "ImageTable",
    "ImagesMissing",
    "Parts",
    "data_folder",
    "fetch_images",
    "fetch_points",
    "find",
    "holds_arrays",
    "image_folders",
    "presence",
    "published_sets",
    "read_image_upload",
    "server_folder",
    "store_images",
    "store_points",
    "upload_store",
    "without_download",
]
