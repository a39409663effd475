"""Online Retail: invoice lines with cancellations, genuine duplicates and sales without a customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.data import data_folder
from kit.figure import ask, figures, table
from leadline.workspace import Workspace

KNOWN = "--where 'customer_id is not null'"


@pytest.fixture(scope="module")
def workspace(load_example: Callable[[str, str], Any]) -> Workspace:
    return load_example("online_retail", "online_retail").workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("invoice_lines invoices known_customers countries", ("541,909", "25,900", "4,372", "38")),
        ("net_sales", ("9,747,747.93",)),
        (f"sale_lines orders buyers {KNOWN}", ("397,884", "18,532", "4,338")),
        (f"revenue aov {KNOWN}", ("8,911,407.90", "480.865956")),
        (f"revenue --period 2011-11 {KNOWN}", ("1,161,817.38",)),
        ("new_buyers --period 2010-12", ("885",)),
        ("back_in_month_1 back_in_month_2 back_in_month_3 --period 2010-12", ("324", "286", "340")),
    ],
)
def test_golden(workspace: Workspace, question: str, expected: tuple[str, ...]) -> None:
    assert figures(ask(workspace, question), expected) == expected


def test_duplicate_lines_are_genuine(workspace: Workspace) -> None:
    """5,268 lines are in all columns like an earlier one of their invoice; every one of them counts."""
    columns = "order_id, product_id, product, quantity, ordered_at, unit_price, customer_id, country"
    found = (
        workspace.warehouse().con.execute(f"SELECT count(*) - count(DISTINCT ({columns})) FROM fact.order").fetchone()
    )
    assert found == (5_268,)


def test_times_of_the_till_stay_where_they_were(workspace: Workspace) -> None:
    """Local times go to UTC and back: what was sold in an hour before and after the clocks changed stays in its day."""
    import duckdb

    file = data_folder("online_retail") / "online_retail.parquet"
    with duckdb.connect() as con:
        days = con.execute(
            f"SELECT CAST(InvoiceDate AS DATE), round(sum(Quantity * UnitPrice), 2) FROM '{file}' "
            "WHERE InvoiceDate >= '2011-03-01' AND InvoiceDate < '2011-05-01' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    result = ask(workspace, "net_sales --grain day --period 2011-03..2011-04")
    given = [(row[0], round(float(str(row[1])), 2)) for row in result.rows if row[1]]
    assert given == [(day, float(total)) for day, total in days]


def test_segments_add_up(workspace: Workspace) -> None:
    by_country = ask(workspace, "net_sales --by country")
    assert len(by_country.rows) == 38
    assert round(sum(float(str(value)) for value in by_country.column("net_sales")), 2) == 9_747_747.93


def test_what_was_taken_back(workspace: Workspace) -> None:
    expected = {"invoiced": "532,618", "cancelled": "9,288", "adjustment": "3"}
    assert table(ask(workspace, "invoice_lines --by status"), expected) == expected


def test_the_command_line_says_the_same(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "orders", "aov", "--where", "customer_id is not null")
    assert code == 0
    assert answer["rows"][0][0] == 18_532
    assert f"{answer['rows'][0][1]:.6f}" == "480.865956"
    assert answer["provenance"]["period"] is None


def test_an_unfinished_month_and_young_cohorts_are_marked(workspace: Workspace) -> None:
    """December 2011 has nine days; the cohort of November has had no full month after."""
    result = ask(workspace, "revenue back_in_month_1 --grain month --period 2011-10..2011-12")
    marks = {
        (str(result.rows[row][0])[:7], result.columns[column].name): mark
        for (row, column), mark in result.marks.items()
    }
    assert ("2011-12", "revenue") in marks
    assert ("2011-11", "back_in_month_1") in marks
    assert ("2011-10", "back_in_month_1") not in marks
    assert ("2011-10", "revenue") not in marks
