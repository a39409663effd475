"""A metric that meant one thing until a day and another after: each period by the definition in effect in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import DefinitionError, RefusedError, UsageError
from leadline.workspace import Workspace

METRICS = """
hot:
  formula: count(stage_entry where stage = 'mql' and channel <> 'Email')
  version: 2
  versions:
    - {until: 2026-03-14, formula: "count(stage_entry where stage = 'mql')", note: mail goes to sales now}
rate: hot / leads
growth: hot / prior(hot) - 1
people:
  formula: distinct(stage_entry.person_id where stage = 'mql' and channel <> 'Email')
  version: 2
  versions: [{until: 2026-03-14, formula: distinct(stage_entry.person_id where stage = 'mql')}]
open:
  formula: last(subscription.mrr)
  version: 2
  versions: [{until: 2026-03-14, formula: last(subscription.mrr where plan = 'Pro')}]
typical:
  formula: median(deal.amount)
  version: 5
  versions:
    - {until: 2026-02-28, formula: max(deal.amount), version: 4}
    - {until: 2026-01-31, formula: min(deal.amount), version: 2}
"""


def entry(day: str, stage: str, channel: str) -> dict[str, Any]:
    return {"entered_at": f"{day}T12:00:00", "stage": stage, "person_id": f"p{day}{channel}", "channel": channel}


# Of each month: one MQL by mail and one by search on the 10th, the same on the 20th; four leads.
ENTRIES = [
    entry(f"2026-0{month}-{day}", stage, channel)
    for month in (1, 2, 3, 4)
    for day in (10, 20)
    for stage in ("lead", "mql")
    for channel in ("Email", "Search")
]
# Somebody in June, so that nothing before is unfinished.
ENTRIES.append(entry("2026-06-14", "seen", "Search"))


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    workspace = make_workspace(tmp_path / "shop", metrics=METRICS, timezone="Europe/Berlin")
    subscriptions = [
        {"subscription_id": f"s{n}", "started_at": "2026-01-05", "mrr": 10 * n, "plan": plan}
        for n, plan in ((1, "Pro"), (2, "Team"))
    ]
    deals = [
        {"deal_id": f"d{month}{n}", "created_at": f"2026-0{month}-10", "amount": amount}
        for month in (1, 2, 3)
        for n, amount in enumerate((10, 20, 60))
    ]
    give(workspace, {"stage_entry": ENTRIES, "subscription": subscriptions, "deal": deals})
    return workspace


def months(shop: Workspace, metric: str, **options: Any) -> list[tuple[Any, str | None]]:
    """A value and its mark for January to April."""
    result = shop.query([metric], grain="month", period="2026-01..2026-04", **options)
    at = result.names.index(metric)
    return [(row[at], result.marks.get((number, at))) for number, row in enumerate(result.rows)]


def test_each_period_has_the_definition_in_effect(shop: Workspace) -> None:
    # January and February by the old one; of March the 10th by the old and the 20th by the new; April by the new.
    assert months(shop, "hot") == [(4, None), (4, None), (3, "redefined"), (2, None)]
    assert months(shop, "hot", definition="newest") == [(2, None)] * 4
    assert months(shop, "hot", definition="2026-01-01") == [(4, None)] * 4


def test_a_change_on_the_first_of_a_month_marks_that_month(tmp_path: Path) -> None:
    shop = make_workspace(tmp_path / "shop", metrics=METRICS.replace("2026-03-14", "2026-02-28"))
    give(shop, {"stage_entry": ENTRIES})
    assert months(shop, "hot") == [(4, None), (4, None), (2, "redefined"), (2, None)]


def test_the_last_day_ends_where_the_workspace_is(tmp_path: Path) -> None:
    shop = make_workspace(tmp_path / "shop", metrics=METRICS, timezone="Europe/Berlin")
    # Five to midnight and five past it on the 14th in Berlin, which is an hour ahead of UTC.
    rows = [
        {"entered_at": f"2026-03-14T{clock}", "stage": "mql", "person_id": clock, "channel": "Email"}
        for clock in ("22:55:00", "23:05:00")
    ]
    give(shop, {"stage_entry": rows})
    assert shop.query(["hot"], period="2026-03").rows == [(1,)]


def test_what_adds_up_is_put_together_from_both_halves_of_any_time(shop: Workspace) -> None:
    result = shop.query(["hot"], period="2026-01..2026-04")
    assert result.rows == [(4 + 4 + 3 + 2,)]
    assert result.marks == {(0, 0): "redefined"}
    assert shop.query(["hot"]).rows == [(13,)], "all time"
    by = shop.query(["hot"], by=["channel"], period="2026-03")
    assert by.rows == [("Email", 1), ("Search", 2)]


def test_rows_without_a_time_go_by_the_newest_definition(tmp_path: Path) -> None:
    metrics = """
won:
  formula: count(deal where amount > 50 at won_at)
  version: 2
  versions: [{until: 2026-01-31, formula: count(deal at won_at)}]
"""
    shop = make_workspace(tmp_path / "shop", metrics=metrics)
    give(
        shop,
        {
            "deal": [
                {"deal_id": "a", "created_at": "2026-01-01", "won_at": "2026-01-10", "amount": 10},
                {"deal_id": "b", "created_at": "2026-01-01", "won_at": "2026-02-10", "amount": 10},
                {"deal_id": "c", "created_at": "2026-01-01", "won_at": None, "amount": 60},
                {"deal_id": "d", "created_at": "2026-01-01", "won_at": None, "amount": 10},
            ]
        },
    )
    assert shop.query(["won"]).rows == [(2,)], "a by the old one, c by the new one"


def test_metrics_of_a_changed_one_change_with_it(shop: Workspace) -> None:
    assert months(shop, "rate") == [(1.0, None), (1.0, None), (0.75, "redefined"), (0.5, None)]


def test_a_comparison_reads_the_definition_of_its_own_time(shop: Workspace) -> None:
    growth = months(shop, "growth")
    assert [value for value, _ in growth[1:]] == [0.0, pytest.approx(3 / 4 - 1), pytest.approx(2 / 3 - 1)]
    assert [mark for _, mark in growth[1:]] == [None, "redefined", "redefined"], "April is held against a mixed March"
    result = shop.query(["hot"], grain="month", period="2026-04", compare=["previous"])
    assert result.rows[0][1:] == (2, 3)
    assert result.marks[0, 2] == "redefined"


def test_what_cannot_be_put_together_has_no_value_in_the_period_of_the_change(shop: Workspace) -> None:
    assert months(shop, "people") == [(4, None), (4, None), (None, "redefined"), (2, None)]
    assert [value for value, _ in months(shop, "people", definition="newest")] == [2, 2, 2, 2]


def test_a_single_number_over_two_definitions_is_refused_with_the_cure(shop: Workspace) -> None:
    with pytest.raises(RefusedError, match="definition-changed") as caught:
        shop.query(["people"], period="2026-02..2026-03")
    assert "people means something else from 2026-03-15 on" in caught.value.what
    assert "--definition newest, or --definition 2026-03-14" in caught.value.fix
    assert shop.query(["people"], period="2026-02").rows == [(4,)]
    assert shop.query(["people"], period="2026-02..2026-03", definition="newest").rows == [(4,)]


def test_a_balance_takes_the_definition_of_the_day_it_is_measured_on(shop: Workspace) -> None:
    assert [value for value, _ in months(shop, "open")] == [10, 10, 30, 30]
    assert shop.query(["open"], period="2026-03").rows == [(30,)]


def test_several_versions_and_their_numbers(shop: Workspace) -> None:
    assert [value for value, _ in months(shop, "typical")] == [10, 60, 20, None]
    told = shop.query(["typical"], grain="month", period="2026-01..2026-04").provenance
    assert [(one["from"], one["was"], one["version"]) for one in told["breaks"]] == [
        ("2026-02-01", 2, 4),
        ("2026-03-01", 4, 5),
    ]


def test_a_change_yet_to_come_leaves_today_alone(tmp_path: Path) -> None:
    shop = make_workspace(tmp_path / "shop", metrics=METRICS.replace("2026-03-14", "2026-06-20"), today="2026-06-15")
    give(shop, {"stage_entry": [entry("2026-06-10", "mql", "Email"), entry("2026-06-11", "mql", "Search")]})
    assert shop.query(["people"], period="2026-06").rows == [(2,)]
    assert shop.query(["hot"], period="2026-06").rows == [(2,)]


def test_provenance_tells_of_the_change_and_what_was_asked(shop: Workspace) -> None:
    told = shop.query(["rate"], grain="month", period="2026").provenance
    assert told["definition"] == "in-effect"
    assert told["breaks"] == [
        {"metric": "hot", "from": "2026-03-15", "version": 2, "was": 1, "columns": ["rate"],
         "note": "mail goes to sales now"}
    ]  # fmt: skip
    assert shop.query(["rate"], period="2026", definition="newest").provenance["definition"] == "newest"
    assert shop.query(["leads"], period="2026").provenance["breaks"] == []


def test_the_records_behind_a_cell_are_those_of_its_definition(shop: Workspace) -> None:
    result = shop.query(["hot"], grain="month", period="2026-01..2026-04")
    counts = [sum(one.count for one in shop.records_of(result, row, "hot")) for row in range(4)]
    assert counts == [4, 4, 3, 2]
    people = shop.query(["people"], grain="month", period="2026-01..2026-04")
    assert shop.records_of(people, 2, "people") == []


@pytest.mark.parametrize(
    ("versions", "what"),
    [
        ("[{until: 2026-03-14, formula: 'sum(nothing.x)'}]", "nothing"),
        ("[{until: 2026-03-14, formula: 'sum('}]", "versions|formula|own.yaml"),
        ("[{until: 2026-03-14, formula: leads}, {until: 2026-03-14, formula: mql}]", "Two versions of one hold until"),
        ("[{until: 2026-03-14, formula: leads, version: 1}]", "Two versions of one have number 1"),
        ("[{until: 2026-03-14, formula: one}]", "defined by itself"),
        ("[{until: 2026-03-14, formula: sum(ad.spend)}]", "was in money and is in count"),
        ("[{until: soon, formula: leads}]", "own.yaml:4"),
    ],
)
def test_a_wrong_version_is_told_with_its_place(tmp_path: Path, versions: str, what: str) -> None:
    with pytest.raises(DefinitionError, match=what) as caught:
        make_workspace(tmp_path / "w", metrics=f"one:\n  formula: count(ad)\n  version: 1\n  versions: {versions}\n")
    assert "own.yaml" in str(caught.value)


def test_a_day_that_is_none(shop: Workspace) -> None:
    with pytest.raises(UsageError, match="bad-definition-day"):
        shop.query(["hot"], definition="lately")


def test_metrics_without_versions_pay_nothing(shop: Workspace) -> None:
    names = ["leads", "mql", "revenue", "orders", "ad_spend", "ad_clicks", "sessions", "cpc", "aov", "lead_to_mql"]
    plan = shop.compile(shop.ask(names, grain="month", period="2026"))
    assert all(not output.by_label for output in plan.outputs)
