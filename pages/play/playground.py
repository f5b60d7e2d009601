"""The playground: pick data, net, integrator and optimiser, train, and watch."""

from playground.ui.playground_page import playground_page

playground_page()
