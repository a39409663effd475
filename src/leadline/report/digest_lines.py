"""The digest in a language: its parts as titled lines, the same for mail, terminal, chat and paper.

Whatever came from data is one line of harmless text here (`clean`) and, where the script runs from the right, isolated
from the words around it; each surface escapes it once more for its own markup.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from leadline.charts.label import clean
from leadline.charts.scale import Number
from leadline.charts.value import NOTHING, format_value
from leadline.governance.pace import Pace
from leadline.language.language import Language
from leadline.model.goal import measured_by
from leadline.report.change import ARROWS
from leadline.report.digest import Digest, Line, Risk
from leadline.report.digest_charts import limits_chart, spark
from leadline.report.digest_words import apart, changed, count_of, day_of, figure, listed, moment_of, signed, week_of
from leadline.report.format import format_member
from leadline.report.note import span_text
from leadline.report.scorecard import Kpi
from leadline.report.signal import Signal

Tone = Literal["", "better", "worse"]
_MOST = 8


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
        period=week_of(digest.week, language),
        facts=" · ".join(part for part in facts if part),
        warning=_warning(digest, language),
        sections=tuple(sections),
    )


def _warning(digest: Digest, language: Language) -> str:
    if digest.send:
        return ""
    if "late-source" in digest.why:
        names = listed((clean(one.source) for one in digest.late if one.source), language)
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
        f"{label} {ARROWS[found.direction]} {apart(text, language)} {language.say(found.verdict)}"
        for label, found, text in (
            (
                language.fill("vs {grain} before", grain=language.label("grains", "week")),
                kpi.previous,
                changed(kpi, kpi.previous, language),
            ),
            (language.say("vs year before"), kpi.year, changed(kpi, kpi.year, language)),
        )
        if found.verdict != "unknown"
    ]
    if kpi.period != digest.week:
        changes.append(
            language.fill(
                "the week of {period}, for later ones are still maturing",
                period=apart(week_of(kpi.period, language), language),
            )
        )
    elif line.limits is not None:
        unusual = any(one.metric == kpi.definition.id for one in digest.signals)
        changes.append(language.say("unusual") if unusual else language.say("as usual"))
    tone: Tone = kpi.verdict if kpi.verdict in ("better", "worse") else ""
    return Said(name, figure(kpi, kpi.value, language), " · ".join(changes), tone, spark(kpi, language))


def _waiting(line: Line, digest: Digest, language: Language) -> str:
    kpi = line.kpi
    late = [one for one in digest.late if kpi.definition.id in one.metrics]
    told = [
        language.fill(
            "waits for {source}, whose data ends {day}",
            source=apart(clean(one.source), language),
            day=apart(day_of(one.through, language), language),
        )
        for one in late
        if one.source and one.through is not None
    ] or [language.say("source is late")]
    if kpi.period is not None:
        told.append(
            language.fill(
                "last whole week {period}: {value}",
                period=apart(week_of(kpi.period, language), language),
                value=apart(figure(kpi, kpi.value, language), language),
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
        "weeks": count_of(limits.weeks, language),
        "low": apart(figure(kpi, limits.low, language), language),
        "high": apart(figure(kpi, limits.high, language), language),
    }
    if one.up:
        text = language.fill("above the limits of the {weeks} weeks before, {low} to {high}", **span)
    else:
        text = language.fill("below the limits of the {weeks} weeks before, {low} to {high}", **span)
    value = kpi.value
    if limits.of_change:
        value = kpi.previous.difference
    shown = signed(kpi, value, language) if limits.of_change else figure(kpi, value, language)
    return Said(
        kpi.definition.name, shown, f"{text} · {_why(one, kpi, language)}", "worse" if _bad(one, kpi) else "better",
        limits_chart(kpi, limits, digest, language), wide=True,
    )  # fmt: skip


def _bad(one: Signal, kpi: Kpi) -> bool:
    return one.up == (kpi.definition.better == "lower")


def _why(one: Signal, kpi: Kpi, language: Language) -> str:
    if one.why is None:
        return language.say("No breakdown of it adds up, so no part is named.")
    parts = [
        " ".join(
            apart(text, language)
            for text in (format_member(part.member, language), signed(kpi, part.difference, language))
        )
        for part in one.why.parts
    ]
    if one.why.others:
        parts.append(f"{language.say('all others')} {apart(signed(kpi, one.why.rest, language), language)}")
    return language.fill(
        "Against the week before {difference}, by {dimension}: {parts}.",
        difference=apart(signed(kpi, one.why.difference, language), language),
        dimension=language.column(one.why.dimension),
        parts=listed(parts, language),
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
        return apart(
            format_value(value, pace.unit, currency=pace.currency, locale=language.locale, compact=True), language
        )

    parts = [language.fill("{actual} of {target}", actual=shown(pace.actual), target=shown(pace.goal.target))]
    if pace.index is not None:
        index = format_value(pace.index, locale=language.locale, digits=2)
        parts.append(language.fill("pace {index}", index=apart(index, language)))
    if pace.projected is not None and pace.kind == "sum":
        parts.append(language.fill("at this pace {value}", value=shown(pace.projected)))
    missed = language.say("missed on {day}") if pace.status == "missed" else language.say("will be missed on {day}")
    parts.append(missed.format(day=apart(day_of(one.miss, language), language)))
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
    segment = [apart(clean(value), language) for _, value in pace.goal.segment]
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
                kept=count_of(one.kept, language),
                breached=count_of(one.breached, language),
                open=count_of(one.open, language),
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
                delivered=apart(format_value(one.delivered, locale=language.locale), language),
                target=apart(format_value(one.target, locale=language.locale), language),
                day=apart(day_of(one.through, language), language),
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
                    promise=apart(titles.get(item.promise, item.promise), language),
                    owner=apart(clean(item.owner) or NOTHING, language),
                    moment=apart(moment_of(item.due, digest, language), language),
                    hours=apart(hours, language),
                ),
                "worse",
            )
        )  # fmt: skip
    note = language.fill(
        "Promises broken this week: {count}. The worst are named.", count=count_of(found.breaches, language)
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
            lines.append(Said(days, "", f"{about}{apart(one.text, language)}"))
        yield Section("annotations", language.say("What happened"), tuple(lines))


def _problems(digest: Digest, language: Language) -> Section:
    lines = [
        Said(
            clean(one.source), "",
            language.fill(
                "late: data to {day}; waiting for it: {names}",
                day=apart(day_of(one.through, language), language),
                names=listed((digest.names.get(name, name) for name in one.metrics), language),
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
                period=apart(week_of(one.week, language), language),
                was=apart(figure(kpis[one.metric], one.was, language), language),
                now=apart(figure(kpis[one.metric], one.now, language), language),
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
                updated=count_of(one.updated, language), removed=count_of(one.removed, language),
            ),
        )
        for one in digest.replaced[:_MOST]
    ]  # fmt: skip
    lines += [
        Said(
            clean(one.source), "",
            language.fill(
                "problems found: {problems}; rows put aside: {rows}",
                problems=count_of(one.problems, language), rows=count_of(one.quarantined, language),
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
                metric=apart(digest.names.get(one.metric, one.metric), language),
                day=apart(day_of(one.first, language), language),
                was=one.was, version=one.version,
            ) + (f": {apart(clean(one.note), language)}" if one.note else ""),
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
        lines.append(Said(name, "", told.format(team=apart(clean(one.team), language))))
    if lines:
        yield Section("definitions", language.say("Definition changes"), tuple(lines))


def _hidden(total: int, language: Language) -> str:
    more = total - _MOST
    return language.fill("and {count} more like these (--format json has all)", count=more) if more > 0 else ""
