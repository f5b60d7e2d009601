"""What the writers of scripts know of an experiment; anything else is refused, never left out."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel

from playground.experiment import Experiment

_FIELDS = """
    batch_size clip_norm data data_seed device early_stop epochs l1 l2 loss n_train n_validation network
    optimizer path patience precision schedule scheme target_accuracy weight_seed
"""
_NETWORK_OPTIONS = """
    activation affinity augment blocks border channels checkpointing denoise depth dropout encoding
    expansion filters first form gradient head hidden hidden_layers horizon inputs kappa kappa_value
    learned_steps lift matched method n_times normalise patch randomise room size stages stem step step_by
    substeps tolerance time_dependent width
"""
_IMAGE_OPTIONS = "balance colour crop flip folder hash noise size"

FIELDS = frozenset(_FIELDS.split())
"""Of an experiment."""

NETWORK_OPTIONS = frozenset(_NETWORK_OPTIONS.split())
"""Of all networks together."""

IMAGE_OPTIONS = frozenset(_IMAGE_OPTIONS.split())
"""Of the sets of images; points stand in a script as they are, however they were drawn."""


def unknown(experiment: Experiment) -> list[str]:
    """Return the names of what was set and what no code is known for.

    What has its default is not counted: there it is as it was before the option came.
    """
    names = _foreign(experiment, FIELDS, "")
    names += _foreign(experiment.network.options, NETWORK_OPTIONS, "network.")
    if experiment.data.entry.image_shape:
        names += _foreign(experiment.data.options, IMAGE_OPTIONS, "data.")
    return names


def _foreign(model: BaseModel, known: Collection[str], before: str) -> list[str]:
    return [
        f"{before}{name}"
        for name, field in type(model).model_fields.items()
        if name not in known
        and getattr(model, name) != field.get_default(call_default_factory=True)
    ]
