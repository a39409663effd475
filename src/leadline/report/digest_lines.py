"""The digest in a language: its parts as titled lines, the same for mail, terminal, chat and paper.

Whatever came from data is one line of harmless text here (`clean`) and, where the script runs from the right, isolated
from the words around it; each surface escapes it once more for its own markup.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from leadline.charts.canvas import Frame
from leadline.charts.label import clean
from leadline.charts.line import Series, line_chart
from leadline.charts.scale import Number, finite, magnitude
from leadline.charts.spark import sparkline
from leadline.charts.value import NOTHING, format_signed, format_value
from leadline.governance.pace import Pace
from leadline.language.language import Language
from leadline.model.goal import measured_by
from leadline.report.change import ARROWS, format_change
from leadline.report.digest import Digest, Line, Risk
from leadline.report.format import format_member, format_period
from leadline.report.note import span_text
from leadline.report.scorecard import Kpi
from leadline.report.signal import Limits, Signal
from leadline.report.view import wording
from leadline.time.zone import offset_at

Tone = Literal["", "better", "worse"]
_MOST = 8
_SPARK = (200, 40)
_CHART = (540, 190)


class Said(Struct, frozen=True):
    """A line: what it is about, its figure, the rest, and its picture as SVG (`wide` across the page) if it has one."""

    lead: str
    value: str = ""
    text: str = ""
    tone: Tone = ""
    picture: str = ""
    wide: bool = False


class Section(Struct, frozen=True):
    """A part of the digest: its title and lines; `note` stands in small print below."""

    id: str
    title: str
    lines: tuple[Said, ...]
    note: str = ""


class Page(Struct, frozen=True):
    """The whole digest in words; `warning` is said before anything else."""

    title: str
    period: str
    facts: str
    warning: str
    sections: tuple[Section, ...]


def page_of(digest: Digest, language: Language) -> Page:
    """The digest as titled lines."""
    say = language.say
    sections = [
        Section("kpis", say("How did we do?"), tuple(_kpi(line, digest, language) for line in digest.kpis)),
        _signals(digest, language),
        _risks(digest, language),
        *_promises(digest, language),
        *_annotations(digest, language),
        _problems(digest, language),
        *_definitions(digest, language),
    ]
    facts = [digest.timezone, digest.currency]
    return Page(
        title=clean(digest.workspace) or say("Weekly digest"),
        period=_week(digest.week, language),
        facts=" · ".join(part for part in facts if part),
        warning=_warning(digest, language),
        sections=tuple(sections),
    )


def _warning(digest: Digest, language: Language) -> str:
    if digest.send:
        return ""
    if "late-source" in digest.why:
        names = _listed((clean(one.source) for one in digest.late if one.source), language)
        return language.fill(
            "Not to be sent yet: {sources} came too late. The numbers that wait are left out.",
            sources=names or language.say("a source"),
        )
    return language.say("Not to be sent: no KPI has data.")


def _kpi(line: Line, digest: Digest, language: Language) -> Said:
    kpi, name = line.kpi, line.kpi.definition.name
    if kpi.period is None:
        return Said(name, NOTHING, language.say(kpi.problem))
    if kpi.state == "late":
        return Said(name, NOTHING, _waiting(line, digest, language), "worse")
    changes = [
        f"{label} {ARROWS[found.direction]} {_apart(text, language)} {language.say(found.verdict)}"
        for label, found, text in (
            (
                language.fill("vs {grain} before", grain=language.label("grains", "week")),
                kpi.previous,
                _changed(kpi, kpi.previous, language),
            ),
            (language.say("vs year before"), kpi.year, _changed(kpi, kpi.year, language)),
        )
        if found.verdict != "unknown"
    ]
    if kpi.period != digest.week:
        changes.append(
            language.fill(
                "the week of {period}, for later ones are still maturing",
                period=_apart(_week(kpi.period, language), language),
            )
        )
    elif line.limits is not None:
        unusual = any(one.metric == kpi.definition.id for one in digest.signals)
        changes.append(language.say("unusual") if unusual else language.say("as usual"))
    tone: Tone = kpi.verdict if kpi.verdict in ("better", "worse") else ""
    return Said(name, _figure(kpi, kpi.value, language), " · ".join(changes), tone, _spark(kpi, language))


def _waiting(line: Line, digest: Digest, language: Language) -> str:
    kpi = line.kpi
    late = [one for one in digest.late if kpi.definition.id in one.metrics]
    told = [
        language.fill(
            "waits for {source}, whose data ends {day}",
            source=_apart(clean(one.source), language),
            day=_apart(_day(one.through, language), language),
        )
        for one in late
        if one.source and one.through is not None
    ] or [language.say("source is late")]
    if kpi.period is not None:
        told.append(
            language.fill(
                "last whole week {period}: {value}",
                period=_apart(_week(kpi.period, language), language),
                value=_apart(_figure(kpi, kpi.value, language), language),
            )
        )
    return " · ".join(told)


def _signals(digest: Digest, language: Language) -> Section:
    kpis = {line.kpi.definition.id: line.kpi for line in digest.kpis}
    lines = [_signal(one, kpis[one.metric], digest, language) for one in digest.signals]
    if not lines:
        lines = [Said("", "", language.say("Nothing left the usual variation of the weeks before."))]
    return Section(
        "signals", language.say("What changed beyond noise, and why"), tuple(lines),
        language.say(
            "The rule: natural limits (XmR), 2.66 mean moving ranges around the mean of the weeks before; of a balance "
            "its change in the week is judged."
        ),
    )  # fmt: skip


def _signal(one: Signal, kpi: Kpi, digest: Digest, language: Language) -> Said:
    limits = one.limits
    span = {
        "weeks": _count(limits.weeks, language),
        "low": _apart(_figure(kpi, limits.low, language), language),
        "high": _apart(_figure(kpi, limits.high, language), language),
    }
    if one.up:
        text = language.fill("above the limits of the {weeks} weeks before, {low} to {high}", **span)
    else:
        text = language.fill("below the limits of the {weeks} weeks before, {low} to {high}", **span)
    value = kpi.value
    if limits.of_change:
        value = kpi.previous.difference
    shown = _signed(kpi, value, language) if limits.of_change else _figure(kpi, value, language)
    return Said(
        kpi.definition.name, shown, f"{text} · {_why(one, kpi, language)}", "worse" if _bad(one, kpi) else "better",
        _limits_chart(kpi, limits, digest, language), wide=True,
    )  # fmt: skip


def _bad(one: Signal, kpi: Kpi) -> bool:
    return one.up == (kpi.definition.better == "lower")


def _why(one: Signal, kpi: Kpi, language: Language) -> str:
    if one.why is None:
        return language.say("No breakdown of it adds up, so no part is named.")
    parts = [
        " ".join(
            _apart(text, language)
            for text in (format_member(part.member, language), _signed(kpi, part.difference, language))
        )
        for part in one.why.parts
    ]
    if one.why.others:
        parts.append(f"{language.say('all others')} {_apart(_signed(kpi, one.why.rest, language), language)}")
    return language.fill(
        "Against the week before {difference}, by {dimension}: {parts}.",
        difference=_apart(_signed(kpi, one.why.difference, language), language),
        dimension=language.column(one.why.dimension),
        parts=_listed(parts, language),
    )


def _risks(digest: Digest, language: Language) -> Section:
    lines = [_risk(one, digest, language) for one in digest.risks[:_MOST]]
    note = _hidden(len(digest.risks), language)
    if not lines:
        lines = [Said("", "", language.say("No goal is at risk, as far as goals are set."))]
    return Section("goals", language.say("Goals at risk"), tuple(lines), note)


def _risk(one: Risk, digest: Digest, language: Language) -> Said:
    pace = one.pace

    def shown(value: Number | float | None) -> str:
        if value is not None and pace.unit in ("count", "people"):
            # Half a lead is no lead: what a pace comes to is told to a tenth at most.
            value = round(float(value), 1)
        return _apart(
            format_value(value, pace.unit, currency=pace.currency, locale=language.locale, compact=True), language
        )

    parts = [language.fill("{actual} of {target}", actual=shown(pace.actual), target=shown(pace.goal.target))]
    if pace.index is not None:
        index = format_value(pace.index, locale=language.locale, digits=2)
        parts.append(language.fill("pace {index}", index=_apart(index, language)))
    if pace.projected is not None and pace.kind == "sum":
        parts.append(language.fill("at this pace {value}", value=shown(pace.projected)))
    missed = language.say("missed on {day}") if pace.status == "missed" else language.say("will be missed on {day}")
    parts.append(missed.format(day=_apart(_day(one.miss, language), language)))
    if pace.needed is not None and pace.rate is not None and pace.kind == "sum" and pace.better != "lower":
        parts.append(
            language.fill("{needed} a day needed, {rate} so far", needed=shown(pace.needed), rate=shown(pace.rate))
        )
    return Said(_goal(pace, digest, language), "", " · ".join(parts), "worse")


def _goal(pace: Pace, digest: Digest, language: Language) -> str:
    metric = measured_by(pace.goal.metric)
    name = digest.names.get(metric, pace.name)
    if metric != pace.goal.metric:
        name = language.fill("Quota: {name}", name=name)
    segment = [_apart(clean(value), language) for _, value in pace.goal.segment]
    return ", ".join([name, *segment])


def _promises(digest: Digest, language: Language) -> Iterator[Section]:
    found = digest.promises
    if found is None:
        return
    lines = [
        Said(
            f"{clean(one.team)}: {clean(one.title)}", "",
            language.fill(
                "{kept} kept, {breached} broken, {open} open",
                kept=_count(one.kept, language),
                breached=_count(one.breached, language),
                open=_count(one.open, language),
            ),
            "worse" if one.breached else "",
        )
        for one in found.tallies
    ]  # fmt: skip
    lines += [
        Said(
            f"{clean(one.team)}: {clean(one.title)}", "",
            language.fill(
                "{delivered} of {target} promised for the month, to {day}",
                delivered=_apart(format_value(one.delivered, locale=language.locale), language),
                target=_apart(format_value(one.target, locale=language.locale), language),
                day=_apart(_day(one.through, language), language),
            ),
            "worse" if one.state == "breached" else "",
        )
        for one in found.deliveries
    ]  # fmt: skip
    titles = {one.promise: clean(one.title) for one in found.tallies}
    for item in found.worst:
        hours = format_value((item.late_open or 0) / 3600, "hours", locale=language.locale, digits=1)
        lines.append(
            Said(
                clean(item.name or item.record), "",
                language.fill(
                    "{promise}, {owner}: due {moment}, late by {hours} of office time",
                    promise=_apart(titles.get(item.promise, item.promise), language),
                    owner=_apart(clean(item.owner) or NOTHING, language),
                    moment=_apart(_moment(item.due, digest, language), language),
                    hours=_apart(hours, language),
                ),
                "worse",
            )
        )  # fmt: skip
    note = language.fill(
        "Promises broken this week: {count}. The worst are named.", count=_count(found.breaches, language)
    )
    if not found.breaches:
        note = language.say("No promise about a lead was broken this week.")
    yield Section(
        "promises", language.say("What marketing and sales promised each other"), tuple(lines),
        " ".join([note, *map(clean, digest.remarks)]),
    )  # fmt: skip


def _annotations(digest: Digest, language: Language) -> Iterator[Section]:
    if digest.annotations:
        lines = []
        for one in digest.annotations:
            days = span_text((one.first, one.last + dt.timedelta(days=1)), language.locale)
            about = f"{digest.names.get(one.metric, one.metric)}: " if one.metric else ""
            lines.append(Said(days, "", f"{about}{_apart(one.text, language)}"))
        yield Section("annotations", language.say("What happened"), tuple(lines))


def _problems(digest: Digest, language: Language) -> Section:
    lines = [
        Said(
            clean(one.source), "",
            language.fill(
                "late: data to {day}; waiting for it: {names}",
                day=_apart(_day(one.through, language), language),
                names=_listed((digest.names.get(name, name) for name in one.metrics), language),
            ),
            "worse",
        )
        for one in digest.late
        if one.source
    ]  # fmt: skip
    kpis = {line.kpi.definition.id: line.kpi for line in digest.kpis}
    lines += [
        Said(
            kpis[one.metric].definition.name, "",
            language.fill(
                "restated, {period}: {was} → {now}",
                period=_apart(_week(one.week, language), language),
                was=_apart(_figure(kpis[one.metric], one.was, language), language),
                now=_apart(_figure(kpis[one.metric], one.now, language), language),
            ),
        )
        for one in digest.restated[:_MOST]
    ]  # fmt: skip
    lines += [
        Said(
            clean(one.source), "",
            language.fill(
                "rows of {fact} put right: {updated}; taken away: {removed}",
                fact=language.label("facts", one.fact),
                updated=_count(one.updated, language), removed=_count(one.removed, language),
            ),
        )
        for one in digest.replaced[:_MOST]
    ]  # fmt: skip
    lines += [
        Said(
            clean(one.source), "",
            language.fill(
                "problems found: {problems}; rows put aside: {rows}",
                problems=_count(one.problems, language), rows=_count(one.quarantined, language),
            ),
            "worse",
        )
        for one in digest.found[:_MOST]
    ]  # fmt: skip
    if not lines:
        lines = [Said("", "", language.say("None known."))]
    note = _hidden(max(len(digest.restated), len(digest.replaced), len(digest.found)), language)
    return Section("problems", language.say("Data problems"), tuple(lines), note)


def _definitions(digest: Digest, language: Language) -> Iterator[Section]:
    lines = [
        Said(
            "", "",
            language.fill(
                "{metric} means something else from {day} on (version {was} → {version})",
                metric=_apart(digest.names.get(one.metric, one.metric), language),
                day=_apart(_day(one.first, language), language),
                was=one.was, version=one.version,
            ) + (f": {_apart(clean(one.note), language)}" if one.note else ""),
        )
        for one in digest.redefined
    ]  # fmt: skip
    for one in digest.unsigned:
        told = (
            language.say("{team} agreed to an earlier meaning, not to what is written today")
            if one.state == "stale"
            else language.say("{team} took its agreement back")
        )
        name = digest.names.get(one.metric, one.metric)
        lines.append(Said(name, "", told.format(team=_apart(clean(one.team), language))))
    if lines:
        yield Section("definitions", language.say("Definition changes"), tuple(lines))


def _spark(kpi: Kpi, language: Language) -> str:
    frame = _frame(kpi, language, *_SPARK, f"spark-{kpi.definition.id}")
    return sparkline(frame, kpi.values, unfinished=kpi.unfinished)


def _limits_chart(kpi: Kpi, limits: Limits, digest: Digest, language: Language) -> str:
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


def _figure(kpi: Kpi, value: Number | float | None, language: Language) -> str:
    return format_value(value, kpi.definition.unit, currency=kpi.currency, locale=language.locale, compact=True)


def _signed(kpi: Kpi, value: Number | None, language: Language) -> str:
    if value is None:
        return NOTHING
    return format_signed(_figure(kpi, magnitude(value), language), value)


def _changed(kpi: Kpi, found: object, language: Language) -> str:
    return format_change(
        found,  # type: ignore[arg-type]
        kpi.definition.unit, currency=kpi.currency, locale=language.locale, points=language.say("pts"),
    )  # fmt: skip


def _week(start: dt.date, language: Language) -> str:
    return format_period(start, "week", language.locale)


def _day(day: dt.date | None, language: Language) -> str:
    return format_period(day, "day", language.locale) if day is not None else NOTHING


def _moment(moment: dt.datetime, digest: Digest, language: Language) -> str:
    from babel.dates import format_datetime

    from leadline.charts.value import local_digits

    local = moment + offset_at(moment, digest.timezone)
    return local_digits(str(format_datetime(local, "EEE HH:mm", locale=language.locale)), language.locale)


def _count(number: int, language: Language) -> str:
    return _apart(format_value(number, locale=language.locale), language)


def _hidden(total: int, language: Language) -> str:
    more = total - _MOST
    return language.fill("and {count} more like these (--format json has all)", count=more) if more > 0 else ""


def _listed(parts: Iterable[str], language: Language) -> str:
    return {"ar": "، ", "zh": "、"}.get(language.code, ", ").join(parts)


def _apart(text: str, language: Language) -> str:
    """A piece that lays itself out, whatever runs round it."""
    return f"\u2068{text}\u2069" if language.direction == "rtl" and text else text
