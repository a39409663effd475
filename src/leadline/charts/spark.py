"""Sparklines: a metric's recent course in the space of a word, as SVG and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.canvas import Canvas, Frame
from leadline.charts.scale import Number, finite, present
from leadline.charts.value import format_value

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = "·"


def sparkline(
    frame: Frame, values: Sequence[Number | None], *, unfinished: int = 0, past: Sequence[Number | None] = ()
) -> str:
    """An SVG sparkline of `values`, oldest first, scaled from the lowest to the highest complete one.

    The last `unfinished` values are dashed and end in a ring; a part of a period would flatten all the others, so where
    one leaves the scale its line runs to the edge without a ring. `past` (as many values) is drawn behind. Gaps stay
    open.
    """
    width, height = frame.width, frame.height or 36
    canvas = Canvas(width, height, mirrored=frame.mirrored)
    complete = len(values) - unfinished
    known = present([*values[:complete], *past]) or present(values)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    pad = 5.0
    step = (width - 2 * pad) / max(len(values) - 1, 1)

    def place(index: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        y = height - pad - share * (height - 2 * pad)
        return pad + index * step, min(max(y, 0.0), float(height))

    _trace(canvas, [None if v is None else place(i, v) for i, v in enumerate(map(finite, past))], "past", 1.25, 0)
    points = [None if v is None else place(i, v) for i, v in enumerate(map(finite, values))]
    _trace(canvas, points, "main", 2, unfinished)
    whole = [point for point in points[:complete] if point]
    if whole:
        canvas.dot(*whole[-1], 3, "main")
    if unfinished and points and (last := points[-1]) and 0 < last[1] < height:
        canvas.dot(*last, 3, "main", hollow=True)
    return canvas.svg(frame, frame.desc or _describe(frame, values, unfinished))


def text_sparkline(values: Sequence[Number | None]) -> str:
    """A sparkline of block characters, one per value, from lowest to highest; a middle dot where there is none."""
    known = present(values)
    if not known:
        return _GAP * len(values)
    low, high = min(known), max(known)

    def block(value: float) -> str:
        share = (value - low) / (high - low) if high > low else 0.5
        return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]

    return "".join(_GAP if number is None else block(number) for number in map(finite, values))


def _trace(
    canvas: Canvas, points: Sequence[tuple[float, float] | None], colour: str, weight: float, unfinished: int
) -> None:
    solid = len(points) - unfinished
    run: list[tuple[float, float]] = []
    for point in [*points[:solid], None]:
        if point:
            run.append(point)
            continue
        if len(run) > 1:
            canvas.path(run, colour, weight=weight)
        elif run:
            canvas.dot(*run[0], weight * 0.75, colour)
        run = []
    for before, after in zip(points[max(solid - 1, 0) :], points[max(solid, 1) :], strict=False):
        if before and after:
            canvas.path([before, after], colour, weight=weight, dash="2.5 2.5")


def _describe(frame: Frame, values: Sequence[Number | None], unfinished: int) -> str:
    done = present(values[: len(values) - unfinished])
    if not done:
        return frame.words.nothing
    low, high, last = (
        format_value(value, frame.unit, currency=frame.currency, locale=frame.locale)
        for value in (min(done), max(done), done[-1])
    )
    words = frame.words
    told = words.spark.format(count=len(values), grain=words.grain or frame.grain, low=low, high=high, last=last)
    return f"{told} {words.spark_open.format(count=unfinished)}" if unfinished else told
