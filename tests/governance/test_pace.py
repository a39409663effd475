"""Pace against goals, each figure worked out by hand (001-05, 001-06, 004-15)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import LeadlineError
from leadline.governance.goal import goals_of
from leadline.governance.listing import listed_goals, split_goals, template_text
from leadline.governance.pace import Pace, measure_pace
from leadline.governance.quota import measure_pipeline
from leadline.workspace import Workspace


def goals(workspace: Workspace, text: str, name: str = "goals.csv") -> None:
    (workspace.path / "goals").mkdir(exist_ok=True)
    (workspace.path / "goals" / name).write_text(text, encoding="utf-8")
    workspace.close()


def entries(stage: str, days: dict[str, int], **columns: Any) -> list[dict[str, Any]]:
    """So many first entries on each day."""
    return [
        {"entered_at": f"{day}T10:00:00", "stage": stage, "is_first": True,
         "person_id": f"{stage}{day}{number}{columns}",
         "_key": f"{stage}{day}{number}{columns}", **columns}
        for day, count in days.items()
        for number in range(count)
    ]  # fmt: skip


def only(workspace: Workspace, *metrics: str, **asked: Any) -> Pace:
    [pace] = measure_pace(workspace, metrics, **asked).paces
    return pace


def month(text: str) -> list[str]:
    first = dt.date.fromisoformat(f"{text}-01")
    days = [first + dt.timedelta(days=count) for count in range(31)]
    return [day.isoformat() for day in days if day.month == first.month]


def test_february_of_a_leap_year(tmp_path: Path) -> None:
    """001-06: on the 15th of February 2028, 14 of 29 days are over: 140 of 290 are due."""
    space = make_workspace(tmp_path / "w", today="2028-02-15")
    give(space, {"stage_entry": entries("mql", dict.fromkeys(month("2028-02")[:14], 9))})
    goals(space, "metric,period,target,split\nmql,2028-02,290,even\n")
    pace = only(space, "mql", period="2028-02")
    assert (pace.through, pace.days, pace.days_left) == (dt.date(2028, 2, 14), 29, 15)
    assert (pace.actual, pace.expected, pace.index) == (126, 140, pytest.approx(0.9))
    assert (pace.attainment, pace.projected) == (pytest.approx(126 / 290), 261)
    # 164 are missing in 15 days, eleven of them working days (15 to 29 February 2028).
    assert pace.needed == pytest.approx(164 / 15)
    assert (pace.working_days_left, pace.needed_working) == (11, pytest.approx(164 / 11))
    assert (pace.status, pace.curve) == ("watch", "every day the same")


def test_measured_to_the_last_day_that_is_known_never_to_today(tmp_path: Path) -> None:
    """A late source takes the expectation with it: ten days known of thirty, ten due."""
    space = make_workspace(tmp_path / "w", today="2026-06-21")
    give(space, {"stage_entry": entries("mql", dict.fromkeys(month("2026-06")[:10], 2))}, source="crm")
    goals(space, "metric,period,target,split\nmql,2026-06,60,even\n")
    pace = only(space, "mql")
    assert (pace.through, pace.actual, pace.expected) == (dt.date(2026, 6, 10), 20, 20)
    assert (pace.status, pace.late) == ("on track", ("crm",))


def test_a_day_of_the_season_counts_as_it_did_last_year(tmp_path: Path) -> None:
    """June 2025 had nine of its ten leads on Monday the 2nd: by Monday 1 June 2026 nine tenths are due."""
    space = make_workspace(tmp_path / "w", today="2026-06-02")
    rows = entries("mql", {"2025-05-01": 1, "2025-06-02": 9, "2025-06-23": 1, "2026-05-31": 1, "2026-06-01": 18})
    give(space, {"stage_entry": rows})
    goals(space, "metric,period,target\nmql,2026-06,20\n")
    pace = only(space, "mql")
    assert (pace.curve, pace.expected, pace.actual) == ("season of 1 past year", 18, 18)
    assert pace.projected == 20


def test_quarter_of_thirteen_weeks(tmp_path: Path) -> None:
    """A retail quarter from 1 February 2026: after five of thirteen weeks 50 of 130 are due."""
    space = make_workspace(tmp_path / "w", today="2026-03-08", settings="retail_calendar: 4-5-4\n")
    days = [(dt.date(2026, 2, 1) + dt.timedelta(days=count)).isoformat() for count in range(35)]
    give(space, {"stage_entry": entries("mql", dict.fromkeys(days, 2))})
    goals(space, "metric,period,target,split\nmql,2026-Q1,130,even\n")
    pace = only(space, "mql", period="2026-Q1")
    assert (pace.days, pace.actual, pace.expected) == (91, 70, 50)
    week = only(space, "mql", period="2026-W06")
    assert (week.goal.start, week.goal.end, week.goal.target) == (dt.date(2026, 2, 1), dt.date(2026, 2, 8), 10)


def test_a_day_ends_when_it_ends_where_the_goal_is(tmp_path: Path) -> None:
    """In Berlin the 29th of March 2026 has 23 hours; 23:30 of the 31st is still March, 22:30 UTC of it April."""
    space = make_workspace(tmp_path / "w", today="2026-04-02", timezone="Europe/Berlin")
    rows = [
        {"entered_at": at, "stage": "mql", "person_id": at, "is_first": True, "_key": at}
        for at in ("2026-03-01T12:00", "2026-03-29T00:30", "2026-03-31T21:30", "2026-03-31T22:30", "2026-04-01T12:00")
    ]
    give(space, {"stage_entry": rows})
    goals(space, "metric,period,target\nmql,2026-03,4\n")
    pace = only(space, "mql", period="2026-03")
    assert (pace.actual, pace.status, pace.attainment) == (3, "missed", 0.75)


def test_pace_and_attainment_metrics_tell_one_number(tmp_path: Path) -> None:
    """The files feed the fact `goal`; a goal changed in the file changes both at once."""
    space = make_workspace(tmp_path / "w", today="2026-07-02")
    give(space, {"stage_entry": entries("mql", dict.fromkeys(month("2026-06"), 1))})
    for target in (40, 60):
        goals(space, f"metric,period,target\nmql,2026-06,{target}\n")
        assert space.query(["mkt_sla"], period="2026-06").rows == [(pytest.approx(30 / target),)]
        assert only(space, "mql", period="2026-06").attainment == pytest.approx(30 / target)
    goals(space, "# nothing\n")
    assert space.query(["mkt_sla"], period="2026-06").rows == [(None,)]


def test_goals_of_a_loaded_source_hold_too_and_may_not_stand_twice(tmp_path: Path) -> None:
    space = make_workspace(tmp_path / "w", today="2026-06-15")
    give(space, {"goal": [{"date": "2026-06-01", "ends": "2026-07-01", "metric": "mql", "target": 50}]}, source="plan")
    [goal] = goals_of(space)
    assert (goal.target, goal.origin) == (50, "source plan, line 1")
    goals(space, "metric,period,target\nmql,2026-06,50\n")
    with pytest.raises(LeadlineError, match="goal-twice") as raised:
        goals_of(space)
    assert "goals/goals.csv:2" in raised.value.why
    assert "source plan, line 1" in raised.value.why


def test_a_longer_period_adds_up_and_parts_by_segment_make_the_whole(tmp_path: Path) -> None:
    space = make_workspace(tmp_path / "w", today="2026-07-02")
    email = entries("mql", dict.fromkeys(month("2026-06"), 1), channel="Email")
    give(space, {"stage_entry": [*email, *entries("mql", dict.fromkeys(month("2026-06")[:10], 1), channel="Referral")]})
    lines = [f"mql,2026-{m:02d},{channel},{n}" for m in (4, 5, 6) for channel, n in (("Email", 30), ("Referral", 5))]
    goals(space, "metric,period,channel,target\n" + "\n".join(lines) + "\n")
    whole, mail, referral = measure_pace(space, ["mql"], period="2026-06").paces
    assert (whole.goal.segment, whole.goal.target, whole.actual) == ((), 35, 40)
    assert (mail.goal.target, mail.actual, mail.status) == (30, 30, "reached")
    assert (referral.goal.target, referral.actual) == (5, 10)
    quarter = measure_pace(space, ["mql"], period="2026-Q2").paces[0]
    assert (quarter.goal.target, quarter.made_of) == (105, "the sum of 2 goals by channel, held against all there is")


OWN = """
people: {formula: distinct(stage_entry.person_id)}
open_value: {formula: last(deal.amount), unit: money}
rate: {formula: sum(ad.clicks) / sum(ad.impressions), unit: percent}
price: {formula: sum(ad.spend) / sum(ad.clicks), unit: money, better: lower}
lost: {formula: count(stage_entry where stage = 'churned'), better: lower}
"""


@pytest.fixture
def kinds(tmp_path: Path) -> Workspace:
    space = make_workspace(tmp_path / "w", metrics=OWN, today="2026-06-11")
    ads = [
        {"date": day, "platform": "x", "clicks": 5, "impressions": 100, "spend": 10, "currency": "EUR", "_key": day}
        for day in month("2026-06")[:10]
    ]
    churned = entries("churned", {"2026-06-03": 4, "2026-06-10": 2})
    give(space, {"ad": ads, "stage_entry": churned}, source="all")
    return space


def test_a_rate_repeats(kinds: Workspace) -> None:
    goals(kinds, "metric,period,target\nrate,2026-Q2,4%\n")
    pace = only(kinds, "rate", period="2026-06")
    assert (pace.goal.target, pace.kind, pace.made_of) == (Decimal("0.04"), "ratio", "the same as for the whole")
    assert (float(pace.actual or 0), pace.index, pace.status) == (0.05, pytest.approx(1.25), "on track")


def test_lower_is_better_turns_the_index_over(kinds: Workspace) -> None:
    goals(kinds, "metric,period,target,split\nprice,2026-06,1.5,\nlost,2026-06,30,even\n")
    price, lost = only(kinds, "price", period="2026-06"), only(kinds, "lost", period="2026-06")
    assert (price.index, price.attainment, price.status) == (pytest.approx(0.75), pytest.approx(0.75), "act")
    # Ten of thirty days allow ten to be lost; six were. Before the end six of thirty is no attainment yet.
    assert (lost.actual, lost.expected, lost.index, lost.attainment) == (6, 10, pytest.approx(10 / 6), None)


def test_a_band_holds_what_lies_in_it(kinds: Workspace) -> None:
    goals(kinds, "metric,period,target,low,high\nrate,2026-06,8%,4%,9%\n")
    assert only(kinds, "rate").status == "on track"
    goals(kinds, "metric,period,target,low,high\nrate,2026-06,8%,6%,9%\n")
    assert only(kinds, "rate").status == "act"


def test_different_people_do_not_add_up(kinds: Workspace) -> None:
    goals(kinds, "metric,period,target\npeople,2026-Q2,90\n")
    with pytest.raises(LeadlineError, match="not-splittable") as raised:
        only(kinds, "people", period="2026-06")
    assert "does not add up" in raised.value.why
    assert "set a goal for 2026-06 itself" in raised.value.fix
    with pytest.raises(LeadlineError, match="not-splittable"):
        split_goals(kinds, listed_goals(kinds, ["people"], None), "month")
    whole = only(kinds, "people", period="2026-Q2")
    assert (whole.actual, whole.index) == (6, None)


def test_a_balance_is_due_at_the_end(tmp_path: Path) -> None:
    """From 100 on 31 May to 160 on 30 June is two a day: 120 on the 10th."""
    space = make_workspace(tmp_path / "w", metrics=OWN, today="2026-06-11")
    deals = [
        {"deal_id": "a", "created_at": "2026-05-01T08:00:00", "status": "open", "amount": 100, "currency": "EUR"},
        {
            "deal_id": "b",
            "created_at": "2026-06-10T08:00:00",
            "status": "open",
            "amount": 26,
            "currency": "EUR",
            "_key": "b",
        },
    ]
    give(space, {"deal": deals})
    goals(space, "metric,period,target\nopen_value,2026-06,160\n")
    pace = only(space, "open_value")
    assert (pace.kind, pace.actual, pace.expected, pace.index) == ("balance", 126, 120, pytest.approx(1.05))
    # 26 in ten days is 78 in thirty; 34 are missing in twenty.
    assert (pace.projected, pace.needed) == (178, pytest.approx(1.7))


def test_parts_add_up_to_the_goal(kinds: Workspace) -> None:
    goals(kinds, "metric,period,target,split\nlost,2026,100,even\n")
    months = split_goals(kinds, listed_goals(kinds, ["lost"], None), "month")
    assert sum(goal.target for goal, _, _ in months) == 100
    assert [int(goal.target) for goal, _, _ in months] == [8, 8, 9, 8, 8, 9, 8, 9, 8, 8, 9, 8]


@pytest.mark.parametrize(
    ("text", "code", "line", "fix"),
    [
        ("metric,period,target\n\nmqll,2026-06,4\n", "unknown-metric", 3, "mql"),
        ("metric,period,chanel,target\nmql,2026-06,Email,4\n", "unknown-column", 1, "channel"),
        ("metric,period,target\nmql,last-month,4\n", "bad-period", 2, "2026-07"),
        ("metric,period,target\nmql,2026-13,4\n", "bad-period", 2, ""),
        ("metric,period,target\nmql,2026-06,many\n", "bad-goal", 2, "1250.50"),
        ("metric,period,owner,target\nrate,2026-06,Ada,4\n", "unknown-segment", 2, "channel"),
        ("metric,period,target,split\nrate,2026-06,4,even\n", "not-splittable", 2, "split"),
        ("metric,period,target\nmql,2026-06,4\nmql,2026-06,4\n", "goal-twice", 3, "keep one"),
        ("metric,period,target\nmql,2026-Q2,4\nmql,2026-06,4\n", "goal-overlap", 3, "keep the short ones"),
        ("metric,period,channel,target\nmql,2026-06,,4\nmql,2026-06,Email,4\n", "goal-overlap", 3, "parts add up"),
    ],
)  # fmt: skip
def test_errors_have_file_and_line(kinds: Workspace, text: str, code: str, line: int, fix: str) -> None:
    goals(kinds, text)
    with pytest.raises(LeadlineError) as raised:
        goals_of(kinds)
    assert raised.value.code == code
    assert f"goals/goals.csv:{line}" in raised.value.why
    assert fix in raised.value.fix


def test_yaml_names_its_line(kinds: Workspace) -> None:
    goals(
        kinds,
        "goals:\n  - {metric: mql, period: 2026-06, target: 4}\n  - {metric: mqll, period: 2026-07, target: 4}\n",
        "a.yaml",
    )
    with pytest.raises(LeadlineError, match="unknown-metric") as raised:
        goals_of(kinds)
    assert raised.value.why == "goals/a.yaml:3"


def test_a_template_is_read_as_no_goals_and_filled_as_goals(kinds: Workspace) -> None:
    text = template_text(kinds, ["lost", "rate"], "2026-Q3")
    assert text.count("\nlost,2026-") == 3
    goals(kinds, text)
    assert goals_of(kinds) == ()
    goals(kinds, text.replace("lost,2026-08,,,", "lost,2026-08,12,,"))
    assert [goal.target for goal in goals_of(kinds)] == [12]


def test_coverage_is_the_catalogues_and_leads_bring_what_cohorts_brought(tmp_path: Path) -> None:
    """001-05: 4 leads × 1/2 × €200 = €400; 600 of a quota of 1,000 is left, €300 of open deals are planned: 0.5."""
    space = make_workspace(tmp_path / "w", today="2026-06-15")
    deal = {"currency": "EUR", "created_at": "2026-01-05T08:00:00"}
    won = {**deal, "status": "won"}
    deals = [
        {
            **won,
            "deal_id": "a",
            "won_at": "2026-06-03T08:00:00",
            "closed_at": "2026-06-03T08:00:00",
            "amount": 400,
            "owner": "Ada",
        },
        *(
            {
                **won,
                "deal_id": f"w{n}",
                "won_at": "2026-02-03T08:00:00",
                "closed_at": "2026-02-03T08:00:00",
                "amount": 100,
                "_key": n,
            }
            for n in (7, 8)
        ),
        {
            **deal,
            "deal_id": "o",
            "status": "open",
            "expected_close_at": "2026-06-28T08:00:00",
            "amount": 300,
            "owner": "Ada",
            "_key": "o",
        },
        {
            **deal,
            "deal_id": "p",
            "status": "open",
            "expected_close_at": "2026-07-28T08:00:00",
            "amount": 999,
            "_key": "p",
        },
    ]
    old = entries("lead", {"2025-06-01": 2})
    came = [{**entries("customer", {"2025-09-01": 1})[0], "person_id": old[0]["person_id"]}]
    fresh = entries("lead", {"2026-06-02": 4})
    give(space, {"deal": deals, "stage_entry": [*old, *came, *fresh]})
    goals(space, "metric,period,target\nwon_revenue,2026-06,1000\n")
    paces = measure_pace(space, ["won_revenue"], period="2026-06")
    pipeline = measure_pipeline(space, paces)
    assert pipeline is not None
    [coverage] = pipeline.coverages
    assert (coverage.left, coverage.planned, coverage.coverage) == (600, 300, 0.5)
    assert space.query(["pipeline_coverage"], period="2026-06").rows == [(0.5,)]
    lead = pipeline.expected[0]
    assert (lead.stage, lead.count, lead.rate, lead.sale, lead.value) == ("lead", 4, 0.5, 200, 400)


def test_a_pace_draws_itself(kinds: Workspace) -> None:
    goals(kinds, "metric,period,target,split\nlost,2026-06,30,even\n")
    page = only(kinds, "lost")._repr_html_()
    assert "<table>" in page
    assert "Lost: 6 reached by Jun 10, 2026, 10 due by then, of 30." in page
