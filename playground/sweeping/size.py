"""How large a sweep is and how long it will take, before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from playground.jobs.settings import Settings
from playground.sweeping.plan import Point, Sweep, distinct
from playground.training import estimate, refusal

MOST_ESTIMATED = 100
"""Settings that are estimated one by one; of more, so many spread evenly stand for all."""
BEGINNING_SECONDS = 0.25
"""Of one core, measured: to draw the data, make the net and judge it before the first step (0.15), and
what the engine does to hand a run over and to keep it (0.1). It is most of what a very small net takes,
and ``estimate`` does not tell it."""
HONESTY = "an estimate that is good to a factor of about three"


@dataclass(frozen=True)
class Size:
    """What a sweep needs.

    Attributes:
        points: Settings.
        runs: Trainings, equal ones counted once.
        estimated: Settings whose time was estimated; the mean of theirs stands for all others.
        seconds: Of one core, for all trainings.
        longest: Seconds of the longest training.
        parameters: Least and greatest number of parameters among the estimated.
    """

    points: int
    runs: int
    estimated: int
    seconds: float
    longest: float
    parameters: tuple[int, int]

    def words(self, slots: int) -> str:
        """Return size and time in a sentence; ``slots``: how many train at once."""
        one, all_ = duration(self.seconds), duration(max(self.seconds / slots, self.longest))
        part = (
            f" from {self.estimated} of the {self.points} settings"
            if self.estimated < self.points
            else ""
        )
        at_once = f", {all_} with {slots} at once" if slots > 1 else ""
        return f"{self.runs} trainings, about {one} of one core{at_once}: {HONESTY}{part}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "good_to_a_factor_of": 3}


def size(sweep: Sweep) -> Size:
    """Estimate a sweep without training anything.

    Raises:
        ValueError: If a net cannot be estimated, as one on data that are not here.
    """
    points = sweep.points()
    needs = [estimate(point.experiments[0]) for point in _sample(points)]
    runs = len(distinct(points))
    times = [need.seconds + BEGINNING_SECONDS for need in needs]
    mean = sum(times) / len(times)
    sizes = [need.parameters for need in needs]
    return Size(
        len(points),
        runs,
        len(needs),
        mean * runs,
        max(times),
        (min(sizes), max(sizes)),
    )


def _sample(points: Sequence[Point]) -> list[Point]:
    if len(points) <= MOST_ESTIMATED:
        return list(points)
    step = (len(points) - 1) / (MOST_ESTIMATED - 1)
    return [points[round(i * step)] for i in range(MOST_ESTIMATED)]


def too_large(sweep: Sweep, settings: Settings) -> str:
    """Return why a server does not take a sweep, empty where it does.

    A net beyond the limits of a single run is looked for among the settings that are estimated; one
    that is not among them is refused when it is handed in.
    """
    points = sweep.points()
    runs = len(distinct(points))
    # More than are kept would be cleared away while the last of them train.
    for most, name, words in (
        (settings.max_study_runs_per_user, "MAX_STUDY_RUNS_PER_USER", "at once"),
        (settings.kept_study_runs_per_user, "KEPT_STUDY_RUNS_PER_USER", "that it keeps"),
    ):
        if runs > most:
            return (
                f"the sweep has {runs} trainings; legal on this server is up to {most} {words} "
                f"(PLAYGROUND_{name})"
            )
    for point in _sample(points):
        why = refusal(point.experiments[0])
        if why:
            named = ", ".join(f"{field} = {value}" for field, value in point.values.items())
            return f"{named}: {why}"
    return ""


def duration(seconds: float) -> str:
    """Return a time in words, such as ``3 minutes``."""
    if seconds < 100:
        return "a second" if seconds < 1.5 else f"{seconds:.0f} seconds"
    if seconds < 6000:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
