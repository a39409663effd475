"""ClickHouse: what it says differently from DuckDB."""

from __future__ import annotations

import datetime as dt

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Row
from leadline.sql.dialect import is_whole
from leadline.sql.name import literal
from leadline.sql.render import Renderer

SETTINGS = (
    "\nSETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1, enable_extended_results_for_datetime_functions = 1"
)
"""What a statement cannot do without: rows without a partner have nulls, not empty texts and the first day of 1970;
a column is meant where a column and an output share a name; days before 1970 stay what they are."""


class ClickHouseRenderer(Renderer):
    """Decimals lose digits when divided and overflow when multiplied here, and integers wrap when summed; none may."""

    has_values = False
    reads_moments = False

    def statement(self, sql: str) -> str:
        return sql + SETTINGS

    def text(self, value: str) -> str:
        return literal(value.replace("\\", "\\\\"))

    def pattern(self, value: str) -> str:
        return self.text(value.replace("\\", "\\\\"))

    def constant(self, value: int | float | str | bool | None) -> str:
        if isinstance(value, float):
            digits = len(repr(value).partition(".")[2])
            return f"toDecimal128('{value!r}', {digits})" if "e" not in repr(value) else repr(value)
        return super().constant(value)

    def date(self, day: dt.date) -> str:
        return f"toDate32('{day.isoformat()}')"

    def timestamp(self, instant: dt.datetime) -> str:
        return f"toDateTime64('{instant.isoformat(sep=' ')}', 6, 'UTC')"

    def date_trunc(self, grain: str, local: str) -> str:
        match grain:
            case "day":
                return f"toDate32({local})"
            case "week":
                return f"toStartOfWeek({local}, 1)"
            case _:
                return f"toStartOf{grain.capitalize()}({local})"

    def total(self, node: Row, value: str, fact: Fact, condition: str) -> str:
        if is_whole(node, fact):
            return self.call("sum", self.wide(value, whole=True), condition)
        return self.call("sum", value, condition)

    def percentile(self, value: str, share: float, condition: str) -> str:
        return self.call(f"quantileExactInclusiveOrNull({share!r})", self.real(value), condition)

    def wide(self, value: str, *, whole: bool) -> str:
        return f"toInt128({value})" if whole else f"toDecimal128({value}, 6)"

    def real(self, value: str) -> str:
        return f"toFloat64({value})"

    def money(self, value: str) -> str:
        # A cast would cut digits off.
        return f"toDecimal64(round({value}, 6), 6)"

    def divide(self, left: str, right: str) -> str:
        return f"{self.real(left)} / NULLIF({self.real(right)}, 0)"

    def apply(self, function: tree.Function, arguments: str) -> str:
        name = {"lower": "lowerUTF8", "upper": "upperUTF8", "length": "lengthUTF8"}.get(function, function)
        return f"{name}({arguments})"

    def whole_match(self, text: str, pattern: str) -> str:
        return f"match({text}, {self.text(f'^(?:{pattern})$')})"

    def starts(self, text: str, part: str) -> str:
        # `left` and `right` count bytes here.
        return f"startsWith({text}, {self.text(part)})"

    def ends(self, text: str, part: str) -> str:
        return f"endsWith({text}, {self.text(part)})"

    def duration(self, start: str, end: str, unit: str) -> str:
        micros = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}[unit]
        return f"dateDiff('microsecond', {_instant(start)}, {_instant(end)}) / {micros}"


def _instant(column: str) -> str:
    return f"toDateTime64({column}, 6, 'UTC')"
