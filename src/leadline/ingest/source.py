"""A source: where rows come from and how they map to facts.

A workspace's `sources/*.yaml` and the built-in vendor formats share this one language. Column expressions are SQL over
the source's columns; what a plain column name yields is parsed into the fact column's type by the source's own number
and date style.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

ValueType = Literal["text", "integer", "number", "money", "percent", "date", "datetime", "boolean", "duration"]
Severity = Literal["error", "warning", "note"]
Mode = Literal["upsert", "snapshot"]


class SourceColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a delivered file under a name of ours.

    `headers` lists the headers it goes by, by interface language (`{en: [Cost, Spend], de: [Kosten]}`); a header may
    hold `{currency}` where the vendor writes the currency into it (`Amount spent ({currency})`). `scale` divides the
    number (micros: 1000000, cents: 100). Where no header is found, `preamble` (a regular expression with one group over
    the lines above the header) gives one value for all rows.
    """

    headers: dict[str, list[str]] = field(default_factory=dict)
    type: ValueType = "text"
    scale: int = 1
    preamble: str = ""


class FactMap(Struct, frozen=True, forbid_unknown_fields=True):
    """How rows of the source become rows of one fact.

    `key` are SQL expressions that together identify a row within the source (`_line` is the record's line and
    `_repeat` its ordinal among rows alike in the other key parts); `columns` maps fact columns to SQL expressions;
    `where` keeps only some rows (those left out are counted, not quarantined). With `group`, rows alike in `key` become
    one row, `columns` are aggregates, and the row's line is the first of them.
    """

    fact: str
    key: tuple[str, ...]
    columns: dict[str, str]
    where: str = ""
    group: bool = False


class Lookup(Struct, frozen=True, forbid_unknown_fields=True):
    """Another file or table of the source, joined by `on` (SQL); its columns read as `name.column`.

    At most one row per key: a second one is an error, for it would multiply rows. Of a file that keeps old versions,
    `newest` (SQL over its columns) says which row of a key counts: the one where it is greatest.
    """

    file: str
    on: str
    table: str = ""
    where: str = ""
    newest: str = ""


class Context(Struct, frozen=True, forbid_unknown_fields=True):
    """Another table of the same delivered file (a section, a ZIP member), known by the headers of its `columns`.

    Every SQL expression of the source can read it as a relation of its name: `(SELECT topic FROM meeting)`. Without a
    `required` one the file is not of this format; one that is not required is empty when missing.
    """

    columns: dict[str, SourceColumn]
    required: bool = True


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """A truth every row must keep: `that` is SQL over the source's columns, true or null for a good row.

    A row that breaks an `error` goes to quarantine, or with `whole` refuses the delivery; a `warning` only flags it.
    """

    rule: str
    that: str
    what: str
    fix: str = ""
    severity: Severity = "error"
    whole: bool = False


class Checksum(Struct, frozen=True, forbid_unknown_fields=True):
    """A rate the vendor printed, compared with the one recomputed from counts: never imported.

    `column` and `equals` are SQL over the source's columns; `digits` is the precision the vendor prints with (of a
    percentage, digits of the percent number). `slack` is SQL for how far the rounding of the counts themselves may move
    the rate, beyond half a unit of the last digit.
    """

    rule: str
    column: str
    equals: str
    digits: int = 2
    slack: str = ""


class Totals(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that repeat what others say: dropped, counted, and their sums held against the rows'.

    A row is a total when any of `columns` matches `pattern` (regular expression, case-insensitive), or when `where`
    (SQL) holds. `grand` is the pattern of the one total that covers all rows of the file; `sums` are the columns that
    must add up to it, but for the share `within` (a vendor that estimates: 0.02).
    """

    columns: tuple[str, ...] = ()
    pattern: str = ""
    where: str = ""
    grand: str = ""
    sums: tuple[str, ...] = ()
    within: float = 0.0


class Recognise(Struct, frozen=True, forbid_unknown_fields=True):
    """How a vendor's file is known by its content, never by its name.

    All of `columns` must be found by their headers, and none of `without`; `any_of` needs at least one. `preamble` is a
    regular expression over the lines above the header; it adds certainty and, when `preamble_required`, is needed.
    `section` is a regular expression the table's own name (the title of its section, a sheet, a ZIP member) must match
    where several tables of one file look alike.
    """

    columns: tuple[str, ...]
    any_of: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    preamble: str = ""
    preamble_required: bool = False
    section: str = ""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A source: a workspace's own, or a vendor format.

    `daily` names the column that must be there for rows to belong to days; a file without it aggregates over a range
    and is refused with `daily_cure`, unless `range_columns` (start and end of each row's range) are the same day in
    every row. `lag` says how long its conversions settle (`3 days`), `begins` since when it speaks (see
    `leadline.model.clock`). `derived` are further columns, SQL over the source's columns and the derived ones before,
    window functions included. `context` are other tables of the same file.
    """

    name: str = ""
    title: str = ""
    vendor: str = ""
    doc: str = ""
    files: tuple[str, ...] = ()
    format: str = ""
    table: str = ""
    query: str = ""
    url: str = ""
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    names: tuple[str, ...] = ()
    skip: int = 0
    decimal: str = ""
    dates: str = ""
    timezone: str = ""
    currency: str = ""
    lag: str = ""
    begins: str = ""
    nulls: tuple[str, ...] = ("", "--", " --", "-", "–", "N/A", "n/a", "NA", "null", "NULL", "None")
    mode: Mode = "upsert"
    recognise: Recognise | None = None
    columns: dict[str, SourceColumn] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    context: dict[str, Context] = field(default_factory=dict)
    daily: str = ""
    daily_cure: str = ""
    range_columns: tuple[str, str] | None = None
    totals: Totals | None = None
    where: str = ""
    lookups: dict[str, Lookup] = field(default_factory=dict)
    facts: tuple[FactMap, ...] = ()
    checks: tuple[Check, ...] = ()
    checksums: tuple[Checksum, ...] = ()


class Finding(Struct, frozen=True):
    """What a load found: where, which rule, what is wrong and the cure. Errors stop the load, or quarantine the row."""

    severity: Severity
    rule: str
    file: str
    what: str
    fix: str = ""
    line: int | None = None
    column: str = ""
    value: str = ""
    count: int = 1
    fact: str = ""
