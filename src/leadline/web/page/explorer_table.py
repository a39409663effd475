"""The explorer's table: heads that sort, numbers that open their records, members that filter."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

from leadline.language.language import Language
from leadline.plan.result import Result, ResultColumn, Value
from leadline.report.format import MARKS, format_cell
from leadline.report.table import heading
from leadline.web.page.explorer_ask import HIDDEN, Asked
from leadline.web.question import View


def table_of(result: Result, asked: Asked, language: Language) -> View:
    """Heads, rows and totals; `result` has the labels of `language` and all rows, in their order."""
    grain = str(result.provenance.get("grain") or "day")
    currency = str(result.provenance.get("currency") or "")
    shown = result.rows[: asked.rows]
    order = asked.sort or _order(result)

    def cells(row: tuple[Value, ...], number: int | None, marks: dict[int, Any]) -> list[dict[str, Any]]:
        return [
            {
                "text": _total(at, value, column, language)
                if number is None and column.kind != "metric"
                else format_cell(value, column, currency=currency, language=language, grain=grain, mark=marks.get(at)),
                "number": column.kind == "metric",
                "href": "" if number is None else _way(row, at, result, asked),
            }
            for at, (value, column) in enumerate(zip(row, result.columns, strict=True))
        ]

    of_row: dict[int, dict[int, Any]] = {}
    for (number, at), mark in result.marks.items():
        of_row.setdefault(number, {})[at] = mark
    return {
        "heads": [_head(column, order, asked, language) for column in result.columns],
        "rows": [cells(row, number, of_row.get(number, {})) for number, row in enumerate(shown)],
        "totals": [cells(total.values, None, total.marks) for total in result.totals],
        "count": len(result.rows),
        "hidden": len(result.rows) - len(shown),
    }


def legend_of(result: Result) -> list[str]:
    """The marks that the cells have, each once."""
    found = {*result.marks.values(), *(mark for total in result.totals for mark in total.marks.values())}
    return [mark for mark in MARKS if mark in found]


def row_key(row: tuple[Value, ...], result: Result) -> list[Any]:
    """What tells a row from the others: its period and members, as they can stand in an address."""
    return [
        value.isoformat() if isinstance(value, dt.date) else value
        for value, column in zip(row, result.columns, strict=True)
        if column.kind != "metric"
    ]


def _head(column: ResultColumn, order: str, asked: Asked, language: Language) -> dict[str, Any]:
    # Numbers begin with the largest, names with A.
    first, other = column.name, f"-{column.name}"
    if column.kind != "metric":
        first, other = other, first
    sorted_by = {column.name: "descending", f"-{column.name}": "ascending"}.get(order, "")
    return {
        "id": f"sort-{column.name}",
        "text": heading(column, language),
        "number": column.kind == "metric",
        "sorted": sorted_by,
        "href": asked.address(sort=other if order == first else first),
    }


def _order(result: Result) -> str:
    """The order of an answer nobody sorted: by time, else by its first metric."""
    kinds = [column.kind for column in result.columns]
    if "time" in kinds:
        return f"-{result.columns[kinds.index('time')].name}"
    return result.columns[kinds.index("metric")].name if "metric" in kinds and "dimension" in kinds else ""


def _total(at: int, value: Value, column: ResultColumn, language: Language) -> str:
    if at == 0:
        return language.say("Total")
    return format_cell(value, column, language=language) if value is not None else ""


def _way(row: tuple[Value, ...], at: int, result: Result, asked: Asked) -> str:
    """Where a cell leads: a number to its records, a member to the answer about it alone."""
    column, value = result.columns[at], row[at]
    if HIDDEN in row or (value is None and column.kind == "metric"):
        return ""
    if column.kind == "metric":
        if column.compare:
            return ""
        key = json.dumps(row_key(row, result), ensure_ascii=False)
        one = Asked((column.metric or column.name,), asked.by, asked.grain, asked.period, asked.where)
        return f"{one.address('/records').replace('metrics=', 'metric=', 1)}&{urlencode({'row': key})}"
    if column.kind != "dimension" or column.name not in asked.by:
        return ""
    only = condition(column.name, value)
    where = f"({asked.where}) and {only}" if asked.where else only
    return asked.address(where=where, by=tuple(name for name in asked.by if name != column.name), sort="")


def condition(name: str, value: Value) -> str:
    """A filter for one member, as a reader would write it."""
    if value is None:
        return f"{name} is null"
    if isinstance(value, bool):
        return f"{name} = {'true' if value else 'false'}"
    if isinstance(value, str):
        return "{} = '{}'".format(name, value.replace("'", "''"))
    return f"{name} = {value}"
