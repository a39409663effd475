"""Goals as views: the bullet of a KPI, its pace in words, its status, and the whole row of the scorecard."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from leadline.charts.bullet import bullet_chart
from leadline.charts.canvas import Frame
from leadline.charts.scale import Number, finite
from leadline.charts.value import format_value
from leadline.governance.pace import Pace, Status
from leadline.language.language import Language
from leadline.report.change import ARROWS, Change, format_change
from leadline.report.format import format_attained, format_period
from leadline.report.note import span_text
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.scorecard_goal import amount

if TYPE_CHECKING:
    from markupsafe import Markup

View = dict[str, Any]

SIGNS: dict[str, str] = {
    "on track": "●", "reached": "✓", "watch": "▲", "act": "✗", "missed": "✗", "early": "·", "not begun": "·",
    "no data": "·",
}  # fmt: skip
"""A sign for each status, so that colour is never alone."""
GOOD, BAD = ("on track", "reached"), ("act", "missed")
_DAY = dt.timedelta(days=1)
ROW_HEADS = (
    ("KPI", False), ("Owner", False), ("Stage", False), ("Timing", False), ("Value", True), ("Goal", True),
    ("Reached", True), ("Pace", True), ("At this pace", True), ("vs before", True), ("vs year before", True),
    ("Status", False), ("Next", False), ("Data to", False), ("Version", True),
)  # fmt: skip
"""The columns of a scorecard row, and whether they hold numbers."""
_OF_THE_PERIOD = ("Value", "Goal", "Reached")


def status_view(status: str | None, language: Language) -> View | None:
    """A status as sign, word and whether it is good."""
    if not status:
        return None
    kind = "good" if status in GOOD else "bad" if status in BAD else ""
    return {"sign": SIGNS.get(status, "·"), "word": language.say(status_word(status)), "kind": kind, "id": status}


def status_word(status: Status | str) -> str:
    """A status as it reads."""
    return "too early to tell" if status == "early" else status


def goal_view(kpi: Kpi, card: Scorecard, language: Language) -> View | None:
    """What a tile says of the goals of its KPI; None without any."""
    if kpi.goal is None and kpi.pace is None:
        return None
    goal, pace = kpi.goal, kpi.pace
    return {
        "bullet": _bullet(kpi, goal, language) if goal is not None else "",
        "goal": language.fill("goal {value}", value=amount(goal, goal.goal.target, language)) if goal else "",
        "reached": format_attained(goal.attainment, language.locale) if goal else "",
        "settled": status_view(goal.status, language) if goal else None,
        "pace": pace_view(pace, language) if pace else None,
        "status": status_view(kpi.status, language),
        "action": kpi.action,
    }


def pace_view(pace: Pace, language: Language) -> View:
    """The running goal: over which days, how much of it is reached and due, and where this pace ends."""
    end = pace.goal.end - _DAY
    return {
        "when": span_words(pace.goal.start, pace.goal.end, language),
        "through": format_period(pace.through, "day", language.locale) if pace.through else "",
        "actual": amount(pace, pace.actual, language),
        "expected": amount(pace, pace.expected, language),
        "target": amount(pace, pace.goal.target, language),
        "projected": amount(pace, pace.projected, language) if pace.days_left else "",
        "ends": format_period(end, "day", language.locale),
        "index": format_value(pace.index, digits=2, locale=language.locale),
        "status": status_view(pace.status, language),
        "note": language.say(pace.note) if pace.note else "",
    }


def span_words(start: dt.date, end: dt.date, language: Language) -> str:
    """A period as people call it: a month, quarter or year by name, else its first and last day."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if start.day == 1 and end.day == 1:
        for grain, length in (("month", 1), ("quarter", 3), ("year", 12)):
            if months == length and (start.month - 1) % length == 0:
                return format_period(start, grain, language.locale)
    return span_text((start, end), language.locale)


def row_view(kpi: Kpi, card: Scorecard, language: Language) -> list[View]:
    """The row of the scorecard, a cell for each of `ROW_HEADS`."""
    told, goal, pace = kpi.definition, kpi.goal, kpi.pace

    def shown(value: Number | None) -> str:
        return format_value(value, told.unit, currency=kpi.currency, locale=language.locale, compact=True)

    status = status_view(kpi.status, language)
    period = format_period(kpi.period, card.grain, language.locale) if kpi.period else ""
    # Heads name the card's own period; whatever is of another one names it itself.
    other = period if kpi.period != card.period else ""
    runs = span_words(pace.goal.start, pace.goal.end, language) if pace else ""
    texts = [
        told.name,
        told.owner,
        language.label("stages", told.stage),
        language.label("timings", told.timing),
        _of(shown(kpi.value), other),
        _of(amount(goal, goal.goal.target, language), other)
        if goal
        else _of(amount(pace, pace.goal.target, language), runs)
        if pace
        else "",
        _of(format_attained(goal.attainment, language.locale), other) if goal else "",
        _of(format_value(pace.index, digits=2, locale=language.locale), runs) if pace else "",
        _of(amount(pace, pace.projected, language), runs) if pace and pace.days_left else "",
        _changed(kpi.previous, kpi, language),
        _changed(kpi.year, kpi, language),
        f"{status['sign']} {status['word']}" if status else "",
        language.say(kpi.problem) if kpi.problem else kpi.action,
        format_period(kpi.fresh_to, "day", language.locale) if kpi.fresh_to else "",
        told.version,
    ]
    kinds = {9: kpi.previous.verdict, 10: kpi.year.verdict, 11: status["kind"] if status else ""}
    return [
        {"text": text, "number": number, "kind": kinds.get(at, ""), "wide": name == "Next"}
        for at, (text, (name, number)) in enumerate(zip(texts, ROW_HEADS, strict=True))
    ]


def _of(text: str, period: str) -> str:
    """A number with the period it is of, where that must be said."""
    return f"{text} ({period})" if period else text


def row_heads(card: Scorecard, language: Language) -> list[tuple[str, bool]]:
    """`ROW_HEADS` in a language; those about the card's period name it."""
    period = format_period(card.period, card.grain, language.locale) if card.period else ""
    return [(_of(language.say(name), period if name in _OF_THE_PERIOD else ""), number) for name, number in ROW_HEADS]


def _changed(found: Change, kpi: Kpi, language: Language) -> str:
    if found.verdict == "unknown":
        return ""
    text = format_change(
        found, kpi.definition.unit, currency=kpi.currency, locale=language.locale, points=language.say("pts")
    )
    return f"{ARROWS[found.direction]} {text}"


def _bullet(kpi: Kpi, goal: Pace, language: Language) -> Markup | str:
    """The value against its goal and last year; not for what is below zero, which a bullet cannot show."""
    from markupsafe import Markup

    numbers = (kpi.value, goal.goal.target, kpi.year.base)
    if any((finite(number) or 0.0) < 0 for number in numbers):
        return ""
    frame = Frame(
        language.fill("{name} against its goal", name=kpi.definition.name),
        unit=kpi.definition.unit,
        currency=kpi.currency,
        locale=language.locale,
        width=300,
        id=f"goal-{kpi.definition.id}",
    )
    drawn = bullet_chart(
        frame,
        kpi.value,
        goal=goal.goal.target,
        past=kpi.year.base,
        goal_label=language.say("goal"),
        past_label=language.say("a year before"),
    )
    # Safe: drawings escape every label themselves (leadline.charts.label).
    return Markup(drawn)  # noqa: S704
