"""Spark: what it says differently from DuckDB.

The session is in UTC, reads `"x"` as a name and stops at overflows (`leadline.engines.spark`).
"""

from __future__ import annotations

import datetime as dt

from leadline.sql.name import literal
from leadline.sql.postgres import plain_interval
from leadline.sql.render import Renderer


class SparkRenderer(Renderer):
    """Averages and quotients of decimals are decimals of few digits here, so both are asked for as real numbers."""

    reads_moments = False

    def text(self, value: str) -> str:
        return literal(value.replace("\\", "\\\\"))

    def pattern(self, value: str) -> str:
        return self.text(value.replace("\\", "\\\\"))

    def timestamp(self, instant: dt.datetime) -> str:
        return f"TIMESTAMP_NTZ '{instant.isoformat(sep=' ')}'"

    def interval(self, count: int, unit: str) -> str:
        number, part = plain_interval(count, unit)
        return f"INTERVAL '{number}' {part.upper()}"

    def date_trunc(self, grain: str, local: str) -> str:
        return f"CAST(date_trunc('{grain}', {local}) AS DATE)"

    def mean(self, value: str, condition: str) -> str:
        return self.real(self.call("avg", value, condition))

    def percentile(self, value: str, share: float, condition: str) -> str:
        return self.call("percentile", f"CAST({value} AS DOUBLE), {share!r}D", condition)

    def divide(self, left: str, right: str) -> str:
        return f"{self.real(left)} / NULLIF({self.real(right)}, 0)"

    def whole_match(self, text: str, pattern: str) -> str:
        return f"({text} RLIKE {self.text(f'^(?:{pattern})$')})"

    def duration(self, start: str, end: str, unit: str) -> str:
        micros = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}[unit]
        first, last = (f"unix_micros(CAST({moment} AS TIMESTAMP))" for moment in (start, end))
        return f"CAST({last} - {first} AS DOUBLE) / {micros}"
