"""What the explorer's script needs to draw a course anew when a reader zooms: numbers, and all words ready made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from leadline.charts.line import look, on_spine
from leadline.charts.period import as_date, following, period_label, spine, tick_label
from leadline.charts.remark import Remark, remarks_within
from leadline.charts.scale import finite
from leadline.charts.value import format_value, local_digits
from leadline.language.language import Language
from leadline.plan.drawing import Course
from leadline.plan.result import Result
from leadline.report.export import encode_json


def plot_of(
    course: Course | None, result: Result, title: str, remarks: Sequence[Remark], language: Language, currency: str
) -> str:
    """The course of a result with one metric as JSON for the script; empty where it does not run in time.

    `names`, `ticks` and `years` are the words of each period, `told` of each value; `open` are places of periods whose
    value will still change, `breaks` and `remarks` places between periods (1.5 is the middle of the second).
    """
    if course is None or len(course.periods) < 2:
        return ""
    column = next(one for one in result.columns if one.kind == "metric")
    grain, locale = str(result.provenance.get("grain") or "day"), language.locale
    money = column.currency or currency
    dates = spine(course.periods, grain)

    def line(series: Any, colour: str, weight: float, dash: str) -> dict[str, Any]:
        values = on_spine(series, course.periods, dates).values
        return {
            "label": series.label,
            "colour": colour,
            "weight": weight,
            "dash": [float(part) for part in dash.split()],
            "values": [finite(value) for value in values],
            "told": [format_value(value, column.unit, currency=money, locale=locale) for value in values],
        }

    lines = [line(series, *look(index)) for index, series in enumerate(course.series)]
    if course.past:
        lines.append(line(course.past, "past", 1.75, ""))
    ticks = [tick_label(day, grain, locale) for day in dates]
    marked = remarks_within(remarks, dates, grain)
    return encode_json(
        {
            "title": title,
            "names": [period_label(day, grain, locale) for day in dates],
            "ticks": [tick for tick, _ in ticks],
            "years": [year for _, year in ticks],
            "lines": lines,
            "open": [at for at, day in enumerate(dates) if day in course.unfinished],
            "breaks": [_place(as_date(day), dates, grain) for day in course.breaks],
            "remarks": [[_place(as_date(one.day), dates, grain), one.text] for one in marked],
            "unit": column.unit or "count",
            "currency": money if money.isalpha() else "",
            "locale": f"{locale.replace('_', '-')}-u-nu-{'latn' if local_digits('1', locale) == '1' else 'arab'}",
            "rtl": language.direction == "rtl",
            "words": {
                "open": language.wording.unfinished,
                "changed": language.wording.redefined,
                "help": language.say("Arrow keys move from value to value, + and − zoom, Escape shows all."),
                "whole": language.say("Show all"),
            },
        }
    )


def _place(day: dt.date, dates: Sequence[dt.date], grain: str) -> float:
    """How far a day is along the periods."""
    ends = [*dates[1:], following(dates[-1], grain)]
    for at, (start, end) in enumerate(zip(dates, ends, strict=True)):
        if day < end:
            return round(at + max((day - start) / (end - start), 0.0), 3)
    return float(len(dates))
