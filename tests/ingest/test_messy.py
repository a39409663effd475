"""Messy files: what people and their tools write is read right, or told; no row and no value is lost in silence."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from kit.loading import ORDERS, Loader, orders, rules


@pytest.mark.parametrize("kind", ["money", "integer"])
@pytest.mark.parametrize("cell", ["12.5 %", "500%", "%12"])
def test_a_share_is_no_amount(tmp_path: Path, kind: str, cell: str) -> None:
    source = ORDERS.replace("amount: money", f"amount: {kind}")
    report = Loader(tmp_path, source).load(orders(40, amount=dict.fromkeys(range(1, 41), "7") | {3: cell}))
    assert (rules(report), report.quarantined, report.facts[0].inserted) == ({"not-a-number": 4}, 1, 39)


def test_marks_of_direction_are_no_part_of_a_cell(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    report = loader.load(
        "order_id;ordered_at;customer;amount\n"
        "1;\u200e05.01.2026;a\u200f;\u200f10,50\n"
        "\u200e2;\u202b14.01.2026 08:15\u202c;\u2066a\u2069;-\u200e1.012,50\u200f\n"
        "3\u200e;16.01.2026;a;\u200f\n"
    )
    assert (rules(report), report.quarantined) == ({}, 0)
    assert loader.rows("order", "order_id, ordered_at::varchar, customer_id, amount") == [
        ("1", "2026-01-05 00:00:00", "a", Decimal("10.5")),
        ("2", "2026-01-14 08:15:00", "a", Decimal("-1012.5")),
        ("3", "2026-01-16 00:00:00", "a", None),
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ("01.03.2026", "02.03.26", "3.3.2026", "14.3.26"),
        ("3/1/2026 0:00", "3/2/26 0:00", "3/3/2026 0:00", "3/14/26 0:00"),
        ("1 März 2026", "2 März 26", "3 März 2026", "14 März 26"),
    ],
)
def test_years_of_two_and_of_four_digits_in_one_column(tmp_path: Path, cells: tuple[str, ...]) -> None:
    loader = Loader(tmp_path, ORDERS)
    report = loader.load(orders(4, ordered_at=dict(enumerate(cells, 1))))
    assert (rules(report), report.quarantined) == ({}, 0)
    assert [row[0].date().isoformat() for row in loader.rows("order", "ordered_at")] == [
        "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-14",
    ]  # fmt: skip


def test_words_among_amounts_are_no_currency(tmp_path: Path) -> None:
    cells = {3: "NULL", 5: "#DIV/0!", 6: "TBD"}
    report = Loader(tmp_path, ORDERS).load(orders(80, amount=cells))
    assert (report.status, rules(report), report.quarantined) == ("loaded", {"not-a-number": 6}, 2)


def test_rows_below_a_line_of_words_are_told(tmp_path: Path) -> None:
    """The line looks like another table's header, so the rows below it are no rows of the first."""
    text = orders(5)
    report = Loader(tmp_path, ORDERS).load(
        f"{text}\nStore,see note,open,nobody\n" + text.split("\n", 1)[1].replace("o", "s")
    )
    assert report.facts[0].inserted == 5
    [told] = [finding for finding in report.findings if finding.rule == "table-skipped"]
    assert (told.severity, told.line, told.count) == ("warning", 8, 5)
    assert "5 row(s) are left out" in told.what
