"""The chart of a table: a mark for what is printed and one for what came out, in every column."""

import pandas as pd
import vl_convert

from playground.charts.papers import beside


def test_every_column_has_both_marks():
    columns = ("1", "3", "20")
    rows = pd.DataFrame(
        [
            ("RK4Net", column, source, mean, mean - 1, mean + 1)
            for column in columns
            for source, mean in (("printed", 75.0), ("reproduced", 80.0))
        ],
        columns=["row", "column", "source", "mean", "low", "high"],
    )
    chart = beside(columns, "validation accuracy, %")
    given = {**chart, "datasets": {"rows": rows.to_dict("records")}, "width": 500}
    svg = vl_convert.vegalite_to_svg(given)
    for column in columns:
        assert f">{column}</text>" in svg
    assert svg.count('aria-roledescription="rule mark container"') == 1
    assert svg.count('aria-roledescription="rule mark"') + svg.count("rule mark") >= 6
    for word in ("printed", "reproduced", "validation accuracy, %"):
        assert word in svg
