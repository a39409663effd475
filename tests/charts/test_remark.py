"""Remarks on a time series: numbered, placed by their day, told in words."""

from __future__ import annotations

import datetime as dt

from leadline.charts.canvas import Frame
from leadline.charts.line import Series, line_chart
from leadline.charts.remark import Remark, placed_remarks, remarks_within

MONTHS = [dt.date(2026, month, 1) for month in (4, 5, 6)]


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


def test_a_remark_stands_as_far_into_its_period_as_its_day() -> None:
    # June has 30 days: the 16th begins half way through the third of three columns of 100.
    (placed,) = placed_remarks([Remark(day(6, 16), "fair")], MONTHS, "month", 50, 100)
    assert (placed.x, placed.label) == (50 + 200 + 50, "1")


def test_only_what_the_chart_covers_is_marked() -> None:
    remarks = [Remark(day(7, 1), "after"), Remark(day(6, 30), "last"), Remark(day(3, 31), "before")]
    assert [one.text for one in remarks_within(remarks, MONTHS, "month")] == ["last"]
    assert placed_remarks(remarks, [], "month", 0, 10) == []


def test_neighbours_share_a_mark_and_keep_their_numbers() -> None:
    remarks = [Remark(day(5, 3), "two"), Remark(day(5, 1), "one"), Remark(day(6, 20), "three")]
    placed = placed_remarks(remarks, MONTHS, "month", 0, 100)
    assert [(one.label, [each.text for each in one.remarks]) for one in placed] == [
        ("1–2", ["one", "two"]),
        ("3", ["three"]),
    ]


def test_the_chart_tells_its_remarks_to_every_reader() -> None:
    drawn = line_chart(
        Frame("Leads"), MONTHS, [Series("Leads", (3, 4, 5))], remarks=[Remark(day(5, 12), "<b>Fair</b>")]
    )
    assert "1. May 12, 2026: &lt;b&gt;Fair&lt;/b&gt;" in drawn.partition("</desc>")[0]
    assert "<title>1. May 12, 2026: &lt;b&gt;Fair" in drawn
    assert drawn == line_chart(
        Frame("Leads"),
        MONTHS,
        [Series("Leads", (3, 4, 5))],
        remarks=[Remark(day(5, 12), "<b>Fair</b>"), Remark(day(7, 1), "later")],
    )
