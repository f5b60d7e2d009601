"""Hypothesis strategies: any valid options, slots and experiments, drawn from the declarations."""

from __future__ import annotations

import types
import typing

from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from playground.datasets import DATASETS
from playground.experiment import Experiment
from playground.networks.inputs import suggested_terms
from playground.registry import Slot, bounds


def kinds(annotation):
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def field_values(name, field):
    """Any legal value of one field."""
    low, high = bounds(field)
    options = []
    for kind in kinds(field.annotation):
        if kind is type(None):
            options.append(st.none())
        elif typing.get_origin(kind) is typing.Literal:
            options.append(st.sampled_from(typing.get_args(kind)))
        elif kind is bool:
            options.append(st.booleans())
        elif kind is int:
            options.append(st.integers(low, high))
        elif kind is float:
            options.append(st.floats(low, high, allow_nan=False))
        elif isinstance(kind, type) and issubclass(kind, Slot):
            options.append(slots(kind))
        elif name == "inputs":
            options.append(st.lists(st.sampled_from(suggested_terms(3)), max_size=5).map(tuple))
        else:
            options.append(st.just(field.get_default(call_default_factory=True)))
    return st.one_of(options)


def models(model: type[BaseModel]):
    """Any tree of values that the fields of a model allow one by one."""
    fields = {name: field_values(name, field) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields)


@st.composite
def slots(draw, kind):
    # Nets on images fit no data set of points, and would hide all other draws of an experiment.
    names = [n for n, entry in kind.registry.items() if not getattr(entry, "takes_images", False)]
    name = draw(st.sampled_from(names))
    try:
        kind(name=name)
    except ValidationError:  # a name that this slot excludes
        name = kind.model_validate(next(iter(kind.registry))).name
    return {"name": name, "options": draw(models(kind.registry[name].options))}


@st.composite
def experiments(draw):
    """Any valid experiment."""
    tree = draw(models(Experiment))
    tree = {k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in tree.items()}
    try:
        return Experiment.model_validate(tree)
    except ValidationError as error:
        # Choices that do not fit together are legal one by one; keep the rest of the draw.
        if error.errors()[0]["type"] != "value_error":
            raise
        for name in ("hardening", "regularizer"):  # which fit few nets and tasks
            tree.pop(name)
        try:
            return Experiment.model_validate(tree)
        except ValidationError:
            pass
        for name in ("network", "scheme"):
            tree.pop(name)
        tree["loss"] = {"name": "mean_square"}
        if DATASETS[tree["data"]["name"]].image_shape:  # wider than a flow, with many classes
            tree |= {"network": "mlp", "n_train": max(tree["n_train"], 100)}
        try:
            return Experiment.model_validate(tree)
        except ValidationError:
            tree.pop("data")
            return Experiment.model_validate(tree)
