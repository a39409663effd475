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
