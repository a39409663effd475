"""Cohorts and lifecycles as pictures and as tables of HTML, for notebooks, pages and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.charts.canvas import Frame
from leadline.charts.heat import HeatRow, heat_map
from leadline.charts.label import escape
from leadline.charts.lifecycle import Stack, lifecycle_chart
from leadline.charts.period import period_label
from leadline.charts.value import format_value
from leadline.journey.answer import unit_of
from leadline.timeline.question import STATES

if TYPE_CHECKING:
    from leadline.journey.cohort import CohortAnswer, CohortRow
    from leadline.journey.lifecycle import LifecycleAnswer

UNATTRIBUTED = "Unattributed"


def cohort_title(answer: CohortAnswer) -> str:
    """What is asked, in words."""
    question = answer.question
    if question.measure == "subscribers":
        return f"Customers with a paid subscription at the end of each {question.grain}"
    if question.measure in ("nrr", "grr"):
        kind = "Net" if question.measure == "nrr" else "Gross"
        return f"{kind} revenue retention at the end of each {question.grain}"
    unit = f"{question.days} days" if question.days else question.grain
    begun = question.start if question.kind == "first" else f"{question.start}, each time"
    if question.measure == "revenue":
        return f"Revenue of {question.back} by cohort of {begun}, in each {unit} after"
    late = " or later" if question.unbounded else ""
    return f"Of those who began with {begun}: share with {question.back} in each {unit} after{late}"


def column_words(answer: CohortAnswer) -> str:
    """What the columns count."""
    question = answer.question
    return f"{question.days} days after" if question.days else f"{question.grain}s after"


def cell_text(answer: CohortAnswer, row: CohortRow, k: int) -> str:
    """A cell as people read it: a share, of revenue the amount; nothing where it is not over."""
    if row.cells[k] is None:
        return ""
    if answer.question.measure == "revenue":
        return format_value(row.cells[k], "money", currency=answer.currency, compact=True)
    return format_value(row.shares[k], "percent", digits=1)


def average_text(answer: CohortAnswer, k: int) -> str:
    """The same of the row below all cohorts."""
    value = answer.average[k]
    if value is None:
        return ""
    if answer.question.measure == "revenue":
        return format_value(value, "money", currency=answer.currency, compact=True)
    return format_value(value, "percent", digits=1)


def average_label(answer: CohortAnswer) -> str:
    if answer.question.measure != "revenue":
        return "All, weighted"
    return "An account" if answer.question.level == "account" else "A person"


def row_label(answer: CohortAnswer, row: CohortRow) -> str:
    """The name of a cohort; a star where more may join it."""
    return period_label(row.since, answer.question.grain) + ("*" if row.unfinished else "")


def cohort_svg(answer: CohortAnswer, *, standalone: bool = True) -> str:
    """The heat map of the first row of the breakdown, which is everybody where there is none."""
    shown = answer.of_group(answer.groups[0]) if answer.question.by and answer.groups else answer
    question = shown.question
    title = cohort_title(shown)
    if question.by and answer.groups:
        title += f": {question.by} {answer.groups[0] or UNATTRIBUTED}"
    revenue = question.measure == "revenue"
    rows = [
        HeatRow(
            row_label(shown, row),
            format_value(row.size),
            row.cells if revenue else row.shares,
            tuple(cell_text(shown, row, k) for k in shown.ks),
        )
        for row in shown.rows
    ]
    last = HeatRow(
        average_label(shown),
        format_value(sum(row.size for row in shown.rows)),
        # An amount a person is no amount of a cohort: it is not shaded on the same scale.
        tuple(None if value is None else 0.0 for value in shown.average) if revenue else shown.average,
        tuple(average_text(shown, k) for k in shown.ks),
    )
    frame = Frame(title, grain=question.grain, standalone=standalone)
    unit = unit_of(question.level)
    return heat_map(frame, rows, [str(k) for k in shown.ks], note_head=unit, above=column_words(shown), last=last)


def cohort_html(answer: CohortAnswer) -> str:
    """A table whose cells are shaded; the figures stand in them, for whoever does not see the shade."""
    revenue = answer.question.measure == "revenue"
    by, unit = answer.question.by, unit_of(answer.question.level)
    heads = "".join(f'<th scope="col" style="text-align:right">{k}</th>' for k in answer.ks)
    group_head = f'<th scope="col">{escape(by)}</th>' if by else ""
    lines = [
        f'<table class="ll-cohort"><caption>{escape(cohort_title(answer))}</caption><thead><tr>{group_head}'
        f'<th scope="col">cohort</th><th scope="col" style="text-align:right">{unit}</th>{heads}</tr></thead><tbody>'
    ]
    for group in answer.groups:
        shown = answer.of_group(group)
        values = [[v for v in (row.cells if revenue else row.shares) if v is not None] for row in shown.rows]
        most = max((value for row in values for value in row), default=0.0)
        head = f'<th scope="row">{escape(group or UNATTRIBUTED)}</th>' if by else ""
        for row in shown.rows:
            cells = "".join(
                _cell(cell_text(shown, row, k), (row.cells if revenue else row.shares)[k], most) for k in shown.ks
            )
            lines.append(
                f'<tr>{head}<th scope="row">{escape(row_label(shown, row))}</th>'
                f'<td style="text-align:right">{format_value(row.size)}</td>{cells}</tr>'
            )
        cells = "".join(_cell(average_text(shown, k), None, 0) for k in shown.ks)
        size = format_value(sum(row.size for row in shown.rows))
        lines.append(
            f'<tr>{head}<th scope="row">{average_label(shown)}</th><td style="text-align:right">{size}</td>{cells}</tr>'
        )
    told = "".join(f"<p>{escape(note)}</p>" for note in answer.notes)
    return "".join([*lines, "</tbody></table>", told])


def _cell(text: str, value: float | None, most: float) -> str:
    shade = ""
    if value is not None and most > 0:
        shade = f";background:rgba(15,94,168,{0.04 + 0.46 * max(value, 0) / most:.3f})"
    return f'<td style="text-align:right{shade}">{escape(text)}</td>'


def lifecycle_svg(answer: LifecycleAnswer, *, standalone: bool = True) -> str:
    """A column a period: the active above the line by state, the dormant below it."""
    stacks = [
        Stack(
            row.since,
            None if row.new is None else (row.new, row.returning or 0, row.resurrecting or 0),
            row.dormant,
        )
        for row in answer.rows
    ]
    frame = Frame(f"Lifecycle of {answer.of} by {answer.grain}", grain=answer.grain, standalone=standalone)
    return lifecycle_chart(frame, stacks, STATES)


def lifecycle_html(answer: LifecycleAnswer) -> str:
    """The picture and its figures."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("period", "active", *STATES))
    body = "".join(
        f'<tr><th scope="row">{escape(period_label(row.since, answer.grain))}</th>'
        + "".join(
            f'<td style="text-align:right">{"" if value is None else format_value(value)}</td>'
            for value in (row.active, row.new, row.returning, row.resurrecting, _below(row.dormant))
        )
        + "</tr>"
        for row in answer.rows
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f"<figure>{lifecycle_svg(answer)}</figure>{table}"


def _below(count: int | None) -> int | None:
    return None if count is None else -count
