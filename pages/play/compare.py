"""Up to four nets on the same seeds, trained side by side."""

from playground.ui.compare_page import compare_page

compare_page()
