"""Stages of a journey side by side: columns about one line that narrow, with what went on between them.

Own code, as all charts here. The shape is the left half of a bow-tie: each column is as high as the people who came so
far; between columns stand the share that went on and how long it took, below each who left.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.value import format_value

_BODY = 190.0
_LEGEND = 26
_HEAD = 44
_FOOT = 60
_LEAST = 3.0
_BAR = 0.44
_SIZE = 12.5


class Knot(Struct, frozen=True):
    """A stage: its people, those of them inferred and those whose window is open.

    `share` and `took` say how many of the stage before came, and how fast; `below` what else became of its people.
    """

    label: str
    people: int
    inferred: int = 0
    open: int = 0
    share: str = ""
    took: str = ""
    below: str = ""


def bowtie_chart(frame: Frame, knots: Sequence[Knot]) -> str:
    """An SVG with a column a stage, in the order given."""
    legend = [
        (colour, word)
        for colour, word, used in (
            ("past", frame.words.inferred, any(knot.inferred for knot in knots)),
            ("shade-1", frame.words.still_under_way, any(knot.open for knot in knots)),
        )
        if used
    ]
    top = _LEGEND if legend else 0
    height = frame.height or round(top + _HEAD + _BODY + _FOOT)
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    left = 0.0
    for colour, word in legend:
        canvas.rect(left, 4, 12, 12, colour, radius=2)
        canvas.text(left + 18, 14, word, colour="muted")
        left += text_width(word, 12) + 40
    room = frame.width / max(len(knots), 1)
    bar = room * _BAR
    middle = top + _HEAD + _BODY / 2
    most = max((knot.people for knot in knots), default=0) or 1
    edges = [_edge(knot, most, middle) for knot in knots]
    # The columns stand at the start of their rooms, so that what lies between has a place of its own.
    for at in range(len(knots) - 1):
        canvas.wedge(room * at + bar, room * (at + 1), edges[at], edges[at + 1], "main")
    for at, knot in enumerate(knots):
        _column(canvas, frame, knot, room * at, bar, edges[at])
        _words(canvas, frame, knot, room * at, room, (top, height))
    return canvas.svg(frame, frame.desc or _describe(frame, knots))


def _edge(knot: Knot, most: int, middle: float) -> tuple[float, float]:
    height = max(knot.people / most * _BODY, _LEAST if knot.people else 1.0)
    return middle - height / 2, middle + height / 2


def _column(canvas: Canvas, frame: Frame, knot: Knot, x: float, width: float, edge: tuple[float, float]) -> None:
    top, bottom = edge
    scale = (bottom - top) / max(knot.people, 1)
    sure = max(knot.people - knot.inferred - knot.open, 0) * scale
    canvas.rect(x, top, width, sure if knot.people else 1.0, "main", radius=2)
    canvas.rect(x, top + sure, width, knot.inferred * scale, "past")
    canvas.rect(x, top + sure + knot.inferred * scale, width, knot.open * scale, "shade-1", radius=2)


def _words(canvas: Canvas, frame: Frame, knot: Knot, x: float, room: float, bounds: tuple[float, float]) -> None:
    top, height = bounds
    name = clean(knot.label)
    fitting = shorten(name, _SIZE, room - 8)
    canvas.text(x, top + 16, fitting, size=_SIZE, bold=True, title=name if fitting != name else "")
    canvas.text(x, top + 33, _number(frame, knot.people), size=_SIZE)
    for line, text in enumerate((knot.share, knot.took, knot.below)):
        shown = clean(text)
        fitting = shorten(shown, 12, room - 6)
        canvas.text(
            x, height - _FOOT + 20 + 17 * line, fitting, colour="muted" if line else "ink",
            title=shown if fitting != shown else "",
        )  # fmt: skip
    canvas.target(x, top, room, height - top, _told(frame, knot))


def _number(frame: Frame, value: int) -> str:
    return format_value(value, locale=frame.locale)


def _told(frame: Frame, knot: Knot) -> str:
    parts = [f"{clean(knot.label)} {_number(frame, knot.people)}", knot.share, knot.took, knot.below]
    for word, count in ((frame.words.inferred, knot.inferred), (frame.words.still_under_way, knot.open)):
        if count:
            parts.append(frame.words.flow.format(way=word, count=_number(frame, count)))
    return ", ".join(clean(part) for part in parts if part)


def _describe(frame: Frame, knots: Sequence[Knot]) -> str:
    if not knots:
        return frame.words.nothing
    return listed((_told(frame, knot) for knot in knots), 16, frame.words) + "."
