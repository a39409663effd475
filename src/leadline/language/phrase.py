"""Phrases: text with links to metrics in it, so that a formula in words can be read and followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import Formatter

from msgspec import Struct


class Link(Struct, frozen=True):
    """The name of a metric inside a phrase."""

    metric: str
    name: str


Part = str | Link
Phrase = tuple[Part, ...]


def fill(template: str, **values: Phrase | str) -> Phrase:
    """A template with its places filled by phrases; neighbouring texts become one."""
    parts: list[Part] = []
    for text, name, _, _ in Formatter().parse(template):
        parts.append(text)
        if name:
            value = values[name]
            parts += [value] if isinstance(value, str) else value
    return _joined(parts)


def join(phrases: Sequence[Phrase], between: str) -> Phrase:
    """Phrases one after another with a text between them."""
    parts: list[Part] = []
    for number, phrase in enumerate(phrases):
        parts += [between] if number else []
        parts += phrase
    return _joined(parts)


def text_of(phrase: Phrase) -> str:
    """A phrase as plain text."""
    return "".join(part if isinstance(part, str) else part.name for part in phrase)


def _joined(parts: Iterable[Part]) -> Phrase:
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part:
            found.append(part)
    return tuple(found)
