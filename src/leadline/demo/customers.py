"""Customers: their subscriptions and payments, what they do in the product, what they answer, and what it all costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import msgspec

from leadline.demo.clock import Clock, add_months, month_starts
from leadline.demo.company import Company
from leadline.demo.dice import Dice
from leadline.demo.people import list_price
from leadline.demo.world import AdDay, Answer, Cost, Deal, Payment, Person, Subscription, Trial, Usage

REASONS = ("too expensive", "unused", "missing features", "switched service", "customer closed")
USERS = {"Starter": 1, "Team": 2, "Business": 4, "Enterprise": 7}
BILLED_ON_A_PLAN = "plan"
TRIAL = timedelta(days=14)
FEATURES = ("reports", "alerts", "goals", "attribution")
FEATURE_SHARE = (52, 21, 17, 10)


def subscribe(company: Company, clock: Clock, deals: list[Deal], dice: Dice) -> list[Subscription]:
    """The subscriptions that follow from won deals, in the order in which they begin."""
    horizon = clock.midnight(company.ends + timedelta(days=1))
    stretches: list[Subscription] = []
    for deal in deals:
        if deal.status == "won" and deal.closed_at is not None:
            customer = f"cus_{_code(int(deal.person.id), 14)}"
            lag = company.lags["won_to_start"]
            starts = clock.awake(deal.closed_at + timedelta(days=dice.around(lag.median, lag.sigma)), dice)
            starts += timedelta(seconds=dice.randrange(60))
            stretches.extend(_life(company, clock, deal, customer, starts, deal.cents // 12, horizon, dice))
    stretches.sort(key=lambda stretch: (stretch.starts_at, stretch.customer, stretch.kind))
    return [
        Subscription(
            f"sub_{_code(7_000_000 + number, 14)}", *(getattr(one, name) for name in one.__struct_fields__[1:])
        )
        for number, one in enumerate(stretches)
    ]


def _code(number: int, length: int) -> str:
    """An identifier that looks as a payment provider's does: letters and digits, scattered but repeatable."""
    letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    value, text = (number * 0x9E3779B97F4A7C15 + 0x1234567) % 2**80, ""
    for _ in range(length):
        value, rest = divmod(value, len(letters))
        text += letters[rest]
    return text


def _life(
    company: Company, clock: Clock, deal: Deal, customer: str, starts: datetime, cents: int, horizon: datetime,
    dice: Dice,
) -> Iterator[Subscription]:  # fmt: skip
    """A customer's stretches: the plan until it is changed or left, add-ons beside it, and perhaps a return."""
    if starts >= horizon:
        return
    plans = {plan.name: plan for plan in company.plans}
    names = list(plans)
    channel = company.channel(deal.person.channel)
    plan, began, month = deal.plan, starts, 0
    interval = "year" if dice.chance(company.yearly_share) else "month"
    price = _billed(company, cents, interval)
    add_on: datetime | None = None

    def stretch(kind: str, since: datetime, until: datetime | None, notice: datetime | None, why: str) -> Subscription:
        is_plan = kind == BILLED_ON_A_PLAN
        return Subscription(
            "", customer, deal.person, plan if is_plan else "Automation add-on", kind,
            price if is_plan else company.add_on_cents, interval if is_plan else "month", since, notice, until, why,
        )  # fmt: skip

    while True:
        month += 1
        now = add_months(starts, month)
        monthly = plans[plan].churn * channel.churn
        chance = monthly if interval == "month" else 0.7 * (1 - (1 - monthly) ** 12) if month % 12 == 0 else 0.0
        leaves = dice.chance(chance)
        notice = now - timedelta(days=1 + dice.randrange(20), minutes=dice.randrange(600))
        if now >= horizon:
            # Notice may be given already while the paid period still runs.
            told = notice if leaves and notice < horizon else None
            yield stretch(BILLED_ON_A_PLAN, began, None, told, dice.choice(REASONS) if told else "")
            if add_on:
                yield stretch("add_on", add_on, None, None, "")
            return
        if leaves:
            yield stretch(BILLED_ON_A_PLAN, began, now, notice, dice.choice(REASONS))
            if add_on:
                yield stretch("add_on", add_on, now, notice, "plan ended")
            if dice.chance(company.reactivation):
                back = now + timedelta(days=50 + dice.randrange(140), minutes=dice.randrange(300))
                raised = clock.local(back).date() >= company.price_rise_on
                again = list_price(company, plans[plan].cents, raised)
                yield from _life(company, clock, deal, customer, clock.awake(back, dice), again, horizon, dice)
            return
        if interval == "month" and plan != names[-1] and dice.chance(company.upgrade_per_month):
            yield stretch(BILLED_ON_A_PLAN, began, now, now, "plan change")
            plan, began = names[names.index(plan) + 1], now
            price = list_price(company, plans[plan].cents, clock.local(now).date() >= company.price_rise_on)
        if add_on is None:
            add_on = now if dice.chance(company.add_on_per_month) else None
        elif dice.chance(company.add_on_drop_per_month):
            yield stretch("add_on", add_on, now, now - timedelta(days=2), "unused")
            add_on = None


def _billed(company: Company, cents: int, interval: str) -> int:
    """The price a month in whole cents, so that a yearly amount is exactly twelve of them."""
    return round(cents * (1 - company.yearly_discount)) if interval == "year" else cents


def try_out(
    company: Company, clock: Clock, subscriptions: list[Subscription], people: list[Person], dice: Dice
) -> tuple[list[Subscription], list[Trial]]:
    """Free trials of two weeks: before the first plan of some customers, and of some SQLs who then did not buy."""
    horizon = clock.midnight(company.ends + timedelta(days=1))
    known: set[str] = set()
    tried: list[Subscription] = []
    for one in subscriptions:
        first = one.customer not in known
        known.add(one.customer)
        if first and one.plan in ("Starter", "Team") and dice.chance(0.4):
            one = msgspec.structs.replace(one, trial_at=one.starts_at - TRIAL)
        tried.append(one)
    trials: list[Trial] = []
    plans = company.plans[:2]
    for person in people:
        if "sql" in person.stages and "customer" not in person.stages and dice.chance(0.09):
            starts = clock.working(person.stages["sql"] + timedelta(days=1 + dice.randrange(6)), dice)
            if starts + TRIAL < horizon:
                number, plan = len(trials), dice.choice(plans)
                trials.append(
                    Trial(
                        f"sub_{_code(8_000_000 + number, 14)}", f"cus_{_code(int(person.id), 14)}", person, plan.name,
                        plan.cents, starts, starts + TRIAL,
                    )
                )  # fmt: skip
    return tried, trials


def charge(company: Company, clock: Clock, subscriptions: list[Subscription], dice: Dice) -> list[Payment]:
    """The charges of all subscriptions: failed ones are tried again, some are given back in whole or in part."""
    horizon = clock.midnight(company.ends + timedelta(days=1))
    payments: list[Payment] = []
    for subscription in subscriptions:
        step = 12 if subscription.interval == "year" else 1
        cents = subscription.cents * step
        until = min(subscription.ends_at or horizon, horizon)
        for number in range(0, 600, step):
            due = add_months(subscription.starts_at, number) + timedelta(seconds=30 + dice.randrange(3000))
            if due >= until:
                break
            if dice.chance(company.failed_payment):
                payments.append(Payment("", subscription, due, cents, 0, None, 0, "Failed"))
                due += timedelta(days=2, hours=dice.randrange(20))
                if due >= until:
                    break
            refunded, refunded_at, status = 0, None, "Paid"
            if dice.chance(company.refund):
                refunded_at = due + timedelta(days=1 + dice.randrange(15), minutes=dice.randrange(900))
                whole = dice.chance(0.6)
                refunded, status = (cents, "Refunded") if whole else (cents // 4, "Paid")
                if refunded_at >= horizon:
                    refunded, refunded_at, status = 0, None, "Paid"
            fee = round(cents * 0.015) + 25
            payments.append(Payment("", subscription, due, cents, refunded, refunded_at, fee, status))
    payments.sort(key=lambda payment: (payment.at, payment.subscription.id))
    return [
        Payment(f"ch_3{_code(number, 23)}", *(getattr(one, name) for name in one.__struct_fields__[1:]))
        for number, one in enumerate(payments)
    ]


def use(company: Company, clock: Clock, subscriptions: list[Subscription], dice: Dice) -> list[Usage]:
    """Product events since the two years began: sign-up, activation, and the key action week by week.

    Those who will leave use the product less in their last seven weeks: an early sign that can be found.
    """
    horizon = clock.midnight(company.ends + timedelta(days=1))
    opening = clock.midnight(company.starts)
    events: list[Usage] = []
    welcomed: set[str] = set()
    for subscription in subscriptions:
        if subscription.kind != BILLED_ON_A_PLAN:
            continue
        users = _users(subscription.person, USERS[subscription.plan])
        if subscription.customer not in welcomed:
            welcomed.add(subscription.customer)
            lag = company.lags["start_to_active"]
            events.append(_event(subscription.starts_at, users[0], "signup", subscription.plan, 1))
            if dice.chance(0.86):
                active = subscription.starts_at + timedelta(hours=1, days=dice.around(lag.median, lag.sigma))
                events.append(_event(active, users[0], "activated", subscription.plan, 1))
        until = min(subscription.ends_at or horizon, horizon)
        week = max(subscription.starts_at, opening)
        while week < until:
            fading = subscription.ends_at is not None and subscription.ends_at - week < timedelta(weeks=7)
            for user in users:
                if dice.chance(0.22 if fading else 0.6):
                    at = week + timedelta(minutes=dice.randrange(7 * 24 * 60))
                    quantity = 1 + dice.poisson(2 if fading else 6)
                    events.append(_event(at, user, "key_action", subscription.plan, quantity))
            week += timedelta(days=7)
    events = [event for event in events if opening <= event.at < horizon]
    events.sort(key=lambda event: (event.at, event.email, event.event))
    return [
        Usage(f"ev-{number + 1:07d}", event.at, event.email, event.event, event.plan, event.quantity)
        for number, event in enumerate(events)
    ]


def use_more(clock: Clock, usage: list[Usage], horizon: datetime, dice: Dice) -> list[Usage]:
    """The events with the feature used, and beside them onboarding and shared reports."""
    more: list[Usage] = []
    for one in usage:
        if one.event == "key_action":
            more.append(msgspec.structs.replace(one, feature=dice.pick(FEATURES, FEATURE_SHARE)))
            if dice.chance(0.03):
                more.append(_event(one.at + timedelta(minutes=3), one.email, "shared", one.plan, 1))
            continue
        more.append(one)
        if one.event == "signup":
            began = one.at + timedelta(minutes=2 + dice.randrange(50))
            more.append(_event(began, one.email, "onboarding_started", one.plan, 1))
            if dice.chance(0.71):
                done = clock.awake(began + timedelta(days=dice.around(3.0, 0.8)), dice)
                more.append(_event(done, one.email, "onboarding_completed", one.plan, 1))
    kept = sorted((one for one in more if one.at < horizon), key=lambda one: (one.at, one.email, one.event))
    return [msgspec.structs.replace(one, id=f"ev-{number + 1:07d}") for number, one in enumerate(kept)]


def _event(at: datetime, email: str, event: str, plan: str, quantity: int) -> Usage:
    return Usage("", at, email, event, plan, quantity)


def _users(person: Person, count: int) -> list[str]:
    """E-mails of a customer's users: the buyer and colleagues."""
    domain = person.email.partition("@")[2]
    return [person.email, *(f"user{number}.{person.id[-5:]}@{domain}" for number in range(2, count + 1))]


def ask(company: Company, clock: Clock, subscriptions: list[Subscription], dice: Dice) -> list[Answer]:
    """The quarterly survey: one answer from about a quarter of the customers of that day."""
    answers: list[Answer] = []
    for first in month_starts(company.starts, company.ends):
        if first.month not in (2, 5, 8, 11):
            continue
        opened = clock.utc(datetime(first.year, first.month, 12, 9, 0))
        for subscription in subscriptions:
            active = subscription.starts_at < opened and not (subscription.ends_at and subscription.ends_at <= opened)
            if subscription.kind != BILLED_ON_A_PLAN or not active or not dice.chance(0.26):
                continue
            mood = 8.3 if subscription.canceled_at is None else 6.1
            score = min(10, max(0, round(dice.gauss(mood, 1.9))))
            at = clock.awake(opened + timedelta(minutes=dice.randrange(6 * 24 * 60)), dice)
            answers.append(Answer("", at, subscription.person, score, subscription.plan))
    answers.sort(key=lambda answer: (answer.at, answer.person.id))
    return [
        Answer(f"R{number + 1:05d}", answer.at, answer.person, answer.score, answer.plan)
        for number, answer in enumerate(answers)
    ]


def spend(company: Company, clock: Clock, ads: list[AdDay], deals: list[Deal], dice: Dice) -> list[Cost]:
    """The finance team's bookings on the last day of each month: media as invoiced, salaries, tools, commissions, …"""
    media: dict[tuple[date, str, str], int] = {}
    for ad in ads:
        key = (ad.day.replace(day=1), ad.campaign.platform, ad.campaign.channel)
        media[key] = media.get(key, 0) + ad.cents
    won: dict[str, int] = {}
    for deal in deals:
        if deal.closed_at is not None and deal.status == "won":
            label = clock.month(deal.closed_at)
            won[label] = won.get(label, 0) + deal.cents
    costs: list[Cost] = []
    for month, following in pairwise(month_starts(company.starts, company.ends)):
        booked = following - timedelta(days=1)
        growth = (1 + company.growth_per_year) ** ((month - company.starts).days / 365.25)
        for (when, platform, channel), cents in media.items():
            if when == month:
                costs.append(Cost(booked, "marketing", "media", platform, channel, cents, _round(cents)))
        for team, category, vendor, channel, base in (
            ("marketing", "salaries", "payroll", "", 31_500_00),
            ("marketing", "tools", "software", "", 4_150_00),
            ("marketing", "content", "freelancers", "Organic Search", 5_200_00),
            ("marketing", "events", "webinars and fairs", "", 3_400_00 if month.month in (1, 3, 5, 9, 11) else 900_00),
            ("sales", "salaries", "payroll", "", 44_000_00),
            ("sales", "tools", "software", "", 2_900_00),
        ):
            if base:
                planned = _round(base * growth)
                costs.append(Cost(booked, team, category, vendor, channel, round(dice.around(planned, 0.03)), planned))
        commission = round(won.get(f"{month:%Y-%m}", 0) * 0.06)
        costs.append(Cost(booked, "sales", "commissions", "payroll", "", commission, _round(commission)))
    return costs


def _round(cents: float) -> int:
    """A budget: whole hundreds of euros."""
    return round(cents / 10_000) * 10_000
