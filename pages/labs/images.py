"""The image lab: residual nets on images, stepped by any scheme."""

from playground.ui.labs.images import images_page

images_page()
