"""Checks: what a delivery must keep, proved on its staged rows before anything is written.

A rule that a row breaks sends the row to quarantine; a rule about the whole delivery, or too many bad rows, refuses it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest.invariant import Invariant, formula_cells, invariants
from leadline.ingest.mapping import Mapped
from leadline.ingest.record import Issue, Record
from leadline.ingest.source import Finding, Severity
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

TOTAL_WORDS = (
    r"^\s*((grand\s+|sub)?totals?|gesamt|summe|insgesamt|gesamtsumme|totaal|eindtotaal|totaux|total général|somme|"
    r"totales|total general|toplam|genel toplam|jumlah|tổng|tổng cộng|总计|總計|合计|合計|المجموع|الإجمالي)"
    r"\s*([:：].*)?$"
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


class RecordsVerdict(Struct, frozen=True):
    """What checks found in judged records: findings, those that refuse the delivery, and how many rows are bad."""

    findings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()
    bad: int = 0


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
        # Reading a text has looked at every cell already.
        unread = record.delivery.table.kind in ("parquet", "duckdb") and "formula-cell" not in replaced
        self.formula = formula_cells(mapped.fact, mapped.columns) if unread else ""
        self.findings: list[Finding] = []
        self.refusals: list[Finding] = []
        self.cases: list[tuple[str, str, str]] = []

    def verdict(self) -> Verdict:
        mapped = self.mapped
        time = mapped.fact.time if mapped.fact.time in mapped.columns else ""
        measures = [
            column.name
            for column in mapped.fact.columns
            if column.name in mapped.columns and column.role == "measure" and column.additive
        ]
        parts = ["count(*)", "count(*) FILTER (_issue <> 0)", "bit_or(_flags)", "max(_line)"]
        parts.append(f"min({quote(time)})" if time else "NULL")
        parts.append(self._latest(time) if time else "NULL")
        parts.append(f"count(*) FILTER ({self.formula})" if self.formula else "0")
        fixed = len(parts)
        parts += [f"({rule.broken})" if rule.whole else f"count(*) FILTER ({rule.broken})" for rule in self.rules]
        parts += [f"sum({quote(name)})" for name in measures]
        row = self.con.execute(f"SELECT {', '.join(parts)} FROM {mapped.relation}").fetchone()
        summary = row or ()
        rows, issues, flags, last_line, first, last, formulas = summary[:fixed]
        broken = summary[fixed : fixed + len(self.rules)]
        sums = dict(zip(measures, summary[fixed + len(self.rules) :], strict=True))
        if issues:
            self._tell_issues()
        if flags and not mapped.judged:
            self.findings += tell_flags(self.con, self.record, mapped.relation, int(flags), mapped.fact.name)
        for rule, count in zip(self.rules, broken, strict=True):
            if count:
                self._broken(rule, count)
        if formulas:
            self._rows(
                "warning",
                "formula-cell",
                self.formula,
                "holds text that a spreadsheet would run as a formula",
                "it is kept as text; check who wrote it before opening an export in a spreadsheet",
            )
        if rows:
            self._total_row(int(last_line), sums, int(rows))
        bad = self._count_bad(int(issues))
        self._too_many(bad, int(rows))
        if not mapped.unique:
            self._duplicates()
        rejected = " OR ".join(["_issue <> 0", *(condition for condition, _, _ in self.cases)]) if bad else ""
        rule_sql, what_sql = self._case_sql()
        return Verdict(
            mapped,
            tuple(self.findings),
            tuple(self.refusals),
            rejected,
            rule_sql,
            what_sql,
            int(rows) - bad,
            bad,
            first,
            last,
        )

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
                "date-outside-report",
                (fact.time,),
                f"{name} NOT BETWEEN DATE '{delivery.first}' AND DATE '{delivery.last}'",
                f"has a {fact.time} outside the report's own range {delivery.first} to {delivery.last}",
                "export again; the row was added by hand, or day and month are swapped",
            )
        ]

    def _tell_issues(self) -> None:
        told = tell_issues(self.con, self.mapped.relation, self.mapped.issues, self.file, self.mapped.fact.name)
        self.findings += [finding for finding, _ in told]
        self.refusals += [finding for finding, whole in told if whole]

    def _broken(self, rule: Invariant, count: object) -> None:
        if rule.whole:
            self._find(
                Finding(
                    "error", rule.rule, self.file, f"{self.file} {rule.what}", rule.fix, fact=self.mapped.fact.name
                ),
                True,
            )
            return
        self._rows(rule.severity, rule.rule, rule.broken, rule.what, rule.fix, rule.needs[0])
        if rule.severity == "error":
            self.cases.append((f"coalesce({rule.broken}, false)", rule.rule, rule.what))

    def _rows(self, severity: Severity, rule: str, condition: str, what: str, fix: str, column: str = "") -> None:
        shown = f"arg_min(CAST({quote(column)} AS VARCHAR), _line)" if column else "''"
        row = self.con.execute(
            f"SELECT count(*), min(_line), {shown}, list(_line ORDER BY _line)[2:6] "
            f"FROM {self.mapped.relation} WHERE {condition}"
        ).fetchone()
        count, line, value, more = row or (0, None, "", [])
        self._find(
            Finding(
                severity,
                rule,
                self.file,
                _also(f"the row {what}", count, more),
                fix,
                line,
                column,
                str(value or ""),
                count,
                self.mapped.fact.name,
            ),
            False,
        )

    def _total_row(self, last_line: int, sums: Mapping[str, Decimal | int | None], rows: int) -> None:
        """A last row that says it is a total, or is the sum of the others: it would count everything twice."""
        table = self.record.delivery.table
        texts = table.columns[:3]
        words = " OR ".join(
            f"regexp_matches(CAST({quote(name)} AS VARCHAR), {literal(TOTAL_WORDS)}, 'i')" for name in texts
        )
        said = (
            self.con.execute(
                f"SELECT _line FROM {table.shown[0]} WHERE _line = {last_line} AND ({words}) LIMIT 1"
            ).fetchone()
            if table.columns
            else None
        )
        adds = False
        full = {name: total for name, total in sums.items() if total}
        if rows >= 3 and len(full) >= 2 and not said:
            names = list(full)
            last = (
                self.con.execute(
                    f"SELECT {', '.join(quote(name) for name in names)} FROM {self.mapped.relation} "
                    f"WHERE _line = {last_line} LIMIT 1"
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
        if not self.cases and not any(issue.whole for issue in self.mapped.issues):
            return issues
        condition = " OR ".join([self._bad_rows(), *(condition for condition, _, _ in self.cases)])
        row = self.con.execute(f"SELECT count(*) FROM {self.mapped.relation} WHERE {condition}").fetchone()
        return int(row[0]) if row else 0

    def _too_many(self, bad: int, rows: int) -> None:
        found = too_many(bad, rows, self.max_bad, self.file, self.mapped.fact.name)
        self.findings += found
        self.refusals += found

    def _duplicates(self) -> None:
        """Rows with the same key: the second would replace or double the first."""
        keys = self.con.execute(f"SELECT count(_key) = count(DISTINCT _key) FROM {self.mapped.relation}").fetchone()
        if keys and keys[0]:
            return
        condition = " OR ".join([self._bad_rows(), *(condition for condition, _, _ in self.cases)])
        columns = ", ".join(quote(name) for name in self.mapped.columns)
        found = self.con.execute(
            f"SELECT list(_line ORDER BY _line)[1:5], count(*), count(DISTINCT hash({columns})) "
            f"FROM {self.mapped.relation} "
            f"WHERE NOT ({condition}) GROUP BY _key HAVING count(*) > 1 ORDER BY min(_line) LIMIT {_MANY}"
        ).fetchall()
        if not found:
            return
        lines, _, different = found[0]
        key = ", ".join(self.mapped.fact_map.key)
        kind = "say different things" if different > 1 else "are the same"
        fix = (
            "the key is too coarse: add the column that tells these rows apart" + self._absent()
            if different > 1
            else "remove the copies; where copies are genuine, add `_repeat` to the key"
        )
        self._find(
            Finding(
                "error",
                "duplicate-key",
                self.file,
                f"lines {', '.join(map(str, lines))} have one key ({key}) and {kind}"
                + (
                    f"; so have {'at least ' if len(found) == _MANY else ''}{len(found) - 1} other groups"
                    if len(found) > 1
                    else ""
                ),
                fix,
                lines[1],
                count=sum(group[1] - 1 for group in found),
                fact=self.mapped.fact.name,
            ),
            True,
        )

    def _absent(self) -> str:
        """The columns of a vendor's key that the file lacks, in words: an export of two accounts must name them."""
        fields, said = self.record.fields, " ".join(self.mapped.fact_map.key).lower()
        names = [name for name, field in fields.items() if field.raw == "NULL" and re.search(rf"\b{name}\b", said)]
        if not names or not self.record.delivery.definition.source.vendor:
            return ""
        return f" (the file has no {', '.join(sorted(names, key=said.find))})"

    def _find(self, finding: Finding, whole: bool) -> None:
        self.findings.append(finding)
        if whole:
            self.refusals.append(finding)

    def _case_sql(self) -> tuple[str, str]:
        """Rule and message of a rejected row, as SQL over the staged table."""
        cases = [(condition, literal(rule), literal("the row " + what)) for condition, rule, what in self.cases]
        return issue_words(self.mapped.issues, cases)


def issue_words(issues: Sequence[Issue], cases: Sequence[tuple[str, str, str]] = ()) -> tuple[str, str]:
    """SQL for rule and message of a row that broke one of `issues`, or else a case (condition, rule and message)."""
    told = [
        (
            f"_issue = {issue.number}",
            literal(issue.rule),
            f"{literal(f'{issue.column} {issue.what}'.strip())} || coalesce(': ' || _value, '')",
        )
        for issue in issues
    ]
    told += cases
    if not told:
        return "''", "''"
    rules = " ".join(f"WHEN {condition} THEN {rule}" for condition, rule, _ in told)
    whats = " ".join(f"WHEN {condition} THEN {what}" for condition, _, what in told)
    return f"CASE {rules} END", f"CASE {whats} END"


def check_records(con: Connection, record: Record, judged: str, *, max_bad: float) -> RecordsVerdict:
    """What the source's own rules say of judged records that several facts share."""
    table = record.delivery.table
    row = con.execute(
        f"SELECT count(*), count(*) FILTER (_issue <> 0), bit_or(_flags) FILTER (_issue = 0) FROM {judged}"
    ).fetchone()
    rows, bad, flags = row or (0, 0, 0)
    told = tell_issues(con, judged, record.issues, table.file) if bad else []
    findings = [finding for finding, _ in told]
    refusals = [finding for finding, whole in told if whole]
    if flags:
        findings += tell_flags(con, record, judged, int(flags))
    whole = ", ".join(str(issue.number) for issue in record.issues if issue.whole)
    if bad and whole:
        row = con.execute(f"SELECT count(*) FROM {judged} WHERE _issue <> 0 AND _issue NOT IN ({whole})").fetchone()
        bad = row[0] if row else 0
    many = too_many(bad, rows, max_bad, table.file)
    return RecordsVerdict(tuple(findings + many), tuple(refusals + many), bad)


def tell_issues(
    con: Connection, relation: str, issues: Sequence[Issue], file: str, fact: str = ""
) -> list[tuple[Finding, bool]]:
    """A finding for each rule that rows of `relation` break, with whether it is about the whole delivery."""
    found = con.execute(
        f"SELECT _issue, count(*), min(_line), arg_min(_value, _line), list(_line ORDER BY _line)[2:6] "
        f"FROM {relation} WHERE _issue <> 0 GROUP BY _issue ORDER BY min(_line)"
    ).fetchall()
    told = []
    for number, count, line, value, more in found:
        issue = issues[number - 1]
        subject = f"{issue.column} {value!r}" if value is not None else issue.column or "the row"
        what = issue.what if value is None and not issue.column else f"{subject} {issue.what}"
        finding = Finding(
            issue.severity,
            issue.rule,
            file,
            _also(what, count, more),
            issue.fix,
            line,
            issue.column,
            str(value or ""),
            count,
            fact,
        )
        told.append((finding, issue.whole))
    return told


def tell_flags(con: Connection, record: Record, relation: str, bits: int, fact: str = "") -> list[Finding]:
    """A finding for each warning that rows of `relation` raise."""
    told = []
    for issue in record.flags:
        if bits & (1 << issue.number):
            row = con.execute(
                f"SELECT count(*), min(_line), list(_line ORDER BY _line)[2:6] FROM {relation} "
                f"WHERE _flags & {1 << issue.number} <> 0"
            ).fetchone()
            count, line, more = row or (0, None, [])
            told.append(
                Finding(
                    "warning",
                    issue.rule,
                    record.delivery.table.file,
                    _also(issue.what, count, more),
                    issue.fix,
                    line,
                    issue.column,
                    "",
                    count,
                    fact,
                )
            )
    return told


def too_many(bad: int, rows: int, max_bad: float, file: str, fact: str = "") -> list[Finding]:
    """The finding that refuses a delivery with more bad rows than may be set aside; none otherwise."""
    if not bad or bad <= max_bad * max(rows, 1):
        return []
    what = f"{bad} of {rows} rows are bad, more than the {max_bad:.0%} that may be set aside"
    return [
        Finding(
            "error",
            "too-many-bad-rows",
            file,
            what,
            "mend the causes named with it and load again",
            count=bad,
            fact=fact,
        )
    ]


def _also(what: str, count: int, more: Sequence[int]) -> str:
    """A message with the further lines it holds for."""
    if count <= 1:
        return what
    shown = ", ".join(map(str, more))
    return f"{what}; so do lines {shown}{', …' if count - 1 > len(more) else ''}"
