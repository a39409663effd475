"""What the scorecard and tables say of time: no comparison with its reason, settling conversions, retail months."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kit import give, make_workspace
from leadline.report.note import time_notes
from leadline.report.scorecard import build_scorecard
from leadline.report.scorecard_text import render_scorecard
from leadline.report.table import render_table
from leadline.workspace import Workspace

METRICS = """
t_orders: {formula: count(order), name: Orders taken, better: higher}
t_conversions: {formula: sum(ad.conversions), name: Conversions claimed, better: higher}
"""


def orders(first: str, last: str, name: str = "o") -> list[dict[str, Any]]:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return [
        {"order_id": f"{name}{n}", "_key": f"{name}{n}", "amount": 1, "currency": "EUR"}
        | {"ordered_at": f"{date.fromisoformat(first) + timedelta(days=n)} 12:00"}
        for n in range(days)
    ]


def space(folder: Path, rows: list[dict[str, Any]], today: str, settings: str = "") -> Workspace:
    workspace = make_workspace(folder, metrics=METRICS, today=today, settings=settings)
    give(workspace, {"order": rows}, source="shop")
    return workspace


def test_the_scorecard_says_why_there_is_no_comparison(tmp_path: Path) -> None:
    with space(tmp_path, orders("2025-01-01", "2026-04-10"), "2026-04-11") as workspace:
        give(workspace, {"order": orders("2026-02-20", "2026-04-10", "m")}, source="market")
        card = build_scorecard(workspace, kpis=["t_orders"], grain="month")
        [kpi] = card.kpis
        assert (kpi.period, kpi.value, kpi.previous.base) == (date(2026, 3, 1), 62, None)
        assert "Orders taken: Mar 2026 is not compared: market begins on 2026-02-20" in render_scorecard(card)


def test_the_scorecard_waits_for_conversions_to_settle(tmp_path: Path) -> None:
    settings = "sources:\n  ads: {lag: 14 days}\n"
    with space(tmp_path, orders("2026-01-01", "2026-04-10"), "2026-04-11", settings) as workspace:
        rows = [
            {"date": str(date(2026, 1, 1) + timedelta(days=n)), "conversions": 1, "_key": f"{n}"} for n in range(100)
        ]
        give(workspace, {"ad": rows}, source="ads")
        card = build_scorecard(workspace, kpis=["t_conversions", "t_orders"], grain="month")
        found = {kpi.definition.id: kpi for kpi in card.kpis}
        assert (found["t_conversions"].period, found["t_conversions"].state) == (date(2026, 2, 1), "settling")
        assert (found["t_orders"].period, found["t_orders"].state) == (date(2026, 3, 1), "complete")
        assert "° Conversions claimed shows Feb 2026: conversions of later days" in render_scorecard(card)


def test_the_scorecard_of_a_retail_calendar_shows_retail_months(tmp_path: Path) -> None:
    """On April 2, 2023 the retail March (February 26 to April 1) is over."""
    retail = "retail_calendar: 4-5-4\n"
    with space(tmp_path, orders("2022-01-30", "2023-04-03"), "2023-04-04", retail) as workspace:
        [kpi] = build_scorecard(workspace, kpis=["t_orders"], grain="month").kpis
        assert (kpi.period, kpi.value) == (date(2023, 2, 26), 35)
        assert (kpi.previous.base, kpi.year.base) == (28, 35)
        assert kpi.periods[-3:] == (date(2023, 1, 29), date(2023, 2, 26), date(2023, 4, 2))
        assert kpi.unfinished == 1


def test_a_table_tells_the_days_it_holds_against_each_other(tmp_path: Path) -> None:
    with space(tmp_path, orders("2026-01-01", "2026-03-30"), "2026-03-30") as workspace:
        result = workspace.query(["t_orders"], period="mtd", compare=["previous"])
        text = render_table(result).replace("\u2009", " ")
        assert "§ Mar 1 – 30, 2026 is held against Feb 1 – 28, 2026 (30 days against 28), today as far as" in text
        assert "§ the same part of the earlier period, not all of it" in text


def test_long_lists_of_notes_are_cut_and_counted(tmp_path: Path) -> None:
    entries = [
        {"period": f"2026-0{month}-01", "columns": ["x"], "kind": "none", "why": f"reason {month}"}
        | {"part": {"from": f"2026-0{month}-01", "until": f"2026-0{month}-02"}}
        for month in range(1, 7)
    ]
    notes = time_notes({"grain": "month", "compared": entries})
    assert [note.split(": ")[-1] for note in notes[:3]] == ["reason 6", "reason 5", "reason 4"]
    assert notes[3] == "and 3 more like these (--format json has all)"
