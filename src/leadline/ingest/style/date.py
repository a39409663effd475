"""Dates and times as people write them: which formats a column has, and SQL that reads them.

A format is a `strptime` pattern, or `epoch_s`, `epoch_ms`, `epoch_us`, `excel` (days since 1899-12-30). Where months
have names in other languages than English the pattern has `%m` in their place and the languages in front
(`fr:%d %m %Y`, `de+pt:%d %m %Y`): DuckDB's `strptime` knows English names only, so the SQL replaces the names by
numbers first. A pattern that ends in `Z`, ` UTC`, ` GMT` or `%z` gives absolute times, all others the clock of the
source's zone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest.style.ambiguous import Ambiguous
from leadline.ingest.style.month import LANGUAGES, folded, languages_for, month_names, month_of
from leadline.ingest.style.zone import YEARS, zone_sql

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

EPOCHS = {"epoch_s": 1, "epoch_ms": 1000, "epoch_us": 1_000_000}

_TIME = re.compile(
    r"(?P<gap>[T ]|, | at |,)(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2}(?P<fraction>[.,]\d{1,9})?)?"
    r"(?P<half>\s?[AaPp][Mm])?(?P<zone>\s?(?:Z|UTC|GMT)|\s?[+-]\d{2}(?::?\d{2})?)?$"
)
_YEAR_FIRST = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$")
_CJK = re.compile(r"^\d{4}([年년]) ?(\d{1,2})([月월]) ?(\d{1,2})([日일])$")
_TOKEN = re.compile(r"\d+|[^\W\d_]+\.?")
_LITERAL_WORDS = frozenset({"de", "del", "of", "the", "thg", "tháng", "ngày", "năm", "th", "le", "den", "el"})
_NO_MONTHS = frozenset({"utc", "gmt", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_WEEKDAYS = (
    frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}),
    frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"}),
)


class _Shape(Struct, frozen=True):
    """One sample taken apart: a pattern, with the order of day and month still open where it is."""

    pattern: str
    first: int = 0
    second: int = 0

    @property
    def open(self) -> bool:
        return "{a}" in self.pattern


def detect_dates(
    samples: Iterable[str], language: str | None = None, *, excel: bool = False
) -> tuple[str, ...] | Ambiguous:
    """The formats of a column's values, in the order of their frequency; empty when they are no dates.

    Day and month of `9/3/2026` are told apart by the values of the whole column (a 23 can only be a day), then by a
    language that has one order (`en` alone has two: say `en-US` or `en-GB`), else the outcome is Ambiguous; dots are
    day first everywhere. With `excel`, bare numbers are a sheet's serial days.
    """
    shapes: dict[str, int] = {}
    numeric: list[tuple[_Shape, str]] = []
    compact_hours = True
    texts = [text for sample in samples if (text := sample.strip())]
    months = {word for text in texts for word in _month_words(text)}
    languages = languages_for(months, language) if months else ()
    for text in texts:
        compact_hours = compact_hours and _is_compact_hour(text)
    for text in texts:
        shape = _Shape("%Y%m%d%H") if compact_hours else _shape(text, languages, excel)
        if shape is None:
            continue
        if shape.open:
            numeric.append((shape, text))
        shapes[shape.pattern] = shapes.get(shape.pattern, 0) + 1
    if numeric:
        order = _order(numeric, language)
        if isinstance(order, Ambiguous):
            return order
        resolved: dict[str, int] = {}
        for pattern, count in shapes.items():
            known = pattern.replace("{a}", order[0]).replace("{b}", order[1])
            resolved[known] = resolved.get(known, 0) + count
        shapes = resolved
    formats = sorted(shapes, key=lambda pattern: -shapes[pattern])
    if months and {folded(month) for month in months} == {"may"}:
        # May is short and long at once: nothing shows which of the two the other months would be
        formats += [form.replace("%b", "%B") for form in formats if "%b" in form]
    return tuple(formats)


def _month_words(text: str) -> list[str]:
    """The words of a text that are a month's name in some language."""
    if len(text) > 60 or not any(char.isdecimal() for char in text):
        return []
    words = [word for word in _TOKEN.findall(text) if not word.isdecimal() and len(word) > 2]
    return [word for word in words if word.lower() not in _NO_MONTHS and month_of(word, LANGUAGES)]


def date_samples(con: Connection, relation: str, column: str, limit: int = 2000) -> list[str]:
    """Values of a column for `detect_dates`: up to `limit`, and the two that tell day from month if any does."""
    cell = f"cast({column} as varchar)"
    rows = con.execute(
        f"select distinct v from (select trim({cell}) as v from {relation} where {cell} <> '' limit {limit * 5}) "
        f"limit {limit}"
    ).fetchall()
    samples = [row[0] for row in rows if row[0]]
    if any(_YEAR_LAST.match(_TIME.sub("", sample)) for sample in samples[:50]):
        part = "try_cast(regexp_extract({0}, '^\\s*([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.]', {1}) as integer)"
        first, second = part.format(cell, 1), part.format(cell, 2)
        telling = con.execute(
            f"select arg_max({cell}, {first}), arg_max({cell}, {second}), any_value({cell}) filter ({first} > 12), "
            f"any_value({cell}) filter ({second} > 12) from {relation}"
        ).fetchone()
        samples += [value.strip() for value in telling or () if value]
    return samples


def _order(numeric: list[tuple[_Shape, str]], language: str | None) -> tuple[str, str] | Ambiguous:
    """Whether the day or the month comes first."""
    day_first = [text for shape, text in numeric if shape.first > 12]
    month_first = [text for shape, text in numeric if shape.second > 12]
    if day_first and month_first:
        return Ambiguous(
            "Some dates have the day first and some the month.",
            (day_first[0], month_first[0]),
            ("%d/%m/%Y", "%m/%d/%Y"),
            "export again with one date format",
            conflict=True,
        )
    if day_first or all("." in shape.pattern.split(" ")[0] for shape, _ in numeric if not month_first):
        return ("%m", "%d") if month_first else ("%d", "%m")
    if month_first:
        return ("%m", "%d")
    if language and (order := language_order(language)):
        return ("%d", "%m") if order == "day" else ("%m", "%d")
    example = numeric[0][1]
    separator = re.sub(r"\d", "", example)[:1]
    return Ambiguous(
        f"{example} may have the day or the month first: no value of the column tells.",
        tuple(text for _, text in numeric[:3]),
        (f"%d{separator}%m{separator}%Y", f"%m{separator}%d{separator}%Y"),
        f"say `dates: '%d{separator}%m{separator}%Y'` or `dates: '%m{separator}%d{separator}%Y'`",
    )


def language_order(language: str) -> str:
    """`day` or `month`, whichever a language writes first; empty where countries differ or the year comes first."""
    from babel import Locale, UnknownLocaleError

    code = language.replace("-", "_")
    if code.lower() == "en":
        return ""
    try:
        pattern = Locale.parse(code).date_formats["short"].pattern
    except (UnknownLocaleError, ValueError, KeyError):
        return ""
    plain = re.sub(r"[^dMy]", "", pattern)
    if plain.startswith("y"):
        return ""
    return "day" if plain.index("d") < plain.index("M") else "month"


def _is_compact_hour(text: str) -> bool:
    if len(text) != 10 or not text.isdecimal():
        return False
    year, month, day, hour = int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:])
    return 1990 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24


def _shape(text: str, languages: tuple[str, ...], excel: bool) -> _Shape | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        name = _bare_number(text, excel)
        return _Shape(name) if name else None
    time = ""
    date = text
    if (found := _TIME.search(text)) is not None:
        time = _time_pattern(found)
        date = text[: found.start()].rstrip(",") + ("," if text[: found.start()].endswith(",") else "")
    shape = _date_shape(date, languages)
    if shape is None:
        return None
    return _Shape(shape.pattern + time, shape.first, shape.second)


def _bare_number(text: str, excel: bool) -> str:
    whole = text.split(".")[0]
    if excel and 4 <= len(whole) <= 5 and 3000 < int(whole) < 80000:
        return "excel"
    if "." not in text and len(text) == 8:
        try:
            year = dt.datetime.strptime(text, "%Y%m%d").year
        except ValueError:
            return ""
        return "%Y%m%d" if 1900 <= year <= 2200 else ""
    for name, length in (("epoch_s", 10), ("epoch_ms", 13), ("epoch_us", 16)):
        if len(whole) == length:
            return name
    return ""


def _time_pattern(found: re.Match[str]) -> str:
    half = found["half"] or ""
    pattern = found["gap"] + ("%I:%M" if half else "%H:%M") + (":%S" if found["second"] else "")
    if fraction := found["fraction"]:
        pattern += fraction[0] + ("%f" if len(fraction) <= 7 else "%n")
    if half:
        pattern += half[:-2] + "%p"
    zone = found["zone"] or ""
    if zone.strip()[:1] in ("+", "-"):
        return pattern + zone[: len(zone) - len(zone.lstrip())] + "%z"
    return pattern + zone


def _date_shape(text: str, languages: tuple[str, ...]) -> _Shape | None:
    if (found := _YEAR_FIRST.match(text)) is not None:
        mark = found[2]
        return _Shape(f"%Y{mark}%m{mark}%d") if int(found[3]) <= 12 else None
    if (found := _YEAR_LAST.match(text)) is not None:
        mark, first, second = found[2], int(found[1]), int(found[3])
        if max(first, second) > 31 or min(first, second) > 12:
            return _Shape(f"%y{mark}%m{mark}%d") if len(found[4]) == 2 and first > 31 else None
        year = "%Y" if len(found[4]) == 4 else "%y"
        return _Shape(f"{{a}}{mark}{{b}}{mark}{year}", first, second)
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return _Shape("%Y-%m")
    if (found := _CJK.match(text)) is not None:
        return _Shape(re.sub(r"\d+", "%d", re.sub(r"(?<=[年년])( ?)\d+", r"\1%m", re.sub(r"^\d{4}", "%Y", text))))
    if re.fullmatch(r"\d{8}", text):
        return _Shape("%Y%m%d")
    return _worded_shape(text, languages)


def _worded_shape(text: str, languages: tuple[str, ...]) -> _Shape | None:
    """Dates with a month's name, taken apart word by word."""
    vietnamese = re.search(r"(?:thg|tháng)\.?\s+(\d{1,2})", text, re.IGNORECASE)
    month_at = vietnamese.start(1) if vietnamese else -1
    pattern, at, tagged = "", 0, False
    seen: list[str] = []
    for token in _TOKEN.finditer(text):
        pattern += text[at : token.start()].replace("%", "%%")
        at = token.end()
        word = token.group()
        if token.start() == month_at:
            code = "%m"
        elif word.isdecimal():
            code = _number_code(word, seen)
        else:
            code = _word_code(word, languages)
            tagged = tagged or code.startswith("%m")
        if not code:
            return None
        if code[0] == "%":
            seen.append(code[:2])
        pattern += code
    pattern += text[at:].replace("%", "%%")
    if len(set(seen)) != len(seen) or not {"%Y", "%y"} & set(seen) or not {"%b", "%B", "%m"} & set(seen):
        return None
    return _Shape(f"{'+'.join(languages)}:{pattern}" if tagged else pattern)


def _number_code(word: str, seen: list[str]) -> str:
    if len(word) == 4:
        return "%Y"
    if len(word) > 2:
        return ""
    return "%y" if "%d" in seen else "%d"


def _word_code(word: str, languages: tuple[str, ...]) -> str:
    """The pattern of a word: a weekday, a month, or one that stands for itself; empty for any other."""
    bare = word.lower().rstrip(".")
    dot = word[len(bare) :]
    for names, code in zip(_WEEKDAYS, ("%A", "%a"), strict=True):
        if bare in names:
            return code + dot
    if not month_of(word, languages):
        return word if bare in _LITERAL_WORDS else ""
    if languages == ("en",) and bare != "sept":
        return ("%b" if len(bare) == 3 else "%B") + dot
    # a dot that belongs to the abbreviation goes with it when names become numbers
    whole = any(folded(word) in month_names(language) for language in languages)
    return "%m" if whole else "%m" + dot


def date_sql(column: str, formats: Sequence[str]) -> str:
    """SQL that reads a text column as DATE, the clock's own date; null where no format fits."""
    return f"cast({_parsed(column, formats)} as date)"


def timestamp_sql(column: str, formats: Sequence[str], zone: str = "UTC", years: tuple[int, int] = YEARS) -> str:
    """SQL that reads a text column as UTC TIMESTAMP without zone; formats without one of their own are in `zone`."""
    absolute = [form for form in formats if is_absolute(form)]
    local = [form for form in formats if not is_absolute(form)]
    parts = [_parsed(column, absolute)] if absolute else []
    if local:
        parts.append(zone_sql(_parsed(column, local), zone, years))
    if not parts:
        return "cast(null as timestamp)"
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def is_absolute(form: str) -> bool:
    """Whether a format's values name a moment and not a clock's reading."""
    return form in EPOCHS or form.endswith(("Z", "%z", "UTC", "GMT"))


def has_time(form: str) -> bool:
    """Whether a format's values have a time of day."""
    return form in EPOCHS or form == "excel" or "%H" in form or "%I" in form


def _parsed(column: str, formats: Sequence[str]) -> str:
    """SQL that reads a column by any of the formats, as a TIMESTAMP."""
    plain: list[str] = []
    offset: list[str] = []
    tagged: dict[str, list[str]] = {}
    parts: list[str] = []
    for form in formats:
        tag, _, pattern = form.partition(":")
        if form in EPOCHS:
            parts.append(_epoch_sql(column, EPOCHS[form]))
        elif form == "excel":
            days = f"try_cast({column} as double)"
            # rounded to the second: the fraction of a day is not exact in binary
            parts.append(f"timestamp '1899-12-30' + to_seconds(cast(round({days} * 86400) as bigint))")
        elif re.fullmatch(r"[a-z]{2}(\+[a-z]{2})*", tag):
            tagged.setdefault(tag, []).append(pattern)
        elif form.endswith("%z"):
            offset.append(form)
        else:
            plain.append(form)
    for same in (plain, offset, *tagged.values()):
        # TRICKY: %Y takes 26 for the year 26, while %y leaves half of 2026 over and fails: so %y goes first
        same.sort(key=lambda pattern: "%y" not in pattern)
    if plain:
        read = f"try_strptime({column}, {_list(plain)})"
        parts.insert(0, f"cast({read} as timestamp)" if any("%n" in form for form in plain) else read)
    if offset:
        # DuckDB wants minutes or none in an offset, and no blank before it
        # not by `at time zone`, which needs an extension that not every DuckDB has
        parts.append(f"make_timestamp(epoch_us(try_strptime({column}, {_list(offset)})))")
    for tag, patterns in tagged.items():
        parts.append(f"try_strptime({_numbered(column, tag)}, {_list(patterns)})")
    if not parts:
        return "cast(null as timestamp)"
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def _epoch_sql(column: str, per_second: int) -> str:
    digits = {1: 10, 1000: 13, 1_000_000: 16}[per_second]
    factor = 1_000_000 // per_second
    value = f"try_cast({column} as decimal(28,6))"
    fits = f"regexp_matches({column}, '^\\s*[0-9]{{{digits}}}(\\.[0-9]+)?\\s*$')"
    return f"case when {fits} then make_timestamp(cast({value} * {factor} as bigint)) end"


def _numbered(column: str, tag: str) -> str:
    """SQL that writes months' names in the tag's languages as numbers, longest name first."""
    names: dict[str, int] = {}
    for language in tag.split("+"):
        names |= month_names(language)
    sql = f"lower({column})"
    for name, number in sorted(names.items(), key=lambda item: (-len(item[0]), item[0])):
        sql = f"replace({sql}, {_text(name)}, '{number:02}')"
    return sql


def _list(patterns: Sequence[str]) -> str:
    return _text(patterns[0]) if len(patterns) == 1 else f"[{', '.join(_text(pattern) for pattern in patterns)}]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
