"""The step that is being taken, in LaTeX, with its actual numbers."""

from __future__ import annotations

from collections.abc import Iterable

from playground.analysis.first_step import FirstStep
from playground.experiment import Experiment
from playground.networks import ACTIVATIONS
from playground.training.dynamics_settings import Dynamics


def field_formula(experiment: Experiment) -> str:
    """Return the formula of the net's field or layer."""
    return experiment.network.entry.formula


def activation_formula(experiment: Experiment) -> str | None:
    """Return the formula of the activation, ``None`` for a net without one."""
    name = getattr(experiment.network.options, "activation", None)
    return None if name is None else rf"\sigma(z) = {ACTIVATIONS[name].formula}"


def step_formula(experiment: Experiment) -> str | None:
    """Return the formula of the scheme's step, ``None`` where nothing is integrated."""
    return experiment.scheme.chosen.formula if experiment.network.entry.uses_scheme else None


def numbers(experiment: Experiment) -> str:
    """Return the numbers of the flow: depth, step and horizon, and the features' dimensions."""
    options = experiment.network.options
    if experiment.network.entry.takes_images:
        return image_numbers(experiment) or rf"{experiment.n_features} \text{{ inputs as an image}}"
    n = len(options.inputs) or experiment.n_features
    if not experiment.network.entry.uses_scheme:
        return rf"{n} \text{{ inputs}},\quad L = {options.depth},\quad \hat d = {options.width}"
    h = options.step_size(options.depth)
    added = options.width - n
    width = (
        rf"\hat d = {n} + {added} = {options.width}" if added >= 0 else rf"\hat d = {options.width}"
    )
    return rf"h = T/L = {h * options.depth:.4g}/{options.depth} = {h:.4g},\quad {width}"


def image_numbers(experiment: Experiment) -> str:
    """Return step, number of steps and horizon of a net on images; empty for one without steps."""
    options, entry = experiment.network.options, experiment.network.entry
    if hasattr(options, "step_size"):  # one field for the whole horizon
        horizon = _number(options.step_size(options.depth) * options.depth)
        if entry.uses_scheme and experiment.scheme.chosen.kind == "adaptive":
            return rf"T = {horizon},\quad h \text{{ chosen in each step}}"
        h = _number(options.step_size(options.depth))
        return rf"h = T/L = {horizon}/{options.depth} = {h}"
    layout = getattr(options, "layout", None)
    if layout is None:
        return rf"h = {_number(options.step)}" if hasattr(options, "step") else ""
    h, blocks = float(getattr(options, "step", 1.0)), sum(layout.blocks)
    told = " + ".join(map(str, layout.blocks))
    return rf"h = {_number(h)},\quad L = {told} = {blocks},\quad T = hL = {_number(h * blocks)}"


def segment_numbers(fit: Dynamics) -> str:
    """Return what the solver of the dynamics lab does from sample to sample, with its numbers."""
    scheme = fit.scheme.chosen
    if scheme.kind == "adaptive":
        return r"h \text{ chosen in each step}"
    lines = []
    if fit.source == "system":  # the samples of a file lie where they lie
        gap = fit.share * fit.end / (fit.n_samples - 1)
        lines.append(
            rf"\text{{a gap}} &\approx \frac{{{_number(fit.share * fit.end)}}}{{{fit.n_samples - 1}}} "
            rf"= {_number(gap)},\quad h = \frac{{\text{{gap}}}}{{{fit.steps}}} \approx "
            rf"{_number(gap / fit.steps)}"
        )
    stages = scheme.stages or 1
    nfe = fit.segment * fit.steps * stages
    lines.append(rf"\text{{NFE}} &= {fit.segment} \cdot {fit.steps} \cdot {stages} = {nfe}")
    return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"


def evaluations(experiment: Experiment) -> str:
    """Return how many field evaluations one forward pass takes, in words."""
    options, scheme = experiment.network.options, experiment.scheme.chosen
    if experiment.network.entry.takes_images:
        return "the evaluations of a net on images are counted while it trains"
    if not experiment.network.entry.uses_scheme:
        return f"{options.depth} layers, one evaluation each"
    if scheme.kind == "adaptive":
        return f"{scheme.label} chooses its own steps; the evaluations are counted while it trains"
    stages = scheme.stages or 1
    return (
        f"{options.depth} steps × {stages} evaluation{'s' if stages > 1 else ''} "
        f"= {options.depth * stages} field evaluations (order {scheme.order})"
    )


def vector(values: Iterable[float]) -> str:
    """Return some numbers as one, or as a vector in brackets, with four digits each."""
    told = [_number(float(value)) for value in values]
    return told[0] if len(told) == 1 else "(" + r",\, ".join(told) + ")"


def _number(value: float) -> str:
    text = f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


def step_numbers(step: FirstStep, steps: int, horizon: float) -> str:
    """Return the first step of a scheme with all its numbers, a line for each evaluation.

    Args:
        step: The step.
        steps: How many there are up to the end.
        horizon: Time of the end.
    """
    lines = [rf"h &= T/n = {_number(horizon)}/{steps} = {_number(step.size)}"]
    lines += [
        rf"k_{{{i}}} &= f({_number(each.time)},\, {vector(each.state)}) = {vector(each.slope)}"
        for i, each in enumerate(step.evaluations, start=1)
    ]
    lines.append(rf"y_1 &= {vector(step.end)}\quad (y_0 = {vector(step.start)})")
    return "\\begin{aligned}" + r" \\ ".join(lines) + "\\end{aligned}"


def tried_step(size: float, kept: bool, tolerances: tuple[float, float]) -> str:
    """Return the first step that an adaptive scheme tried, with what decides whether it is kept.

    Args:
        size: Its length.
        kept: Whether it was kept.
        tolerances: Relative and absolute.
    """
    relation = r"\le" if kept else ">"
    verdict = "kept" if kept else "rejected, a shorter one is tried"
    return (
        rf"h = {_number(size)}:\quad \text{{error}} {relation} {_number(tolerances[1])} + "
        rf"{_number(tolerances[0])}\,|y|\quad \text{{({verdict})}}"
    )
