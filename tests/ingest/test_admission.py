"""What a delivery must be before its rows count: of single days, with filters that can read it, of one account."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from kit.loading import Loader, rules, table

ADS = "Campaign status,Campaign,Campaign type,Currency code,Clicks,Impr.,CTR,Avg. CPC,Cost"


def report(days: str, *rows: str, header: str = ADS) -> str:
    return table("Campaign report", f'"{days}"', header, *rows)


ROWS = ("Enabled,Brand,Search,USD,10,100,10.00%,0.50,5.00", "Enabled,Other,Search,USD,20,400,5.00%,0.50,10.00")


@pytest.mark.parametrize("days", ["May 1, 2025 - May 1, 2025", "May 1, 2025"])
def test_a_report_of_one_day_need_not_name_it_in_each_row(tmp_path: Path, days: str) -> None:
    loader = Loader(tmp_path)
    found = loader.load(report(days, *ROWS, "Total: Campaigns,,,USD,30,500,6.00%,0.50,15.00"))
    assert (found.status, rules(found), found.totals) == ("loaded", {}, 1)
    day = dt.date(2025, 5, 1)
    assert loader.rows("ad", "date, campaign, clicks, spend") == [
        (day, "Brand", 10, Decimal("5.000000")),
        (day, "Other", 20, Decimal("10.000000")),
    ]
    assert loader.ledger("coverage", "first, last") == [(dt.datetime(2025, 5, 1), dt.datetime(2025, 5, 1))]


@pytest.mark.parametrize("label", ["Total: Campaigns", "Total"])
def test_its_totals_row_stays_one(tmp_path: Path, label: str) -> None:
    """A row called Total is known by its missing day, which the other rows lack too."""
    loader = Loader(tmp_path)
    found = loader.load(report("May 1, 2025", *ROWS, f"{label},,,USD,30,500,6.00%,0.50,15.00"))
    assert (found.status, found.totals, len(loader.rows("ad"))) == ("loaded", 1, 2)


def test_its_total_is_held_against_the_rows(tmp_path: Path) -> None:
    wrong = Loader(tmp_path).load(report("May 1, 2025", *ROWS, "Total: Campaigns,,,USD,31,500,6.00%,0.50,15.00"))
    assert (wrong.status, list(rules(wrong))) == ("refused", ["control-total"])


def test_a_report_of_two_days_must(tmp_path: Path) -> None:
    found = Loader(tmp_path).load(report("May 1, 2025 - May 2, 2025", *ROWS))
    assert (found.status, list(rules(found))) == ("refused", ["aggregates-over-range"])


def test_a_day_that_rows_do_name_counts(tmp_path: Path) -> None:
    header = ADS.replace("Currency code", "Currency code,Day")
    rows = [row.replace("USD", "USD,2025-05-01") for row in ROWS]
    loader = Loader(tmp_path)
    assert loader.load(report("May 1, 2025 - May 1, 2025", *rows, header=header)).status == "loaded"
    other = [row.replace("USD", "USD,2025-05-03") for row in ROWS]
    found = loader.load(report("May 1, 2025 - May 1, 2025", *other, header=header))
    assert (found.status, "date-outside-report" in rules(found)) == ("refused", True)


def test_two_accounts_in_an_export_that_does_not_name_them_are_refused(tmp_path: Path) -> None:
    header = ADS.replace("Currency code", "Currency code,Day")
    rows = [row.replace("USD", "USD,2025-05-01").replace("Other", "Brand") for row in ROWS]
    loader = Loader(tmp_path)
    found = loader.load(report("May 1, 2025 - May 1, 2025", *rows, header=header))
    assert (found.status, rules(found)) == ("refused", {"duplicate-key": 5})
    [told] = [finding.fix for finding in found.findings if finding.rule == "duplicate-key"]
    assert "the file has no account, account_id, campaign_id, " in told
    assert loader.rows("ad") == []


COSTS = """
title: Costs
currency: EUR
columns: {day: date, what: text, amount: money, size: text}
facts:
  - fact: cost
    key: [day, what]
    where: FILTER
    columns: {date: day, category: what, amount: amount, team: "'marketing'"}
"""
HEADER = "day,what,amount,size"
GOOD = [f"2026-01-{day:02d},tools,10.00,5" for day in range(1, 26)]


def costs(condition: str) -> str:
    return COSTS.replace("FILTER", condition)


def test_a_cell_that_the_filter_reads_and_the_column_cannot_is_set_aside(tmp_path: Path) -> None:
    loader = Loader(tmp_path, costs("amount > 1"))
    found = loader.load(table(HEADER, *GOOD, "2026-01-27,tools,many,5"))
    assert (found.status, rules(found), found.quarantined) == ("loaded", {"not-a-number": 27}, 1)


def test_so_it_is_where_several_facts_share_the_rows(tmp_path: Path) -> None:
    source = costs("amount > 1") + COSTS[COSTS.index("  - fact") :].replace("FILTER", "amount > 100").replace(
        "key: [day, what]", "key: [day, what, amount]"
    )
    found = Loader(tmp_path, source).load(table(HEADER, *GOOD, "2026-01-27,tools,many,5"))
    assert (found.status, rules(found), found.quarantined) == ("loaded", {"not-a-number": 27}, 1)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("try_cast(size as integer) > 3", {"filter-unreadable": 27}),
        ("coalesce(try_cast(size as integer), 0) > 3", {}),
        ("size <> '7'", {}),
    ],
)
def test_a_filled_cell_that_only_the_filter_cannot_read_is_told(
    tmp_path: Path, condition: str, told: dict[str, int]
) -> None:
    loader = Loader(tmp_path, costs(condition))
    found = loader.load(table(HEADER, *GOOD, "2026-01-27,tools,10.00,large", "2026-01-28,tools,10.00,"))
    assert (found.status, rules(found)) == ("loaded", told)
    assert len(loader.rows("cost")) == (26 if condition.startswith("size") else 25)


def test_so_is_one_of_the_filter_of_all_facts(tmp_path: Path) -> None:
    source = "where: try_cast(size as integer) > 3\n" + costs("true")
    found = Loader(tmp_path, source).load(table(HEADER, *GOOD, "2026-01-27,tools,10.00,large"))
    assert (found.status, rules(found)) == ("loaded", {"filter-unreadable": 27})
    [told] = [finding for finding in found.findings if finding.rule == "filter-unreadable"]
    assert (told.severity, told.count) == ("warning", 1)
