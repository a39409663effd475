"""Bars of people by state: new, returning and resurrecting upwards, dormant downwards, a column a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.period import period_label, tick_label
from leadline.charts.scale import LinearScale, linear_scale
from leadline.charts.value import format_value

_HEAD = 30
_TITLE = 28
_BOTTOM = 40
_RIGHT = 8
_COLOURS = ("other-2", "main", "other-4")
_AWAY = "past"
_HATCH = 5.0
_LINE = 18


class Stack(Struct, frozen=True):
    """The people of one period: those above the line by state, and those below it. None while it is not over."""

    period: date
    above: tuple[int, ...] | None
    below: int | None


def lifecycle_chart(frame: Frame, stacks: Sequence[Stack], names: Sequence[str]) -> str:
    """An SVG of columns; `names` are those of the states above, then of the one below.

    States lie in the order of the names from the line outwards, which the legend repeats; dormant ones are hatched
    besides, so that no state is told by colour alone.
    """
    # In a file of its own nothing else says what it shows.
    begin = _TITLE if frame.standalone else 0
    head = _HEAD + _LINE * (_lines(names, frame.width) - 1)
    height = (frame.height or 300) + begin + head - _HEAD
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    if begin:
        canvas.text(0, 16, shorten(clean(frame.title), 14, frame.width), size=14, bold=True)
    tops = [sum(stack.above) for stack in stacks if stack.above is not None]
    lows = [-stack.below for stack in stacks if stack.below is not None]
    scale = linear_scale([*lows, *tops, 1], height - _BOTTOM, begin + head, whole=True)
    labels = {tick: format_value(tick, locale=frame.locale, compact=True) for tick in scale.ticks}
    left = max((text_width(text, 12) for text in labels.values()), default=0) + 10
    for tick, text in labels.items():
        canvas.line(left, scale(tick), frame.width - _RIGHT, scale(tick), "grid")
        canvas.text(left - 6, scale(tick) + 4, text, anchor="end", colour="muted")
    room = (frame.width - left - _RIGHT) / max(len(stacks), 1)
    bar = min(room * 0.72, 46)
    every = max(1, round(46 / room + 0.49))
    year = ""
    for number, stack in enumerate(stacks):
        middle = left + room * (number + 0.5)
        _column(canvas, stack, middle - bar / 2, bar, scale)
        if number % every == 0:
            name, of = tick_label(stack.period, frame.grain, frame.locale)
            canvas.text(middle, height - 22, name, anchor="middle", colour="muted")
            if of != year:
                canvas.text(middle, height - 7, of, anchor="middle", colour="muted")
            year = of or year
        canvas.target(
            left + room * number, begin + head, room, height - begin - head - _BOTTOM, _told(frame, stack, names)
        )
    canvas.line(left, scale(0), frame.width - _RIGHT, scale(0), "axis")
    _legend(canvas, begin, names)
    return canvas.svg(frame, frame.desc or _describe(frame, stacks, names))


def _column(canvas: Canvas, stack: Stack, x: float, width: float, at: LinearScale) -> None:
    base = 0
    for colour, count in zip(_COLOURS, stack.above or (), strict=False):
        top, bottom = at(base + count), at(base)
        canvas.rect(x, top, width, max(bottom - top - 0.5, 0), colour)
        base += count
    if stack.below:
        top, bottom = at(0), at(-stack.below)
        _hatched(canvas, x, top, width, bottom - top)


def _hatched(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    canvas.rect(x, y, width, height, _AWAY)
    level = y + _HATCH
    while level < y + height:
        canvas.line(x, level, x + width, level, "paper", weight=1)
        level += _HATCH


def _legend(canvas: Canvas, top: float, names: Sequence[str]) -> None:
    x = 0.0
    for name, colour in zip(names, (*_COLOURS, _AWAY), strict=True):
        if x and x + _entry(name) > canvas.width:
            x, top = 0.0, top + _LINE
        if colour == _AWAY:
            _hatched(canvas, x, top + 6, 11, 11)
        else:
            canvas.rect(x, top + 6, 11, 11, colour, radius=2)
        canvas.text(x + 17, top + 16, name)
        x += _entry(name) + 18


def _entry(name: str) -> float:
    """Width of a name in the legend, with its colour."""
    return 17 + text_width(name, 12)


def _lines(names: Sequence[str], width: float) -> int:
    """How many lines the legend takes."""
    lines, x = 1, 0.0
    for name in names:
        if x and x + _entry(name) > width:
            lines, x = lines + 1, 0.0
        x += _entry(name) + 18
    return lines


def _told(frame: Frame, stack: Stack, names: Sequence[str]) -> str:
    when = period_label(stack.period, frame.grain, frame.locale)
    if stack.above is None or stack.below is None:
        return f"{when}: {frame.words.unfinished}"
    counts = (*stack.above, stack.below)
    return f"{when}: " + ", ".join(
        f"{name} {format_value(count, locale=frame.locale)}" for name, count in zip(names, counts, strict=True)
    )


def _describe(frame: Frame, stacks: Sequence[Stack], names: Sequence[str]) -> str:
    if not stacks:
        return frame.words.nothing
    return "; ".join(_told(frame, stack, names) for stack in stacks) + "."
