"""Tables of papers: printed beside reproduced."""

from playground.ui.results.papers import papers_page

papers_page()
