"""Pace and ledger in a notebook: a small table, and a curve where there is one goal to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadline.charts.canvas import Frame
from leadline.charts.label import escape
from leadline.charts.pace import pace_chart
from leadline.charts.value import format_value

if TYPE_CHECKING:
    from leadline.governance.pace import Pace
    from leadline.governance.sla import Ledger


def pace_svg(pace: Pace, *, standalone: bool = False, locale: str = "en", width: int = 720) -> str:
    """The pace curve of a goal; empty for a goal without one."""
    if not any(point.actual is not None for point in pace.points):
        return ""
    frame = Frame(
        title_of_goal(pace), unit=pace.unit, currency=pace.currency, locale=locale, standalone=standalone, width=width
    )
    days = [point.day for point in pace.points]
    expected, actual = [point.expected for point in pace.points], [point.actual for point in pace.points]
    return pace_chart(frame, days, expected, actual, pace.goal.target, projects=pace.kind == "sum")


def title_of_goal(pace: Pace) -> str:
    """The metric and, where there is one, the segment of a goal."""
    segment = ", ".join(value for _, value in pace.goal.segment)
    return f"{pace.name}, {segment}" if segment else pace.name


def pace_page(paces: Sequence[Pace]) -> str:
    """HTML of some paces; of a single one with its curve."""
    rows = [
        [
            title_of_goal(pace), _value(pace, pace.actual), _value(pace, pace.expected), _value(pace, pace.goal.target),
            format_value(pace.index, "ratio"), _value(pace, pace.projected), pace.status,
        ]
        for pace in paces
    ]  # fmt: skip
    table = _table(["goal", "actual", "due by then", "target", "pace", "at this pace", "status"], rows)
    return table + "".join(pace_svg(pace, standalone=True) for pace in paces if len(paces) == 1)


def ledger_page(ledger: Ledger) -> str:
    """HTML of a ledger: how often each promise was kept."""
    rows = [
        [one.team, one.title, str(one.kept), str(one.breached), str(one.open), format_value(one.rate, "percent")]
        for one in ledger.tallies
    ]
    rows += [
        [one.team, one.title, format_value(one.delivered), "", format_value(one.target), one.state]
        for one in ledger.deliveries
    ]
    return _table(["team", "promise", "kept", "breached", "open or promised", "rate or state"], rows)


def _value(pace: Pace, value: object) -> str:
    return format_value(value, pace.unit, currency=pace.currency, compact=True)  # type: ignore[arg-type]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
