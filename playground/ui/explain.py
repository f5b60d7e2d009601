"""What am I seeing? The views in words, the step with its numbers, and where it comes from."""

from __future__ import annotations

import streamlit as st

from playground.experiment import Experiment
from playground.ui import formulas

_SEEING = """
- **Flow.** Every point enters as its features (small dot), moves layer by layer and leaves at the
  large dot. All layers share one pair of axes: the principal components of all features at all
  depths, so that movement is real and not a turn of the camera. The *warped grid* is the plane of
  the inputs carried along; where it folds, the net gives up being one-to-one.
- **Output.** The colour is the predicted class and fades where the net is unsure; in a regression
  it is the predicted value.
- **Curves.** Losses and accuracies are of the whole sets, not of the last batch.
"""


def explanation(experiment: Experiment) -> None:
    """Draw the three folds below the views."""
    seeing, step, origin = st.tabs(
        ["What am I seeing?", "The step being taken", "Where it comes from"]
    )
    with seeing:
        st.markdown(_SEEING)
    with step:
        for formula in (
            formulas.field_formula(experiment),
            formulas.activation_formula(experiment),
            formulas.step_formula(experiment),
            formulas.numbers(experiment),
        ):
            if formula:
                st.latex(formula)
        st.caption(formulas.evaluations(experiment))
    with origin:
        for title, slot in (
            ("Data", experiment.data),
            ("Network", experiment.network),
            ("Integrator", experiment.scheme),
            ("Optimiser", experiment.optimizer),
        ):
            if title == "Integrator" and not experiment.network.entry.uses_scheme:
                continue
            entry = slot.entry
            source = f" *{entry.reference}.*" if entry.reference else ""
            st.markdown(f"**{title}: {entry.label}.** {entry.summary}{source}")
