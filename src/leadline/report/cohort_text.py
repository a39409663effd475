"""Cohorts, the lifecycle and sessions in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import columns, shorten_columns
from leadline.charts.value import format_value
from leadline.journey.answer import unit_of
from leadline.journey.cohort import CohortAnswer
from leadline.journey.lifecycle import LifecycleAnswer
from leadline.journey.picture import (
    UNATTRIBUTED,
    average_label,
    average_text,
    cell_text,
    cohort_title,
    column_words,
    row_label,
)
from leadline.journey.session import HEADS, SessionsAnswer, lines_of
from leadline.report.format import format_period
from leadline.report.table import PLAIN, Style
from leadline.timeline.question import STATES

_GAP = "  "
_LONGEST = 30


def render_cohort(answer: CohortAnswer, style: Style = PLAIN) -> str:
    """A line a cohort; cells that are not over are blank, and what does not fit the width is told."""
    lines = [style.bold(cohort_title(answer)), ""]
    for group in answer.groups:
        shown = answer.of_group(group)
        if answer.question.by:
            lines += [style.bold(f"{answer.question.by}: {group or UNATTRIBUTED}")]
        lines += _block(shown, style)
        lines.append("")
    if not answer.rows:
        lines += ["Nobody began in that time.", ""]
    lines += [style.faint(note) for note in _notes(answer)]
    return "\n".join(lines)


def _block(answer: CohortAnswer, style: Style) -> list[str]:
    rows = [
        [row_label(answer, row), format_value(row.size), *(cell_text(answer, row, k) for k in answer.ks)]
        for row in answer.rows
    ]
    size = format_value(sum(row.size for row in answer.rows))
    foot = [average_label(answer), size, *(average_text(answer, k) for k in answer.ks)]
    heads = ["cohort", unit_of(answer.question.level), *(str(k) for k in answer.ks)]
    whole = [heads, *rows, foot]
    widths = [max(columns(line[i]) for line in whole) for i in range(len(heads))]
    kept = len(heads)
    while style.width and kept > 3 and sum(widths[:kept]) + len(_GAP) * (kept - 1) > style.width:
        kept -= 1
    above = " " * (sum(widths[:2]) + 2 * len(_GAP)) + column_words(answer)
    rule = _GAP.join("─" * width for width in widths[:kept])
    lines = [style.faint(above), style.bold(_line(heads[:kept], widths)), style.faint(rule)]
    lines += [_line(row[:kept], widths) for row in rows]
    lines += [style.faint(rule), style.bold(_line(foot[:kept], widths))]
    if kept < len(heads):
        lines.append(style.faint(f"{len(heads) - kept} columns not shown for lack of width (--format json has all)"))
    return lines


def _notes(answer: CohortAnswer) -> list[str]:
    question = answer.question
    notes = []
    if any(None in row.cells for row in answer.rows):
        notes.append(f"Blank: not over by {answer.provenance['known_until']}, the first day not known to its end.")
    if any(row.unfinished for row in answer.rows):
        notes.append(f"* the {question.grain} of the cohort is not over: more may join it.")
    if question.unbounded:
        notes.append("Back in that period or later: figures of late periods may still grow.")
    if question.measure == "revenue":
        one = "an account" if question.level == "account" else "a person"
        notes.append(f"The last line is the amount {one}, over the cohorts for which the period is over.")
    else:
        notes.append("The last line is over the cohorts for which the period is over, each by its size.")
    if question.measure in ("nrr", "grr"):
        notes.append("Shares are of the recurring revenue that the cohort began with.")
    notes += answer.notes
    notes.append(f"{question.timezone} · load {answer.provenance['load']}")
    return notes


def render_lifecycle(answer: LifecycleAnswer, style: Style = PLAIN) -> str:
    """A line a period; dormant people are below nothing."""
    rows = [
        [
            format_period(row.since, answer.grain),
            *(
                "" if value is None else format_value(value)
                for value in (row.active, row.new, row.returning, row.resurrecting)
            ),
            "" if row.dormant is None else format_value(-row.dormant),
        ]
        for row in answer.rows
    ]
    lines = [style.bold(f"Lifecycle of {answer.of} by {answer.grain}"), ""]
    lines += table_lines(["period", "active", *STATES], rows, style)
    lines += [
        "",
        style.faint("active = new + returning + resurrecting; dormant: active in the period before, not in this"),
    ]
    if any(row.active is None for row in answer.rows):
        lines.append(
            style.faint(f"Blank: not over by {answer.provenance['known_until']}, the first day not known whole.")
        )
    lines.append(style.faint(f"{answer.provenance['timezone']} · load {answer.provenance['load']}"))
    return "\n".join(lines)


def render_sessions(answer: SessionsAnswer, style: Style = PLAIN) -> str:
    """A line a row of the breakdown, and one for all visits."""
    rows = [[name, *texts] for name, texts in lines_of(answer)]
    lines = table_lines([answer.by or "visits", *HEADS], rows, style)
    if answer.rows:
        lines[-1] = style.bold(lines[-1])
    asked = answer.provenance["question"]
    lines += ["", style.faint(f"Visits by the rule of {answer.preset}, made of {asked['of']}.")]
    lines.append(style.faint("Sessions that a report brings already counted are others: `leadline query sessions`."))
    lines.append(style.faint("Time on page: to the next view of the visit; the last page of a visit has none."))
    lines.append(style.faint("Who came for the first time and again is new and returning; people count once."))
    lines.append(style.faint(f"{answer.provenance['timezone']} · load {answer.provenance['load']}"))
    return "\n".join(lines)


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    """A table whose first column is text and whose others are figures."""
    cut = [[shorten_columns(row[0], _LONGEST), *row[1:]] for row in rows]
    widths = [max(columns(line[i]) for line in [list(heads), *cut]) for i in range(len(heads))]
    rule = _GAP.join("─" * width for width in widths)
    return [style.bold(_line(heads, widths)), style.faint(rule), *(_line(row, widths) for row in cut)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=False)):
        space = " " * (width - columns(cell))
        parts.append(cell + space if place == 0 else space + cell)
    return _GAP.join(parts).rstrip()
