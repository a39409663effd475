"""RavenStack: recurring revenue as a balance, trials, usage and tickets of one company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.figure import ask, figures, table
from leadline.workspace import Workspace


@pytest.fixture(scope="module")
def ravenstack(load_example: Callable[[str, str], Any]) -> Any:
    return load_example("ravenstack_saas", "ravenstack_saas")


@pytest.fixture(scope="module")
def workspace(ravenstack: Any) -> Workspace:
    return ravenstack.workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("mrr open_subscriptions --period 2024-12-31", ("10,159,608", "4,514")),
        ("mrr open_subscriptions --period 2024", ("10,159,608", "4,514")),
        ("mrr open_subscriptions --period 2024-Q4", ("10,159,608", "4,514")),
        ("mrr open_subscriptions --period 2023", ("1,262,113", "648")),
        ("mrr open_subscriptions --period 2024-11", ("8,460,824", "3,754")),
        ("arr customers paying_subscriptions seats --period 2024-12-31", ("121,915,296", "500", "3,814", "134,758")),
        # 193 subscriptions of 574,643 ended in December; a last day of the month ends within it.
        ("ended_subscriptions --period 2024-12", ("193",)),
        ("subscription_churn ended_mrr_share --period 2024-12", ("5.1412 %", "6.7918 %")),
        ("active_accounts uses_per_account beta_share --period 2024-12", ("428", "25.0888", "8.8471 %")),
        ("csat", ("66.2979 %",)),
        ("csat --period 2024-12", ("63.4921 %",)),
        ("mrr --period 2024-12-31 --where \"channel = 'Paid Search'\"", ("1,952,542",)),
        ("churned_customers --period 2023-02..2024-12", ("0",)),
    ],
)
def test_golden(workspace: Workspace, question: str, expected: tuple[str, ...]) -> None:
    assert figures(ask(workspace, question), expected) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("mrr --by plan --period 2024-12-31", {"Basic": "687,914", "Enterprise": "7,546,876", "Pro": "1,924,818"}),
        (
            "mrr --by segment --period 2024-12-31",
            {
                "Cybersecurity": "1,974,256",
                "DevTools": "2,165,043",
                "EdTech": "1,844,424",
                "FinTech": "2,416,050",
                "HealthTech": "1,759,835",
            },
        ),
    ],
)
def test_balances_add_over_segments(workspace: Workspace, question: str, expected: dict[str, str]) -> None:
    found = table(ask(workspace, question), expected)
    assert found == expected
    assert sum(int(value.replace(",", "")) for value in found.values()) == 10_159_608


def test_a_balance_is_never_added_over_time(workspace: Workspace) -> None:
    by_month = ask(workspace, "mrr --grain month --period 2024").column("mrr")
    by_year = ask(workspace, "mrr --grain year --period 2024").column("mrr")
    assert len(by_month) == 12
    assert by_year == [by_month[-1]] == [10_159_608]


def test_an_id_that_stands_for_two_uses_loses_neither(ravenstack: Any) -> None:
    report = ravenstack.reports["ravenstack_feature_usage.csv"]
    assert [(fact.fact, fact.inserted) for fact in report.facts] == [("product_event", 25_000)]
    assert ravenstack.reports["ravenstack_support_tickets.csv"].left_out == 825


def test_the_command_line_says_the_same(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "mrr", "open_subscriptions", "--period", "2024-12-31")
    assert code == 0
    assert answer["rows"] == [[10_159_608, 4_514]]
    assert "last" in json_text(answer["provenance"]["metrics"])


def json_text(value: Any) -> str:
    import json

    return json.dumps(value)
