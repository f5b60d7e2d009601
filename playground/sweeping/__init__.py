"""Sweeps: a grid or a list of settings, trained by the engine, found again, and compared."""
