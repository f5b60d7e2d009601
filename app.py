"""The frame: navigation, theme, engine; nothing else."""

from pathlib import Path

import streamlit as st

from playground.ui import troubles
from playground.ui.feed import routes
from playground.ui.frame import names_its_pages, open_frame
from playground.ui.health import health_routes

PAGES = {
    "Start": [
        ("pages/start/home.py", "Home", ":material/home:", ""),
        ("pages/start/lessons.py", "Lessons", ":material/school:", "lessons"),
        ("pages/start/glossary.py", "Glossary", ":material/menu_book:", "glossary"),
    ],
    "Play": [
        ("pages/play/playground.py", "Playground", ":material/play_circle:", "playground"),
        ("pages/play/compare.py", "Compare", ":material/compare:", "compare"),
        ("pages/play/classroom.py", "Class", ":material/groups:", "class"),
    ],
    "Labs": [
        ("pages/labs/integrators.py", "Integrators", ":material/show_chart:", "integrators"),
        ("pages/labs/dynamics.py", "Dynamics", ":material/waves:", "dynamics"),
        ("pages/labs/lookahead.py", "Lookahead", ":material/fast_forward:", "lookahead"),
        ("pages/labs/multi_stage.py", "Multi-stage", ":material/layers:", "multi_stage"),
        ("pages/labs/images.py", "Images", ":material/image:", "images"),
        ("pages/labs/attention.py", "Attention", ":material/center_focus_strong:", "attention"),
        ("pages/labs/robustness.py", "Robustness", ":material/shield:", "robustness"),
    ],
    "Results": [
        ("pages/results/papers.py", "Papers", ":material/article:", "papers"),
        ("pages/results/sweeps.py", "Sweeps", ":material/grid_on:", "sweeps"),
        ("pages/results/runs.py", "Runs", ":material/history:", "runs"),
    ],
}

if __name__ == "__main__":  # somebody's visit: Streamlit runs this file as a script
    open_frame(Path(__file__).parent, PAGES)
else:  # the server itself: 'streamlit run' finds this and serves it
    names_its_pages()
    app = st.App(
        __file__, routes=[*routes(), *health_routes()], on_script_error=troubles.taken_over
    )
