"""Multistep entries check themselves like tableaus do."""

import pytest

from playground.integrators import INTEGRATORS, Multistep
from playground.integrators.multistep import defect

MULTISTEP = [entry for entry in INTEGRATORS.values() if isinstance(entry, Multistep)]


def make(**change):
    values = {
        "name": "trial",
        "label": "Trial",
        "summary": "",
        "formula": "",
        "stages": 1,
        "alpha": (1.0, 0.0),
        "beta": (1.5, -0.5),
        "order": 2,
        "starter": "heun2",
    }
    return Multistep(**(values | change))


@pytest.mark.parametrize(("name", "constant"), [("ab2", 5 / 12), ("taylor_multistep", 2 / 3)])
def test_error_constants(name, constant):
    entry = INTEGRATORS[name]
    assert defect(entry.alpha, entry.beta, entry.order + 1) == pytest.approx(constant)


@pytest.mark.parametrize("entry", MULTISTEP, ids=lambda entry: entry.name)
def test_one_order_more_is_refused(entry):
    with pytest.raises(ValueError, match=f"needs C_{entry.order + 1} = 0"):
        make(alpha=entry.alpha, beta=entry.beta, order=entry.order + 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": (1.5,)}, "alpha, beta: 2 and 1"),
        ({"alpha": (), "beta": ()}, "alpha, beta: 0 and 0"),
        ({"alpha": (0.9, 0.0)}, "order 2 needs C_0 = 0"),
        ({"beta": (1.0, -0.5)}, "order 2 needs C_1 = 0"),
        ({"beta": (1.0, 0.0)}, "order 2 needs C_2 = 0"),
        # Of order 3, the best that two steps can do, and of no use: a root at -5.
        ({"alpha": (-4.0, 5.0), "beta": (4.0, 2.0), "order": 3}, "root -5.* of modulus 5"),
        # Consistent of order 1, but z = 1 is a double root: errors grow linearly.
        ({"alpha": (2.0, -1.0), "beta": (0.0, 0.0), "order": 1}, "twice"),
        ({"starter": "ab2"}, "starter: 'ab2' is not"),
        ({"starter": "nobody"}, "starter: 'nobody' is not"),
    ],
)
def test_wrong_multistep_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        make(**change)
