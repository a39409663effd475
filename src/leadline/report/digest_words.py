"""Figures, days and lists as a digest says them, in its language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from leadline.charts.scale import Number, magnitude
from leadline.charts.value import NOTHING, format_signed, format_value
from leadline.language.language import Language
from leadline.report.change import format_change
from leadline.report.digest import Digest
from leadline.report.format import format_period
from leadline.report.scorecard import Kpi
from leadline.time.zone import offset_at


def figure(kpi: Kpi, value: Number | float | None, language: Language) -> str:
    """A value in the unit of its KPI, shortened."""
    return format_value(value, kpi.definition.unit, currency=kpi.currency, locale=language.locale, compact=True)


def signed(kpi: Kpi, value: Number | None, language: Language) -> str:
    """A difference in the unit of its KPI."""
    if value is None:
        return NOTHING
    return format_signed(figure(kpi, magnitude(value), language), value)


def changed(kpi: Kpi, found: object, language: Language) -> str:
    return format_change(
        found,  # type: ignore[arg-type]
        kpi.definition.unit, currency=kpi.currency, locale=language.locale, points=language.say("pts"),
    )  # fmt: skip


def week_of(start: dt.date, language: Language) -> str:
    return format_period(start, "week", language.locale)


def day_of(day: dt.date | None, language: Language) -> str:
    return format_period(day, "day", language.locale) if day is not None else NOTHING


def moment_of(moment: dt.datetime, digest: Digest, language: Language) -> str:
    from babel.dates import format_datetime

    from leadline.charts.value import local_digits

    local = moment + offset_at(moment, digest.timezone)
    return local_digits(str(format_datetime(local, "EEE HH:mm", locale=language.locale)), language.locale)


def count_of(number: int, language: Language) -> str:
    return apart(format_value(number, locale=language.locale), language)


def listed(parts: Iterable[str], language: Language) -> str:
    return {"ar": "، ", "zh": "、"}.get(language.code, ", ").join(parts)


def apart(text: str, language: Language) -> str:
    """A piece that lays itself out, whatever runs round it."""
    return f"\u2068{text}\u2069" if language.direction == "rtl" and text else text
