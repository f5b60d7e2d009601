"""The words of the field, each in a sentence or two, and where everything comes from."""

from playground.ui.glossary_page import glossary_page

glossary_page()
