"""The reports over a real workspace: rows in, scorecard and page out."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.report.html import render_html
from leadline.report.scorecard import build_scorecard
from leadline.report.scorecard_text import render_scorecard
from leadline.report.table import render_table
from leadline.report.view import Breakdown
from leadline.workspace import Workspace, open_workspace

METRICS = """
takings: {formula: sum(order.amount), name: Takings, doc: "What came in. Before refunds.", stage: revenue, timing: late}
spent: {formula: sum(ad.spend), better: lower, stage: awareness, timing: early}
blended: {formula: takings / spent, unit: ratio, stage: revenue}
lead_mql: {formula: "reach(lead, mql, within 60 days)", unit: percent, stage: activation, timing: mid}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    space = make_workspace(tmp_path, metrics=METRICS, today="2026-04-13")
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "scorecard.yaml").write_text("kpis: [takings, spent, blended, lead_mql]\n")
    days = [dt.date(2024, 12, 1) + dt.timedelta(days=number) for number in range(498)]  # to 12 April 2026
    orders = [
        {"ordered_at": f"{day} 12:00:00", "order_id": f"o{n}", "amount": Decimal(10 + n % 7), "currency": "EUR",
         "channel": "=cmd()" if n % 2 else "Email"}
        for n, day in enumerate(days)
    ]  # fmt: skip
    ads = [{"date": day, "spend": Decimal("2.50"), "currency": "EUR"} for day in days if day < dt.date(2026, 3, 4)]
    entries = []
    for n, day in enumerate(days):
        entries.append({"entered_at": f"{day} 08:00:00", "stage": "lead", "person_id": f"p{n}"})
        if n % 4 == 0 and n < len(days) - 20:
            later = day + dt.timedelta(days=20)
            entries.append({"entered_at": f"{later} 08:00:00", "stage": "mql", "person_id": f"p{n}"})
    give(space, {"order": orders, "stage_entry": entries})
    give(space, {"ad": ads}, source="ads")
    return open_workspace(tmp_path)


def test_scorecard_of_a_real_workspace(workspace: Workspace) -> None:
    card = build_scorecard(workspace)
    told = {kpi.definition.id: kpi for kpi in card.kpis}
    takings = told["takings"]
    assert (takings.period, takings.state, takings.currency) == (dt.date(2026, 3, 1), "complete", "EUR")
    march = [
        10 + n % 7 for n in range(498) if (dt.date(2024, 12, 1) + dt.timedelta(days=n)).strftime("%Y%m") == "202603"
    ]
    assert takings.value == sum(march)
    assert takings.fresh_to == dt.date(2026, 4, 12)
    assert takings.unfinished == 1
    assert takings.year.verdict in ("better", "worse", "steady")
    assert (told["spent"].period, told["spent"].state) == (dt.date(2026, 2, 1), "late")
    assert (told["spent"].value, told["spent"].fresh_to) == (Decimal(70), dt.date(2026, 3, 3))
    assert (told["blended"].period, told["blended"].state) == (dt.date(2026, 2, 1), "late")
    assert told["lead_mql"].state == "maturing"
    assert told["lead_mql"].period == dt.date(2026, 1, 1)
    assert told["lead_mql"].value == pytest.approx(0.25, abs=0.02)
    text = render_scorecard(card)
    assert "Takings" in text
    assert "€" in text


def test_report_and_table_of_a_real_workspace(workspace: Workspace) -> None:
    parts = [
        Breakdown("By channel", workspace.query(["takings"], by=["channel"], period="2026-Q1", compare=["year"])),
        Breakdown("By month", workspace.query(["takings"], by=["channel"], grain="month", period="2026")),
    ]
    page = render_html(build_scorecard(workspace), breakdowns=parts)
    assert "SELECT" in page
    assert "What came in." in page
    table = render_table(parts[1].result)
    assert "Apr 2026" in table
    assert "* period not finished yet" in table
