"""What the company set out to reach: goals, quotas and forecasts by month, with what came about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from leadline.demo.clock import Clock, month_starts
from leadline.demo.company import Company
from leadline.demo.dice import Dice
from leadline.demo.world import Cost, Deal, Payment, Person, Target

MONEY = ("revenue", "won_revenue")
COGS_SHARE = 0.21


def aim(
    company: Company, clock: Clock, people: list[Person], deals: list[Deal], payments: list[Payment], dice: Dice
) -> list[Target]:
    """Monthly goals of four metrics, with a forecast from the second month on, and quotas of the salespeople.

    Goals ask for a little more than the year before would suggest; forecasts are last month's value, moved by season.
    """
    actual = _came_about(clock, people, deals, payments)
    firsts = month_starts(company.starts, company.ends)
    targets: list[Target] = []
    for metric in ("leads", "mql", "won_revenue", "revenue"):
        known = actual[metric]
        base = sum(known[f"{first:%Y-%m}"] for first in firsts[:6]) / sum(
            _demand(company, first) for first in firsts[:6]
        )
        before: int | None = None
        for first in firsts:
            ends = (first + timedelta(days=31)).replace(day=1)
            over = ends <= company.ends
            value = known[f"{first:%Y-%m}"]
            # Revenue recurs, so its goal builds on the month before; the others follow demand.
            usual = before if metric == "revenue" and before is not None else base * _demand(company, first)
            wanted = _round(usual * dice.uniform(1.0, 1.08), metric in MONEY)
            foreseen = None if before is None else _round(before * dice.around(1.0, 0.05), metric in MONEY)
            targets.append(Target(first, ends, metric, "", metric in MONEY, wanted, foreseen, value if over else None))
            before = value
    for first in firsts:
        ends = (first + timedelta(days=31)).replace(day=1)
        wanted = next(one.target for one in targets if one.first == first and one.metric == "won_revenue")
        for owner in company.owners:
            targets.append(Target(first, ends, "quota", owner, True, _round(wanted / 5, True), None, None))
    return targets


def _demand(company: Company, first: date) -> float:
    """Demand in the middle of a month, whatever day of the week that is."""
    middle = first.replace(day=16)
    return company.season(middle) / company.weekday[middle.weekday()]


def _round(value: float, is_money: bool) -> int:
    """Goals are round: whole hundreds of euros, whole tens of people."""
    return round(value / 10_000) * 10_000 if is_money else max(10, round(value / 10) * 10)


def _came_about(
    clock: Clock, people: list[Person], deals: list[Deal], payments: list[Payment]
) -> Mapping[str, dict[str, int]]:
    """What each metric came to, by local month: people as a number, money in cents."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for person in people:
        for stage, metric in (("lead", "leads"), ("mql", "mql")):
            if stage in person.stages:
                sums[metric][clock.month(person.stages[stage])] += 1
    for deal in deals:
        if deal.status == "won" and deal.closed_at is not None:
            sums["won_revenue"][clock.month(deal.closed_at)] += deal.cents
    for payment in payments:
        if payment.status != "Failed":
            sums["revenue"][clock.month(payment.at)] += payment.cents
    return sums


def further_costs(company: Company, clock: Clock, payments: list[Payment], dice: Dice) -> list[Cost]:
    """Bookings of teams other than marketing and sales: what serving customers costs, and the referral programme."""
    charged: dict[str, int] = defaultdict(int)
    for payment in payments:
        if payment.status != "Failed":
            charged[clock.month(payment.at)] += payment.cents
    costs: list[Cost] = []
    for month, following in pairwise(month_starts(company.starts, company.ends)):
        booked: date = following - timedelta(days=1)
        served = round(dice.around(charged[f"{month:%Y-%m}"] * COGS_SHARE, 0.04))
        costs.append(Cost(booked, "operations", "cogs", "hosting and support", "", served, _round(served, True)))
        costs.append(Cost(booked, "customer success", "referral", "programme software", "", 240_00, 240_00))
    return costs
