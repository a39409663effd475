"""PostgreSQL: what it says differently from DuckDB."""

from __future__ import annotations

from leadline.model import tree
from leadline.sql.render import Renderer

PARTS = {"week": (7, "day"), "quarter": (3, "month")}
"""Units that not every engine has, in units that all have."""


def plain_interval(count: int, unit: str) -> tuple[int, str]:
    """An interval in seconds, days, months or years."""
    times, part = PARTS.get(unit, (1, unit))
    return count * times, part


class PostgresRenderer(Renderer):
    """Integers divide as whole numbers and averages come as decimals here, so both are asked for as real numbers."""

    reads_moments = False

    def interval(self, count: int, unit: str) -> str:
        number, part = plain_interval(count, unit)
        return f"INTERVAL '{number} {part}'"

    def date_trunc(self, grain: str, local: str) -> str:
        # Without the first cast a date would be read in the session's zone; the second makes labels dates.
        return f"CAST(date_trunc('{grain}', CAST({local} AS TIMESTAMP)) AS DATE)"

    def mean(self, value: str, condition: str) -> str:
        return self.real(self.call("avg", value, condition))

    def percentile(self, value: str, share: float, condition: str) -> str:
        suffix = f" FILTER (WHERE {condition})" if condition else ""
        return f"percentile_cont({share!r}) WITHIN GROUP (ORDER BY {value}){suffix}"

    def real(self, value: str) -> str:
        return f"CAST({value} AS DOUBLE PRECISION)"

    def divide(self, left: str, right: str) -> str:
        return f"{self.real(left)} / NULLIF({self.real(right)}, 0)"

    def apply(self, function: tree.Function, arguments: str) -> str:
        if function in {"lower", "upper"}:
            # The columns' own collation knows the letters of English only.
            arguments = f'{arguments} COLLATE "pg_c_utf8"'
        return f"{function}({arguments})"

    def whole_match(self, text: str, pattern: str) -> str:
        return f"({text} ~ {self.text(f'^(?:{pattern})$')})"

    def duration(self, start: str, end: str, unit: str) -> str:
        seconds = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}[unit]
        between = f"CAST({end} AS TIMESTAMP) - CAST({start} AS TIMESTAMP)"
        return f"CAST(EXTRACT(EPOCH FROM {between}) AS DOUBLE PRECISION) / {seconds}"

    def pattern(self, value: str) -> str:
        return f"{self.text(value)} ESCAPE ''"
