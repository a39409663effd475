"""Presentation: the cockpit for a screen on the wall, one KPI a page in large type, the next one after a while.

The browser turns the page itself (a refresh in the head), so that it works without any script and keeps on after an
hour of lost network as soon as a page comes again.
"""

from __future__ import annotations

from urllib.parse import urlencode

from leadline.charts.canvas import Frame
from leadline.charts.line import Series, line_chart
from leadline.charts.scale import finite
from leadline.report import view
from leadline.web.draw import drawn
from leadline.web.page.cockpit import card_of
from leadline.web.question import Page, Question, View

SECONDS = 15
SLOWEST = 600
KEPT = ("grain", "period", "lang", "theme", "seconds")


def show(question: Question) -> View:
    """One KPI of the cockpit, and where the next one is."""
    card = card_of(question)
    if card is None or not card.kpis:
        return {"tile": None, "empty": True, "next": "", "seconds": SECONDS, "held": True, "hold": "", "pages": []}
    language, given = question.language, question.given
    count = len(card.kpis)
    at = (_whole(given.get("page", ""), 1, 1, 9999) - 1) % count
    seconds = _whole(given.get("seconds", ""), SECONDS, 5, SLOWEST)
    held = given.get("hold") == "1"
    kpi = card.kpis[at]
    past = Series(language.say("a year before"), kpi.last_year) if any(map(_known, kpi.last_year)) else None
    still_open = kpi.periods[len(kpi.periods) - kpi.unfinished :]
    remarks = view.remarks_of(card.annotations, [kpi.definition.id])

    def draw(frame: Frame) -> str:
        line = Series(kpi.definition.name, kpi.values)
        return line_chart(
            frame, kpi.periods, [line], past=past, unfinished=still_open, breaks=kpi.breaks, remarks=remarks
        )

    def address(page: int, **more: str) -> str:
        same = {name: given[name] for name in KEPT if given.get(name)}
        return f"/present?{urlencode({**same, 'page': page, **more})}"

    drawing = drawn(
        draw, kpi.definition.name, "present", language, grain=card.grain, unit=kpi.definition.unit,
        currency=kpi.currency, width=800, height=260,
    ) if kpi.periods else ""  # fmt: skip
    return {
        "title": kpi.definition.name,
        "tile": view.tile(kpi, card, language),
        "head": view.head(card, language, None),
        "drawing": drawing,
        "remarks": view.told_remarks(remarks, kpi.periods, card.grain, language),
        "empty": False,
        "next": address((at + 1) % count + 1),
        "seconds": seconds,
        "held": held,
        "hold": address(at + 1) if held else address(at + 1, hold="1"),
        "pages": [{"href": address(place + 1), "here": place == at, "name": one.definition.name}
                  for place, one in enumerate(card.kpis)],
    }  # fmt: skip


def _known(value: object) -> bool:
    return finite(value) is not None  # type: ignore[arg-type]


def _whole(text: str, usual: int, least: int, most: int) -> int:
    return min(max(int(text), least), most) if text.isascii() and text.isdigit() else usual


PAGE = Page("present", "/present", "Presentation", "present.html.j2", show, menu=False)
