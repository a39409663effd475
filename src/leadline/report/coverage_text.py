"""Coverage in a terminal: the questions along the journey, what is missing under each, and what to connect next."""

from __future__ import annotations

import datetime as dt
import textwrap

from leadline.charts.label import columns, shorten_columns
from leadline.charts.value import NOTHING, format_value
from leadline.governance.coverage import Answered, Coverage, State, Unlock
from leadline.model.question import JOURNEY, JourneyStage
from leadline.report.format import format_period
from leadline.report.table import PLAIN, Style

STAGE_NAMES: dict[JourneyStage, str] = {
    "awareness": "Awareness",
    "engage": "Engage",
    "convert": "Convert",
    "retain": "Retain",
    "advocacy": "Advocacy",
}
_PAINT: dict[State, str] = {"yes": "36", "partly": "33", "no": "31"}
_GAP = "  "
_INDENT = 10
_NARROWEST = 24
_WIDE = 110


def render_coverage(coverage: Coverage, style: Style = PLAIN) -> str:
    """The questions as lines of text: answered or not, the answer to date, data until, and share of the days."""
    yes, partly, no = (len(coverage.of(state)) for state in ("yes", "partly", "no"))
    count = len(coverage.questions)
    lines = [
        style.bold(f"{coverage.workspace} · {coverage.business}"),
        f"{yes} of {count} questions answered, {partly} in part, {no} not",
        style.faint(f"{_day(coverage.start)} to {_day(coverage.end - dt.timedelta(days=1))}"),
    ]
    cells = {one.id: _cells(one) for one in coverage.questions}
    heads = ("answer", "data until", "days")
    widths = [max(columns(text) for text in texts) for texts in zip(heads, *cells.values(), strict=True)]
    room = max((columns(one.ask) for one in coverage.questions), default=0)
    if style.width:
        taken = _INDENT + sum(widths) + len(_GAP) * len(widths)
        room = max(_NARROWEST, min(room, style.width - taken))
    for stage in JOURNEY:
        own = [one for one in coverage.questions if one.stage == stage]
        if not own:
            continue
        head = style.bold(STAGE_NAMES[stage]) + " " * (_INDENT + room - columns(STAGE_NAMES[stage]))
        lines += ["", f"{head}{_GAP}{style.faint(_right(heads, widths))}".rstrip()]
        for one in own:
            ask = shorten_columns(one.ask, room)
            state = style.paint(one.state.ljust(_INDENT - 4), _PAINT[one.state])
            pad = " " * (room - columns(ask))
            lines.append(f"  {state}{_GAP}{ask}{pad}{_GAP}{_right(cells[one.id], widths)}".rstrip())
            if one.told:
                lines += _wrapped(f"by {one.told}", style)
            days = one.measured[0].over
            if days and one.state != "no":
                lines += _wrapped(f"over {_day(days[0])} to {_day(days[1])}, for goals count whole", style)
            if one.missing:
                lines += _wrapped(f"needs {'; '.join(one.missing)}", style)
    if coverage.unlocks:
        lines += ["", style.bold("Connect next")]
        for number, unlock in enumerate(coverage.unlocks, start=1):
            lines += _ranked(number, unlock, style)
    return "\n".join(lines)


def _cells(one: Answered) -> tuple[str, str, str]:
    first = one.measured[0]
    value = format_value(first.value, first.unit, currency=first.currency, compact=True)
    return (
        value if one.state != "no" else NOTHING,
        _day(one.until) if one.until and one.state != "no" else NOTHING,
        format_value(one.complete, "percent", digits=0) if one.until and one.state != "no" else NOTHING,
    )


def _right(cells: tuple[str, ...], widths: list[int]) -> str:
    return _GAP.join(" " * (width - columns(cell)) + cell for cell, width in zip(cells, widths, strict=True))


def _ranked(number: int, unlock: Unlock, style: Style) -> list[str]:
    count, waiting = len(unlock.questions), len(unlock.waiting)
    more = f"{count} more question{'s' if count != 1 else ''}" if count else "none alone"
    others = f" ({waiting} wait for it)" if waiting > count else ""
    verb = {"column": "add", "old": "load"}.get(unlock.kind, "connect")
    text = f"{number}. {verb} {unlock.words}: {more}{others}"
    return textwrap.wrap(text, style.width or _WIDE, initial_indent="  ", subsequent_indent="     ")


def _wrapped(text: str, style: Style) -> list[str]:
    pad = " " * _INDENT
    wrapped = textwrap.wrap(text, style.width or _WIDE, initial_indent=pad, subsequent_indent=pad)
    return [style.faint(line) for line in wrapped]


def _day(day: dt.date) -> str:
    return format_period(day, "day", "en")
