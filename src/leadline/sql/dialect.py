"""Expressions as an engine says them: rows, aggregates, dates and intervals.

Written for DuckDB; an engine that differs overrides the small methods at the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from leadline.errors import DefinitionError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Aggregate, Row
from leadline.sql.name import literal, quote

ROWS = "_rows"
"""In a roll-up: how many rows of the fact a row stands for."""


class Dialect:
    """Renders expressions for DuckDB."""

    has_filter = True
    """Whether an aggregate takes FILTER (WHERE …)."""
    has_values = True
    """Whether VALUES can stand in FROM with names for its columns."""
    rolled = False
    """Whether the rows read are those of a roll-up, each standing for several."""
    reads_moments = True
    """Whether a text compared with a moment is read as one."""

    def aggregate(self, measure: Aggregate, fact: Fact, *, bare: bool) -> str:
        """An aggregate; with `bare` its own filter is already in WHERE."""
        where = None if bare else measure.where
        condition = self.row(where, fact, 0) if where is not None else ""
        if isinstance(measure, tree.Count):
            return self.count(condition)
        value = self.row(measure.value, fact, 0)
        match measure:
            case tree.Sum():
                total = self.total(measure.value, value, fact, condition)
                # No matching row adds nothing; matching rows without a value leave the sum unknown.
                return f"CASE WHEN {self.count(condition)} = 0 THEN 0 ELSE {total} END" if condition else total
            case tree.Distinct():
                return self.call("count", value, condition, distinct=True)
            case tree.Percentile(share=share):
                return self.percentile(value, share, condition)
            case tree.Mean():
                return self.mean(value, condition)
            case tree.Least():
                return self.call("min", value, condition)
            case tree.Greatest():
                return self.call("max", value, condition)

    def call(self, function: str, value: str, condition: str = "", *, distinct: bool = False) -> str:
        """An aggregate function over the rows that meet a condition."""
        word = "DISTINCT " if distinct else ""
        if not condition:
            return f"{function}({word}{value})"
        if self.has_filter:
            return f"{function}({word}{value}) FILTER (WHERE {condition})"
        return f"{function}({word}{self.kept(value, condition)})"

    def kept(self, value: str, condition: str) -> str:
        """A value where a condition holds, else null."""
        return f"CASE WHEN {condition} THEN {value} END" if condition else value

    def count(self, condition: str = "") -> str:
        """The number of rows that meet a condition."""
        if self.rolled:
            return f"coalesce({self.call('sum', ROWS, condition)}, 0)"
        return self.call("count", "*" if self.has_filter or not condition else "1", condition)

    def row(self, node: Row, fact: Fact, rank: int) -> str:
        """A row expression; parentheses where `rank` of the surroundings binds tighter."""
        match node:
            case tree.Column(name):
                return self.quote(name)
            case tree.Constant(value):
                return self.constant(value)
            case tree.Calculate("/", left, right):
                own, text = 6, f"{self.divide(self.row(left, fact, 6), self.row(right, fact, 7))}"
            case tree.Calculate("*", left, right):
                own, text = 6, self.multiply(left, right, fact)
            case tree.Calculate(op, left, right):
                own = 5
                text = f"{self.row(left, fact, own)} {op} {self.row(right, fact, own + 1)}"
            case tree.Minus(of):
                own, text = 7, f"-{self.row(of, fact, 7)}"
            case tree.Apply(function, arguments):
                return self.apply(function, ", ".join(self.row(item, fact, 0) for item in arguments))
            case tree.Duration(start, end, unit):
                return self.duration(self.quote(start), self.quote(end), unit)
            case tree.Compare(op, left, right):
                own, text = 4, f"{self.beside(left, right, fact)} {op} {self.beside(right, left, fact)}"
            case tree.Among(of, values, negated):
                listed = ", ".join(self.beside(item, of, fact) for item in values)
                own, text = 4, f"{self.row(of, fact, 5)} {'NOT ' if negated else ''}IN ({listed})"
            case tree.IsNull(of, negated):
                own, text = 4, f"{self.row(of, fact, 5)} IS {'NOT ' if negated else ''}NULL"
            case tree.Like(of, pattern, negated):
                own, text = 4, f"{self.row(of, fact, 5)} {'NOT ' if negated else ''}LIKE {self.pattern(pattern)}"
            case tree.Between(of, low, high, negated):
                sides = f"{self.beside(low, of, fact)} AND {self.beside(high, of, fact)}"
                own, text = 4, f"{self.row(of, fact, 5)} {'NOT ' if negated else ''}BETWEEN {sides}"
            case tree.And(of):
                own, text = 2, " AND ".join(self.row(item, fact, 3) for item in of)
            case tree.Or(of):
                own, text = 1, " OR ".join(self.row(item, fact, 2) for item in of)
            case tree.Not(of):
                own, text = 3, f"NOT {self.row(of, fact, 3)}"
        return f"({text})" if own < rank else text

    def beside(self, node: Row, other: Row, fact: Fact) -> str:
        """A side of a comparison; a text beside a moment is that moment."""
        text = node.value if isinstance(node, tree.Constant) else None
        if isinstance(text, str) and not self.reads_moments and isinstance(other, tree.Column) and fact.has(other.name):
            match fact.column(other.name).type:
                case "date":
                    return self.date(_moment(text).date())
                case "timestamp":
                    return self.timestamp(_moment(text))
        return self.row(node, fact, 5)

    # What engines say differently

    def quote(self, name: str) -> str:
        return quote(name)

    def constant(self, value: int | float | str | bool | None) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        return self.text(value) if isinstance(value, str) else repr(value)

    def text(self, value: str) -> str:
        return literal(value)

    def pattern(self, value: str) -> str:
        """A pattern for LIKE in which only % and _ are special."""
        return self.text(value)

    def date(self, day: dt.date) -> str:
        return f"DATE '{day.isoformat()}'"

    def timestamp(self, instant: dt.datetime) -> str:
        return f"TIMESTAMP '{instant.isoformat(sep=' ')}'"

    def interval(self, count: int, unit: str) -> str:
        return f"INTERVAL {count} {unit.upper()}"

    def span_of(self, days: float) -> str:
        """An interval of a number of days, exact to the second."""
        return self.interval(round(days * 86400), "second")

    def shifted(self, instant: str, offset: dt.timedelta) -> str:
        seconds = round(offset.total_seconds())
        return f"{instant} {'-' if seconds < 0 else '+'} {self.interval(abs(seconds), 'second')}"

    def date_trunc(self, grain: str, local: str) -> str:
        return f"date_trunc('{grain}', {local})"

    def total(self, node: Row, value: str, fact: Fact, condition: str) -> str:
        """The sum of a row expression `node`, whose text is `value`."""
        return self.call("sum", value, condition)

    def mean(self, value: str, condition: str) -> str:
        return self.call("avg", value, condition)

    def percentile(self, value: str, share: float, condition: str) -> str:
        """The interpolated percentile, exact."""
        return self.call("quantile_cont", f"{value}, {share!r}", condition)

    def whole_match(self, text: str, pattern: str) -> str:
        """Whether a whole text matches a regular expression."""
        return f"regexp_full_match({text}, {self.text(pattern)})"

    def contains(self, text: str, part: str) -> str:
        return f"position({self.text(part)} IN {text}) > 0"

    def starts(self, text: str, part: str) -> str:
        return f"left({text}, {len(part)}) = {self.text(part)}"

    def ends(self, text: str, part: str) -> str:
        return f"right({text}, {len(part)}) = {self.text(part)}"

    def multiply(self, left: Row, right: Row, fact: Fact) -> str:
        """A product; of two decimals or two integers with room for all its digits."""
        first, second = self.row(left, fact, 6), self.row(right, fact, 7)
        whole = is_whole(left, fact)
        if whole == is_whole(right, fact):
            first = self.wide(self.row(left, fact, 0), whole=whole)
        return f"{first} * {second}"

    def wide(self, value: str, *, whole: bool) -> str:
        """A number of 38 digits."""
        return f"CAST({value} AS DECIMAL(38, {0 if whole else 6}))"

    def apply(self, function: tree.Function, arguments: str) -> str:
        return f"{function}({arguments})"

    def real(self, value: str) -> str:
        """A number as a floating one."""
        return f"CAST({value} AS DOUBLE)"

    def money(self, value: str) -> str:
        """A floating number as an amount, rounded to the decimals that facts keep."""
        return f"CAST({value} AS DECIMAL(18, 6))"

    def divide(self, left: str, right: str) -> str:
        return f"{left} / NULLIF({right}, 0)"

    def duration(self, start: str, end: str, unit: str) -> str:
        micros = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}[unit]
        return f"(epoch_us({end}) - epoch_us({start})) / {micros}.0"

    def table(self, name: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
        """A few rows written out, to stand in FROM."""
        if self.has_values:
            listed = ",\n    ".join(f"({', '.join(row)})" for row in rows)
            return f"(VALUES\n    {listed}\n  ) AS {name}({', '.join(columns)})"
        selects = "\n    UNION ALL ".join(
            "SELECT " + ", ".join(f"{value} AS {column}" for column, value in zip(columns, row, strict=True))
            for row in rows
        )
        return f"(\n    {selects}\n  ) AS {name}"


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise DefinitionError(
            "bad-moment",
            f"{text!r} is compared with a moment and is none.",
            fix="write '2026-03-31' or '2026-03-31 18:00'",
        ) from None


def is_whole(node: Row, fact: Fact) -> bool:
    """Whether a row expression gives whole numbers."""
    match node:
        case tree.Column(name):
            return fact.has(name) and fact.column(name).type == "integer"
        case tree.Constant(value):
            return isinstance(value, int) or value is None
        case tree.Calculate("/") | tree.Duration():
            return False
        case tree.Calculate(_, left, right):
            return is_whole(left, fact) and is_whole(right, fact)
        case tree.Minus(of):
            return is_whole(of, fact)
        case tree.Apply("length"):
            return True
        case tree.Apply(_, arguments):
            return all(is_whole(item, fact) for item in arguments)
        case _:
            return False
