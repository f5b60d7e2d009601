"""The lessons: a question, a prediction, an experiment, an explanation."""

from playground.ui.lessons.page import lessons_page

lessons_page()
