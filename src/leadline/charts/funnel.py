"""Funnels: a bar a step as long as its people, what is lost between steps, and who may still get further.

Own code, as all charts here. Bars begin at one line, so that their lengths compare; the classic trapezoid would show
areas, which nobody compares. Rows of a breakdown share one scale: the share of their own first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.value import format_value

_ROW = 40
_BAR = 20
_SIZE = 12.5
_HEAD = 26


class FunnelBar(Struct, frozen=True):
    """A step: its name, people, share of the step before (None for the first), those of them still under way.

    `inferred` of the people skipped the step; `group` is the row of a breakdown.
    """

    label: str
    people: int
    of_previous: float | None = None
    open: int = 0
    group: str = ""
    inferred: int = 0


def funnel_chart(frame: Frame, bars: Sequence[FunnelBar], *, limit: int = 6) -> str:
    """An SVG of the steps as bars, row under row where they are broken down, at most `limit` rows.

    Of each bar the part of people who stand at the step with an open window is drawn lighter, and so is, in another
    shade, the part inferred; both are told in words too.
    """
    rows = [(name, list(steps)) for name, steps in groupby(bars, key=lambda bar: bar.group)]
    shown, hidden = rows[:limit], max(len(rows) - limit, 0)
    heads = _HEAD if any(name for name, _ in shown) else 0
    count = sum(len(steps) for _, steps in shown)
    legend = [
        (colour, word)
        for colour, word, used in (
            ("past", frame.words.inferred, any(bar.inferred for bar in bars)),
            ("shade-1", frame.words.still_under_way, any(bar.open for bar in bars)),
        )
        if used
    ]
    above = 24.0 if legend else 4.0
    height = frame.height or round(above) + 4 + len(shown) * heads + count * _ROW + (22 if hidden else 0)
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    names = [clean(bar.label) for _, steps in shown for bar in steps]
    name_room = min(max((text_width(name, _SIZE) for name in names), default=0) + 16, frame.width * 0.34)
    value_room = max((text_width(_value(frame, bar), _SIZE) for _, steps in shown for bar in steps), default=0) + 12
    length = frame.width - name_room - value_room
    left = name_room
    for colour, word in legend:
        canvas.rect(left, 5, 12, 12, colour, radius=2)
        canvas.text(left + 18, 15, word, colour="muted")
        left += text_width(word, 12) + 40
    top = above
    for name, steps in shown:
        if heads:
            canvas.text(0, top + 17, shorten(clean(name), 13, frame.width), size=13, bold=True)
            top += heads
        longest = max((bar.people for bar in steps), default=0) or 1
        for bar in steps:
            _bar(canvas, frame, bar, top, name_room, length / longest)
            top += _ROW
    if hidden:
        canvas.text(0, height - 6, frame.words.hidden.format(count=hidden), colour="muted")
    return canvas.svg(frame, frame.desc or _describe(frame, shown, hidden))


def _bar(canvas: Canvas, frame: Frame, bar: FunnelBar, top: float, start: float, scale: float) -> None:
    middle = top + _ROW / 2
    width = bar.people * scale
    sure = max(bar.people - bar.open - bar.inferred, 0) * scale
    canvas.rect(start, middle - _BAR / 2, sure, _BAR, "main", radius=2)
    canvas.rect(start + sure, middle - _BAR / 2, bar.inferred * scale, _BAR, "past")
    canvas.rect(start + sure + bar.inferred * scale, middle - _BAR / 2, bar.open * scale, _BAR, "shade-1", radius=2)
    canvas.line(start, top, start, top + _ROW, "axis")
    name = clean(bar.label)
    fitting = shorten(name, _SIZE, start - 14)
    canvas.text(0, middle + 4.5, fitting, size=_SIZE, title=name if fitting != name else "")
    canvas.text(start + width + 8, middle + 4.5, _value(frame, bar), size=_SIZE)
    canvas.target(0, top, frame.width, _ROW, _told(frame, bar))


def _number(frame: Frame, value: int) -> str:
    return format_value(value, locale=frame.locale)


def _percent(frame: Frame, value: float) -> str:
    return format_value(value, "percent", locale=frame.locale, digits=1)


def _value(frame: Frame, bar: FunnelBar) -> str:
    text = _number(frame, bar.people)
    return text if bar.of_previous is None else f"{text} · {_percent(frame, bar.of_previous)}"


def _told(frame: Frame, bar: FunnelBar) -> str:
    told = f"{clean(bar.label)} {_value(frame, bar)}"
    for word, count in ((frame.words.inferred, bar.inferred), (frame.words.still_under_way, bar.open)):
        if count:
            told += f", {frame.words.flow.format(way=word, count=_number(frame, count))}"
    return told


def _describe(frame: Frame, rows: Sequence[tuple[str, list[FunnelBar]]], hidden: int) -> str:
    if not any(steps for _, steps in rows):
        return frame.words.nothing
    told = []
    for name, steps in rows:
        text = listed((_told(frame, bar) for bar in steps), 16, frame.words)
        told.append(f"{clean(name)}: {text}." if name else f"{text}.")
    return " ".join(told) + (f" {frame.words.hidden.format(count=hidden)}." if hidden else "")
