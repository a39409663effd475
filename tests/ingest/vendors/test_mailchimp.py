"""Mailchimp's list of sent campaigns, of List and of Audience times."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads
from tests.ingest.vendors.writers import Export, Locale, Mistake, edit_cell, file_mistakes, repeat_row, set_cell

START = datetime(2025, 3, 3, 12, 30)
NAMES = (
    "title", "subject", "list", "send_date", "", "recipients", "delivered", "soft_bounces", "hard_bounces", "bounces",
    "", "unique_opens", "open_rate", "total_opens", "unique_clicks", "click_rate", "total_clicks", "unsubscribes",
    "complaints", "unique_id", "orders", "gross_sales", "revenue",
)  # fmt: skip
HEADER = (
    "Title", "Subject", "Audience", "Send Date", "Send Weekday", "Total Recipients", "Successful Deliveries",
    "Soft Bounces", "Hard Bounces", "Total Bounces", "Times Forwarded", "Unique Opens", "Open Rate", "Total Opens",
    "Unique Clicks", "Click Rate", "Total Clicks", "Unsubscribes", "Abuse Complaints", "Unique Id", "Total Orders",
    "Total Gross Sales", "Total Revenue",
)  # fmt: skip
OLD_HEADER = tuple("List" if label == "Audience" else label for label in HEADER)
MEASURES = {
    "sent": "recipients", "delivered": "delivered", "bounces": "bounces", "opens": "unique_opens",
    "total_opens": "total_opens", "clicks": "unique_clicks", "total_clicks": "total_clicks",
    "unsubscribes": "unsubscribes", "complaints": "complaints", "orders": "orders", "revenue": "revenue",
}  # fmt: skip


def campaigns(name: str, header: tuple[str, ...], *, drop: tuple[str, ...] = (), count: int = 24) -> Case:
    """A year's campaigns, one a fortnight."""
    rng = random.Random(f"mailchimp {name}")
    locale = Locale("en")
    rows = []
    for number in range(count):
        sent = START + timedelta(days=14 * number)
        recipients = rng.randint(900, 30_000)
        soft, hard = rng.randint(0, 60), rng.randint(0, 20)
        delivered = recipients - soft - hard
        opens = rng.randint(delivered // 5, delivered // 2)
        clicks = rng.randint(0, opens // 4)
        orders = rng.randint(0, 40)
        revenue = Decimal(orders * rng.randint(1500, 9000)) / 100
        rows.append((
            f"Newsletter {number}", f"News, part {number}", "Customers", sent.strftime("%b %d, %Y %I:%M %p").replace(
                "AM", "am").replace("PM", "pm"), sent.strftime("%A"), str(recipients), str(delivered), str(soft),
            str(hard), str(soft + hard), "0", str(opens), locale.percent(opens, delivered), str(opens * 2),
            str(clicks), locale.percent(clicks, delivered), str(clicks + 3), str(rng.randint(0, 30)),
            str(rng.randint(0, 3)), f"{number:03}ab6fe{number}", str(orders), str(revenue), str(revenue),
        ))  # fmt: skip
    export = Export(f"campaigns_{name}.csv", NAMES, header, tuple(rows), locale).without(*drop)
    sums = {measure: sum((Decimal(export.cell(row, column)) for row in range(count)), Decimal(0))
            for measure, column in MEASURES.items() if column in export.names}  # fmt: skip
    last = (START + timedelta(days=14 * (count - 1))).date()
    values = {"list": {"Customers"}, "channel": {"Email"}, "platform": {"mailchimp"}}
    return Case("mailchimp_campaigns", name, export, (Truth("email", count, sums, values, START.date(), last),))


SHOP = ("orders", "gross_sales", "revenue")
CURRENT = campaigns("audience", HEADER)
CASES = [CURRENT, campaigns("list", OLD_HEADER), campaigns("without shop", HEADER, drop=SHOP)]


def swapped(export: Export, text: str) -> str:
    """A date as another account writes it: the day first, as numbers."""
    return datetime.strptime(text.upper(), "%b %d, %Y %I:%M %p").strftime("%d/%m/%Y %H:%M")


MISTAKES = (
    edit_cell("opens over delivered", "unique_opens", lambda e, _: str(int(e.cell(2, "delivered")) + 1), 2,
              rules=("opens-exceed-delivered", "open-rate")),
    edit_cell("clicks over delivered", "unique_clicks", lambda e, _: str(int(e.cell(2, "delivered")) + 1), 2,
              rules=("clicks-exceed-delivered", "click-rate")),
    edit_cell("delivered over sent", "delivered", lambda e, _: str(int(e.cell(2, "recipients")) + 5), 2,
              rules=("delivered-exceed-sent", "deliveries-do-not-add-up")),
    set_cell("open_rate", "127.78%", 3, rules=("open-rate",)),
    set_cell("click_rate", "55.00%", 3, rules=("click-rate",)),
    set_cell("total_opens", "1", 4, rules=("unique-over-total",)),
    set_cell("hard_bounces", "900", 5, rules=("bounces-do-not-add-up",)),
    set_cell("recipients", "many", 6, rules=("not-a-number",)),
    set_cell("unsubscribes", "-2", 6, rules=("negative-count",)),
    set_cell("send_date", "Feb 30, 2025 09:30 pm", 7, title="a day that is not"),
    edit_cell("a date written another way", "send_date", swapped, 7),
    set_cell("send_date", "", 7, rules=("no-send-date",), title="no date"),
    set_cell("unique_id", "003ab6fe3", 8, rules=("duplicate-key",), title="two campaigns of one ID"),
    repeat_row(),
    *file_mistakes("subject"),
)  # fmt: skip


def test_yaml_decodes() -> None:
    assert_decodes("mailchimp_campaigns")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert case.truths[0].first == date(2025, 3, 3)
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CURRENT, mistake)
