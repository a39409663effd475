"""Cockpit: at most seven tiles that tell how we did, whether we are on track, and where to look next."""

from __future__ import annotations

from leadline.report import view
from leadline.report.goal_view import row_heads, row_view
from leadline.report.scorecard import Scorecard
from leadline.report.scorecard_goal import aimed_scorecard
from leadline.report.translate import translated_card
from leadline.time.period import parse_period
from leadline.web.page.explorer_saved import shortcuts
from leadline.web.question import Page, Question, View

CUTS = ("channel", "campaign", "platform", "source", "product", "segment")
"""What a tile is broken down by when somebody looks closer: the first that its metric has."""


def show(question: Question) -> View:
    """The scorecard's KPIs as tiles, and as the table of the scorecard."""
    card, language = card_of(question), question.language
    if card is None:
        return {"tiles": [], "head": {}, "empty": True, "row_heads": [], "rows": [], "remarks": [], "may_edit": False,
                "views": []}  # fmt: skip
    annotations = view.remarks_of(card.annotations, [kpi.definition.id for kpi in card.kpis])
    periods = sorted({period for kpi in card.kpis for period in kpi.periods})
    return {
        "tiles": [view.tile(kpi, card, language) | _links(kpi.definition.id, card, question) for kpi in card.kpis],
        "head": view.head(card, language, None),
        "row_heads": row_heads(card, language),
        "rows": [row_view(kpi, card, language) for kpi in card.kpis],
        "remarks": view.told_remarks(annotations, periods, card.grain, language)[-5:],
        "may_edit": question.visitor.may("editor"),
        "views": shortcuts(question),
        "empty": False,
    }


def card_of(question: Question) -> Scorecard | None:
    """The scorecard as the visitor may see it, in their language; None while nothing is loaded."""
    space, language = question.workspace, question.language
    if not space.states():
        return None
    period = question.given.get("period") or None
    if period:
        # Said once, instead of by every tile.
        parse_period(period, space.today, space.settings.calendar)
    rows = question.visitor.rows or None
    card = aimed_scorecard(space, grain=question.given.get("grain", ""), period=period, where=rows, language=language)
    return translated_card(card, language, space.metrics)


def _links(metric: str, card: Scorecard, question: Question) -> View:
    """Where a tile leads: what the metric means, its course, and its parts."""
    space = question.workspace
    legal = space.meaning(metric).dimensions
    cut = next((name for name in CUTS if name in legal), "")
    course = f"/explore?metrics={metric}&grain={card.grain}&compare=year"
    by = f"/explore?metrics={metric}&by={cut}&period=last-3-months" if cut else ""
    return {"cut": question.language.column(cut) if cut else "", "by": by, "course": course}


PAGE = Page("cockpit", "/", "Cockpit", "cockpit.html.j2", show)
