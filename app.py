"""The frame: navigation, theme, engine; nothing else."""

from pathlib import Path

from playground.ui.frame import open_frame

PAGES = {
    "Start": [
        ("pages/start/home.py", "Home", ":material/home:", ""),
    ],
    "Play": [
        ("pages/play/playground.py", "Playground", ":material/play_circle:", "playground"),
    ],
}

open_frame(Path(__file__).parent, PAGES)
