"""How much of each period is there: completeness by source, gaps, lateness, and conversions that still settle."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import DefinitionError
from leadline.project import read_project
from leadline.report.note import time_notes
from leadline.workspace import Workspace

METRICS = """
t_spend: {formula: sum(ad.spend), unit: money}
t_conversions: sum(ad.conversions)
t_cpa: {formula: t_spend / t_conversions, unit: money}
t_orders: count(order)
"""


def ads(first: str, last: str, platform: str = "g") -> list[dict[str, Any]]:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return [
        {"date": str(date.fromisoformat(first) + timedelta(days=n)), "platform": platform, "spend": 10}
        | {"conversions": 2, "currency": "EUR", "_key": f"{first}-{n}"}
        for n in range(days)
    ]


def deliver(workspace: Workspace, rows: list[dict[str, Any]], source: str, *, covers: bool = True) -> None:
    """Load rows that speak for the days from the first to the last of them."""
    give(workspace, {"ad": rows}, source=source)
    if covers:
        warehouse = workspace.warehouse(write=True)
        with warehouse.load(source, "coverage", rows[0]["date"], "test") as load:
            load.cover("ad", date.fromisoformat(rows[0]["date"]), date.fromisoformat(rows[-1]["date"]))
        workspace.close()


def test_each_period_states_the_share_of_its_days_by_source(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, today="2026-03-12") as workspace:
        deliver(workspace, ads("2026-01-17", "2026-03-12"), "google")
        deliver(workspace, ads("2026-02-01", "2026-03-06", "m"), "meta")
        result = workspace.query(["t_spend"], grain="month")
        assert result.provenance["completeness"] == {
            "ad": {
                "google": {"2026-01-01": round(15 / 31, 4), "2026-02-01": 1, "2026-03-01": round(12 / 31, 4)},
                "meta": {"2026-02-01": 1, "2026-03-01": round(6 / 31, 4)},
            }
        }
        assert time_notes(result.provenance)[-1] == (
            "days covered of Mar 2026: google 39%, meta 19%; Jan 2026: google 48%"
        )


def test_days_that_no_load_speaks_for_are_a_gap(tmp_path: Path) -> None:
    """January was delivered to the 10th and from the 21st: 21 of 31 days."""
    with make_workspace(tmp_path, metrics=METRICS, today="2026-02-28") as workspace:
        deliver(workspace, ads("2026-01-01", "2026-01-10"), "google")
        deliver(workspace, ads("2026-01-21", "2026-02-28"), "google")
        result = workspace.query(["t_spend"], grain="month")
        assert result.provenance["completeness"]["ad"]["google"] == {
            "2026-01-01": round(21 / 31, 4), "2026-02-01": 1,
        }  # fmt: skip


def test_overlapping_loads_count_a_day_once(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, today="2026-01-31") as workspace:
        deliver(workspace, ads("2026-01-01", "2026-01-20"), "google")
        deliver(workspace, ads("2026-01-11", "2026-01-31"), "google")
        assert workspace.query(["t_spend"], period="2026-01").provenance["completeness"] == {
            "ad": {"google": {"all": 1}}
        }


def test_local_days_are_covered_by_the_moments_of_a_load(tmp_path: Path) -> None:
    """From half past midnight in Berlin, the evening before in UTC."""
    with make_workspace(tmp_path, metrics=METRICS, timezone="Europe/Berlin", today="2026-01-31") as workspace:
        rows = [
            {"order_id": f"{n}", "amount": 1, "currency": "EUR", "_key": f"{n}"}
            | {"ordered_at": f"{date(2025, 12, 31) + timedelta(days=n)} 23:30"}
            for n in range(31)
        ]
        give(workspace, {"order": rows}, source="shop")
        result = workspace.query(["t_orders"], period="2026-01")
        assert result.provenance["completeness"] == {"order": {"shop": {"all": 1}}}
        assert result.marks == {}


# Conversions that settle


SETTLING = "sources:\n  google: {lag: 3 days}\n"


@pytest.mark.parametrize(
    ("through", "mark"),
    [("2026-02-27", "unfinished"), ("2026-02-28", "settling"), ("2026-03-02", "settling"), ("2026-03-03", None)],
)
def test_the_last_days_of_conversions_settle(tmp_path: Path, through: str, mark: str | None) -> None:
    with make_workspace(tmp_path, metrics=METRICS, today="2026-03-20", settings=SETTLING) as workspace:
        deliver(workspace, ads("2026-01-01", through), "google")
        result = workspace.query(["t_spend", "t_conversions", "t_cpa"], period="2026-02")
        # What was spent is final; what it brought is not.
        assert result.marks.get((0, 0)) == (mark if mark == "unfinished" else None)
        assert [result.marks.get((0, column)) for column in (1, 2)] == [mark, mark]
        assert result.provenance["settling"] == ({"all": ["google"]} if mark == "settling" else {})


def test_a_lag_of_vendors_sources_and_settings(tmp_path: Path) -> None:
    settings = "sources:\n  google_ads: {lag: 2 weeks}\n  meta_ads: {begins: 2025-01-01}\n"
    with make_workspace(tmp_path, settings=settings) as workspace:
        (tmp_path / "sources").mkdir()
        (tmp_path / "sources" / "crm.yaml").write_text("title: CRM\nlag: 5 days # they correct for days\n")
        clocks = read_project(workspace.path).clocks
        assert (clocks["google_ads"].lag, clocks["meta_ads"].lag, clocks["crm"].lag) == (14, 7, 5)
        assert clocks["meta_ads"].begins == date(2025, 1, 1)


@pytest.mark.parametrize("text", ["title: CRM\nlag: soon\n", "title: CRM\nbegins: yesterday\n"])
def test_a_lag_that_cannot_be_read_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    with make_workspace(tmp_path) as workspace:
        (tmp_path / "sources").mkdir()
        (tmp_path / "sources" / "crm.yaml").write_text(text)
        with pytest.raises(DefinitionError) as caught:
            read_project(workspace.path)
        assert "sources/crm.yaml" in caught.value.why


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("retail_calendar: 4-5-5\n", "bad-definition"),
        ("retail_calendar: 4-5-4\nweek_start: monday\n", "two-calendars"),
        ("retail_calendar: 4-5-4\nfiscal_year_start: 2\n", "two-calendars"),
        ("retail_year_ends: last friday of june\n", "bad-definition"),
        ("retail_calendar: 4-5-4\nretail_year_ends: last friday june\n", "bad-year-end"),
    ],
)
def test_calendars_that_contradict_themselves_are_refused(tmp_path: Path, settings: str, code: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        make_workspace(tmp_path, settings=settings)
    assert caught.value.code == code
    assert "leadline.yaml:" in caught.value.why


def test_a_source_that_feeds_nothing_of_a_measure_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`google` is whole, `meta` stops on the 6th: unfinished is the sum of both, not what only google brings."""
    metrics = METRICS + (
        "t_google: {formula: sum(ad.spend where platform = 'g'), unit: money}\n"
        "t_meta: {formula: sum(ad.spend where platform = 'm'), unit: money}\n"
        "t_none: {formula: sum(ad.spend where platform = 'x'), unit: money}\n"
    )
    with make_workspace(tmp_path, metrics=metrics, today="2026-03-12") as workspace:
        deliver(workspace, ads("2026-02-01", "2026-03-12"), "google")
        deliver(workspace, ads("2026-02-01", "2026-03-06", "m"), "meta")
        late = {
            name: workspace.query([name], grain="week", period="2026-03-02..2026-03-08").provenance["late"]
            for name in ("t_spend", "t_google", "t_meta", "t_none")
        }
        week = {"2026-03-02": ["meta"]}
        assert late == {"t_spend": week, "t_google": {}, "t_meta": week, "t_none": week}
        # Asked together they are one more reading of the fact, not one a condition.
        warehouse = workspace.warehouse()
        asked: list[str] = []
        monkeypatch.setattr(warehouse, "rows", lambda sql: (asked.append(sql), type(warehouse).rows(warehouse, sql))[1])
        workspace.query(["t_google", "t_meta", "t_spend"], grain="month", period="2026-03", where="spend > 0")
        assert len(asked) == 1
        workspace._feeding.clear()
        workspace.query(["t_google", "t_meta", "t_none"], grain="month", period="2026-03", where="spend > 1")
        assert [sql.count("_source") > 0 for sql in asked[1:]] == [False, True]
