"""Credit on the demo: what `leadline attribute` says is what the metrics of the catalogue say, to the cent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.fathomere import built
from leadline.model.tree import CREDIT_MODELS
from leadline.workspace import Workspace, open_workspace

pytestmark = pytest.mark.slow
PERIOD = "2026-H1"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with open_workspace(built(tmp_path_factory).folder) as opened:
        yield opened


@pytest.mark.parametrize(
    ("conversion", "metric"), [("deal", "marketing_revenue"), ("deal_created", "mkt_sourced_pipeline")]
)
def test_two_surfaces_one_number(workspace: Workspace, conversion: str, metric: str) -> None:
    """Every channel under every model that both know; the metrics leave Direct out."""
    answer = workspace.attribute(conversion, period=PERIOD, models=CREDIT_MODELS)
    assert answer.control.holds
    for credit in answer.credits:
        if metric == "mkt_sourced_pipeline" and credit.model != "first":
            continue
        measured = workspace.query([metric], by=["channel"], period=PERIOD, attribution=credit.model)
        found = {str(row[0]): float(row[1] or 0) for row in measured.rows if row[0] is not None}
        wanted = {name: value for name, value in credit.values.items() if name != "Direct" and value}
        assert {name: value for name, value in found.items() if value} == pytest.approx(wanted, abs=0.005), credit.model


def test_new_customers_and_their_first_touch(workspace: Workspace) -> None:
    answer = workspace.attribute("customer", period=PERIOD, models="first")
    [credit] = answer.credits
    marketed = sum(value for name, value in credit.conversions.items() if name != "Direct")
    measured = workspace.query(["mkt_originated_customers", "new_customers"], period=PERIOD)
    assert measured.rows[0][0] is not None
    assert marketed / credit.total == pytest.approx(float(measured.rows[0][0]))
    assert credit.total == float(measured.rows[0][1] or 0)


def test_totals_are_those_of_the_metrics(workspace: Workspace) -> None:
    for conversion, (counted, valued) in {"deal": ("won_deals", "won_revenue"), "order": ("orders", "revenue")}.items():
        answer = workspace.attribute(conversion, period=PERIOD, models="linear")
        count, value = workspace.query([counted, valued], period=PERIOD).rows[0]
        assert answer.credits[0].total == pytest.approx(float(count or 0))
        assert answer.credits[0].total_value == pytest.approx(float(value or 0))


def test_events_agree_with_the_metrics(workspace: Workspace) -> None:
    answer = workspace.event(period="2025-09")
    measured = workspace.query(["registrations", "attendees", "attendance_rate", "watch_minutes"], period="2025-09")
    line = answer.line
    assert len(answer.events) == 1
    assert (line.step("registered").count, line.step("attended").count) == measured.rows[0][:2]
    assert line.step("attended").share == pytest.approx(float(measured.rows[0][2] or 0))
    assert line.minutes == pytest.approx(float(measured.rows[0][3] or 0))
    assert line.step("engaged").count is None


def test_credit_and_funnels_see_the_same_accounts(workspace: Workspace) -> None:
    """A deal is of one company, whoever asks: by attribution's rows, and by the streams of the timeline."""
    sql = workspace.attribute("deal", period=PERIOD, level="account", models="linear").provenance["sql"][0]
    credited = sql[: sql.rindex("\nSELECT conversion.number")] + "\nSELECT DISTINCT entity FROM conversion"
    entities = {name for (name,) in workspace.warehouse().rows(credited)[1]}
    funnel = workspace.funnel(["deal/won"], period=PERIOD, window="none", level="account")
    assert len(entities) > 50
    assert {f"account {name}" for name in funnel.people(1)} == entities
    ways = workspace.paths(to="deal/won", nodes="touch", by="channel", period=PERIOD, level="account", top=10_000)
    assert (
        ways.count == workspace.attribute("deal", period=PERIOD, level="account", models="linear").control.conversions
    )
