"""Channels told by the rules of a workspace are the same on every engine, now and as known before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kit import give
from leadline.workspace import Workspace

Make = Callable[..., Workspace]

METRICS = """
t_visits: count(session)
t_known: {formula: "credited(sum(order.amount), last_non_direct, within 90 days)", unit: money}
"""
OWN = r"""
sources: {search: [Müsli-Suche]}
rules:
  - {id: own.spring, channel: "Bob's spring", when: [{campaign: {matches: '\d{3}_spring'}}]}
  - {id: own.news, channel: Newsletter, when: [{source: {starts: news-}, medium: {none_of: [cpc]}}]}
"""


def visit(number: int, source: str | None, medium: str | None, **more: Any) -> dict[str, Any]:
    return {"date": "2026-01-05", "traffic_source": source, "medium": medium, "_key": str(number), **more}


def touch(number: int, source: str, medium: str) -> dict[str, Any]:
    return {
        "touched_at": f"2026-01-{number:02d} 10:00", "person_id": "ann", "traffic_source": source, "medium": medium,
        "_key": f"t{number}",
    }  # fmt: skip


# By GA4: Paid Search, Organic Search, Email, Direct, Paid Other (its source is of no known kind), Unassigned, nothing
# without an origin, and what the source says itself.
VISITS = [
    visit(1, "Google", "CPC"), visit(2, "bing", "organic"), visit(3, "news-7", "email"), visit(4, "(direct)", "(none)"),
    visit(5, "MÜSLI-SUCHE", "cpc"), visit(6, "odd", "x", campaign="123_Spring"), visit(7, None, None, campaign="y"),
    visit(8, "google", "cpc", channel="Brand"),
]  # fmt: skip


def by_channel(space: Workspace, metric: str = "t_visits", **asked: Any) -> dict[Any, Any]:
    return {row[0]: float(row[1]) for row in space.query([metric], by=["channel"], **asked).rows if row[1]}  # type: ignore[arg-type]


def test_channels_are_told_by_rule(make: Make) -> None:
    space = make(metrics=METRICS)
    order = {"order_id": "1", "ordered_at": "2026-01-20", "customer_id": "ann", "amount": 50, "currency": "EUR",
             "is_sale": True}  # fmt: skip
    touches = [touch(1, "google", "cpc"), touch(2, "news-7", "email"), touch(3, "(direct)", "(none)")]
    give(space, {"session": VISITS, "touch": touches, "order": [order]})
    preset = {"Paid Search": 1, "Organic Search": 1, "Email": 1, "Direct": 1, "Paid Other": 1, "Unassigned": 1,
              None: 1, "Brand": 1}  # fmt: skip
    assert by_channel(space) == preset
    assert by_channel(space, "t_known") == {"Email": 50}
    (space.path / "channels.yaml").write_text(OWN, encoding="utf-8")
    own = {"Paid Search": 2, "Organic Search": 1, "Newsletter": 1, "Direct": 1, "Bob's spring": 1, None: 1, "Brand": 1}
    assert by_channel(space) == own
    assert by_channel(space, "t_known") == {"Newsletter": 50}
    result = space.query(["t_visits"], by=["channel"], where="channel = 'Paid Search'")
    [found] = space.records_of(result, 0, "t_visits")
    assert (found.count, set(found.column("channel"))) == (2, {"Paid Search"})
    ended = space.warehouse().con.execute("SELECT max(ended_at) FROM ledger.load").fetchone()
    assert ended is not None
    # The channels are delivered later: what was known before still goes by the rules.
    give(space, {"session": [{**row, "channel": "Given"} for row in VISITS]})
    assert by_channel(space) == {"Given": 8}
    assert by_channel(space, as_known_at=ended[0].isoformat()) == own
