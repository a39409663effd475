"""Telco: customers who left within a month, and eleven so new that they have no bill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.figure import ask, figures, table
from leadline.workspace import Workspace


@pytest.fixture(scope="module")
def telco(load_example: Callable[[str, str], Any]) -> Any:
    return load_example("telco_churn", "telco_churn")


@pytest.fixture(scope="module")
def workspace(telco: Any) -> Workspace:
    return telco.workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("customers mrr --period 2017-12", ("7,043", "456,116.60")),
        ("churned_customers churn_rate --period 2018-01", ("1,869", "26.5370 %")),
        ("churned_mrr mrr_churn_rate --period 2018-01", ("139,130.85", "30.5034 %")),
        ("churn_rate --period 2018-01 --where \"contract = 'Month-to-month'\"", ("42.7097 %",)),
        ("customers retention_rate --period 2018-01", ("5,174", "73.4630 %")),
        ("unbilled_customers --period 2017-12", ("11",)),
        ("first_year_churn --period 2018-01", ("47.4382 %",)),
    ],
)
def test_golden(workspace: Workspace, question: str, expected: tuple[str, ...]) -> None:
    assert figures(ask(workspace, question), expected) == expected


def test_churn_by_contract(workspace: Workspace) -> None:
    expected = {"Month-to-month": "42.7097 %", "One year": "11.2695 %", "Two year": "2.8319 %"}
    assert table(ask(workspace, "churn_rate --by contract --period 2018-01"), expected) == expected


def test_blank_bills_are_told_and_lose_nobody(telco: Any) -> None:
    report = telco.reports["Telco-Customer-Churn.csv"]
    assert report.rows == 7_043
    assert report.quarantined == 0
    assert [(finding.severity, finding.count) for finding in report.findings if finding.rule == "no-bill-yet"] == [
        ("warning", 11)
    ]


def test_the_scorecard_shows_the_month_of_the_file(workspace: Workspace) -> None:
    from leadline.report.scorecard import build_scorecard

    card = build_scorecard(workspace, today=workspace.today)
    shown = {kpi.definition.id: kpi.value for kpi in card.kpis}
    assert round(float(str(shown["churn_rate"])), 6) == 0.265370
    assert shown["customers"] == 5_174


def test_the_command_line_says_the_same(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "churned_customers", "mrr_churn_rate", "--period", "2018-01")
    assert code == 0
    assert answer["rows"][0][0] == 1_869
    assert f"{answer['rows'][0][1]:.6%}" == "30.503352%"
