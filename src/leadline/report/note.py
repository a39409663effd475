"""What a reader must know of a result's time, in a line each: what was held against what, what is not there yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from leadline.charts.label import clean
from leadline.charts.period import period_label
from leadline.charts.value import format_value, local_digits
from leadline.language.language import ENGLISH, Language
from leadline.report.format import MARKS

MOST_LINES = 3


def time_notes(provenance: Mapping[str, Any], language: Language = ENGLISH) -> list[str]:
    """The notes of a result, the newest periods first; what is left out is counted."""
    return [
        *_few(
            [_compared(entry, provenance, language) for entry in reversed(provenance.get("compared") or [])], language
        ),
        *_redefined(provenance, language),
        *_settling(provenance, language),
        *_missing_days(provenance, language),
        *_refused_totals(provenance, language),
    ]


def comparison_notes(
    provenance: Mapping[str, Any], period: dt.date, metric: str, language: Language = ENGLISH
) -> list[str]:
    """Why a metric is not compared in a period, or is with other days than those of the period's like."""
    names = {metric, f"{metric}_previous", f"{metric}_year"}
    told = [
        _compared(entry, provenance, language)[2:]
        for entry in provenance.get("compared") or []
        if entry["period"] == period.isoformat() and names & set(entry["columns"])
    ]
    return list(dict.fromkeys(told))


def _compared(entry: Mapping[str, Any], provenance: Mapping[str, Any], language: Language) -> str:
    locale = language.locale
    part = _span(entry["part"])
    if entry["kind"] == "none":
        period = period_name(entry["period"], provenance, language)
        why = language.say(entry["why"])
        return f"{MARKS['unlike']} {language.fill('{period} is not compared: {why}', period=period, why=why)}"
    other = _span(entry["with"])
    spans = {"part": span_text(part, locale), "other": span_text(other, locale)}
    days, others = ((end - start).days for start, end in (part, other))
    text = language.fill("{part} is held against {other}", **spans)
    if days != others:
        text = language.fill(
            "{part} is held against {other} ({days} days against {others})", **spans, days=days, others=others
        )
    text = f"{MARKS['like']} {text}"
    if provenance.get("today") == (part[1] - dt.timedelta(days=1)).isoformat():
        text += f", {language.say('today as far as it has come')}"
    behind = entry.get("until") or {}
    if behind:
        told = ", ".join(
            language.fill("{source} before {day}", source=source, day=_day(until, locale))
            for source, until in behind.items()
        )
        text += f"; {language.fill('only {sources}, as far as it reaches now', sources=told)}"
    return text


def _redefined(provenance: Mapping[str, Any], language: Language) -> list[str]:
    lines = []
    for one in provenance.get("breaks") or []:
        text = language.fill(
            "{metric} means something else from {day} on (version {was} → {version})",
            metric=one["metric"],
            day=_day(one["from"], language.locale),
            was=one["was"],
            version=one["version"],
        )
        lines.append(f"{MARKS['redefined']} {text}{': ' + clean(one['note']) if one['note'] else ''}")
    return lines


def _settling(provenance: Mapping[str, Any], language: Language) -> list[str]:
    told = provenance.get("settling") or {}
    lines = [
        f"{MARKS['settling']} {period_name(period, provenance, language)}: {', '.join(sources)}"
        for period, sources in reversed(told.items())
    ]
    return _few(lines, language)


def _missing_days(provenance: Mapping[str, Any], language: Language) -> list[str]:
    """Which sources lack days of which periods: one line, the newest period first."""
    short: dict[str, dict[str, float]] = {}
    for sources in (provenance.get("completeness") or {}).values():
        for source, shares in sources.items():
            for period, share in shares.items():
                if share < 1:
                    short.setdefault(period, {})[source] = min(share, short.get(period, {}).get(source, 1))
    if not short:
        return []
    parts = []
    for period in sorted(short, reverse=True)[:MOST_LINES]:
        told = ", ".join(
            f"{source} {format_value(share, 'percent', digits=0, locale=language.locale)}"
            for source, share in sorted(short[period].items())
        )
        parts.append(f"{period_name(period, provenance, language)}: {told}")
    more = len(short) - len(parts)
    if more:
        parts.append(language.fill("and {count} more periods (--format json)", count=more))
    return [language.fill("days covered of {periods}", periods="; ".join(parts))]


def _refused_totals(provenance: Mapping[str, Any], language: Language) -> list[str]:
    return [
        language.fill("no total: {why}", why=language.say(why))
        for why in dict.fromkeys((provenance.get("totals") or {}).get("refused") or [])
    ]


def _few(lines: list[str], language: Language) -> list[str]:
    unique = list(dict.fromkeys(lines))
    more = len(unique) - MOST_LINES
    rest = [language.fill("and {count} more like these (--format json has all)", count=more)] if more > 0 else []
    return [*unique[:MOST_LINES], *rest]


def period_name(period: str, provenance: Mapping[str, Any], language: Language) -> str:
    """A period of the provenance (its first day, or `all`) as it is called."""
    if period != "all":
        return period_label(dt.date.fromisoformat(period), str(provenance.get("grain") or "day"), language.locale)
    asked = provenance.get("period")
    return span_text(_span(asked), language.locale) if asked else language.say("all time")


def span_text(span: tuple[dt.date, dt.date], locale: str) -> str:
    """A half-open range of days by its first and last one."""
    from babel.dates import format_date, format_interval

    tag = locale.replace("-", "_")
    last = span[1] - dt.timedelta(days=1)
    if last <= span[0]:
        return local_digits(str(format_date(span[0], "medium", locale=tag)), locale)
    return local_digits(str(format_interval(span[0], last, "yMMMd", locale=tag)), locale)


def _span(days: Mapping[str, str]) -> tuple[dt.date, dt.date]:
    return dt.date.fromisoformat(days["from"]), dt.date.fromisoformat(days["until"])


def _day(text: str, locale: str) -> str:
    return period_label(dt.date.fromisoformat(text), "day", locale)
