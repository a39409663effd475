"""Totals rows: left out, counted, and held against the rows they add up."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit.loading import Loader, rules, table
from leadline.ingest.load import LoadReport

SOURCE = """
title: Costs
currency: EUR
columns: {day: date, what: text, amount: money, seats: integer}
totals: TOTALS
facts:
  - fact: cost
    key: [day, what]
    columns: {date: day, category: what, amount: amount, team: "'marketing'"}
"""
HEADER = "day,what,amount,seats"
ROWS = ("2026-01-01,tools,10.10,1", "2026-01-02,agency,20.20,2", "2026-01-03,events,30.30,3")
BY_WORD = "{columns: [what], pattern: '^total', sums: [amount, seats]}"
BY_RULE = "{where: day is null, sums: [amount, seats]}"
GRAND = "{columns: [what], pattern: '^total', grand: 'all$', sums: [amount, seats]}"


def load(tmp_path: Path, totals: str, *rows: str) -> tuple[Loader, LoadReport]:
    loader = Loader(tmp_path, SOURCE.replace("TOTALS", totals))
    return loader, loader.load(table(HEADER, *rows))


def kept(loader: Loader) -> list[tuple[Any, ...]]:
    return loader.rows("cost", "category, amount")


LOADED = [("tools", Decimal("10.100000")), ("agency", Decimal("20.200000")), ("events", Decimal("30.300000"))]


@pytest.mark.parametrize("totals", [BY_WORD, BY_RULE, GRAND])
def test_a_total_that_agrees_is_left_out(tmp_path: Path, totals: str) -> None:
    loader, report = load(tmp_path, totals, *ROWS, ",Total of all,60.60,6")
    assert (report.status, report.totals, rules(report)) == ("loaded", 1, {})
    assert kept(loader) == LOADED
    assert (report.rows, report.left_out, report.quarantined) == (4, 0, 0)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_it_may_stand_anywhere(tmp_path: Path, place: int) -> None:
    rows = [*ROWS[:place], ",TOTAL,60.60,6", *ROWS[place:]]
    loader, report = load(tmp_path, BY_WORD, *rows)
    assert (report.status, report.totals) == ("loaded", 1)
    assert kept(loader) == LOADED


@pytest.mark.parametrize(
    ("total", "line", "column"),
    [(",Total,60.65,6", 5, "amount"), (",Total,60.60,7", 5, "seats"), (",Total,-60.60,6", 5, "amount")],
)
def test_a_total_that_does_not_agree_refuses_the_file(tmp_path: Path, total: str, line: int, column: str) -> None:
    loader, report = load(tmp_path, BY_WORD, *ROWS, total)
    assert (report.status, rules(report)) == ("refused", {"control-total": line})
    [found] = [finding for finding in report.findings if finding.rule == "control-total"]
    assert found.column == column
    assert kept(loader) == []


def test_a_lost_row_is_missed(tmp_path: Path) -> None:
    _, report = load(tmp_path, BY_WORD, *ROWS[:2], ",Total,60.60,6")
    assert (report.status, list(rules(report))) == ("refused", ["control-total"])
    assert report.error is not None
    assert "amount" in report.error.what
    assert "30.3" in report.error.what, "what the rows add up to"


@pytest.mark.parametrize(("total", "status"), [("60.62", "loaded"), ("60.58", "loaded"), ("60.63", "refused")])
def test_a_total_of_rounded_amounts_may_differ_by_the_rounding(tmp_path: Path, total: str, status: str) -> None:
    # Three amounts and the total, each rounded by at most half a cent: two cents together.
    _, report = load(tmp_path, BY_WORD, *ROWS, f",Total,{total},6")
    assert report.status == status


def test_whole_numbers_may_not_differ_at_all(tmp_path: Path) -> None:
    rows = [f"2026-01-{day:02d},tools,10,1" for day in range(1, 29)]
    assert load(tmp_path, BY_WORD, *rows, ",Total,280,28")[1].status == "loaded"
    assert load(tmp_path, BY_WORD, *rows, ",Total,281,28")[1].status == "refused"


def test_a_vendor_that_estimates_is_given_a_share(tmp_path: Path) -> None:
    within = BY_WORD.replace("}", ", within: 0.02}")
    _, near = load(tmp_path, within, *ROWS, ",Total,61.50,6")
    assert (near.status, rules(near)) == ("loaded", {})
    assert [(one.severity, one.rule) for one in near.findings] == [("note", "control-total")]
    _, far = load(tmp_path, within, *ROWS, ",Total,63.00,6")
    assert (far.status, list(rules(far))) == ("refused", ["control-total"])


def test_a_cell_the_total_leaves_empty_says_nothing(tmp_path: Path) -> None:
    loader, report = load(tmp_path, BY_WORD, *ROWS, ",Total,60.60,")
    assert (report.status, report.totals, rules(report)) == ("loaded", 1, {})
    assert kept(loader) == LOADED


def test_subtotals_are_left_out_and_only_the_grand_total_is_held_against_the_rows(tmp_path: Path) -> None:
    rows = [*ROWS[:2], ",Total of January,30.30,3", ROWS[2], ",Total of all,60.60,6"]
    loader, report = load(tmp_path, GRAND, *rows)
    assert (report.status, report.totals) == ("loaded", 2)
    assert kept(loader) == LOADED
    rows[-1] = ",Total of all,60.60,7"
    assert load(tmp_path, GRAND, *rows)[1].status == "refused"


def test_of_several_totals_without_a_grand_one_none_is_held_against_all_rows(tmp_path: Path) -> None:
    rows = [ROWS[0], ",Total tools,10.10,1", ROWS[1], ",Total agency,20.20,2"]
    loader, report = load(tmp_path, BY_WORD, *rows)
    assert (report.status, report.totals, rules(report)) == ("loaded", 2, {})
    assert kept(loader) == LOADED[:2]


def test_totals_by_a_rule_may_add_up_together(tmp_path: Path) -> None:
    """Two rows without a day, as for two currencies or networks, whose sum is the file's."""
    assert load(tmp_path, BY_RULE, *ROWS, ",search,30.30,3", ",display,30.30,3")[1].status == "loaded"
    assert load(tmp_path, BY_RULE, *ROWS, ",search,30.30,3", ",display,31.30,3")[1].status == "refused"


def test_a_file_without_a_total_is_complete_as_far_as_anyone_knows(tmp_path: Path) -> None:
    loader, report = load(tmp_path, BY_WORD, *ROWS)
    assert (report.status, report.totals, rules(report)) == ("loaded", 0, {})
    assert kept(loader) == LOADED


def test_a_file_of_nothing_but_a_total_of_nothing(tmp_path: Path) -> None:
    loader, report = load(tmp_path, BY_WORD, ",Total,0,0")
    assert (report.status, report.totals) == ("loaded", 1)
    assert kept(loader) == []
    assert load(tmp_path, BY_WORD, ",Total,5.00,1")[1].status == "refused"


def test_a_campaign_that_is_called_total_is_a_row_where_the_rule_asks_for_more(tmp_path: Path) -> None:
    loader, report = load(tmp_path, "{where: day is null and what ilike 'total%', sums: [amount]}",
                          *ROWS, "2026-01-04,Total Wine,5.00,1", ",Total,65.60,7")  # fmt: skip
    assert (report.status, report.totals) == ("loaded", 1)
    assert ("Total Wine", Decimal("5.000000")) in kept(loader)


def test_a_total_nobody_described_is_no_row_either(tmp_path: Path) -> None:
    source = SOURCE.replace("totals: TOTALS\n", "")
    rows = [f"2026-01-{day:02d},tools,10.00,1" for day in range(1, 29)]
    loader = Loader(tmp_path, source)
    report = loader.load(table(HEADER, *rows, "2026-01-29,Total,280.00,28"))
    assert (report.status, rules(report), report.quarantined) == ("loaded", {"total-row": 30}, 1)
    assert len(kept(loader)) == 28


def test_derived_columns_are_no_sums_of_the_file(tmp_path: Path) -> None:
    source = SOURCE.replace("TOTALS", BY_WORD.replace("seats]", "seats, double]")) + "derived: {double: amount * 2}\n"
    report = Loader(tmp_path, source).load(table(HEADER, *ROWS, ",Total,60.60,6"))
    assert (report.status, report.totals) == ("loaded", 1)
