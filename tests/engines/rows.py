"""A small company whose every figure can be worked out by hand, in facts that do not touch each other."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]

METRICS = r"""
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_buyers: distinct(order.customer_id)
t_aov: t_revenue / t_orders
t_german: sum(order.amount where country = 'DE')
t_share: t_german / t_revenue
t_new: distinct(order.customer_id where is_first)
t_growth: t_revenue / prior(t_revenue, 1 week) - 1
t_active: distinct(order.customer_id over 14 days)
t_return: reach(order where is_first, order where is_sale, in month 1)
t_mean: avg(order.amount)
t_least: min(order.amount)
t_most: max(order.amount)
t_median: median(order.amount)
t_p90: percentile(order.amount, 0.9)
t_no_country: count(order where country is null)
t_not_german: count(order where not country = 'DE')
t_early: count(order where ordered_at < '2026-01-13')
t_between: count(order where ordered_at between '2026-01-06 10:00' and '2026-01-13 10:00')
amount: sum(order.amount where channel = 'Email')
channel: count(order where channel in ('Paid', 'Email'))
t_spend: sum(ad.spend)
t_roas: t_revenue / t_spend
t_ctr: sum(search.clicks) / sum(search.impressions)
t_mrr: {formula: last(subscription.mrr), unit: money}
t_payers: last(distinct(subscription.customer_id))
t_open: last(sum(deal.amount))
t_cycle: median(duration(deal.created_at, deal.won_at))
t_hours: avg(duration(deal.created_at, deal.won_at, hours))
t_followers: last(post.followers)
t_posts: count(post)
t_watch: sum(post.watch_seconds)
t_reach30: reach(lead, mql, within 30 days)
t_reached30: reached(lead, mql, within 30 days)
t_leads: count(stage_entry where stage = 'lead')
t_events: count(product_event)
t_quantity: sum(product_event.quantity)
t_cost: {formula: sum(cost.amount), unit: money}
t_costs: count(cost)
t_line: sum(cost.amount * cost.planned)
t_rate: sum(cost.amount / cost.planned)
t_discounted: sum(cost.amount * 0.25 + 1)
t_named: count(survey where survey like 'a\_b%')
t_literal: count(survey where survey = 'a\b')
t_quoted: count(survey where survey = 'O''Neil')
t_long: count(survey where length(survey) = 2)
t_upper: count(survey where upper(survey) = 'ÄÖ')
t_scores: sum(survey.score / survey.scale_max)
t_great: sum(session.page_views)
t_elapsed: median(elapsed(lead, mql))
t_gap: median(gap(order where is_sale))
t_daily: mean(count(order) by day)
t_to_date: sum(order.amount over month to date)
t_part: sum(order.amount) / total(sum(order.amount))
t_mrr_new: {formula: "movement(subscription.mrr, new)", unit: money}
t_mrr_lost: {formula: "movement(subscription.mrr, churned)", unit: money}
t_mrr_less: {formula: "movement(subscription.mrr, contraction)", unit: money}
t_first: {formula: "credited(sum(order.amount), first, within 90 days)", unit: money}
t_last: {formula: "credited(sum(order.amount), last, within 90 days)", unit: money}
t_known: {formula: "credited(sum(order.amount), last_non_direct, within 90 days)", unit: money}
t_linear: {formula: "credited(sum(order.amount), linear, within 90 days)", unit: money}
t_decay: {formula: "credited(sum(order.amount), time_decay, within 90 days)", unit: money}
t_events_each: sum(session.page_views * session.events)
"""


def order(number: int, customer: str | None, amount: int, channel: str | None, country: str | None, at: str) -> Any:
    return {
        "order_id": str(number), "customer_id": customer, "amount": amount, "channel": channel, "country": country,
        "ordered_at": f"2026-{at}", "currency": "EUR", "is_sale": True,
    }  # fmt: skip


# Nine orders of four customers, one of them an orphan worth 7 without customer or channel: 115 in all.
ORDERS: Rows = [
    order(1, "a", 10, "Email", "DE", "01-05 10:00"),
    order(2, "a", 20, "Email", "DE", "01-06 10:00"),
    order(3, "b", 5, "Paid", "FR", "01-07 10:00"),
    order(4, "b", 15, "Paid", "FR", "01-13 10:00"),
    order(5, "c", 8, "Paid", "DE", "01-14 10:00"),
    order(6, "c", 12, "Email", "DE", "01-28 23:30"),
    order(7, "d", 18, "Paid", "FR", "01-29 10:00"),
    order(8, "a", 20, "Paid", "DE", "02-02 10:00"),
    order(9, None, 7, None, None, "02-03 10:00"),
]
ADS: Rows = [
    {"date": "2026-01-05", "channel": "Paid", "spend": 11, "currency": "EUR"},
    {"date": "2026-01-05", "channel": "Social", "spend": 4, "currency": "EUR"},
    {"date": "2026-02-03", "channel": None, "spend": 14, "currency": "EUR"},
]
SEARCH: Rows = [
    {"date": "2026-01-01", "page": "many", "clicks": 10, "impressions": 100},
    {"date": "2026-01-02", "page": "many", "clicks": 1, "impressions": 1000},
    {"date": "2026-01-03", "page": "third", "clicks": 1, "impressions": 3},
    {"date": "2026-01-04", "page": "none", "clicks": 1, "impressions": 0},
]
SUBSCRIPTIONS: Rows = [
    {"customer_id": "x", "mrr": 100, "currency": "EUR", "started_at": "2026-01-10", "ended_at": "2026-02-15"},
    {"customer_id": "y", "mrr": 120, "currency": "EUR", "started_at": "2026-02-01", "ended_at": None},
    {"customer_id": "y", "mrr": 30, "currency": "EUR", "started_at": "2026-02-01", "ended_at": "2026-03-01"},
]
DEALS: Rows = [
    {"deal_id": "1", "amount": 50, "created_at": "2026-01-10", "won_at": "2026-02-10", "closed_at": "2026-02-10"},
    {"deal_id": "2", "amount": 70, "created_at": "2026-02-20"},
    {"deal_id": "3", "amount": 5, "created_at": "2026-02-01", "won_at": "2026-02-11 12:00",
     "closed_at": "2026-02-11 12:00"},
]  # fmt: skip
POSTS: Rows = [
    {"date": "2026-01-01", "platform": "x", "profile": "p", "followers": 10, "watch_seconds": "0.1"},
    {"date": "2026-01-20", "platform": "x", "profile": "p", "followers": 14, "watch_seconds": "0.2"},
    {"date": "2026-01-05", "platform": "y", "profile": "p", "followers": 100, "watch_seconds": None},
    {"date": "2026-02-05", "platform": "x", "profile": "p", "followers": 20, "watch_seconds": "12345678901.123456"},
]
ENTRIES: Rows = [
    {"person_id": person, "stage": stage, "entered_at": f"2026-{at}", "_key": person + stage}
    for person, stage, at in (
        ("p1", "lead", "01-05"), ("p1", "mql", "01-20"),
        ("p2", "lead", "01-06"), ("p2", "mql", "02-05"),  # exactly thirty days: in time
        ("p3", "lead", "01-07"), ("p3", "mql", "02-06 00:00:01"),  # a second late
        ("p4", "lead", "01-08"), ("p4", "mql", "01-02"),  # before the lead: does not count
        ("p5", "lead", "01-09"), ("p5", "mql", "01-09"),  # the same moment: in time
        ("p6", "lead", "03-01"),
    )
]  # fmt: skip
# Moments around both changes of the clock in Berlin, in UTC; quantities are powers of two.
EVENTS: Rows = [
    {"event_id": str(number), "happened_at": at, "quantity": 2**number}
    for number, at in enumerate((
        "2025-03-29 22:59:59", "2025-03-29 23:00", "2025-03-30 00:59:59", "2025-03-30 01:00", "2025-03-30 21:59:59",
        "2025-03-30 22:00", "2025-10-25 22:00", "2025-10-26 00:30", "2025-10-26 01:30", "2025-10-26 22:59:59",
        "2025-10-26 23:00",
    ))
]  # fmt: skip
# Of customer d only one touch, too long ago; of c none.
TOUCHES: Rows = [
    {"person_id": "a", "channel": "Organic", "touched_at": "2025-12-20"},
    {"person_id": "a", "channel": "Email", "touched_at": "2026-01-04"},
    {"person_id": "b", "channel": "Paid", "touched_at": "2026-01-06"},
    {"person_id": "b", "channel": "Direct", "touched_at": "2026-01-12"},
    {"person_id": "d", "channel": "Social", "touched_at": "2025-09-01"},
]
RATES: Rows = [{"date": "2026-01-30", "currency": "USD", "to_currency": "EUR", "rate": "0.5"}]
COSTS: Rows = [
    {"date": "2026-01-31", "team": "one", "amount": 5, "planned": 4, "currency": "EUR"},
    {"date": "2026-01-31", "team": "two", "amount": 7, "planned": 0, "currency": "USD"},
    {"date": "2026-02-01", "team": "three", "amount": "1000000.5", "planned": "2000000", "currency": "EUR"},
]
SURVEYS: Rows = [
    {"answered_at": "2026-01-01", "survey": name, "score": score, "scale_max": most}
    for name, score, most in (
        ("a_b", 1, 10), ("aXb", 2, 10), ("a\\b", 3, 10), ("O'Neil", 4, 0), ("äö", 5, None), ("", 6, 10), (None, 7, 10),
    )
]  # fmt: skip
SESSIONS: Rows = [
    {"date": "2026-01-01", "session_id": "1", "page_views": 2**62, "events": 4},
    {"date": "2026-01-02", "session_id": "2", "page_views": 2**62, "events": 4},
]

ROWS: dict[str, dict[str, Rows]] = {
    "shop": {
        "order": ORDERS, "subscription": SUBSCRIPTIONS, "deal": DEALS, "stage_entry": ENTRIES, "product_event": EVENTS,
        "survey": SURVEYS, "touch": TOUCHES,
    },
    "ads": {"ad": ADS, "search": SEARCH, "post": POSTS, "cost": COSTS, "session": SESSIONS,
            "fx_rate": RATES},
}  # fmt: skip
