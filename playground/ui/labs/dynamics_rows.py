"""The rows of the dynamics lab's charts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pandas as pd

from playground.analysis.learned import Picture, plane
from playground.analysis.observed import Observed
from playground.charts.curves import MOVING
from playground.charts.dynamics import LEARNED, PARTS, TRUE

_NO_PATHS = np.zeros((0, 0, 0))


def thinned(rows: list[list[float]]) -> pd.DataFrame:
    """Return rows that make the same picture: about so many as can be told apart, and the last."""
    stride = max(1, math.ceil(len(rows) / MOVING))
    kept = rows[::-1][::stride][::-1]
    names = ["iteration", "loss", "forward", "backward", "seconds"]
    return pd.DataFrame(kept, columns=names, dtype=float)


@lru_cache(maxsize=32)
def true_arrow_rows(observed: Observed) -> pd.DataFrame:
    """Return the arrows of the true field; none of own data."""
    known = observed.problem is not None
    return arrow_rows(plane(observed.problem, observed) if known else None)


def arrow_rows(values: np.ndarray | None) -> pd.DataFrame:
    """Return arrows x, y, angle, speed that can be drawn."""
    values = np.zeros((0, 4)) if values is None else values
    rows = pd.DataFrame(values, columns=["x", "y", "angle", "speed"])
    return rows[np.isfinite(rows).all(axis=1)]


@lru_cache(maxsize=32)
def sample_rows(observed: Observed) -> pd.DataFrame:
    """Return the samples, and whether each is trained on (``used``)."""
    return pd.concat(
        [
            _states(times, states).assign(trajectory=i + 1, used=times <= observed.until[i])
            for i, (times, states) in enumerate(zip(observed.times, observed.states))
        ]
    )


@lru_cache(maxsize=32)
def true_paths(observed: Observed) -> pd.DataFrame:
    """Return the true trajectories; none of own data."""
    return _paths(observed, _NO_PATHS if observed.truth is None else observed.truth, TRUE)


def learned_paths(observed: Observed, drawn: Picture | None) -> pd.DataFrame:
    """Return the learned trajectories; none before a fit."""
    return _paths(observed, _NO_PATHS if drawn is None else drawn.paths, LEARNED)


def _paths(observed: Observed, paths: np.ndarray, series: str) -> pd.DataFrame:
    """Return rows of trajectories, each in two parts that meet where the training ends.

    Made at once, not trajectory by trajectory: this is done anew every second.
    """
    grid = observed.grid[: len(paths)]
    last = (grid <= observed.until[: len(paths), None]).sum(axis=1, keepdims=True) - 1
    place = np.broadcast_to(np.arange(grid.shape[1]), grid.shape)
    trained, beyond = (
        np.nonzero(place <= last),
        np.nonzero((place >= last) & (last < grid.shape[1] - 1)),
    )
    which, when = (np.concatenate(both) for both in zip(trained, beyond))
    states = paths.reshape(*grid.shape, observed.dim)[which, when]
    rows = {f"y{c}": states[:, c] for c in range(observed.dim)}
    rows |= {"t": grid[which, when], "series": series, "trajectory": which + 1}
    return pd.DataFrame({**rows, "part": np.repeat(PARTS, [len(trained[0]), len(beyond[0])])})


def _states(times: np.ndarray, states: np.ndarray) -> pd.DataFrame:
    rows = pd.DataFrame(states, columns=[f"y{c}" for c in range(states.shape[1])])
    return rows.assign(t=times)


def in_plane(rows: pd.DataFrame, flat: bool) -> pd.DataFrame:
    """Return rows with the columns x and y of a plane: of one component, over time."""
    names = {"y0": "y"} if flat else {"y0": "x", "y1": "y"}
    rows = rows.rename(columns=names)
    return rows.assign(x=rows["t"]) if flat else rows


def over_time(rows: pd.DataFrame, component: int) -> pd.DataFrame:
    """Return rows with the columns x and y of a component over time."""
    return rows.assign(x=rows["t"], y=rows[f"y{component}"])
