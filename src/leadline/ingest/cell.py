"""Cells: SQL that reads the text of a cell as a value, and converts a value to a fact column's type.

Times in expressions are wall-clock times of the source's zone; they become UTC on the way into the fact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest.source import ValueType
from leadline.ingest.style.date import date_sql, is_absolute, timestamp_sql
from leadline.ingest.style.number import DECIMAL, number_sql
from leadline.ingest.style.zone import zone_sql
from leadline.sql.name import literal
from leadline.warehouse.column import COLUMN_TYPES

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

MONEY = "DECIMAL(18, 6)"
TEXT_MARKS = frozenset(("NA", "None"))
"""Null marks that are values in a text column: Namibia, and a category named None."""

YES = (
    "true",
    "t",
    "yes",
    "y",
    "1",
    "ja",
    "oui",
    "vrai",
    "sí",
    "si",
    "evet",
    "doğru",
    "có",
    "đúng",
    "ya",
    "是",
    "真",
    "نعم",
    "x",
    "✓",
)
NO = (
    "false",
    "f",
    "no",
    "n",
    "0",
    "nein",
    "nee",
    "non",
    "faux",
    "hayır",
    "yanlış",
    "không",
    "sai",
    "tidak",
    "否",
    "假",
    "لا",
)

DIRECTIONS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that tell in which direction text runs, which are not seen and which programs put around numbers and dates."""
_WHITE = f"' \t\r\n\u00a0\u202f\ufeff{DIRECTIONS}'"
_BLANK = f"[\\s\u00a0\u202f\ufeff{DIRECTIONS}]*"
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "UHUGEINT", "BIGNUM")  # fmt: skip


class Style(Struct, frozen=True):
    """How a file writes values: decimal mark, date formats per column, the zone its clock times are in, null marks.

    `plain` says that numbers are not expected in any dress, `wide` that there may be white space beyond ASCII.
    """

    decimal: str = "."
    dates: dict[str, tuple[str, ...]] = {}
    zone: str = "UTC"
    nulls: tuple[str, ...] = ("",)
    plain: bool = False
    wide: bool = True

    def number(self, raw: str, type_: str = DECIMAL, *, percent: bool = True) -> str:
        """SQL that reads a text cell as a number; without `percent` a share is none."""
        return number_sql(raw, self.decimal, type_, plain_only=self.plain, percent=percent)

    def formats(self, column: str) -> tuple[str, ...]:
        """Date formats of a column; those of the whole file when it has none of its own."""
        return self.dates.get(column) or self.dates.get("") or ()


def trimmed(raw: str) -> str:
    """The cell without surrounding white space."""
    return f"trim({raw}, {_WHITE})"


def undirected(raw: str, style: Style) -> str:
    """The cell without marks of direction, where there may be any."""
    return f"translate({raw}, '{DIRECTIONS}', '')" if style.wide else raw


def text_value(raw: str, style: Style) -> str:
    """The cell as text; null when it holds a null mark.

    Trimming a set of characters is dear, so only cells that begin or end oddly are trimmed.
    """
    marks = list(dict.fromkeys(mark.strip() for mark in style.nulls if mark not in TEXT_MARKS))
    longest = max((len(mark.encode()) for mark in marks), default=0)
    odd = f"{raw} < '0' OR ends_with({raw}, ' ')"
    if style.wide:
        odd += f" OR {raw} >= '\u0080' OR right({raw}, 1) >= '\u0080'"
    return (
        f"CASE WHEN {odd} THEN CASE WHEN NOT {one_of(raw, marks)} THEN {trimmed(raw)} END "
        f"WHEN strlen({raw}) <= {longest} THEN CASE WHEN NOT {one_of(raw, marks)} THEN {raw} END ELSE {raw} END"
    )


def has_value(raw: str, style: Style) -> str:
    """Whether the cell holds anything but a null mark."""
    marks = list(dict.fromkeys(mark.strip() for mark in style.nulls))
    return f"({raw} IS NOT NULL AND NOT {one_of(raw, marks)})"


def one_of(value: str, texts: Sequence[str]) -> str:
    """Whether `value`, white space around it aside, is one of some texts."""
    # TRICKY: DuckDB turns a longer IN list into a join that is computed for every row, even in a CASE branch.
    words = "|".join(re.escape(text) for text in texts)
    return f"regexp_full_match({value}, {literal(f'{_BLANK}({words}){_BLANK}')})"


def typed_value(raw: str, kind: ValueType, style: Style, column: str, scale: int = 1) -> str:
    """The cell as a value of `kind`; null when it cannot be read so (percentages as shares, durations in seconds)."""
    if kind == "text":
        return text_value(raw, style)
    raw = undirected(raw, style)
    match kind:
        case "integer":
            return scaled(whole_value(raw, style), scale, "BIGINT")
        case "number" | "money":
            share = kind == "number"
            if scale == 1:
                return style.number(raw, MONEY, percent=share)
            return scaled(style.number(raw, percent=share), scale, MONEY)
        case "percent":
            return f"CAST({style.number(raw)} AS DOUBLE)"
        case "date":
            return date_sql(raw, style.formats(column))
        case "datetime":
            return clock_value(raw, style, column)
        case "boolean":
            return boolean_sql(raw)
        case "duration":
            return duration_value(raw, style)


def whole_value(raw: str, style: Style) -> str:
    """The cell as a whole number; null when it has a fraction.

    Numbers of 38 digits are dear, so a short cell is read as a smaller one: it has at most six decimals.
    """
    long = _whole(style.number(raw, percent=False), "DECIMAL")
    if style.decimal != ".":
        return long
    short = f"strlen({raw}) <= 7 AND NOT contains({raw}, '_') AND TRY_CAST({raw} AS {MONEY}) % 1 = 0"
    return f"CASE WHEN {short} THEN TRY_CAST({raw} AS BIGINT) ELSE {long} END"


def duration_value(raw: str, style: Style) -> str:
    """Seconds of a cell like `01:02:03`, `62:03` or a plain number of seconds."""
    parts = f"list_reverse(string_split({trimmed(raw)}, ':'))"
    clock = (
        f"list_sum(list_transform(list_zip({parts}, [1, 60, 3600]), "
        f"lambda part: TRY_CAST(part[1] AS DOUBLE) * part[2]))"
    )
    shaped = f"regexp_full_match({trimmed(raw)}, '(\\d+:)?\\d{{1,2}}:\\d{{2}}([.]\\d+)?')"
    return f"CASE WHEN {shaped} THEN {clock} ELSE CAST({style.number(raw)} AS DOUBLE) END"


def scaled(value: str, scale: int, kind: str) -> str:
    """A number divided by `scale` (micros, cents), exactly, as SQL type `kind`."""
    if scale == 1:
        return f"TRY_CAST({value} AS {kind})"
    power = len(str(scale)) - 1
    if scale == 10**power:
        return f"TRY_CAST({value} * {'0.' + '0' * (power - 1) + '1'} AS {kind})"
    return f"TRY_CAST({value} / {scale} AS {kind})"


def clock_value(raw: str, style: Style, column: str) -> str:
    """The cell as the clock of the source's zone shows it."""
    formats = style.formats(column)
    if style.zone == "UTC" or not any(is_absolute(form) for form in formats):
        return timestamp_sql(raw, formats, "UTC")
    moment = timestamp_sql(raw, formats, style.zone)
    return f"timezone({literal(style.zone)}, timezone('UTC', {moment}))"


def moment_value(raw: str, style: Style, column: str) -> str:
    """The cell as a UTC timestamp."""
    return timestamp_sql(undirected(raw, style), style.formats(column), style.zone)


def utc(clock: str, zone: str) -> str:
    """A wall-clock timestamp of `zone` in UTC."""
    return clock if zone == "UTC" else zone_sql(clock, zone)


def convert(value: str, kind: str, target: str, style: Style, column: str = "") -> str | None:
    """A value of SQL type `kind` as the type of a fact column (`target`); None when they have nothing in common."""
    final = COLUMN_TYPES[target]
    if kind == final and target not in ("text", "timestamp"):
        return value
    if kind == '"NULL"' or kind == "NULL":
        return f"CAST(NULL AS {final})"
    if kind == "VARCHAR" and target != "text":
        return _from_text(value, target, style, column)
    number = kind in _NUMERIC or kind.startswith(("DECIMAL", "DOUBLE", "FLOAT"))
    match target:
        case "text":
            if kind == "VARCHAR":
                return f"nullif({value}, '')"
            if kind in ("DOUBLE", "FLOAT"):
                return f"CASE WHEN {value} = trunc({value}) AND abs({value}) < 1e15 THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE CAST({value} AS VARCHAR) END"  # noqa: E501
            return f"CAST({value} AS VARCHAR)"
        case "integer" if number:
            return f"TRY_CAST({value} AS {final})" if kind in _NUMERIC else _whole(value, kind)
        case "decimal" if number:
            return f"TRY_CAST({value} AS {final})"
        case "date" if kind == "DATE":
            return value
        case "date" if kind.startswith("TIMESTAMP"):
            return f"CAST({_local(value, kind, style)} AS DATE)"
        case "timestamp" if kind == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {value})"
        case "timestamp" if kind == "DATE" or kind.startswith("TIMESTAMP"):
            return utc(f"CAST({value} AS TIMESTAMP)", style.zone)
        case "boolean" if kind == "BOOLEAN":
            return value
        case "boolean" if number:
            return f"({value} <> 0)"
    return None


def _from_text(value: str, target: str, style: Style, column: str) -> str:
    """Text read as a fact column's type."""
    match target:
        case "integer":
            return typed_value(value, "integer", style, column)
        case "decimal":
            return typed_value(value, "number", style, column)
        case "date":
            return typed_value(value, "date", style, column)
        case "timestamp":
            return moment_value(value, style, column)
        case _:
            return boolean_sql(value)


def _whole(value: str, kind: str) -> str:
    """A number as BIGINT; null when it has a fraction."""
    return f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS BIGINT) END"


def _local(value: str, kind: str, style: Style) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone({literal(style.zone)}, {value})"
    return value


def boolean_sql(raw: str) -> str:
    """Yes or no, in the words of several languages; null for anything else."""
    word = f"lower({raw})"
    return f"CASE WHEN {one_of(word, YES)} THEN true WHEN {one_of(word, NO)} THEN false END"


def sample_texts(con: Connection, relation: str, rows: int, raw: str) -> list[str]:
    """Different texts of a column (`raw` is its SQL): all of a small relation's, a spread of a large one's."""
    step = max(1, rows // 20_000)
    spread = f" AND (_line % {step} = 0 OR _line < 2000)" if step > 1 else ""
    found = con.execute(f"SELECT DISTINCT {raw} FROM {relation} WHERE {raw} IS NOT NULL{spread} LIMIT 1000").fetchall()
    return [str(row[0]) for row in found]
