"""The pace curve: what was reached day by day, against what was due, and where this pace ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.canvas import Frame
from leadline.charts.line import Series, line_chart
from leadline.charts.period import period_label
from leadline.charts.remark import Remark
from leadline.charts.scale import Number, finite
from leadline.charts.value import format_value


class PaceWords(Struct, frozen=True):
    """What the curve says itself; names in braces are filled in."""

    actual: str = "reached"
    expected: str = "due by the curve"
    projected: str = "at this pace"
    course: str = "{title}: {actual} reached by {day}, {expected} due by then, of {target}."


WORDS = PaceWords()


def pace_chart(
    frame: Frame,
    days: Sequence[date],
    expected: Sequence[Number],
    actual: Sequence[Number | None],
    target: Number,
    *,
    projects: bool = True,
    remarks: Sequence[Remark] = (),
    words: PaceWords = WORDS,
) -> str:
    """An SVG of running totals over the days of a goal's period.

    `expected` is the curve of what is due, `actual` ends where nothing is known yet. With `projects` a third line goes
    on from there as the curve does, in proportion to what was reached; `target` is a level line, `remarks`
    are numbered marks at their days.
    """
    known = [place for place, value in enumerate(actual) if finite(value) is not None]
    series = [Series(words.actual, tuple(actual)), Series(words.expected, tuple(float(value) for value in expected))]
    if projects and known and known[-1] + 1 < len(days) and float(expected[known[-1]]) > 0:
        at = known[-1]
        scale = (finite(actual[at]) or 0.0) / float(expected[at])
        ahead = [None if place < at else float(value) * scale for place, value in enumerate(expected)]
        series.append(Series(words.projected, tuple(ahead)))
    if known and not frame.desc:
        at = known[-1]
        told = words.course.format(
            title=frame.title,
            actual=_value(frame, actual[at]),
            day=period_label(days[at], "day", frame.locale),
            expected=_value(frame, expected[at]),
            target=_value(frame, target),
        )
        frame = replace(frame, desc=told)
    return line_chart(replace(frame, grain="day"), days, series, goal=target, remarks=remarks, zero=None)


def _value(frame: Frame, value: Number | None) -> str:
    return format_value(value, frame.unit, currency=frame.currency, locale=frame.locale, compact=True)
