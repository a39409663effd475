"""Checks: what a delivery must keep, proved on its staged rows before anything is written.

A rule that a row breaks sends the row to quarantine; a rule about the whole delivery, or too many bad rows, refuses it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest.invariant import Invariant, formula_cells, invariants
from leadline.ingest.mapping import Mapped
from leadline.ingest.record import Delivery, Issue, Record
from leadline.ingest.source import Finding
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

TOTAL_WORDS = (
    r"^\s*(grand\s+|sub)?totals?\b|^\s*(gesamt|summe|insgesamt|gesamtsumme|totaal|eindtotaal|totaux|somme|totales|toplam|"
    r"genel toplam|jumlah|tổng|总计|總計|合计|合計|المجموع|الإجمالي)(\s|:|：|$)"
)
_MANY = 20


class Verdict(Struct, frozen=True):
    """What checks found in one fact's staged rows.

    `rejected` is SQL that is true for rows to quarantine (empty: none); `rules` gives rule and message per rejected
    row as SQL; `refusals` are the findings that refuse the whole delivery.
    """

    mapped: Mapped
    findings: tuple[Finding, ...]
    refusals: tuple[Finding, ...]
    rejected: str = ""
    rejected_rule: str = "''"
    rejected_what: str = "''"
    good: int = 0
    bad: int = 0
    first: dt.date | dt.datetime | None = None
    last: dt.date | dt.datetime | None = None


class TotalsVerdict(Struct, frozen=True):
    """Totals rows of a table: how many were dropped, and whether they agree with the rows."""

    dropped: int = 0
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()


def check_fact(con: Connection, record: Record, mapped: Mapped, *, max_bad: float, today: dt.date) -> Verdict:
    """Prove the invariants on staged rows: one aggregate scan, and details only of what is broken."""
    return _Check(con, record, mapped, max_bad, today).verdict()


class _Check:
    """The checks of one fact's staged rows."""

    def __init__(self, con: Connection, record: Record, mapped: Mapped, max_bad: float, today: dt.date) -> None:
        self.con = con
        self.record = record
        self.mapped = mapped
        self.max_bad = max_bad
        self.today = today
        self.file = record.delivery.table.file
        source = record.delivery.definition.source
        replaced = frozenset(check.rule for check in source.checks)
        self.rules = invariants(mapped.fact, mapped.columns, replaced, today)
        self.rules += self._stated_range(replaced)
        self.formula = "" if "formula-cell" in replaced else formula_cells(mapped.fact, mapped.columns)
        self.findings: list[Finding] = []
        self.refusals: list[Finding] = []
        self.cases: list[tuple[str, str, str]] = []

    def verdict(self) -> Verdict:
        mapped = self.mapped
        time = mapped.fact.time if mapped.fact.time in mapped.columns else ""
        measures = [column.name for column in mapped.fact.columns
                    if column.name in mapped.columns and column.role == "measure" and column.additive]  # fmt: skip
        parts = ["count(*)", "count(*) FILTER (_issue <> 0)", "bit_or(_flags)", "max(_line)"]
        parts.append(f"min({quote(time)})" if time else "NULL")
        parts.append(self._latest(time) if time else "NULL")
        parts.append(f"count(*) FILTER ({self.formula})" if self.formula else "0")
        fixed = len(parts)
        parts += [f"({rule.broken})" if rule.whole else f"count(*) FILTER ({rule.broken})" for rule in self.rules]
        parts += [f"sum({quote(name)})" for name in measures]
        row = self.con.execute(f"SELECT {', '.join(parts)} FROM {mapped.relation}").fetchone()
        assert_row = row or ()
        rows, issues, flags, last_line, first, last, formulas = assert_row[:fixed]
        broken = assert_row[fixed : fixed + len(self.rules)]
        sums = dict(zip(measures, assert_row[fixed + len(self.rules) :], strict=True))
        if issues:
            self._issues(mapped.relation, mapped.issues)
        if mapped.judged and mapped.fact_map.group:
            self._issues(mapped.judged, self.record.issues)
        relation = mapped.relation
        if mapped.judged:
            # Warnings are about records: told once, not once for each fact that a record becomes.
            relation = mapped.judged
            found = self.con.execute(f"SELECT bit_or(_flags) FROM {relation} WHERE _issue = 0").fetchone()
            flags = found[0] if found else 0
        if flags:
            self._flags(int(flags), relation)
        for rule, count in zip(self.rules, broken, strict=True):
            if count:
                self._broken(rule, count)
        if formulas:
            self._rows("warning", "formula-cell", self.formula, "holds text that a spreadsheet would run as a formula",
                       "it is kept as text; check who wrote it before opening an export in a spreadsheet")  # fmt: skip
        if rows:
            self._total_row(int(last_line), sums, int(rows))
        bad = self._count_bad(issues)
        self._too_many(bad, int(rows))
        if not mapped.unique:
            self._duplicates()
        rejected = " OR ".join(["_issue <> 0", *(condition for condition, _, _ in self.cases)]) if bad else ""
        rule_sql, what_sql = self._case_sql()
        return Verdict(mapped, tuple(self.findings), tuple(self.refusals), rejected, rule_sql, what_sql,
                       int(rows) - bad, bad, first, last)  # fmt: skip

    def _latest(self, time: str) -> str:
        """SQL for the last moment the rows know of: of a stretch its end too, where it is not planned for later."""
        ends = self.mapped.fact.ends
        if not ends or ends not in self.mapped.columns:
            return f"max({quote(time)})"
        known = f"max({quote(ends)}) FILTER (WHERE {quote(ends)} < DATE '{self.today.isoformat()}' + INTERVAL 1 DAY)"
        return f"greatest(max({quote(time)}), {known})"

    def _stated_range(self, replaced: frozenset[str]) -> list[Invariant]:
        """Days outside the range the file states above its header."""
        delivery, fact = self.record.delivery, self.mapped.fact
        if not (delivery.first and delivery.last) or "date-outside-report" in replaced:
            return []
        if fact.time not in self.mapped.columns or fact.column(fact.time).type != "date":
            return []
        name = quote(fact.time)
        return [
            Invariant(
                "date-outside-report", (fact.time,), f"{name} NOT BETWEEN DATE '{delivery.first}' AND DATE '{delivery.last}'",
                f"has a {fact.time} outside the report's own range {delivery.first} to {delivery.last}",
                "export again; the row was added by hand, or day and month are swapped",
            )
        ]  # fmt: skip

    def _issues(self, relation: str, issues: Sequence[Issue]) -> None:
        found = self.con.execute(
            f"SELECT _issue, count(*), min(_line), arg_min(_value, _line), list(_line ORDER BY _line)[2:6] "
            f"FROM {relation} WHERE _issue <> 0 GROUP BY _issue ORDER BY min(_line)"
        ).fetchall()
        for number, count, line, value, more in found:
            issue = issues[number - 1]
            subject = f"{issue.column} {value!r}" if value is not None else issue.column or "the row"
            what = issue.what if value is None and not issue.column else f"{subject} {issue.what}"
            self._find(Finding(issue.severity, issue.rule, self.file, _also(what, count, more), issue.fix, line,
                               issue.column, str(value or ""), count, self.mapped.fact.name), issue.whole)  # fmt: skip

    def _flags(self, bits: int, relation: str) -> None:
        for issue in self.record.flags:
            if bits & (1 << issue.number):
                row = self.con.execute(
                    f"SELECT count(*), min(_line), list(_line ORDER BY _line)[2:6] FROM {relation} "
                    f"WHERE _flags & {1 << issue.number} <> 0"
                ).fetchone()
                count, line, more = row or (0, None, [])
                self._find(Finding("warning", issue.rule, self.file, _also(issue.what, count, more), issue.fix, line,
                                   issue.column, "", count, self.mapped.fact.name), False)  # fmt: skip

    def _broken(self, rule: Invariant, count: object) -> None:
        if rule.whole:
            self._find(Finding("error", rule.rule, self.file, f"{self.file} {rule.what}", rule.fix,
                               fact=self.mapped.fact.name), True)  # fmt: skip
            return
        self._rows(rule.severity, rule.rule, rule.broken, rule.what, rule.fix, rule.needs[0])
        if rule.severity == "error":
            self.cases.append((f"coalesce({rule.broken}, false)", rule.rule, rule.what))

    def _rows(self, severity: str, rule: str, condition: str, what: str, fix: str, column: str = "") -> None:
        shown = f"arg_min(CAST({quote(column)} AS VARCHAR), _line)" if column else "''"
        row = self.con.execute(
            f"SELECT count(*), min(_line), {shown}, list(_line ORDER BY _line)[2:6] FROM {self.mapped.relation} WHERE {condition}"
        ).fetchone()
        count, line, value, more = row or (0, None, "", [])
        self._find(Finding(severity, rule, self.file, _also(f"the row {what}", count, more), fix, line, column,  # type: ignore[arg-type]
                           str(value or ""), count, self.mapped.fact.name), False)  # fmt: skip

    def _total_row(self, last_line: int, sums: Mapping[str, Decimal | int | None], rows: int) -> None:
        """A last row that says it is a total, or is the sum of the others: it would count everything twice."""
        table = self.record.delivery.table
        texts = [name for name in table.columns[:3]]
        words = " OR ".join(
            f"regexp_matches(CAST({quote(name)} AS VARCHAR), {literal(TOTAL_WORDS)}, 'i')" for name in texts
        )
        said = self.con.execute(
            f"SELECT _line FROM {table.relation} WHERE _line = {last_line} AND ({words}) LIMIT 1"
        ).fetchone() if table.columns else None  # fmt: skip
        adds = False
        full = {name: total for name, total in sums.items() if total}
        if rows >= 3 and len(full) >= 2 and not said:
            names = list(full)
            last = (
                self.con.execute(
                    f"SELECT {', '.join(quote(name) for name in names)} FROM {self.mapped.relation} WHERE _line = {last_line} LIMIT 1"
                ).fetchone()
                or ()
            )
            pairs = [(value, full[name]) for name, value in zip(names, last, strict=False)]
            adds = len(pairs) == len(names) and all(value is not None and value * 2 == total for value, total in pairs)
        if not (said or adds):
            return
        staged = self.con.execute(f"SELECT 1 FROM {self.mapped.relation} WHERE _line = {last_line}").fetchone()
        if staged is None:
            return
        what = "looks like a total of the other rows"
        fix = "leave it out of the export, or describe it under `totals:` so that it is dropped and checked"
        self._find(
            Finding("error", "total-row", self.file, f"the row {what}", fix, last_line, fact=self.mapped.fact.name),
            False,
        )
        self.cases.append((f"_line = {last_line}", "total-row", what))

    def _bad_rows(self) -> str:
        """SQL that is true for rows with an issue of their own; rules about the whole delivery are no row's fault."""
        whole = ", ".join(str(issue.number) for issue in self.mapped.issues if issue.whole)
        return f"(_issue <> 0 AND _issue NOT IN ({whole}))" if whole else "_issue <> 0"

    def _count_bad(self, issues: int) -> int:
        extra = 0
        if issues and any(issue.whole for issue in self.mapped.issues):
            row = self.con.execute(f"SELECT count(*) FILTER ({self._bad_rows()}) FROM {self.mapped.relation}").fetchone()
            issues = int(row[0]) if row else 0
        if self.mapped.fact_map.group and self.mapped.judged:
            row = self.con.execute(f"SELECT count(*) FROM {self.mapped.judged} WHERE _issue <> 0").fetchone()
            extra = int(row[0]) if row else 0
        if not self.cases:
            return int(issues) + extra
        condition = " OR ".join([self._bad_rows(), *(condition for condition, _, _ in self.cases)])
        row = self.con.execute(f"SELECT count(*) FROM {self.mapped.relation} WHERE {condition}").fetchone()
        return (int(row[0]) if row else 0) + extra

    def _too_many(self, bad: int, rows: int) -> None:
        if bad and bad > self.max_bad * max(rows, 1):
            self._find(
                Finding("error", "too-many-bad-rows", self.file,
                        f"{bad} of {rows} rows are bad, more than the {self.max_bad:.0%} that may be set aside",
                        "mend the causes named with it and load again", count=bad, fact=self.mapped.fact.name),
                True,
            )  # fmt: skip

    def _duplicates(self) -> None:
        """Rows with the same key: the second would replace or double the first."""
        condition = " OR ".join([self._bad_rows(), *(condition for condition, _, _ in self.cases)])
        columns = ", ".join(quote(name) for name in self.mapped.columns)
        found = self.con.execute(
            f"SELECT list(_line ORDER BY _line)[1:5], count(*), count(DISTINCT hash({columns})) FROM {self.mapped.relation} "
            f"WHERE NOT ({condition}) GROUP BY _key HAVING count(*) > 1 ORDER BY min(_line) LIMIT {_MANY}"
        ).fetchall()
        if not found:
            return
        lines, count, different = found[0]
        key = ", ".join(self.mapped.fact_map.key)
        kind = "say different things" if different > 1 else "are the same"
        fix = (
            "the key is too coarse: add the column that tells these rows apart"
            if different > 1
            else "remove the copies; where copies are genuine, add `_repeat` to the key"
        )
        self._find(
            Finding("error", "duplicate-key", self.file,
                    f"lines {', '.join(map(str, lines))} have one key ({key}) and {kind}"
                    + (f"; so have {'at least ' if len(found) == _MANY else ''}{len(found) - 1} other groups" if len(found) > 1 else ""),
                    fix, lines[1], count=sum(group[1] - 1 for group in found), fact=self.mapped.fact.name),
            True,
        )  # fmt: skip

    def _find(self, finding: Finding, whole: bool) -> None:
        self.findings.append(finding)
        if whole:
            self.refusals.append(finding)

    def _case_sql(self) -> tuple[str, str]:
        """Rule and message of a rejected row, as SQL over the staged table."""
        rules, whats = [], []
        for issue in self.mapped.issues:
            rules.append(f"WHEN _issue = {issue.number} THEN {literal(issue.rule)}")
            told = f"{issue.column} {issue.what}".strip()
            whats.append(f"WHEN _issue = {issue.number} THEN {literal(told)} || coalesce(': ' || _value, '')")
        for condition, rule, what in self.cases:
            rules.append(f"WHEN {condition} THEN {literal(rule)}")
            whats.append(f"WHEN {condition} THEN {literal('the row ' + what)}")
        if not rules:
            return "''", "''"
        return f"CASE {' '.join(rules)} END", f"CASE {' '.join(whats)} END"


def _also(what: str, count: int, more: Sequence[int]) -> str:
    """A message with the further lines it holds for."""
    if count <= 1:
        return what
    shown = ", ".join(map(str, more))
    return f"{what}; so do lines {shown}" + (f" and {count - 1 - len(more)} more" if count - 1 > len(more) else "")


def check_daily(con: Connection, record: Record) -> tuple[Finding, ...]:
    """Refusals of a table whose rows add up more than a day each, though the fact is daily."""
    delivery = record.delivery
    source = delivery.definition.source
    if not source.daily and not source.range_columns:
        return ()
    found = delivery.headers.columns
    one_day = delivery.first is not None and delivery.first == delivery.last
    if source.daily and (source.daily in found or source.daily in source.derived or one_day):
        return ()
    fields = record.fields
    names = [name for name in source.range_columns or () if (field := fields.get(name.lower())) and field.raw != "NULL"]
    reason = f"it has no {source.daily} column" if source.daily else "its rows have ranges"
    if len(names) == 2:
        start, end = (f"CAST({quote(name)} AS DATE)" for name in names)
        step = "counted" if record.is_total else record.before_totals
        row = con.execute(record.sql(
            f"SELECT count(*) FILTER ({start} IS DISTINCT FROM {end}), min(_line) FILTER ({start} IS DISTINCT FROM {end}), "
            f"arg_min(CAST({start} AS VARCHAR) || ' to ' || CAST({end} AS VARCHAR), _line) "
            f"FILTER ({start} IS DISTINCT FROM {end}) FROM {quote(step)}", upto=step)).fetchone()  # fmt: skip
        longer, line, shown = row or (0, None, "")
        if not longer:
            return ()
        reason = f"line {line} covers {shown or 'an unknown range'}"
        at = line
    elif not source.daily:
        return ()
    else:
        at = delivery.table.header_line or None
    return (
        Finding("error", "aggregates-over-range", delivery.table.file,
                f"{delivery.table.file} aggregates over a range of days: {reason}",
                source.daily_cure or "export with a row per day", at),
    )  # fmt: skip


def check_totals(con: Connection, record: Record) -> TotalsVerdict:
    """Count the totals rows and hold the grand ones against the sum of the other rows."""
    if not record.is_total:
        return TotalsVerdict()
    delivery = record.delivery
    totals = delivery.definition.source.totals
    if totals is None:
        return TotalsVerdict()
    step = record.before_totals
    derived = {name.lower() for name in delivery.definition.source.derived}
    sums = [name for name in totals.sums if (field := record.fields.get(name.lower())) and field.raw != "NULL"
            and name.lower() not in derived]  # fmt: skip
    is_total = f"coalesce({record.is_total}, false)"
    values = "".join(f", {quote(name)}" for name in sums)
    cells = [
        f"trim(coalesce({'_first' if name == '_first' else quote('raw_' + name.lower())}, ''))"
        for name in totals.columns
        if name == "_first" or name.lower() in record.fields
    ]
    label = (
        f"coalesce({', '.join(f'CASE WHEN regexp_matches({cell}, {literal(totals.pattern)}, {chr(39)}i{chr(39)}) THEN {cell} END' for cell in cells)}, '')"
        if cells and totals.pattern
        else "''"
    )  # noqa: E501
    rows = con.execute(record.sql(
        f"SELECT _line, {label}{values} FROM {quote(step)} WHERE {is_total} ORDER BY _line", upto=step)).fetchall()  # fmt: skip
    if not rows:
        return TotalsVerdict()
    import re

    if totals.grand:
        grand = [row for row in rows if re.search(totals.grand, row[1], re.IGNORECASE)]
    else:
        grand = rows if len(rows) == 1 else [row for row in rows if not row[1]] or ([] if totals.pattern else rows)
        grand = grand if len(grand) == 1 or totals.where else []
    if not grand or not sums:
        return TotalsVerdict(len(rows))
    aggregates = ", ".join(f"sum({quote(name)})" for name in sums)
    digits = ", ".join(f"max(scale_of({quote(name)}))" for name in sums)
    del digits
    own = con.execute(record.sql(
        f"SELECT count(*), {aggregates} FROM {quote(step)} WHERE NOT {is_total}", upto=step)).fetchone() or ()  # fmt: skip
    count = int(own[0]) if own else 0
    findings: list[Finding] = []
    refusals: list[Finding] = []
    for position, name in enumerate(sums):
        stated = [(row[0], row[2 + position]) for row in grand if row[2 + position] is not None]
        if not stated:
            continue
        total = float(own[1 + position] or 0)
        candidates = [float(value) for _, value in stated] + [float(sum(value for _, value in stated))]
        whole = all(value == int(value) for value in candidates) and total == int(total)
        allowed = 0.0 if whole else 0.005 + min(0.005 * count, 4 * math.sqrt(count / 12) * 0.01)
        gap = min(abs(value - total) for value in candidates)
        if gap <= allowed + 1e-9:
            continue
        field = record.fields[name.lower()]
        share = gap / max(abs(candidates[0]), 1e-9)
        estimated = share <= totals.within
        finding = Finding(
            "note" if estimated else "error", "control-total", delivery.table.file,
            f"the file's total of {field.shown} is {stated[0][1]}, its rows add up to {own[1 + position]}",
            "rows are missing, doubled or edited: export again", stated[0][0], field.shown, str(stated[0][1]),
        )  # fmt: skip
        findings.append(finding)
        if not estimated:
            refusals.append(finding)
    return TotalsVerdict(len(rows), tuple(findings), tuple(refusals))


def check_lookups(con: Connection, record: Record, keys: Mapping[str, Sequence[str]]) -> tuple[Finding, ...]:
    """Refusals of lookups with two rows for one key: they would multiply the rows that ask."""
    findings = []
    source = record.delivery.definition.source
    for name, lookup in source.lookups.items():
        if not keys[name] or lookup.newest:
            continue
        staged = record.delivery.lookups[name]
        columns = ", ".join(quote(column) for column in keys[name])
        where = f" WHERE ({lookup.where}\n)" if lookup.where else ""
        row = con.execute(
            f"SELECT list(_line ORDER BY _line)[1:2], {columns} FROM (SELECT * FROM {staged.relation}{where}) "
            f"GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if row:
            value = ", ".join(map(str, row[1:]))
            findings.append(
                Finding("error", "lookup-not-unique", staged.file,
                        f"lines {row[0][0]} and {row[0][1]} of {staged.file} both answer to {value}",
                        f"keep one row per key, or say under lookups.{name} which counts with `newest:` or `where:`", row[0][1])
            )  # fmt: skip
    if source.lookups and not findings:
        doubled = con.execute(record.sql(
            'SELECT _line FROM joined GROUP BY _line HAVING count(*) > 1 LIMIT 1', upto="joined")).fetchone()  # fmt: skip
        if doubled:
            findings.append(
                Finding("error", "lookup-not-unique", record.delivery.table.file, "a lookup finds several rows for this one",
                        "make `on:` compare columns that are unique in the lookup", doubled[0])
            )  # fmt: skip
    return tuple(findings)


def check_twins(con: Connection, left: Sequence[Mapped], right: Sequence[Mapped], file: str) -> tuple[Finding, ...]:
    """Refusals of two tables of one file that speak of the same rows: files were joined."""
    for one, other in itertools.product(left, right):
        if one.fact.name != other.fact.name:
            continue
        row = con.execute(
            f"SELECT min(r._line), min(l._line), count(*) FROM {other.relation} r JOIN {one.relation} l USING (_key)"
        ).fetchone()
        if row and row[2]:
            return (
                Finding("error", "duplicate-key", file,
                        f"the file has two tables with the same rows: line {row[0]} repeats line {row[1]}, and {row[2] - 1} more do so",
                        "two exports were joined into one file: load each on its own", row[0], count=row[2], fact=one.fact.name),
            )  # fmt: skip
    return ()


def check_overlap(con: Connection, mapped: Mapped, source: str, file: str) -> tuple[Finding, ...]:
    """Refusals of advertising rows for days whose spend is already there at another level or from another source."""
    if mapped.fact.name != "ad" or not {"date", "platform"} <= set(mapped.columns):
        return ()
    account = next((name for name in ("account_id", "account") if name in mapped.columns), "")
    level = "level" if "level" in mapped.columns else "NULL"
    mine = f"SELECT platform, {quote(account) if account else 'NULL'} AS account, {level} AS level, date FROM {mapped.relation} GROUP BY ALL"
    row = con.execute(
        f"SELECT t._source, t.level, m.level, min(t.date), max(t.date), count(DISTINCT t.date) "
        f'FROM fact."ad" t JOIN ({mine}) m ON t.date = m.date AND t.platform = m.platform '
        f"AND (m.account IS NULL OR {'t.' + quote(account) if account else 'NULL'} IS NULL "
        f"OR m.account = {'t.' + quote(account) if account else 'NULL'}) "
        f"WHERE t._source <> ? OR t.level IS DISTINCT FROM m.level GROUP BY ALL LIMIT 1",
        [source],
    ).fetchone()
    if row is None:
        return ()
    other, there, here, first, last, days = row
    return (
        Finding("error", "ad-overlap", file,
                f"{days} days ({first} to {last}) already have rows of level {there or 'unknown'} from {other}; "
                f"these of level {here or 'unknown'} would count the same spend twice",
                f"load one level per platform and account: drop this file, or remove {other} first", fact="ad"),
    )  # fmt: skip
