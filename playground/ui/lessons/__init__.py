"""Lessons in the browser: their page, and what draws their experiments."""
