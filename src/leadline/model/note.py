"""Sentences that keep what they were made of, so that a surface can tell them in another language.

A `Note` is its English text wherever text is wanted (a terminal, JSON, a file); `Language.tell` makes it anew from the
words of another language. Rooms below the languages write their remarks as such.
"""

from __future__ import annotations


class Lasting(str):
    """How long something took, in English, with its `seconds`."""

    seconds: float

    def __new__(cls, english: str, seconds: float) -> Lasting:
        made = super().__new__(cls, english)
        made.seconds = seconds
        return made


class Note(str):
    """`text` with places for `values`: numbers, names out of data, spans, and other notes.

    `one` is the English of a text about `{count}` things for a count of one; other languages have their own forms.
    """

    text: str
    one: str
    values: dict[str, int | str]

    def __new__(cls, text: str, /, one: str = "", **values: int | str) -> Note:
        written = one if one and values["count"] == 1 else text
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        made = super().__new__(cls, written.format(**shown))
        made.text, made.one, made.values = text, one, values
        return made
