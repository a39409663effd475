"""The SQL of records: every step from delivered cells to judged rows, written for one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadline.errors import DefinitionError
from leadline.ingest.cell import Style, convert, has_value, moment_value, text_value, trimmed, typed_value
from leadline.ingest.expression import Expression
from leadline.ingest.header import normalise
from leadline.ingest.record import (
    NULL_TYPES,
    SYSTEM,
    UNREADABLE,
    Delivery,
    Field,
    Issue,
    Record,
    lookup_keys,
    native_types,
    source_expressions,
    unknown_column,
)
from leadline.ingest.source import SourceColumn, ValueType
from leadline.ingest.stylist import Clue, find_style
from leadline.sql.name import literal, quote
from leadline.warehouse.column import COLUMN_TYPES

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read.table import Table
    from leadline.model.fact import Fact


def build_record(con: Connection, delivery: Delivery, facts: Mapping[str, Fact]) -> Record:
    """Write the SQL of a table's record; `DefinitionError` for names and types the file cannot serve."""
    return _Builder(con, delivery, facts).build()


class _Builder:
    """Collects what one table's record needs, in the order the SQL is written."""

    def __init__(self, con: Connection, delivery: Delivery, facts: Mapping[str, Fact]) -> None:
        self.con = con
        self.delivery = delivery
        self.source = delivery.definition.source
        self.table = delivery.table
        self.facts = facts
        self.expressions = source_expressions(con, delivery.definition)
        self.fields: dict[str, Field] = {}
        self.headers = {normalise(column): column for column in delivery.table.columns}
        self.natives = native_types(con, delivery.table)
        self.plain: dict[str, ValueType] = {}
        self.wanted: dict[tuple[str, str], str] = {}
        self.issues: list[Issue] = []
        self.flags: list[Issue] = []
        self.conditions: list[tuple[str, str]] = []
        self.warnings: list[str] = []
        self.style = Style()
        self.undated = ""

    def build(self) -> Record:
        needs, bare = self._needs()
        for name in needs:
            self._resolve(name)
        undeclared = [field for name in needs if (field := self.fields.get(name)) and self._is_open(field)]
        for key in bare:
            self._resolve(key[0])
        clues = [Clue(field.shown, field.raw, None) for field in undeclared]
        for name in needs:
            field = self.fields.get(name)
            if field and field.kind and self._is_text(field):
                clues.append(Clue(field.shown, field.raw, field.kind))
        for name, target in bare:
            field = self.fields.get(name)
            if field and self._is_text(field):
                clues.append(Clue(field.shown, field.raw, _target_kind(field, target)))
        self.style, guessed = find_style(self.con, self.table, clues, self.source, self.delivery)
        as_text = {parts[-1].lower() for path, expression in self.expressions.items()
                   if path[0] == "lookups" and path[2] == "on" for parts in expression.columns}  # fmt: skip
        for name in needs:
            field = self.fields.get(name)
            if field is not None and not (not field.declared and name in as_text):
                self.plain[name] = field.kind or guessed.get(field.shown, "text")
            elif field is not None:
                self.plain[name] = "text"
        steps = [("record", self._record_step(needs, bare))]
        if self.source.lookups:
            steps.append(("joined", self._lookup_step()))
        before_totals = steps[-1][0]
        is_total = self._total_condition()
        if is_total:
            steps.append(("counted", f"SELECT * FROM {quote(before_totals)} WHERE NOT coalesce({is_total}, false)"))
        for name in self.source.derived:
            text = self.expressions[("derived", name)].text
            steps.append((f"with {name}", f"SELECT *, ({text}\n) AS {quote(name)} FROM {quote(steps[-1][0])}"))
        if self.source.where:
            unreadable = "".join(f" OR {condition}" for condition, _ in self.conditions)
            wanted = f"coalesce(({self.source.where}\n), false){unreadable}"
            steps.append(("kept", f"SELECT * FROM {quote(steps[-1][0])} WHERE {wanted}"))
        self._source_rules()
        steps.append(("judged", self._judged_step(steps[-1][0])))
        context = [(name, self._context_step(name)) for name in self.source.context]
        return Record(
            self.delivery, (*context, *steps), tuple(self.issues), tuple(self.flags), self.style, self.fields,
            dict(self.wanted), is_total, before_totals,
        )  # fmt: skip

    def _needs(self) -> tuple[dict[str, None], dict[tuple[str, str], None]]:
        """Columns needed as values in expressions, and those that go straight into a fact column of some type."""
        needs: dict[str, None] = {}
        bare: dict[tuple[str, str], None] = {}
        derived = {name.lower() for name in self.source.derived}
        for path, expression in self.expressions.items():
            if path[0] == "lookups" and path[2] != "on":
                continue
            if path[0] == "facts" and self._goes_straight(int(path[1]), expression):
                if path[2] == "columns":
                    column = self.facts[self.source.facts[int(path[1])].fact].column(str(path[3]))
                    bare[(expression.bare.lower(), column.type)] = None
                    continue
                if path[2] == "key" and any(
                    other.text == expression.text
                    for at, other in self.expressions.items()
                    if at[:3] == (*path[:2], "columns")
                ):
                    continue
            for parts in expression.columns:
                needs[parts[0].lower()] = None
            self._check_names(path, expression)
        for name in (self.source.daily, *(self.source.range_columns or ()),
                     *(self.source.totals.sums if self.source.totals else ())):  # fmt: skip
            if name and name.lower() not in derived:
                needs[name.lower()] = None
        return needs, bare

    def _goes_straight(self, number: int, expression: Expression) -> bool:
        """Whether an expression is nothing but a column of the file, so that it is read as the fact column wants it."""
        lower = expression.bare.lower()
        derived = {name.lower() for name in self.source.derived}
        if not lower or lower in derived or lower.startswith(("_", "raw_")) or self.source.facts[number].group:
            return False
        return self._field(expression.bare) is not None

    def _check_names(self, path: tuple[str | int, ...], expression: Expression) -> None:
        """Refuse a column that neither the source nor the file has, with the closest names."""
        source = self.source
        own = {name.lower() for name in (*source.columns, *source.derived, *source.lookups, *source.context, *SYSTEM)}
        inner = {name.lower() for name in expression.relations for name in source.context[name].columns}
        facts = set()
        if path[0] == "facts" and path[2] == "key":
            facts = {name.lower() for name in source.facts[int(path[1])].columns}
        for parts in expression.columns:
            name = parts[0].lower()
            if name in own or name in inner or name in facts or self._field(parts[0]) is not None:
                continue
            if name.startswith("raw_") and self._field(parts[0][4:]) is not None:
                continue
            raise unknown_column(self.delivery, parts[0], expression.place)

    def _field(self, name: str) -> Field | None:
        """The column an expression means by `name`; None when there is none."""
        lower = name.lower()
        if lower in self.fields:
            return self.fields[lower]
        own = next((key for key in self.source.columns if key.lower() == lower), None)
        if own is not None:
            column = self.source.columns[own]
            header = self.delivery.headers.columns.get(own, "")
            raw = quote(header) if header else self._constant(own, column)
            native = self.natives.get(header, "VARCHAR") if header else "VARCHAR"
            self.fields[lower] = Field(own, raw, column.type, header, column.scale, native, True)
            return self.fields[lower]
        header = self.headers.get(normalise(name), "")
        if not header:
            return None
        self.fields[lower] = Field(name, quote(header), None, header, 1, self.natives.get(header, "VARCHAR"))
        return self.fields[lower]

    def _resolve(self, name: str) -> None:
        self._field(name.removeprefix("raw_") if name.startswith("raw_") else name)

    def _constant(self, name: str, column: SourceColumn) -> str:
        """What stands for a column the file lacks: a value from above the header, the report's only day, or null."""
        if column.preamble:
            found = re.search(column.preamble, "\n".join(self.table.preamble), re.IGNORECASE | re.MULTILINE)
            if found:
                return literal(next((group for group in found.groups() if group), found[0]))
        delivery = self.delivery
        if name == self.source.daily and delivery.first is not None and delivery.first == delivery.last:
            self.undated = name
            return literal(delivery.first.isoformat())
        return "NULL"

    def _is_text(self, field: Field) -> bool:
        return field.native == "VARCHAR" and field.raw != "NULL"

    def _is_open(self, field: Field) -> bool:
        return self.table.text and field.kind is None

    def _record_step(self, needs: Mapping[str, None], bare: Mapping[tuple[str, str], None]) -> str:
        """Cells read: each needed column as a value under its name, and as the fact columns want it."""
        lines = ["_line"]
        raws: dict[str, None] = {}
        made: dict[str, str] = {}
        later: list[str] = []
        total_columns = self.source.totals.columns if self.source.totals else ()
        for name in needs:
            if name.startswith("raw_") and name[4:] in self.fields:
                raws[name[4:]] = None
                continue
            if name in ("_line", "_repeat"):
                continue
            if name in SYSTEM:
                lines.append(f"{self._system(name)} AS {quote(name)}")
                continue
            field = self.fields.get(name)
            if field is None:
                continue
            value, kind = self._value(field, self.plain[name])
            lines.append(f"{value} AS {quote(field.name)}")
            made[value] = field.name
            if kind != "text" and field.raw != "NULL":
                raws[name] = None
                self._unreadable(field, quote(field.name), kind)
        for name, target in bare:
            field = self.fields[name]
            sql = self._variant(field, target)
            again = self._again(field, target, made)
            if sql in made:
                self.wanted[(name, target)] = made[sql]
                continue
            variant = f"{field.name} as {target}"
            made[sql] = variant
            self.wanted[(name, target)] = variant
            (later if again else lines).append(f"{again or sql} AS {quote(variant)}")
            kind = _target_kind(field, target)
            if target != "text" and field.raw != "NULL":
                raws[name] = None
                self._unreadable(field, quote(variant), kind)
        for name in total_columns:
            if name == "_first":
                if "_first" not in needs:
                    lines.append(f"{self._system('_first')} AS _first")
            elif (field := self._field(name)) is not None:
                raws[name.lower()] = None
        for number, _ in enumerate(self.source.checksums):
            name = self.expressions[("checksums", number, "column")].bare.lower()
            if name in self.fields:
                raws[name] = None
        for name in raws:
            field = self.fields[name]
            raw = field.raw if self._is_text(field) or field.raw == "NULL" else f"CAST({field.raw} AS VARCHAR)"
            lines.append(f"{raw if raw != 'NULL' else 'CAST(NULL AS VARCHAR)'} AS {quote('raw_' + name)}")
        rows = "SELECT " + ",\n  ".join(dict.fromkeys(lines)) + f"\nFROM {self.table.relation}"
        return f"SELECT *,\n  {', '.join(later)}\nFROM (\n{rows}\n)" if later else rows

    def _again(self, field: Field, target: str, made: Mapping[str, str]) -> str:
        """SQL for a number as a fact column's type from what it was read as already; empty when it was not."""
        kind = _target_kind(field, target)
        if not self._is_text(field) or kind not in ("integer", "number", "money", "percent", "duration"):
            return ""
        name = made.get(typed_value(field.raw, kind, self.style, field.shown, field.scale))
        return convert(quote(name), NULL_TYPES[kind], target, self.style) or "" if name else ""

    def _system(self, name: str) -> str:
        delivery = self.delivery
        match name:
            case "_file":
                return literal(self.table.file)
            case "_currency":
                return literal(delivery.currency) if delivery.currency else "CAST(NULL AS VARCHAR)"
            case "_preamble_start" | "_preamble_end":
                day = delivery.first if name == "_preamble_start" else delivery.last
                return f"DATE '{day.isoformat()}'" if day else "CAST(NULL AS DATE)"
            case "_first":
                first = self.table.columns[0]
                return f"CAST({quote(first)} AS VARCHAR)"
            case _:
                return quote(name)

    def _value(self, field: Field, kind: ValueType) -> tuple[str, ValueType]:
        """SQL for a column's value in expressions, and its kind (text when it needs no reading)."""
        if field.raw == "NULL":
            return f"CAST(NULL AS {NULL_TYPES[kind]})", kind
        if self._is_text(field):
            return typed_value(field.raw, kind, self.style, field.shown, field.scale), kind
        if field.scale != 1:
            return f"({field.raw} / {field.scale})", "text"
        return field.raw, "text"

    def _variant(self, field: Field, target: str) -> str:
        """SQL for a column as a fact column's type."""
        if field.raw == "NULL":
            return f"CAST(NULL AS {COLUMN_TYPES[target]})"
        if self._is_text(field):
            kind = _target_kind(field, target)
            if target == "timestamp":
                return moment_value(field.raw, self.style, field.shown)
            value = typed_value(field.raw, kind, self.style, field.shown, field.scale)
            if kind == "datetime":
                return f"CAST({value} AS DATE)"
            if kind in ("percent", "duration", "number", "money", "integer"):
                return convert(value, NULL_TYPES[kind], target, self.style) or value
            return value
        raw = field.raw if field.scale == 1 else f"({field.raw} / {field.scale})"
        native = field.native if field.scale == 1 else "DOUBLE"
        value_sql = convert(raw, native, target, self.style, field.shown)
        if value_sql is None:
            raise DefinitionError(
                "type-mismatch",
                f"Column {field.shown!r} holds {native.lower()} values, which cannot become a {target}.",
                why=self.delivery.definition.file,
                fix="convert it in the mapping with a cast, or map another column",
            )
        return value_sql

    def _unreadable(self, field: Field, value: str, kind: ValueType) -> None:
        """A cell with something in it that cannot be read is an issue of its row."""
        raw = quote("raw_" + field.name.lower())
        rule, wanted = UNREADABLE[kind]
        given = has_value(raw, self.style)
        if kind == "percent":
            given += f" AND NOT regexp_matches({raw}, '^\\s*[<>]')"
        fix = "correct the cell in the export, or the column's `type` in the mapping"
        self._issue(
            Issue(0, rule, f"is not {wanted}", fix, field.shown),
            f"CASE WHEN {value} IS NULL THEN {given} ELSE false END",
            raw,
        )

    def _issue(self, issue: Issue, condition: str, value: str = "NULL") -> None:
        self.issues.append(Issue(len(self.issues) + 1, issue.rule, issue.what, issue.fix, issue.column,
                                 issue.severity, issue.whole))  # fmt: skip
        self.conditions.append((condition, value))

    def _flag(self, issue: Issue, condition: str) -> None:
        self.flags.append(Issue(len(self.flags), issue.rule, issue.what, issue.fix, issue.column,
                                issue.severity, issue.whole))  # fmt: skip
        self.warnings.append(condition)

    def _lookup_step(self) -> str:
        """Lookups joined, each as one structured column under its name."""
        joins, columns = [], []
        for name, lookup in self.source.lookups.items():
            staged = self.delivery.lookups[name]
            given = ", ".join(
                f"{text_value(quote(column), self.style) if staged.text else quote(column)} AS {quote(column)}"
                for column in staged.columns
            )
            where = f" WHERE ({lookup.where}\n)" if lookup.where else ""
            keys = lookup_keys(name, self.expressions[("lookups", name, "on")])
            newest = ""
            if lookup.newest:
                group = ", ".join(quote(key) for key in keys)
                newest = f" QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY ({lookup.newest}\n) DESC) = 1"
            rows = f"SELECT * FROM (SELECT {given} FROM {staged.relation}){where}{newest}"
            packed = ", ".join(f"{quote(column)} := {quote(column)}" for column in staged.columns)
            alias = quote(f"{name} rows")
            joins.append(
                f"LEFT JOIN (SELECT struct_pack({packed}) AS {quote(name)} FROM ({rows})) AS {alias} ON ({lookup.on}\n)"
            )
            columns.append(f"{alias}.{quote(name)}")
        return f"SELECT record.*, {', '.join(columns)} FROM record\n" + "\n".join(joins)

    def _context_step(self, name: str) -> str:
        """Another table of the file as a relation with our column names."""
        context = self.source.context[name]
        place = self.delivery.context.get(name)
        if place is None:
            columns = [
                f"CAST(NULL AS {NULL_TYPES[column.type]}) AS {quote(key)}" for key, column in context.columns.items()
            ]
            return f"SELECT NULL::BIGINT AS _line, {', '.join(columns)} WHERE false"
        number, headers = place
        table = self.delivery.tables[number]
        natives = native_types(self.con, table)
        clues, lines = [], ["_line"]
        for key, column in context.columns.items():
            header = headers.columns.get(key)
            if header and natives.get(header, "VARCHAR") == "VARCHAR":
                clues.append(Clue(header, quote(header), column.type))
        style, _ = find_style(self.con, table, clues, self.source, self.delivery)
        for key, column in context.columns.items():
            header = headers.columns.get(key)
            if header is None:
                value = f"CAST(NULL AS {NULL_TYPES[column.type]})"
            elif natives.get(header, "VARCHAR") == "VARCHAR":
                value = typed_value(quote(header), column.type, style, header, column.scale)
            else:
                value = quote(header)
            lines.append(f"{value} AS {quote(key)}")
        return f"SELECT {', '.join(lines)} FROM {table.relation}"

    def _total_condition(self) -> str:
        """What makes a row a total: SQL over the record, empty when the source has none."""
        totals = self.source.totals
        if totals is None:
            return ""
        parts = []
        if totals.pattern:
            parts += [f"regexp_matches({cell}, {literal(totals.pattern)}, 'i')" for cell in self._total_cells()]
        if totals.where:
            parts.append(self._without_day(f"({totals.where}\n)"))
        return " OR ".join(f"coalesce({part}, false)" for part in parts)

    def _without_day(self, condition: str) -> str:
        """A condition on rows as delivered: a totals row without a day has none, though the report is of one day."""
        if not self.undated:
            return condition
        return f"(SELECT {condition} FROM (SELECT CAST(NULL AS DATE) AS {quote(self.undated)}) AS undated)"

    def _total_cells(self) -> list[str]:
        names = self.source.totals.columns if self.source.totals else ()
        return [trimmed("_first" if name == "_first" else quote("raw_" + name.lower())) for name in names
                if name == "_first" or self._field(name) is not None]  # fmt: skip

    def _source_rules(self) -> None:
        """The source's own checks and checksums."""
        for check in self.source.checks:
            issue = Issue(0, check.rule, check.what, check.fix, "", check.severity, check.whole)
            broken = f"NOT coalesce(({check.that}\n), true)"
            if check.severity == "error":
                self._issue(issue, broken)
            else:
                self._flag(issue, broken)
        for number, checksum in enumerate(self.source.checksums):
            name = self.expressions[("checksums", number, "column")].bare.lower()
            field = self.fields.get(name)
            if field is not None and field.raw == "NULL":
                continue
            digits = checksum.digits
            if field is not None and self._is_text(field):
                digits = min(digits, printed_digits(self.con, self.table, field, self.style))
                digits += 2 if field.kind == "percent" and self._has_percent(field) else 0
            allowed = f"{0.5 * 10.0**-digits:.12f}"
            slack = f" + coalesce(CAST(({checksum.slack}\n) AS DOUBLE), 0)" if checksum.slack else ""
            printed = f"CAST(({self.expressions[('checksums', number, 'column')].text}\n) AS DOUBLE)"
            counted = f"CAST(({checksum.equals}\n) AS DOUBLE)"
            what = f"{field.shown if field else checksum.column} as printed does not agree with {checksum.equals}"
            fix = "the row's counts were edited or read wrongly: export again, or check number style and columns"
            self._flag(
                Issue(0, checksum.rule, what, fix, field.shown if field else "", "warning"),
                f"coalesce(abs({printed} - {counted}) > {allowed} + 1e-9 * abs({counted}){slack}, false)",
            )

    def _has_percent(self, field: Field) -> bool:
        row = self.con.execute(
            f"SELECT 1 FROM {self.table.relation} WHERE contains({field.raw}, '%') LIMIT 1"
        ).fetchone()
        return row is not None

    def _judged_step(self, before: str) -> str:
        """The first rule each row breaks with the value that does, and a bit for each warning."""
        issue, value = "0", "CAST(NULL AS VARCHAR)"
        if self.conditions:
            whens = "\n    ".join(f"WHEN {condition} THEN {number}" for number, (condition, _) in
                                  enumerate(self.conditions, 1))  # fmt: skip
            issue = f"CASE\n    {whens}\n    ELSE 0 END"
            values = " ".join(f"WHEN {number} THEN {value}" for number, (_, value) in
                              enumerate(self.conditions, 1) if value != "NULL")  # fmt: skip
            value = f"CASE _issue {values} END" if values else value
        bits = " + ".join(f"CASE WHEN {condition} THEN {1 << number} ELSE 0 END" for number, condition in
                          enumerate(self.warnings))  # fmt: skip
        # TRICKY: the value comes a step later, for DuckDB refuses an alias beside a subquery in the same SELECT.
        inner = f"SELECT *,\n  {issue} AS _issue,\n  CAST({bits or 0} AS BIGINT) AS _flags\nFROM {quote(before)}"
        return f"SELECT *, {value} AS _value FROM (\n{inner}\n)"


def _target_kind(field: Field, target: str) -> ValueType:
    """How a text cell is read on its way into a fact column."""
    kind = field.kind or "text"
    match target:
        case "text":
            return "text"
        case "integer":
            return kind if kind in ("duration",) else "integer"
        case "decimal":
            return kind if kind in ("integer", "number", "money", "percent", "duration") else "number"
        case "date":
            return "datetime" if kind == "datetime" else "date"
        case "timestamp":
            return "date" if kind == "date" else "datetime"
        case _:
            return "boolean"


def printed_digits(con: Connection, table: Table, field: Field, style: Style) -> int:
    """Most decimals any cell of a column shows."""
    mark = "[.]" if style.decimal == "." else ","
    row = con.execute(
        f"SELECT max(length(regexp_extract({field.raw}, '{mark}(\\d+)', 1))) FROM {table.relation}"
    ).fetchone()
    return int(row[0] or 0) if row else 0
