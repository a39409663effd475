"""Shopify orders: a row an item becomes a row an order."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads, deliver
from tests.ingest.vendors.writers import Export, Locale, Mistake, edit_cell, file_mistakes, set_cell

START = datetime(2026, 2, 2, 10, 15)
COLUMNS = (
    ("name", "Name"), ("email", "Email"), ("financial_status", "Financial Status"), ("", "Paid at"),
    ("", "Fulfillment Status"), ("", "Accepts Marketing"), ("currency", "Currency"), ("subtotal", "Subtotal"),
    ("shipping", "Shipping"), ("taxes", "Taxes"), ("total", "Total"), ("", "Discount Code"),
    ("discount", "Discount Amount"), ("created", "Created at"), ("item_quantity", "Lineitem quantity"),
    ("item_name", "Lineitem name"), ("item_price", "Lineitem price"), ("item_sku", "Lineitem sku"),
    ("billing_country", "Billing Country"), ("shipping_country", "Shipping Country"), ("cancelled", "Cancelled at"),
    ("refunded", "Refunded Amount"), ("", "Id"), ("", "Source"), ("", "Tags"),
)  # fmt: skip
NAMES, HEADER = tuple(name for name, _ in COLUMNS), tuple(label for _, label in COLUMNS)
STATES = ("paid", "partially_refunded", "refunded", "pending", "paid", "authorized", "paid", "voided")
"""Financial status in turn; the seventh is of an order that was cancelled."""
CANCELLED = 6


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} +0100"


def orders(name: str, *, tax_included: bool, count: int = 40) -> Case:
    """Orders of one to three items; only the first row of an order has what belongs to the whole of it."""
    rng = random.Random(f"shopify {name}")
    rows: list[tuple[str, ...]] = []
    sales = refunds = taxes = units = Decimal(0)
    for number in range(count):
        created = START + timedelta(days=number)
        turn = number % len(STATES)
        items = [(rng.randint(1, 3), Decimal(rng.randint(500, 9_000)) / 100) for _ in range(number % 3 + 1)]
        gross = sum((quantity * price for quantity, price in items), Decimal(0))
        discount = Decimal("2.50") if number % 5 == 0 else Decimal(0)
        subtotal, shipping, tax = gross - discount, Decimal("4.90"), (gross / 5).quantize(Decimal("0.01"))
        total = subtotal + shipping + (0 if tax_included else tax)
        back = {"partially_refunded": Decimal("3.00"), "refunded": total}.get(STATES[turn], Decimal(0))
        if STATES[turn] in ("paid", "partially_refunded", "refunded") and turn != CANCELLED:
            sales, refunds, taxes = sales + total, refunds + back, taxes + tax
        units += sum(quantity for quantity, _ in items)
        head = {
            "Financial Status": STATES[turn], "Currency": "EUR", "Subtotal": f"{subtotal}", "Shipping": f"{shipping}",
            "Taxes": f"{tax}", "Total": f"{total}", "Discount Amount": f"{discount}", "Billing Country": "DE",
            "Refunded Amount": f"{back}", "Id": str(5_000_000 + number), "Source": "web",
            "Cancelled at": stamp(created + timedelta(days=1)) if turn == CANCELLED else "",
        }  # fmt: skip
        for at, (quantity, price) in enumerate(items):
            row = {
                "Name": f"#{1001 + number}", "Email": f"Buyer{number % 7}@example.com", "Created at": stamp(created),
                "Lineitem quantity": str(quantity), "Lineitem name": f"Shirt {at}", "Lineitem price": f"{price}",
                "Lineitem sku": f"SH-{at}", **(head if at == 0 else {}),
            }  # fmt: skip
            rows.append(tuple(row.get(label, "") for label in HEADER))
    truth = Truth(
        "order", count, {"amount": sales, "refunded": refunds, "tax": taxes, "quantity": units},
        {"currency": {"EUR"}, "is_sale": {True, False},
         "status": {"paid", "partially_refunded", "refunded", "pending", "authorized", "voided", "cancelled"}},
        START.date(), (START + timedelta(days=count - 1)).date(),
    )  # fmt: skip
    return Case(
        "shopify_orders", name, Export(f"orders_{name}.csv", NAMES, HEADER, tuple(rows), Locale("en")), (truth,)
    )


ADDED, INCLUDED = orders("tax added", tax_included=False), orders("tax included", tax_included=True)
# Row 0 is an order of one item, rows 1 and 2 are one of two, row 6 one of one item again.
MISTAKES = (
    set_cell("financial_status", "payed", 1, rules=("bad-status",)),
    set_cell("currency", "€", 1, rules=("bad-currency",)),
    set_cell("total", "12..50", 1, rules=("not-a-number",)),
    set_cell("total", "-12.50", 1, rules=("negative-amount", "total-contradicts")),
    set_cell("created", "", 1, rules=("no-date",), title="no date"),
    set_cell("created", "2026-02-30 10:00:00 +0100", 1, title="a day that is not"),
    set_cell("total", "", 1, rules=("no-order",), title="an order without its own row"),
    Mistake("an order twice", lambda it: it.with_cell(2, "total", it.cell(1, "total")), ("order-twice",), 1),
    set_cell("item_quantity", "", 2, rules=("no-item",), title="a row without an item"),
    edit_cell("a total edited", "total", lambda _, text: str(Decimal(text) - 1), 1, rules=("total-contradicts",)),
    edit_cell("more refunded than paid", "refunded", lambda export, _: f"9{export.cell(1, 'total')}", 1,
              rules=("refund-over-amount",)),
    *file_mistakes("item_name"),
)  # fmt: skip


def test_yaml_decodes() -> None:
    assert_decodes("shopify_orders")


@pytest.mark.parametrize("case", [ADDED, INCLUDED], ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, ADDED, mistake)


def test_an_order_edited_since_is_one_order_still(tmp_path: Path) -> None:
    """An item was taken out of the order: nothing of it stays behind."""
    export = ADDED.export
    before = deliver(tmp_path, export.write(tmp_path))
    two = before.con.execute("SELECT product, quantity > 1 FROM fact.\"order\" WHERE order_id = '#1002'").fetchall()
    assert two == [(None, True)], "of two products, so of none in particular"
    rows = [list(row) for number, row in enumerate(export.rows) if number != 2]
    rows[1][export.index("subtotal")], rows[1][export.index("total")] = "10.00", "16.00"
    outcome = deliver(tmp_path, export.with_rows(rows).write(tmp_path))
    assert outcome.error is None
    found = outcome.con.execute("SELECT amount, product FROM fact.\"order\" WHERE order_id = '#1002'").fetchall()
    assert found == [(Decimal(16), "Shirt 0")]
