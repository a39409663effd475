"""The documentation as data: pages, their links, and the steps a reader would take.

A fenced block is a step when it is `shell` (commands, run one block at a time in one folder), or when the comment line
above it says `file: PATH` (its text becomes that file). Above a block, `not run: WHY` leaves it out and
`prints: TEXT | TEXT` says what its output must hold; `first: COMMANDS` anywhere runs what an earlier page has run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
_BLOCK = re.compile(r"(?:<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FIRST = re.compile(r"<!-- first: (?P<commands>.*?) -->\n\n")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (?P<text>.+)$", re.MULTILINE)


class Step(Struct, frozen=True):
    """What a reader does: write a file (`target` names it) or run commands."""

    kind: Literal["file", "shell"]
    text: str
    target: str = ""
    prints: tuple[str, ...] = ()


def steps(page: Path) -> Iterator[Step]:
    whole = page.read_text(encoding="utf-8")
    for first in _FIRST.finditer(whole):
        yield Step("shell", first["commands"])
    for block in _BLOCK.finditer(whole):
        note, text = block["note"] or "", block["text"]
        if note.startswith("not run: "):
            continue
        if note.startswith("file: "):
            yield Step("file", text, note.removeprefix("file: "))
        elif block["kind"] == "shell":
            said = note.removeprefix("prints: ") if note.startswith("prints: ") else ""
            yield Step("shell", text, prints=tuple(said.split(" | ")) if said else ())


def links(page: Path) -> Iterator[str]:
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    for found in _LINK.finditer(text):
        yield found["target"]


def anchors(page: Path) -> set[str]:
    """Names of the headings as a Markdown host makes them."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", found["text"].lower()).strip().replace(" ", "-") for found in _HEADING.finditer(text)
    }
