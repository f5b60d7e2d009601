"""A progress bar for the terminal: epochs, loss, accuracy and time left, on standard error."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm


class Progress:
    """The bar of one training of ``epochs`` epochs."""

    def __init__(self, epochs: int) -> None:
        self._bar = tqdm(
            total=epochs,
            unit="epoch",
            bar_format="{l_bar}{bar:24}| {n:.3g}/{total} epochs{postfix} · {remaining} left",
        )

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.write(text, file=self._bar.fp)

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
