"""The Lookahead lab: the thesis's experiment, its distribution, and the playground's own nets."""

from playground.ui.labs.lookahead import lookahead_page

lookahead_page()
