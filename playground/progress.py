"""A progress bar for the terminal: epochs, loss, accuracy and time left, on standard error."""

from __future__ import annotations

import threading
from typing import Any

from tqdm import tqdm


class Progress:
    """The bar of trainings that take ``epochs`` epochs altogether."""

    def __init__(self, epochs: int) -> None:
        self._lock = threading.Lock()
        self._epochs: dict[int, float] = {}  # of each repetition
        self._bar = tqdm(
            total=epochs,
            unit="epoch",
            bar_format="{l_bar}{bar:24}| {n:.3g}/{total} epochs{postfix} · {remaining} left",
        )

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.write(text, file=self._bar.fp)

    def told(self, index: int, event: Any) -> None:
        """Move the bar by an event of one of several repetitions, from any thread."""
        if hasattr(event, "validation_loss"):
            with self._lock:
                self._bar.update(event.epoch - self._epochs.get(index, 0.0))
                self._epochs[index] = event.epoch

    def show(self, metrics: Any) -> None:
        """Move the bar to the figures of one ``Metrics`` event."""
        shown = f"loss {metrics.validation_loss:.4g}"
        if metrics.validation_accuracy is not None:
            shown += f" · accuracy {100 * metrics.validation_accuracy:.1f} %"
        self._bar.set_postfix_str(shown, refresh=False)
        self._bar.update(metrics.epoch - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()
