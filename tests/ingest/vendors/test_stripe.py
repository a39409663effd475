"""Stripe payments become orders, subscriptions become stretches of monthly value."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads, deliver
from tests.ingest.vendors.writers import Export, Locale, Mistake, edit_cell, file_mistakes, repeat_row, set_cell

START = datetime(2025, 2, 2, 10, 15)
PAYMENT_NAMES = (
    "id", "created", "amount", "amount_refunded", "currency", "captured", "converted_amount", "converted_refunded",
    "converted_currency", "", "description", "fee", "refunded_at", "", "status", "", "fee_tax", "customer_id",
    "customer_email", "invoice_id",
)  # fmt: skip
PAYMENT_HEADER = (
    "id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured", "Converted Amount",
    "Converted Amount Refunded", "Converted Currency", "Decline Reason", "Description", "Fee", "Refunded date (UTC)",
    "Statement Descriptor", "Status", "Seller Message", "Taxes On Fee", "Customer ID", "Customer Email", "Invoice ID",
)  # fmt: skip
OLD_HEADER = tuple("Created (UTC)" if label == "Created date (UTC)" else label for label in PAYMENT_HEADER)


def stamp(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def payments(name: str, header: tuple[str, ...] = PAYMENT_HEADER, *, converted: bool = False, count: int = 40) -> Case:
    """Payments paid, partly refunded, refunded and failed in turn; `converted` settles GBP payments in EUR."""
    rng = random.Random(f"stripe {name}")
    rows = []
    sales = refunds = fees = Decimal(0)
    for number in range(count):
        created = START + timedelta(days=number)
        amount = Decimal(rng.randint(500, 90_000)) / 100
        kind = ("paid", "partly", "refunded", "failed")[number % 4] if number % 8 < 4 else "paid"
        refunded = {"paid": Decimal(0), "partly": amount // 2, "refunded": amount, "failed": Decimal(0)}[kind]
        rate = Decimal("1.25") if converted else Decimal(1)
        settled, returned = (cents(value * rate) for value in (amount, refunded))
        fee = Decimal(0) if kind == "failed" else cents(settled * Decimal("0.014") + Decimal("0.25"))
        status = {"paid": "Paid", "partly": "Paid", "refunded": "Refunded", "failed": "Failed"}[kind]
        failed = kind == "failed"
        if not failed:
            sales, refunds, fees = sales + settled, refunds + returned, fees + fee
        rows.append((
            f"ch_3PA{number:06}", stamp(created), f"{amount:.2f}", f"{refunded:.2f}", "gbp" if converted else "eur",
            "false" if failed else "true", "" if failed else f"{settled:.2f}", "" if failed else f"{returned:.2f}",
            "" if failed else "eur", "card_declined" if failed else "", "Subscription update", f"{fee:.2f}",
            stamp(created + timedelta(days=5)) if refunded else "", "EXAMPLE", status,
            "Payment complete.", "0.00", f"cus_{number % 11:04}", f"Buyer{number % 11}@example.com", f"in_{number}",
        ))  # fmt: skip
    export = Export(f"payments_{name}.csv", PAYMENT_NAMES, header, tuple(rows), Locale("en"))
    currencies = {"EUR", "GBP"} if converted else {"EUR"}
    truth = Truth(
        "order", count, {"amount": sales, "refunded": refunds, "fee": fees},
        {"currency": currencies, "is_sale": {True, False}, "status": {"paid", "refunded", "failed"}},
        START.date(), (START + timedelta(days=count - 1)).date(),
    )  # fmt: skip
    return Case("stripe_payments", name, export, (truth,))


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


SUBSCRIPTION_NAMES = (
    "id", "customer_id", "", "customer_email", "plan", "quantity", "currency", "interval", "amount", "status",
    "created", "started", "period_start", "period_end", "trial_start", "trial_end", "canceled", "ended", "reason",
)  # fmt: skip
SUBSCRIPTION_HEADER = (
    "id", "Customer ID", "Customer Description", "Customer Email", "Plan", "Quantity", "Currency", "Interval",
    "Amount", "Status", "Created (UTC)", "Start Date (UTC)", "Current Period Start (UTC)", "Current Period End (UTC)",
    "Trial Start (UTC)", "Trial End (UTC)", "Canceled At (UTC)", "Ended At (UTC)", "Cancellation Reason",
)  # fmt: skip


def subscription(
    number: int, status: str, amount: str, interval: str, *, quantity: int = 1, trial: int = 0,
    canceled: int | None = None, ended: int | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """One subscription; `trial`, `canceled` and `ended` are days after it began."""
    began = START + timedelta(days=number)

    def later(days: int | None) -> str:
        return stamp(began + timedelta(days=days)) if days else ""

    return (
        f"sub_1Q{number:05}", f"cus_{number:04}", "", f"owner{number}@example.com", "Team", str(quantity), "usd",
        interval, amount, status, stamp(began), stamp(began), stamp(began), later(30), stamp(began) if trial else "",
        later(trial), later(canceled), later(ended), "too_expensive" if canceled else "",
    )  # fmt: skip


def subscriptions() -> Case:
    """Every turn a subscription can take, with the monthly value each stretch is worth."""
    rows = (
        subscription(0, "active", "29.00", "month"),
        subscription(1, "active", "1,200.00", "year"),
        subscription(2, "active", "10.00", "month", quantity=7),
        subscription(3, "trialing", "29.00", "month", trial=14),
        subscription(4, "active", "49.00", "month", trial=14),
        subscription(5, "canceled", "29.00", "month", canceled=40, ended=60),
        subscription(6, "canceled", "29.00", "month", trial=14, canceled=3, ended=14),
        subscription(7, "active", "99.00", "month", canceled=20),
        subscription(8, "past_due", "29.00", "month"),
        subscription(9, "incomplete_expired", "29.00", "month"),
        subscription(10, "active", "3.00", "week"),
    )
    export = Export("subscriptions.csv", SUBSCRIPTION_NAMES, SUBSCRIPTION_HEADER, rows, Locale("en"))
    # Paid stretches: 0, 1, 2, 4, 5, 7, 8, 10; trials: 3, 4, 6; nothing of 9.
    value = sum(map(Decimal, ("29", "100", "70", "49", "29", "99", "29", "13")))
    truth = Truth("subscription", 11, {"mrr": value}, {"currency": {"USD"}, "is_trial": {True, False}}, START.date())
    return Case("stripe_subscriptions", "en", export, (truth,))


PAYMENTS, SUBSCRIPTIONS = payments("current"), subscriptions()
CASES = [PAYMENTS, payments("old", OLD_HEADER), payments("converted", converted=True), SUBSCRIPTIONS]
PAYMENT_MISTAKES = (
    edit_cell("more refunded than paid", "amount_refunded", lambda e, _: e.cell(5, "amount").replace(".", "9."), 5,
              rules=("refund-over-amount",)),
    edit_cell("refunded in part only", "amount_refunded", lambda _, text: str(Decimal(text) - 1), 2,
              rules=("refund-contradicts",)),
    set_cell("status", "Payed", 4, rules=("bad-status",)),
    set_cell("amount", "12..50", 6),
    set_cell("amount", "-12.50", 6, rules=("negative-amount", "refund-over-amount")),
    set_cell("currency", "eu", 6, rules=("bad-currency",)),
    set_cell("converted_amount", "1.00", 8, rules=("conversion-contradicts",), title="a twin that differs"),
    set_cell("created", "2025-02-30 10:00:00", 7, title="a day that is not"),
    set_cell("created", "", 7, rules=("no-date",), title="no date"),
    set_cell("refunded_at", "2024-12-01 10:00:00", 1, rules=("refund-before-payment",)),
    set_cell("id", "ch_3PA000003", 8, rules=("duplicate-key",), title="two payments of one ID"),
    repeat_row(),
    *file_mistakes("description"),
)  # fmt: skip
SUBSCRIPTION_MISTAKES = (
    set_cell("ended", "2024-12-01 10:00:00", 5, rules=("negative-lag",)),
    set_cell("ended", "", 5, rules=("end-missing",), title="over, yet without an end"),
    set_cell("canceled", "2024-12-01 10:00:00", 7, rules=("cancel-before-start",)),
    set_cell("interval", "fortnight", 2, rules=("bad-interval",)),
    set_cell("status", "aktiv", 2, rules=("bad-status",)),
    set_cell("trial_end", "2024-12-01 10:00:00", 4, rules=("trial-reversed",)),
    set_cell("amount", "-29.00", 2, rules=("negative-amount",)),
    set_cell("amount", "", 2, rules=("amount-missing",), title="no amount"),
    set_cell("currency", "$", 2, rules=("bad-currency",)),
    set_cell("created", "13/13/2025", 2, title="a month 13"),
    repeat_row(),
    *file_mistakes("plan"),
)


@pytest.mark.parametrize("format", ["stripe_payments", "stripe_subscriptions"])
def test_yaml_decodes(format: str) -> None:
    assert_decodes(format)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", PAYMENT_MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_payments_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, PAYMENTS, mistake)


@pytest.mark.parametrize("mistake", SUBSCRIPTION_MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_subscriptions_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, SUBSCRIPTIONS, mistake)


def test_a_cancelled_subscription_counts_until_service_ends(tmp_path: Path) -> None:
    outcome = deliver(tmp_path, SUBSCRIPTIONS.export.write(tmp_path))
    rows = outcome.con.execute(
        "SELECT is_trial, started_at, canceled_at, ended_at, mrr FROM fact.subscription "
        "WHERE subscription_id IN ('sub_1Q00005', 'sub_1Q00006', 'sub_1Q00007') ORDER BY subscription_id"
    ).fetchall()
    days = [START + timedelta(days=number) for number in (5, 6, 7)]
    assert rows == [
        (False, days[0], days[0] + timedelta(40), days[0] + timedelta(60), Decimal(29)),
        (True, days[1], days[1] + timedelta(3), days[1] + timedelta(14), Decimal(0)),
        (False, days[2], days[2] + timedelta(20), None, Decimal(99)),
    ]


def test_test_mode_payments_are_left_out(tmp_path: Path) -> None:
    export = PAYMENTS.export
    names = tuple("mode" if name == "invoice_id" else name for name in export.names)
    header = tuple("Mode" if label == "Invoice ID" else label for label in export.header)
    rows = [(*row[:-1], "Test" if number < 4 else "Live") for number, row in enumerate(export.rows)]
    made = Export("mode.csv", names, header, tuple(rows), export.locale)
    outcome = deliver(tmp_path, made.write(tmp_path))
    assert outcome.error is None
    assert outcome.con.execute('SELECT count(*) FROM fact."order"').fetchone() == (len(rows) - 4,)
