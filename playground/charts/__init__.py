"""Charts: results in, Altair out. Nothing here knows a page."""
