"""Table IV and figure 6 of the survey on neural ODEs: parameters, counted in nets that are built."""

from __future__ import annotations

from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.papers.seed_003_attention import COLUMNS, ROWS
from playground.training.attention_tables import (
    CLASSIC,
    FLOW,
    PARTS,
    TABLE_IV,
    Form,
    parts_of,
    table_net,
)

_FORMS: dict[str, Form] = {"counted": "score", "written": "qkv"}
Counts = dict[tuple[str, str], dict[str, int]]
"""Parameters by net and set of images, part by part."""


def counts_of(form: Form) -> Counts:
    """Return the parameters of both nets for every set of images."""
    return {(net, dataset): parts_of(table_net(net, dataset, form)) for net, dataset in TABLE_IV}


def table_4(order: Order, tell: Tell) -> Found:
    """Count the parameters of the table."""
    tell("The nets are built", 0.1)
    counts = counts_of(_FORMS[order.variant])
    values = {
        ("parameters", COLUMNS[dataset], ROWS[net]): [float(sum(parts.values()))]
        for (net, dataset), parts in counts.items()
    }
    met = sum(sum(counts[key].values()) == printed for key, printed in TABLE_IV.items())
    note = f"{met} of {len(TABLE_IV)} printed counts are met to the unit."
    return Found(values, (_beside(counts),), (note,))


def figure_6(order: Order, tell: Tell) -> Found:
    """Count them part by part."""
    tell("The nets are built", 0.1)
    form = _FORMS[order.variant]
    counts = counts_of(form)
    values: dict[tuple[str, str, str], list[float | None]] = {
        ("share", column, ROWS[FLOW]): [
            sum(counts[FLOW, dataset].values()) / sum(counts[CLASSIC, dataset].values())
        ]
        for dataset, column in COLUMNS.items()
    }
    narrow = sum(parts_of(table_net(CLASSIC, "mnist", form, width=32)).values())
    note = (
        f"A classic net as narrow as the ODE net, 32 wide, has {narrow:,} parameters on MNIST, "
        f"the ODE net {sum(counts[FLOW, 'mnist'].values()):,}."
    )
    return Found(values, (_beside(counts), *_parts(counts)), (note,))


def _beside(counts: Counts) -> Panel:
    """Return both nets side by side, as the figure shows them."""
    keys = [(net, dataset) for dataset in COLUMNS for net in (CLASSIC, FLOW)]
    rows = {
        "x": [COLUMNS[dataset] for _, dataset in keys],
        "y": [sum(counts[key].values()) for key in keys],
        "series": [ROWS[net] for net, _ in keys],
    }
    return Panel("Parameters", "bars", rows, {"x": "", "y": "parameters"}, "", "full")


def _parts(counts: Counts) -> list[Panel]:
    made = []
    for net in (CLASSIC, FLOW):
        told = [
            (COLUMNS[dataset], part, counts[net, dataset][part])
            for dataset in COLUMNS
            for part in PARTS
            if counts[net, dataset][part]
        ]
        rows = {name: [each[i] for each in told] for i, name in enumerate(("x", "series", "y"))}
        made.append(Panel(f"{ROWS[net]}: what for", "bars", rows, {"x": "", "y": "parameters"}))
    return made
