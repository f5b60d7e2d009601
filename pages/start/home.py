"""Home: a recorded run that moves at first sight, and the ways into the playground."""

from playground.ui.home_page import home_page

home_page()
