"""Records: the rows of a delivered table with the source's own columns read, looked up, derived and judged.

The SQL is a chain of steps, each a common table expression: `record` (cells read), `joined` (lookups), one step per
derived column, `kept` (totals and filtered rows gone) and `judged` (`_issue` numbers the first rule a row breaks, with
the offending `_value`; `_flags` has a bit per warning).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import DataError, DefinitionError, meant
from leadline.ingest.cell import Style
from leadline.ingest.definition import Definition
from leadline.ingest.expression import Expression, parse_expressions
from leadline.ingest.header import Headers
from leadline.ingest.source import Severity, ValueType
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read.table import Table

NULL_TYPES: dict[ValueType, str] = {
    "text": "VARCHAR", "integer": "BIGINT", "number": "DECIMAL(18, 6)", "money": "DECIMAL(18, 6)", "percent": "DOUBLE",
    "date": "DATE", "datetime": "TIMESTAMP", "boolean": "BOOLEAN", "duration": "DOUBLE",
}  # fmt: skip

UNREADABLE: dict[ValueType, tuple[str, str]] = {
    "text": ("not-text", "text"),
    "integer": ("not-a-number", "a whole number"),
    "number": ("not-a-number", "a number"),
    "money": ("not-a-number", "an amount"),
    "percent": ("not-a-number", "a percentage"),
    "date": ("not-a-date", "a date"),
    "datetime": ("not-a-date", "a date and time"),
    "boolean": ("not-yes-or-no", "yes or no"),
    "duration": ("not-a-duration", "a duration"),
}
SYSTEM = ("_line", "_file", "_currency", "_preamble_start", "_preamble_end", "_first", "_repeat")


class Delivery(Struct, frozen=True):
    """What a mapping knows of a delivered table besides its rows.

    `first` and `last` are the range the file states above its header; `currency` is the one its amounts are in unless a
    column says otherwise; `lookups` are staged already.
    """

    table: Table
    tables: Sequence[Table]
    definition: Definition
    headers: Headers
    context: Mapping[str, tuple[int, Headers]]
    lookups: Mapping[str, Table]
    zone: str
    currency: str
    first: dt.date | None = None
    last: dt.date | None = None
    currency_known: bool = False


class Issue(Struct, frozen=True):
    """A rule a row can break: `number` is its code in `_issue`, or its bit in `_flags` when it only warns."""

    number: int
    rule: str
    what: str
    fix: str = ""
    column: str = ""
    severity: Severity = "error"
    whole: bool = False


class Field(Struct, frozen=True):
    """A column of the source: the file's header for it, or what stands in; `raw` is SQL for the delivered value."""

    name: str
    raw: str
    kind: ValueType | None
    header: str = ""
    scale: int = 1
    native: str = ""
    declared: bool = False

    @property
    def shown(self) -> str:
        """The column as the file calls it."""
        return self.header or self.name


class Record(Struct, frozen=True):
    """The rows of a table, as SQL.

    `steps` are the common table expressions up to `judged`; `before_totals` names the step whose rows include totals
    and `is_total` is the condition that makes one. `typed` gives the result type of each name a step exposes.
    """

    delivery: Delivery
    steps: tuple[tuple[str, str], ...]
    issues: tuple[Issue, ...]
    flags: tuple[Issue, ...]
    style: Style
    fields: Mapping[str, Field]
    variants: Mapping[tuple[str, str], str]
    is_total: str = ""
    before_totals: str = "record"

    def sql(self, select: str, *, upto: str = "judged") -> str:
        """A whole query: the steps up to and with `upto`, then `select`."""
        parts = []
        for name, body in self.steps:
            parts.append(f"{quote(name)} AS NOT MATERIALIZED (\n{body}\n)")
            if name == upto:
                break
        return "WITH " + ",\n".join(parts) + "\n" + select


def source_expressions(con: Connection, definition: Definition) -> dict[tuple[str | int, ...], Expression]:
    """Every expression of a definition by its path (`("facts", 0, "columns", "amount")`), parsed and checked."""
    source = definition.source
    paths: list[tuple[tuple[str | int, ...], str]] = []

    def add(text: str, *path: str | int) -> None:
        if text:
            paths.append((path, text))

    for name, text in source.derived.items():
        add(text, "derived", name)
    add(source.where, "where")
    for name, lookup in source.lookups.items():
        add(lookup.on, "lookups", name, "on")
        add(lookup.where, "lookups", name, "where")
        add(lookup.newest, "lookups", name, "newest")
    for number, check in enumerate(source.checks):
        add(check.that, "checks", number, "that")
    for number, checksum in enumerate(source.checksums):
        add(checksum.column, "checksums", number, "column")
        add(checksum.equals, "checksums", number, "equals")
        add(checksum.slack, "checksums", number, "slack")
    if source.totals:
        add(source.totals.where, "totals", "where")
    for number, fact_map in enumerate(source.facts):
        add(fact_map.where, "facts", number, "where")
        for part, text in enumerate(fact_map.key):
            add(text, "facts", number, "key", part)
        for column, text in fact_map.columns.items():
            add(text, "facts", number, "columns", column)
    parsed = parse_expressions(con, [(text, definition.place(*path)) for path, text in paths])
    result = {path: expression for (path, _), expression in zip(paths, parsed, strict=True)}
    for expression in result.values():
        for relation in expression.relations:
            if relation not in source.context:
                raise DefinitionError(
                    "bad-expression",
                    f"{expression.text!r} reads {relation!r}, which is no context of this source.",
                    why=expression.place,
                    fix="a mapping sees its row, its `lookups:` and its `context:`",
                )
    return result


def needed_columns(con: Connection, definition: Definition) -> tuple[str, ...]:
    """Names of the file's columns a workspace's own source reads: what a file must have to be its."""
    source = definition.source
    known = {name.lower() for name in (*source.derived, *source.lookups, *SYSTEM)}
    facts = {name.lower() for fact_map in source.facts for name in fact_map.columns}
    needed: dict[str, None] = {}
    for path, expression in source_expressions(con, definition).items():
        if expression.relations or (path[0] == "lookups" and path[2] != "on"):
            continue
        for parts in expression.columns:
            name = parts[0]
            lower = name.lower()
            if lower in known or (len(parts) > 1 and lower in known):
                continue
            if path[0] == "facts" and path[2] == "key" and lower in facts:
                continue
            needed[name.removeprefix("raw_") if lower.startswith("raw_") else name] = None
    return tuple(needed)


def lookup_keys(name: str, on: Expression) -> tuple[str, ...]:
    """Columns of a lookup that its `on` compares."""
    return tuple(dict.fromkeys(parts[1] for parts in on.columns if len(parts) > 1 and parts[0].lower() == name.lower()))


def native_types(con: Connection, table: Table) -> dict[str, str]:
    """SQL types of a table's columns; empty when all are text as delivered."""
    if table.text:
        return {}
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {table.relation}").fetchall()}


def unknown_column(delivery: Delivery, name: str, place: str) -> DataError:
    """A column the mapping names and the file lacks."""
    source = delivery.definition.source
    names = [*delivery.table.columns, *source.columns, *source.derived]
    shown = ", ".join(repr(column) for column in delivery.table.columns[:12])
    return DataError(
        "unknown-column",
        f"{delivery.table.file} has no column {name!r}.",
        why=f"{place} reads it; the file has {shown}",
        fix=meant(name, names, "map a column the file has", told=repr),
    )
