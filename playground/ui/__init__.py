"""Streamlit side: page frame, controls drawn from the registries, live views."""
