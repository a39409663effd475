"""Headers: which column of ours each header of a file is, in whatever language the vendor wrote it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from leadline.errors import DataError
from leadline.ingest.source import SourceColumn

_SPACES = re.compile(r"\s+")
_QUOTES = "\"'“”„«»`"
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad")) | dict.fromkeys(
    map(ord, "’‘ʼ´"), "'"
)
_CURRENCY = "(?P<currency>[a-z]{3})"


class Headers(Struct, frozen=True):
    """The headers of one table, understood.

    `columns` gives the file's header for each column of ours, `language` the interface language that explains most of
    them, `currency` the ISO code written into headers (empty when none is).
    """

    columns: dict[str, str] = field(default_factory=dict)
    language: str = ""
    currency: str = ""


class KnownHeader(Struct, frozen=True):
    """A header some column goes by: `rank` orders columns, then aliases; `pattern` is set when it holds a currency."""

    column: str
    language: str
    rank: tuple[int, int]
    text: str
    pattern: re.Pattern[str] | None


def normalise(header: str) -> str:
    """A header as compared: compatibility forms, spaces, quotes, marks and case do not matter."""
    text = unicodedata.normalize("NFKC", header).translate(_INVISIBLE)
    text = _SPACES.sub(" ", text).strip().strip(_QUOTES).strip().removesuffix("(%)").rstrip()
    return unicodedata.normalize("NFKC", text.casefold())


def known_headers(columns: Mapping[str, SourceColumn]) -> list[KnownHeader]:
    """All headers the columns go by; a column without headers goes by its own name."""
    known = []
    for order, (name, column) in enumerate(columns.items()):
        spelled = column.headers or ({} if column.preamble else {"": [name]})
        for language, texts in spelled.items():
            for alias, text in enumerate(texts):
                plain = normalise(text)
                pattern = None
                if "{currency}" in plain:
                    pattern = re.compile(re.escape(plain).replace(re.escape("{currency}"), _CURRENCY, 1))
                known.append(KnownHeader(name, language, (order, alias), plain, pattern))
    return known


def match_headers(known: Sequence[KnownHeader], headers: Sequence[str], file: str = "") -> Headers:
    """Assign each of a table's headers to at most one column, and each column to at most one header.

    The language that explains most headers wins; others fill what it leaves. A header that two columns go by is the
    column's that comes first. Two currencies in the headers of one file are a `DataError`.
    """
    exact: dict[str, list[KnownHeader]] = {}
    patterns = [entry for entry in known if entry.pattern]
    for entry in known:
        if not entry.pattern:
            exact.setdefault(entry.text, []).append(entry)
    hits: list[tuple[KnownHeader, str, str]] = []
    for header in headers:
        plain = normalise(header)
        hits.extend((entry, header, "") for entry in exact.get(plain, ()))
        for entry in patterns:
            found = entry.pattern.fullmatch(plain) if entry.pattern else None
            if found:
                hits.append((entry, header, found["currency"].upper()))
    votes: dict[str, set[str]] = {}
    for entry, header, _ in hits:
        votes.setdefault(entry.language, set()).add(header)
    language = max(votes, key=lambda name: (len(votes[name]), name == "en"), default="")
    chosen: dict[str, str] = {}
    currencies: dict[str, str] = {}
    taken: set[str] = set()
    for entry, header, currency in sorted(hits, key=lambda hit: (hit[0].language != language, hit[0].rank)):
        if entry.column in chosen or header in taken:
            continue
        chosen[entry.column] = header
        taken.add(header)
        if currency:
            currencies.setdefault(currency, header)
    if len(currencies) > 1:
        raise DataError(
            "two-currencies",
            f"{file or 'The file'} has amounts in {' and '.join(sorted(currencies))}.",
            why=f"headers {', '.join(repr(header) for header in currencies.values())}",
            fix="export with one currency per file; amounts of two currencies are never added",
        )
    return Headers(chosen, language, next(iter(currencies), ""))
