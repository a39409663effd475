"""BigQuery: what it says differently from DuckDB. Held by snapshots of its statements only; it is not run."""

from __future__ import annotations

import datetime as dt

from leadline.sql.name import literal
from leadline.sql.postgres import plain_interval
from leadline.sql.render import Renderer


class BigQueryRenderer(Renderer):
    """Moments are DATETIME here, which has no zone; the FILTER clause and VALUES are missing."""

    has_filter = False
    has_values = False
    reads_moments = False

    def quote(self, name: str) -> str:
        return f"`{name}`" if super().quote(name).startswith('"') else name

    def text(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def pattern(self, value: str) -> str:
        return self.text(value.replace("\\", "\\\\"))

    def timestamp(self, instant: dt.datetime) -> str:
        return f"DATETIME {literal(instant.isoformat(sep=' '))}"

    def interval(self, count: int, unit: str) -> str:
        number, part = plain_interval(count, unit)
        return f"INTERVAL {number} {part.upper()}"

    def date_trunc(self, grain: str, local: str) -> str:
        # WEEK would begin on Sunday.
        part = "ISOWEEK" if grain == "week" else grain.upper()
        return f"CAST(DATETIME_TRUNC(CAST({local} AS DATETIME), {part}) AS DATE)"

    def percentile(self, value: str, share: float, condition: str) -> str:
        # There is no exact percentile among the aggregates; the one among the window functions runs over the group.
        values = f"UNNEST(ARRAY_AGG({self.kept(value, condition)} IGNORE NULLS))"
        return f"(SELECT PERCENTILE_CONT(value, {share!r}) OVER () FROM {values} AS value LIMIT 1)"

    def real(self, value: str) -> str:
        return f"CAST({value} AS FLOAT64)"

    def money(self, value: str) -> str:
        return f"ROUND(CAST({value} AS NUMERIC), 6)"

    def wide(self, value: str, *, whole: bool) -> str:
        return f"CAST({value} AS BIGNUMERIC)"

    def divide(self, left: str, right: str) -> str:
        return f"{self.real(left)} / NULLIF({self.real(right)}, 0)"

    def whole_match(self, text: str, pattern: str) -> str:
        return f"REGEXP_CONTAINS({text}, {self.text(f'^(?:{pattern})$')})"

    def contains(self, text: str, part: str) -> str:
        return f"STRPOS({text}, {self.text(part)}) > 0"

    def duration(self, start: str, end: str, unit: str) -> str:
        micros = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}[unit]
        return f"DATETIME_DIFF(CAST({end} AS DATETIME), CAST({start} AS DATETIME), MICROSECOND) / {micros}"
