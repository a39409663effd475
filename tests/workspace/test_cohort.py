"""Cohorts of a workspace: retention, revenue, subscriptions, the lifecycle, visits; each answer worked out by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import LeadlineError, RefusedError, UsageError
from leadline.warehouse.undo import undo_load
from leadline.workspace import Workspace


def order(at: str, who: str, amount: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "ordered_at": at, "order_id": f"{who}{at}", "customer_id": who, "is_sale": True, "amount": amount,
        "currency": "EUR", "_key": f"{who}{at}", **more,
    }  # fmt: skip


def entry(at: str, who: str, stage: str = "customer", **more: Any) -> dict[str, Any]:
    return {"entered_at": at, "stage": stage, "person_id": who, "_key": f"{who}{stage}", **more}


ORDERS = [
    order("2026-01-10 10:00", "ann", 100, channel="Email"),
    order("2026-01-20 10:00", "ann", 20),
    order("2026-02-10 10:00", "ann", 30, channel="Display"),
    order("2026-04-10 10:00", "ann", 40),
    order("2026-01-31 23:30", "bob", 50, channel="Email"),  # February in Berlin
    order("2026-03-05 10:00", "bob", 60),
    order("2026-02-20 10:00", "cem", 70, channel="Display"),
    order("2026-06-15 10:00", "dan", 1, channel="Email"),  # today: keeps the source alive
]


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    space = make_workspace(tmp_path / "shop", timezone="Europe/Berlin", today="2026-05-15")
    give(space, {"order": [row for row in ORDERS if row["ordered_at"] < "2026-05"]})
    # A source that says it has been heard until yesterday.
    give(space, {"order": [order("2026-05-14 12:00", "eva", 5, channel="Email")]})
    return space


def table(answer: Any) -> list[tuple[Any, ...]]:
    return [(row.since.isoformat()[:7], row.size, *row.cells) for row in answer.rows]


def test_who_comes_back_by_the_month(shop: Workspace) -> None:
    """004-09: ann January, bob February (in Berlin), cem February. May is not over: its cells stay blank."""
    answer = shop.cohort("order", period="2026-01..2026-03", upto=4)
    assert table(answer) == [
        ("2026-01", 1, 1, 1, 0, 1, None),
        ("2026-02", 2, 2, 1, 0, None, None),
        ("2026-03", 0, 0, 0, None, None, None),
    ]
    # Weighted by size over what is over: 3/3, (1 + 1)/3, 0/3, 1/1, nobody yet.
    assert answer.average == (1.0, pytest.approx(2 / 3), 0.0, 1.0, None)
    assert answer.provenance["known_until"] == "2026-05-15"
    assert answer.provenance["timezone"] == "Europe/Berlin"
    assert answer.provenance["load"] == 2


def test_recurring_unbounded_and_days(shop: Workspace) -> None:
    """003-18: ann belongs to January and February when recurring; in a period or later; stretches of 30 days."""
    recurring = shop.cohort("order", period="2026-01..2026-03", upto=1, kind="recurring")
    assert table(recurring) == [("2026-01", 1, 1, 1), ("2026-02", 3, 3, 1), ("2026-03", 1, 1, 0)]
    later = shop.cohort("order", period="2026-01..2026-02", upto=2, unbounded=True)
    assert table(later) == [("2026-01", 1, 1, 1, 1), ("2026-02", 2, 2, 1, 0)]
    # ann: days 0, 10, 31, 90; bob: 0 and 32.5; everybody of a cohort must have had the whole stretch.
    days = shop.cohort("order", period="2026-01..2026-02", upto=3, days=30)
    assert table(days) == [("2026-01", 1, 1, 1, 0, None), ("2026-02", 2, 2, 1, None, None)]


def test_a_source_that_is_silent_leaves_cells_blank(tmp_path: Path) -> None:
    """What was not delivered is not nothing: the file ends on 2 March, so March is not over, whatever the day."""
    space = make_workspace(tmp_path / "w", today="2026-06-15")
    daily = [order(f"2026-{m:02}-{d:02} 08:00", f"p{m}{d}") for m in (1, 2) for d in range(1, 29)]
    give(space, {"order": [*daily, order("2026-03-02 09:00", "p11")]})
    answer = space.cohort("order", period="2026-01..2026-02", upto=2)
    assert [row.cells[2] for row in answer.rows] == [None, None]
    assert answer.rows[0].cells[0] == 28
    assert answer.provenance["known_until"] < "2026-03-10"


def test_rows_and_filters_go_by_the_first_order(shop: Workspace) -> None:
    """ann came by mail: that she bought by an ad later changes neither her row nor a filter."""
    answer = shop.cohort("order", period="2026-01..2026-02", upto=1, by="channel")
    assert {(row.group, row.since.month, row.size) for row in answer.rows if row.size} == {
        ("Email", 1, 1), ("Email", 2, 1), ("Display", 2, 1),
    }  # fmt: skip
    whole = shop.cohort("order", period="2026-01..2026-02", upto=1)
    for month, row in enumerate(whole.rows):
        parts = [part for part in answer.rows if part.since == row.since]
        assert row.size == sum(part.size for part in parts), month
    mail = shop.cohort("order", period="2026-01..2026-02", upto=1, where="channel = 'Email'")
    assert [row.size for row in mail.rows] == [1, 1]


def test_revenue_by_cohort(shop: Workspace) -> None:
    """003-18: January began with 120 (100 + 20), then 30, nothing, 40; February 120 (50 + 70), then 60, nothing."""
    answer = shop.cohort("order", period="2026-01..2026-02", upto=3, value="revenue")
    assert table(answer) == [("2026-01", 1, 120, 30, 0, 40), ("2026-02", 2, 120, 60, 0, None)]
    assert answer.rows[0].shares == (1.0, 0.25, 0.0, pytest.approx(1 / 3))
    assert answer.average == (80, 30, 0, 40)  # a person
    assert answer.currency == "EUR"


def test_revenue_in_two_currencies_is_refused_or_converted(shop: Workspace) -> None:
    """Two currencies are never added raw; 8 dollars at 0.5 are 4 euro."""
    give(shop, {"order": [order("2026-02-11 10:00", "ann", 8, currency="USD")]}, source="us")
    with pytest.raises(RefusedError, match="EUR and USD cannot be added"):
        shop.cohort("order", period="2026-01..2026-02", value="revenue")
    rate = {"date": "2026-02-11", "currency": "USD", "to_currency": "EUR", "rate": 0.5}
    give(shop, {"fx_rate": [rate]}, source="rates")
    answer = shop.cohort("order", period="2026-01", upto=1, value="revenue", currency="EUR")
    assert table(answer) == [("2026-01", 1, 120, 34)]


def test_as_known_before_a_load(shop: Workspace) -> None:
    """A cohort as known after the first load: without what came later."""
    warehouse = shop.warehouse()
    [first] = warehouse.con.execute("SELECT ended_at FROM ledger.load WHERE id = 1").fetchone() or (None,)
    shop.close()
    give(shop, {"order": [order("2026-03-11 10:00", "cem", 9)]}, source="late")
    assert shop.cohort("order", period="2026-02", upto=1).rows[0].cells == (2, 2)
    before = shop.cohort("order", period="2026-02", upto=1, as_known_at=first.replace(tzinfo=dt.UTC))
    assert before.provenance["load"] == 1
    assert before.rows[0].size == 2
    assert before.rows[0].cells[0] == 2


def test_as_known_before_an_undo(tmp_path: Path) -> None:
    """People whom no row names any more are people still, in what was known then; ids of nobody are none."""
    space = make_workspace(tmp_path / "space", today="2026-05-15")
    give(space, {"order": [order("2026-01-05 10:00", "kay"), order("2026-02-05 10:00", "kay")]}, source="kept")
    gone = [order(f"2026-0{month}-10 10:00", who) for month in (1, 2) for who in ("lea@example.com", "guest", "max")]
    give(space, {"order": gone}, source="gone")
    asked = {"period": "2026-01", "upto": 1}
    before = table(space.cohort("order", **asked))
    assert before == [("2026-01", 3, 3, 3)]
    [until] = space.warehouse().con.execute("SELECT ended_at FROM ledger.load WHERE id = 2").fetchone() or (None,)
    undo_load(space.warehouse(write=True), 2)
    space.close()
    give(space, {"order": [order("2026-03-10 10:00", "guest")]}, source="later")
    assert table(space.cohort("order", **asked)) == [("2026-01", 1, 1, 1)]
    assert table(space.cohort("order", **asked, as_known_at=until.replace(tzinfo=dt.UTC))) == before


def plan(who: str, start: str, end: str | None, mrr: float, **more: Any) -> dict[str, Any]:
    return {
        "subscription_id": f"{who}{start}", "customer_id": who, "started_at": start, "ended_at": end, "mrr": mrr,
        "currency": "EUR", "is_trial": False, "_key": f"{who}{start}", **more,
    }  # fmt: skip


PLANS = [
    plan("ann", "2025-12-20", "2026-01-10", 0, is_trial=True),  # a trial: she is of January
    plan("ann", "2026-01-10", "2026-02-15", 100, plan="Team"),
    plan("ann", "2026-02-15", None, 150, plan="Business"),  # expands in February
    plan("bob", "2026-01-05", "2026-02-20", 60, plan="Team"),  # leaves in February
    plan("bob", "2026-04-02", None, 40, plan="Team"),  # and is back in April for less
    plan("cem", "2026-01-25", "2026-01-30", 40, plan="Solo"),  # begins and leaves within January
    plan("dan", "2026-02-03", None, 30, plan="Solo"),
]


@pytest.fixture
def saas(tmp_path: Path) -> Workspace:
    space = make_workspace(tmp_path / "saas", today="2026-05-15")
    give(space, {"subscription": [*PLANS, plan("eva", "2026-05-14", None, 1, plan="Solo")]})
    return space


def test_subscribers_at_the_end_of_each_month(saas: Workspace) -> None:
    """004-03, 004-09: of ann, bob and cem two are there at the end of January, one of February and March, two again."""
    answer = saas.cohort(value="subscribers", period="2026-01..2026-02", upto=4)
    assert table(answer) == [("2026-01", 3, 2, 1, 1, 2, None), ("2026-02", 1, 1, 1, 1, None, None)]
    assert answer.average[1] == pytest.approx(2 / 4)


def test_net_and_gross_revenue_retention(saas: Workspace) -> None:
    """003-18: January began with 100 + 60 + 40 = 200.

    End of January 160; of February 150 (ann), gross 100; of April 150 + 40, gross 100 + 40.
    """
    net = saas.cohort(value="nrr", period="2026-01", upto=3).rows[0]
    assert net.base == 200
    assert net.cells == (160, 150, 150, 190)
    assert net.shares == (0.8, 0.75, 0.75, 0.95)
    gross = saas.cohort(value="grr", period="2026-01", upto=3).rows[0]
    assert gross.cells == (160, 100, 100, 140)
    assert all(share is not None and share <= 1 for share in gross.shares)


def test_subscriptions_by_the_plan_they_began_with(saas: Workspace) -> None:
    answer = saas.cohort(value="subscribers", period="2026-01..2026-02", upto=1, by="plan")
    found = {(row.group, row.since.month): (row.size, *row.cells) for row in answer.rows}
    assert found == {("Team", 1): (2, 2, 1), ("Team", 2): (0, 0, 0), ("Solo", 1): (1, 0, 0), ("Solo", 2): (1, 1, 1)}
    team = saas.cohort(value="subscribers", period="2026-01", upto=1, where="plan = 'Team'")
    assert table(team) == [("2026-01", 2, 2, 1)]


def test_lifecycle_adds_up(shop: Workspace) -> None:
    """By month: January ann; February ann stays, bob and cem are new; March bob stays, ann and cem are gone."""
    answer = shop.lifecycle("order", grain="month", period="2026-01..2026-05")
    told = [(row.active, row.new, row.returning, row.resurrecting, row.dormant) for row in answer.rows]
    assert told == [(1, 1, 0, 0, 0), (3, 2, 1, 0, 0), (1, 0, 1, 0, 2), (1, 0, 0, 1, 1), (None,) * 5]
    assert answer.to_dicts()[2]["dormant"] == -2


def test_visits_by_each_tool(tmp_path: Path) -> None:
    """003-07: 23:58 and 00:03 are one visit for GA4 and two for Universal Analytics; time on page and who is new."""
    space = make_workspace(tmp_path / "w", timezone="Europe/Berlin")
    seen = [
        ("2026-05-01 21:58:00", "v1", "/a"), ("2026-05-01 22:03:00", "v1", "/b"),
        ("2026-05-03 10:00:00", "v1", "/a"), ("2026-05-03 11:00:00", "v2", "/a"),
    ]  # fmt: skip
    rows = [{"viewed_at": at, "visitor_id": who, "page": page, "_key": at} for at, who, page in seen]
    give(space, {"page_view": rows})
    ga4, ua = space.sessions("ga4").all, space.sessions("ua").all
    assert (ga4.sessions, ga4.people, ga4.new, ga4.returning) == (3, 2, 2, 1)
    assert (ga4.pages, ga4.time_on_page, ga4.bounced) == (pytest.approx(4 / 3), 300, pytest.approx(2 / 3))
    assert (ua.sessions, ua.pages, ua.time_on_page, ua.bounced) == (4, 1, None, 1)
    by = space.sessions("ga4", by="page", period="2026-05-03")
    assert [(row.group, row.sessions, row.new) for row in by.rows] == [("/a", 2, 1)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "no-start"),
        ({"start": "ordr"}, "unknown-event"),
        ({"start": "order", "value": "mrr"}, "unknown-value"),
        ({"start": "order", "period": "2027"}, "no-cohorts"),
        ({"start": "order", "grain": "none"}, "no-grain"),
        ({"start": "order", "upto": 900}, "too-many-cohorts"),
        ({"start": "order", "value": "nrr"}, "not-of-subscriptions"),
        ({"value": "nrr", "days": 7}, "not-of-subscriptions"),
        ({"start": "order", "value": "revenue", "unbounded": True}, "worth-unbounded"),
        ({"start": "order", "back": "page_view", "value": "revenue"}, "no-value"),
        ({"start": "order", "by": "chanel"}, "unknown-property"),
    ],
)
def test_what_has_no_answer_is_refused(shop: Workspace, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        shop.cohort(**asked)
    assert caught.value.code == code
    assert caught.value.fix


def test_the_lifecycle_refuses_filters_on_events(shop: Workspace) -> None:
    with pytest.raises(LeadlineError, match="segments of people only"):
        shop.lifecycle("order", grain="month", where="channel = 'Email'")


def test_an_answer_draws_itself(shop: Workspace) -> None:
    """A table whose cells are real text, an accessible picture, and plain rows."""
    answer = shop.cohort("order", period="2026-01..2026-02", upto=1)
    html = answer._repr_html_()
    assert '<th scope="row">Jan 2026</th>' in html
    assert "100.0%" in html
    svg = answer.svg()
    assert svg.startswith("<svg")
    assert "<title" in svg
    assert "Jan 2026 (1)" in svg
    assert answer.to_dicts()[1] == {"cohort": dt.date(2026, 1, 1), "size": 1, "k": 1, "value": 1, "share": 1.0}
    life = shop.lifecycle("order", grain="month", period="2026-01..2026-02")
    assert "<table>" in life._repr_html_()
    assert "dormant" in life.svg()
    assert "<th scope" in shop.sessions(of="order")._repr_html_()
