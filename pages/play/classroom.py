"""A class: join it, follow its teacher, see everybody's runs on one board."""

from playground.ui.classroom.page import classroom_page

classroom_page()
