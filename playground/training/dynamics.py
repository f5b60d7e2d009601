"""Fitting a neural ODE to samples of trajectories, as a stream of events.

A batch holds short segments: from one sample the learned equation is solved to the next few, each of
which it is compared with (multiple shooting with the samples as initial states). The gaps between
samples differ from row to row; each is stretched to the unit interval, see ``learned.Gap``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from playground.analysis.convergence import NoReference
from playground.analysis.learned import Gap
from playground.analysis.observed import Observed, given, observe
from playground.datasets.table import TableError
from playground.datasets.trajectories import fetch_trajectories
from playground.integrators import SolverFailure, integrate, solve_adjoint
from playground.networks.vector_field import VectorField
from playground.optimizers import evaluated, set_rate
from playground.training.control import Control, Unattended
from playground.training.dynamics_settings import Dynamics
from playground.training.events import Diverged, Failed, Finished, Stopped

SNAPSHOT_SECONDS = 1.0  # between two snapshots, the first ones apart
_EARLY = (1, 5, 20)  # iterations that are kept whatever the time
_FAR = 1e12  # loss, in squared spreads of the samples, from which nothing comes back


@dataclass(frozen=True)
class Began:
    """The fit begins.

    Attributes:
        parameters: Trainable numbers.
        segments: Segments that the batches are drawn from.
        segment: Gaps in each: what was asked for, or what the shortest trajectory allows.
    """

    parameters: int
    segments: int
    segment: int


@dataclass(frozen=True)
class Iteration:
    """One step of the optimiser.

    Attributes:
        iteration: Steps taken.
        loss: Mean square of the differences of the batch, in squared spreads of the samples.
        nfe_forward: Evaluations of the field on the way forward, for the whole batch at once.
        nfe_backward: The same on the way back; without the adjoint, its vector-Jacobian products.
        seconds: Since the beginning.
    """

    iteration: int
    loss: float
    nfe_forward: int
    nfe_backward: int
    seconds: float


@dataclass(frozen=True)
class Weights:
    """The weights after an iteration, as safetensors: those that are judged."""

    iteration: int
    payload: bytes


FitEvent = Began | Iteration | Weights | Finished | Stopped | Diverged | Failed
ENDINGS = (Finished, Stopped, Diverged, Failed)


def observed_of(settings: Dynamics) -> Observed:
    """Return the samples that settings describe.

    Raises:
        NoReference: If the system has no solution up to its end.
        TableError: If own samples are not here.
    """
    if settings.source == "own":
        if not settings.table:
            raise TableError("no file has been uploaded yet")
        return given(fetch_trajectories(settings.table), settings.share)
    entry = settings.problem.entry
    problem = entry.pose(settings.problem.options)
    start = (tuple(entry.start) + (0.0,) * problem.dim)[: problem.dim]
    return observe(
        problem,
        start,
        settings.end,
        n_trajectories=settings.n_trajectories,
        n_samples=settings.n_samples,
        share=settings.share,
        noise=settings.noise,
        seed=settings.data_seed,
    )


def field_of(settings: Dynamics, observed: Observed, weights: bytes | None = None) -> VectorField:
    """Return the net with its initial weights, or with those of a ``Weights`` event."""
    field = VectorField(
        observed.dim,
        width=settings.width,
        depth=settings.depth,
        activation=settings.activation,
        augment=settings.augment,
        with_time=settings.with_time,
        scales=observed.scales(),
        seed=settings.weight_seed,
    )
    if weights is not None:
        field.load_state_dict(load(weights))
    return field


@dataclass(frozen=True, eq=False)
class Segments:
    """All segments of the samples: times ``(n, length + 1, 1)`` and states ``(n, length + 1, dim)``."""

    times: Tensor
    states: Tensor

    @classmethod
    def cut(cls, observed: Observed, length: int) -> Segments:
        """Cut the trajectories into overlapping segments, shorter than asked where one is too short."""
        parts = [observed.trained(i) for i in range(len(observed.times))]
        length = min(length, *(len(t) - 1 for t, _ in parts))
        spans = [
            (t[i : i + length + 1], y[i : i + length + 1])
            for t, y in parts
            for i in range(len(t) - length)
        ]
        times, states = (np.stack(each) for each in zip(*spans))
        return cls(torch.tensor(times)[..., None], torch.tensor(states))

    def __len__(self) -> int:
        return len(self.times)

    @property
    def length(self) -> int:
        """Gaps in each."""
        return self.times.shape[1] - 1

    def draw(self, n: int, generator: torch.Generator) -> Segments:
        """Return ``n`` of them, or all where there are not more."""
        if n >= len(self):
            return self
        rows = torch.randperm(len(self), generator=generator)[:n]
        return Segments(self.times[rows], self.states[rows])


def shoot(field: VectorField, segments: Segments, settings: Dynamics) -> Tensor:
    """Solve the learned equation along segments; return states ``(n, length, dim)`` at their samples.

    Raises:
        SolverFailure: When an adaptive solver cannot go on.
    """
    y, found = field.lifted(segments.states[:, 0]), []
    for i in range(segments.length):
        now, then = segments.times[:, i], segments.times[:, i + 1]
        y = _across(Gap(field, now, then - now), y, settings)
        found.append(y[:, : field.dim])
    return torch.stack(found, dim=1)


def _across(gap: Gap, y: Tensor, settings: Dynamics) -> Tensor:
    scheme, adjoint = settings.scheme.chosen, settings.gradient == "adjoint"
    if scheme.kind == "adaptive":
        unit = torch.tensor([0.0, 1.0], dtype=y.dtype)
        if not bool(torch.isfinite(y).all()):
            raise SolverFailure(f"{scheme.name} stopped: the state is no longer finite")
        return integrate(scheme, settings.scheme.options, gap, y, unit, adjoint=adjoint)[-1]
    if adjoint:
        return solve_adjoint(gap, y, 0.0, 1.0, settings.steps, scheme)
    h, history = 1.0 / settings.steps, ()
    for i in range(settings.steps):
        y, history = scheme.step(gap, i * h, y, h, history)
    return y


def mismatch(field: VectorField, segments: Segments, settings: Dynamics) -> Tensor:
    """Return the mean square of the differences at the samples, in squared spreads of the samples."""
    spread = field.spread[: field.dim]
    return (((shoot(field, segments, settings) - segments.states[:, 1:]) / spread) ** 2).mean()


def fit(settings: Dynamics, control: Control | None = None) -> Iterator[FitEvent]:
    """Fit a net to the samples; never raises for troubles of its own, every ending says why.

    Repeats bit for bit on one machine, times apart and the moments of the snapshots.
    """
    try:
        observed = observed_of(settings)
    except (NoReference, TableError) as error:
        yield Failed(0, f"There are no samples: {error}.")
        return
    yield from _fit(settings, observed, control or Unattended())


def _fit(settings: Dynamics, observed: Observed, control: Control) -> Iterator[FitEvent]:
    field, segments = field_of(settings, observed), Segments.cut(observed, settings.segment)
    step = _stepper(settings, field, segments)
    yield Began(sum(p.numel() for p in field.parameters()), len(segments), segments.length)
    yield Weights(0, save(field.state_dict()))
    begun = shown = time.monotonic()
    for i in range(1, settings.iterations + 1):
        orders = control.poll()
        if orders.halt is not None:
            yield Weights(i - 1, step.judged())
            yield Stopped(i - 1, orders.reason)
            return
        step.set_rate((i - 1) / settings.iterations)
        try:
            loss, forward, backward = step()
        except SolverFailure as failure:
            yield Diverged(i, _gave_up(i, failure))
            return
        if not (loss < _FAR and step.finite()):
            yield Diverged(i, _flown(i))
            return
        now = time.monotonic()
        yield Iteration(i, loss, forward, backward, now - begun)
        if i == settings.iterations or i in _EARLY or now - shown > SNAPSHOT_SECONDS:
            yield Weights(i, step.judged())
            shown = time.monotonic()
    yield Finished(settings.iterations, f"All {settings.iterations:,} iterations are done.")


def _gave_up(iteration: int, failure: SolverFailure) -> str:
    where = "" if failure.time is None else " (There, t runs from 0 to 1 between two samples.)"
    return f"The solver gave up in iteration {iteration:,}: {failure}{where}"


def _flown(iteration: int) -> str:
    return (
        f"The loss grew without bound in iteration {iteration:,}: the learned trajectories fly away. "
        "Try a smaller learning rate, shorter segments, or more steps from sample to sample."
    )


@dataclass(eq=False)
class _Stepper:
    """One step of the optimiser at a time."""

    settings: Dynamics
    field: VectorField
    optimizer: torch.optim.Optimizer
    batch: Callable[[], Segments]
    rate: float

    def __call__(self) -> tuple[float, int, int]:
        """Step; return the loss before it, and the evaluations forward and backward."""
        batch, losses, counts = self.batch(), [], [0, 0]

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            self.field.calls = 0
            loss = mismatch(self.field, batch, self.settings)
            forward, self.field.calls = self.field.calls, 0
            loss.backward()
            losses.append(loss.item())
            counts[0] += forward
            counts[1] += self.field.calls if self.settings.gradient == "adjoint" else forward
            return loss

        # A call with a closure would step Lookahead's inner optimiser twice, so only L-BFGS gets one.
        if self.settings.optimizer.entry.full_batch:
            self.optimizer.step(closure)
        else:
            closure()
            self.optimizer.step()
        return losses[0], *counts

    def set_rate(self, progress: float) -> None:
        """Set the learning rate that the schedule has for a share of the iterations."""
        slot = self.settings.schedule
        set_rate(self.optimizer, self.rate * slot.entry.factor(slot.options, progress))

    def finite(self) -> bool:
        """Tell whether all weights are numbers still."""
        return all(bool(torch.isfinite(p).all()) for p in self.field.parameters())

    def judged(self) -> bytes:
        """Return the weights that are judged: Lookahead's slow ones, else the present ones."""
        with evaluated(self.optimizer):
            return save(self.field.state_dict())


def _stepper(settings: Dynamics, field: VectorField, segments: Segments) -> _Stepper:
    slot = settings.optimizer
    optimizer = slot.entry.make(list(field.parameters()), slot.options)
    generator = torch.Generator().manual_seed(settings.weight_seed + 1)
    n = len(segments) if slot.entry.full_batch else settings.batch
    rate = optimizer.param_groups[0]["lr"]
    return _Stepper(settings, field, optimizer, lambda: segments.draw(n, generator), rate)
