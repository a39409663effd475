"""Expressions as an engine says them: rows, aggregates, dates and intervals.

Written for DuckDB; an engine that differs overrides the small methods at the end.
"""

from __future__ import annotations

import datetime as dt

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Aggregate, Row
from leadline.sql.name import literal, quote


class Dialect:
    """Renders expressions for DuckDB."""

    def aggregate(self, measure: Aggregate, fact: Fact, *, bare: bool) -> str:
        """An aggregate; with `bare` its own filter is already in WHERE."""
        where = None if bare else measure.where
        condition = self.row(where, fact, 0) if where is not None else ""
        suffix = f" FILTER (WHERE {condition})" if condition else ""
        match measure:
            case tree.Count():
                return f"count(*){suffix}"
            case tree.Sum(value=value):
                total = f"sum({self.row(value, fact, 0)}){suffix}"
                # No matching row adds nothing; matching rows without a value leave the sum unknown.
                return f"CASE WHEN count(*){suffix} = 0 THEN 0 ELSE {total} END" if condition else total
            case tree.Distinct(value=value):
                return f"count(DISTINCT {self.row(value, fact, 0)}){suffix}"
            case tree.Percentile(value=value, share=share):
                return self.percentile(self.row(value, fact, 0), share) + suffix
            case tree.Mean(value=value):
                return f"avg({self.row(value, fact, 0)}){suffix}"
            case tree.Least(value=value):
                return f"min({self.row(value, fact, 0)}){suffix}"
            case tree.Greatest(value=value):
                return f"max({self.row(value, fact, 0)}){suffix}"

    def row(self, node: Row, fact: Fact, rank: int) -> str:
        """A row expression; parentheses where `rank` of the surroundings binds tighter."""
        match node:
            case tree.Column(name):
                return quote(name)
            case tree.Constant(value):
                return self.constant(value)
            case tree.Calculate("/", left, right):
                own, text = 6, f"{self.divide(self.row(left, fact, 6), self.row(right, fact, 7))}"
            case tree.Calculate(op, left, right):
                own = 6 if op == "*" else 5
                text = f"{self.row(left, fact, own)} {op} {self.row(right, fact, own + 1)}"
            case tree.Minus(of):
                own, text = 7, f"-{self.row(of, fact, 7)}"
            case tree.Apply(function, arguments):
                return f"{function}({', '.join(self.row(item, fact, 0) for item in arguments)})"
            case tree.Duration(start, end, unit):
                return self.duration(quote(start), quote(end), unit)
            case tree.Compare(op, left, right):
                own, text = 4, f"{self.row(left, fact, 5)} {op} {self.row(right, fact, 5)}"
            case tree.Among(of, values, negated):
                listed = ", ".join(self.row(item, fact, 0) for item in values)
                own, text = 4, f"{self.row(of, fact, 5)} {'NOT ' if negated else ''}IN ({listed})"
            case tree.IsNull(of, negated):
                own, text = 4, f"{self.row(of, fact, 5)} IS {'NOT ' if negated else ''}NULL"
            case tree.Like(of, pattern, negated):
                own, text = 4, f"{self.row(of, fact, 5)} {'NOT ' if negated else ''}LIKE {self.text(pattern)}"
            case tree.Between(of, low, high, negated):
                sides = f"{self.row(low, fact, 5)} AND {self.row(high, fact, 5)}"
                own, text = 4, f"{self.row(of, fact, 5)} {'NOT ' if negated else ''}BETWEEN {sides}"
            case tree.And(of):
                own, text = 2, " AND ".join(self.row(item, fact, 3) for item in of)
            case tree.Or(of):
                own, text = 1, " OR ".join(self.row(item, fact, 2) for item in of)
            case tree.Not(of):
                own, text = 3, f"NOT {self.row(of, fact, 3)}"
        return f"({text})" if own < rank else text

    # What engines say differently

    def constant(self, value: int | float | str | bool | None) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        return self.text(value) if isinstance(value, str) else repr(value)

    def text(self, value: str) -> str:
        return literal(value)

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

    def percentile(self, value: str, share: float) -> str:
        return f"quantile_cont({value}, {share!r})"

    def divide(self, left: str, right: str) -> str:
        return f"{left} / NULLIF({right}, 0)"

    def duration(self, start: str, end: str, unit: str) -> str:
        micros = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}[unit]
        return f"(epoch_us({end}) - epoch_us({start})) / {micros}.0"
