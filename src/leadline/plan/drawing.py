"""A result as people look at it: lines over time or bars over a dimension, and in a notebook its table below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.bar import Bar, bar_chart
from leadline.charts.canvas import Frame
from leadline.charts.label import clean, escape
from leadline.charts.line import Series, line_chart
from leadline.charts.period import as_date, period_label
from leadline.charts.remark import Remark
from leadline.charts.scale import Number, finite
from leadline.charts.value import NOTHING, format_value

if TYPE_CHECKING:
    from leadline.plan.result import Result, ResultColumn, Value

MOST_LINES = 6
_MOST_ROWS = 100
_WIDTH = 720
_CALLED = {"year": "a year before", "previous": "period before"}
Member = Callable[[object], str]


class Course(Struct, frozen=True):
    """What runs in time: a line for each member, values by period; `past` is what they are held against."""

    periods: tuple[date, ...]
    series: tuple[Series, ...]
    past: Series | None
    unfinished: frozenset[date]
    breaks: tuple[date, ...]


def draw_result(
    frame: Frame,
    result: Result,
    *,
    member: Member,
    say: Callable[[str], str],
    remarks: Sequence[Remark] = (),
    order: Sequence[str] = (),
) -> str:
    """The first metric of a result as SVG: lines where it runs in time, bars else; empty where there is neither.

    `member` writes a member of a dimension, `say` the words for what it is held against; `remarks` are marked in time.
    `order` are the lines of a chart beside this one: the same members then have the same places and colours.
    """
    kinds = {column.kind for column in result.columns}
    at, against, label = _measures(result)
    if at < 0 or not {"time", "dimension"} & kinds:
        return ""
    column = result.columns[at]
    frame = replace(frame, unit=column.unit or "count", currency=column.currency or frame.currency)
    if "time" in kinds:
        return _lines(frame, _course(result, at, against, say(label), member, order), remarks)
    return _bars(frame, largest_first(result), at, against, say(label), member)


def of_metric(result: Result, metric: str) -> Result:
    """The result with one metric and what it is held against."""
    kept = [i for i, one in enumerate(result.columns) if one.kind != "metric" or (one.metric or one.name) == metric]
    place = {old: new for new, old in enumerate(kept)}
    marks = {(row, place[column]): mark for (row, column), mark in result.marks.items() if column in place}
    rows = [tuple(row[i] for i in kept) for row in result.rows]
    return replace(result, columns=tuple(result.columns[i] for i in kept), rows=rows, marks=marks, totals=())


def largest_first(result: Result) -> Result:
    """The result by its first metric, unless it runs in time: what is cut from a chart is then the least."""
    kinds = {column.kind for column in result.columns}
    at, _, _ = _measures(result)
    return result.sorted_by(result.columns[at].name) if kinds == {"dimension", "metric"} else result


def result_page(result: Result) -> str:
    """HTML for a notebook: a chart of each metric where there is one to draw, and the table."""
    metrics = [column for column in result.columns if column.kind == "metric" and not column.compare]
    grain = str(result.provenance.get("grain") or "day")
    charts = []
    for column in metrics:
        frame = Frame(clean(column.label or column.name), grain=grain, width=_WIDTH, standalone=True)
        drawn = draw_result(frame, of_metric(result, column.metric or column.name), member=_member, say=str)
        title = f"<p><b>{escape(frame.title)}</b></p>" if len(metrics) > 1 else ""
        charts += [title + drawn] if drawn else []
    return f"<div>{''.join(charts)}{_table(result, grain)}</div>"


def _table(result: Result, grain: str) -> str:
    heads = "".join(f"<th>{escape(column.label or column.name)}</th>" for column in result.columns)
    rows = [
        "".join(
            f"<td>{escape(_cell(value, column, grain))}</td>" for value, column in zip(row, result.columns, strict=True)
        )
        for row in [*result.rows[:_MOST_ROWS], *(total.values for total in result.totals)]
    ]
    hidden = len(result.rows) - _MOST_ROWS
    more = f"<p>{hidden} more rows</p>" if hidden > 0 else ""
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Value, column: ResultColumn, grain: str) -> str:
    if column.kind == "time":
        return period_label(as_date(value), grain, "en") if isinstance(value, date) else NOTHING
    if column.kind == "dimension":
        return _member(value)
    return format_value(_number(value), column.unit, currency=column.currency)


def _member(value: object) -> str:
    return "Unattributed" if value is None else clean(value) or "(empty)"


def _measures(result: Result) -> tuple[int, int | None, str]:
    """The metric to draw, what to hold it against, and what that is called."""
    metrics = [i for i, column in enumerate(result.columns) if column.kind == "metric" and not column.compare]
    if not metrics:
        return -1, None, ""
    main = result.columns[metrics[0]]
    for compare, label in _CALLED.items():
        for i, column in enumerate(result.columns):
            if column.compare == compare and column.metric == (main.metric or main.name):
                return metrics[0], i, label
    return metrics[0], None, ""


def _names(result: Result) -> list[int]:
    return [i for i, column in enumerate(result.columns) if column.kind == "dimension"]


def _bars(frame: Frame, result: Result, at: int, against: int | None, label: str, member: Member) -> str:
    names = _names(result)
    bars = [
        Bar(
            " · ".join(member(row[i]) for i in names),
            _number(row[at]),
            _number(row[against]) if against is not None else None,
        )
        for row in result.rows
    ]
    return bar_chart(frame, bars, before_label=label)


def _lines(frame: Frame, drawn: Course, remarks: Sequence[Remark]) -> str:
    return line_chart(
        frame, drawn.periods, drawn.series, past=drawn.past, unfinished=drawn.unfinished, breaks=drawn.breaks,
        remarks=remarks,
    )  # fmt: skip


def course_of(result: Result, *, member: Member, say: Callable[[str], str], order: Sequence[str] = ()) -> Course | None:
    """What `draw_result` draws over time; None where nothing runs in time."""
    at, against, label = _measures(result)
    if at < 0 or not any(column.kind == "time" for column in result.columns):
        return None
    return _course(result, at, against, say(label), member, order)


def _course(result: Result, at: int, against: int | None, label: str, member: Member, order: Sequence[str]) -> Course:
    time = next(i for i, column in enumerate(result.columns) if column.kind == "time")
    names = _names(result)
    groups: dict[str, dict[date, Sequence[Value]]] = {}
    still_open: set[date] = set()
    # Each name is written once, not for each of its days.
    told = lru_cache(maxsize=None, typed=True)(member)
    for place, row in enumerate(result.rows):
        moment = row[time]
        if not isinstance(moment, date):
            continue
        name = " · ".join([told(row[i]) for i in names]) or result.columns[at].label
        groups.setdefault(name, {})[as_date(moment)] = row
        if result.marks.get((place, at)) in ("unfinished", "immature"):
            still_open.add(as_date(moment))
    periods = sorted({period for rows in groups.values() for period in rows})
    # The members with the largest latest value: the ones a reader looks for first.
    place_of = {name: number for number, name in enumerate(order)}
    ranked = sorted(groups, key=lambda name: (place_of.get(name, len(order)), -_latest(groups[name], at)))[:MOST_LINES]

    def values(name: str, column: int) -> tuple[Number | None, ...]:
        rows = groups[name]
        return tuple(_number(rows[period][column]) if period in rows else None for period in periods)

    past = Series(label, values(ranked[0], against)) if against is not None and len(groups) == 1 else None
    series = tuple(Series(name, values(name, at)) for name in ranked)
    breaks = result.breaks_of(result.columns[at].name)
    return Course(tuple(periods), series, past, frozenset(still_open), tuple(breaks))


def _number(value: object) -> Number | None:
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _latest(rows: dict[date, Sequence[Value]], column: int) -> float:
    known = [finite(_number(rows[period][column])) for period in sorted(rows)]
    return next((value for value in reversed(known) if value is not None), 0.0)
