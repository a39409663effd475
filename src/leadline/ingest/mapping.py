"""Mapping: from a table's records to the rows of one fact, staged in a temporary table with the verdict on each row."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.engines.duckdb import sql_errors, statement_errors, value_errors
from leadline.errors import DataError, DefinitionError
from leadline.ingest.cell import Style, convert
from leadline.ingest.expression import Expression
from leadline.ingest.record import UNREADABLE, Issue, Record, source_expressions
from leadline.ingest.source import FactMap, ValueType
from leadline.ingest.stylist import date_formats
from leadline.sql.name import literal, quote
from leadline.warehouse.column import COLUMN_TYPES

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.model.fact import Fact

NO_VALUE = "chr(0)"
NO_KEY = "CAST(NULL AS VARCHAR)"
BETWEEN = "chr(31)"

_READ_AS: dict[str, ValueType] = {
    "text": "text",
    "integer": "integer",
    "decimal": "number",
    "date": "date",
    "timestamp": "datetime",
    "boolean": "boolean",
}

_LATE_TIME = frozenset(("deal", "subscription", "stage_entry"))
_numbers = itertools.count(1)


class Mapped(Struct, frozen=True):
    """Rows of one fact, staged: `relation` holds the `columns` given, `_line`, `_key`, `_issue`, `_value`, `_flags`.

    `issues` are the rules behind `_issue`, by number; `rows` counts all of them, good and bad. Where they are not
    `keyed` the line is the key, and `_key` null; `in_order` says that they come as the table has them. `fixed` are
    columns with one value in all rows.
    """

    fact: Fact
    fact_map: FactMap
    relation: str
    columns: tuple[str, ...]
    issues: tuple[Issue, ...]
    rows: int
    unique: bool
    judged: str = ""
    view: bool = False
    keyed: bool = True
    in_order: bool = False
    fixed: Mapping[str, str] = {}


def define_macros(con: Connection) -> None:
    """Functions every mapping may use: `person(email, id)` is the id under which sources agree on a person."""
    con.execute(
        "CREATE OR REPLACE TEMP MACRO person(email, id) AS CASE WHEN contains(email, '@') "
        "THEN 'p_' || left(sha256(lower(trim(email))), 16) ELSE nullif(CAST(id AS VARCHAR), '') END"
    )


def stage_judged(con: Connection, record: Record) -> str:
    """The judged records in a table of their own, where several facts (or grouped rows) are made of them."""
    name = f"_judged_{next(_numbers)}"
    run(con, record.sql("SELECT * FROM judged"), record, into=name)
    return name


def map_fact(
    con: Connection, record: Record, number: int, fact: Fact, judged: str = "", *, view: bool = False
) -> Mapped:
    """Stage the rows that fact map `number` makes of a record (of the table `judged` when it is staged already).

    As a `view` nothing is computed yet, and `rows` counts the records.
    """
    return _Mapping(con, record, number, fact, judged).stage(view)


def run(con: Connection, sql: str, record: Record, *, into: str, view: bool = False) -> int:
    """Stage a query that contains a user's expressions in table (or view) `into`; returns its rows.

    SQL's complaints become a `DefinitionError` (it does not fit the columns) or a `DataError` (a value breaks it).
    """
    definition = record.delivery.definition
    try:
        row = con.execute(f"CREATE TEMP {'VIEW' if view else 'TABLE'} {into} AS\n{sql}").fetchone()
    except statement_errors() as error:
        raise DefinitionError(
            "bad-expression",
            f"The mapping of {definition.source.name} does not fit {record.delivery.table.file}.",
            why=f"{definition.file}: {_first_line(error)}",
            fix="declare the column's type under `columns:` (for example `InvoiceNo: text`), or convert it with a cast",
        ) from error
    except value_errors() as error:
        raise DataError(
            "expression-failed",
            f"An expression of {definition.source.name} fails on {record.delivery.table.file}.",
            why=f"{definition.file}: {_first_line(error)}",
            fix="use try_cast, or mend the value in the file",
        ) from error
    return record.delivery.table.rows if view else int(row[0]) if row else 0


def _first_line(error: Exception) -> str:
    return str(error).split("\n\n")[0].split("\nLINE")[0].replace("\n", " ").strip()


class _Mapping:
    """One fact map being written as SQL."""

    def __init__(self, con: Connection, record: Record, number: int, fact: Fact, judged: str) -> None:
        self.con = con
        self.record = record
        self.number = number
        self.fact = fact
        self.judged = judged
        self.fact_map = record.delivery.definition.source.facts[number]
        expressions = source_expressions(con, record.delivery.definition)
        self.columns: dict[str, Expression] = {
            name: expressions[("facts", number, "columns", name)]
            for name in self.fact_map.columns
            if self.fact_map.columns[name]
        }
        self.keys = [expressions[("facts", number, "key", part)] for part in range(len(self.fact_map.key))]
        self.issues = list(record.issues)
        self.conditions: list[tuple[int, str, str]] = []
        self.fixed: dict[str, str] = {}

    def stage(self, view: bool) -> Mapped:
        money = [name for name in self.columns if self.fact.column(name).unit == "money"]
        rows = self._mapped_step()
        types = self._types(rows)
        converted = {name: self._converted(name, types[name], rows) for name in self.columns}
        if self.fact.has_currency and money:
            converted["currency"] = self._currency(converted.get("currency"), money)
        self._time_rule()
        key, unique = self._key(types)
        columns = ", ".join(f"{sql} AS {quote(name)}" for name, sql in converted.items())
        parts = "".join(f", {quote(f'key {part}')}" for part in range(len(self.keys)) if f"key {part}" in types)
        given = "".join(
            f", {quote(name)} AS {quote('given ' + name)}" for _, name, _ in self.conditions if name in self.columns
        )
        given = "".join(dict.fromkeys(f", {piece}" for piece in given.split(", ") if piece))
        verdict = "".join(f" WHEN {condition} THEN {number}" for number, _, condition in self.conditions)
        value = "".join(
            f" WHEN {number} THEN CAST({quote('given ' + name)} AS VARCHAR)"
            for number, name, _ in self.conditions
            if name in self.columns
        )
        issue = f"CASE WHEN _issue <> 0 THEN _issue{verdict} ELSE 0 END" if verdict else "_issue"
        shown = f"coalesce(_value, CASE _issue_now{value} END)" if value else "_value"
        names = ", ".join(quote(name) for name in converted)
        relation = f"_stage_{self.fact.name}_{next(_numbers)}"
        select = (
            f"SELECT {names}, _line, _key, CAST(_issue_now AS SMALLINT) AS _issue, {shown} AS _value, _flags FROM (\n"
            f"SELECT *, {issue} AS _issue_now, {key} AS _key FROM (\n"
            f"SELECT _line, _issue, _value, _flags{parts}{given}, {columns} FROM mapped))"
        )
        count = run(self.con, self._with(rows, select), self.record, into=relation, view=view)
        return Mapped(
            self.fact, self.fact_map, relation, tuple(converted), tuple(self.issues), count, unique, self.judged, view,
            key != NO_KEY, self._in_order(), self.fixed,
        )  # fmt: skip

    def _in_order(self) -> bool:
        """Whether no step looks at other rows or tables, which may return rows in any order."""
        source = self.record.delivery.definition.source
        expressions = source_expressions(self.con, self.record.delivery.definition).values()
        across = any(one.windows or one.relations or one.bare.lower() == "_repeat" for one in expressions)
        return not (source.lookups or source.context or self.fact_map.group or across)

    def _with(self, rows: str, select: str) -> str:
        mapped = f"mapped AS NOT MATERIALIZED (\n{rows}\n)"
        if self.judged:
            context = [step for step in self.record.steps if step[0] in self.record.delivery.definition.source.context]
            steps = [f"{quote(name)} AS NOT MATERIALIZED (\n{body}\n)" for name, body in context]
            return "WITH " + ",\n".join([*steps, mapped]) + "\n" + select
        return self.record.sql("").rstrip() + ",\n" + mapped + "\n" + select

    def _mapped_step(self) -> str:
        """The fact's columns as the expressions give them, before conversion, and the parts of the key."""
        lines = []
        for name, expression in self.columns.items():
            variant = self.record.variants.get((expression.bare.lower(), self.fact.column(name).type))
            source = quote(variant) if variant and not self.fact_map.group else f"({expression.text}\n)"
            lines.append(f"{source} AS {quote(name)}")
        parts = []
        for part, expression in enumerate(self.keys):
            if self._key_column(expression) or expression.bare.lower() in ("_line", "_repeat"):
                continue
            parts.append(f"({expression.text}\n)")
            lines.append(f"({expression.text}\n) AS {quote(f'key {part}')}")
        # Judged rows in a table of their own are told and set aside once for all facts; else bad rows come along, even
        # those the filter would drop, for it may drop them only because their cell could not be read.
        wanted = f"({self.fact_map.where}\n)" if self.fact_map.where else ""
        good = "\nWHERE _issue = 0" + (f" AND {wanted}" if wanted else "")
        rows = self.judged or "judged"
        if not self.fact_map.group:
            where = good if self.judged else f"\nWHERE coalesce({wanted}, false) OR _issue <> 0" if wanted else ""
            return f"SELECT _line, _issue, _value, _flags, {', '.join(lines)}\nFROM {rows}{where}"
        by = ", ".join(f"({expression.text}\n)" for expression in self.keys)
        first = "min(_line) AS _line, 0 AS _issue, CAST(NULL AS VARCHAR) AS _value, bit_or(_flags) AS _flags"
        return f"SELECT {first}, {', '.join(lines)}\nFROM {rows}{good}\nGROUP BY {by}"

    def _types(self, rows: str) -> dict[str, str]:
        """SQL types of what the expressions give."""
        try:
            found = self.con.execute("DESCRIBE " + self._with(rows, "SELECT * FROM mapped")).fetchall()
        except sql_errors() as error:
            self._blame(error)
            raise
        return {row[0]: row[1] for row in found}

    def _blame(self, error: Exception) -> None:
        """Find the expression that does not bind, to name its line."""
        definition = self.record.delivery.definition
        rows = self.judged or "judged"
        for expression in (*self.columns.values(), *self.keys):
            if self.fact_map.group or expression.bare.lower() in ("_repeat",) or self._key_column(expression):
                continue
            probe = f"SELECT ({expression.text}\n) FROM {rows}"
            try:
                self.con.execute("DESCRIBE " + self._with(probe, "SELECT * FROM mapped"))
            except sql_errors() as reason:
                raise DefinitionError(
                    "bad-expression",
                    f"{expression.text!r} does not fit {self.record.delivery.table.file}.",
                    why=f"{expression.place}: {_first_line(reason)}",
                    fix="declare the column's type under `columns:` (for example `InvoiceNo: text`), or use a cast",
                ) from reason
        raise DefinitionError(
            "bad-expression",
            f"The mapping of {definition.source.name} does not fit {self.record.delivery.table.file}.",
            why=f"{definition.file}: {_first_line(error)}",
            fix="declare column types under `columns:` (for example `InvoiceNo: text`), or use casts",
        ) from error

    def _converted(self, name: str, kind: str, rows: str) -> str:
        """The column in its final type; a value that does not convert is an issue of its row."""
        column = self.fact.column(name)
        value = quote(name)
        expression = self.columns[name]
        if not self.fact_map.group and (expression.bare.lower(), column.type) in self.record.variants:
            return value
        style = self.record.style
        if kind == "VARCHAR" and column.type in ("date", "timestamp"):
            style = self._dated(rows, name)
        final = convert(value, kind, column.type, style, name)
        if final is None:
            raise DefinitionError(
                "type-mismatch",
                f"{expression.text!r} gives {kind.lower()} values, but {self.fact.name}.{name} is a {column.type}.",
                why=expression.place,
                fix="convert it with a cast, or map another column",
            )
        if (
            kind != COLUMN_TYPES[column.type] and column.type not in ("text", "timestamp")
        ) or kind == "VARCHAR" != COLUMN_TYPES[column.type]:
            rule, wanted = UNREADABLE[_READ_AS[column.type]]
            fix = f"correct the row, or the expression for {name} in {expression.place}"
            self._issue(
                Issue(0, rule, f"is not {wanted}", fix, name),
                name,
                f"{value} IS NULL AND {quote('given ' + name)} IS NOT NULL",
            )
        return final

    def _dated(self, rows: str, name: str) -> Style:
        """The style with the date formats that an expression's own texts show."""
        import msgspec

        sample = self.con.execute(
            self._with(rows, f"SELECT DISTINCT {quote(name)} FROM mapped WHERE {quote(name)} IS NOT NULL LIMIT 5000")
        ).fetchall()
        delivery = self.record.delivery
        formats = date_formats({name: [row[0] for row in sample]}, delivery)[name]
        return msgspec.structs.replace(self.record.style, dates={**self.record.style.dates, name: formats})

    def _currency(self, given: str | None, money: list[str]) -> str:
        default = literal(self.record.delivery.currency) if self.record.delivery.currency else "CAST(NULL AS VARCHAR)"
        amounts = " OR ".join(f"{quote(name)} IS NOT NULL" for name in money)
        fix = "add a currency column, `currency:` to the source, or to leadline.yaml"
        self._issue(
            Issue(0, "no-currency", "has an amount without a currency", fix, "currency"),
            "currency",
            f"currency IS NULL AND ({amounts})",
        )
        if given is None:
            if self.record.delivery.currency:
                self.fixed["currency"] = self.record.delivery.currency
            return default
        fix = "use ISO 4217 codes such as EUR"
        self._issue(
            Issue(0, "not-a-currency", "is not a three-letter currency code", fix, "currency"),
            "currency",
            "NOT regexp_full_match(currency, '[A-Z]{3}')",
        )
        return f"coalesce(upper(trim({given})), {default})"

    def _time_rule(self) -> None:
        """A row that says not when it happened belongs to no period."""
        name = self.fact.time
        if name in self.columns and self.fact.name not in _LATE_TIME:
            self._issue(
                Issue(0, "no-time", f"has no {name}", f"fill the column mapped to {self.fact.name}.{name}", name),
                name,
                f"{quote(name)} IS NULL",
            )

    def _issue(self, issue: Issue, name: str, condition: str) -> None:
        number = len(self.issues) + 1
        self.issues.append(Issue(number, issue.rule, issue.what, issue.fix, issue.column, issue.severity, issue.whole))
        self.conditions.append((number, name, condition))

    def _key_column(self, expression: Expression) -> str:
        """The fact column that a key part repeats; it takes that column's final value, so style does not matter."""
        if self.fact_map.group:
            return ""
        for name, column in self.columns.items():
            if column.text.strip().lower() == expression.text.strip().lower():
                return name
        known = self.record.fields
        if expression.bare and expression.bare in self.columns and expression.bare.lower() not in known:
            derived = {name.lower() for name in self.record.delivery.definition.source.derived}
            if expression.bare.lower() not in derived:
                return expression.bare
        return ""

    def _key(self, types: dict[str, str]) -> tuple[str, bool]:
        """SQL of the key as text, and whether it is unique by construction.

        Null where the line alone is the key: the warehouse knows such rows by their line, without a text each.
        """
        if [expression.bare.lower() for expression in self.keys] == ["_line"]:
            return NO_KEY, True
        parts: list[str] = []
        fixed: list[str] = []
        unique = self.fact_map.group
        for part, expression in enumerate(self.keys):
            bare = expression.bare.lower()
            if bare == "_repeat":
                parts.append("_repeat")
                unique = True
                continue
            if bare == "_line":
                text = "CAST(_line AS VARCHAR)"
                unique = True
            else:
                column = self._key_column(expression)
                if column:
                    text = f"CAST({quote(column)} AS VARCHAR)"
                else:
                    name = f"key {part}"
                    kind = types[name]
                    text = convert(quote(name), kind, "text", self.record.style) or f"CAST({quote(name)} AS VARCHAR)"
                fixed.append(text)
            parts.append(text if bare == "_line" else f"coalesce({text}, {NO_VALUE})")
        if fixed and not unique:
            missing = " AND ".join(f"{text} IS NULL" for text in fixed)
            self._issue(
                Issue(
                    0,
                    "no-key",
                    "has none of the columns that identify it",
                    f"fill {', '.join(self.fact_map.key)}, or choose another key",
                ),
                "",
                missing,
            )
        if "_repeat" in parts:
            others = ", ".join(part for part in parts if part != "_repeat") or "1"
            repeat = f"CAST(row_number() OVER (PARTITION BY {others} ORDER BY _line) AS VARCHAR)"
            parts = [repeat if part == "_repeat" else part for part in parts]
        return f" || {BETWEEN} || ".join(parts), unique
