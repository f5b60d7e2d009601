"""Input features: what a point net sees of a point, and the lift to the width of the flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import AfterValidator
from torch import Tensor, nn

from playground.registry import Misfit, Options, bounds, option

_TERM = re.compile(r"x(\d{1,2})|x(\d{1,2})\^2|x(\d{1,2})\*x(\d{1,2})|sin\(x(\d{1,2})\)")


def _checked(text: str) -> str:
    if _TERM.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is not of the form x1, x1^2, x1*x2 or sin(x1)")
    return text


Term = Annotated[str, AfterValidator(_checked)]


class InputOptions(Options):
    """Options of every net that reads points."""

    def fit_outputs(self, n_outputs: int) -> None:
        """Say whether these options fit a number of outputs; most fit any.

        Raises:
            Misfit: If they do not.
        """

    def fit(self, n_features: int, scheme: str) -> None:
        """Say whether these options fit data of ``n_features`` inputs and a scheme.

        Raises:
            Misfit: If they do not; the message names the field, the value and what is legal.
        """
        fitting = tuple(term for term in self.inputs if _is_known(term, n_features))
        if fitting != self.inputs:
            (wrong, *_) = (term for term in self.inputs if term not in fitting)
            known = "x1" if n_features == 1 else f"x1 to x{n_features}"
            raise Misfit(
                "inputs",
                f"{wrong!r} names an input that is not there; legal are terms of {known}",
                fitting,
            )

    inputs: tuple[Term, ...] = option(
        (),
        label="Input features",
        help="Terms made of the inputs, such as x1, x1^2, x1*x2 or sin(x1); none means the inputs "
        "as they are.",
        max_length=32,
    )


def suggested_terms(n_features: int) -> list[str]:
    """Return the terms that a form offers: inputs, squares, products, sines (the first 3 inputs)."""
    names = [f"x{i + 1}" for i in range(min(n_features, 3))]
    pairs = [f"{a}*{b}" for i, a in enumerate(names) for b in names[i + 1 :]]
    return names + [f"{a}^2" for a in names] + pairs + [f"sin({a})" for a in names]


def _is_known(term: str, n_features: int) -> bool:
    try:
        InputFeatures(n_features, (term,))
    except ValueError:
        return False
    return True


class InputFeatures(nn.Module):
    """Map points ``(batch, n_features)`` to terms ``(batch, n_terms)``; no terms is the identity.

    Raises:
        ValueError: If a term names an input that the data do not have.
    """

    def __init__(self, n_features: int, terms: Sequence[str] = ()) -> None:
        super().__init__()
        self.n_outputs = len(terms) or n_features
        self._terms = [self._parse(term, n_features) for term in terms]

    @staticmethod
    def _parse(term: str, n_features: int) -> tuple[str, int, int]:
        match = _TERM.fullmatch(_checked(term))
        kind = next(k for k, g in zip(("x", "x^2", "x*x", "sin"), (1, 2, 3, 5)) if match[g])
        indices = [int(group) for group in match.groups() if group]
        if not all(1 <= index <= n_features for index in indices):
            raise ValueError(
                f"inputs: {term!r} names an input that is not there; "
                f"the data have x1 to x{n_features}"
            )
        return kind, indices[0] - 1, indices[-1] - 1

    @property
    def are_plain(self) -> bool:
        """Whether the inputs are the points themselves."""
        return not self._terms

    def forward(self, x: Tensor) -> Tensor:
        """Return the terms of ``x``."""
        if not self._terms:
            return x
        return torch.stack([self._term(x, *term) for term in self._terms], dim=-1)

    @staticmethod
    def _term(x: Tensor, kind: str, i: int, j: int) -> Tensor:
        if kind == "sin":
            return torch.sin(x[..., i])
        if kind == "x":
            return x[..., i]
        return x[..., i] * x[..., j]  # the square is the product with itself


class LiftOptions(InputOptions):
    """Options of every net whose features keep one width from the first layer to the last."""

    width: int = option(
        16,
        label="Width",
        help="Components of the features: inputs plus augmented dimensions.",
        ge=1,
        le=1024,
    )
    lift: Literal["zeros", "random"] = option(
        "zeros",
        label="Augment by",
        help="Fill the added components with zeros, or map the inputs to the width by a random "
        "linear map that is never trained.",
        advanced=True,
    )

    def fit(self, n_features: int, scheme: str) -> None:
        """Add to the checks of the inputs that zeros can fill the width."""
        super().fit(n_features, scheme)
        n_inputs = len(self.inputs) or n_features
        _, most = bounds(type(self).model_fields["width"])
        if self.lift == "zeros" and most is not None and n_inputs > most:
            raise Misfit(
                "lift",
                f"'zeros' is not legal for {n_inputs} inputs, as the width is at most {most:g}; legal "
                "is 'random'",
                "random",
            )
        if self.lift == "zeros" and self.width < n_inputs:
            raise Misfit(
                "width",
                f"{self.width} is less than the {n_inputs} inputs; with zeros legal is "
                f"{n_inputs} or more, or choose the random lift",
                n_inputs,
            )


class Lift(nn.Module):
    """Carry inputs ``(batch, n)`` to features ``(batch, width)``; nothing in it is trained.

    ``zeros`` pads, equation (2.3) of Giesecke and Kröner (2021); ``random`` is an affine map with
    PyTorch's default initialisation that stays as it was drawn, as in that paper's own experiments.
    """

    def __init__(self, n_inputs: int, width: int, mode: str) -> None:
        super().__init__()
        self.added = width - n_inputs
        self.linear = nn.Linear(n_inputs, width) if mode == "random" else None
        if self.linear is not None:
            self.linear.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features at depth zero."""
        if self.linear is not None:
            return self.linear(x)
        return nn.functional.pad(x, (0, self.added)) if self.added else x
