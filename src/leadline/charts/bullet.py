"""The bullet graph: a value against its goal on one scale, with the ranges that say poor, fair and good."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.canvas import Canvas, Frame
from leadline.charts.line import tick_names
from leadline.charts.scale import Number, finite, linear_scale
from leadline.charts.value import format_value
from leadline.errors import RefusedError

_SHADES = {0: (), 1: ("shade-3",), 2: ("shade-1", "shade-3"), 3: ("shade-1", "shade-2", "shade-3")}


def bullet_chart(
    frame: Frame,
    value: Number | None,
    *,
    goal: Number | None = None,
    past: Number | None = None,
    ranges: Sequence[Number] = (),
    goal_label: str = "goal",
    past_label: str = "last year",
) -> str:
    """An SVG bullet graph after Few: a bar for `value`, a cross-line for `goal`, a ring for `past`.

    `ranges` are up to three rising upper ends of shaded bands. All numbers are at or above zero: length from zero is
    the message, so anything negative is refused.
    """
    numbers = [value, goal, past, *ranges]
    if any((finite(number) or 0.0) < 0 for number in numbers):
        raise RefusedError(
            "negative-bullet",
            "A bullet graph cannot show a negative number.",
            why="its bar is measured from zero",
            fix="use a bar chart",
        )
    height = frame.height or 48
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    pad = 8.0
    scale = linear_scale(numbers, pad, frame.width - pad, count=4)
    middle, half = 14.0, 11.0
    ends = sorted(number for number in map(finite, ranges) if number is not None)[-3:]
    for end, shade in reversed(list(zip(ends, _SHADES[len(ends)], strict=True))):
        canvas.rect(scale(0), middle - half, scale(end) - scale(0), 2 * half, shade)
    if not ends:
        canvas.rect(scale(0), middle - half, scale(scale.high) - scale(0), 2 * half, "shade-3")
    size = finite(value)
    if size is not None:
        canvas.rect(scale(0), middle - 4, scale(size) - scale(0), 8, "main")
    if (target := finite(goal)) is not None:
        canvas.line(scale(target), middle - half + 2, scale(target), middle + half - 2, "ink", weight=3)
    if (before := finite(past)) is not None:
        canvas.dot(scale(before), middle, 3.5, "past", hollow=True)
    for tick, name in zip(scale.ticks, tick_names(scale.ticks, frame), strict=True):
        anchor = "start" if tick == scale.low else "end" if tick == scale.high else "middle"
        x = {"start": 0.0, "end": float(frame.width)}.get(anchor, scale(tick))
        canvas.line(scale(tick), middle + half, scale(tick), middle + half + 4, "axis")
        canvas.text(x, middle + half + 17, name, anchor=anchor, colour="muted", size=11)
    told = [format_value(value, frame.unit, currency=frame.currency, locale=frame.locale)]
    for label, number in ((goal_label, goal), (past_label, past)):
        if number is not None:
            told.append(f"{label} {format_value(number, frame.unit, currency=frame.currency, locale=frame.locale)}")
    return canvas.svg(frame, frame.desc or "; ".join(told) + ".")
