"""Table I of the survey on robust neural ODEs, computed: three nets trained with noise and attacked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from playground.experiment import Experiment
from playground.papers.followed import Followed, Part, follow
from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.training.attack_curves import accuracy, outcome, spread
from playground.training.attacked import subject
from playground.training.robust_comparison import Cells, columns_of, compared, ordered, tally
from playground.training.robust_protocol import (
    ATTACKED,
    PROTOCOLS,
    Protocol,
    cannot,
    experiments,
)
from playground.training.robust_table import NETS, rows_of

LABELS = {"cnn": "CNN", "ode_net": "ODENet", "tis_ode": "TisODE"}
_FULL, _QUICK = ("mnist", "svhn", "imgnet10"), ("reduced",)
_TRAINED = 0.75  # share of the work that the trainings are, about


def compute(order: Order, tell: Tell, **changes: object) -> Found:
    """Train and attack the nets of every set of images that is here.

    Args:
        order: Variant, repetitions and whether reduced.
        tell: Is told how far it is.
        changes: Of the protocols' numbers, such as ``epochs``; for trying out.

    Raises:
        ValueError: If none of the sets can be had, or without a GPU; in words.
    """
    protocols = [PROTOCOLS[name] for name in (_QUICK if order.reduced else _FULL)]
    why = {protocol.label: cannot(protocol) for protocol in protocols}
    able = [protocol for protocol in protocols if not why[protocol.label]]
    if not able:
        told = "; ".join(f"{label}: {reason}" for label, reason in why.items())
        raise ValueError(f"{told}. The reduced protocol takes scikit-learn's digits")
    parts = []
    for i, protocol in enumerate(able):
        part = Part(tell, i / len(able), (i + 1) / len(able))
        parts.append(_of_one(protocol, order, part, changes))
    missing = tuple(f"Not computed: {label}: {reason}." for label, reason in why.items() if reason)
    return Found(
        values={key: values for part in parts for key, values in part.values.items()},
        panels=tuple(panel for part in parts for panel in part.panels),
        notes=(*(note for part in parts for note in part.notes), *missing),
        runs=tuple(run for part in parts for run in part.runs),
    )


def trainings(protocol: Protocol, order: Order, changes: Mapping[str, object]) -> list[Experiment]:
    """Return the trainings of all nets, the slowest first; the variant says when TisODE has to rest."""
    made = experiments(protocol, order.repetitions, **changes)
    if order.variant == "text":
        made["tis_ode"] = [e.amended({"regularizer.interval": "double"}) for e in made["tis_ode"]]
    return [each for net in reversed(NETS) for each in made[net]]


def _of_one(protocol: Protocol, order: Order, tell: Tell, changes: Mapping[str, object]) -> Found:
    made = trainings(protocol, order, changes)
    names = [f"{LABELS[e.network.name]}, weight seed {e.weight_seed}" for e in made]
    ended = follow(list(zip(names, made)), Part(tell, 0, _TRAINED))
    cells: dict[tuple[str, str], list[float]] = {}
    attacks = list(_attacks(protocol, ended))
    for i, (name, one, column) in enumerate(attacks):
        tell(f"{name}: {column.label}", _TRAINED + (1 - _TRAINED) * i / len(attacks))
        own = subject(one.experiment, one.checkpoint, ATTACKED)
        value = 100 * accuracy(outcome(own, column.attack, column.eps, seed=0))
        cells.setdefault((column.label, one.experiment.network.name), []).append(value)
    values = {
        ("accuracy", f"{row.data}, {row.perturbation}", LABELS[net]): cells[column.label, net]
        for row, column in zip(rows_of(protocol.table), protocol.columns, strict=True)
        for net in NETS
        if (column.label, net) in cells
    }
    runs = tuple(
        one.told(protocol.data, LABELS[one.experiment.network.name], one.experiment.weight_seed)
        for one in ended
    )
    return Found(values, _panels(protocol, cells), _notes(protocol, cells), runs)


def _attacks(protocol: Protocol, ended: Sequence[Followed]) -> Iterator[tuple]:
    for one in sorted(ended, key=lambda one: one.experiment.weight_seed):
        name = f"{LABELS[one.experiment.network.name]}, weight seed {one.experiment.weight_seed}"
        for column in columns_of(protocol):
            if one.status == "finished":
                yield name, one, column


def _panels(protocol: Protocol, cells: Cells) -> tuple[Panel, ...]:
    found: dict[str, list] = {"x": [], "y": [], "low": [], "high": [], "series": []}
    printed: dict[str, list] = {"x": [], "y": [], "low": [], "high": [], "series": []}

    def add(rows: dict[str, list], x: str, net: str, mean: float, std: float | None) -> None:
        ends = mean - (std or 0.0), mean, mean + (std or 0.0)
        for key, value in zip(("x", "low", "y", "high", "series"), (x, *ends, LABELS[net])):
            rows[key].append(value)

    for column in columns_of(protocol):
        for net in NETS:
            own = spread(cells.get((column.label, net), ()))
            if own is not None:
                add(found, column.label, net, own.mean, own.std)
    for cell in compared(protocol, cells):
        add(printed, cell.row.perturbation, cell.net, cell.printed.mean, cell.printed.std)
    options = {"x": "", "y": "accuracy, %"}
    return (
        Panel(f"{protocol.label}: found", "bars", found, options, protocol.about),
        Panel(
            f"{protocol.table}: printed",
            "bars",
            printed,
            options,
            "Marks are one standard deviation over the repetitions. The table prints no accuracy "
            "without a perturbation.",
        ),
    )


def _notes(protocol: Protocol, cells: Cells) -> tuple[str, ...]:
    counts = tally(ordered(protocol, cells))
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    clean = ", ".join(
        f"{LABELS[net]} {min(values):.1f} to {max(values):.1f} %"
        for net in NETS
        if (values := cells.get(("clean", net)))
    )
    return (
        f"{protocol.label}: the order of the nets two by two, of {sum(counts.values())} pairs: {told}.",
        f"Without a perturbation: {clean}.",
    )
