"""Cells: the value of a result as people read it, with a mark where it will still change.

Builds on `leadline.charts.value`, so that a tile, a table and an axis write the same number the same way.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from leadline.charts.label import clean
from leadline.charts.period import as_date, period_label
from leadline.charts.scale import present
from leadline.charts.value import DURATIONS, NOTHING, format_value
from leadline.language.language import ENGLISH, Language
from leadline.plan.result import Mark, ResultColumn
from leadline.time.calendar import GRAINS

UNATTRIBUTED = "Unattributed"
MARKS: dict[Mark | str, str] = {
    "cut": "¦",
    "unfinished": "*",
    "settling": "°",
    "redefined": "◊",
    "like": "§",
    "immature": "†",
    "unlike": "¶",
    "no-data": "‡",
}
FOOTNOTES: dict[Mark | str, str] = {
    "cut": "only a part of this period was asked for",
    "unfinished": "period not finished yet: the value will still change",
    "settling": "conversions of its last days are still being credited",
    "redefined": "another definition than before, or two within the period",
    "like": "the same part of the earlier period, not all of it",
    "immature": "cohort not mature yet: its window is still open",
    "unlike": "no comparison: it would mislead",
    "no-data": "no source reaches this period",
}


def format_cell(
    value: object,
    column: ResultColumn,
    *,
    currency: str = "",
    language: Language = ENGLISH,
    grain: str = "day",
    mark: Mark | None = None,
    compact: bool = False,
    digits: int | None = None,
) -> str:
    """`value` of `column` as text, followed by its mark; `currency` is for money of a column without one."""
    if column.kind == "time":
        text = format_period(value, grain, language.locale) if isinstance(value, date) else NOTHING
    elif column.kind == "dimension":
        text = format_member(value, language)
    elif isinstance(value, int | float | Decimal):
        money = column.currency or currency
        text = format_value(value, column.unit, currency=money, locale=language.locale, compact=compact, digits=digits)
    else:
        text = NOTHING
    return text + MARKS.get(mark or "", "")


def format_member(value: object, language: Language = ENGLISH) -> str:
    """A member of a dimension; None is Unattributed, an empty text is shown as such."""
    if value is None:
        return language.say(UNATTRIBUTED)
    if isinstance(value, bool):
        return language.say("yes" if value else "no")
    return clean(value) or language.say("(empty)")


def format_period(value: date, grain: str, locale: str = "en") -> str:
    """The name of the period that starts on `value`; a plain date for grains without one."""
    return period_label(as_date(value), grain if grain in GRAINS else "day", locale)


def format_attained(share: float | None, locale: str = "en") -> str:
    """The share of a goal that is reached, in whole percent; what falls short of the goal never reads as all of it."""
    return format_value(0.99 if share is not None and 0.99 < share < 1 else share, "percent", digits=0, locale=locale)


def column_digits(values: Collection[object], unit: str) -> int | None:
    """Decimals that a whole column shares, so that its figures line up; None leaves money to its currency."""
    if unit in ("money", "money per day"):
        return None
    numbers = [number for value in values if isinstance(value, int | float | Decimal) for number in present([value])]
    if unit == "percent":
        return 1 if all(abs(value) >= 0.001 or not value for value in numbers) else 3
    if unit == "ratio":
        return 2
    if unit in DURATIONS:
        return 1
    return 0 if all(value == int(value) for value in numbers) else 2
