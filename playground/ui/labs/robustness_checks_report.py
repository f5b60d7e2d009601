"""One robustness report: the verdict, the checks, the curves, and all that it was made with."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.attacks import ATTACKS, Check, Curve, Report
from playground.attacks.registry import NORM_LABELS
from playground.charts.attack_checks import accuracy_curves, curve_rows
from playground.jobs.reports import Kept
from playground.registry import hint
from playground.ui import state
from playground.ui.labs.charting import draw
from playground.ui.labs.robustness_checks_stored import moment

_SIGNS = {
    "held": ":green[:material/check_circle:] held",
    "violated": ":orange[:material/warning:] violated",
    "not checked": ":gray[:material/remove:] not checked",
}


def draw_report(kept: Kept) -> None:
    """Draw a report."""
    report = kept.report
    _verdict(report)
    st.caption(_made(kept))
    st.markdown("##### The checks")
    with st.container(key="check_table"):
        st.table(check_rows(report), hide_index=True)
    curves, facts = st.columns([2, 1], gap="medium")
    with curves:
        st.markdown("##### Accuracy under every attack")
        names = tuple(dict.fromkeys(curve.label for curve in report.curves))
        title = f"ε ({NORM_LABELS[report.threat.norm]}, in the units of the inputs)"
        chart = accuracy_curves(names, 1 / report.threat.classes, title)
        draw("attack_checks", chart, curve_rows(report))
        st.caption(
            "Bands and bars are one standard error of the samples to either side. Diamonds: attacks that "
            "take long, tried at two ε only. Samples that are wrong already count as errors."
        )
    with facts:
        st.markdown("##### Threat model and settings")
        st.caption("\n".join(f"- {line}" for line in _settings(report)))
    st.download_button(
        "Report (JSON)",
        kept.to_json,
        file_name=f"robustness-{kept.run}-{kept.made.step}.json",
        mime="application/json",
        key="robustness:json",
        help="Every figure of the report with all settings of its attacks.",
        icon=":material/download:",
        on_click="ignore",
    )


def _verdict(report: Report) -> None:
    if report.masking_suspected:
        first = (
            "The attack may be too weak to tell."
            if report.only_weak
            else "This robustness may not be real."
        )
        st.warning(
            f"**{first}** {state.plain(report.verdict)}",
            icon=":material/warning:",
        )
    else:
        st.success(
            f"**Nothing speaks against these figures.** {state.plain(report.verdict)}",
            icon=":material/verified:",
        )


def _made(kept: Kept) -> str:
    made = kept.made
    other = (
        f" Examples of the run {made.evaluation.source} at step {made.source_step:,}."
        if made.source_step >= 0
        else ""
    )
    return (
        f"Made {moment(kept.created)} in {made.seconds:.0f} s of the net after step {made.step:,}, with "
        f"version {state.plain(made.versions.get('package', '?'))} of this program and torch "
        f"{state.plain(made.versions.get('torch', '?'))}.{other}"
    )


def check_rows(report: Report) -> pd.DataFrame:
    """Return the checks as a table of texts, as Markdown."""
    return pd.DataFrame([_row(check) for check in report.checks])


def _row(check: Check) -> dict[str, str]:
    made = check.eps is not None
    return {
        "what has to hold": check.claim,
        "outcome": _SIGNS[check.status],
        "what was found, at its worst": state.plain(check.finding),
        "at ε": f"{check.eps:.3g}" if made else "–",
        "off by (points)": _signed(100 * check.excess) if made else "–",
        "tolerance (points)": f"{100 * check.tolerance:.1f}" if made else "–",
    }


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def _settings(report: Report) -> list[str]:
    """Return the threat model and every option of every attack, a line each."""
    threat = report.threat
    where = "points may lie anywhere"
    if threat.clip is not None:
        where = f"values stay in {threat.clip[0]:g} to {threat.clip[1]:g}"
    lines = [
        f"**ε** bounds the {NORM_LABELS[threat.norm]} norm; {where}; untargeted; the attacker knows the "
        "weights",
        f"**samples** {threat.samples:,}; SPSA {threat.spsa_samples:,}",
        f"**clean accuracy** {report.clean:.1%}, chance {1 / threat.classes:.1%} "
        f"({threat.classes} classes)",
        f"**seed** {threat.seed}",
    ]
    return lines + [f"**{curve.label}**: {_options(curve)}" for curve in report.curves]


def _options(curve: Curve) -> str:
    """Return the options of an attack in words, but for what is said of all of them."""
    fields = ATTACKS[curve.attack].options.model_fields
    told = []
    for name, value in curve.options.items():
        field = fields.get(name)
        if field is None or name in ("norm", "target"):
            continue
        shown = hint(field, "labels", {}).get(value, value)
        if name == "alpha" and not value:
            shown = "2.5 ε / steps"
        if isinstance(value, bool):
            shown = "yes" if value else "no"
        told.append(f"{str(field.title).removesuffix(' α')} {shown}".lower())
    return ", ".join(told) or f"scaled to the {NORM_LABELS[curve.options['norm']]} norm ε"


def explain() -> None:
    """Say what is seen here, and where it comes from."""
    st.caption(
        "**What am I seeing?** A net can look robust only because its gradients vanish or mislead: then "
        "an attack along the gradient fails where others succeed. So every attack is held against others "
        "that cannot be the stronger where gradients work, on the same samples; a difference counts "
        "beyond one point and two standard errors of the paired differences. The list follows "
        "[Carlini et al. 2019](https://arxiv.org/abs/1902.06705) (arXiv 1902.06705, section 4); that "
        "hidden gradients are no defence is due to "
        "[Athalye et al. 2018](https://arxiv.org/abs/1802.00420) (arXiv 1802.00420). Solvers that choose "
        "their own steps hide gradients too (Huang et al. 2021, PMLR v145), so that such a net is "
        "attacked through fixed steps as well. All checks held is no proof: a stronger attack may exist."
    )
