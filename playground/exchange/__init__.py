"""Runs taken home and brought back: CSV, JSON, Parquet, archives, and what other programs read."""
