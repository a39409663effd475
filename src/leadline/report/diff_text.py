"""Differences as lines: what changed, where and when the numbers differ, by how much, and the records that moved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from datetime import date
from pathlib import PurePath
from typing import Any

from leadline.charts.label import clean
from leadline.charts.scale import magnitude
from leadline.charts.value import format_signed, format_value
from leadline.governance.diff import Cell, Diff, MetricDiff
from leadline.governance.meaning import change_text
from leadline.governance.moved import Moved
from leadline.governance.restatement import Effect, Restatement
from leadline.plan.result import Result, ResultColumn, Value
from leadline.report.format import format_member, format_period
from leadline.report.table import PLAIN, Style, render_table

_WORD = re.compile(r"[a-z_]\w*")
_MOST_CELLS = 14
_MOST_LOADS = 12
_MOST_COLUMNS = 6
_WAYS = {"gone": "no longer count", "come": "count now"}
_RESTATED = {"gone": "replaced or gone", "come": "new or changed"}


def render_diff(diff: Diff, style: Style = PLAIN) -> str:
    """Two definitions held against each other: all metrics in a table, then each whose own definition changed."""
    head = style.bold(f"Definitions: {diff.old} → {diff.new}, on the same data")
    if not diff.metrics:
        return f"{head}\nEvery metric means the same."
    parts = [f"{head}\n{_summary(diff.metrics, diff, style)}"]
    parts += [_metric(one, diff, style, _WAYS) for one in diff.metrics if one.direct or len(diff.metrics) == 1]
    return "\n\n".join(parts)


def render_restatement(restated: Restatement, style: Style = PLAIN) -> str:
    """The same definitions at two moments of knowledge, and the loads that made the difference."""
    diff = restated.diff
    head = style.bold(f"Data: {diff.old} → {diff.new}, by the same definitions")
    moved = [one for one in diff.metrics if one.differs or one.problem]
    if not moved:
        told = (
            "no load touched what they read" if not restated.loads else f"{restated.loads} loads changed none of them"
        )
        return f"{head}\n{len(diff.metrics)} metrics are as they were: {told}."
    steady = len(diff.metrics) - len(moved)
    parts = [f"{head}\n{_summary(moved, diff, style)}"]
    if steady:
        parts[0] += "\n" + style.faint(f"{steady} more are as they were")
    parts += [_metric(one, diff, style, _RESTATED) for one in moved]
    parts.append(_effects(restated, style))
    return "\n\n".join(parts)


def render_parts(diff: Diff, parts: Sequence[Mapping[str, Any]], style: Style = PLAIN) -> str:
    """How much of each change is the data's, and how much the definition's."""
    known = {one.id: one for one in diff.metrics}
    rows = []
    for part in parts:
        one = known[part["metric"]]
        rows.append(
            (
                one.id,
                _number(part["was"], one),
                _signed(part["by_data"], one),
                _signed(part["by_definition"], one),
                _number(part["now"], one),
            )
        )
    heads = ("metric", "was", "by the data", "by the definition", "is now")
    return f"{style.bold('Was it the data, or the definition?')}\n{_plain_table(heads, rows, style, range(1, 5))}"


def _summary(metrics: Sequence[MetricDiff], diff: Diff, style: Style) -> str:
    rows = []
    for one in metrics:
        number = {"new": "new", "gone": "gone"}.get(one.kind, f"{len(one.cells)} of {one.compared}")
        through = "" if one.direct else _through(one)
        rows.append(
            (
                one.id,
                _number(one.was, one),
                _number(one.now, one),
                _signed(one.difference, one),
                "refused" if one.problem else number,
                through,
            )
        )
    cells = "differ" if diff.asked.by or diff.asked.grain == "none" else f"{diff.asked.grain}s that differ"
    heads = ("metric", "was", "is now", "difference", cells, "because of")
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]  # type: ignore[assignment,misc]
    return _plain_table(heads, rows, style, range(1, 5))


def _through(one: MetricDiff) -> str:
    """What a metric changed by that did not change itself."""
    names = [change.part.removeprefix("metric ").split(" until ")[0] for change in one.changes]
    return ", ".join(dict.fromkeys(names))


def _metric(one: MetricDiff, diff: Diff, style: Style, ways: Mapping[str, str]) -> str:
    lines = [style.bold(f"{clean(one.label)} ({one.id})")]
    lines += [f"  {clean(change_text(change))}" for change in one.changes]
    if one.problem:
        lines.append(f"  not compared: {clean(one.problem)}")
    elif one.kind in ("new", "gone"):
        where = diff.new if one.kind == "new" else diff.old
        lines.append(f"  only in {where}")
    elif not one.differs:
        lines.append(f"  the {one.compared} numbers of its history are the same")
    if one.cells:
        lines += [f"  {line}" for line in _cells(one, diff, style).splitlines()]
    words = {word for change in one.changes for word in _WORD.findall(f"{change.was} {change.now}")}
    for moved in one.moved:
        lines += [f"  {line}" for line in _moved(moved, style, ways, words).splitlines()]
    return "\n".join(lines)


def _cells(one: MetricDiff, diff: Diff, style: Style) -> str:
    """The numbers that differ, the newest last; older ones are counted."""
    shown = one.cells[-_MOST_CELLS:]
    heads = [column for column in one.columns if column.kind != "metric"]
    metric = one.columns[-1]
    told = {"was": "was", "now": "is now", "difference": "difference"}
    columns = (
        *heads,
        *(ResultColumn(name, "metric", label, metric.unit, currency=metric.currency) for name, label in told.items()),
    )
    rows = [_row(cell, heads) for cell in shown]
    table = render_table(Result(columns, rows, {"grain": diff.asked.grain}), _narrower(style, 2))
    if len(shown) < len(one.cells):
        table += "\n" + style.faint(f"and {len(one.cells) - len(shown)} before these (--format json has all)")
    return table


def _row(cell: Cell, heads: Sequence[ResultColumn]) -> tuple[Value, ...]:
    members = iter(cell.members)
    ahead = [cell.period if column.kind == "time" else next(members) for column in heads]
    return (*ahead, cell.was, cell.now, cell.difference)


def _moved(moved: Moved, style: Style, ways: Mapping[str, str], words: Set[str]) -> str:
    """How many records moved, and the newest of them: the columns that the change names and that tell them apart."""
    text = f"{moved.count:,} {moved.fact} records {ways[moved.way]}"
    if not moved.rows:
        return text
    filled = [
        at
        for at, name in enumerate(moved.columns)
        if not name.startswith("_") and any(row[at] not in (None, "", False) for row in moved.rows)
    ]
    varied = [at for at in filled if len({str(row[at]) for row in moved.rows}) > 1]
    named = [at for at in filled if moved.columns[at] in words]
    chosen = sorted(list(dict.fromkeys([*filled[:1], *named, *varied, *filled]))[:_MOST_COLUMNS])
    file, line = moved.columns.index("_file"), moved.columns.index("_line")
    heads = (*(moved.columns[at] for at in chosen), "from")
    rows = [
        (
            *(format_member(row[at]) if row[at] is not None else "" for at in chosen),
            f"{PurePath(row[file] or '').name}:{row[line]}",
        )
        for row in moved.rows
    ]
    table = _plain_table(heads, rows, _narrower(style, 4))
    return "\n".join([text, *(f"  {part}" for part in table.splitlines())])


def _effects(restated: Restatement, style: Style) -> str:
    lines = [style.bold("Loads that moved them")]
    known = {one.id: one for one in restated.diff.metrics}
    for effect in restated.effects[-_MOST_LOADS:]:
        load = effect.load
        did = "; ".join(f"{fact} {rows}" for fact, rows in load.did)
        told = f"load {load.id} of {load.source}, {load.at:%Y-%m-%d %H:%M} UTC"
        lines.append(f"  {told}: {clean(PurePath(load.origin).name)} ({did})")
        lines += [f"    {text}" for text in _told(effect, known, restated.diff)]
    if len(restated.effects) > _MOST_LOADS:
        lines.append(style.faint(f"and {len(restated.effects) - _MOST_LOADS} before these (--format json has all)"))
    return "\n".join(lines)


def _told(effect: Effect, known: Mapping[str, MetricDiff], diff: Diff) -> list[str]:
    """What a load did to each metric: the newest cells it changed."""
    found: dict[str, list[Cell]] = {}
    for name, cell in effect.cells:
        found.setdefault(name, []).append(cell)
    lines = []
    for name, cells in found.items():
        one = known[name]
        texts = [f"{_place(cell, diff)} {_number(cell.was, one)} → {_number(cell.now, one)}" for cell in cells[-3:]]
        more = f", and {len(cells) - 3} more" if len(cells) > 3 else ""
        lines.append(f"{name}: {', '.join(texts)}{more}")
    return lines


def _place(cell: Cell, diff: Diff) -> str:
    names = [format_period(cell.period, diff.asked.grain)] if cell.period is not None else []
    return " · ".join([*names, *(format_member(member) for member in cell.members)]) or "all time"


def _number(value: Value, one: MetricDiff) -> str:
    return format_value(value, one.unit, currency=one.currency)  # type: ignore[arg-type]


def _signed(value: Value, one: MetricDiff) -> str:
    """A difference with its sign; of shares in points of a hundred."""
    if value is None or isinstance(value, str | date):
        return _number(None, one)
    sign, size = (value > 0) - (value < 0), magnitude(value)
    if one.unit == "percent":
        return format_signed(f"{format_value(size * 100, digits=2)} pts", sign)
    return format_signed(_number(size, one), sign)


def _plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]], style: Style, right: range = range(0)) -> str:
    """Texts in columns, those of `right` flush right."""
    width = [max((len(row[at]) for row in rows), default=0) for at in range(len(heads))]
    shown = [tuple(c.rjust(width[at]) if at in right else c for at, c in enumerate(row)) for row in rows]
    columns = tuple(ResultColumn(head, "dimension", head) for head in heads)
    table: list[tuple[Value, ...]] = [tuple(cell or " " for cell in row) for row in shown]
    return render_table(Result(columns, table, {}), style)


def _narrower(style: Style, by: int) -> Style:
    from msgspec.structs import replace

    return replace(style, width=max(style.width - by, 20)) if style.width else style
