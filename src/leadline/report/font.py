"""Fonts for pictures and paper: which files on this machine can write a text, and the package to install if none can.

Of Debian's packages the six languages need `fonts-noto-core` (Latin with Vietnamese and Turkish, Arabic, arrows and
signs), `fonts-noto-cjk` (Chinese) and, for pictures of labels in Latin and Arabic at once, `fonts-dejavu-core`;
`fonts-noto-color-emoji` only where data has emoji. What no font can write is an error before anything is drawn, so that
no reader meets an empty box.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

from leadline.errors import UsageError

FOLDERS = "LEADLINE_FONTS"
"""Environment variable with folders to look in before those of the system."""


class Font(Struct, frozen=True):
    """A family, the files it comes in (the first one there counts), its bold ones, and the Debian package."""

    family: str
    files: tuple[str, ...]
    bold: tuple[str, ...] = ()
    package: str = "fonts-noto-core"
    face: int = 0


FONTS = (
    Font("Noto Sans", ("NotoSans-Regular.ttf",), ("NotoSans-Bold.ttf",)),
    Font("Noto Sans Arabic", ("NotoSansArabic-Regular.ttf",), ("NotoSansArabic-Bold.ttf",)),
    Font("Noto Sans Symbols", ("NotoSansSymbols-Regular.ttf",)),
    Font("Noto Sans Symbols2", ("NotoSansSymbols2-Regular.ttf",)),
    Font("Noto Sans Math", ("NotoSansMath-Regular.ttf",)),
    Font(
        "Noto Sans CJK SC", ("NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf"),
        ("NotoSansCJK-Bold.ttc", "NotoSansSC-Bold.otf"), "fonts-noto-cjk", 2,
    ),
    Font("Noto Color Emoji", ("NotoColorEmoji.ttf",), (), "fonts-noto-color-emoji"),
)  # fmt: skip
ARABIC = FONTS[1].family
BOTH = Font("DejaVu Sans", ("DejaVuSans.ttf",), ("DejaVuSans-Bold.ttf",), "fonts-dejavu-core")
"""Latin and Arabic in one font, for pictures of labels that have both."""
_ALONE = (FONTS[0], FONTS[1], BOTH)
FAMILIES = ", ".join(f"'{font.family}'" for font in FONTS)
"""For a style sheet: Latin first, so that figures look the same in every language."""

_CJK = ((0x2E80, 0xA4CF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))
_EMOJI = ((0x2600, 0x27BF), (0x1F000, 0x1FAFF))
# Not drawn themselves: line ends, marks of direction, joiners, selectors of a variant.
_UNDRAWN = ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs")
_SELECTORS = range(0xFE00, 0xFE10)
_NOBODYS = ("Cn", "Co")


def presentable(text: str) -> str:
    """`text` with the sign for an unknown character where one has no meaning outside the program that wrote it."""
    if not any(unicodedata.category(character) in _NOBODYS for character in set(text)):
        return text
    return "".join("\ufffd" if unicodedata.category(one) in _NOBODYS else one for one in text)


def family_files(family: str, *, bold: bool = False) -> tuple[Path, ...]:
    """The files of a family that is there."""
    font = next((one for one in (*FONTS, BOTH) if one.family == family), None)
    if font is None:
        return tuple(path for path in _others() if _family(path) == family)
    found = (_there(font.files), _there(font.bold) if bold else None)
    return tuple(path for path in found if path is not None)


def fonts_for(text: str, *, bold: bool = False) -> tuple[Path, ...]:
    """The font files that together have every character of `text`, and their bold ones if asked.

    Raises `UsageError` naming the package to install when a character is in none.
    """
    left = _drawn(text)
    found: list[Path] = []
    for font in FONTS:
        path = _there(font.files)
        if path is None or (found and not left):
            continue
        had = left & _characters(path, font.face)
        if had or not found:
            left -= had
            found.append(path)
            heavy = _there(font.bold) if bold else None
            found += [heavy] if heavy else []
    if left:
        for path in _others():
            had = left & _characters(path, 0)
            if had:
                left -= had
                found.append(path)
    if left:
        raise _missing(left)
    return tuple(found)


def family_for(text: str) -> tuple[str, str]:
    """The one family for `text`, and the text with a sign in place of what that family lacks.

    For what cannot change the font within a text. Latin with Chinese or Arabic has a font of both; of other mixtures
    the family with the most of it is taken.
    """
    needed = _drawn(text)
    best: tuple[str, frozenset[str]] = ("", frozenset())
    for font in (*_ALONE, *FONTS):
        path = _there(font.files)
        if path is None:
            continue
        had = needed & _characters(path, font.face)
        if len(had) > len(best[1]) or not best[0]:
            best = (font.family, had)
        if had == needed:
            return font.family, text
    for path in _others():
        if needed <= _characters(path, 0):
            return _family(path), text
    lacking = needed - best[1]
    if any(unicodedata.bidirectional(one) in ("R", "AL") for one in needed) and _there(BOTH.files) is None:
        raise _missing(lacking, BOTH.package)
    return best[0], "".join("\ufffd" if one in lacking else one for one in text)


def _drawn(text: str) -> frozenset[str]:
    return frozenset(
        one for one in set(text) if unicodedata.category(one) not in _UNDRAWN and ord(one) not in _SELECTORS
    )


def _missing(left: Iterable[str], package: str = "") -> UsageError:
    character = min(left)
    if not package:
        wanted = {"fonts-noto-cjk": _CJK, "fonts-noto-color-emoji": _EMOJI}
        found = (name for name, ranges in wanted.items() if _within(character, ranges))
        package = next(found, "fonts-noto-core")
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    return UsageError(
        "missing-font",
        f"No font on this machine can write {character!r} ({name}).",
        why=f"pictures and PDF would show an empty box; looked in {', '.join(map(str, _folders())) or 'no folder'}",
        fix=f"apt-get install {package}, or name a folder of Noto fonts in {FOLDERS}",
    )


def _within(character: str, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(first <= ord(character) <= last for first, last in ranges)


def _folders() -> list[Path]:
    own = [Path(part) for part in os.environ.get(FOLDERS, "").split(os.pathsep) if part]
    home = Path.home()
    usual = {
        "darwin": [Path("/Library/Fonts"), Path("/System/Library/Fonts"), home / "Library/Fonts"],
        "win32": [Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "Fonts"],
    }.get(sys.platform, [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"])
    return [folder for folder in [*own, *usual] if folder.is_dir()]


def _there(names: Iterable[str]) -> Path | None:
    known = _files(tuple(_folders()))
    return next((known[name] for name in names if name in known), None)


@cache
def _files(folders: tuple[Path, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in folders:
        for pattern in ("Noto*", "DejaVuSans*"):
            for path in sorted(folder.rglob(pattern)):
                found.setdefault(path.name, path)
    return found


def _others() -> Iterator[Path]:
    """The regular fonts of scripts beyond the six languages."""
    known = {name for font in FONTS for name in font.files}
    for name, path in _files(tuple(_folders())).items():
        if name.startswith("NotoSans") and name.endswith("-Regular.ttf") and name not in known:
            yield path


@cache
def _family(path: Path) -> str:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return str(font["name"].getBestFamilyName())


@cache
def _characters(path: Path, face: int) -> frozenset[str]:
    try:
        from fontTools.ttLib import TTFont
    except ImportError:
        raise UsageError("needs-extra", "Pictures and PDF need fonttools.", fix="pip install 'leadline[png]'") from None
    collection = path.suffix.lower() in (".ttc", ".otc")
    with TTFont(path, fontNumber=face if collection else -1, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap() or {}))
