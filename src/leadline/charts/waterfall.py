"""A waterfall: from one level to another, and each of the changes in between, a row each.

Own code, as all charts here. Where the levels dwarf the changes, bars begin at a level that is named below instead of
at nothing, and those of the levels are shown broken.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.scale import LinearScale
from leadline.charts.value import format_signed, format_value

_ROW = 34
_BAR = 20
_SIZE = 12.5
_SPREAD = 0.4
"""Levels are broken where the changes span less than this part of them."""


class Fall(Struct, frozen=True):
    """A row: a level, or by how much it changes there."""

    label: str
    value: float
    level: bool = False


def waterfall_chart(frame: Frame, falls: Sequence[Fall], *, begins: str = "{value}") -> str:
    """An SVG of the rows in their order; `begins` tells where bars begin, if not at nothing."""
    spans = _spans(falls)
    values = [edge for span in spans for edge in span]
    low, high = min([*values, 0.0]), max([*values, 0.0])
    floor = _floor(values) if values else 0.0
    cut = floor > 0
    height = frame.height or 8 + _ROW * max(len(falls), 1) + (24 if cut else 0)
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    names = [clean(fall.label) for fall in falls]
    name_room = min(max((text_width(name, _SIZE) for name in names), default=0) + 14, frame.width * 0.4)
    value_room = max((text_width(_value(frame, fall), _SIZE) for fall in falls), default=0) + 14
    low = floor if cut else low
    scale = LinearScale(low, high if high > low else low + 1, name_room, frame.width - value_room)
    for at, (fall, span, name) in enumerate(zip(falls, spans, names, strict=True)):
        middle = 4 + _ROW * (at + 0.5)
        start, end = scale(max(min(span), low)), scale(max(span))
        colour = "main" if fall.level else "other-2" if fall.value >= 0 else "other-1"
        if fall.value:
            canvas.rect(start, middle - _BAR / 2, max(end - start, 1.5), _BAR, colour, radius=2)
        if fall.level and cut:
            for shift in (6.0, 11.0):
                canvas.line(start + shift, middle + _BAR / 2, start + shift + 5, middle - _BAR / 2, "paper", weight=2)
        if at + 1 < len(falls):
            reached = scale(span[1])
            canvas.line(reached, middle + _BAR / 2, reached, middle + _ROW - _BAR / 2, "axis")
        fitting = shorten(name, _SIZE, name_room - 10)
        canvas.text(0, middle + 4.5, fitting, size=_SIZE, bold=fall.level, title=name if fitting != name else "")
        canvas.text(end + 7, middle + 4.5, _value(frame, fall), size=_SIZE, bold=fall.level)
        canvas.target(0, middle - _ROW / 2, frame.width, _ROW, f"{name}: {_value(frame, fall)}")
    if cut:
        canvas.text(name_room, height - 6, begins.format(value=_money(frame, floor)), colour="muted")
    told = listed((f"{name} {_value(frame, fall)}" for name, fall in zip(names, falls, strict=True)), 12, frame.words)
    return canvas.svg(frame, frame.desc or (f"{told}." if falls else frame.words.nothing))


def _spans(falls: Sequence[Fall]) -> list[tuple[float, float]]:
    """Of each row where it begins and where it ends."""
    spans, at = [], 0.0
    for fall in falls:
        start = 0.0 if fall.level else at
        at = start + fall.value
        spans.append((start, at))
    return spans


def _floor(values: Sequence[float]) -> float:
    """Where bars begin: at nothing, or somewhat below the lowest level where all of them lie close together."""
    levels = [value for value in values if value]
    low, high = min(levels, default=0.0), max(levels, default=0.0)
    if low <= 0 or high - low >= _SPREAD * high:
        return 0.0
    below = low - max(high - low, 0.02 * high)
    size = 10.0 ** (len(str(int(below))) - 2) if below >= 10 else 1.0
    return max(below // size * size, 0.0)


def _value(frame: Frame, fall: Fall) -> str:
    return _money(frame, fall.value) if fall.level else format_signed(_money(frame, abs(fall.value)), fall.value)


def _money(frame: Frame, value: float) -> str:
    return format_value(value, frame.unit, currency=frame.currency, locale=frame.locale, compact=True)
