"""The multi-stage lab: a net for the data, a net for what it leaves, down to rounding."""

from playground.ui.labs.multi_stage import multi_stage_page

multi_stage_page()
