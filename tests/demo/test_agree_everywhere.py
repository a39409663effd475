"""No two places contradict each other: what is told of the demo in several places is one number.

Each test takes one thing that is told by several commands, pages or answers for the same time, and compares them all.
Where two figures differ by definition, both must say so; the tests at the end hold them to it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from kit.fathomere import built
from leadline.api.route import api_routes
from leadline.charts.value import format_value
from leadline.governance.coverage import Coverage, build_coverage
from leadline.governance.goal import goals_of
from leadline.governance.pace import Pace, measure_pace
from leadline.governance.quota import measure_pipeline
from leadline.governance.sla import Ledger, measure_sla
from leadline.report.attribute_text import render_attribution
from leadline.report.cohort_text import render_sessions
from leadline.report.digest import Digest, build_digest
from leadline.report.event_text import render_events
from leadline.report.pace_text import render_paces
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.scorecard_goal import aimed_scorecard
from leadline.web.app import make_app
from leadline.workspace import Workspace, open_workspace

pytestmark = pytest.mark.slow
MONTH = "2026-06"
"""The last whole month, which the cockpit tells of."""
MATURE = "2026-03"
"""A month whose people have had their time."""
RECENT = "2026-04-07..2026-07-05"
"""The 90 days to yesterday, which coverage tells of."""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with open_workspace(built(tmp_path_factory).folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server over a copy of its own: what the other one writes is its own affair."""
    folder = built(tmp_path_factory).folder
    with TestClient(make_app(folder, more=api_routes()), base_url="http://localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def card(space: Workspace) -> Scorecard:
    return aimed_scorecard(space)


@pytest.fixture(scope="module")
def coverage(space: Workspace) -> Coverage:
    return build_coverage(space)


@pytest.fixture(scope="module")
def paces(space: Workspace) -> dict[str, Pace]:
    """The running goals of the whole company."""
    return {one.goal.metric: one for one in measure_pace(space).paces if not one.goal.segment}


@pytest.fixture(scope="module")
def promises(space: Workspace) -> Ledger:
    return measure_sla(space, MONTH)


@pytest.fixture(scope="module")
def digest(space: Workspace) -> Digest:
    return build_digest(space)


def asked(space: Workspace, metric: str, period: str) -> float:
    [[value]] = space.query([metric], period=period).rows
    return float(str(value))


def page(client: TestClient, path: str) -> str:
    """A page's text, one line a row or paragraph."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.text, flags=re.DOTALL)
    text = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</(tr|p|li|h\d)>", "\n", text)))
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


def told(kpi: Kpi, space: Workspace) -> str:
    """The value as a tile writes it."""
    unit, currency = kpi.definition.unit, kpi.currency or space.settings.currency
    return format_value(kpi.value, unit, currency=currency, compact=True)


# The month: scorecard, cockpit, query, interface of programs, report.


def test_the_scorecard_is_what_a_query_says_by_month_and_alone(space: Workspace, card: Scorecard) -> None:
    names = [kpi.definition.id for kpi in card.kpis]
    [together] = space.query(names, period=MONTH).rows
    for kpi, value in zip(card.kpis, together, strict=True):
        assert kpi.period == dt.date(2026, 6, 1)
        assert float(str(kpi.value)) == pytest.approx(float(str(value))), kpi.definition.id
        assert float(str(kpi.value)) == pytest.approx(asked(space, kpi.definition.id, MONTH))


def test_programs_are_told_what_people_see(client: TestClient, space: Workspace, card: Scorecard) -> None:
    cockpit = page(client, "/")
    for kpi in card.kpis:
        answer = client.get(f"/api/v1/query?metrics={kpi.definition.id}&period={MONTH}").json()
        assert float(str(answer["rows"][0][0])) == pytest.approx(float(str(kpi.value))), kpi.definition.id
        assert told(kpi, space) in cockpit, kpi.definition.id


def test_a_month_is_the_sum_of_its_channels_and_days(space: Workspace) -> None:
    """What an explorer breaks down adds up to the tile it came from."""
    for metric in ("sessions", "leads", "mql", "won_revenue"):
        whole = asked(space, metric, MONTH)
        for cut in ({"by": ["channel"]}, {"grain": "day"}, {"grain": "week"}):
            parts = space.query([metric], period=MONTH, **cut).rows  # type: ignore[arg-type]
            assert sum(float(str(row[-1] or 0)) for row in parts) == pytest.approx(whole), (metric, cut)


# Goals: scorecard, cockpit, pace, page of goals, ledger of promises, pipeline.


def test_a_running_goal_has_one_state_everywhere(
    space: Workspace, card: Scorecard, paces: dict[str, Pace], digest: Digest
) -> None:
    seen = {kpi.definition.id: kpi for kpi in card.kpis if kpi.pace}
    assert seen.keys() >= {"leads", "mql", "mrr"}
    for name, kpi in seen.items():
        assert kpi.pace is not None
        there = paces[name]
        for field in ("actual", "expected", "attainment", "index", "projected", "rate", "needed", "status", "through"):
            assert getattr(kpi.pace, field) == getattr(there, field), (name, field)
        assert there.through is not None
        first, last = there.goal.start, there.through
        assert float(str(there.actual)) == pytest.approx(asked(space, name, f"{first}..{last}")), name
    for risk in digest.risks:
        if not risk.pace.goal.segment:
            assert risk.pace.actual == paces[risk.pace.goal.metric].actual


def test_data_reach_to_one_day_wherever_the_number_is_told(
    card: Scorecard, paces: dict[str, Pace], coverage: Coverage, client: TestClient
) -> None:
    """Leads come from the contacts, which tell to July 5; the slower log of other stages holds them up nowhere."""
    until = {one.metric: q.until for q in coverage.questions for one in q.measured if len(q.measured) == 1}
    for kpi in card.kpis:
        if kpi.pace is not None:
            assert kpi.fresh_to == paces[kpi.definition.id].through, kpi.definition.id
    assert {kpi.definition.id: kpi.fresh_to for kpi in card.kpis if kpi.definition.id in ("leads", "mql")} == {
        "leads": until["leads"],
        "mql": until["mql"],
    }
    assert "Data to Jul 2, 2026" not in page(client, "/")


def test_a_goal_that_is_over_was_missed_everywhere(
    space: Workspace, card: Scorecard, promises: Ledger, client: TestClient
) -> None:
    kpis = {kpi.definition.id: kpi for kpi in card.kpis}
    wanted = {one.metric: float(one.target) for one in goals_of(space) if str(one.start) == "2026-06-01"}
    settled = page(client, f"/goals?period={MONTH}")
    for name in ("leads", "mql"):
        goal, value = kpis[name].goal, float(str(kpis[name].value))
        assert goal is not None
        assert float(goal.goal.target) == wanted[name]
        assert goal.attainment == pytest.approx(value / wanted[name])
        line = f"✗ missed {format_value(value)} {format_value(wanted[name])}"
        assert f"{kpis[name].definition.name} {line}" in settled
    [delivery] = promises.deliveries
    assert (delivery.metric, delivery.state) == ("mql", "breached")
    assert (float(delivery.delivered or 0), float(delivery.target or 0)) == (
        float(str(kpis["mql"].value)),
        wanted["mql"],
    )
    attained = asked(space, "goal_attainment", MONTH)
    assert attained == pytest.approx(asked(space, "won_revenue", MONTH) / wanted["won_revenue"])


def test_promises_are_counted_alike_by_command_metric_page_and_digest(
    space: Workspace, promises: Ledger, digest: Digest, client: TestClient
) -> None:
    assert promises.work_rate == pytest.approx(asked(space, "lead_work_rate", MONTH))
    breached = sum(tally.breached for tally in promises.tallies)
    assert f"Breaches {breached}" in page(client, f"/sla?period={MONTH}")
    assert digest.promises is not None
    week = measure_sla(space, None)
    first, end = dt.date(2026, 6, 29), dt.date(2026, 7, 6)
    for kept in digest.promises.tallies:
        due = [
            item
            for item in week.items
            if item.promise == kept.promise
            and first <= (item.due + dt.timedelta(hours=2)).date() < end  # summer time in Berlin
        ]
        assert [sum(item.state == state for item in due) for state in ("kept", "breached", "open")] == [
            kept.kept,
            kept.breached,
            kept.open,
        ]


def test_the_pipeline_page_tells_what_goals_and_cockpit_tell(
    space: Workspace, card: Scorecard, client: TestClient
) -> None:
    text = page(client, f"/pipeline?period={MONTH}")
    names = ["open_deals", "win_rate", "avg_deal_size", "sales_cycle", "pipeline_velocity", "mrr", "churned_mrr"]
    deals, rate, size, cycle, velocity, mrr, churned = (asked(space, name, MONTH) for name in names)
    assert velocity == pytest.approx(deals * rate * size / cycle)
    assert f"{format_value(deals)} Open deals" in text
    assert f"End {format_value(mrr, 'money', currency='EUR')}" in text
    assert f"Churned {format_value(-churned, 'money', currency='EUR')}" in text
    assert [float(str(kpi.value)) for kpi in card.kpis if kpi.definition.id == "mrr"] == [mrr]
    found = measure_pipeline(space, measure_pace(space))
    assert found is not None
    for one in found.coverages:
        for value in (one.target, one.won, one.planned):
            assert format_value(value, "money", currency="EUR", compact=True) in text
    yesterday = str(space.today - dt.timedelta(days=1))
    assert re.search(rf"All {asked(space, 'open_deals', yesterday):g} ", text)


# Journeys: funnel, stages, cohorts, page, metrics.


def test_the_journey_is_that_of_the_metrics(space: Workspace, client: TestClient) -> None:
    stages = {row.stage: row for row in space.stage_funnel(period=MATURE).rows}
    funnel = {row.event: row for row in space.funnel(["lead", "mql"], period=MATURE, window="90 days").rows}
    leads = asked(space, "leads", MATURE)
    assert stages["lead"].people == funnel["lead"].people == leads
    assert funnel["mql"].of_first == pytest.approx(asked(space, "lead_to_mql", MATURE))
    text = page(client, f"/journey?period={MATURE}")
    for name, row in stages.items():
        assert f"{name} break down {row.people} " in text or f"{name} {row.people} " in text, name
    answer = space.attribute("customer", period=MONTH, models="first")
    assert answer.credits[0].total == asked(space, "new_customers", MONTH) == asked(space, "won_deals", MONTH)


def test_who_is_active_is_counted_once(space: Workspace) -> None:
    """The lifecycle of people beside the metric of active users, month by month."""
    life = space.lifecycle("product_event", period="2026-H1", grain="month")
    active = {str(row.since): row.active for row in life.rows}
    measured = space.query(["active_users"], period="2026-H1", grain="month").rows
    assert {str(row[0]): row[1] for row in measured} == active


def test_channels_page_command_and_metrics(space: Workspace, client: TestClient) -> None:
    """The credit of one model, three ways; its total is what was won."""
    answer = space.attribute("deal", period=MONTH, models="last_non_direct")
    [credit] = answer.credits
    measured = space.query(["marketing_revenue"], by=["channel"], period=MONTH)
    found = {str(row[0]): float(str(row[1])) for row in measured.rows if row[0] is not None and row[1]}
    assert found == pytest.approx({name: value for name, value in credit.values.items() if value and name != "Direct"})
    assert credit.total_value == pytest.approx(asked(space, "won_revenue", MONTH))
    text = page(client, f"/channels?period={MONTH}")
    assert format_value(credit.total_value, "money", currency="EUR", compact=True) in text


# Events and coverage: the four questions of 000-16 have one answer.


def test_events_metrics_and_coverage_have_one_answer(space: Workspace, coverage: Coverage) -> None:
    answer = space.event(period=RECENT)
    line = answer.total
    found = {one.id: one for one in coverage.questions}
    assert (str(coverage.start), str(coverage.end)) == ("2026-04-07", "2026-07-06")
    assert found["webinar_registered"].measured[0].value == line.step("registered").count
    assert found["webinar_attended"].measured[0].value == pytest.approx(line.step("attended").share)
    reminded, opened = line.step("reminded"), line.step("opened")
    assert found["webinar_reminded"].state == "yes"
    assert found["webinar_reminded"].measured[0].value == opened.share
    assert (
        f"{opened.count} of {reminded.count} reminder e-mails delivered were opened" in found["webinar_reminded"].told
    )
    [said] = [text for question, text in answer.answers if "reminder" in question]
    assert said.startswith(f"{opened.count} of {reminded.count} reminder e-mails delivered were opened")
    assert space.event_steps(RECENT).steps[:6] == line.steps[:6]


def test_coverage_answers_with_the_values_of_a_query(space: Workspace, coverage: Coverage) -> None:
    """000-15: every number that coverage prints is what the metric says over those days, asked alone."""
    told = {one.metric: one for q in coverage.questions for one in q.measured if one.metric and not one.gaps}
    values = {name: one.value for name, one in told.items()}
    assert len(values) > 30
    result = space.query([name for name in values if told[name].over is None], period=RECENT)
    for name, value in values.items():
        over = told[name].over
        there = asked(space, name, f"{over[0]}..{over[1]}") if over else result.rows[0][result.names.index(name)]
        assert (value is None) == (there is None), name
        assert value is None or float(str(value)) == pytest.approx(float(str(there))), name


# What differs by definition says so.


def test_two_figures_that_differ_by_definition_say_their_definition(
    space: Workspace, paces: dict[str, Pace], client: TestClient
) -> None:
    # What touches of an event earned is told by event, the metric goes by the day of the deal.
    event = space.event(period=MATURE)
    assert event.total.contribution.credited_revenue != asked(space, "event_revenue", MATURE)
    assert "the metrics event_pipeline and event_revenue go by the day of the deal" in " ".join(
        render_events(event).split()
    )
    assert "deals won in the period" in space.metrics["event_revenue"].doc
    # People expected to bring pipeline end where the deals end, and the leads of the goal go further.
    whole = measure_pace(space)
    pipeline = measure_pipeline(space, whole)
    assert pipeline is not None
    [leads] = [one.count for one in pipeline.expected if one.stage == "lead"]
    assert pipeline.through is not None
    assert pipeline.through < (paces["leads"].through or dt.date.min)
    assert leads == asked(space, "leads", f"2026-07-01..{pipeline.through}")
    assert leads != paces["leads"].actual
    words = "Expected pipeline of the period so far"
    assert f"{words}, measured to Jul 3, 2026" in render_paces(whole, pipeline)
    assert f"{words} measured to Jul 3, 2026" in page(client, "/goals")
    # The acquisition cost of a channel is marketing's, that of the scorecard has the salespeople too.
    attributed = render_attribution(space.attribute("deal", period=MONTH))
    assert "the metric `cac` adds sales cost" in " ".join(attributed.split())
    # Visits made of single page views are not the sessions that a report brings counted.
    visits = space.sessions(period="2026-05")
    assert visits.all.sessions != asked(space, "sessions", "2026-05")
    assert "`leadline query sessions`" in render_sessions(visits)
