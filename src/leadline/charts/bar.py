"""Bars: one value per member of a dimension, from a zero line, largest first as given."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.scale import LinearScale, Number, finite
from leadline.charts.value import NOTHING, format_value

_ROW = 28
_BAR = 16
_SIZE = 12.5


class Bar(Struct, frozen=True):
    """A member, its value, and the value it is held against (drawn as a thin mark)."""

    label: str
    value: Number | None
    before: Number | None = None


def bar_chart(frame: Frame, bars: Sequence[Bar], *, before_label: str = "", limit: int = 12) -> str:
    """An SVG of horizontal bars in the order given, at most `limit`; how many are left out is written below.

    Bars start at zero, negative ones run the other way. None shows as an en dash. Nothing is ever summed into "other":
    most metrics do not add up.
    """
    shown = bars[:limit]
    hidden = len(bars) - len(shown)
    head = 24 if before_label and any(bar.before is not None for bar in shown) else 4
    height = frame.height or head + _ROW * max(len(shown), 1) + (22 if hidden else 0)
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    names = [clean(bar.label) for bar in shown]
    values = [_value(frame, bar.value, compact=True) for bar in shown]
    name_room = min(max((text_width(name, _SIZE) for name in names), default=0) + 12, frame.width * 0.36)
    value_room = max((text_width(value, _SIZE) for value in values), default=0) + 10
    scale = _scale(shown, name_room, frame.width, value_room)
    zero = scale(0)
    if head > 4:
        canvas.line(name_room, 4, name_room, 16, "ink", weight=2.5)
        canvas.text(name_room + 8, 14, before_label, colour="muted")
    for index, (bar, name, value) in enumerate(zip(shown, names, values, strict=True)):
        middle = head + _ROW * (index + 0.5)
        _bar(canvas, bar, scale, middle, value)
        fitting = shorten(name, _SIZE, name_room - 10)
        canvas.text(0, middle + 4.5, fitting, size=_SIZE, title=name if fitting != name else "")
        canvas.target(0, middle - _ROW / 2, frame.width, _ROW, _told(frame, bar, before_label))
    canvas.line(zero, head, zero, head + _ROW * len(shown), "axis")
    if hidden:
        canvas.text(0, height - 6, frame.words.hidden.format(count=hidden), colour="muted")
    return canvas.svg(frame, frame.desc or _describe(frame, shown, hidden))


def _bar(canvas: Canvas, bar: Bar, scale: LinearScale, middle: float, label: str) -> None:
    zero = scale(0)
    value = finite(bar.value)
    if value is None:
        canvas.text(zero + 6, middle + 4.5, NOTHING, colour="muted", size=_SIZE)
        return
    end = scale(value)
    canvas.rect(min(zero, end), middle - _BAR / 2, abs(end - zero), _BAR, "main", radius=2)
    before = finite(bar.before)
    reach = [end]
    if before is not None:
        at = scale(before)
        canvas.line(at, middle - _BAR / 2 - 3, at, middle + _BAR / 2 + 3, "ink", weight=2.5)
        reach.append(at)
    # The label goes past whatever reaches furthest on its side, so that it never lies on a mark.
    if value >= 0:
        canvas.text(max(reach) + 7, middle + 4.5, label, size=_SIZE)
    else:
        canvas.text(min(reach) - 7, middle + 4.5, label, anchor="end", size=_SIZE)


def _scale(bars: Sequence[Bar], start: float, width: float, value_room: float) -> LinearScale:
    numbers = [number for bar in bars for number in (finite(bar.value), finite(bar.before)) if number is not None]
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    if low == high:
        high = 1.0
    left = start + (value_room if low < 0 else 0)
    return LinearScale(low, high, left, width - value_room)


def _value(frame: Frame, value: Number | None, *, compact: bool = False) -> str:
    return format_value(value, frame.unit, currency=frame.currency, locale=frame.locale, compact=compact)


def _told(frame: Frame, bar: Bar, before_label: str) -> str:
    told = f"{bar.label}: {_value(frame, bar.value)}"
    if bar.before is not None:
        told += f"; {before_label or frame.words.before} {_value(frame, bar.before)}"
    return told


def _describe(frame: Frame, bars: Sequence[Bar], hidden: int) -> str:
    if not bars:
        return frame.words.nothing
    told = listed((f"{clean(bar.label)} {_value(frame, bar.value)}" for bar in bars), 12, frame.words)
    return f"{told}." + (f" {frame.words.hidden.format(count=hidden)}." if hidden else "")
