"""Months' names in the languages that exports come in, from Babel, with the spellings vendors use besides."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from functools import cache

LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt", "tr", "vi", "pl", "ms", "ar")

_ENGLISH = (
    (
        *("january", "february", "march", "april", "may", "june"),
        *("july", "august", "september", "october", "november", "december"),
    ),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
)
_MORE = {
    "en": {"sept": 9},
    "de": {"jän": 1, "jänner": 1, "mär": 3, "mrz": 3, "maerz": 3},
    "es": {"set": 9, "setiembre": 9},
    "nl": {"mar": 3},
    "vi": {f"{word} {number}": number for word in ("thg", "tháng", "th") for number in range(1, 13)},
}


@cache
def month_names(language: str) -> dict[str, int]:
    """The names and abbreviations of the twelve months in a language, case-folded, with and without dot or accents."""
    names: dict[str, int] = {}
    if language == "en":
        for series in _ENGLISH:
            names |= {name: number for number, name in enumerate(series, 1)}
    else:
        from babel import Locale, UnknownLocaleError

        try:
            months = Locale.parse(language).months
        except (UnknownLocaleError, ValueError):
            return {}
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {folded(name): number for number, name in months[context][width].items()}
    names |= _MORE.get(language, {})
    for name, number in list(names.items()):
        for spelling in (name.rstrip("."), _bare(name), _bare(name).rstrip(".")):
            names.setdefault(spelling, number)
    return {name: number for name, number in names.items() if not name.isdigit()}


def month_of(word: str, languages: Sequence[str]) -> int:
    """The number of a month's name, with or without its dot, in the first of these languages that has it, else 0."""
    key = folded(word)
    for language in languages:
        names = month_names(language)
        if number := names.get(key) or names.get(key.rstrip(".")):
            return number
    return 0


def languages_for(words: Collection[str], hint: str | None = None) -> tuple[str, ...]:
    """The languages that know most of these months' names: the hinted one or English alone if none knows more."""
    first = [language_code(hint)] if hint else []
    known: dict[str, int] = {}
    for language in dict.fromkeys([*first, *LANGUAGES]):
        known[language] = sum(1 for word in words if month_of(word, [language]))
        if known[language] == len(words) and (language in first or language == "en"):
            return (language,)
    best = max(known.values(), default=0)
    if first and known[first[0]] == best:
        return (first[0],)
    return tuple(language for language, count in known.items() if count == best > 0)


def language_code(language: str) -> str:
    """The language of a tag such as `pt-BR`."""
    return language.replace("_", "-").split("-")[0].lower()


def folded(text: str) -> str:
    """Lower case the way the query's `lower` has it: letter by letter, Turkish dotted I as i."""
    return unicodedata.normalize("NFC", text).replace("İ", "i").lower()


def _bare(text: str) -> str:
    """Without accents, as exports that cannot write them have it."""
    plain = unicodedata.normalize("NFD", text.replace("ı", "i"))
    return "".join(char for char in plain if not unicodedata.combining(char))
