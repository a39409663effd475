"""A nought that nobody counted is no value, and the answer says which source would feed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.errors import UsageError
from leadline.model.facts import FACTS
from leadline.model.infer import check_formula
from leadline.model.parse import parse_formula
from leadline.model.tree import measures_of
from leadline.plan.need import required

VISITS = {"session": [{"date": "2026-01-05", "channel": "Email", "sessions": 30}]}


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("sum(session.sessions where landing_type = 'event')", {"session.sessions", "session.landing_type"}),
        ("distinct(session.visitor_id)", {"session.visitor_id"}),
        ("count(subscription where is_churned and not coalesce(is_trial, false))", {"subscription.is_churned"}),
        ("count(stage_entry where channel is null)", set()),
        ("count(stage_entry where channel is not null)", {"stage_entry.channel"}),
        ("count(stage_entry where stage = 'a' or channel = 'b')", set()),
        ("sum(coalesce(collab.fee, 0) + coalesce(collab.boost_spend, 0))", set()),
        ("avg(duration(deal.created_at, deal.won_at))", {"deal.created_at", "deal.won_at"}),
        ("last(count(reading where value <= 10))", {"reading.value"}),
        ("reach(mql, touch where kind in ('chat'))", {"stage_entry.stage", "stage_entry.is_first", "touch.kind"}),
        ("sum(deal.amount * deal.probability)", {"deal.amount", "deal.probability"}),
    ],
)
def test_columns_a_measure_cannot_do_without(formula: str, columns: set[str]) -> None:
    [measure] = measures_of(check_formula(parse_formula(formula), FACTS, (), where="test"))
    assert {f"{fact}.{name}" for fact, name in required(measure)} == columns


def test_an_empty_column_gives_no_value(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w") as workspace:
        give(workspace, VISITS)
        result = workspace.query(["event_page_visits", "sessions"], grain="month", period="2026-01")
        assert result.rows[0][1:] == (None, 30)
        assert result.marks[0, 1] == "no-data"
        assert "event pages" in result.provenance["needs"]["event_page_visits"]
        assert "sessions" not in result.provenance["needs"]


def test_a_filter_over_an_empty_column_asks_for_it_too(tmp_path: Path) -> None:
    """Filtering the question or the formula is the same."""
    with make_workspace(tmp_path / "w") as workspace:
        give(workspace, VISITS)
        assert workspace.query(["sessions"], where="landing_type = 'event'").rows == [(None,)]
        assert workspace.query(["sessions"], where="campaign is null").rows == [(30,)]


PLACED = {
    "ad": [{"date": "2026-01-05", "channel": "Paid Search", "spend": 90, "clicks": 9}],
    "cost": [{"date": "2026-01-06", "channel": "Events", "team": "marketing", "amount": 60}],
    "stage_entry": [
        {"person_id": "a", "entered_at": "2026-01-07", "stage": "lead", "country": "DE", "channel": "Paid Search"},
        {"person_id": "b", "entered_at": "2026-01-08", "stage": "lead", "country": "FR", "channel": "Events"},
    ],
}
"""Two leads of two countries for 150; nothing says what was spent in which country."""
SPENDING = """
t_spend: {formula: sum(ad.spend), unit: money}
t_all: {formula: sum(ad.spend) + sum(cost.amount), unit: money}
t_leads: count(stage_entry where stage = 'lead')
t_cpl: {formula: t_all / t_leads, unit: money}
t_left: 1 - t_all / 1000
"""


def test_a_member_has_no_nought_of_what_no_row_places(tmp_path: Path) -> None:
    """Where no source says in which country money was spent, no country was free of charge."""
    with make_workspace(tmp_path / "w", metrics=SPENDING) as workspace:
        give(workspace, PLACED)
        names = ["t_spend", "t_cpl", "t_left", "t_leads"]
        rows = workspace.query(names, by=["country"], period="2026-01").rows
        assert rows == [("DE", None, None, None, 1), ("FR", None, None, None, 1), (None, 90, None, 0.85, 0)]
        assert workspace.query(["t_cpl"], by=["country"], period="2026-01").rows == [
            ("DE", None),
            ("FR", None),
            (None, None),
        ]
        assert workspace.query(names[:1], where="country = 'DE'", period="2026-01").rows == [(None,)], (
            "as a filter has it"
        )
        [total] = workspace.query(["t_cpl"], by=["country"], period="2026-01", total=True).totals
        assert total.values == (None, 75.0)


def test_a_sum_tells_what_some_part_of_it_places(tmp_path: Path) -> None:
    """Advertising says its campaigns, other costs none: those stay unattributed, and noughts are noughts."""
    with make_workspace(tmp_path / "w", metrics=SPENDING) as workspace:
        give(workspace, PLACED)
        rows = workspace.query(["t_spend", "t_all", "t_cpl"], by=["channel"], period="2026-01").rows
        assert rows == [("Events", 0, 60, 60.0), ("Paid Search", 90, 90, 90.0)]
        more = {"ad": [{"date": "2026-01-09", "channel": "Paid Search", "campaign": "spring", "spend": 10}]}
        give(workspace, more, source="more")
        assert workspace.query(["t_all"], by=["campaign"], period="2026-01").rows == [("spring", 10), (None, 150)]


def test_a_breakdown_of_nothing_has_no_rows(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w", metrics=SPENDING) as workspace:
        give(workspace, PLACED)
        assert workspace.query(["t_spend"], by=["channel"], period="2026-02").rows == []
        give(workspace, {"ad": [{"date": "2026-02-05", "clicks": 1}]}, source="late")
        assert workspace.query(["t_spend"], by=["channel"], where="channel = 'Email'", period="2026-02").rows == []


def test_a_nought_that_was_counted_stays(tmp_path: Path) -> None:
    """One row fills the column, so the others are truly no event pages."""
    with make_workspace(tmp_path / "w") as workspace:
        give(
            workspace, {"session": [*VISITS["session"], {"date": "2025-06-01", "sessions": 5, "landing_type": "home"}]}
        )
        result = workspace.query(["event_page_visits"], period="2026-01")
        assert result.rows == [(0,)]
        assert result.provenance["needs"] == {}


def test_a_fact_without_rows_is_named_with_what_feeds_it(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w") as workspace:
        give(workspace, VISITS)
        need = workspace.need("viral_coefficient")
        assert need.facts == ("referral", "product_event")
        assert FACTS["referral"].fed_by in need.source
        assert not workspace.need("sessions")
        with pytest.raises(UsageError, match="unknown-metric"):
            workspace.need("sesions")


def test_loading_the_column_feeds_the_metric(tmp_path: Path) -> None:
    """What was found empty is asked again after a load."""
    with make_workspace(tmp_path / "w") as workspace:
        give(workspace, VISITS)
        assert workspace.need("users").columns == (("session", "visitor_id"),)
        give(workspace, {"session": [{"date": "2026-01-06", "sessions": 1, "visitor_id": "v"}]}, source="raw")
        assert not workspace.need("users")
        assert workspace.query(["users"], period="2026-01").rows == [(1,)]


def test_a_row_without_followers_is_no_reading_of_them(tmp_path: Path) -> None:
    """A post written after the last reading does not hide it; a keyword that fell out of the ten no longer counts."""
    rows = {
        "post": [
            {"date": "2026-01-10", "platform": "linkedin", "profile": "acme", "followers": 900},
            {"date": "2026-01-20", "platform": "linkedin", "profile": "acme", "post_id": "p", "likes": 4},
        ],
        "reading": [
            {"date": "2026-01-01", "figure": "keyword_rank", "subject": "mql", "value": 4},
            {"date": "2026-01-31", "figure": "keyword_rank", "subject": "mql", "value": 12},
            {"date": "2026-01-31", "figure": "keyword_rank", "subject": "sql", "value": 2},
        ],
    }
    with make_workspace(tmp_path / "w") as workspace:
        give(workspace, rows)
        assert workspace.query(["followers", "keywords_top10"], period="2026-01").rows == [(900, 1)]
