"""The row of the scorecard held against goals, each figure worked out by hand (000-03, 001-05, 001-06, 001-09)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kit import give, make_workspace
from leadline.catalogue import LANGUAGES
from leadline.charts.scale import Number
from leadline.language.language import ENGLISH
from leadline.language.read import read_language
from leadline.report import view
from leadline.report.export import encode_json
from leadline.report.format import format_period
from leadline.report.goal_view import ROW_HEADS, row_heads, row_view
from leadline.report.html import render_html
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.scorecard_goal import aimed_scorecard
from leadline.report.scorecard_text import render_scorecard
from leadline.workspace import Workspace

HEAD = "metric,period,target,split\n"


def entries(days: dict[str, int], **columns: Any) -> list[dict[str, Any]]:
    return [
        {"entered_at": f"{day}T10:00:00", "stage": "mql", "is_first": True, "person_id": f"{day}{number}{columns}",
         "_key": f"{day}{number}{columns}", **columns}
        for day, count in days.items()
        for number in range(count)
    ]  # fmt: skip


def days(month: str, count: int, each: int) -> dict[str, int]:
    return {f"{month}-{day:02d}": each for day in range(1, count + 1)}


def made(folder: Path, goals: str, rows: list[dict[str, Any]] | None = None) -> Workspace:
    """In May 93 MQL came (three a day), in June two a day until the twentieth; today is the 21st of June."""
    (folder / "w" / "dashboards").mkdir(parents=True)
    (folder / "w" / "dashboards" / "scorecard.yaml").write_text("kpis: [mql]\n", encoding="utf-8")
    space = make_workspace(folder / "w", today="2026-06-21")
    give(space, {"stage_entry": rows or entries(days("2026-05", 31, 3) | days("2026-06", 20, 2))})
    if goals:
        (space.path / "goals").mkdir()
        (space.path / "goals" / "goals.csv").write_text(HEAD + goals, encoding="utf-8")
        space.close()
    return space


def only(space: Workspace, **asked: Any) -> Kpi:
    [kpi] = aimed_scorecard(space, **asked).kpis
    return kpi


def test_the_value_is_held_against_its_own_goal_and_the_pace_is_of_the_one_that_runs(tmp_path: Path) -> None:
    """93 of 100 in May; of June's 90 twenty thirtieths are due by the 20th, 60, and 40 came."""
    kpi = only(made(tmp_path, "mql,2026-05,100,even\nmql,2026-06,90,even\n"))
    assert (kpi.period, kpi.value) == (dt.date(2026, 5, 1), 93)
    assert kpi.goal is not None
    assert kpi.pace is not None
    assert (kpi.goal.goal.target, kpi.goal.attainment, kpi.goal.status) == (100, pytest.approx(0.93), "missed")
    assert (kpi.pace.actual, kpi.pace.expected, kpi.pace.index) == (40, 60, pytest.approx(2 / 3))
    # At this pace 40 / (20/30) = 60; 50 are left for ten days.
    assert (kpi.pace.projected, kpi.pace.needed, kpi.pace.rate) == (60, 5, 2)
    assert kpi.status == "act"
    assert kpi.action == "Decide now: 5 a day needed until Jun 30, 2026, 2 so far."


@pytest.mark.parametrize(
    ("goals", "status", "action"),
    [
        # 40 of 60 × target / 90 due: 1.00, 0.909 and 0.833 of the course.
        ("mql,2026-06,60,even\n", "on track", "Keep on: the goal is in reach."),
        ("mql,2026-06,66,even\n", "watch", "Look at it each week: 2.6 a day needed until Jun 30, 2026, 2 so far."),
        ("mql,2026-06,72,even\n", "act", "Decide now: 3.2 a day needed until Jun 30, 2026, 2 so far."),
        ("mql,2026-06,40,even\n", "on track", "The goal is reached: set the next one."),
        # Nothing runs: 93 of 93, of 100 (0.93) and of 124 (0.75).
        ("mql,2026-05,93,even\n", "on track", "Keep on: the last goal was reached."),
        ("mql,2026-05,100,even\n", "watch", "Agree what changes: 93 came where the goal was 100."),
        ("mql,2026-05,124,even\n", "act", "Agree what changes: 93 came where the goal was 124."),
    ],
)
def test_status_and_what_comes_next(tmp_path: Path, goals: str, status: str, action: str) -> None:
    kpi = only(made(tmp_path, goals))
    assert (kpi.status, kpi.action) == (status, action)


def test_while_it_is_too_early_to_judge_the_last_goal_speaks(tmp_path: Path) -> None:
    """On the 4th of June three thirtieths are due: less than 15 %, so that May's 93 of 124 decides."""
    space = make_workspace(tmp_path / "w", today="2026-06-04")
    give(space, {"stage_entry": entries(days("2026-05", 31, 3) | days("2026-06", 3, 1))})
    (space.path / "goals").mkdir()
    (space.path / "goals" / "g.csv").write_text(f"{HEAD}mql,2026-05,124,even\nmql,2026-06,90,even\n", encoding="utf-8")
    space.close()
    kpi = only(space, kpis=["mql"])
    assert kpi.pace is not None
    assert (kpi.pace.status, kpi.status) == ("early", "act")


def test_a_longer_goal_stands_in_and_is_split_to_the_period(tmp_path: Path) -> None:
    """The second quarter has 91 days, May 31 of them: 31 of 91 for 91 wanted in all."""
    kpi = only(made(tmp_path, "mql,2026-Q2,91,even\n"))
    assert kpi.goal is not None
    assert kpi.pace is not None
    assert (kpi.goal.goal.target, kpi.pace.goal.target) == (31, 30)


def test_without_goals_it_stays_one_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = made(tmp_path, "leads,2026-06,60,even\n")
    asked: list[Any] = []
    query = Workspace.query
    monkeypatch.setattr(Workspace, "query", lambda self, *a, **k: asked.append(a) or query(self, *a, **k))
    kpi = only(space)
    assert (kpi.goal, kpi.pace, kpi.status, kpi.action) == (None, None, None, "")
    assert len(asked) == 1


def test_some_rows_see_the_goals_of_exactly_these(tmp_path: Path) -> None:
    rows = entries(days("2026-05", 31, 2) | days("2026-06", 20, 1), region="EMEA")
    rows += entries(days("2026-05", 31, 1) | days("2026-06", 20, 3), region="APAC")
    space = made(tmp_path, "", rows)
    (space.path / "goals").mkdir()
    text = "metric,period,target,split,region\nmql,2026-06,60,even,EMEA\nmql,2026-06,90,even,APAC\n"
    (space.path / "goals" / "goals.csv").write_text(text, encoding="utf-8")
    space.close()
    part = only(space, where="region = 'EMEA'")
    assert part.pace is not None
    assert (part.value, part.pace.goal.target, part.pace.actual, part.status) == (62, 60, 20, "act")
    whole = only(space)
    # For all it is the sum of both: 150 wanted, 100 due, 80 come.
    assert whole.pace is not None
    assert (whole.value, whole.pace.goal.target, whole.pace.index) == (93, 150, pytest.approx(0.8))
    assert only(space, where="region = 'LATAM'").pace is None


def test_leads_that_wait_too_long_are_the_next_thing_to_do(tmp_path: Path) -> None:
    """001-09: three leads of the 17th of June, one called at once, two not by the 20th."""
    people = [
        {"entered_at": "2026-06-17T10:00", "stage": "mql", "is_first": True, "person_id": name, "_key": name}
        for name in ("a", "b", "c")
    ]
    last = {"entered_at": "2026-06-20T20:00", "stage": "sal", "person_id": "z", "_key": "z"}
    space = made(tmp_path, "mql,2026-06,3,even\n", [*people, last])
    calls = [("a", "2026-06-17T11:00"), ("z", "2026-06-20T20:00")]
    give(space, {"sales_touch": [
        {"person_id": name, "touched_at": at, "kind": "call", "_key": name} for name, at in calls
    ]}, source="crm")  # fmt: skip
    (space.path / "sla").mkdir()
    (space.path / "sla" / "a.yaml").write_text(
        "between: [marketing, sales]\npromises:\n  leads: {kind: deliver, team: marketing, metric: mql}\n"
        "  touch: {kind: touch, team: sales, within: 4 hours}\n",
        encoding="utf-8",
    )
    space.close()
    [kpi] = aimed_scorecard(space, grain="week").kpis
    assert kpi.action.endswith("Work the 2 leads that wait longer than promised.")


def test_the_row_in_terminal_html_and_json(tmp_path: Path) -> None:
    space = made(tmp_path, "mql,2026-05,100,even\nmql,2026-06,90,even\n")
    card = aimed_scorecard(space)
    told = render_scorecard(card)
    for part in ("100", "93%", "Jun 2026", "0.67", "✗ act", "Jun 20, 2026", "v1", "Decide now: 5 a day needed"):
        assert part in told, part
    page = render_html(card)
    assert "93% reached" in page
    assert page.count('<tr><th scope="row"><bdi>Marketing qualified leads (MQL)') == 1
    row = {name: cell["text"] for (name, _), cell in zip(ROW_HEADS, row_view(card.kpis[0], card, ENGLISH), strict=True)}
    assert row["Goal"] == "100"
    assert (row["Value"], row["Reached"], row["Pace"]) == ("93", "93%", "0.67 (Jun 2026)")
    assert (row["At this pace"], row["Status"]) == ("60 (Jun 2026)", "✗ act")
    assert (row["Stage"], row["Timing"], row["Data to"], row["Version"]) == ("acquisition", "mid", "Jun 20, 2026", "1")
    [data] = json.loads(encode_json(card))["kpis"]
    assert (data["status"], data["goal"]["attainment"], data["pace"]["index"]) == ("act", 0.93, pytest.approx(2 / 3))
    assert (data["definition"]["version"], data["fresh_to"]) == ("1", "2026-06-20")


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_table_says_of_which_period_a_number_is(tmp_path: Path, tag: str) -> None:
    """What is reached is May's, the pace is June's: the heads name the one, the cells the other."""
    language = read_language(tag)
    may, june = (format_period(dt.date(2026, month, 1), "month", language.locale) for month in (5, 6))
    card = aimed_scorecard(made(tmp_path, "mql,2026-05,100,even\nmql,2026-06,90,even\n"), language=language)
    heads = [head for head, _ in row_heads(card, language)]
    assert [may in head for head in heads] == [name in ("Value", "Goal", "Reached") for name, _ in ROW_HEADS]
    cells = dict(zip((name for name, _ in ROW_HEADS), row_view(card.kpis[0], card, language), strict=True))
    running = [name for name, cell in cells.items() if june in cell["text"] and name not in ("Next", "Data to")]
    assert running == ["Pace", "At this pace"]
    [kpi] = card.kpis
    # The goal of May is not known, so that of June stands in its place, and says so.
    alone = dict(zip(cells, row_view(replace(kpi, goal=None), card, language), strict=True))
    assert june in alone["Goal"]["text"]
    assert june in dict(zip(cells, row_view(kpi, replace(card, period=None), language), strict=True))["Pace"]["text"]


def test_the_bullet_is_left_out_for_what_is_below_zero(tmp_path: Path) -> None:
    card = aimed_scorecard(made(tmp_path, "mql,2026-05,100,even\n"))

    def bullet(value: Number) -> str:
        tile = view.tile(replace(card.kpis[0], value=value), card, ENGLISH)
        return str(tile["goal"]["bullet"])

    assert "goal 100" in bullet(93)
    assert bullet(-1) == ""


def test_what_was_noted_is_marked_on_the_chart_of_its_metric(tmp_path: Path) -> None:
    space = made(tmp_path, "")
    (space.path / "annotations").mkdir()
    (space.path / "annotations" / "notes.yaml").write_text(
        "- {date: 2026-05-12, text: Trade fair, metric: mql}\n- {date: 2026-05-13, text: Elsewhere, metric: leads}\n",
        encoding="utf-8",
    )
    card: Scorecard = aimed_scorecard(space)
    drawn = view.chart(card.kpis[0], card, ENGLISH)
    assert drawn["remarks"] == [("May 12, 2026", "Trade fair")]
    assert "1. May 12, 2026: Trade fair" in drawn["wide"]
    assert "Elsewhere" not in render_html(card)
