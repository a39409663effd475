"""Cockpit: at most seven tiles that tell how we did, whether we are on track, and where to look next."""

from __future__ import annotations

from leadline.report import view
from leadline.report.scorecard import build_scorecard
from leadline.report.translate import translated_card
from leadline.time.period import parse_period
from leadline.web.question import Page, Question, View


def show(question: Question) -> View:
    """The scorecard's KPIs as tiles."""
    space, language = question.workspace, question.language
    if not space.states():
        return {"tiles": [], "head": {}, "empty": True}
    period = question.given.get("period") or None
    if period:
        # Said once, instead of by every tile.
        parse_period(period, space.today, space.settings.calendar)
    card = build_scorecard(
        space,
        grain=question.given.get("grain", ""),
        period=period,
        today=space.today,
        language=language,
    )
    card = translated_card(card, language, space.metrics)
    return {
        "tiles": [view.tile(kpi, card, language) for kpi in card.kpis],
        "head": view.head(card, language, None),
        "empty": False,
    }


PAGE = Page("cockpit", "/", "Cockpit", "cockpit.html.j2", show)
