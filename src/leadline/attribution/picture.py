"""Credit as people look at it in a notebook: the range of every label drawn, and the table below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.attribution.economics import UNATTRIBUTED
from leadline.charts.canvas import Frame
from leadline.charts.range import Range, range_chart
from leadline.charts.value import NOTHING, format_value
from leadline.journey.answer import html_page, html_table

if TYPE_CHECKING:
    from leadline.attribution.answer import Attribution, Line, Spread

HEADS = ("least", "by", "most", "by", "cost", "CPA", "CAC", "ROAS", "ROI")


def range_picture(answer: Attribution, *, standalone: bool = True, width: int = 760) -> str:
    """An SVG with the least and the most that each label earned; the workspace's own model is marked."""
    unit = "money" if answer.by_value and answer.currency else "count"
    own = next((credit for credit in answer.credits if credit.model == answer.default), None)
    ranges = []
    for line in answer.lines:
        spread = earned_spread(answer, line)
        marked = own_share(answer, line.label)
        if spread is not None:
            named = (spread.low_model, spread.high_model) if not same(spread) else ("", "")
            ranges.append(Range(line.label, spread.low, spread.high, *named, marked))
    frame = Frame(title_of(answer), unit=unit, currency=answer.currency, width=width, standalone=standalone)
    return range_chart(frame, ranges, marked_label=answer.default if own else "")


def page_of(answer: Attribution) -> str:
    """The drawing, the table of ranges, what was checked and what to know."""
    rows = [[line.label, *cells(answer, line)] for line in [*answer.lines, answer.total]]
    table = html_table([answer.by, *HEADS], rows)
    return html_page(
        title_of(answer), range_picture(answer, standalone=False), table, [control_line(answer), *answer.notes]
    )


def cells(answer: Attribution, line: Line) -> list[str]:
    """The figures of a line as text, in the order of `HEADS`."""
    spread = earned_spread(answer, line)
    unit = "money" if answer.by_value and answer.currency else "count"
    if spread is None:
        least = most = low_by = high_by = NOTHING
    else:
        least, most = (number(value, unit, answer.currency) for value in (spread.low, spread.high))
        low_by, high_by = (spread.low_model, spread.high_model) if least != most else ("all", "all")
    cost = number(line.cost, "money", answer.currency) if line.cost > 0 else NOTHING
    return [
        least,
        low_by,
        most,
        high_by,
        cost,
        span(line.cpa, "money", answer.currency, line.cost),
        span(line.cac, "money", answer.currency, line.cost),
        span(line.roas, "ratio", "", line.cost),
        span(line.roi, "percent", "", line.cost),
    ]


def span(spread: Spread | None, unit: str, currency: str, cost: float) -> str:
    """A range as text; ∞ where some model credits nothing to what had a cost, so that a cost for each is boundless."""
    if spread is None or not cost > 0:
        return NOTHING
    low, high = number(spread.low, unit, currency), number(spread.high, unit, currency)
    if spread.without:
        return f"{low} to ∞"
    return low if low == high else f"{low} to {high}"


def number(value: float, unit: str, currency: str) -> str:
    """One figure; a credit is given to a tenth, for it comes in parts."""
    if unit == "count":
        return format_value(value, digits=0 if round(value, 1) == round(value) else 1)
    if unit == "percent":
        return format_value(value, "percent", digits=0)
    return format_value(value, unit, currency=currency, compact=True)


def earned_spread(answer: Attribution, line: Line) -> Spread | None:
    """The range that is ranked by: value, or conversions."""
    return line.value if answer.by_value else line.conversions


def own_share(answer: Attribution, label: str) -> float | None:
    """What the workspace's own model credits to a label."""
    own = next((credit for credit in answer.credits if credit.model == answer.default), None)
    if own is None:
        return None
    if label == UNATTRIBUTED:
        return own.unattributed_value if answer.by_value else own.unattributed
    return (own.values if answer.by_value else own.conversions).get(label, 0.0)


def same(spread: Spread) -> bool:
    """Whether both ends are one number."""
    return abs(spread.high - spread.low) <= 1e-9 * max(1.0, abs(spread.high))


def title_of(answer: Attribution) -> str:
    """What the answer is about, in one line."""
    period = answer.provenance["period"]
    figure = "value" if answer.by_value else "conversions"
    when = period["label"] if period else "all time"
    return f"{answer.label}: {figure} credited by {answer.by}, {when}"


def control_line(answer: Attribution) -> str:
    """That credits add up, with the largest difference found."""
    control = answer.control
    counted = format_value(control.conversions)
    told = f"{counted} conversions"
    off = f"{control.off:.6f}"
    if answer.valued:
        told += f" and {format_value(control.value, 'money' if answer.currency else 'count', currency=answer.currency)}"
        off = f"{max(control.off, control.off_value):.6f}"
    models = "the one model" if len(answer.credits) == 1 else f"all {len(answer.credits)} models"
    return f"Checked: credits and the unattributed rest add up to {told} in {models} (largest difference {off})."
