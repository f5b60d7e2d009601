"""Who gets a slot next, and who is asked to give one back: decisions only, no side effects.

Views come before short trainings, and those before long ones; a long one that has waited for long
counts as short. Within a rank the user with the fewest running comes first, then the one who was
served least recently, then the work that has waited longest. Long trainings leave the last slot to
interactive work. Runs of studies come after all others; among those of one user the greater priority
comes first, which gains nothing over other users.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

VIEW_QUANTUM = 1.0  # a view takes milliseconds, so it may interrupt sooner
PATIENCE = 6  # quanta of waiting after which a long training counts as short


@dataclass(frozen=True)
class Waiting:
    """Work that wants a slot.

    Attributes:
        run_id: The run.
        user: Its owner.
        since: When it began to wait, in seconds.
        short: Whether it is expected to be over soon.
        is_view: Whether only its views are to be drawn.
        version: Which view, for a view.
        background: Whether it comes after all other work and displaces none.
        priority: Of two in the background that are one user's, the greater comes first.
    """

    run_id: str
    user: str
    since: float
    short: bool = False
    is_view: bool = False
    version: int = 0
    background: bool = False
    priority: int = 0


@dataclass(frozen=True)
class Holding:
    """Work that has a slot since ``since``; ``leaving``: it was asked to give the slot back."""

    run_id: str
    user: str
    since: float
    short: bool = False
    is_view: bool = False
    leaving: bool = False
    background: bool = False
    priority: int = 0


@dataclass(frozen=True)
class Plan:
    """What to start, in this order, and which runs to ask for their slots."""

    starts: tuple[Waiting, ...] = ()
    yields: tuple[str, ...] = ()


@dataclass
class _Planner:
    holding: list[Holding]
    slots: int
    now: float
    quantum: float
    served: Mapping[str, float]
    running: Counter[str] = field(default_factory=Counter)
    started: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.running.update(h.user for h in self.holding)
        self.long = sum(not (h.short or h.is_view) for h in self.holding)
        self.long_limit = max(1, self.slots - 1)
        # Since when a user waits for a slot in the background, whichever of the runs gets it.
        self.waits: dict[str, float] = {}

    def rank(self, work: Waiting) -> int:
        if work.is_view:
            return 0
        if work.background:
            return 3
        return 1 if work.short or self.now - work.since > PATIENCE * self.quantum else 2

    def order(self, work: Waiting, fewer: int = 0) -> tuple[float, ...]:
        served = self.started.get(work.user, self.served.get(work.user, 0.0))
        turn = (self.rank(work), self.running[work.user] - fewer, served)
        if not work.background:
            return *turn, work.since
        # The users' turns are settled before priorities are looked at.
        return *turn, self.waits.get(work.user, work.since), -work.priority, work.since

    def fits(self, work: Waiting) -> bool:
        return work.short or work.is_view or self.long < self.long_limit

    def start(self, waiting: list[Waiting]) -> list[Waiting]:
        """Move from ``waiting`` what finds a free slot now; return it."""
        starts: list[Waiting] = []
        for work in waiting:
            if work.background:
                self.waits[work.user] = min(self.waits.get(work.user, work.since), work.since)
        for _ in range(self.slots - len(self.holding)):
            fitting = [work for work in waiting if self.fits(work)]
            if not fitting:
                break
            best = min(fitting, key=self.order)
            waiting.remove(best)
            starts.append(best)
            self.running[best.user] += 1
            self.started[best.user] = self.now
            self.long += not (best.short or best.is_view)
        return starts

    def displace(self, waiting: list[Waiting]) -> list[str]:
        """Return the runs that should make room for what still waits."""
        yields: list[str] = []
        coming = sum(h.leaving for h in self.holding)
        for work in sorted(waiting, key=self.order)[coming:]:
            others = [h for h in self.holding if h.run_id not in yields]
            victims = [h for h in others if self.gives_way(h, work)]
            if victims:
                victim = max(victims, key=lambda h: (not h.short, self.running[h.user], -h.since))
                yields.append(victim.run_id)
        return yields

    def gives_way(self, holder: Holding, work: Waiting) -> bool:
        """Whether the holder had its time, and ``work``, not the holder, would then come first."""
        time = min(self.quantum, VIEW_QUANTUM) if work.is_view else self.quantum
        if holder.leaving or holder.is_view or self.now - holder.since < time:
            return False
        if holder.short and not self.fits(work):  # its slot would stay empty
            return False
        again = Waiting(
            holder.run_id,
            holder.user,
            self.now,
            holder.short,
            background=holder.background,
            priority=holder.priority,
        )
        same = int(holder.user == work.user)
        return self.order(work, fewer=same) < self.order(again, fewer=1)


def plan(
    waiting: Iterable[Waiting],
    holding: Iterable[Holding],
    slots: int,
    *,
    now: float,
    quantum: float,
    served: Mapping[str, float],
) -> Plan:
    """Decide.

    Args:
        waiting: What wants a slot.
        holding: What has one.
        slots: Slots in all.
        now: The time, on the clock of every ``since``.
        quantum: Seconds that a training keeps its slot while others wait.
        served: When each user's work was last started.

    Returns:
        What to start and whom to ask.
    """
    planner = _Planner(list(holding), slots, now, quantum, served)
    rest = list(waiting)
    starts = planner.start(rest)
    return Plan(tuple(starts), tuple(planner.displace(rest)))
