"""CDNOW: a space-separated file, cohorts of 1997, and customers who buy twice on one day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.figure import ask, figures
from leadline.workspace import Workspace


@pytest.fixture(scope="module")
def cdnow(load_example: Callable[[str, str], Any]) -> Any:
    return load_example("cdnow_lifetimes", "cdnow_lifetimes")


@pytest.fixture(scope="module")
def workspace(cdnow: Any) -> Workspace:
    return cdnow.workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("orders buyers revenue", ("69,659", "23,570", "2,500,315.63")),
        ("repeat_buyers repeat_purchase_rate", ("11,662", "49.4782 %")),
        ("new_buyers --period 1997-01", ("7,846",)),
        (
            "back_in_month_1 back_in_month_2 back_in_month_6 back_in_month_12 --period 1997-01",
            ("1,157", "964", "720", "528"),
        ),
        ("cds_per_order", ("2.410040",)),
        ("orders --where 'amount = 0'", ("80",)),
    ],
)
def test_golden(workspace: Workspace, question: str, expected: tuple[str, ...]) -> None:
    assert figures(ask(workspace, question), expected) == expected


def test_cohorts_by_month_add_up_to_all_customers(workspace: Workspace) -> None:
    result = ask(workspace, "new_buyers --grain month --period 1997")
    assert sum(int(str(value)) for value in result.column("new_buyers")) == 23_570
    assert result.column("new_buyers")[:3] == [7846, 8476, 7248]


def test_two_purchases_of_a_day_are_two_and_the_second_is_no_first(workspace: Workspace) -> None:
    """Customer 00002 bought twice on 12 January 1997."""
    con = workspace.warehouse().con
    rows = con.execute(
        "SELECT is_first, quantity, amount FROM fact.order WHERE customer_id = '00002' ORDER BY ordered_at"
    ).fetchall()
    assert [(first, float(items), float(amount)) for first, items, amount in rows] == [
        (True, 1, 12.0),
        (False, 5, 77.0),
    ]


def test_only_the_master_file_is_read(cdnow: Any) -> None:
    """The sample repeats a tenth of the customers under other ids and has no header; it must not be added."""
    assert cdnow.read == {"CDNOW_master.txt": 69_659}
    assert {report.status for report in cdnow.reports.values()} == {"loaded", "skipped"}


def test_the_command_line_says_the_same(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "orders", "revenue")
    assert code == 0
    assert answer["rows"] == [[69_659, 2_500_315.63]]
    assert answer["provenance"]["facts"]["order"]["sources"]["purchases"]["rows"] == 69_659
