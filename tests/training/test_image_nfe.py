"""Loss and work of neural ODEs over the epochs: spikes and means against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from playground.training.events import Metrics
from playground.training.image_nfe import epoch_course, spikes


def course(losses: list[float], nfe: list[int] | None = None) -> list[Metrics]:
    """Metrics of a training: before the first step, then behind each epoch."""
    nfe = nfe or [0, *[14] * (len(losses) - 1)]
    return [
        Metrics(
            step=10 * i,
            epoch=float(i),
            train_loss=loss,
            validation_loss=loss,
            train_accuracy=0.5,
            validation_accuracy=0.5,
            nfe_forward=calls,
            nfe_backward=calls,
            learning_rate=0.01,
            gradient_norm=float(i),
            seconds=0.0,
            samples_per_second=0.0,
        )
        for i, (loss, calls) in enumerate(zip(losses, nfe))
    ]


def test_a_spike_stands_above_the_least_loss_before_it() -> None:
    losses = [2.3, 1.0, 0.4, 0.55, 0.7, 0.3, 0.44, 0.5]
    found = spikes(course(losses), 1.5)
    expected = []
    for i in range(2, len(losses)):
        least = min(losses[1:i])
        if losses[i] > 1.5 * least:
            expected.append((float(i), losses[i] / least))
    assert [each.epoch for each in found] == [4.0, 7.0] == [epoch for epoch, _ in expected]
    assert [each.times for each in found] == pytest.approx([times for _, times in expected])


def test_what_stood_before_the_first_step_is_no_measure() -> None:
    # An untrained net with a small loss would make every epoch a spike.
    assert spikes(course([0.1, 1.0, 0.9]), 1.5) == []
    assert spikes([], 1.5) == []


def test_work_and_gradient_are_compared_with_the_epochs_before() -> None:
    (found,) = spikes(course([2, 1, 1, 1, 5], [0, 14, 20, 26, 80]), 2.0)
    assert (found.nfe, found.usual_nfe) == (80, 20.0)
    assert (found.gradient_norm, found.usual_norm) == (4.0, 2.0)


def test_a_factor_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="factor: 1 is not legal"):
        spikes(course([1, 1]), 1)


def test_courses_are_means_over_common_epochs_behind_the_first_step() -> None:
    runs = [course([9, 1.0, 2.0, 3.0]), course([9, 3.0, 5.0])]
    epochs, mean, spread = epoch_course(runs, "train_loss")
    np.testing.assert_array_equal(epochs, [1, 2])
    np.testing.assert_allclose(mean, [2.0, 3.5])
    np.testing.assert_allclose(spread, [np.std([1, 3], ddof=1), np.std([2, 5], ddof=1)])
    _, _, alone = epoch_course(runs[:1], "nfe_forward")
    np.testing.assert_array_equal(alone, [0, 0, 0])
    assert len(epoch_course([], "train_loss")[0]) == 0
