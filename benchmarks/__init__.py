"""Benchmarks: speeds as ratios, each taken in one run on one machine; never an assertion on seconds."""
