"""The loop: an experiment in, a stream of events out."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from playground.experiment import Experiment
from playground.integrators import SolverFailure
from playground.training.control import Control, Orders, Unattended, View
from playground.training.events import (
    Amendment,
    Changes,
    Checkpoint,
    Diverged,
    Event,
    Failed,
    Finished,
    Live,
    Paused,
    Snapshot,
    Started,
    Stopped,
)
from playground.training.moments import closely_judged, pictures_of
from playground.training.notices import early_notices
from playground.training.painter import Painter, make_scene
from playground.training.staged import trainer_of
from playground.training.trainer import Trainer

CHECKPOINT_SECONDS = 3.0
POLL_SECONDS = 0.03  # the longest stretch of steps in which nobody is asked
LIVE_SECONDS = 0.06  # with the polling between, more than ten pictures a second arrive


@dataclass
class _Session:
    """One stretch of training between a start and an ending."""

    trainer: Trainer
    control: Control
    recorded: dict[int, Changes]
    painter: Painter
    to_keep: Sequence[int]  # steps whose weights are kept, in order
    view: View = field(default_factory=View)
    saved_at: float = field(default_factory=time.perf_counter)
    begun_at: float = 0.0
    live: tuple[int, float, Future[bytes | None]] | None = None

    def run(self) -> Iterator[Event]:
        trainer = self.trainer
        if trainer.step == 0:
            yield from self._measured()
            if self.to_keep:
                yield self._kept()
        while True:
            orders = self.control.poll()
            yield from self._amend(orders)
            ending = self._asked(orders) or reached(trainer)
            if ending is not None:
                yield from self._close(ending)
                return
            trainer.advance(self._stretch(orders))
            trouble = trainer.trouble()
            if trouble is not None:
                yield from self._close(Diverged(trainer.step, trouble))
                return
            whole = trainer.is_due(trainer.step)
            keep = trainer.step in self.to_keep
            if whole or (keep and self._closely_measured):
                yield from self._measured()
                # No further batch would show it if the very last step is what broke the net.
                trouble = trainer.trouble() if trainer.step >= trainer.total_steps else None
                if trouble is not None:
                    yield from self._close(Diverged(trainer.step, trouble))
                    return
            if keep:
                yield self._kept()
            yield from self._look(orders)
            if time.perf_counter() - self.saved_at > CHECKPOINT_SECONDS:
                yield from self._save()

    def _stretch(self, orders: Orders) -> int:
        """Return how many steps may be taken before anything else is due or asked for."""
        trainer, step = self.trainer, self.trainer.step
        ends = [trainer.next_due(step)]
        ends += self.to_keep[bisect_right(self.to_keep, step) :][:1]
        ends += [changed for changed in self.recorded if changed > step]
        if orders.until_step is not None:
            ends.append(orders.until_step)
        return max(1, min(min(ends) - step, trainer.steps_within(POLL_SECONDS)))

    def _amend(self, orders: Orders) -> Iterator[Event]:
        trainer = self.trainer
        trainer.change(self.recorded.pop(trainer.step, {}))
        changes: Changes = dict(orders.changes)
        told = any("path" in later for later in self.recorded.values())
        if trainer.step % trainer.steps_per_epoch == 0 and not told:
            changes |= {"path": path} if (path := trainer.paths.better()) else {}
        if changes:
            trainer.change(changes)
            yield Amendment(trainer.step, changes)

    def _asked(self, orders: Orders) -> Event | None:
        step = self.trainer.step
        if orders.halt == "stop":
            return Stopped(step, orders.reason or "stopped")
        if orders.halt == "pause":
            return Paused(step, orders.reason or "paused")
        if orders.until_step is not None and step >= orders.until_step:
            return Paused(step, f"paused after step {step}")
        return None

    def _measured(self) -> Iterator[Event]:
        trainer = self.trainer
        metrics = trainer.evaluate()
        if trainer.step and trainer.step % trainer.steps_per_epoch == 0:
            trainer.history.append(metrics.validation_loss)
        yield metrics

    @property
    def _closely_measured(self) -> bool:
        """Whether the figures of whole epochs say too little: at the start, and in short trainings."""
        trainer = self.trainer
        return trainer.step <= closely_judged(trainer.experiment, trainer.steps_per_epoch)

    def _kept(self) -> Snapshot:
        return Snapshot(self.trainer.step, self.trainer.epoch, self.trainer.weights_now())

    def _look(self, orders: Orders) -> Iterator[Event]:
        """Hand out the picture that is ready, and begin the next one if it is time."""
        if not orders.watched:
            return
        if self.live is not None and self.live[2].done():
            step, epoch, drawing = self.live
            self.live, frame = None, drawing.result()
            if frame is not None:
                yield Live(step, epoch, frame)
        changed, self.view = orders.view != self.view, orders.view
        now = time.perf_counter()
        if self.live is None and (changed or now - self.begun_at > LIVE_SECONDS):
            self.begun_at = now
            self.live = (self.trainer.step, self.trainer.epoch, self.painter.start(self.view))

    def _save(self) -> Iterator[Event]:
        self.saved_at = time.perf_counter()
        yield Checkpoint(self.trainer.step, self.trainer.epoch, self.trainer.save())

    def _close(self, ending: Event) -> Iterator[Event]:
        # A training that keeps nothing has nobody who looks at the last view either.
        # Nor is there a map of a plane for images.
        drawn = self.to_keep and not self.trainer.experiment.network.entry.takes_images
        frame = self.painter.start(self.view).result() if drawn else None
        if frame is not None:
            yield Live(self.trainer.step, self.trainer.epoch, frame)
        yield from self._save()
        yield ending


def reached(trainer: Trainer) -> Finished | None:
    """Return the end that a training has come to by its own rules, ``None`` if it goes on."""
    experiment, step = trainer.experiment, trainer.step
    accuracy, target = trainer.figures.get("validation_accuracy"), experiment.target_accuracy
    if step % trainer.steps_per_epoch == 0:
        if target is not None and accuracy is not None and accuracy >= target:
            words = f"the validation accuracy reached {accuracy:.4g} of {target:g}"
            return Finished(step, words)
        rise = rising(trainer.history) if experiment.early_stop else None
        if rise is not None and rise > experiment.patience:
            words = f"the mean validation loss of five epochs rose by {rise:.3g}"
            return Finished(step, f"early stop: {words}")
    if step >= trainer.total_steps:
        return Finished(step, trainer.all_done)
    return None


def rising(history: Sequence[float]) -> float | None:
    """Return the rise of the mean validation loss of five epochs over that of the five before.

    ``None`` before epoch 11, as in the experiments of Giesecke and Kröner (2021).
    """
    if len(history) < 11:
        return None
    return sum(history[-5:]) / 5 - sum(history[-10:-5]) / 5


def train(
    experiment: Experiment,
    *,
    checkpoint: bytes | None = None,
    control: Control | None = None,
    amendments: Sequence[Amendment] = (),
    snapshots: bool = True,
) -> Iterator[Event]:
    """Train and yield what happens.

    Args:
        experiment: What to train.
        checkpoint: Where to go on; ``None`` starts from the initial weights.
        control: What may be asked meanwhile; polled at least every 30 ms, between steps.
        amendments: Recorded live changes, which take effect again at their steps.
        snapshots: Whether to hand out the weights that a recording is drawn from, and the last views;
            without them there are metrics at the ends of the epochs only.

    Yields:
        ``Started``, then metrics, snapshots, live frames and checkpoints, and exactly one ending, which
        a checkpoint precedes unless it is ``Failed``. Troubles of the training are endings, never
        exceptions.
    """
    step, painter = 0, None
    try:
        trainer = trainer_of(experiment)
        if checkpoint is not None:
            trainer.restore(checkpoint)
        step = trainer.step
        recorded: dict[int, Changes] = {}
        for amendment in amendments:
            if amendment.step >= step:
                recorded.setdefault(amendment.step, {}).update(amendment.changes)
        changed = any("path" in changes for changes in recorded.values())
        trainer.paths.start(anew=checkpoint is None and not changed)
        painter = Painter(trainer)
        to_keep = trainer.to_keep(pictures_of(experiment)) if snapshots else ()
        session = _Session(trainer, control or Unattended(), recorded, painter, to_keep)
        notices = early_notices(trainer) if step == 0 else ()
        reason = f"{trainer.device_reason}; {trainer.paths.reason}"
        yield Started(trainer.device, reason, trainer.paths.name, trainer.parameters, step, notices)
        yield from session.run()
    except SolverFailure as failure:
        yield Checkpoint(trainer.step, trainer.epoch, trainer.save())
        yield Diverged(trainer.step, str(failure))
    except (ValueError, RuntimeError, MemoryError) as error:
        yield Failed(step, f"{error}" or type(error).__name__)
    finally:
        if painter is not None:
            painter.close()


def redraw(experiment: Experiment, checkpoint: bytes, view: View) -> bytes:
    """Draw the views of a run that is not training.

    Args:
        experiment: The run's experiment.
        checkpoint: Its checkpoint.
        view: What to show.

    Returns:
        One frame, packed.

    Raises:
        ValueError: If the checkpoint or the view does not fit.
    """
    trainer = trainer_of(experiment)
    trainer.restore(checkpoint)
    make_scene(trainer, view)  # raises for a view that does not fit
    painter = Painter(trainer)
    try:
        frame = painter.start(view).result()
        if frame is None:
            raise ValueError("the solver gives up on some points of the map")
        return frame
    finally:
        painter.close()
