"""Labels: text that came from data, made safe to draw, measured and shortened without a font at hand."""

from __future__ import annotations

import functools
import re
import unicodedata

# Embeddings, overrides and isolates can make a label read as something it is not, or turn round the text after it.
# The plain marks U+200E, U+200F and U+061C only place neutral characters, and Arabic and Hebrew names need them.
_BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNTURN = dict.fromkeys(map(ord, _BIDI_CONTROLS))
# What XML 1.0 cannot carry in any form, C1 controls, and line ends, which a label has no use for.
_UNSAFE = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029{_BIDI_CONTROLS}]+")
_UNSAFE_IN_BLOCK = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029{_BIDI_CONTROLS}]+")
_NARROW = frozenset("iIjlt.,:;'|!()[]{} \u00a0\u202f\u2009frJ1-")
_BROAD = frozenset("mwMW@%€…—")
ELLIPSIS = "…"


def clean(label: object) -> str:
    """`label` as one line of harmless text: no control characters, no bidirectional overrides, single spaces."""
    text = _UNSAFE.sub(lambda match: "" if match.group()[0] in _BIDI_CONTROLS else " ", str(label))
    return re.sub(r" {2,}", " ", text).strip(" ")


def unturned(text: str) -> str:
    """`text` as it is but for what would turn it, or what follows, round: for files that are read as written."""
    return text.translate(_UNTURN)


def clean_lines(text: str) -> str:
    """`text` cleaned line by line, its line ends and indents kept; for SQL and other blocks."""
    kept = _UNSAFE_IN_BLOCK.sub("", text.replace("\r\n", "\n"))
    return kept.replace("\t", "    ")


def escape(label: object) -> str:
    """`label` cleaned and escaped for XML text and for attribute values in double quotes."""
    text = clean(label)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text


def text_width(text: str, size: float) -> float:
    """Estimated width of `text` in user units at font size `size`; generous rather than tight."""
    return sum(_advance(character) for character in text) * size


def columns(text: str) -> int:
    """Columns of a terminal that `text` takes: two for wide characters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def shorten(text: str, size: float, room: float) -> str:
    """`text` cut with an ellipsis to fit `room` user units at font size `size`."""
    if text_width(text, size) <= room:
        return text
    used = _advance(ELLIPSIS) * size
    kept = ""
    for character in text:
        used += _advance(character) * size
        if used > room:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def shorten_columns(text: str, room: int) -> str:
    """`text` cut with an ellipsis to fit `room` columns of a terminal."""
    if columns(text) <= room:
        return text
    used = 1
    kept = ""
    for character in text:
        used += _cells(character)
        if used > room:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


@functools.lru_cache(4096)
def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _advance(character: str) -> float:
    cells = _cells(character)
    if cells != 1:
        return float(cells) / 2
    if character in _NARROW:
        return 0.36
    if character in _BROAD:
        return 0.9
    return 0.66 if character.isupper() else 0.57
