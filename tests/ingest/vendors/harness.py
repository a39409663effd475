"""One table-driven harness for all vendor formats: the YAML decodes, clean exports load right, planted mistakes show.

A `Case` is one vendor format in one language: an export with the truth it was written from. `assert_loads` loads it
through the real engine and compares sums, days and currency; `assert_caught` plants a mistake and wants a refusal or a
finding that names file, line and rule, which the clean file does not have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from tests.ingest.vendors.writers import Export, Mistake

from leadline.errors import LeadlineError
from leadline.ingest.source import Finding, Source
from leadline.model.facts import FACTS

TODAY = date(2026, 11, 30)
CURRENCY = "EUR"


@dataclass(frozen=True)
class Truth:
    """What one fact must hold after the load.

    `sums` are totals of measures; `values` the exact sets of values of dimension columns; `first` and `last` the range
    of the fact's time column (days).
    """

    fact: str
    rows: int
    sums: Mapping[str, Decimal | int] = field(default_factory=dict)
    values: Mapping[str, set[Any]] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Case:
    """One format (the name of its YAML) in one language, with what loading `export` must give."""

    format: str
    language: str
    export: Any
    truths: tuple[Truth, ...]

    @property
    def id(self) -> str:
        """Name of the case in pytest's listing."""
        return f"{self.format}-{self.language}"


@dataclass(frozen=True)
class Outcome:
    """What happened to a delivered file: refused with an error, or loaded as `source` with findings.

    `con` is a DuckDB connection to the warehouse afterwards.
    """

    error: LeadlineError | None
    source: str
    findings: tuple[Finding, ...]
    con: Any

    @property
    def marks(self) -> tuple[Finding, ...]:
        """Findings that tell of something wrong; notes are only told."""
        return tuple(finding for finding in self.findings if finding.severity != "note")


def formats() -> list[str]:
    """Names of all vendor formats there are YAML files for."""
    from importlib.resources import files

    folder = files("leadline.ingest.vendors")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def decode(format: str) -> Source:
    """The `Source` in a vendor format's YAML."""
    from importlib.resources import files

    text = files("leadline.ingest.vendors").joinpath(f"{format}.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Source)


def assert_decodes(format: str) -> None:
    """The YAML is a `Source` whose names all exist: fact columns, recognised columns, totals, ranges."""
    source = decode(format)
    assert source.recognise is not None
    assert source.name == format
    assert source.title
    assert source.vendor
    assert source.doc, "each format documents its decisions"
    assert source.facts
    own = {*source.columns, *source.derived}
    recognise = source.recognise
    for name in (*recognise.columns, *recognise.any_of, *recognise.without):
        assert name in source.columns, name
    if source.daily:
        assert source.daily in own
        assert source.daily_cure
    for name in source.range_columns or ():
        assert name in own
    if source.totals:
        for name in (*source.totals.columns, *source.totals.sums):
            assert name in own or name == "_first", name
    for mapping in source.facts:
        fact = FACTS[mapping.fact]
        for name in mapping.columns:
            fact.column(name)
        assert mapping.key


def deliver(folder: Path, *paths: Path) -> Outcome:
    """Load files into a new warehouse through the real engine; an error is an outcome, not a failure.

    The workspace reports in `CURRENCY`, and it is `TODAY`.
    """
    from leadline.ingest.load import Settings, load_paths
    from leadline.warehouse import Warehouse

    warehouse = Warehouse.open(None, landing=folder / "landing")
    reports = load_paths(Settings(warehouse, currency=CURRENCY, today=TODAY), paths)
    error = next((report.error for report in reports if report.error is not None), None)
    findings = tuple(finding for report in reports for finding in report.findings)
    return Outcome(error, ",".join(sorted({report.source for report in reports})), findings, warehouse.con)


def assert_loads(folder: Path, case: Case) -> None:
    """The clean export loads: recognised as its format, nothing flagged, every truth exact."""
    outcome = deliver(folder, case.export.write(folder))
    assert outcome.error is None, str(outcome.error)
    assert outcome.source == case.format
    assert not outcome.marks, outcome.marks
    for truth in case.truths:
        for problem in differences(outcome, truth):
            pytest.fail(f"{case.id} {truth.fact}: {problem}")


def differences(outcome: Outcome, truth: Truth) -> list[str]:
    """Where the loaded fact differs from the truth."""
    table = f'fact."{truth.fact}"'
    time = FACTS[truth.fact].time
    found: list[tuple[str, object, object]] = []

    def ask(select: str) -> Any:
        return outcome.con.execute(f"SELECT {select} FROM {table}").fetchone()[0]

    found.append(("rows", ask("count(*)"), truth.rows))
    for name, amount in truth.sums.items():
        value = ask(f'sum("{name}")')
        found.append((f"sum of {name}", None if value is None else Decimal(str(value)), Decimal(amount)))
    for name, values in truth.values.items():
        found.append((f"values of {name}", set(ask(f'list(DISTINCT "{name}")') or ()), set(values) - {None}))
    if truth.first:
        found.append(("first day", ask(f'min("{time}")::DATE'), truth.first))
    if truth.last:
        found.append(("last day", ask(f'max("{time}")::DATE'), truth.last))
    return [f"{what} is {got}, should be {want}" for what, got, want in found if got != want]


def assert_keeps_total(folder: Path, case: Case, name: str, fact: str, column: str) -> None:
    """Trap: a campaign (a search term, ...) that is itself called "Total" is no total row."""
    export = case.export
    first = export.cell(0, name)
    rows = [[("Total" if cell == first else cell) for cell in row] for row in export.rows]
    outcome = deliver(folder, export.with_rows(rows).write(folder))
    assert outcome.error is None, str(outcome.error)
    counted = outcome.con.execute(f'SELECT count(*), count(*) FILTER ("{column}" = \'Total\') FROM fact."{fact}"')
    assert counted.fetchone() == (len(rows), sum("Total" in row for row in rows))


def assert_caught(folder: Path, case: Case, mistake: Mistake) -> None:
    """The planted mistake is refused or flagged by file, line and rule; `assert_loads` is the counter-proof."""
    planted = mistake.plant(case.export)
    outcome = deliver(folder, planted.write(folder))
    name = case.export.name
    told = [] if outcome.error is None else [str(outcome.error)]
    codes = {mark.rule for mark in outcome.marks}
    if outcome.error is not None:
        assert name in told[0], f"the refusal does not name the file: {told[0]}"
        assert outcome.error.fix, f"the refusal names no cure: {told[0]}"
        codes.add(outcome.error.code)
    assert codes, f"{case.id}: {mistake.name!r} passed silently"
    for mark in outcome.marks:
        assert name in mark.file, mark
        assert mark.what, mark
    told += [f"line {mark.line} {mark.rule} {mark.what}" for mark in outcome.marks]
    text = "\n".join(told)
    if mistake.rules:
        assert codes & set(mistake.rules), f"{mistake.name!r}: expected one of {mistake.rules}, told:\n{text}"
    if mistake.row is not None:
        assert isinstance(planted, Export)
        line = planted.line(mistake.row)
        found = any(mark.line == line for mark in outcome.marks) or re.search(rf"\bline {line}\b|:{line}\b", text)
        assert found, f"{mistake.name!r}: line {line} is not named:\n{text}"
