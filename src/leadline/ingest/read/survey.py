"""One pass over a text file's bytes before anything is staged: is it whole, and what must its reader know.

The pass works on blocks of whole lines, so that memory is bounded by the longest line allowed, and uses only byte
searches that run at memory speed: its cost is part of every load.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from leadline.errors import DataError

BLOCK = 1 << 18

# What UTF-8 text looks like after it was read as cp1252 and written as UTF-8 again: "Ã©", "â€™", "Â\xa0".
_MOJIBAKE = (
    b"\xc3\x83\xc2",
    b"\xc3\x83\xc5",
    b"\xc3\x83\xc6",
    b"\xc3\x83\xe2",
    b"\xc3\xa2\xe2\x82\xac",
    b"\xc3\x82\xc2",
)
# Non-breaking spaces, a byte order mark within the text, and the marks of direction in two ranges and one by itself.
_WIDE_SPACES = (
    b"\xc2\xa0",
    b"\xe2\x80\xaf",
    b"\xef\xbb\xbf",
    *(bytes((0xE2, 0x80, last)) for last in (0x8E, 0x8F, *range(0xAA, 0xAF))),
    *(bytes((0xE2, 0x81, last)) for last in range(0xA6, 0xAA)),
    b"\xd8\x9c",
)
_FORMULA_STARTS = tuple(mark + sign for mark in (b",", b";", b"\t", b"|", b'"', b"\n") for sign in (b"=", b"@"))
_CELL_MARKS = (b",", b";", b"\t", b'"', b"\n")


class Survey(Struct):
    """What the pass saw: `newlines` counts LF, `longest` bounds the longest line, the last two are hints."""

    newlines: int = 0
    size: int = 0
    bom: bool = False
    final_newline: bool = True
    blank_end: int = 0
    crlf: bool = False
    lone_returns: bool = False
    longest: int = 0
    non_ascii: bool = False
    wide_spaces: bool = False
    mojibake: bool = False
    formula: bool = False

    @property
    def lines(self) -> int:
        """Physical lines in the file, without blank ones at its end."""
        return self.newlines - self.blank_end + (0 if self.final_newline else 1)


class BadByteError(Exception):
    """A byte that the encoding does not have, at `offset` in the file on `line`."""

    def __init__(self, offset: int, line: int, reason: str) -> None:
        self.offset, self.line, self.reason = offset, line, reason
        super().__init__(reason)


def survey(path: Path, name: str, limit: int) -> Survey:
    """Pass over a UTF-8 file; raises BadByte for a broken byte and DataError for NUL bytes or an endless line."""
    seen = Survey()
    offset = 0
    returns = pairs = 0
    with path.open("rb") as file:
        if file.read(3) == b"\xef\xbb\xbf":
            seen.bom = True
            offset = 3
        else:
            file.seek(0)
        for block in whole_lines(file, name, limit, b"\n", seen):
            if not block.isascii():
                seen.non_ascii = True
                check_utf8(block, offset, seen.newlines)
                seen.wide_spaces = seen.wide_spaces or has_wide_space(block)
                if not seen.mojibake and b"\xc3" in block:
                    seen.mojibake = any(mark in block for mark in _MOJIBAKE)
            if b"\0" in block:
                raise nul_byte(name, seen.newlines + block.count(b"\n", 0, block.index(b"\0")) + 1)
            if not seen.newlines:
                seen.crlf = block[: block.find(b"\n")].endswith(b"\r")
            if b"\r" in block:
                returns += block.count(b"\r")
                pairs += block.count(b"\r\n")
            if not seen.formula:
                seen.formula = may_hold_formula(block)
            seen.newlines += block.count(b"\n")
            seen.final_newline = block.endswith(b"\n")
            seen.blank_end = max(0, block.count(b"\n", len(block.rstrip(b"\r\n"))) - 1)
            offset += len(block)
    seen.size = offset
    seen.lone_returns = returns > pairs
    return seen


def whole_lines(file: BinaryIO, name: str, limit: int, newline: bytes, seen: Survey) -> Iterator[bytes]:
    """The rest of a file in blocks that end with a line; a line over `limit` bytes is refused while it is read.

    The caller counts the newlines of each block into `seen` before it asks for the next.
    """
    carry: list[bytes] = []
    held = 0
    while chunk := file.read(BLOCK):
        cut = chunk.rfind(newline) + 1
        first = chunk.find(newline) if cut else len(chunk)
        if held + first > limit:
            raise endless_line(name, seen.newlines + 1, limit)
        if not cut:
            carry.append(chunk)
            held += len(chunk)
            continue
        seen.longest = max(seen.longest, held + first, cut - first)
        block = b"".join([*carry, chunk[:cut]]) if held else chunk[:cut]
        carry = [chunk[cut:]]
        held = len(chunk) - cut
        yield block
    seen.longest = max(seen.longest, held)
    if held:
        yield b"".join(carry)


def check_utf8(block: bytes, offset: int, newlines: int) -> None:
    """Raise BadByte at the first byte of `block` that is not UTF-8."""
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
        raise BadByteError(offset + at, newlines + block.count(b"\n", 0, at) + 1, error.reason) from None


def has_wide_space(block: bytes) -> bool:
    """Whether there is white space beyond ASCII in a block."""
    # Single bytes are found at memory speed, longer texts far from it.
    return any(mark[-1:] in block and mark in block for mark in _WIDE_SPACES)


def may_hold_formula(block: bytes) -> bool:
    """Whether a cell of `block` may begin like a spreadsheet formula; sure when it says no."""
    if (b"=" in block or b"@" in block) and (any(start in block for start in _FORMULA_STARTS) or block[:1] in b"=@"):
        return True
    # + and - begin plain numbers too: only a call or a DDE link makes them a formula
    return any(_signed_before(block, mark) for mark in (b"(", b"!"))


def _signed_before(block: bytes, mark: bytes) -> bool:
    """Whether the cell around an occurrence of `mark` begins with a sign."""
    at = block.find(mark)
    while at >= 0:
        window = block[max(0, at - 200) : at]
        start = max(window.rfind(edge) for edge in _CELL_MARKS) + 1
        if not start and at > len(window):
            return True
        after_pipe = window.rfind(b"|") + 1  # a delimiter, or part of a link to a program
        if window[start : start + 1] in (b"+", b"-") or window[after_pipe : after_pipe + 1] in (b"+", b"-"):
            return True
        at = block.find(mark, at + 1)
    return False


def transcode(path: Path, target: Path, name: str, encoding: str, limit: int) -> None:
    """Write the file at `path` as UTF-8; raises BadByte where `encoding` has no such byte, DataError as `survey`."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset = lines = held = 0
    with path.open("rb") as source, target.open("wb") as out:
        while True:
            chunk = source.read(BLOCK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "replace")
                at = offset - pending + error.start
                raise BadByteError(at, lines + before.count("\n") + 1, error.reason) from None
            if offset == 0:
                text = text.removeprefix("\ufeff")
            offset += len(chunk)
            if "\0" in text:
                raise nul_byte(name, lines + text.count("\n", 0, text.index("\0")) + 1)
            lines += text.count("\n")
            cut = text.rfind("\n") + 1
            held = len(text) - cut if cut else held + len(text)
            if held > limit:
                raise endless_line(name, lines + 1, limit)
            out.write(text.encode("utf-8"))
            if not chunk:
                return


def nul_byte(name: str, line: int) -> DataError:
    """The error for a NUL in a text file."""
    return DataError(
        "nul-byte",
        f"{name}, line {line}: the text holds a NUL byte.",
        why="text exports have none: the file is damaged, was cut and filled up, or is not text",
        fix="export it again; if it is UTF-16 without a mark, say `encoding: utf-16-le`",
    )


def endless_line(name: str, line: int, limit: int) -> DataError:
    """The error for a line longer than any record."""
    return DataError(
        "line-too-long",
        f"{name}, line {line}: the line is longer than {limit >> 20} MiB.",
        why="no export has such records: line ends are lost, or the file is not text",
        fix="export it again, and look at its first bytes",
    )


def broken_byte(name: str, encoding: str, bad: BadByteError) -> DataError:
    """The error for a byte that is not in the encoding the rest of the file has."""
    return DataError(
        "broken-byte",
        f"{name}, line {bad.line}: byte {bad.offset} is not {encoding.upper()} ({bad.reason}).",
        why="the rest of the file is, so this part is damaged or was pasted in from elsewhere",
        fix="export it again; if the whole file has another encoding, say so with `encoding:`",
    )
