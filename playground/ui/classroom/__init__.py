"""Classes in the browser: joining, following, the board."""
