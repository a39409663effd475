"""The order of the alphabet in each language, and the letter under which a name is found.

Own: the collations of the CLDR need ICU, which has no wheel to install by itself; for a list of names these rules are
enough. Chinese goes by pinyin, which is the order of the common characters in GB 2312; Arabic leaves the article out;
Turkish and Vietnamese count their own letters; signs of tone decide only between equal letters.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

_ALPHABETS = {
    "tr": "abcçdefgğhıijklmnoöpqrsştuüvwxyz",
    "vi": "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz",
}
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TURKISH = str.maketrans({"I": "ı", "İ": "i"})
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ؤ": "و", "ئ": "ي"})
_ARTICLE = "ال"
# The first character of each initial of pinyin in GB 2312, whose first level is in that order up to D7F9.
_PINYIN = (
    (0xB0A1, "A"), (0xB0C5, "B"), (0xB2C1, "C"), (0xB4EE, "D"), (0xB6EA, "E"), (0xB7A2, "F"), (0xB8C1, "G"),
    (0xB9FE, "H"), (0xBBF7, "J"), (0xBFA6, "K"), (0xC0AC, "L"), (0xC2E8, "M"), (0xC4C3, "N"), (0xC5B6, "O"),
    (0xC5BE, "P"), (0xC6DA, "Q"), (0xC8BB, "R"), (0xC8F6, "S"), (0xCBFA, "T"), (0xCDDA, "W"), (0xCEF4, "X"),
    (0xD1B9, "Y"), (0xD4D1, "Z"),
)  # fmt: skip
_PINYIN_ENDS = 0xD7F9
_SCRIPTS = 0x2E80  # characters of Chinese begin behind it

OTHER = "#"
"""Where names are found that begin with no letter."""

Key = tuple[tuple[int, ...], str]


def order_key(name: str, code: str) -> Key:
    """What to sort names by."""
    return tuple(_place(character, code) for character in _letters(name, code)), name


def initial(name: str, code: str) -> str:
    """The letter under which a name is found; for Chinese that of its pinyin."""
    first = next((character for character in _letters(name, code) if character.isalnum()), "")
    if code == "zh" and ord(first or "0") > _SCRIPTS:
        place = _gb(first)
        at = bisect_right([start for start, _ in _PINYIN], place) - 1
        return _PINYIN[at][1] if at >= 0 and place <= _PINYIN_ENDS else OTHER
    if not first.isalpha():
        return OTHER
    return {"i": "İ"}.get(first, first.upper()) if code == "tr" else first.upper()


def _letters(name: str, code: str) -> str:
    text = name.translate(_TURKISH).lower() if code == "tr" else name.lower()
    if code == "ar":
        text = "".join(character for character in text if unicodedata.category(character) not in ("Mn", "Cf"))
        return text.removeprefix(_ARTICLE).translate(_ARABIC)
    if code == "zh" or code == "tr":
        return text
    parts = unicodedata.normalize("NFD", text)
    dropped = _TONES if code == "vi" else "".join(character for character in parts if unicodedata.combining(character))
    return unicodedata.normalize("NFC", "".join(character for character in parts if character not in dropped))


def _place(character: str, code: str) -> int:
    alphabet = _ALPHABETS.get(code, "")
    if character in alphabet:
        # Behind the signs and digits, before the letters of other scripts.
        return 0x100 + alphabet.index(character)
    if code == "zh":
        # Names in Latin letters stand at the head of their letter's pinyin.
        letter = initial(character, code)
        return (ord(letter) << 16) + (_gb(character) if ord(character) > _SCRIPTS else ord(character))
    return ord(character)


def _gb(character: str) -> int:
    """The place of a character in GB 2312; those it lacks come last."""
    try:
        return int.from_bytes(character.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return 0xFFFF
