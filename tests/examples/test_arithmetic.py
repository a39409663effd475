"""The golden arithmetic: each line as rows in a small workspace and the number that must come out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kit import give, make_workspace
from kit.figure import ask, figures
from leadline.project import Project
from leadline.workspace import Workspace

Row = dict[str, Any]

# What the catalogue does not have (yet), as a workspace would write it.
METRICS = """
lost_mrr: sum(subscription.mrr where is_churned at ended_at)
contraction_mrr: >-
  sum(subscription.mrr where reason = 'downgrade' at ended_at) - sum(subscription.mrr where status = 'downgraded')
expansion_mrr: >-
  sum(subscription.mrr where status = 'upgraded') - sum(subscription.mrr where reason = 'upgrade' at ended_at)
new_mrr: sum(subscription.mrr where status = 'new')
gross_mrr_churn: {formula: (lost_mrr + contraction_mrr) / prior(mrr), unit: percent}
net_mrr_churn: {formula: (lost_mrr + contraction_mrr - expansion_mrr) / prior(mrr), unit: percent}
grr: {formula: 1 - gross_mrr_churn, unit: percent}
nrr: {formula: 1 - net_mrr_churn, unit: percent}
mrr_explained: prior(mrr) + new_mrr + expansion_mrr - contraction_mrr - lost_mrr
reported_roi: {formula: (sum(ad.conversion_value) - ad_spend) / ad_spend, unit: percent}
incremental_roi: {formula: (0.4 * sum(ad.conversion_value) - ad_spend) / ad_spend, unit: percent}
pace: 100 * revenue / (sum(goal.target where metric = 'revenue') * 20 / 30)
over_claim: sum(ad.conversions) / orders
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project of a workspace with all tables and no rows, read once."""
    with make_workspace(tmp_path_factory.mktemp("arithmetic"), metrics=METRICS) as workspace:
        workspace.warehouse(write=True)
        return workspace.project


@pytest.fixture
def tiny(empty: Project, tmp_path: Path) -> Iterator[Callable[[dict[str, list[Row]]], Workspace]]:
    shutil.copy(empty.folder / empty.settings.warehouse, tmp_path)
    with Workspace(msgspec.structs.replace(empty, path=str(tmp_path))) as workspace:

        def fill(rows: dict[str, list[Row]]) -> Workspace:
            give(workspace, rows)
            return workspace

        yield fill


def many(count: int, **row: Any) -> list[Row]:
    """Rows alike but for `{n}` in their texts."""
    return [{k: v.format(n=n) if isinstance(v, str) else v for k, v in row.items()} for n in range(count)]


def stretch(customer: str, mrr: int, start: str, end: str | None = None, **more: Any) -> Row:
    return {"customer_id": customer, "mrr": mrr, "started_at": start, "ended_at": end, "currency": "EUR", **more}


CTR: dict[str, list[Row]] = {
    "ad": [
        {"date": "2026-01-01", "clicks": 10, "impressions": 100},
        {"date": "2026-01-02", "clicks": 1, "impressions": 1000},
    ]
}
RECURRING: dict[str, list[Row]] = {
    "subscription": [
        stretch("stays", 60, "2025-06-01"),
        stretch("leaves", 10, "2025-06-01", "2026-01-15", is_churned=True),
        stretch("shrinks", 20, "2025-06-01", "2026-01-10", reason="downgrade"),
        stretch("shrinks", 10, "2026-01-10", status="downgraded"),
        stretch("grows", 10, "2025-06-01", "2026-01-20", reason="upgrade"),
        stretch("grows", 20, "2026-01-20", status="upgraded"),
        stretch("arrives", 7, "2026-01-25", status="new"),
    ]
}
PIPELINE: dict[str, list[Row]] = {
    "deal": [
        *many(40, deal_id="o{n}", status="open", created_at="2026-02-01", amount=1, currency="EUR"),
        *many(10, deal_id="w{n}", status="won", created_at="2026-01-01", won_at="2026-04-01", closed_at="2026-04-01",
              amount=25000, currency="EUR"),
        *many(30, deal_id="l{n}", status="lost", created_at="2026-01-01", closed_at="2026-04-02", amount=9,
              currency="EUR"),
    ]
}  # fmt: skip
FUNNEL: dict[str, list[Row]] = {
    "cost": [{"date": "2026-01-05", "team": "marketing", "amount": 15000, "currency": "EUR"}],
    "stage_entry": [
        *many(300, _key="l{n}", person_id="p{n}", stage="lead", entered_at="2026-01-06"),
        *many(90, _key="m{n}", person_id="p{n}", stage="mql", entered_at="2026-01-10"),
        *many(36, _key="s{n}", person_id="p{n}", stage="sql", entered_at="2026-01-20"),
    ],
}
RETURN: dict[str, list[Row]] = {
    "cost": [{"date": "2026-01-05", "team": "marketing", "amount": 10000, "currency": "EUR"}],
    "order": [{"ordered_at": "2026-01-09", "order_id": "1", "is_sale": True, "amount": 50000, "cost_of_goods": 30000,
               "currency": "EUR"}],
}  # fmt: skip
CLAIMS: dict[str, list[Row]] = {
    "ad": [{"date": "2026-01-05", "platform": name, "conversions": count} for name, count in
           (("google_ads", 80), ("meta_ads", 65), ("tiktok_ads", 30))],
    "order": many(95, ordered_at="2026-01-06", order_id="{n}", is_sale=True, amount=1, currency="EUR"),
}  # fmt: skip
SURVEY: dict[str, list[Row]] = {
    "survey": [
        *many(60, _key="p{n}", kind="nps", score=9, scale_max=10, answered_at="2026-01-05"),
        *many(25, _key="n{n}", kind="nps", score=8, scale_max=10, answered_at="2026-01-05"),
        *many(15, _key="d{n}", kind="nps", score=6, scale_max=10, answered_at="2026-01-05"),
    ]
}
INVITES: dict[str, list[Row]] = {
    "product_event": many(10, happened_at="2026-01-05", person_id="u{n}", event="key_action"),
    "referral": [
        *many(12, _key="a{n}", referrer_id="u1", invited_at="2026-01-06", accepted_at="2026-01-07"),
        *many(28, _key="i{n}", referrer_id="u2", invited_at="2026-01-06"),
    ],
}
BALANCE: dict[str, list[Row]] = {
    "subscription": [stretch("a", 100, "2026-01-10", "2026-02-15"), stretch("a", 120, "2026-02-15")]
}
INCREMENT: dict[str, list[Row]] = {
    "ad": [{"date": "2026-01-05", "spend": 20000, "conversion_value": 100000, "currency": "EUR"}]
}
PACE: dict[str, list[Row]] = {
    "goal": [{"date": "2026-06-01", "metric": "revenue", "target": 500000, "currency": "EUR"}],
    "order": [{"ordered_at": "2026-06-10", "order_id": "1", "is_sale": True, "amount": 320000, "currency": "EUR"}],
}
ACTION: dict[str, list[Row]] = {"ad": [{"date": "2026-01-05", "spend": 1000, "conversions": 100, "currency": "EUR"}]}
WEB: dict[str, list[Row]] = {
    "session": [
        {"date": "2026-01-05", "sessions": 7, "engaged_sessions": 3},
        {"date": "2026-01-06", "sessions": 4, "engaged_sessions": 4},
    ]
}

CASES: list[tuple[str, dict[str, list[Row]], str, tuple[str, ...]]] = [
    ("ratio of sums", CTR, "ad_ctr", ("1.0 %",)),
    (
        "mrr churn",
        RECURRING,
        "gross_mrr_churn net_mrr_churn grr nrr --period 2026-01",
        ("20 %", "10 %", "80 %", "90 %"),
    ),
    ("mrr churn of the catalogue is that of lost customers", RECURRING, "mrr_churn_rate --period 2026-01", ("10 %",)),
    ("mrr adds up", RECURRING, "mrr mrr_explained --period 2026-01", ("97", "97")),
    (
        "velocity",
        PIPELINE,
        "open_deals win_rate avg_deal_size sales_cycle pipeline_velocity --period 2026-Q2",
        ("40", "25 %", "25,000", "90", "2,777.78"),
    ),
    ("cost per step", FUNNEL, "cpl lead_to_mql mql_to_sql cost_per_sql", ("50", "30 %", "40 %", "416.67")),
    ("cpa", ACTION, "cpa", ("10",)),
    ("roi", RETURN, "marketing_roi gross_margin marketing_roi_margin", ("400 %", "40 %", "100 %")),
    ("incremental roi", INCREMENT, "reported_roi incremental_roi", ("400 %", "100 %")),
    ("pace on an even curve", PACE, "pace --period 2026-06", ("96.0",)),
    ("over-claim", CLAIMS, "over_claim", ("1.842",)),
    ("nps", SURVEY, "nps", ("45",)),
    ("viral coefficient", INVITES, "viral_coefficient", ("1.2",)),
    ("zero denominator", {"ad": [{"date": "2026-01-05", "clicks": 0, "impressions": 0}]}, "ad_ctr", ("–",)),
    ("balance in January", BALANCE, "mrr --period 2026-01", ("100",)),
    ("balance in February", BALANCE, "mrr --period 2026-02", ("120",)),
    ("balance of the quarter is the last one", BALANCE, "mrr --period 2026-Q1", ("120",)),
    ("engaged or bounced", WEB, "engagement_rate bounce_rate", ("63.64 %", "36.36 %")),
]


@pytest.mark.parametrize(("rows", "question", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_golden(
    tiny: Callable[[dict[str, list[Row]]], Workspace],
    rows: dict[str, list[Row]],
    question: str,
    expected: tuple[str, ...],
) -> None:
    assert figures(ask(tiny(rows), question), expected) == expected


def test_the_mean_of_rates_would_be_wrong(tiny: Callable[[dict[str, list[Row]]], Workspace]) -> None:
    by_day = ask(tiny(CTR), "ad_ctr --grain day").column("ad_ctr")
    assert by_day == [0.1, 0.001]
    assert sum(float(str(rate)) for rate in by_day) / 2 == 0.0505


def test_nothing_is_shown_as_a_dash(tiny: Callable[[dict[str, list[Row]]], Workspace]) -> None:
    from leadline.report.table import render_table

    result = ask(tiny({"ad": [{"date": "2026-01-05", "clicks": 0, "impressions": 0}]}), "ad_ctr ad_clicks")
    assert result.rows == [(None, 0)]
    assert render_table(result).splitlines()[-1].split() == ["–", "0"]
