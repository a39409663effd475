"""Snowflake: what it says differently from DuckDB. Held by snapshots of its statements only; it is not run."""

from __future__ import annotations

import datetime as dt

from leadline.sql.name import literal
from leadline.sql.postgres import plain_interval
from leadline.sql.render import Renderer


class SnowflakeRenderer(Renderer):
    """Moments are TIMESTAMP_NTZ here; weeks are cut from Monday whatever the session says."""

    has_filter = False
    reads_moments = False

    def text(self, value: str) -> str:
        return literal(value.replace("\\", "\\\\"))

    def pattern(self, value: str) -> str:
        return self.text(value)

    def timestamp(self, instant: dt.datetime) -> str:
        return f"{literal(instant.isoformat(sep=' '))}::TIMESTAMP_NTZ"

    def interval(self, count: int, unit: str) -> str:
        number, part = plain_interval(count, unit)
        return f"INTERVAL '{number} {part}'"

    def date_trunc(self, grain: str, local: str) -> str:
        if grain == "week":
            # DATE_TRUNC('week') follows the session's WEEK_START.
            return f"DATEADD('day', 1 - DAYOFWEEKISO({local}), CAST({local} AS DATE))"
        return f"CAST(DATE_TRUNC('{grain}', {local}) AS DATE)"

    def percentile(self, value: str, share: float, condition: str) -> str:
        return f"PERCENTILE_CONT({share!r}) WITHIN GROUP (ORDER BY {self.kept(value, condition)})"

    def mean(self, value: str, condition: str) -> str:
        return self.real(self.call("avg", value, condition))

    def divide(self, left: str, right: str) -> str:
        return f"{self.real(left)} / NULLIF({self.real(right)}, 0)"

    def whole_match(self, text: str, pattern: str) -> str:
        # It matches whole texts only.
        return f"REGEXP_LIKE({text}, {self.text(pattern)})"

    def duration(self, start: str, end: str, unit: str) -> str:
        micros = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000}[unit]
        return f"CAST(DATEDIFF('microsecond', {start}, {end}) AS DOUBLE) / {micros}"
