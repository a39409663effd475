"""Guesses about an unknown table: what each column holds, which fact its rows are, and which column is which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest import synonym
from leadline.ingest.cell import NO, YES, sample_texts
from leadline.ingest.source import Source, ValueType
from leadline.ingest.style import (
    Ambiguous,
    date_sql,
    detect_dates,
    detect_decimal,
    has_time,
    number_sql,
    unreadable_number_sql,
)
from leadline.model.fact import Column, Fact
from leadline.sql.name import literal

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read import Table

_TOLERANCE = 0.05
_NULLS = frozenset(mark.strip() for mark in Source().nulls)
_CODE = re.compile(r"0\d+|\d{16,}")
_NUMBERLIKE = re.compile(r"^[^\w]*(?:[A-Za-z€$£¥₫₺₹]{0,4})?\s?[-+(]?\s?[A-Za-z$€£¥₫₺₹]{0,3}\s?[\d.,]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NATIVE: Mapping[str, ValueType] = {"BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "number", "FLOAT": "number"}
_PERSON_COLUMNS = ("customer_id", "person_id")
_DIMENSION_WEIGHT = 0.4


class Seen(Struct, frozen=True):
    """What a column of a file holds.

    `texts` are different cells of it, null marks left out; `bad` is how many cells its `kind` cannot read; `formats`
    are its date formats; `filled` and `distinct` count cells and different ones.
    """

    header: str
    sql: str
    kind: ValueType
    texts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    bad: int = 0
    filled: int = 0
    distinct: int = 0
    fractions: bool = False

    @property
    def is_email(self) -> bool:
        hits = sum(bool(_EMAIL.fullmatch(text.strip())) for text in self.texts)
        return bool(self.texts) and hits * 2 >= len(self.texts)


class Look(Struct, frozen=True):
    """A table looked at: its columns, and how it writes numbers and dates.

    `decimal` and `dates` are empty where nothing depends on them; `unsure` names which of the two is only a guess.
    """

    columns: tuple[Seen, ...]
    decimal: str = ""
    dates: str = ""
    unsure: tuple[str, ...] = ()
    english: bool = True


class Guess(Struct, frozen=True):
    """A fact with the header of each of its columns; `email` is the header of a column of addresses, if any."""

    fact: Fact
    columns: dict[str, str]
    email: str = ""
    score: float = 0.0


def look_at(con: Connection, table: Table, *, month_first: bool = False) -> Look:
    """Look at every column; `month_first` is how `3/4/2026` is taken where no cell tells."""
    excel = table.kind == "excel"
    types = {row[0]: str(row[1]) for row in con.execute(f"DESCRIBE SELECT * FROM {table.relation}").fetchall()}
    texts: dict[str, list[str]] = {}
    for header in table.columns:
        cells = sample_texts(con, *table.shown, _text_sql(header))
        texts[header] = [text for cell in cells if (text := cell.strip()) not in _NULLS]
    english = _is_english(table.columns)
    unsure: list[str] = []
    dates, orders = _dates(texts, types, excel, month_first, unsure)
    numbers = [header for header in table.columns if header not in dates and _looks_numeric(texts[header])]
    samples = [text for header in numbers for text in texts[header]]
    found = table.decimal or detect_decimal(samples)
    if isinstance(found, Ambiguous):
        unsure.append("decimal")
        decimal = "." if english or found.conflict else ","
    else:
        decimal = found
    columns = tuple(
        _see(con, table, header, types[header], texts[header], dates.get(header, ()), decimal)
        for header in table.columns
    )
    matters = "decimal" in unsure or any(mark in text for text in samples for mark in ".,")
    return Look(columns, decimal if matters and table.text else "", orders, tuple(unsure), english)


def guess_fact(look: Look, facts: Mapping[str, Fact], file: str) -> Guess | None:
    """The fact whose columns the table has most of, or None when no fact has what it needs."""
    guesses = []
    for name, words in synonym.FACTS.items():
        guess = _assign(look, facts[name], words) if name in facts else None
        if guess is None:
            continue
        stem = f" {synonym.fold(PurePath(file).stem)} "
        named = any(f" {word}" in stem for word in _names_of(name))
        guesses.append(Guess(guess.fact, guess.columns, guess.email, guess.score + (2.0 if named else 0.0)))
    return max(guesses, key=lambda guess: guess.score, default=None)


def stage_columns(look: Look) -> dict[str, str]:
    """Headers of columns with the date a person reached a stage, by stage."""
    found: dict[str, str] = {}
    for seen in look.columns:
        if seen.kind not in ("date", "datetime"):
            continue
        words = set(synonym.fold(seen.header).split())
        for stage, text in synonym.STAGES.items():
            if stage not in found and any(set(word.split()) <= words for word, _ in synonym.words_of(text)):
                found[stage] = seen.header
                break
    return found


def agrees(column: Column, seen: Seen) -> bool:
    """Whether what a file's column holds can be the fact's column."""
    if not seen.filled:
        return False
    match column.type:
        case "integer":
            return seen.kind == "integer" or (seen.kind == "number" and not seen.fractions)
        case "decimal":
            return seen.kind in ("integer", "number", "money") or (seen.kind == "percent" and column.unit == "share")
        case "date" | "timestamp":
            return seen.kind in ("date", "datetime")
        case "boolean":
            return {text.lower() for text in seen.texts} <= {*YES, *NO}
        case _:
            return seen.kind in ("text", "boolean", "integer") and (column.name == "email") <= seen.is_email


def _assign(look: Look, fact: Fact, words: Mapping[str, str]) -> Guess | None:
    """Each column of the file to at most one of the fact's, surest first; None without a time or a mark."""
    pairs: list[tuple[float, bool, str, str]] = []
    for name, text in (*synonym.COMMON.items(), *words.items()):
        if not fact.has(name) or (name in words and name in synonym.COMMON and text is synonym.COMMON[name]):
            continue
        for seen in look.columns:
            sense = synonym.sense(seen.header, text)
            if sense.score >= 0.5 and agrees(fact.column(name), seen):
                pairs.append((sense.score, name in words, name, seen.header))
    pairs.sort(key=lambda pair: (-pair[0], not pair[1]))
    columns: dict[str, str] = {}
    score = 0.0
    for sure, own, name, header in pairs:
        if name in columns or header in columns.values():
            continue
        columns[name] = header
        score += sure * (1.0 if own else _DIMENSION_WEIGHT)
    email = next((seen.header for seen in look.columns if seen.is_email), "")
    person = next((name for name in _PERSON_COLUMNS if fact.has(name)), "")
    if email and person:
        score += 0.0 if email in columns.values() else 0.5
    dates = [seen.header for seen in look.columns if seen.kind in ("date", "datetime")]
    free = [header for header in dates if header not in columns.values()]
    if fact.time not in columns and len(free) == 1 and not (fact.name == "deal" and "closed_at" in columns):
        columns[fact.time] = free[0]
    timed = fact.time in columns or (fact.name == "deal" and "closed_at" in columns)
    staged = stage_columns(look) if fact.name == "stage_entry" else {}
    if staged:
        score += 2.0 * len(staged)
    has = {*columns, *(("email",) if email else ()), *(("stage",) if len(staged) > 1 else ())}
    if not (timed or staged) or not all(has & set(group) for group in synonym.MARKS[fact.name]):
        return None
    return Guess(fact, columns, email if person else "", score)


def _names_of(fact: str) -> tuple[str, ...]:
    names = {
        "order": ("order", "bestell", "commande", "pedido", "siparis", "don hang", "订单", "sales", "invoice",
                  "transaction"),
        "deal": ("deal", "opportunit", "pipeline", "商机"),
        "ad": ("ad ", "ads ", "advert", "werbung", "广告"),
        "subscription": ("subscri", "abo ", "abos ", "abonne", "suscrip", "订阅"),
        "cost": ("cost", "expense", "kosten", "ausgaben", "depenses", "gastos", "费用", "budget"),
        "stage_entry": ("stage", "lead", "lifecycle", "contacts", "funnel"),
        "session": ("session", "visit", "traffic"),
        "email": ("email", "mail", "newsletter"),
        "survey": ("survey", "nps", "csat", "umfrage", "anket"),
        "product_event": ("event", "product usage"),
        "event_member": ("webinar", "attendee", "teilnehmer"),
        "sales_touch": ("call", "activit", "aktivitat"),
        "referral": ("referral", "invit", "empfehl"),
    }  # fmt: skip
    return names[fact]


def _is_english(headers: Iterable[str]) -> bool:
    """Whether the headers read as English rather than as one of the other languages."""
    texts = [*synonym.COMMON.values(), *(text for words in synonym.FACTS.values() for text in words.values())]
    known: dict[str, bool] = {}
    for text in texts:
        for word, english in synonym.words_of(text):
            known[word] = known.get(word, False) or english
    folded = [synonym.fold(header) for header in headers]
    foreign = sum(known.get(header) is False or not header.isascii() for header in folded)
    return foreign * 2 <= max(sum(header in known for header in folded), 1)


def _text_sql(header: str) -> str:
    from leadline.ingest.read.table import ident

    return f"trim(CAST({ident(header)} AS VARCHAR))"


def _dates(
    texts: Mapping[str, Sequence[str]], types: Mapping[str, str], excel: bool, month_first: bool, unsure: list[str]
) -> tuple[dict[str, tuple[str, ...]], str]:
    """Date formats of the columns that hold dates, and the pattern that says whether the day or the month is first."""
    found: dict[str, tuple[str, ...]] = {}
    open_: dict[str, Ambiguous] = {}
    for header, cells in texts.items():
        if not cells or types[header] not in ("VARCHAR", "JSON"):
            continue
        if all(re.fullmatch(r"[\d.,]+", cell) and not re.fullmatch(r"\d+\.\d+\.\d+", cell) for cell in cells):
            times = (text for words in synonym.FACTS.values() for name, text in words.items()
                     if name == "date" or name.endswith("_at"))  # fmt: skip
            if not any(synonym.sense(header, text).score >= 0.5 for text in times):
                continue
        formats = detect_dates(cells, None, excel=excel)
        if isinstance(formats, Ambiguous):
            open_[header] = formats
        elif formats:
            found[header] = formats
    numeric = [form.split(" ")[0] for formats in found.values() for form in formats
               if re.match(r"%[dm][-/]%[dm][-/]", form)]  # fmt: skip
    order = numeric[0] if numeric else ""
    for header, ambiguous in open_.items():
        if not order:
            unsure.append("dates")
            order = ambiguous.options[1 if month_first else 0]
        formats = detect_dates(texts[header], "en-US" if order.startswith("%m") else "en-GB", excel=excel)
        found[header] = () if isinstance(formats, Ambiguous) else formats
    return {header: formats for header, formats in found.items() if formats}, order


def _looks_numeric(texts: Sequence[str]) -> bool:
    hits = sum(bool(_NUMBERLIKE.match(text)) for text in texts)
    return bool(texts) and hits >= (1 - _TOLERANCE) * len(texts) and not any(map(_CODE.fullmatch, texts))


def _see(
    con: Connection, table: Table, header: str, type_: str, texts: Sequence[str], formats: tuple[str, ...], decimal: str
) -> Seen:
    sql = _text_sql(header)
    marks = ", ".join(literal(mark) for mark in sorted(_NULLS))
    filled_sql = f"{sql} IS NOT NULL AND {sql} NOT IN ({marks})"
    number, date = unreadable_number_sql(sql, decimal), f"{date_sql(sql, formats)} IS NULL" if formats else "true"
    row = con.execute(
        f"SELECT count(*), count(*) FILTER ({number}), count(*) FILTER ({date}), count(DISTINCT {sql}), "
        f"coalesce(bool_or({number_sql(sql, decimal)} <> trunc({number_sql(sql, decimal)})), false) "
        f"FROM {table.relation} WHERE {filled_sql}"
    ).fetchone()
    filled, words, undated, distinct, fractions = row or (0, 0, 0, 0, False)
    kind, bad = _kind(type_, texts, formats, int(filled), int(words), int(undated), bool(fractions))
    kept = formats if kind in ("date", "datetime") else ()
    return Seen(header, sql, kind, tuple(texts), kept, bad, int(filled), int(distinct), bool(fractions))


def _kind(
    type_: str, texts: Sequence[str], formats: Sequence[str], filled: int, words: int, undated: int, fractions: bool
) -> tuple[ValueType, int]:
    """What a column holds, and how many cells are not that."""
    if type_ in _NATIVE:
        return _NATIVE[type_], 0
    if type_.startswith("TIMESTAMP"):
        return "datetime", 0
    if type_.startswith("DECIMAL"):
        return "number", 0
    if type_.endswith(("INT", "INTEGER")):
        return "integer", 0
    if type_ not in ("VARCHAR", "JSON") or not filled:
        return "text", 0
    if formats and undated <= _TOLERANCE * filled:
        return ("datetime" if any(has_time(form) for form in formats) else "date"), undated
    if {text.lower() for text in texts} <= {*YES, *NO} - {"0", "1", "t", "f", "x", "y", "n"}:
        return "boolean", 0
    if words > _TOLERANCE * filled or any(map(_CODE.fullmatch, texts)):
        return "text", 0
    if any("%" in text for text in texts):
        return "percent", words
    plain = all(re.fullmatch(r"[-+]?\d+", text) for text in texts)
    return ("integer" if plain and not fractions else "number"), words
