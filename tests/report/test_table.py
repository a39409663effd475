import io
from datetime import date
from decimal import Decimal

import pytest

from leadline.charts.label import columns
from leadline.plan.result import Result, ResultColumn
from leadline.report.format import format_attained
from leadline.report.table import Style, render_table, style_for

COLUMNS = (
    ResultColumn("month", "time", "Month"),
    ResultColumn("channel", "dimension", "Channel"),
    ResultColumn("revenue", "metric", "Revenue", "money", "revenue", "", "higher", "EUR"),
    ResultColumn("revenue_year", "metric", "Revenue", "money", "revenue", "year", "higher", "EUR"),
    ResultColumn("cr", "metric", "Conversion rate", "percent", "cr"),
    ResultColumn("cycle", "metric", "Sales cycle", "days", "cycle"),
)
ROWS = [
    (date(2026, 3, 1), "Paid Search", Decimal("1234567.50"), Decimal("9.99"), 0.123, 1.0),
    (date(2026, 3, 1), None, Decimal("0"), None, 0.05, None),
    (date(2026, 4, 1), "搜索广告 with a very long campaign name", Decimal("-5.5"), Decimal("1"), None, 12.34),
]
RESULT = Result(COLUMNS, ROWS, {"grain": "month"}, {(2, 2): "unfinished", (0, 4): "immature"})


def test_the_whole_table() -> None:
    kept = [0, 1, 2, 4, 5]
    result = Result(
        tuple(COLUMNS[i] for i in kept),
        [tuple(row[i] for i in kept) for row in ROWS],
        RESULT.provenance,
        {(2, 2): "unfinished", (0, 3): "immature"},
    )
    assert render_table(result).split("\n") == [
        "                                                                                    Sales cycle",
        "Month     Channel                                         Revenue  Conversion rate       (days)",
        "────────  ───────────────────────────────────────  ──────────────  ───────────────  ───────────",
        "Mar 2026  Paid Search                              €1,234,567.50            12.3%†          1.0",
        "Mar 2026  Unattributed                                     €0.00             5.0%             –",
        "Apr 2026  搜索广告 with a very long campaign name         -€5.50*               –          12.3",
        "* period not finished yet: the value will still change",
        "† cohort not mature yet: its window is still open",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_it_fits_the_terminal_and_says_what_is_missing(width: int) -> None:
    table = render_table(RESULT, Style(width=width))
    lines = table.split("\n")
    rule = next(number for number, line in enumerate(lines) if line.startswith("─"))
    assert all(columns(line) <= width for line in lines[: rule + 4])
    for column in COLUMNS:
        words = column.label.split()
        assert all(word in table for word in words), "a column is either shown or named as left out"
    assert ("…" in "".join(lines[: rule + 4])) == ("shortened" in table)


def test_rows_left_out_are_counted() -> None:
    assert "1 of 3 rows not shown" in render_table(RESULT, limit=2)
    assert "not shown" not in render_table(RESULT)
    assert "unfinished" not in render_table(RESULT, limit=2), "no footnote for a row that is not there"
    assert "No rows." in render_table(Result(COLUMNS, [], {}))


def test_colour_and_width_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "77")
    assert style_for(io.StringIO()) == Style()
    assert style_for(Terminal()) == Style(width=77, colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert style_for(Terminal()) == Style(width=77)
    assert "\x1b" not in render_table(RESULT)
    assert "\x1b" in render_table(RESULT, Style(colour=True))


def test_a_cell_cannot_steer_the_terminal() -> None:
    result = Result(COLUMNS[1:2], [("\x1b]0;owned\x07\x1b[2Jname\u202e",)], {})
    assert "\x1b" not in render_table(result)
    assert "\u202e" not in render_table(result)


@pytest.mark.parametrize(
    ("share", "text"), [(0.787, "79%"), (0.994, "99%"), (0.997, "99%"), (1.0, "100%"), (1.004, "100%"), (None, "–")]
)
def test_a_goal_that_is_missed_is_not_reached_to_all_of_it(share: float | None, text: str) -> None:
    assert format_attained(share) == text
