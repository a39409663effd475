"""The scorecard in a terminal: a line per KPI, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import columns, shorten_columns
from leadline.charts.spark import text_sparkline
from leadline.charts.value import format_value
from leadline.language.language import ENGLISH, Language
from leadline.report.change import ARROWS, Change, Verdict, format_change
from leadline.report.format import format_period
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.scorecard_goal_text import render_scorecard_goals
from leadline.report.table import PLAIN, Style, from_left, isolated

_PAINT = {"better": "36", "worse": "33"}
_GAP = "   "
# Rather than cut a KPI's name below this, the stage is left out.
_NAME = 20
_SHORTEST_NAME = 12
_MARKS = {"late": "‡", "maturing": "†", "settling": "°"}
WORDS: dict[Verdict, str] = {
    "better": "better",
    "worse": "worse",
    "steady": "steady",
    "changed": "changed",
    "unknown": "",
}


def render_scorecard(card: Scorecard, style: Style = PLAIN, *, language: Language = ENGLISH) -> str:
    """The scorecard as lines of text: stage, KPI, value, course, change to the period before and to last year;
    then the goals of those that have one.

    Arrows say which way a value went, the word whether that is good; colour only repeats the word.
    """
    rows = [_cells(kpi, card, language) for kpi in card.kpis]
    before = language.fill("vs {grain} before", grain=language.label("grains", card.grain))
    say = language.say
    heads = [say("stage"), say("KPI"), say("value"), say("course"), before, say("vs year before")]
    name, right = 1, 2
    widths = [max(columns(text) for text in texts) for texts in zip(heads, *rows, strict=True)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - style.width if style.width else 0
    narrow = over > max(0, widths[1] - _NAME)
    if narrow:
        over -= widths[0] + len(_GAP)
        heads, widths, rows = heads[1:], widths[1:], [row[1:] for row in rows]
        name, right = 0, 1
    if over > 0:
        widths[name] = max(_SHORTEST_NAME, widths[name] - over)
    lines = [style.bold(_title(card, language)), style.faint(_freshness(card, language)), ""]
    lines.append(style.faint(_line(heads, widths, right, language)))
    for kpi, cells in zip(card.kpis, rows, strict=True):
        codes = [*[""] * (len(cells) - 2), *(_PAINT.get(found.verdict, "") for found in (kpi.previous, kpi.year))]
        lines.append(_line(cells, widths, right, language, style, codes))
        if kpi.problem:
            lines.append(style.faint(f"{' ' * (2 if narrow else widths[0] + len(_GAP))}{language.say(kpi.problem)}"))
    lines += ["", *(style.faint(note) for note in _notes(card, language))]
    goals = render_scorecard_goals(card, style, language=language)
    lines += ([""] if goals and lines[-1] else []) + goals
    return "\n".join(from_left(line, language) for line in lines).rstrip()


def _title(card: Scorecard, language: Language) -> str:
    none = language.say("no complete period yet")
    when = format_period(card.period, card.grain, language.locale) if card.period else none
    return f"{card.workspace or language.say('Scorecard')} · {when}"


def _freshness(card: Scorecard, language: Language) -> str:
    parts = []
    if card.fresh_to:
        parts.append(language.fill("data to {day}", day=format_period(card.fresh_to, "day", language.locale)))
    if card.timezone:
        parts.append(card.timezone)
    if card.as_known_at:
        parts.append(language.fill("as known at {time}", time=card.as_known_at))
    return " · ".join(parts)


def _cells(kpi: Kpi, card: Scorecard, language: Language) -> list[str]:
    definition = kpi.definition
    mark = _MARKS.get(kpi.state, "")
    value = format_value(kpi.value, definition.unit, currency=kpi.currency, locale=language.locale, compact=True)
    whole = kpi.values[: len(kpi.values) - kpi.unfinished]
    changes = [_change(found, kpi, language) for found in (kpi.previous, kpi.year)]
    labels = (language.label("stages", definition.stage), language.label("timings", definition.timing))
    stage = " · ".join(part for part in labels if part)
    return [stage, definition.name, value + mark, text_sparkline(whole), *changes]


def _change(found: Change, kpi: Kpi, language: Language) -> str:
    if found.verdict == "unknown":
        return "–"
    text = format_change(
        found, kpi.definition.unit, currency=kpi.currency, locale=language.locale, points=language.say("pts")
    )
    return f"{ARROWS[found.direction]} {text} {language.say(WORDS[found.verdict])}"


def _notes(card: Scorecard, language: Language) -> list[str]:
    notes = []
    for kpi in card.kpis:
        notes += [f"{kpi.definition.name}: {remark}" for remark in kpi.remarks]
        if kpi.state in _MARKS and kpi.period is not None:
            notes.append(f"{_MARKS[kpi.state]} {_reason(kpi, card, language)}")
    return notes


def _reason(kpi: Kpi, card: Scorecard, language: Language) -> str:
    """Why a KPI shows another period than the scorecard's latest."""
    told = {
        "name": kpi.definition.name,
        "period": format_period(kpi.period, card.grain, language.locale) if kpi.period else "",
        "grain": language.label("grains", card.grain),
    }
    if kpi.state == "maturing":
        return language.fill("{name} shows {period}: later cohorts still have time to convert", **told)
    if kpi.state == "settling":
        return language.fill("{name} shows {period}: conversions of later days are still being credited", **told)
    if kpi.fresh_to is None:
        return language.fill("{name} is late: {period} is its last complete {grain}", **told)
    until = format_period(kpi.fresh_to, "day", language.locale)
    return language.fill(
        "{name} is late: {period} is its last complete {grain}; its data ends {day}", **told, day=until
    )


def _line(
    cells: Sequence[str],
    widths: Sequence[int],
    right: int,
    language: Language,
    style: Style = PLAIN,
    codes: Sequence[str] = (),
) -> str:
    parts = []
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        text = shorten_columns(cell, width)
        space = " " * (width - columns(text))
        painted = isolated(style.paint(text, codes[index]) if codes else text, language)
        parts.append(space + painted if index == right else painted + space)
    return _GAP.join(parts).rstrip()
