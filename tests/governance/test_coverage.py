"""Coverage on workspaces of a few rows: what is answered, what is missing, and what would unlock most."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.cli import main
from leadline.errors import DefinitionError, UsageError
from leadline.governance.coverage import Answered, build_coverage
from leadline.governance.question import questions_of
from leadline.model.question import JOURNEY, MODELS
from leadline.report.coverage_text import render_coverage
from leadline.scaffold import MODELS as SCAFFOLDS
from leadline.workspace import Workspace

QUESTIONS = """
questions:
  spend: {ask: What do we spend?, metrics: [ad_spend], stage: awareness}
  spend_by: {ask: What do we spend by platform?, metrics: [ad_spend], by: [platform], stage: awareness}
  spend_where: {ask: What do we spend by country?, metrics: [ad_spend], by: [country], stage: awareness}
  cost: {ask: What does a lead cost?, metrics: [cpl], stage: engage}
  leads: {ask: How many leads?, metrics: [leads], stage: engage}
  ready: {ask: How many are ready?, metrics: [leads, mql], stage: engage}
  sold: {ask: What did we win?, metrics: [won_revenue], stage: convert}
  odds: {ask: How many do we win?, metrics: [win_rate], stage: convert}
"""
ROWS = {
    "ad": [
        {"date": f"2026-{month:02d}-{day:02d}", "platform": "google_ads", "spend": 10, "clicks": 1, "currency": "EUR"}
        for month in (3, 4, 5, 6)
        for day in range(1, 29 if month < 6 else 15)
    ],
    "stage_entry": [
        {"entered_at": f"2026-0{month}-{day:02d}T09:00:00", "stage": "lead", "person_id": f"{month}{day}",
         "is_first": True}
        for month in (3, 4, 5, 6)
        for day in range(1, 29 if month < 6 else 15)
    ],
}  # fmt: skip


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    workspace = make_workspace(tmp_path / "w", settings="model: lead_gen\n")
    (workspace.path / "questions").mkdir()
    (workspace.path / "questions" / "own.yaml").write_text(QUESTIONS, encoding="utf-8")
    give(workspace, ROWS)
    with workspace:
        yield workspace


def own(workspace: Workspace, **options: str) -> dict[str, Answered]:
    """The questions of `questions/own.yaml` by id."""
    found = build_coverage(workspace, **options)
    return {one.id: one for one in found.questions if one.origin.startswith("questions/")}


def test_goals_are_compared_with_what_came_in_their_own_time(space: Workspace) -> None:
    """Whole months of goals are not held against the parts of months that ninety days begin and end with."""
    (space.path / "questions" / "own.yaml").write_text(
        "questions: {aim: {ask: In reach?, metrics: [goal_attainment], stage: convert}}\n", encoding="utf-8"
    )
    give(space, {
        "deal": [
            {"deal_id": f"{month}", "created_at": f"2026-0{month}-01", "won_at": f"2026-0{month}-25",
             "closed_at": f"2026-0{month}-25", "status": "won", "amount": amount, "currency": "EUR"}
            for month, amount in ((3, 1000), (4, 30), (5, 90))
        ],
        "goal": [
            {"date": f"2026-0{month}-01", "ends": f"2026-0{month + 1}-01", "metric": "won_revenue", "target": 100,
             "currency": "EUR"}
            for month in (3, 4, 5, 6)
        ],
    }, source="crm")  # fmt: skip
    # From March 17 to June 14: April and May whole, of 200 came 120. With half of March it was 1120 of 300.
    found = own(space)["aim"].measured[0]
    assert (found.value, found.over) == (0.6, (dt.date(2026, 4, 1), dt.date(2026, 5, 31)))
    text = " ".join(render_coverage(build_coverage(space)).split())
    assert "60.0%" in text
    assert "over Apr 1, 2026 to May 31, 2026, for goals count whole" in text
    # No month of a goal lies within five days: the last one that was over.
    late = own(space, period="2026-06-10..2026-06-14")["aim"].measured[0]
    assert (late.value, late.over) == (0.9, (dt.date(2026, 5, 1), dt.date(2026, 5, 31)))


def test_answered_partly_and_not(space: Workspace) -> None:
    """000-15: each question checked back against the data in hand."""
    found = own(space)
    assert {name: one.state for name, one in found.items()} == {
        "spend": "yes",
        "spend_by": "yes",
        "spend_where": "partly",
        "cost": "no",
        "leads": "yes",
        "ready": "partly",
        "sold": "no",
        "odds": "no",
    }
    # 90 days before 2026-06-15 begin on March 17: 12 + 28 + 28 + 14 days with a row of 10.
    assert found["spend"].measured[0].value == 820
    assert str(found["spend"].until) == "2026-06-14"


def test_what_is_missing_is_named(space: Workspace) -> None:
    found = own(space)
    assert [gap.key for gap in found["spend_where"].gaps] == [("column", "ad", "country", "")]
    assert "for the breakdown by country" in found["spend_where"].missing[0]
    assert [gap.key for gap in found["cost"].gaps] == [("fact", "cost", "", "")]
    assert "the bookings of finance" in found["cost"].missing[0]
    # Rows of the fact there are, but none of that stage: a nought nobody gave is no answer.
    assert [gap.key for gap in found["ready"].gaps] == [("member", "stage_entry", "stage", "mql")]
    assert "‘mql’" in found["ready"].missing[0]


def test_data_that_stopped_answer_nothing(space: Workspace) -> None:
    old = {**ROWS, "ad": [row | {"date": "2025-01-05", "_key": f"o{at}"} for at, row in enumerate(ROWS["ad"][:3])]}
    with make_workspace(space.path.parent / "old", settings="model: lead_gen\n") as workspace:
        (workspace.path / "questions").mkdir()
        (workspace.path / "questions" / "own.yaml").write_text(QUESTIONS, encoding="utf-8")
        give(workspace, old)
        found = own(workspace)
        assert found["spend"].state == "no"
        assert found["spend"].gaps[0].kind == "old"
        assert "2025-01-05" in found["spend"].missing[0]


def test_a_source_behind_answers_in_part(space: Workspace) -> None:
    """Fewer than four fifths of the days: 28 of the 90 are spoken for after May 17."""
    found = own(space, period="2026-05-18..2026-08-15")
    assert found["spend"].state == "partly"
    assert found["spend"].complete == round(28 / 90, 4)


def test_the_source_that_unlocks_most_comes_first(space: Workspace) -> None:
    (space.path / "questions" / "own.yaml").write_text(
        QUESTIONS + "left_out: {" + ", ".join(f"{one.id}: not asked" for one in questions_of(space)
                                             if not one.origin.startswith("questions/")) + "}\n",
        encoding="utf-8",
    )  # fmt: skip
    found = build_coverage(space)
    assert len(found.questions) == 8
    assert [(one.fact, one.kind, one.questions, one.waiting) for one in found.unlocks] == [
        ("deal", "fact", ("sold", "odds"), ("sold", "odds")),
        ("ad", "column", ("spend_where",), ("spend_where",)),
        ("stage_entry", "member", ("ready",), ("ready",)),
        ("cost", "fact", ("cost",), ("cost",)),
    ]
    assert found.unlocks[0].words == "a CRM's export of deals or opportunities"
    assert found.unlocks[2].words.endswith("with stage mql")


def test_a_question_that_waits_for_two_sources_counts_once_both_are_there(tmp_path: Path) -> None:
    with make_workspace(tmp_path, settings="model: b2b_saas\n") as workspace:
        found = build_coverage(workspace)
        assert {one.state for one in found.questions} == {"no"}
        freed = [name for unlock in found.unlocks for name in unlock.questions]
        assert len(freed) == len(set(freed))
        first = found.unlocks[0]
        # Greedy: no other single source answers more questions at once.
        alone: dict[str, int] = {}
        for one in found.questions:
            facts = {gap.fact for gap in one.gaps}
            if len(facts) == 1:
                alone[next(iter(facts))] = alone.get(next(iter(facts)), 0) + 1
        assert len(first.questions) == max(alone.values())


def test_sources_that_do_not_feed_a_question_do_not_hold_it_up(tmp_path: Path) -> None:
    """A yearly survey in the same fact says nothing of the monthly one."""
    with make_workspace(tmp_path, settings="model: lead_gen\n") as workspace:
        monthly = [
            {
                "answered_at": f"2026-0{month}-{day:02d}",
                "kind": "csat",
                "score": 5,
                "scale_max": 5,
                "_key": f"{month}{day}",
            }
            for month in (3, 4, 5, 6)
            for day in range(1, 29 if month < 6 else 15)
        ]
        give(workspace, {"survey": monthly}, source="monthly")
        once = [{"answered_at": "2026-03-20", "kind": "awareness", "score": 1, "_key": f"y{n}"} for n in range(9)]
        give(workspace, {"survey": once}, source="yearly")
        [content] = [one for one in build_coverage(workspace).questions if one.id == "content"]
        assert content.state == "yes"
        assert str(content.until) == "2026-06-14"


def test_occasions_are_not_days_without_data(tmp_path: Path) -> None:
    """000-16: an event every month or so is complete though most days have none."""
    with make_workspace(tmp_path, settings="model: lead_gen\n") as workspace:
        for month in (2, 3, 4, 5):
            rows = [
                {"event_at": f"2026-0{month}-20T10:00:00", "event": f"Webinar {month}", "person_id": str(n),
                 "registered": True, "attended": n < 3, "_key": f"{month}/{n}"}
                for n in range(5)
            ]  # fmt: skip
            give(workspace, {"event_member": rows}, source="webinars")
        found = {one.id: one for one in build_coverage(workspace).questions}
        assert found["webinar_registered"].state == "yes"
        assert found["webinar_attended"].measured[0].value == pytest.approx(0.6)
        assert found["webinar_reminded"].state == "no"


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_has_its_questions(model: str, tmp_path: Path) -> None:
    """000-02: sets by business model; 000-04: over the whole journey; 000-17: each helps a decision."""
    with make_workspace(tmp_path) as workspace:
        found = questions_of(workspace, model)
    assert 20 <= len(found) <= 45
    assert {one.stage for one in found} == set(JOURNEY)
    assert all(one.ask.endswith("?") and one.decision for one in found)
    assert len({one.ask for one in found}) == len(found)


def test_models_are_those_of_new_workspaces() -> None:
    assert MODELS == SCAFFOLDS


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("questions:\n  a: {ask: What?, metrics: [leeds], stage: engage}\n", "unknown-metric", 2),
        ("questions:\n  a:\n    ask: What?\n    metrics: [leads]\n    stage: middle\n", "bad-definition", 5),
        ("questions:\n  a: {ask: What?, metrics: [leads], stage: engage, by: [chanel]}\n", "unknown-dimension", 2),
        ("questions:\n  a: {ask: What?, metrics: [], stage: engage}\n", "bad-question", 2),
        ("models: [b2b]\n", "unknown-business-model", 1),
        ("left_out:\n  visitz: not ours\n", "unknown-question", 2),
        ("questions:\n  a: {ask: What?, metrics: [leads], stage: engage, metric: x}\n", "bad-definition", 2),
    ],
)
def test_wrong_questions_have_file_and_line(text: str, code: str, line: int, tmp_path: Path) -> None:
    with make_workspace(tmp_path, settings="model: b2b_saas\n") as workspace:
        (tmp_path / "questions").mkdir()
        (tmp_path / "questions" / "own.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(DefinitionError) as caught:
            questions_of(workspace)
    assert caught.value.code == code
    assert f"questions/own.yaml:{line}" in caught.value.why


def test_a_question_twice_and_one_replaced(tmp_path: Path) -> None:
    with make_workspace(tmp_path, settings="model: b2b_saas\n") as workspace:
        (tmp_path / "questions").mkdir()
        own_file = "questions:\n  visits: {ask: Who comes?, metrics: [users], stage: awareness}\n"
        (tmp_path / "questions" / "a.yaml").write_text(own_file, encoding="utf-8")
        [visits] = [one for one in questions_of(workspace) if one.id == "visits"]
        assert visits.ask == "Who comes?"
        (tmp_path / "questions" / "b.yaml").write_text(own_file, encoding="utf-8")
        with pytest.raises(DefinitionError, match="question-twice"):
            questions_of(workspace)


def test_a_workspace_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with make_workspace(tmp_path) as workspace:
        with pytest.raises(UsageError, match="no-business-model"):
            build_coverage(workspace)
        with pytest.raises(UsageError, match="plg"):
            build_coverage(workspace, model="plgg")
        with pytest.raises(UsageError, match="no-period"):
            build_coverage(workspace, model="plg", period="all")


def test_on_the_command_line(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(space.path)
    space.close()

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as caught:
            main(["-w", place, "coverage", *words])
        return int(caught.value.code or 0), capsys.readouterr().out

    code, text = run()
    assert code == 0
    assert "  yes     What do we spend?" in text
    assert "needs the bookings of finance" in text
    assert "Connect next" in text
    assert max(map(len, text.splitlines())) <= 120
    code, text = run("--format", "json", "--strict")
    assert code == 5
    assert {one["state"] for one in json.loads(text)["questions"]} == {"yes", "partly", "no"}


def test_as_a_notebook_shows_it(space: Workspace) -> None:
    page = build_coverage(space)._repr_html_()
    assert "<td>yes</td><td>What do we spend?</td>" in page
    assert "a CRM&#x27;s export of deals" in page or "a CRM&#39;s export of deals" in page or "CRM's export" in page


WEBINAR = [
    {"event_id": "w1", "event": "Clinic", "event_at": "2026-05-12 15:00", "person_id": name, "registered": True,
     "attended": name != "b", "_key": name}
    for name in "abc"
]  # fmt: skip
REMINDER = {"sent_at": "2026-05-11 10:00", "campaign": "Reminder: Clinic", "sent": 5, "delivered": 4, "_key": "1"}


@pytest.mark.parametrize(
    ("opens", "state", "told"),
    [
        (1, "yes", "1 of 4 reminder e-mails delivered were opened"),
        (0, "yes", "0 of 4 reminder e-mails delivered were opened"),
        (None, "no", ""),
    ],
)
def test_what_the_event_page_answers_coverage_answers_too(
    opens: int | None, state: str, told: str, tmp_path: Path
) -> None:
    """000-15, 000-16: reminders told by an e-mail tool, not person by person; without opens neither place knows."""
    with make_workspace(tmp_path, settings="model: lead_gen\n") as workspace:
        give(workspace, {"event_member": WEBINAR}, source="zoom")
        give(workspace, {"email": [{**REMINDER, "opens": opens}]}, source="mail")
        coverage = build_coverage(workspace)
        [found] = [one for one in coverage.questions if one.id == "webinar_reminded"]
        [said] = [answer for question, answer in workspace.event().answers if "reminder" in question]
        steps = workspace.event_steps()
        assert [step.count for step in steps.steps] == [
            step.count if step.name not in ("lead", "pipeline", "revenue") else None
            for step in workspace.event().total.steps
        ]
    assert (found.state, bool(found.missing)) == (state, state == "no")
    assert found.told.startswith(told)
    assert bool(found.told) == (state == "yes")
    assert said.startswith("Unknown. 4 e-mails sent, and no source tells of opens") == (opens is None)
    if opens is None:
        assert "who was sent a reminder and opened it" in found.missing[0]
        return
    assert (found.measured[0].metric, found.measured[0].value) == ("", opens / 4)
    assert f"{opens} of 4" in said
    assert f"by {opens} of 4 reminder e-mails" in render_coverage(coverage)
    assert "webinar_reminded" not in {name for one in coverage.unlocks for name in one.waiting}


def test_people_who_say_they_were_reminded_come_first(tmp_path: Path) -> None:
    """The metric answers where it can: two were reminded and one opened, whatever was mailed."""
    told = [
        {"reminded": True, "opened_reminder": name == "a"} if name != "c" else {"reminded": False} for name in "abc"
    ]
    with make_workspace(tmp_path, settings="model: lead_gen\n") as workspace:
        give(workspace, {"event_member": [row | more for row, more in zip(WEBINAR, told, strict=True)]}, source="zoom")
        give(workspace, {"email": [{**REMINDER, "opens": 4}]}, source="mail")
        [found] = [one for one in build_coverage(workspace).questions if one.id == "webinar_reminded"]
    assert (found.state, found.told, found.measured[0].value) == ("yes", "", 0.5)
