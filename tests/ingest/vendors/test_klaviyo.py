"""Klaviyo's campaign export: e-mails with the revenue Klaviyo claims; text messages stay out."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads
from tests.ingest.vendors.writers import Export, Locale, Mistake, edit_cell, file_mistakes, repeat_row, set_cell

START = datetime(2025, 4, 6, 11, 0)
NAMES = (
    "campaign", "tags", "subject", "list", "send_time", "", "recipients", "placed_orders", "placed_order_rate",
    "revenue", "unique_opens", "open_rate", "total_opens", "unique_clicks", "click_rate", "total_clicks",
    "unsubscribes", "complaints", "complaint_rate", "delivered", "bounces", "bounce_rate", "campaign_id",
    "campaign_channel",
)  # fmt: skip
HEADER = (
    "Campaign Name", "Tags", "Subject", "List", "Send Time", "Send Weekday", "Total Recipients", "Unique Placed Order",
    "Placed Order Rate", "Revenue", "Unique Opens", "Open Rate", "Total Opens", "Unique Clicks", "Click Rate",
    "Total Clicks", "Unsubscribes", "Spam Complaints", "Spam Complaints Rate", "Successful Deliveries", "Bounces",
    "Bounce Rate", "Campaign ID", "Campaign Channel",
)  # fmt: skip
MEASURES = {
    "sent": "recipients", "delivered": "delivered", "bounces": "bounces", "opens": "unique_opens",
    "clicks": "unique_clicks", "total_clicks": "total_clicks", "unsubscribes": "unsubscribes",
    "complaints": "complaints", "orders": "placed_orders", "revenue": "revenue",
}  # fmt: skip


def campaigns(name: str, *, floats: bool = False, messages: int = 0, count: int = 20) -> Case:
    """Weekly campaigns; `floats` writes counts as 121401.0 as some exports do, `messages` of them go by SMS."""
    rng = random.Random("klaviyo")
    locale = Locale("en")

    def whole(number: int) -> str:
        return f"{number}.0" if floats else str(number)

    rows = []
    for number in range(count):
        recipients = rng.randint(5_000, 120_000)
        bounces = rng.randint(0, 300)
        delivered = recipients - bounces
        opens = rng.randint(delivered // 4, delivered // 2)
        clicks, orders, spam = rng.randint(100, opens // 5), rng.randint(1, 90), rng.randint(0, 20)
        sent = START + timedelta(weeks=number)
        rows.append((
            f"Promo | week {number}", "Email, promo", f"Week {number}, only today", "All Subscribers",
            sent.strftime("%Y-%m-%d %H:%M:%S"), sent.strftime("%A"), whole(recipients), whole(orders),
            locale.percent(orders, delivered), str(Decimal(orders * rng.randint(2000, 9000)) / 100), whole(opens),
            locale.percent(opens, delivered), whole(opens * 2), whole(clicks), locale.percent(clicks, delivered),
            whole(clicks + 7), whole(rng.randint(0, 400)), whole(spam), locale.percent(spam, delivered),
            whole(delivered), whole(bounces), locale.percent(bounces, recipients), f"01JQYYRSHT{number:016}",
            "SMS" if number < messages else "Email",
        ))  # fmt: skip
    export = Export(f"klaviyo_{name}.csv", NAMES, HEADER, tuple(rows), locale)
    mail = range(messages, count)
    sums = {measure: sum((Decimal(export.cell(row, column)) for row in mail), Decimal(0))
            for measure, column in MEASURES.items()}  # fmt: skip
    first, last = START + timedelta(weeks=messages), START + timedelta(weeks=count - 1)
    truth = Truth("email", count - messages, sums, {"platform": {"klaviyo"}}, first.date(), last.date())
    return Case("klaviyo_campaigns", name, export, (truth,))


PLAIN = campaigns("plain")
CASES = [PLAIN, campaigns("floats", floats=True), campaigns("with messages", messages=3)]
MISTAKES = (
    edit_cell("opens over delivered", "unique_opens", lambda e, _: str(int(e.cell(2, "delivered")) + 1), 2,
              rules=("opens-exceed-delivered", "open-rate")),
    edit_cell("clicks over delivered", "unique_clicks", lambda e, _: str(int(e.cell(2, "delivered")) + 1), 2,
              rules=("clicks-exceed-delivered", "click-rate")),
    edit_cell("delivered over sent", "delivered", lambda e, _: str(int(e.cell(2, "recipients")) + 5), 2,
              rules=("delivered-exceed-sent", "deliveries-do-not-add-up")),
    set_cell("open_rate", "148.43%", 3, rules=("open-rate",)),
    set_cell("bounce_rate", "50.00%", 3, rules=("bounce-rate",)),
    set_cell("placed_order_rate", "9.99%", 3, rules=("placed-order-rate",)),
    set_cell("placed_orders", "0", 4, rules=("revenue-without-orders", "placed-order-rate")),
    set_cell("revenue", "1.222.91", 5),
    set_cell("unsubscribes", "-2", 6, rules=("negative-count",)),
    set_cell("send_time", "2025-04-31 11:00:00", 7, title="a day that is not"),
    set_cell("send_time", "", 7, rules=("no-send-date",), title="no date"),
    repeat_row(),
    *file_mistakes("subject"),
)  # fmt: skip


def test_yaml_decodes() -> None:
    assert_decodes("klaviyo_campaigns")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, PLAIN, mistake)
