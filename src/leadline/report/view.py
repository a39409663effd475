"""Views: what the HTML report shows of each part, as ready text and drawings."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.charts.bar import Bar, bar_chart
from leadline.charts.canvas import Frame
from leadline.charts.line import Series, line_chart
from leadline.charts.period import as_date, following
from leadline.charts.scale import Number, finite
from leadline.charts.spark import sparkline
from leadline.charts.value import format_value, local_digits
from leadline.charts.wording import Wording
from leadline.language.language import Language
from leadline.plan.result import Mark, Result, ResultColumn, Value
from leadline.report.change import ARROWS, Change, format_change
from leadline.report.format import FOOTNOTES, MARKS, format_cell, format_member, format_period
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.table import heading

if TYPE_CHECKING:
    from markupsafe import Markup

    from leadline.ingest.source import Finding

View = dict[str, Any]

_WIDE, _NARROW = 540, 340
_MOST_ROWS = 50
_MOST_LINES = 6
_TIMINGS = {"early": "early signal", "mid": "mid-way signal", "late": "late result"}
_BETTER = {"higher": "higher is better", "lower": "lower is better", "target": "close to its target is better"}
_VERDICTS = {"better": "better", "worse": "worse", "steady": "steady", "changed": "changed", "unknown": ""}


class Breakdown(Struct, frozen=True):
    """A result to show beside the scorecard: by a dimension, over time, or both."""

    title: str
    result: Result
    doc: str = ""


def head(card: Scorecard, language: Language, generated_at: datetime | None) -> View:
    """What the whole report is about: period, freshness, zone, currency."""
    from babel.dates import format_date, format_time

    locale = language.locale
    made = ""
    if generated_at:
        day, hour = format_date(generated_at, locale=locale), format_time(generated_at, "short", locale=language.locale)
        made = local_digits(f"{day} {hour}", locale)
    return {
        "period": format_period(card.period, card.grain, language.locale) if card.period else "",
        "grain": language.label("grains", card.grain),
        "fresh_to": format_period(card.fresh_to, "day", language.locale) if card.fresh_to else "",
        "timezone": card.timezone,
        "currency": card.currency,
        "as_known_at": card.as_known_at,
        "generated_at": made,
    }


def tile(kpi: Kpi, card: Scorecard, language: Language) -> View:
    """A KPI at a glance: value, course, changes, what it means."""
    definition = kpi.definition
    frame = _frame(kpi, card, language, width=220, height=46, id=f"spark-{definition.id}")
    before = format_period(following(kpi.period, card.grain, -1), card.grain, language.locale) if kpi.period else ""
    year = format_period(_year_before(kpi.period, card.grain), card.grain, language.locale) if kpi.period else ""
    return {
        "id": definition.id,
        "name": definition.name,
        "stage": language.label("stages", definition.stage),
        "timing": timing_words(definition.timing, language),
        "value": _value(kpi, language, compact=True),
        "exact": _value(kpi, language, compact=False),
        "period": format_period(kpi.period, card.grain, language.locale) if kpi.period else "",
        "odd_period": kpi.state in ("late", "maturing", "settling"),
        "state": _state_words(kpi, language),
        "spark": _markup(sparkline(frame, kpi.values, unfinished=kpi.unfinished)) if kpi.periods else "",
        "has_chart": bool(kpi.periods),
        "changes": [
            _change(kpi.previous, before, kpi, language),
            _change(kpi.year, year, kpi, language),
        ],
        "sentence": first_sentence(definition.doc),
        "fresh_to": format_period(kpi.fresh_to, "day", language.locale) if kpi.fresh_to else "",
        "late": kpi.state == "late",
        "version": definition.version,
        "problem": language.say(kpi.problem),
    }


def chart(kpi: Kpi, card: Scorecard, language: Language) -> View:
    """A KPI's time series with last year behind it, wide and narrow, and its numbers as a table."""
    definition = kpi.definition
    has_past = any(finite(value) is not None for value in kpi.last_year)
    past = Series(language.say("a year before"), kpi.last_year) if has_past else None
    still_open = kpi.periods[len(kpi.periods) - kpi.unfinished :]

    def drawn(width: int, kind: str) -> Markup:
        frame = _frame(kpi, card, language, width=width, height=250, id=f"{kind}-{definition.id}")
        line = Series(definition.name, kpi.values)
        return _markup(line_chart(frame, kpi.periods, [line], past=past, unfinished=still_open))

    def shown(value: Number | None) -> str:
        return format_value(value, definition.unit, currency=kpi.currency, locale=language.locale)

    rows = [
        (
            format_period(period, card.grain, language.locale) + (MARKS["unfinished"] if period in still_open else ""),
            shown(value),
            shown(kpi.last_year[index]),
        )
        for index, (period, value) in enumerate(zip(kpi.periods, kpi.values, strict=True))
    ]
    return {
        "id": definition.id,
        "name": definition.name,
        "stage": language.label("stages", definition.stage),
        "wide": drawn(_WIDE, "wide"),
        "narrow": drawn(_NARROW, "narrow"),
        "rows": list(reversed(rows)),
        "has_past": has_past,
        "footnote": language.say(FOOTNOTES["unfinished"]) if still_open else "",
    }


def breakdown(part: Breakdown, card: Scorecard, language: Language, index: int) -> View:
    """A result as a chart (bars, or lines over time) and as a table."""
    result = _largest_first(part.result)
    grain = str(result.provenance.get("grain") or card.grain)
    currency = str(result.provenance.get("currency") or card.currency)
    rows = result.rows[:_MOST_ROWS]
    kinds = [column.kind for column in result.columns]
    undrawn = _undrawn(result) if "time" in kinds else 0
    hidden, total = len(result.rows) - len(rows), format_value(len(result.rows), locale=language.locale)

    def drawn(width: int, kind: str) -> Markup | str:
        base = Frame(
            part.title,
            currency=currency,
            grain=grain,
            locale=language.locale,
            width=width,
            id=f"{kind}-part-{index}",
            words=wording(language, grain),
        )
        draw = _lines if "time" in kinds else _bars
        text = draw(base, result, language) if {"time", "dimension"} & set(kinds) else ""
        return _markup(text) if text else ""

    return {
        "id": f"part-{index}",
        "title": part.title,
        "doc": part.doc,
        "wide": drawn(_WIDE, "wide"),
        "narrow": drawn(_NARROW, "narrow"),
        "heads": [(heading(column, language), column.kind == "metric") for column in result.columns],
        "rows": [
            [
                (_cell(value, column, result.marks.get((at, i)), currency, language, grain), column.kind == "metric")
                for i, (column, value) in enumerate(zip(result.columns, row, strict=True))
            ]
            for at, row in enumerate(rows)
        ],
        "undrawn": language.count("{count} smaller ones not drawn", undrawn) if undrawn else "",
        "hidden": language.count("{count} of {total} rows not shown", hidden, total=total) if hidden else "",
    }


def finding(found: Finding | str) -> View:
    """A data problem: how grave, where, what, and the cure."""
    if isinstance(found, str):
        return {"severity": "note", "where": "", "what": found, "fix": ""}
    where = found.file + (f", line {found.line}" if found.line else "")
    what = found.what + (f" ({found.count}×)" if found.count > 1 else "")
    return {"severity": found.severity, "where": where, "what": what, "fix": found.fix}


def definition(kpi: Kpi, language: Language) -> View:
    """What a metric means, as its reader needs it."""
    told, say = kpi.definition, language.say
    facts = [
        (say("Unit"), language.label("units", told.unit)),
        (say("Direction"), better_words(told.better, language)),
        (say("Stage"), language.label("stages", told.stage)),
        (say("Timing"), timing_words(told.timing, language)),
        (say("Owner"), told.owner),
        (say("Version"), told.version),
    ]
    return {
        "id": told.id,
        "name": told.name,
        "doc": told.doc,
        "formula": told.formula,
        "pitfalls": told.pitfalls,
        "facts": [(name, value) for name, value in facts if value],
    }


def timing_words(timing: str, language: Language) -> str:
    """Whether a metric tells early or late."""
    return language.labels.timings.get(timing) or _TIMINGS.get(timing, timing)


def better_words(better: str, language: Language) -> str:
    """Which way is better."""
    return language.labels.better.get(better) or _BETTER.get(better, "")


def wording(language: Language, grain: str) -> Wording:
    """The words of charts whose periods are of `grain`."""
    from msgspec.structs import replace

    return replace(language.wording, grain=language.label("grains", grain))


def first_sentence(text: str) -> str:
    """The first sentence of a description."""
    return re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0] if text else ""


def _frame(kpi: Kpi, card: Scorecard, language: Language, *, width: int, height: int, id: str) -> Frame:
    return Frame(
        kpi.definition.name,
        unit=kpi.definition.unit,
        currency=kpi.currency,
        grain=card.grain,
        locale=language.locale,
        width=width,
        height=height,
        id=id,
        words=wording(language, card.grain),
    )


def _value(kpi: Kpi, language: Language, *, compact: bool) -> str:
    return format_value(kpi.value, kpi.definition.unit, currency=kpi.currency, locale=language.locale, compact=compact)


def _change(found: Change, against: str, kpi: Kpi, language: Language) -> View:
    text = format_change(
        found, kpi.definition.unit, currency=kpi.currency, locale=language.locale, points=language.say("pts")
    )
    base = format_value(found.base, kpi.definition.unit, currency=kpi.currency, locale=language.locale)
    return {
        "against": against,
        "arrow": ARROWS[found.direction] if found.verdict != "unknown" else "",
        "text": text,
        "verdict": found.verdict,
        "word": language.say(_VERDICTS[found.verdict]) if found.verdict != "unknown" else "",
        "base": base,
    }


def _state_words(kpi: Kpi, language: Language) -> str:
    if kpi.state == "late" and kpi.fresh_to:
        return language.fill("source is late: data to {day}", day=format_period(kpi.fresh_to, "day", language.locale))
    if kpi.state == "late":
        return language.say("source is late")
    if kpi.state == "settling":
        return language.say("conversions of later days are still being credited")
    return language.say("later cohorts still have time to convert") if kpi.state == "maturing" else ""


def _year_before(period: date, grain: str) -> date:
    return following(period, "week", -52) if grain == "week" else following(period, "year", -1)


def _measures(result: Result) -> tuple[int, int | None, str]:
    """The metric to draw, what to hold it against, and what that is called."""
    metrics = [i for i, column in enumerate(result.columns) if column.kind == "metric" and not column.compare]
    if not metrics:
        return -1, None, ""
    main = result.columns[metrics[0]]
    for compare, label in (("year", "a year before"), ("previous", "period before")):
        for i, column in enumerate(result.columns):
            if column.compare == compare and column.metric == (main.metric or main.name):
                return metrics[0], i, label
    return metrics[0], None, ""


def _largest_first(result: Result) -> Result:
    """The result by its first metric, unless it runs in time: what is cut from a chart is then the least."""
    kinds = {column.kind for column in result.columns}
    at, _, _ = _measures(result)
    return result.sorted_by(result.columns[at].name) if kinds == {"dimension", "metric"} else result


def _bars(frame: Frame, result: Result, language: Language) -> str:
    at, against, label = _measures(result)
    if at < 0:
        return ""
    names = [i for i, column in enumerate(result.columns) if column.kind == "dimension"]
    bars = [
        Bar(
            " · ".join(format_member(row[i], language) for i in names),
            _number(row[at]),
            _number(row[against]) if against is not None else None,
        )
        for row in result.rows
    ]
    return bar_chart(_of_column(frame, result.columns[at]), bars, before_label=language.say(label))


def _lines(frame: Frame, result: Result, language: Language) -> str:
    at, against, label = _measures(result)
    if at < 0:
        return ""
    time = next(i for i, column in enumerate(result.columns) if column.kind == "time")
    names = [i for i, column in enumerate(result.columns) if column.kind == "dimension"]
    groups: dict[str, dict[date, tuple[Value, ...]]] = {}
    still_open: set[date] = set()
    for place, row in enumerate(result.rows):
        moment = row[time]
        if not isinstance(moment, date):
            continue
        member = " · ".join(format_member(row[i], language) for i in names) or result.columns[at].label
        groups.setdefault(member, {})[as_date(moment)] = row
        if result.marks.get((place, at)) in ("unfinished", "immature"):
            still_open.add(as_date(moment))
    periods = sorted({period for rows in groups.values() for period in rows})
    # The members with the largest latest value: the ones a reader looks for first.
    ranked = sorted(groups, key=lambda member: -_latest(groups[member], at))[:_MOST_LINES]

    def values(member: str, column: int) -> tuple[Number | None, ...]:
        rows = groups[member]
        return tuple(_number(rows[period][column]) if period in rows else None for period in periods)

    past = Series(language.say(label), values(ranked[0], against)) if against is not None and len(groups) == 1 else None
    series = [Series(member, values(member, at)) for member in ranked]
    return line_chart(_of_column(frame, result.columns[at]), periods, series, past=past, unfinished=still_open)


def _undrawn(result: Result) -> int:
    names = [i for i, column in enumerate(result.columns) if column.kind == "dimension"]
    return max(0, len({tuple(row[i] for i in names) for row in result.rows}) - _MOST_LINES)


def _number(value: Value) -> Number | None:
    return value if isinstance(value, int | float | Decimal) else None


def _latest(rows: dict[date, tuple[Value, ...]], column: int) -> float:
    known = [finite(_number(rows[period][column])) for period in sorted(rows)]
    return next((value for value in reversed(known) if value is not None), 0.0)


def _of_column(frame: Frame, column: ResultColumn) -> Frame:
    from msgspec.structs import replace

    return replace(frame, unit=column.unit or "count", currency=column.currency or frame.currency)


def _cell(value: Value, column: ResultColumn, mark: Mark | None, currency: str, language: Language, grain: str) -> str:
    return format_cell(value, column, currency=currency, language=language, grain=grain, mark=mark)


def _markup(svg: str) -> Markup:
    from markupsafe import Markup

    # Safe: drawings escape every label themselves (leadline.charts.label).
    return Markup(svg)  # noqa: S704
