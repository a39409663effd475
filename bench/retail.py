"""The Online Retail file for benchmarks: the real one when it is beside the project, else one of its shape from a seed.

541,909 lines of a wholesaler's invoices: number, product, quantity, moment, price, customer, country. Cancelled
invoices begin with C and have negative quantities; a quarter of the lines have no customer.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

ROWS = 541_909
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail" / "online_retail.parquet"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

MAPPING = """\
title: Invoices of a wholesaler
files: ["*retail*.csv"]
currency: GBP
columns:
  InvoiceNo:   {headers: InvoiceNo}
  StockCode:   {headers: StockCode}
  Description: {headers: Description}
  Quantity:    {headers: Quantity, type: integer}
  InvoiceDate: {headers: InvoiceDate, type: datetime}
  UnitPrice:   {headers: UnitPrice, type: money}
  CustomerID:  {headers: CustomerID}
  Country:     {headers: Country}
facts:
  - fact: order
    key: [_line]
    columns:
      ordered_at: InvoiceDate
      order_id: InvoiceNo
      customer_id: CustomerID
      is_sale: InvoiceNo not like 'C%' and Quantity > 0 and UnitPrice > 0 and CustomerID is not null
      product: Description
      product_id: StockCode
      country: Country
      quantity: Quantity
      unit_price: UnitPrice
      amount: Quantity * UnitPrice
"""


def write_retail(target: Path) -> str:
    """Write the CSV file; what it is, in words."""
    import duckdb

    if REAL.exists():
        with duckdb.connect() as con:
            con.execute(f"COPY (FROM '{REAL}') TO '{target}' (HEADER)")
        return "the Online Retail file"
    target.write_text(",".join(COLUMNS) + "\n" + "\n".join(_lines()) + "\n", encoding="utf-8")
    return "a generated file of the shape of Online Retail"


def _lines() -> list[str]:
    dice = random.Random(2010)
    products = [
        (f"{10000 + number}{dice.choice(['', '', '', 'A', 'B'])}", _description(dice), dice.randint(19, 1995) / 100)
        for number in range(4000)
    ]
    countries = ["United Kingdom"] * 36 + ["Germany", "France", "EIRE", "Spain"]
    start = dt.datetime(2010, 12, 1, 8, 26)
    lines: list[str] = []
    invoice = 536365
    while len(lines) < ROWS:
        invoice += 1
        cancelled = dice.random() < 0.02
        moment = start + dt.timedelta(minutes=int(len(lines) / ROWS * 373 * 1440) + dice.randint(0, 5))
        customer = "" if dice.random() < 0.25 else str(dice.randint(12346, 18287))
        country = dice.choice(countries)
        for _ in range(min(1 + int(dice.expovariate(1 / 20)), ROWS - len(lines))):
            code, description, price = dice.choice(products)
            quantity = -dice.randint(1, 12) if cancelled else dice.choice([1, 1, 2, 4, 6, 6, 12, 24])
            lines.append(
                f'{"C" if cancelled else ""}{invoice},{code},"{description}",{quantity},'
                f"{moment:%Y-%m-%d %H:%M:%S},{price},{customer},{country}"
            )
    return lines


def _description(dice: random.Random) -> str:
    words = [
        "WHITE",
        "HEART",
        "T-LIGHT",
        "HOLDER",
        "RED",
        "LANTERN",
        "METAL",
        "SIGN",
        "BAG",
        "BOX",
        "SET OF 6",
        "RETRO",
    ]
    return " ".join(dice.sample(words, dice.randint(2, 5)))
