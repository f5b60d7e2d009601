"""The step that is being taken, in LaTeX, with its actual numbers."""

from __future__ import annotations

from playground.experiment import Experiment
from playground.networks import ACTIVATIONS


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
        return rf"{experiment.n_features} \text{{ inputs as an image}}"
    n = len(options.inputs) or experiment.n_features
    if not experiment.network.entry.uses_scheme:
        return rf"{n} \text{{ inputs}},\quad L = {options.depth},\quad \hat d = {options.width}"
    h = options.step_size(options.depth)
    added = options.width - n
    width = (
        rf"\hat d = {n} + {added} = {options.width}" if added >= 0 else rf"\hat d = {options.width}"
    )
    return rf"h = T/L = {h * options.depth:.4g}/{options.depth} = {h:.4g},\quad {width}"


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
