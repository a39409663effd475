"""Events in a terminal: the four answers first, the steps of each event, and who is behind a step."""

from __future__ import annotations

import textwrap

from leadline.charts.value import NOTHING, format_value
from leadline.journey.event import EventLine
from leadline.journey.event_answer import HEADS, EventsAnswer, table_rows, title_of
from leadline.report.columns import lay_out
from leadline.report.table import PLAIN, Style

_WIDTH = 110


def render_events(answer: EventsAnswer, style: Style = PLAIN) -> str:
    """The answer as lines of text, without a final line end."""
    one = answer.events[0] if len(answer.events) == 1 else None
    lines = [style.bold(title_of(answer.line, answer.words.timezone)), ""]
    if not answer.events:
        lines.append("No events in this period.")
        return "\n".join(lines)
    for question, told in answer.answers:
        lines += [style.bold(question), *(f"  {line}" for line in _wrapped(told, style, 2))]
    lines.append("")
    if one is not None:
        lines += _steps(one, style)
    else:
        rows = [[row[1], row[0], *row[2:]] for row in table_rows(answer)]
        lines += lay_out([HEADS[1], HEADS[0], *HEADS[2:]], rows, style, texts=2)
        lines += _missing(answer.total, style)
    if answer.people is not None:
        lines += ["", style.bold(_counted(len(answer.people))), *_people(answer, style)]
    if answer.notes:
        lines += ["", *(style.faint(line) for note in answer.notes for line in _wrapped(note, style))]
    return "\n".join(lines)


def _steps(line: EventLine, style: Style) -> list[str]:
    rows = []
    for step in line.steps:
        share = f"{format_value(step.share, 'percent')} of {step.of}" if step.share is not None else NOTHING
        told = step.note or (f"no source: needs {step.needs}" if step.needs else "")
        count = format_value(step.count) if step.count is not None else NOTHING
        rows.append([step.name, count, "" if step.count is None else step.unit, share, told])
    # What is told has no column of its own width: it may run on.
    heads = ["step", "count", "of what", "share"]
    table = lay_out(heads, [row[:4] for row in rows], style)
    for number, row in enumerate(rows):
        if row[4]:
            table[number + 2] = f"{table[number + 2]}  {row[4]}"
    return table


def _missing(line: EventLine, style: Style) -> list[str]:
    """What a dash in the table means."""
    return [
        style.faint(part)
        for step in line.steps
        if step.count is None and step.needs
        for part in _wrapped(f"{NOTHING} {step.name}: no source. It needs {step.needs}.", style)
    ]


def _counted(count: int) -> str:
    return "1 person" if count == 1 else f"{format_value(count)} people"


def _people(answer: EventsAnswer, style: Style) -> list[str]:
    rows = [list(row) for row in answer.people or ()]
    return lay_out(["person", "e-mail", "event"], rows, style, texts=3) if rows else []


def _wrapped(text: str, style: Style, less: int = 0) -> list[str]:
    return textwrap.wrap(text, (style.width or _WIDTH) - less, break_long_words=False, break_on_hyphens=False)
