"""ODE-net playground: residual networks read as numerical integrators."""

__version__ = "0.1.0"
