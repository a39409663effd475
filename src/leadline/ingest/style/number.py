"""Numbers as people write them: which mark is decimal, and SQL that reads them.

No parser in DuckDB knows grouping, currency signs and percent signs, and calling Babel for each row is a thousand times
too slow, so the grammar is spelled out here in SQL; Babel formats the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadline.ingest.style.ambiguous import Ambiguous

DECIMAL = "DECIMAL(38,10)"

_SPACES = "\u00a0\u202f\u2009 "
_APOSTROPHES = "'’`´"
_FRAME = re.compile(r"[^\d.," + _SPACES + _APOSTROPHES + "]+")
_EVIDENCE = re.compile(r"\d[\d.,'’ \u00a0\u202f\u2009]*")


def detect_decimal(samples: Iterable[str], language: str | None = None) -> str | Ambiguous:
    """The decimal mark, `.` or `,`, of sample values of all number columns of a file.

    A value tells by itself (`1.234,5`, `0,5`, `1,234,567`), or it may be read both ways (`1,234`); then the others
    decide, then the language. Values without any mark fit both and give `.`. Contradicting values are Ambiguous.
    """
    proof: dict[str, str] = {}
    doubtful: dict[str, str] = {}
    for sample in samples:
        for mark, sure in _evidence(sample):
            (proof if sure else doubtful).setdefault(mark, sample.strip())
    if len(proof) == 1:
        return next(iter(proof))
    if len(proof) > 1:
        return Ambiguous(
            "Some numbers have a decimal point and some a decimal comma.",
            (proof["."], proof[","]),
            (".", ","),
            "export again with one number format, or say `decimal:` and mend the others",
            conflict=True,
        )
    if not doubtful:
        return "."
    if language and (mark := language_decimal(language)):
        return mark
    sample = next(iter(doubtful.values()))
    return Ambiguous(
        f"{sample} may be a whole number with grouping or a number with three decimals.",
        tuple(doubtful.values()),
        (".", ","),
        "say `decimal: '.'` or `decimal: ','`",
    )


def language_decimal(language: str) -> str:
    """The decimal mark that a language writes, empty when it is unknown."""
    from babel import Locale, UnknownLocaleError

    try:
        mark = Locale.parse(language.replace("-", "_")).number_symbols["latn"]["decimal"]
    except (UnknownLocaleError, ValueError, KeyError):
        return ""
    return str(mark) if mark in (".", ",") else ""


def _evidence(sample: str) -> list[tuple[str, bool]]:
    """What one value says about the decimal mark: the mark, and whether that is certain."""
    found = _EVIDENCE.search(sample)
    if found is None:
        return []
    text = found.group().rstrip(_SPACES + _APOSTROPHES)
    marks = [char for char in text if char in ".,"]
    if not marks:
        return []
    last = marks[-1]
    other = "," if last == "." else "."
    if len(set(marks)) == 2:
        return [(last, True)] if marks.count(last) == 1 else []
    whole, _, fraction = text.rpartition(last)
    if len(marks) > 1:
        return [(other, True)] if len(fraction) == 3 else []
    if any(char in _SPACES + _APOSTROPHES for char in whole):
        return [(last, True)]
    if len(fraction) != 3 or len(whole) > 3 or whole in ("", "0", "00"):
        return [(last, True)]
    return [(other, False)]


def is_plain(sample: str, decimal: str = ".") -> bool:
    """Whether `number_sql` reads a value without taking it apart."""
    return bool(re.fullmatch(r"[-+]?(\d+([.]\d*)?|[.]\d+)".replace("[.]", f"[{decimal}]"), sample))


def number_sql(
    column: str, decimal: str = ".", type_: str = DECIMAL, *, plain_only: bool = False, percent: bool = True
) -> str:
    """SQL that reads a text column as numbers: null where the cell is empty or no number.

    Reads signs (also trailing, and parentheses for negative), currency signs and codes, grouping by the other mark,
    spaces or apostrophes in threes or as in India, exponents, and per cent (`2.5%` and, in Turkish, `%2.5` are 0.025).
    A stroke in the place of cents (`49,-`) means none, and no sign.
    `< 10%` is a bound and no number: null, and not unreadable. `plain_only` leaves out all that, for cells that are
    expected to be nothing but digits and a mark; without `percent` a share is no number, as in a column of amounts.
    """
    if decimal == ".":
        plain = f"case when not contains({column}, '_') then try_cast({column} as {type_}) end"
    else:
        # a point in such a file is grouping: only what has none may be read without looking closer
        bare = f"not contains({column}, '.') and not contains({column}, '_')"
        plain = f"case when {bare} then try_cast(replace({column}, ',', '.') as {type_}) end"
    return f"({plain})" if plain_only else f"coalesce({plain}, {_written_sql(column, decimal, type_, percent)})"


def unreadable_number_sql(column: str, decimal: str = ".") -> str:
    """SQL that is true for a filled cell that `number_sql` cannot read and that is no bound such as `< 10%`."""
    return (
        f"({column} is not null and trim({column}, ' \u00a0\t') <> '' and {number_sql(column, decimal)} is null "
        f"and not regexp_matches({column}, '^\\s*[<>≤≥]'))"
    )


def _written_sql(text: str, decimal: str, type_: str, percent: bool) -> str:
    """Numbers in any dress: taken apart by one regular expression, undressed and put together again."""
    point, group = ("\\.", ",") if decimal == "." else (",", "\\.")
    currency = r"(?:[A-Z]{1,3}\s?)?(?:\p{Sc}[A-Z]{0,2}|[A-Z]{3}|kr\.?|Kč|zł|Rp|R\$|RM|Fr\.?)"
    gap = f"[{group}'’`´\\s\u00a0\u202f\u2009]"
    digits = f"(?:\\d{{1,3}}(?:{gap}\\d{{3}})+|\\d{{1,2}}(?:,\\d{{2}})*,\\d{{3}}|\\d+)"
    if decimal != ".":
        digits = f"(?:\\d{{1,3}}(?:{gap}\\d{{3}})+|\\d+)"
    sign = "[-+−–]"
    number = f"(?:{digits}(?:{point}\\d*)?|{point}\\d+)(?:[eE][-+]?\\d{{1,3}})?"
    space = "[\\s\u00a0\u202f\u2009]*"
    even = f"{point}[-–—]{{1,2}}"
    share = "%?" if percent else ""
    dressed = (
        f"{sign}?{space}(?:{currency})?{space}{sign}?{space}{share}{space}(?:{number}|{digits}{even})"
        f"{space}{share}{space}(?:{currency})?{space}{share}{space}{sign}?"
    )
    shape = f"^{space}(?:{dressed}|\\({space}{dressed}{space}\\)){space}$"
    core = f"regexp_extract({text}, '{_quoted(number)}')"
    bare = f"regexp_replace({core}, '{_quoted(gap)}', '', 'g')"
    if decimal != ".":
        bare = f"replace({bare}, ',', '.')"
    before = f"regexp_extract({text}, '^[^0-9]*')"
    after = f"regexp_replace(regexp_extract({text}, '[.,]?[^0-9.,]*$'), '^{_quoted(even)}', '')"
    negative = f"(regexp_matches({before}, '[-−–(]') or regexp_matches({after}, '[-−–]'))"
    value = f"try_cast({bare} as {DECIMAL})"
    signed = f"{value} * (case when {negative} then -1 else 1 end)"
    scaled = f"case when contains({text}, '%') then {signed} * 0.01 else {signed} end"
    return f"case when regexp_matches({text}, '{_quoted(shape)}') then try_cast({scaled} as {type_}) end"


def _quoted(pattern: str) -> str:
    return pattern.replace("'", "''")
