"""Specifications are held, since each takes a tenth of a second to make; but not all of them for ever."""

import importlib
import pkgutil

import pytest

from playground import charts

MODULES = [module.name for module in pkgutil.iter_modules(charts.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_what_is_made_of_peoples_names_and_numbers_is_forgotten(name):
    module = importlib.import_module(f"playground.charts.{name}")
    held = [found for found in vars(module).values() if hasattr(found, "cache_parameters")]
    assert all(function.cache_parameters()["maxsize"] for function in held)


def test_some_are_held():
    from playground.charts.curves import curve

    assert curve("loss", True) is curve("loss", True)
