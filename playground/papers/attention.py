"""Table III and figure 5 of the survey on neural ODEs, computed: both attention nets on images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.datasets.images import presence
from playground.experiment import Experiment
from playground.papers.followed import Followed, Part, follow
from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.papers.seed_003_attention import COLUMNS, ROWS, SCORES
from playground.training.attention_speed import time_nets
from playground.training.attention_tables import CLASSIC, FLOW
from playground.training.attention_views import (
    JUDGED,
    Judged,
    focus,
    judge,
    looks,
    trained_net,
    validation_images,
)

_FORMS = {"counted": "score", "written": "qkv"}
_EXAMPLES = 3  # images whose weights are drawn
_BATCHES = (16, 128)  # images at once, when both nets are timed


@dataclass(frozen=True)
class Size:
    """How long the nets learn.

    Attributes:
        n_train: Images, as many as there are for zero.
        n_validation: Images that judge.
        epochs: Passes over them.
    """

    n_train: int
    n_validation: int
    epochs: int


FULL, QUICK = Size(0, JUDGED, 20), Size(5000, 1000, 4)
_ALL = {"mnist": 60_000, "fashion_mnist": 60_000, "cifar10": 50_000, "cifar100": 50_000}
_FEW = {"digits": 1400}


def experiment(net: str, data: str, form: str, size: Size, seed: int) -> Experiment:
    """Return the training of a net on the rows of images."""
    n_train = size.n_train or _ALL[data]
    tree: dict[str, Any] = {
        "data": data,
        "n_train": min(n_train, _FEW.get(data, n_train)),
        "n_validation": min(size.n_validation, 397 if data in _FEW else size.n_validation),
        "network": {"name": net, "options": {"encoding": "rows", "form": form}},
        "scheme": "euler",
        "weight_seed": seed,
        "optimizer": {"name": "adam", "options": {"learning_rate": 0.01}},
        "schedule": "cosine",
        "batch_size": 32,
        "epochs": size.epochs,
    }
    return Experiment.model_validate(tree)


def sets_here(reduced: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the data by the column that they fill, and what has to be said of them.

    Raises:
        ValueError: If none is on this server.
    """
    here = [name for name in COLUMNS if presence(name) == "here"]
    if reduced and "fashion_mnist" in here:
        return {COLUMNS["fashion_mnist"]: "fashion_mnist"}, ()
    if reduced:
        note = "Digits of 8 × 8 pixels stand in the place of MNIST: nothing is held against print."
        return {COLUMNS["mnist"]: "digits"}, (note,)
    able = [name for name in COLUMNS if presence(name) != "missing"]
    if not able:
        raise ValueError("none of the four sets of images is on this server")
    missing = ", ".join(COLUMNS[name] for name in COLUMNS if name not in able)
    notes = (
        (f"Not computed, as their images are not on this server: {missing}.",) if missing else ()
    )
    return {COLUMNS[name]: name for name in able}, notes


Pair = Mapping[str, Followed]
"""Both nets, by their names."""


def _pairs(data: str, order: Order, size: Size, tell: Tell) -> list[Pair]:
    """Train both nets, once for each repetition."""
    form = _FORMS[order.variant]
    made = [
        experiment(net, data, form, size, seed)
        for seed in range(1, order.repetitions + 1)
        for net in ROWS
    ]
    named = [(f"{ROWS[e.network.name]}, {data}, seed {e.weight_seed}", e) for e in made]
    ended = follow(named, tell)
    return [dict(zip(ROWS, ended[i : i + 2])) for i in range(0, len(ended), 2)]


def _every(order: Order, size: Size, tell: Tell) -> tuple[dict[str, list[Pair]], tuple[str, ...]]:
    sets, notes = sets_here(order.reduced)
    found = {}
    for i, (column, data) in enumerate(sets.items()):
        part = Part(tell, 0.9 * i / len(sets), 0.9 * (i + 1) / len(sets))
        found[column] = _pairs(data, order, size, part)
    return found, notes


def _runs(every: Mapping[str, list[Pair]]) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        one.told(ROWS[net], column, i + 1)
        for column, pairs in every.items()
        for i, pair in enumerate(pairs)
        for net, one in pair.items()
    )


def table_3(order: Order, tell: Tell, size: Size | None = None) -> Found:
    """Train both nets on every set that is here, judge them, and time them by turns.

    Raises:
        ValueError: If none of the sets is here.
    """
    every, notes = _every(order, size or (QUICK if order.reduced else FULL), tell)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    told = []
    for column, pairs in every.items():
        tell(f"{column}: judged and timed", 0.92)
        for pair in pairs:
            answers = {net: judge(one.experiment, one.weights) for net, one in pair.items()}
            for net, answer in answers.items():
                for score in SCORES:
                    place = values.setdefault((score, ROWS[net], column), [])
                    place.append(getattr(answer, score))
            spent = times_of(pair)
            for net, seconds in spent.items():
                values.setdefault(("micro", ROWS[net], column), []).append(1e6 * seconds)
            ratio = spent[FLOW] / spent[CLASSIC]
            values.setdefault(("ratio", ROWS[FLOW], column), []).append(ratio)
        told.append(_words(column, answers, ratio))
    return Found(values, _bars(values, every), (*notes, *told), _runs(every))


def times_of(pair: Pair) -> dict[str, float]:
    """Return the seconds of one image of each net, in the batch that suits it best."""
    nets = {net: trained_net(one.experiment, one.weights) for net, one in pair.items()}
    x, _, _ = validation_images(pair[FLOW].experiment)
    timed = time_nets(nets, x, _BATCHES)
    return {net: min(t.best / t.batch for t in timed if t.net == net) for net in nets}


def _words(column: str, answers: Mapping[str, Judged], ratio: float) -> str:
    flow, classic = answers[FLOW].accuracy, answers[CLASSIC].accuracy
    return (
        f"{column}: the ODE net has {100 * flow:.1f} % right and the classic one {100 * classic:.1f} %; "
        f"an image takes the ODE net {ratio:.2g} times as long, both timed in the same way, where the "
        "table has a tenth."
    )


def _bars(
    values: Mapping[tuple[str, str, str], list[float | None]], every: Mapping[str, list[Pair]]
) -> tuple[Panel, ...]:
    made = []
    for column in every:
        keys = [(score, row) for score in SCORES[1:] for row in ROWS.values()]
        rows = {
            "x": [score for score, _ in keys],
            "y": [sum(v := values[score, row, column]) / len(v) for score, row in keys],
            "series": [row for _, row in keys],
        }
        made.append(Panel(f"{column}: scores", "bars", rows, {"x": "", "y": "share"}))
        rows = {
            "x": ["inference"] * 2,
            "y": [sum(v := values["micro", row, column]) / len(v) for row in ROWS.values()],
            "series": list(ROWS.values()),
        }
        made.append(Panel(f"{column}: time", "bars", rows, {"x": "", "y": "µs an image"}))
    return tuple(made)


def figure_5(order: Order, tell: Tell, size: Size | None = None) -> Found:
    """Train both nets, and draw where they look in some images at every time of the flow.

    Raises:
        ValueError: If none of the sets is here.
    """
    every, notes = _every(order, size or (QUICK if order.reduced else FULL), tell)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    panels: list[Panel] = []
    told = []
    for column, pairs in every.items():
        tell(f"{column}: where the nets look", 0.95)
        for pair in pairs:
            for net, one in pair.items():
                wide = float(focus(one.experiment, one.weights)[:, -1].mean())
                values.setdefault(("effective", ROWS[net], column), []).append(wide)
        panels += [_map(column, pairs[0], place) for place in range(_EXAMPLES)]
        positions = len(looks(pairs[0][FLOW].experiment, pairs[0][FLOW].weights, 0).weights)
        ends = [values["effective", ROWS[net], column][0] or 0.0 for net in (CLASSIC, FLOW)]
        told.append(
            f"{column}: the classic net divides its attention among {ends[0]:.1f} of {positions} "
            f"positions, the ODE net among {ends[1]:.1f}, in the mean over the images."
        )
    return Found(values, tuple(panels), (*notes, *told), _runs(every))


def _map(column: str, pair: Pair, place: int) -> Panel:
    """Return the weights of all positions of one image: the classic net, then the ODE net's times."""
    found = {net: looks(one.experiment, one.weights, place) for net, one in pair.items()}
    columns = {"classic": found[CLASSIC].weights[:, 0]}
    columns |= {f"t = {t:.2g}": w for t, w in zip(found[FLOW].times, found[FLOW].weights.T)}
    columns["ODE, mean"] = found[FLOW].weights.mean(axis=1)
    _, truths, names = validation_images(pair[FLOW].experiment)
    rows = {
        "x": [name for name, weights in columns.items() for _ in weights],
        "y": [i + 1 for weights in columns.values() for i in range(len(weights))],
        "value": [float(value) for weights in columns.values() for value in weights],
    }
    options = {"x": "", "y": "position (row of the image)", "value": "weight"}
    title = f"{column}, image {place + 1}: {names[int(truths[place])]}"
    return Panel(title, "heat", rows, options, "Each column adds up to one.", "third")
