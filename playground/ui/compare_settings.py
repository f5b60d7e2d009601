"""What is set on the page of the comparison: up to four nets with equal data and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from playground.analysis.differences import briefly, changed, changes
from playground.experiment import Experiment

MOST = 4
LETTERS = ("a", "b", "c", "d")
SHARED = ("data", "n_train", "n_validation", "data_seed", "weight_seed")
"""Fields that are the same for all nets: otherwise one could not tell what made the difference."""
COUNT, RUN = "nets", "run"  # names in a link beside those of the fields


@dataclass(frozen=True)
class Nets:
    """The nets side by side.

    Attributes:
        experiments: One for each, with equal data and seeds.
        runs: Ids of the runs that are shown, empty where none is yet.
    """

    experiments: tuple[Experiment, ...]
    runs: tuple[str, ...]

    @classmethod
    def of(cls, *experiments: Experiment) -> Nets:
        """Return nets without runs; the first one's data and seeds are everybody's.

        Raises:
            ValueError: For no net or more than four, or where a net cannot learn the first one's data.
        """
        if not 1 <= len(experiments) <= MOST:
            raise ValueError(f"nets: {len(experiments)} is not legal; legal is 1 to {MOST}")
        first = experiments[0]
        same = [first, *(_with_shared(first, other) for other in experiments[1:])]
        return cls(tuple(same), ("",) * len(same))

    def with_run(self, index: int, run_id: str) -> Nets:
        """Return them with another run shown for one net."""
        return replace(self, runs=_put(self.runs, index, run_id))

    def with_changed(self, index: int, values: Mapping[str, str]) -> tuple[Nets, list[str]]:
        """Return them with fields of one net changed, or of all where the field is shared.

        Returns:
            The nets, those that changed without a run, and what had to change besides.

        Raises:
            ValueError: If a value is not legal, or what has to follow it is shared by all.
        """
        everywhere = any(is_shared(name) for name in values)
        chosen = range(len(self.experiments)) if everywhere else (index,)
        made, notes = list(self.experiments), []
        for place in chosen:
            made[place], said = self.experiments[place].adapted(values)
            notes += [f"Net {LETTERS[place].upper()}: {note}" for note in said]
        made = _in_agreement(made, index)
        kept = zip(self.experiments, made, self.runs, strict=True)
        runs = tuple(run if new == old else "" for old, new, run in kept)
        return Nets(tuple(made), runs), notes

    def with_copy(self, index: int) -> Nets:
        """Return them with a copy of one net behind it; it shows the same run until it is changed.

        Raises:
            ValueError: If there are four already.
        """
        if len(self.experiments) >= MOST:
            raise ValueError(f"nets: {MOST} are shown, which is the most")
        place = index + 1
        return Nets(
            (*self.experiments[:place], self.experiments[index], *self.experiments[place:]),
            (*self.runs[:place], self.runs[index], *self.runs[place:]),
        )

    def without(self, index: int) -> Nets:
        """Return them without one of them.

        Raises:
            ValueError: If it is the last.
        """
        if len(self.experiments) < 2:
            raise ValueError("nets: the last one cannot be removed")
        return Nets(_cut(self.experiments, index), _cut(self.runs, index))


def _put(values: tuple, index: int, value: object) -> tuple:
    return (*values[:index], value, *values[index + 1 :])


def _cut(values: tuple, index: int) -> tuple:
    return (*values[:index], *values[index + 1 :])


def is_shared(name: str) -> bool:
    """Return whether a field, by its dotted name, is the same for all nets."""
    return name.partition(".")[0] in SHARED


def shared_of(experiment: Experiment) -> dict[str, str]:
    """Return the fields that are the same for all nets, as texts."""
    return {name: text for name, text in experiment.to_query().items() if is_shared(name)}


def _with_shared(first: Experiment, other: Experiment) -> Experiment:
    wanted = shared_of(first)
    return other if shared_of(other) == wanted else other.adapted(wanted)[0]


def _in_agreement(made: list[Experiment], index: int) -> list[Experiment]:
    """Return the nets if they still share data and seeds.

    Raises:
        ValueError: If a net has brought them to other values; none may choose for all.
    """
    wanted = shared_of(made[0])
    for place, experiment in enumerate(made):
        if shared_of(experiment) != wanted:
            raise ValueError(
                f"Net {LETTERS[place].upper()} does not fit the data that all nets share; "
                "change the data of all, or remove it"
            )
    return made


def to_link(nets: Nets) -> dict[str, str]:
    """Return the link: the first net in full, of the others what is different."""
    first = nets.experiments[0]
    link = {COUNT: str(len(nets.experiments)), **first.to_query()}
    if nets.runs[0]:
        link[RUN] = nets.runs[0]
    rest = zip(LETTERS[1:], nets.experiments[1:], nets.runs[1:])
    for letter, experiment, run in rest:
        link |= {f"{letter}.{name}": text for name, text in changes(first, experiment).items()}
        if run:
            link[f"{letter}.{RUN}"] = run
    return link


def from_link(link: Mapping[str, str]) -> tuple[Nets, list[str]]:
    """Read a link leniently; one of the playground gives its net twice, for one of them to be changed.

    Returns:
        The nets, and what had to be said.
    """
    own: dict[str, dict[str, str]] = {letter: {} for letter in LETTERS}
    for name, text in link.items():
        letter, _, rest = name.partition(".")
        if letter in LETTERS[1:] and rest:
            own[letter][rest] = text
        elif name != COUNT:
            own["a"][name] = text
    runs = [own[letter].pop(RUN, "") for letter in LETTERS]
    first, notes = Experiment.from_query(own["a"])
    experiments = [first]
    count, said = _count(link.get(COUNT), own, runs)
    for letter in LETTERS[1:count]:
        refused = [name for name in own[letter] if is_shared(name)]
        values = {name: text for name, text in own[letter].items() if name not in refused}
        experiment, told = changed(first, values)
        told += [f"{name} is the same for all nets here; it was ignored" for name in refused]
        if shared_of(experiment) != shared_of(first):
            told.append("it does not fit the data that all nets share; it is a copy of net A")
            experiment = first
        experiments.append(experiment)
        notes += [f"net {letter.upper()}: {note}" for note in told]
    return Nets(tuple(experiments), tuple(runs[:count])), [*said, *notes]


def _count(
    text: str | None, own: Mapping[str, Mapping[str, str]], runs: list[str]
) -> tuple[int, list[str]]:
    named = [i for i, letter in enumerate(LETTERS) if i and (own[letter] or runs[i])]
    least = max(named, default=0) + 1
    if text is None:
        return max(least, 2), []
    try:
        wanted = int(text)
    except ValueError:
        wanted = 0
    count = min(max(wanted, 1), MOST)
    if count != wanted:
        said = f"{COUNT}: {text[:20]!r} is not legal; legal is 1 to {MOST}; {count} is used"
        return count, [said]
    beyond = ", ".join(LETTERS[i].upper() for i in named if i >= count)
    return count, [f"{COUNT} is {count}, so net {beyond} was ignored"] if beyond else []


def names_of(experiments: tuple[Experiment, ...]) -> tuple[str, ...]:
    """Return a name for each net: its letter, and what tells it from the others."""
    words = zip(LETTERS, briefly(experiments))
    return tuple(" · ".join(filter(None, (letter.upper(), told))) for letter, told in words)
