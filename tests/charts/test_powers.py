"""Logarithmic axes: what the browser writes beside them, read from a drawn picture."""

import re

import altair as alt
import pytest
import vl_convert

from playground.charts.powers import log_axis


def labels(low: float, high: float, channel: str = "y") -> list[str]:
    """Return what stands along a logarithmic axis from one number to another."""
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    coded = {"x": alt.X, "y": alt.Y}[channel]("a:Q", scale=scale, axis=log_axis(channel, title=""))
    chart = alt.Chart(alt.InlineData(values=[{"a": low}])).mark_point().encode(coded)
    picture = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="6.1")
    return [text for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture) if text]


@pytest.mark.parametrize("channel", ["x", "y"])
@pytest.mark.parametrize(
    ("low", "high", "some", "none"),
    [
        (2, 40, ["2", "5", "10", "20"], ["3", "4"]),
        (0.3, 0.9, ["0.3", "0.5", "0.8"], []),
        (0.02, 8, ["0.05", "0.1", "1", "5"], ["0.3"]),
        (900, 80_000, ["1,000", "10,000", "50,000"], []),
        (1e-14, 1.0, ["1e-10"], ["2e-10", "5e-10"]),
        (1, 5e7, ["1,000", "1e7"], ["2e7"]),
    ],
)
def test_a_logarithmic_axis_names_what_tells(channel, low, high, some, none):
    found = labels(low, high, channel)
    written = [text.replace("−", "-") for text in found]
    assert set(some) <= set(written), written
    assert not set(none) & set(written), written
    assert 2 <= len(written) <= 12


def test_names_do_not_hide_each_other():
    assert len(set(labels(1e-14, 1.0))) == len(labels(1e-14, 1.0))
