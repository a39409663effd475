"""Proposals: a first mapping for a file of no known format, from its columns and their values, with doubts marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import DataError, UsageError
from leadline.ingest.cell import sample_texts
from leadline.ingest.definition import decode_source, vendor_definitions
from leadline.ingest.header import normalise
from leadline.ingest.recognise import recognise
from leadline.ingest.source import ValueType
from leadline.ingest.stylist import guess_kind
from leadline.ingest.synonyms import DATE, TELLING, WORDS
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read.table import Table
    from leadline.model.fact import Fact

_SUITS: Mapping[str, tuple[ValueType, ...]] = {
    "integer": ("integer",),
    "decimal": ("integer", "number", "money", "percent"),
    "date": ("date", "datetime"),
    "timestamp": ("date", "datetime"),
    "boolean": ("boolean", "text", "integer"),
}
_DOUBT = "  # ? "


class Guess(Struct, frozen=True):
    """A fact and which of the file's columns would fill which of its columns."""

    fact: Fact
    columns: dict[str, str]
    score: float


def propose(folder: Path, path: Path, facts: Mapping[str, Fact]) -> str:
    """Write `sources/NAME.yaml` into the workspace `folder` for the file at `path`; what was done, for people.

    A file that is recognised already needs none, and is said to be so. Nothing is ever overwritten.
    """
    from leadline.engines.duckdb import connect
    from leadline.ingest.read import ReadOptions, read, release

    con = connect()
    tables = read(con, path, ReadOptions(), name=path.name)
    try:
        known = recognise(tables, (), vendor_definitions)
        if known:
            source = known[0][1].definition.source
            return f"{path.name} is a {source.title}: no mapping is needed. Load it: leadline load {path}"
        table = max(tables, key=lambda one: one.rows)
        text, fact, unused = write_mapping(con, table, path, facts)
    finally:
        release(con, tables)
        con.close()
    name = source_name(path)
    target = folder / "sources" / f"{name}.yaml"
    if target.exists():
        raise UsageError("source-exists", f"{target} is there already.", fix="edit it, or move it away first")
    decode_source(text, f"sources/{target.name}", facts=facts, name=name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    left = f" {len(unused)} columns are not used: {', '.join(unused[:8])}{'…' if len(unused) > 8 else ''}." if unused else ""
    return (
        f"Wrote sources/{target.name}: {path.name} as {fact} rows.{left}\n"
        f"Look at the lines marked `?`, then try it: leadline load --dry-run {path}"
    )


def source_name(path: Path) -> str:
    """A source's name from a file's: words without dates and numbers at the end."""
    stem = re.sub(r"[\W_]+", "_", path.stem.casefold()).strip("_")
    return re.sub(r"(_?\d+)+$", "", stem) or stem or "source"


def write_mapping(
    con: Connection, table: Table, path: Path, facts: Mapping[str, Fact]
) -> tuple[str, str, list[str]]:
    """The YAML text of a first mapping, the fact it maps to, and the columns left unused."""
    kinds = column_kinds(con, table)
    guesses = guess_facts(kinds, facts)
    if not guesses:
        shown = ", ".join(repr(column) for column in table.columns[:10])
        raise DataError(
            "nothing-to-propose", f"No fact has columns like those of {path.name}.", why=f"it has {shown}",
            fix="see `leadline facts` for what can be measured, and write sources/NAME.yaml by hand",
        )  # fmt: skip
    best = guesses[0]
    fact = best.fact
    key, key_doubt = propose_key(con, table, best)
    used = set(best.columns.values())
    unused = [column for column in table.columns if column not in used]
    lines = [
        f"# A first mapping for {path.name}, guessed from its columns. Lines marked `?` want a look.",
        f"title: {_scalar(source_name(path).replace('_', ' ').capitalize())}",
        f'files: ["{_pattern(path)}"]',
    ]
    if len(guesses) > 1 and guesses[1].score > 0.7 * best.score:
        lines.insert(1, f"# ? It may also be `{guesses[1].fact.name}`: {guesses[1].fact.doc}")
    if any(fact.column(name).unit == "money" for name in best.columns) and "currency" not in best.columns:
        lines.append(f"# currency: EUR{_DOUBT}no column tells the currency; without this line it is the workspace's")
    if any(fact.column(name).type == "timestamp" for name in best.columns):
        lines.append(f"# timezone: Europe/Berlin{_DOUBT}the zone its clock times are in; without this line the workspace's")
    lines += _style_lines(con, table, kinds)
    lines.append("columns:")
    lines += [f"  {_scalar(column)}: {kinds[column]}" for column in table.columns if column in used]
    lines += ["facts:", f"  - fact: {fact.name}", f"    key: [{', '.join(_scalar(part) for part in key)}]{key_doubt}"]
    lines.append("    columns:")
    for name in fact.column_names:
        if name in best.columns:
            column = best.columns[name]
            lines.append(f"      {name}: {_scalar(_identifier(con, column))}{_doubt(fact, name, kinds[column])}")
    lines += _derived_lines(con, fact, best)
    if unused:
        lines.append(f"      # not used: {', '.join(unused)}")
    return "\n".join(lines) + "\n", fact.name, unused


def column_kinds(con: Connection, table: Table) -> dict[str, ValueType]:
    """What each column's values are."""
    kinds: dict[str, ValueType] = {}
    natives = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {table.relation}").fetchall()}
    for column in table.columns:
        native = natives[column]
        if native == "VARCHAR":
            texts = [text.strip() for text in sample_texts(con, table.relation, quote(column), table.rows)]
            kinds[column] = guess_kind([text for text in texts if text and text not in ("--", "-", "N/A", "null")])
        elif native.startswith("TIMESTAMP"):
            kinds[column] = "datetime"
        else:
            plain: dict[str, ValueType] = {"DATE": "date", "BOOLEAN": "boolean", "BIGINT": "integer", "INTEGER": "integer"}
            kinds[column] = plain.get(native, "number" if native.startswith(("DEC", "DOU", "FLO")) else "text")
    return kinds


def guess_facts(kinds: Mapping[str, ValueType], facts: Mapping[str, Fact]) -> list[Guess]:
    """Facts that the columns could fill, best first."""
    words = {plain_header(column): column for column in reversed(kinds)}
    guesses = []
    for fact in facts.values():
        filled: dict[str, str] = {}
        taken: set[str] = set()
        for name in fact.column_names:
            column = fact.column(name)
            if name == "is_first":
                continue
            for word in (name.replace("_", " "), *WORDS.get(name, ())):
                header = words.get(plain_header(word))
                if header and header not in taken and kinds[header] in _SUITS.get(column.type, tuple(_ALL)):
                    filled[name] = header
                    taken.add(header)
                    break
        told = set(filled)
        if fact.time not in filled:
            header = next((one for word in DATE if (one := words.get(plain_header(word))) and one not in taken), None)
            header = header or next((one for one, kind in kinds.items() if kind in ("date", "datetime") and one not in taken), None)
            if header and kinds[header] in ("date", "datetime"):
                filled[fact.time] = header
        if all(any(name in told for name in group) for group in TELLING.get(fact.name, ())):
            telling = sum(name in told for group in TELLING.get(fact.name, ()) for name in group)
            guesses.append(Guess(fact, filled, len(filled) + 1.5 * telling + (1 if fact.time in filled else 0)))
    return sorted(guesses, key=lambda guess: -guess.score)


_ALL: tuple[ValueType, ...] = ("text", "integer", "number", "money", "percent", "date", "datetime", "boolean", "duration")


def plain_header(header: str) -> str:
    """A header for comparing with words: no case, no punctuation, words apart."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return re.sub(r"[\W_]+", " ", normalise(apart)).strip()


def propose_key(con: Connection, table: Table, guess: Guess) -> tuple[list[str], str]:
    """The fewest columns that tell the rows apart, ids first; the line where none do."""
    fact = guess.fact
    ids = [name for name in fact.column_names if name in guess.columns and fact.column(name).role == "id"]
    own = [name for name in ids if name in (fact.entity, f"{fact.name}_id", "line_id", "event_id", "post_id")]
    dims = [name for name in fact.column_names if name in guess.columns and fact.column(name).role == "dimension"]
    time = [fact.time] if fact.time in guess.columns else []
    named = [[guess.columns[name]] for name in own]
    loose = [[column] for column in table.columns if re.search(r"(^|[\W_])(id|no|number|key|nr)$", column, re.IGNORECASE)]
    wider = [[name, *time] for name in own] + [time + ids, time + ids + dims]
    tries = [*named, *loose, *([guess.columns[name] for name in names] for names in wider)]
    tried: set[tuple[str, ...]] = set()
    for columns in tries:
        if not columns or tuple(columns) in tried:
            continue
        tried.add(tuple(columns))
        listed = ", ".join(quote(column) for column in columns)
        row = con.execute(f"SELECT count(*), count(DISTINCT ({listed})) FROM {table.relation}").fetchone()
        if row and row[0] == row[1]:
            doubt = "" if columns in named else f"{_DOUBT}tells apart the rows of this file; is it so in all?"
            return [_identifier(con, column) for column in columns], doubt
    return ["_line"], f"{_DOUBT}no columns tell the rows apart, so a row is known by its line only"


def _doubt(fact: Fact, name: str, kind: ValueType) -> str:
    column = fact.column(name)
    if name == "status" and fact.name == "deal":
        return f"{_DOUBT}must become open, won or lost"
    if column.type == "boolean" and kind != "boolean":
        return f"{_DOUBT}write a condition, for example: status = 'yes'"
    if name in ("amount", "value") and fact.name == "order":
        return f"{_DOUBT}of the whole order, or of the line?"
    if name in ("person_id", "customer_id"):
        return f"{_DOUBT}with an e-mail column: person(email, id), so that sources agree on people"
    return ""


def _derived_lines(con: Connection, fact: Fact, guess: Guess) -> list[str]:
    """What can be said though no column says it."""
    lines = []
    columns = guess.columns
    if fact.name == "order" and "amount" not in columns and {"quantity", "unit_price"} <= set(columns):
        product = " * ".join(_identifier(con, columns[name]) for name in ("quantity", "unit_price"))
        lines.append(f"      amount: {_scalar(product)}")
    if fact.name == "order" and "is_sale" not in columns:
        lines.append(f"      is_sale: 'true'{_DOUBT}false for cancelled, failed and returned orders")
    if fact.name == "cost" and "team" not in columns:
        lines.append(f'      team: "\'marketing\'"{_DOUBT}marketing or sales')
    if fact.name == "ad" and "platform" not in columns:
        lines.append(f'      platform: "\'my_platform\'"{_DOUBT}name the platform')
    return lines


def _style_lines(con: Connection, table: Table, kinds: Mapping[str, ValueType]) -> list[str]:
    """Number and date style where the cells leave it open."""
    from leadline.ingest.style.ambiguous import Ambiguous
    from leadline.ingest.style.date import detect_dates
    from leadline.ingest.style.number import detect_decimal

    if not table.text:
        return []
    lines = []
    numbers: list[str] = []
    for column, kind in kinds.items():
        if kind in ("integer", "number", "percent"):
            numbers += sample_texts(con, table.relation, quote(column), table.rows)
        elif kind in ("date", "datetime"):
            formats = detect_dates(sample_texts(con, table.relation, quote(column), table.rows))
            if isinstance(formats, Ambiguous) and not any(line.startswith("dates") for line in lines):
                lines.append(f"dates: day-first{_DOUBT}{formats.what}")
    decimal = detect_decimal(numbers)
    if isinstance(decimal, Ambiguous):
        lines.append(f'decimal: "."{_DOUBT}{decimal.what}')
    return lines


def _pattern(path: Path) -> str:
    stem = re.sub(r"[\d_.-]+$", "", path.stem) or path.stem
    return f"{stem}*{path.suffix}".replace('"', "")


def _identifier(con: Connection, column: str) -> str:
    """A column as it is written in SQL."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", column) and column.lower() not in _reserved(con):
        return column
    return quote(column)


def _reserved(con: Connection) -> set[str]:
    rows = con.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'").fetchall()
    return {row[0] for row in rows}


def _scalar(text: str) -> str:
    """Text as a YAML scalar."""
    if re.fullmatch(r"[A-Za-z_][\w ./-]*", text) and text.lower() not in ("null", "true", "false", "yes", "no", "on", "off"):
        return text
    return "'" + text.replace("'", "''") + "'"


