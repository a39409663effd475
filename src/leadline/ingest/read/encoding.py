"""Which encoding a text file has: by its mark, by being UTF-8, else a guess that is said to be one.

charset-normalizer makes the guess; what is our own is the question before it, whether there is anything to guess: a
file that is UTF-8 but for a broken byte must be refused, never read as some one-byte code that has a letter for all.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

from leadline.errors import DataError
from leadline.ingest.read.survey import BadByteError, broken_byte

SAMPLE = 1 << 16

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# all but the control codes that text has no use for: tab, line ends, form feed and DOS's end of file are left
_NOT_CONTROL = bytes([9, 10, 11, 12, 13, 26, 27, *range(32, 256)])
_SIGNS = frozenset("€£¥§©®™°±²³´µ·¹º»«¼½¾¿¡–—‘’‚“”„†‡•…‰‹›ˆ˜\u00a0¨ªº")
_WORDS = frozenset("àèéòóôúáå")
_JOINERS = frozenset("’‘–—·´\u00a0®™©")
_ONE_BYTE = ("cp1252", "cp1250", "cp1254", "cp1257", "cp1251", "cp1253", "cp1255", "cp1256", "cp1258", "cp874")
_EAST_ASIAN = ("gb18030", "big5", "shift_jis", "cp932", "euc_kr", "euc_jp", "cp949")


def known_encoding(name: str) -> str:
    """The codec's own name; raises DataError for one Python does not have."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise DataError(
            "unknown-encoding", f"There is no encoding {name!r}.", fix="use utf-8, utf-16, cp1252, gb18030, ..."
        ) from None


def encoding_of(head: bytes, name: str) -> str:
    """The encoding a text file with this beginning has, `utf-8` unless its bytes say otherwise."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if not head.translate(None, delete=_NOT_CONTROL):
        return "utf-8"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > half * 0.3 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.3 and odd < half * 0.05:
        return "utf-16-be"
    at = next(position for position, byte in enumerate(head) if byte not in _NOT_CONTROL)
    line = head.count(b"\n", 0, at) + 1
    raise DataError(
        "binary-not-text",
        f"{name} is binary, or text with bytes that no text has.",
        why=f"line {line}, byte {at}: {head[at]:#04x}, and no kind of table known here begins like this",
        fix="export it as CSV, JSON, Parquet or Excel; for UTF-16 without a mark say `encoding: utf-16-le`",
    )


def legacy_encoding(path: Path, name: str, bad: BadByteError) -> str:
    """The encoding of a file that is not UTF-8, guessed; raises DataError when it is UTF-8 with a broken byte.

    A file that has even one good multi-byte character is UTF-8. Of the others only those are guessed at whose decoded
    letters could stand where they stand: `Caf\\xe9` reads as Café, a lone `\\xff` or `\\xc3` reads as nothing.
    """
    sample = _telling_lines(path)
    if _MULTIBYTE.search(sample) and not _east_asian(sample):
        raise broken_byte(name, "utf-8", bad)
    guess = _east_asian(sample) or _one_byte(sample)
    if guess:
        return guess
    raise broken_byte(name, "utf-8", bad)


def _telling_lines(path: Path) -> bytes:
    """Lines with bytes above ASCII, up to a bound, from all over the file."""
    telling: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while size < SAMPLE and (block := file.read(1 << 20)):
            for line in [] if block.isascii() else block.splitlines(keepends=True):
                if not line.isascii():
                    telling.append(line[:4096])
                    size += len(telling[-1])
    return b"".join(telling)


def _east_asian(sample: bytes) -> str:
    """A multi-byte code of China, Japan or Korea, when most of what is not ASCII is then common script."""
    if sum(byte > 127 for byte in sample) < 8:
        return ""
    from charset_normalizer import from_bytes

    match = from_bytes(sample, cp_isolation=list(_EAST_ASIAN)).best()
    if match is None:
        return ""
    text = str(match)
    foreign = [char for char in text if ord(char) > 127]
    script = sum(unicodedata.name(char, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL")) for char in foreign)
    return match.encoding if foreign and script >= 0.9 * len(foreign) else ""


def _one_byte(sample: bytes) -> str:
    """A one-byte code in which every foreign letter stands where it could; cp1252 first, as exports have it."""
    candidates = [code for code in ("cp1252",) if _plausible(sample, code)]
    if candidates and not _needs_choice(sample):
        return candidates[0]
    from charset_normalizer import from_bytes

    match = from_bytes(sample, cp_isolation=list(_ONE_BYTE)).best()
    if match is not None and _plausible(sample, match.encoding):
        return match.encoding
    return candidates[0] if candidates else ""


def _needs_choice(sample: bytes) -> bool:
    """Whether so many letters are foreign that another script is more likely than accents on Latin."""
    foreign = sum(byte >= 0xC0 for byte in sample)
    latin = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in sample)
    return foreign > 0.25 * (latin + 1) or bool(re.search(rb"[\xf0\xfd\xfe\xde\xdd\xd0]", sample))


def _plausible(sample: bytes, encoding: str) -> bool:
    """Whether all foreign characters of the sample, decoded, are letters within words or usual signs."""
    try:
        text = sample.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    for at, char in enumerate(text):
        if ord(char) < 128:
            continue
        before = text[at - 1] if at else " "
        after = text[at + 1] if at + 1 < len(text) else " "
        if char in _SIGNS:
            if before.isalpha() and after.isalpha() and char not in _JOINERS:
                return False
            continue
        if not char.isalpha() or char in "ÿþ" or (char.isupper() and before.islower()):
            return False
        if not (before.isalpha() or after.isalpha() or before in _SIGNS or char.lower() in _WORDS):
            return False
        script = unicodedata.name(char, "").split(" ")[0]
        if script != "LATIN" and any(near.isalpha() and near.isascii() for near in (before, after)):
            return False
    return True
