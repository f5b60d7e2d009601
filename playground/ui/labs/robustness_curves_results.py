"""What came out of nets under an attack of growing size: curves, a table at one ε, and their limits."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.attack_curves import MEANS, attack_curves
from playground.jobs import RunRecord
from playground.training.attack_curves import (
    accuracy,
    epsilons_of,
    falls_to,
    largest_rise,
    noise_beside,
    outcome,
    spread,
)
from playground.training.attacked import Subject
from playground.training.slices import Kept, Work
from playground.ui.labs.charting import draw, table
from playground.ui.labs.robustness_kept import expected_seconds, key_of, subject_now
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.robustness_slices import draw_sliced
from playground.ui.labs.robustness_words import attack_words, axis_title, sure_words


@dataclass(frozen=True)
class Named:
    """A trained net: what its curve is called, which repetition of it this is, and its run."""

    name: str
    repetition: int
    run: RunRecord


Found = tuple[list[Named], bool]


def draw_curves(settings: Settings, found: Callable[[], Found]) -> None:
    """Draw the curves of all nets that are trained, as far as they are computed.

    Args:
        settings: What is set.
        found: Returns the trained nets, and whether more are on their way.
    """
    nets, waits = found()
    if not nets and not waits:
        return
    source = _source(settings, nets)
    view = _View(settings, source)
    draw_sliced(
        f"curves:{settings.model_dump_json()}",
        settings,
        lambda: view.work(found()[0]),
        lambda kept: view.draw(found()[0], kept),
        lambda work: expected_seconds(settings.samples, work),
        waits,
    )
    if nets:
        _to_checks(nets)


def _source(settings: Settings, nets: list[Named]) -> RunRecord | None:
    """Draw the choice of the net whose examples are shown to the others, where the attack needs one."""
    if settings.attack.entry.knows != "another" or not nets:
        return None
    by_id = {each.run.id: each for each in nets}
    ids = list(by_id)
    index = ids.index(settings.source) if settings.source in by_id else 0
    SHEET.form.choose(
        "source", "Examples are made on", ids, index, lambda key: _called(by_id[key], nets)
    )
    return by_id[ids[index]].run


def _called(net: Named, nets: list[Named]) -> str:
    several = sum(each.name == net.name for each in nets) > 1
    return f"{net.name}, repetition {net.repetition}" if several else net.name


class _View:
    """The curves of one set of settings."""

    def __init__(self, settings: Settings, source: RunRecord | None) -> None:
        self._settings, self._source = settings, source
        self._attack = settings.attack
        self._noise = noise_beside(settings.attack)
        beside = settings.curve_noise and settings.attack.name != "gaussian_noise"
        self._kinds = {settings.attack.entry.label: self._attack}
        if beside:
            self._kinds["noise of the same norm"] = self._noise

    def _subject(self, run: RunRecord) -> Subject:
        return subject_now(run, self._settings.samples)

    def _epsilons(self, nets: list[Named]) -> tuple[float, ...]:
        subjects = [self._subject(each.run) for each in nets]
        settings = self._settings
        return epsilons_of(subjects, settings.attack, settings.curve_top, settings.curve_count)

    def _key(self, net: Named, kind: str, eps: float) -> Hashable:
        attack, settings = self._kinds[kind], self._settings
        source = self._source.id if self._source and attack.entry.knows == "another" else ""
        return key_of(net.run, settings.samples, settings.attack_seed, attack, eps, source)

    def work(self, nets: list[Named]) -> Work:
        """Return what is to be computed, small ε of all nets first.

        Raises:
            ValueError: If the attack does not fit a net.
        """
        work: dict[Hashable, Callable[[], Any]] = {}
        for eps in self._epsilons(nets) if nets else ():
            for kind in self._kinds:
                for net in nets:
                    work[self._key(net, kind, eps)] = self._computation(net, kind, eps)
        return work

    def _computation(self, net: Named, kind: str, eps: float) -> Callable[[], str]:
        own = self._subject(net.run)
        if self._source is None and self._kinds[kind].entry.knows == "another":
            raise ValueError("the net on which the examples are made is still to be trained")
        source = None if self._source is None else self._subject(self._source)
        if source is not None and source.x.shape[1:] != own.x.shape[1:]:
            raise ValueError(
                f"{net.name}: its inputs are not those of the net on which the examples are made; choose "
                "another one, or leave it out"
            )
        model = None if source is None else source.model
        return partial(outcome, own, self._kinds[kind], eps, self._settings.attack_seed, model)

    def draw(self, nets: list[Named], kept: Kept) -> None:
        """Draw what is computed."""
        if not nets:
            return
        epsilons = self._epsilons(nets)
        rows = self._rows(nets, epsilons, kept)
        if rows.empty:
            return
        means = _means(rows)
        series = tuple(dict.fromkeys(each.name for each in nets))
        first = self._subject(nets[0].run)
        chance = 100 / len(first.classes)
        at = self._at(epsilons, means)
        st.markdown(attack_words(self._attack, first, epsilons[-1], self._settings))
        title = axis_title(self._attack)
        chart = attack_curves(series, tuple(self._kinds), title, chance, at)
        draw("attack_curves", chart, rows, {MEANS: means})
        done = rows.groupby("run").size() >= len(epsilons) * len(self._kinds)
        attacked = f"{done.sum()} of {len(nets)} trained nets are attacked at all ε. "
        st.caption(attacked + sure_words(rows, first, self._settings.samples))
        self._rises(nets, epsilons, kept)
        SHEET.form.field(self._settings, "curve_at")
        table(self._table(rows, series, epsilons, at, chance))

    def _at(self, epsilons: tuple[float, ...], means: pd.DataFrame) -> float:
        """Return the ε of the table: the one nearest to what is set, or where the nets differ most."""
        wanted = self._settings.curve_at
        if wanted:
            return min(epsilons, key=lambda eps: abs(eps - wanted))
        attacked = means[means["perturbation"] == next(iter(self._kinds))]
        by = attacked.groupby("epsilon")["mean"]
        return float((by.max() - by.min()).idxmax())

    def _rows(self, nets: list[Named], epsilons: tuple[float, ...], kept: Kept) -> pd.DataFrame:
        rows = []
        for net in nets:
            experiment = net.run.experiment
            for kind in self._kinds:
                for eps in epsilons:
                    found = kept.get(self._key(net, kind, eps))
                    if found is not None:
                        rows.append(
                            {
                                "model": net.name,
                                "perturbation": kind,
                                "repetition": net.repetition,
                                "weight_seed": experiment.weight_seed,
                                "run": net.run.id,
                                "epsilon": eps,
                                "accuracy": 100 * accuracy(found),
                                "samples": len(found),
                            }
                        )
        return pd.DataFrame(rows)

    def _rises(self, nets: list[Named], epsilons: tuple[float, ...], kept: Kept) -> None:
        """Say of which nets a larger ε helped, which shows an attack that is too weak or misled."""
        lines = []
        kind = next(iter(self._kinds))
        for net in nets:
            found = [kept.get(self._key(net, kind, eps)) for eps in epsilons]
            known = [text for text in found if text is not None]
            rise = largest_rise(epsilons[: len(known)], known) if known else None
            if rise is not None:
                lines.append(
                    f"{_called(net, nets)}: {100 * rise.by:.1f} points more at ε = {rise.high:g} than at "
                    f"{rise.low:g}"
                )
        if lines and self._attack.entry.knows == "gradient":
            st.warning(
                f"A larger ε cannot help a net, but here it does: {'; '.join(lines[:4])}. The attack is "
                "too weak or misled by its gradients; more steps, a random start or restarts may help.",
                icon=":material/warning:",
            )

    def _table(
        self,
        rows: pd.DataFrame,
        series: tuple[str, ...],
        epsilons: tuple[float, ...],
        at: float,
        chance: float,
    ) -> pd.DataFrame:
        lines = []
        first, *others = self._kinds
        for name in series:
            own = rows[(rows["model"] == name) & (rows["perturbation"] == first)]
            means = own.groupby("epsilon")["accuracy"].mean()
            half = (means.get(0.0, 100.0) + chance) / 2 if len(means) else chance
            line = {
                "net": name,
                "ε = 0 (clean)": _spread(own, 0.0),
                f"ε = {at:.4g}": _spread(own, at),
            }
            if others:
                noise = rows[(rows["model"] == name) & (rows["perturbation"] == others[0])]
                line[f"noise, ε = {at:.4g}"] = _spread(noise, at)
            line |= {
                "half-way to chance at": _reached(means, half),
                "chance at": _reached(means, chance),
                "repetitions": str(own["repetition"].nunique()),
            }
            lines.append(line)
        return pd.DataFrame(lines)


def _reached(means: pd.Series, level: float) -> str:
    if not len(means):
        return "–"
    eps = falls_to(list(means.index), list(means), level)
    return "not reached" if eps is None else f"ε = {eps:.3g}"


def _spread(rows: pd.DataFrame, eps: float) -> str:
    found = spread(list(rows.loc[rows["epsilon"] == eps, "accuracy"]))
    if found is None:
        return "–"
    return f"{found.mean:.1f} %" + ("" if found.std is None else f" ± {found.std:.1f}")


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean and ends of the band of each net at each ε."""
    lines = []
    for (name, kind, eps), own in rows.groupby(["model", "perturbation", "epsilon"], sort=False):
        found = spread(list(own["accuracy"]))
        std = found.std or 0.0
        lines.append(
            {
                "model": name,
                "perturbation": kind,
                "epsilon": eps,
                "mean": found.mean,
                "low": max(found.mean - std, 0.0),
                "high": min(found.mean + std, 100.0),
                "repetitions": found.count,
            }
        )
    return pd.DataFrame(lines)


def _to_checks(nets: list[Named]) -> None:
    """Draw the way to the sanity checks of one of the nets."""
    by_id = {each.run.id: each for each in nets}
    box, button = st.columns([2, 1], vertical_alignment="bottom", gap="small")
    with box:
        chosen = st.selectbox(
            "A curve is an upper bound. Check the gradients of",
            list(by_id),
            format_func=lambda key: _called(by_id[key], nets),
            key="curves:checked",
        )
    with button:
        st.button(
            "Sanity checks",
            icon=":material/fact_check:",
            key="curves:checks",
            on_click=lambda: SHEET.change({"view": "checks", "run": chosen}),
            help="Opens the checks of this net.",
        )
