"""The drawings of a digest: the course of a KPI, and its weeks within their natural limits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from leadline.charts.canvas import Frame
from leadline.charts.line import Series, line_chart
from leadline.charts.scale import Number, finite
from leadline.charts.spark import sparkline
from leadline.language.language import Language
from leadline.report.digest import Digest
from leadline.report.scorecard import Kpi
from leadline.report.signal import Limits
from leadline.report.view import wording

_SPARK = (200, 40)
_CHART = (540, 190)


def spark(kpi: Kpi, language: Language) -> str:
    """The course of a KPI, small."""
    frame = _frame(kpi, language, *_SPARK, f"spark-{kpi.definition.id}")
    return sparkline(frame, kpi.values, unfinished=kpi.unfinished)


def limits_chart(kpi: Kpi, limits: Limits, digest: Digest, language: Language) -> str:
    """The weeks with their limits, a level line each."""
    known = [(day, value) for day, value in zip(kpi.periods, kpi.values, strict=True) if day <= digest.week]
    values: Sequence[Number | None] = [value for _, value in known]
    if limits.of_change:
        numbers = [finite(value) for value in values]
        values = [None] + [
            after - before if after is not None and before is not None else None for before, after in pairwise(numbers)
        ]
    days = [day for day, _ in known]
    if limits.of_change:
        days, values = days[1:], values[1:]
    level = len(days)
    lines = [
        Series(kpi.definition.name, tuple(values)),
        Series(language.say("upper limit"), (limits.high,) * level),
        Series(language.say("lower limit"), (limits.low,) * level),
    ]
    return line_chart(_frame(kpi, language, *_CHART, f"limits-{kpi.definition.id}"), days, lines, zero=False)


def _frame(kpi: Kpi, language: Language, width: int, height: int, key: str) -> Frame:
    return Frame(
        kpi.definition.name, unit=kpi.definition.unit, currency=kpi.currency, grain="week", locale=language.locale,
        width=width, height=height, id=key, words=wording(language, "week"),
    )  # fmt: skip
