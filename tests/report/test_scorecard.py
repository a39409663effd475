import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from leadline.errors import DefinitionError, RefusedError, UsageError
from leadline.report.export import encode_json
from leadline.report.provenance import watermark
from leadline.report.scorecard import Kpi, Scorecard, build_scorecard
from leadline.report.scorecard_text import render_scorecard
from leadline.report.table import Style

TODAY = date(2026, 4, 13)


def kpi(card: Scorecard, name: str) -> Kpi:
    return next(found for found in card.kpis if found.definition.id == name)


def test_the_value_is_that_of_the_last_complete_period_with_both_comparisons(fake: Any) -> None:
    revenue = {
        date(2025, 3, 1): Decimal("80.00"),
        date(2026, 2, 1): Decimal("125.00"),
        date(2026, 3, 1): Decimal("100.00"),
        date(2026, 4, 1): Decimal("7.00"),
    }
    card = build_scorecard(fake({"revenue": revenue}), today=TODAY)
    found = kpi(card, "revenue")
    assert (found.period, found.value) == (date(2026, 3, 1), Decimal("100.00"))
    assert found.previous.relative == pytest.approx(-0.2)
    assert (found.year.base, found.year.difference, found.year.verdict) == (Decimal(80), Decimal(20), "better")
    assert found.verdict == "better", "the same month a year before knows the season"
    assert found.unfinished == 1
    assert found.periods[-1] == date(2026, 4, 1)
    assert len(found.periods) - found.unfinished == 13
    assert found.values[-3:] == (Decimal(125), Decimal(100), Decimal(7))


def test_one_query_for_all_kpis(lively: Any) -> None:
    build_scorecard(lively, today=TODAY)
    assert lively.asked == [lively.project.dashboards["scorecard"].kpis]


def test_a_period_is_not_complete_before_it_is_over(fake: Any) -> None:
    months = {date(2026, month, 1): 10 * month for month in (1, 2, 3)}
    workspace = fake({"mql": months})
    assert kpi(build_scorecard(workspace, today=date(2026, 3, 31)), "mql").period == date(2026, 2, 1)
    assert kpi(build_scorecard(workspace, today=date(2026, 4, 1)), "mql").period == date(2026, 3, 1)


def test_a_late_source_shows_its_own_last_complete_period_and_says_so(lively: Any) -> None:
    card = build_scorecard(lively, today=TODAY)
    late = kpi(card, "roas")
    assert (card.period, late.period, late.state) == (date(2026, 3, 1), date(2026, 2, 1), "late")
    assert late.fresh_to == date(2026, 3, 3)
    text = render_scorecard(card)
    assert "‡ Return on ad spend is late: Feb 2026 is its last complete month; its data ends Mar 3, 2026" in text


def test_immature_cohorts_never_look_like_a_fall(lively: Any) -> None:
    card = build_scorecard(lively, today=TODAY)
    rate = kpi(card, "lead_to_mql")
    assert (rate.period, rate.state, rate.unfinished) == (date(2025, 12, 1), "maturing", 4)
    assert rate.previous.base == lively.series["lead_to_mql"][date(2025, 11, 1)]


def test_a_source_that_ended_long_ago_does_not_hold_back_its_fact() -> None:
    sources = {"old": {"through": "2025-01-31T00:00:00"}, "new": {"through": "2026-04-12T10:00:00"}, "none": {}}
    late = {"slow": {"through": "2026-03-03T00:00:00"}, "new": {"through": "2026-04-12T00:00:00"}}
    provenance = {"facts": {"order": {"sources": sources}, "ad": {"sources": late}, "deal": {"sources": {}}}}
    assert watermark(provenance, ["order"]) == date(2026, 4, 12)
    assert watermark(provenance, ["order", "ad"]) == watermark(provenance) == date(2026, 3, 3)
    assert watermark(provenance, ["deal"]) is watermark({}) is None


def test_future_periods_are_not_news(fake: Any) -> None:
    months = {date(2026, month, 1): 5 for month in range(1, 13)}
    found = kpi(build_scorecard(fake({"mql": months}), today=TODAY), "mql")
    assert found.period == date(2026, 3, 1)
    assert max(found.periods) == date(2026, 4, 1)


def test_one_bad_kpi_does_not_hide_the_others(fake: Any) -> None:
    refused = RefusedError("no-data", "Nothing is loaded into subscription.")
    workspace = fake({"revenue": {date(2026, 3, 1): 5}, "mql": {date(2026, 3, 1): 6}}, failing={"roas": refused})
    card = build_scorecard(workspace, today=TODAY)
    assert kpi(card, "revenue").value == 5
    assert (kpi(card, "roas").state, kpi(card, "roas").problem) == ("missing", refused.what)
    assert "Nothing is loaded" in render_scorecard(card)


@pytest.mark.parametrize(
    ("months", "problem"),
    [({}, "no data in this time"), ({date(2026, 4, 1): 5}, "no month is complete yet")],
)
def test_nothing_to_show_is_said(fake: Any, months: dict[date, int], problem: str) -> None:
    found = kpi(build_scorecard(fake({"mql": months}), today=TODAY), "mql")
    assert (found.value, found.problem) == (None, problem)


def test_at_most_seven(fake: Any, lively: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        build_scorecard(lively, kpis=[*lively.metrics, "revenue"])
    assert caught.value.code == "too-many-kpis"
    with pytest.raises(DefinitionError) as caught:
        build_scorecard(fake({}, kpis=[]))
    assert caught.value.code == "empty-scorecard"
    with pytest.raises(UsageError) as unknown_metric:
        build_scorecard(fake({"revenue": {}}, kpis=["revenu"]))
    assert "revenue" in unknown_metric.value.fix
    with pytest.raises(UsageError):
        build_scorecard(lively, grain="fortnight")


def test_kpis_stand_in_the_order_of_the_journey(lively: Any) -> None:
    card = build_scorecard(lively, kpis=["revenue", "mql", "sessions"], today=TODAY)
    assert [found.definition.id for found in card.kpis] == ["sessions", "mql", "revenue"]


def test_in_a_terminal_words_say_what_colour_says(lively: Any) -> None:
    card = build_scorecard(lively, today=TODAY)
    plain, coloured = render_scorecard(card), render_scorecard(card, Style(colour=True))
    assert "\x1b" not in plain
    import re

    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    for found in card.kpis:
        assert found.definition.name in plain
    assert "better" in plain
    assert "worse" in plain
    assert "€1." in plain
    assert plain.startswith("Harbour Supply · Mar 2026")


@pytest.mark.parametrize("width", [80, 100, 140])
def test_it_fits_the_terminal(lively: Any, width: int) -> None:
    lines = render_scorecard(build_scorecard(lively, today=TODAY), Style(width=width)).split("\n")
    assert max(map(len, lines[:11])) <= width


def test_json_has_the_exact_value(lively: Any) -> None:
    card = build_scorecard(lively, today=TODAY)
    data = json.loads(encode_json(card), parse_float=Decimal)
    exact = lively.series["revenue"][date(2026, 3, 1)]
    found = next(entry for entry in data["kpis"] if entry["definition"]["id"] == "revenue")
    assert (found["value"], found["period"], found["currency"]) == (exact, "2026-03-01", "EUR")
