"""Exports of the payment provider; all its times are UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from leadline.demo.clock import Clock, add_months
from leadline.demo.export.text import File, Row, money, table, utf8
from leadline.demo.world import Subscription, World


def payments(world: World) -> Iterator[File]:
    """All charges, newest first: failed ones too; one given back in part stays Paid."""
    currency = world.company.currency.lower()
    rows: list[Row] = [
        ("id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured", "Converted Amount",
         "Converted Amount Refunded", "Converted Currency", "Description", "Fee", "Taxes On Fee", "Refunded date (UTC)",
         "Status", "Customer ID", "Customer Email", "Invoice ID"),
    ]  # fmt: skip
    for number, payment in reversed(list(enumerate(world.payments))):
        charged = payment.status != "Failed"
        rows.append(
            (payment.id, _second(payment.at), money(payment.cents), money(payment.refunded), currency,
             "true" if charged else "false", money(payment.cents), money(payment.refunded), currency,
             f"{payment.subscription.plan} ({payment.subscription.interval})", money(payment.fee), "0.00",
             _second(payment.refunded_at), payment.status, payment.subscription.customer,
             payment.subscription.person.email, f"in_{1_000_000 + number}")
        )  # fmt: skip
    yield "unified_payments.csv", utf8(table(rows))


def subscriptions(world: World) -> Iterator[File]:
    """All subscriptions: `Amount` is what one interval costs; one that was cancelled may still run to its end.

    A subscription with a trial begins with it; one that only was a trial was cancelled at the trial's end.
    """
    horizon = Clock(world.company.timezone).midnight(world.company.ends + timedelta(days=1))
    rows: list[Row] = [
        ("id", "Customer ID", "Customer Description", "Customer Email", "Plan", "Quantity", "Currency", "Interval",
         "Amount", "Status", "Created (UTC)", "Start Date (UTC)", "Current Period Start (UTC)",
         "Current Period End (UTC)", "Trial Start (UTC)", "Trial End (UTC)", "Canceled At (UTC)", "Ended At (UTC)",
         "Cancellation Reason"),
    ]  # fmt: skip
    for one in world.subscriptions:
        step = 12 if one.interval == "year" else 1
        period_start, period_end = _period(one, step, horizon)
        began, until = one.trial_at or one.starts_at, one.starts_at if one.trial_at else None
        rows.append(
            (one.id, one.customer, one.person.company, one.person.email, one.plan, "1", world.company.currency.lower(),
             one.interval, money(one.cents * step), "canceled" if one.ends_at else "active", _second(began),
             _second(began), _second(period_start), _second(period_end), _second(one.trial_at), _second(until),
             _second(one.canceled_at), _second(one.ends_at), one.reason)
        )  # fmt: skip
    for trial in world.trials:
        starts, ends = _second(trial.starts_at), _second(trial.ends_at)
        rows.append(
            (trial.id, trial.customer, trial.person.company, trial.person.email, trial.plan, "1",
             world.company.currency.lower(), "month", money(trial.cents), "canceled", starts, starts, starts, ends,
             starts, ends, ends, ends, "trial ended")
        )  # fmt: skip
    yield "subscriptions.csv", utf8(table(rows))


def _period(one: Subscription, step: int, horizon: datetime) -> tuple[datetime, datetime]:
    """The paid period that runs at the end of the data, or the last one that ran."""
    until = one.ends_at or horizon
    number = 0
    while add_months(one.starts_at, number + step) < until:
        number += step
    return add_months(one.starts_at, number), add_months(one.starts_at, number + step)


def _second(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
