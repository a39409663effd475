"""Views: what the HTML report shows of each part, as ready text and drawings."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.charts.canvas import Frame
from leadline.charts.line import Series, line_chart
from leadline.charts.period import as_date, following
from leadline.charts.remark import Remark, remarks_within
from leadline.charts.scale import Number, finite
from leadline.charts.spark import sparkline
from leadline.charts.value import format_value, local_digits
from leadline.charts.wording import Wording
from leadline.language.language import Language
from leadline.model.annotate import of_metrics
from leadline.model.annotation import Annotation
from leadline.plan.drawing import MOST_LINES, draw_result, largest_first
from leadline.plan.result import Mark, Result, ResultColumn, Value
from leadline.report.change import ARROWS, Change, format_change
from leadline.report.format import FOOTNOTES, MARKS, format_cell, format_member, format_period
from leadline.report.goal_view import goal_view
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.table import heading

if TYPE_CHECKING:
    from markupsafe import Markup

    from leadline.ingest.source import Finding

View = dict[str, Any]

_WIDE, _NARROW = 540, 340
_MOST_ROWS = 50
_TIMINGS = {"early": "early signal", "mid": "mid-way signal", "late": "late result"}
_BETTER = {"higher": "higher is better", "lower": "lower is better", "target": "close to its target is better"}
_VERDICTS = {"better": "better", "worse": "worse", "steady": "steady", "changed": "changed", "unknown": ""}


class Breakdown(Struct, frozen=True):
    """A result to show beside the scorecard: by a dimension, over time, or both; `order` as for `draw_result`."""

    title: str
    result: Result
    doc: str = ""
    annotations: tuple[Annotation, ...] = ()
    order: tuple[str, ...] = ()


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
        "owner": definition.owner,
        "goal": goal_view(kpi, card, language),
    }


def chart(kpi: Kpi, card: Scorecard, language: Language) -> View:
    """A KPI's time series with last year behind it, wide and narrow, and its numbers as a table."""
    definition = kpi.definition
    has_past = any(finite(value) is not None for value in kpi.last_year)
    past = Series(language.say("a year before"), kpi.last_year) if has_past else None
    still_open = kpi.periods[len(kpi.periods) - kpi.unfinished :]
    remarks = remarks_of(card.annotations, [definition.id])

    def drawn(width: int, kind: str) -> Markup:
        frame = _frame(kpi, card, language, width=width, height=250, id=f"{kind}-{definition.id}")
        line = Series(definition.name, kpi.values)
        return _markup(
            line_chart(frame, kpi.periods, [line], past=past, unfinished=still_open, breaks=kpi.breaks, remarks=remarks)
        )

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
        "remarks": told_remarks(remarks, kpi.periods, card.grain, language),
    }


def remarks_of(annotations: Sequence[Annotation], metrics: Collection[str]) -> list[Remark]:
    """What a chart of some metrics marks."""
    return [Remark(one.first, one.text) for one in of_metrics(annotations, metrics)]


def told_remarks(
    remarks: Sequence[Remark], periods: Sequence[date], grain: str, language: Language
) -> list[tuple[str, str]]:
    """Day and text of the remarks that a chart of these periods marks, in the order of its numbers."""
    dates = sorted(as_date(period) for period in periods)
    return [(format_period(one.day, "day", language.locale), one.text) for one in remarks_within(remarks, dates, grain)]


def breakdown(part: Breakdown, card: Scorecard, language: Language, index: int, *, wide: int = _WIDE) -> View:
    """A result as a chart (bars, or lines over time; on a desk `wide` units) and as a table."""
    result = largest_first(part.result)
    grain = str(result.provenance.get("grain") or card.grain)
    currency = str(result.provenance.get("currency") or card.currency)
    rows = result.rows[:_MOST_ROWS]
    kinds = [column.kind for column in result.columns]
    undrawn = _undrawn(result) if "time" in kinds else 0
    hidden, total = len(result.rows) - len(rows), format_value(len(result.rows), locale=language.locale)
    asked = {column.metric or column.name for column in result.columns if column.kind == "metric"}
    remarks = remarks_of(part.annotations, asked)
    time = kinds.index("time") if "time" in kinds else None
    moments = [row[time] for row in result.rows] if time is not None else []
    periods = sorted({as_date(moment) for moment in moments if isinstance(moment, date)})

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
        text = draw_result(
            base,
            result,
            member=lambda value: format_member(value, language),
            say=language.say,
            remarks=remarks,
            order=part.order,
        )
        return _markup(text) if text else ""

    return {
        "id": f"part-{index}",
        "title": part.title,
        "doc": part.doc,
        "wide": drawn(wide, "wide"),
        "narrow": drawn(_NARROW, "narrow"),
        "heads": [(heading(column, language), column.kind == "metric") for column in result.columns],
        "rows": [
            [
                (_cell(value, column, result.marks.get((at, i)), currency, language, grain), column.kind == "metric")
                for i, (column, value) in enumerate(zip(result.columns, row, strict=True))
            ]
            for at, row in enumerate(rows)
        ],
        "remarks": told_remarks(remarks, periods, grain, language),
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


def _undrawn(result: Result) -> int:
    names = [i for i, column in enumerate(result.columns) if column.kind == "dimension"]
    return max(0, len({tuple(row[i] for i in names) for row in result.rows}) - MOST_LINES)


def _cell(value: Value, column: ResultColumn, mark: Mark | None, currency: str, language: Language, grain: str) -> str:
    return format_cell(value, column, currency=currency, language=language, grain=grain, mark=mark)


def _markup(svg: str) -> Markup:
    from markupsafe import Markup

    # Safe: drawings escape every label themselves (leadline.charts.label).
    return Markup(svg)  # noqa: S704
