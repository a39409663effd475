"""The demo from end to end: what the product answers over the loaded files is the truth, cell by cell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kit.fathomere import Built, built
from leadline.demo import DemoResult, run
from leadline.errors import UsageError
from leadline.workspace import Workspace, open_workspace

pytestmark = pytest.mark.slow

# Metric, the truth's measure, month, channel.
CELLS = (
    ("ad_spend", "spend", "2024-07", "Paid Search"),
    ("ad_spend", "spend", "2026-06", "Paid Social"),
    ("ad_spend", "spend", "2025-12", ""),
    ("impressions", "impressions", "2025-03", "Paid Search"),
    ("impressions", "impressions", "2026-02", "Paid Social"),
    ("ad_clicks", "clicks", "2025-08", "Paid Social"),
    ("ad_clicks", "clicks", "2024-11", ""),
    ("sessions", "sessions", "2024-07", "Organic Search"),
    ("sessions", "sessions", "2025-10", "Email"),
    ("sessions", "sessions", "2026-06", ""),
    ("new_users", "new_users", "2025-05", "Direct"),
    ("organic_sessions", "sessions", "2026-01", "Organic Search"),
    ("contacts_created", "contacts", "2025-02", ""),
    ("leads", "leads", "2024-07", "Organic Search"),
    ("leads", "leads", "2025-09", "Paid Search"),
    ("leads", "leads", "2026-05", "Paid Social"),
    ("leads", "leads", "2026-06", ""),
    ("mql", "mqls", "2025-10", "Referral"),
    ("mql", "mqls", "2026-06", ""),
    ("sql", "sqls", "2025-04", ""),
    ("sqo", "opportunities", "2025-11", "Direct"),
    ("new_customers", "new_customers", "2026-03", ""),
    ("opportunities", "deals_created", "2025-06", ""),
    ("pipeline_created", "pipeline_created", "2026-04", ""),
    ("won_deals", "deals_won", "2025-12", ""),
    ("won_revenue", "won_amount", "2026-05", ""),
    ("revenue", "charged", "2024-12", ""),
    ("revenue", "charged", "2026-06", ""),
    ("orders", "payments", "2025-07", ""),
    ("mrr", "mrr", "2024-07", ""),
    ("mrr", "mrr", "2025-10", ""),
    ("mrr", "mrr", "2026-06", ""),
    ("customers", "paying_customers", "2026-02", ""),
    ("churned_customers", "lost_customers", "2025-09", ""),
    ("churned_customers", "lost_customers", "2026-05", ""),
    ("churned_mrr", "lost_mrr", "2026-03", ""),
    ("program_spend", "marketing_cost", "2025-01", ""),
    ("sales_cost", "sales_cost", "2026-06", ""),
    ("email_sent", "emails_sent", "2025-03", ""),
    ("email_opens", "email_opens", "2026-05", ""),
    ("registrations", "registrations", "2025-09", ""),
    ("attendees", "attendees", "2025-09", ""),
    ("attendees", "attendees", "2026-05", ""),
    ("seo_clicks", "search_clicks", "2026-04", ""),
    ("active_users", "active_users", "2026-05", ""),
    ("signups", "product_signup", "2025-10", ""),
)

RATES = (
    ("cpc", "spend", "clicks"),
    ("ad_ctr", "clicks", "impressions"),
    ("visit_to_lead", "leads", "sessions"),
    ("lead_to_mql", "leads_mql_in_90_days", "leads"),
    ("lead_work_rate", "mqls_worked_in_14_days", "mqls"),
    ("email_open_rate", "email_opens", "emails_delivered"),
    ("attendance_rate", "attendees", "registrations"),
    ("watch_minutes", "minutes_attended", "attendees"),
    ("aov", "charged", "payments"),
    ("avg_deal_size", "won_amount", "deals_won"),
    ("cpl", "marketing_cost", "leads"),
)
# A month in which every cohort has had its time and a webinar took place.
MATURE = "2025-09"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(tmp_path_factory)


@pytest.fixture(scope="module")
def demo(made: Built) -> DemoResult:
    return made.demo


@pytest.fixture(scope="module")
def workspace(demo: DemoResult) -> Iterator[Workspace]:
    with open_workspace(demo.folder) as opened:
        yield opened


def ask(workspace: Workspace, metric: str, month: str, channel: str) -> Decimal:
    """One number, by month and channel as a user would ask for it."""
    by = ("channel",) if channel else ()
    result = workspace.query([metric], by=by, grain="month", period=month)
    channels = result.column("channel") if channel else [""] * len(result.rows)
    cells = [value for value, label in zip(result.column(metric), channels, strict=True) if label == channel]
    assert len(cells) == 1, (metric, month, channel, result.rows)
    return Decimal(str(cells[0] or 0))


@pytest.mark.parametrize(("metric", "measure", "month", "channel"), CELLS)
def test_answers_are_the_truth(
    demo: DemoResult, workspace: Workspace, metric: str, measure: str, month: str, channel: str
) -> None:
    truth = demo.truth.value(measure, month, channel)
    assert truth > 0
    assert ask(workspace, metric, month, channel) == truth


@pytest.mark.parametrize(("metric", "above", "below"), RATES)
def test_rates_are_the_quotients_of_the_truth(
    demo: DemoResult, workspace: Workspace, metric: str, above: str, below: str
) -> None:
    truth = demo.truth.value(above, MATURE) / demo.truth.value(below, MATURE)
    assert float(ask(workspace, metric, MATURE, "")) == pytest.approx(float(truth), rel=1e-9)


def test_sales_cycle_is_the_true_median(demo: DemoResult, workspace: Workspace) -> None:
    truth = demo.truth.medians["sales_cycle_days"][MATURE]
    assert float(ask(workspace, "sales_cycle", MATURE, "")) == pytest.approx(truth, rel=1e-9)


def test_net_promoter_score_is_the_truth(demo: DemoResult, workspace: Workspace) -> None:
    month = "2026-05"
    answers = demo.truth.value("survey_answers", month)
    truth = 100 * (demo.truth.value("promoters", month) - demo.truth.value("detractors", month)) / answers
    assert float(ask(workspace, "nps", month, "")) == pytest.approx(float(truth))


def test_what_a_platform_claims_is_the_truth_about_its_claims(demo: DemoResult, workspace: Workspace) -> None:
    campaigns = [campaign.name for campaign in demo.truth.company.campaigns if campaign.platform == "google_ads"]

    def total(measure: str) -> float:
        months = demo.truth.by_campaign[measure]
        return float(sum(months[f"2025-{month:02d}"].get(name, 0) for month in range(1, 13) for name in campaigns))

    result = workspace.query(["cpa"], period="2025", where="platform = 'google_ads'")
    assert float(str(result.column("cpa")[0])) == pytest.approx(total("spend") / total("claimed_conversions"), rel=1e-9)
    assert total("claimed_conversions") > total("leads"), "a platform claims more than there was"


def test_every_month_and_channel_of_a_series(demo: DemoResult, workspace: Workspace) -> None:
    result = workspace.query(["leads"], by=("channel",), grain="month", period="2024-07..2026-07")
    names = [column.name for column in result.columns]
    kinds = [column.kind for column in result.columns]
    time, channel, leads = kinds.index("time"), names.index("channel"), names.index("leads")
    found = {(f"{row[time]:%Y-%m}", row[channel]): row[leads] for row in result.rows if row[leads]}
    truth = {
        (month, name): value
        for month, channels in demo.truth.by_channel["leads"].items()
        if month >= "2024-07"
        for name, value in channels.items()
    }
    assert found == truth


def test_the_broken_campaign_shows(demo: DemoResult, workspace: Workspace) -> None:
    broken = demo.truth.broken
    period = f"{broken.broken_from}..{demo.truth.company.ends}"
    result = workspace.query(["ad_spend", "contacts_created"], by=("campaign",), period=period)
    names = [column.name for column in result.columns]
    rows = {row[names.index("campaign")]: row for row in result.rows}
    row = rows[broken.campaign]
    assert row[names.index("ad_spend")] == broken.spend
    assert not row[names.index("contacts_created")]
    others = [name for name in demo.truth.by_campaign["spend"]["2026-05"] if name != broken.campaign]
    assert all(rows[name][names.index("contacts_created")] > 0 for name in others)


def test_every_file_was_loaded_without_an_error(demo: DemoResult) -> None:
    assert len({str(report.file) for report in demo.loads}) >= len(demo.truth.files)
    for report in demo.loads:
        assert not [finding for finding in report.findings if finding.severity == "error"], report


def test_loading_again_changes_nothing(demo: DemoResult, workspace: Workspace) -> None:
    before = workspace.query(["leads", "mrr", "ad_spend"], grain="month", period="2025").rows
    workspace.load([demo.folder / "exports" / name for name in demo.truth.files])
    assert workspace.query(["leads", "mrr", "ad_spend"], grain="month", period="2025").rows == before


def test_scorecard_has_a_value_for_every_kpi(demo: DemoResult) -> None:
    card = demo.scorecard
    assert [kpi.definition.id for kpi in card.kpis if kpi.value is None] == []
    assert 5 <= len(card.kpis) <= 7
    values = {kpi.definition.id: kpi for kpi in card.kpis}
    assert values["mrr"].period == date(2026, 6, 1)
    assert values["mrr"].value == demo.truth.value("mrr", "2026-06")
    assert values["leads"].value == demo.truth.value("leads", "2026-06")
    assert values["mql"].previous.base == demo.truth.value("mqls", "2026-05")
    assert values["sessions"].year.base == demo.truth.value("sessions", "2025-06")


def test_report_stands_alone_and_says_it_is_simulated(demo: DemoResult) -> None:
    page = demo.report.read_text(encoding="utf-8")
    assert demo.truth.notice in page
    assert demo.truth.company.name in page
    assert "<svg" in page
    assert 'src="http' not in page
    for readme in (demo.folder / "README.md",):
        assert demo.truth.notice in readme.read_text(encoding="utf-8")


def test_it_is_done_in_time(made: Built) -> None:
    assert set(made.demo.seconds) == {"generate", "load", "ask", "report"}
    # CPU time: the clock on the wall also counts whatever else the machine does.
    assert made.cpu < 30


def test_a_second_run_is_the_same(demo: DemoResult) -> None:
    page = demo.report.read_bytes()
    again = run(demo.folder)
    assert again.truth == demo.truth
    assert again.report.read_bytes() == page


def test_another_seed_does_not_mix_in(demo: DemoResult) -> None:
    with pytest.raises(UsageError, match="other-demo"):
        run(demo.folder, seed=8)


def test_a_workspace_of_ones_own_is_left_alone(demo: DemoResult, tmp_path: Path) -> None:
    shutil.copy(demo.folder / "leadline.yaml", tmp_path / "leadline.yaml")
    with pytest.raises(UsageError, match="not-a-demo"):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["leadline.yaml"]
