"""Ranges: from the least to the most of a value by member, as a line between two dots, with one value marked."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.scale import LinearScale, Number, finite, linear_scale
from leadline.charts.value import NOTHING, format_value

_ROW = 30
_TWO_LINES = 44
_NARROW = 420
_HEAD = 26
_FOOT = 26
_SIZE = 12.5


class Range(Struct, frozen=True):
    """A member, the least and the most of its value, what gave each (`low_by`, `high_by`), and one value between."""

    label: str
    low: Number | None
    high: Number | None
    low_by: str = ""
    high_by: str = ""
    marked: Number | None = None


def range_chart(frame: Frame, ranges: Sequence[Range], *, marked_label: str = "", limit: int = 16) -> str:
    """An SVG with a row a member, in the order given, at most `limit`; how many are left out is written below.

    The scale includes zero, so that lengths can be compared; a member whose ends are equal is one dot. A missing value
    shows as an en dash. In a narrow drawing names and values stand above their lines, which then have its whole width.
    """
    shown = ranges[:limit]
    hidden = len(ranges) - len(shown)
    head = _HEAD if marked_label else 8
    narrow = frame.width < _NARROW
    room = _TWO_LINES if narrow else _ROW
    height = frame.height or head + room * max(len(shown), 1) + _FOOT + (20 if hidden else 0)
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    names = [clean(each.label) for each in shown]
    told = [_told_range(frame, each) for each in shown]
    name_room = min(max((text_width(name, _SIZE) for name in names), default=0) + 14, frame.width * 0.32)
    value_room = max((text_width(text, _SIZE) for text in told), default=0) + 16
    numbers = [value for each in shown for value in (each.low, each.high, each.marked)]
    if narrow:
        scale = linear_scale(numbers, 8, frame.width - 24, count=2)
    else:
        scale = linear_scale(numbers, name_room + 8, frame.width - value_room - 8, count=4)
    bottom = head + room * len(shown)
    _grid(canvas, frame, scale, head, bottom)
    if marked_label:
        left = 0 if narrow else name_room
        canvas.dot(left + 13, 11, 4.5, "goal")
        canvas.text(left + 24, 15, marked_label, colour="muted")
    for index, (each, name, text) in enumerate(zip(shown, names, told, strict=True)):
        top = head + room * index
        middle = top + room - 12 if narrow else top + room / 2
        _row(canvas, each, scale, middle)
        fitting = shorten(name, _SIZE, frame.width - text_width(text, _SIZE) - 12 if narrow else name_room - 12)
        line = middle - 12 if narrow else middle + 4.5
        canvas.text(0, line, fitting, size=_SIZE, title=name if fitting != name else "", halo=narrow)
        canvas.text(frame.width, line, text, anchor="end", size=_SIZE, halo=narrow)
        canvas.target(0, top, frame.width, room, _told(frame, each, marked_label))
    if hidden:
        canvas.text(0, height - 6, frame.words.hidden.format(count=hidden), colour="muted")
    return canvas.svg(frame, frame.desc or _describe(frame, shown, hidden))


def _grid(canvas: Canvas, frame: Frame, scale: LinearScale, top: float, bottom: float) -> None:
    for tick in scale.ticks:
        at = scale(tick)
        canvas.line(at, top, at, bottom, "axis" if tick == 0 else "grid")
        canvas.text(at, bottom + 16, _value(frame, tick), anchor="middle", colour="muted", size=11)


def _row(canvas: Canvas, each: Range, scale: LinearScale, middle: float) -> None:
    low, high, marked = finite(each.low), finite(each.high), finite(each.marked)
    if low is None or high is None:
        return
    canvas.line(scale(low), middle, scale(high), middle, "main", weight=3)
    canvas.dot(scale(low), middle, 5, "main", hollow=True)
    canvas.dot(scale(high), middle, 5, "main")
    if marked is not None:
        canvas.dot(scale(marked), middle, 4.5, "goal")


def _value(frame: Frame, value: Number | None) -> str:
    return format_value(value, frame.unit, currency=frame.currency, locale=frame.locale, compact=True)


def _told_range(frame: Frame, each: Range) -> str:
    low, high = _value(frame, each.low), _value(frame, each.high)
    if each.low is None or each.high is None:
        return NOTHING
    return low if low == high else f"{low} – {high}"


def _told(frame: Frame, each: Range, marked_label: str) -> str:
    def named(value: Number | None, by: str) -> str:
        text = format_value(value, frame.unit, currency=frame.currency, locale=frame.locale)
        return f"{text} ({by})" if by and value is not None else text

    told = f"{each.label}: {named(each.low, each.low_by)} – {named(each.high, each.high_by)}"
    if each.marked is not None and marked_label:
        told += f"; {marked_label}: {named(each.marked, '')}"
    return told


def _describe(frame: Frame, ranges: Sequence[Range], hidden: int) -> str:
    if not ranges:
        return frame.words.nothing
    told = listed((f"{clean(each.label)} {_told_range(frame, each)}" for each in ranges), 12, frame.words)
    return f"{told}." + (f" {frame.words.hidden.format(count=hidden)}." if hidden else "")
