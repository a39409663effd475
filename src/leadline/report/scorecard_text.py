"""The scorecard in a terminal: a line per KPI, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import columns, shorten_columns
from leadline.charts.spark import text_sparkline
from leadline.charts.value import format_value
from leadline.report.change import ARROWS, Change, Verdict, format_change
from leadline.report.format import format_period
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.table import PLAIN, Style

_PAINT = {"better": "36", "worse": "33"}
_GAP = "   "
# Rather than cut a KPI's name below this, the stage is left out.
_NAME = 20
_SHORTEST_NAME = 12
_MARKS = {"late": "‡", "maturing": "†"}
WORDS: dict[Verdict, str] = {
    "better": "better",
    "worse": "worse",
    "steady": "steady",
    "changed": "changed",
    "unknown": "",
}


def render_scorecard(card: Scorecard, style: Style = PLAIN, *, locale: str = "en") -> str:
    """The scorecard as lines of text: stage, KPI, value, course, change to the period before and to last year.

    Arrows say which way a value went, the word whether that is good; colour only repeats the word.
    """
    rows = [_cells(kpi, card, locale) for kpi in card.kpis]
    heads = ["stage", "KPI", "value", "course", f"vs {card.grain} before", "vs year before"]
    widths = [max(columns(text) for text in texts) for texts in zip(heads, *rows, strict=True)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - style.width if style.width else 0
    narrow = over > max(0, widths[1] - _NAME)
    if narrow:
        over -= widths[0] + len(_GAP)
        heads, widths, rows = heads[1:], widths[1:], [row[1:] for row in rows]
    name, right = heads.index("KPI"), heads.index("value")
    if over > 0:
        widths[name] = max(_SHORTEST_NAME, widths[name] - over)
    lines = [style.bold(_title(card, locale)), style.faint(_freshness(card, locale)), ""]
    lines.append(style.faint(_line(heads, widths, right)))
    for kpi, cells in zip(card.kpis, rows, strict=True):
        codes = [*[""] * (len(cells) - 2), *(_PAINT.get(found.verdict, "") for found in (kpi.previous, kpi.year))]
        lines.append(_line(cells, widths, right, style, codes))
        if kpi.problem:
            lines.append(style.faint(f"{' ' * (2 if narrow else widths[0] + len(_GAP))}{kpi.problem}"))
    lines += ["", *(style.faint(note) for note in _notes(card, locale))]
    return "\n".join(lines).rstrip()


def _title(card: Scorecard, locale: str) -> str:
    when = format_period(card.period, card.grain, locale) if card.period else "no complete period yet"
    return f"{card.workspace or 'Scorecard'} · {when}"


def _freshness(card: Scorecard, locale: str) -> str:
    parts = []
    if card.fresh_to:
        parts.append(f"data to {format_period(card.fresh_to, 'day', locale)}")
    if card.timezone:
        parts.append(card.timezone)
    if card.as_known_at:
        parts.append(f"as known at {card.as_known_at}")
    return " · ".join(parts)


def _cells(kpi: Kpi, card: Scorecard, locale: str) -> list[str]:
    definition = kpi.definition
    mark = _MARKS.get(kpi.state, "")
    value = format_value(kpi.value, definition.unit, currency=kpi.currency, locale=locale, compact=True)
    whole = kpi.values[: len(kpi.values) - kpi.unfinished]
    changes = [_change(found, kpi, locale) for found in (kpi.previous, kpi.year)]
    stage = " · ".join(part for part in (definition.stage, definition.timing) if part)
    return [stage, definition.name, value + mark, text_sparkline(whole), *changes]


def _change(found: Change, kpi: Kpi, locale: str) -> str:
    if found.verdict == "unknown":
        return "–"
    text = format_change(found, kpi.definition.unit, currency=kpi.currency, locale=locale)
    return f"{ARROWS[found.direction]} {text} {WORDS[found.verdict]}"


def _notes(card: Scorecard, locale: str) -> list[str]:
    notes = []
    for kpi in card.kpis:
        if kpi.state not in _MARKS or kpi.period is None:
            continue
        shown = format_period(kpi.period, card.grain, locale)
        if kpi.state == "maturing":
            reason = f"shows {shown}: later cohorts still have time to convert"
        else:
            until = f"; its data ends {format_period(kpi.fresh_to, 'day', locale)}" if kpi.fresh_to else ""
            reason = f"is late: {shown} is its last complete {card.grain}{until}"
        notes.append(f"{_MARKS[kpi.state]} {kpi.definition.name} {reason}")
    return notes


def _line(
    cells: Sequence[str], widths: Sequence[int], right: int, style: Style = PLAIN, codes: Sequence[str] = ()
) -> str:
    parts = []
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        text = shorten_columns(cell, width)
        space = " " * (width - columns(text))
        painted = style.paint(text, codes[index]) if codes else text
        parts.append(space + painted if index == right else painted + space)
    return _GAP.join(parts).rstrip()
