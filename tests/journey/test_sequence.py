"""Funnels, stages and paths of a workspace: hand-computed answers, what is told, and loads that come and go."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import LeadlineError
from leadline.journey.answer import span_text
from leadline.warehouse.undo import undo_load
from leadline.workspace import Workspace, open_workspace

STAGES = [
    ("ann", "lead", "2026-05-01 10:00", "Email"),
    ("ann", "mql", "2026-05-03 10:00", "Email"),
    ("ann", "customer", "2026-05-20 10:00", "Email"),
    ("bob", "lead", "2026-05-02 10:00", "Paid Search"),
    ("bob", "mql", "2026-05-02 10:00", "Paid Search"),
    ("cem", "lead", "2026-05-30 10:00", "Email"),
    ("dan", "mql", "2026-04-30 22:30", None),  # in Berlin it is May already
    ("eva", "lead", "2026-05-05 10:00", "Email"),
    ("eva", "mql", "2026-05-06 10:00", "Email"),
    ("eva", "rejected", "2026-05-07 10:00", "Email"),
    ("eva@x.example", "lead", "2026-04-01 10:00", "Email"),
]


def stage_rows(rows: list[tuple[str, str, str, str | None]]) -> list[dict[str, Any]]:
    return [{"person_id": p, "stage": s, "entered_at": at, "channel": c, "_key": f"{p}{s}{at}"} for p, s, at, c in rows]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    space = make_workspace(tmp_path / "w", timezone="Europe/Berlin", today="2026-06-03")
    touches = [
        {
            "person_id": "ann",
            "kind": "visit",
            "touched_at": f"2026-05-0{day} 08:00",
            "channel": channel,
            "_key": f"t{day}",
        }
        for day, channel in ((1, "Email"), (2, "Email"), (4, "Direct"))
    ]
    orders = [
        {"customer_id": "ann", "ordered_at": "2026-05-21 09:00", "amount": 40, "currency": "EUR", "is_sale": True},
        {"customer_id": "bob", "ordered_at": "2026-05-22 09:00", "amount": 60, "currency": "EUR", "is_sale": True},
    ]
    give(space, {"stage_entry": stage_rows(STAGES), "touch": touches, "order": orders})
    return space


def people(answer: Any) -> list[int]:
    return [line.people for line in answer.rows if line.total]


def test_a_funnel_by_hand(workspace: Workspace) -> None:
    """Four leads in May; three MQL within 14 days, one at the moment of the lead itself; one customer, in time."""
    answer = workspace.funnel(["lead", "mql", "customer"], window="20 days", period="2026-05")
    lead, mql, customer = answer.rows
    assert people(answer) == [4, 3, 1]
    assert (mql.of_first, mql.of_previous, customer.of_previous) == (0.75, 0.75, 1 / 3)
    day = 86_400
    assert (mql.median, mql.mean) == (day, day)  # 2 days, 0 and 1 day: zero counts like any other
    assert customer.median == 17 * day
    # The data end on May 30; cem has until June 19, bob until May 22, eva until May 25.
    assert (lead.open, lead.open_share, mql.open) == (1, 0.25, 0)
    assert any("2026-05-01 to 2026-05-31 (Europe/Berlin)" in note and "within 20 days" in note for note in answer.notes)
    assert any("1 of 4 people (25.0%)" in note for note in answer.notes)
    assert answer.provenance["as_of_load"] == 1
    assert answer.provenance["timezone"] == "Europe/Berlin"
    assert answer.to_dicts()[1]["event"] == "mql"


def test_entries_in_the_period_conversions_after_it(workspace: Workspace) -> None:
    """JOURNEY_RULES 5: entries are cut by the period, in the workspace's zone, conversions are not."""
    assert people(workspace.funnel(["lead", "customer"], window="30 days", period="2026-05-01")) == [1, 1]
    assert people(workspace.funnel(["mql"], period="2026-05-01")) == [1]  # dan, at half past midnight in Berlin


def test_rows_exclusions_and_people(workspace: Workspace) -> None:
    answer = workspace.funnel(
        ["lead", "mql"], window="30 days", period="2026-05", by="channel", without=["touch between 1 and 2"]
    )
    rows = {(line.group, line.step): line.people for line in answer.rows if not line.total}
    # ann saw a page between her lead and MQL; she is out.
    assert rows == {("Email", 1): 2, ("Email", 2): 1, ("Paid Search", 1): 1, ("Paid Search", 2): 1}
    assert answer.excluded == 1
    assert answer.people(0) == ["ann"]
    assert answer.people(1, stopped=True) == ["cem"]
    assert answer.people(2, group="Paid Search") == ["bob"]
    assert any("Out by exclusion (touch between 1 and 2): 1 person" in note for note in answer.notes)
    with pytest.raises(LeadlineError) as caught:
        answer.people(1, group="Email ")
    assert "Email" in caught.value.fix


def test_every_event_adds_up_to_more_and_says_so(workspace: Workspace) -> None:
    answer = workspace.funnel(["touch"], by="channel", at="every")
    assert {line.group: line.people for line in answer.rows if not line.total} == {"Email": 1, "Direct": 1}
    assert people(answer) == [1]
    assert any("rows add up to 2 and not to the 1 person" in note for note in answer.notes)


def test_stages_by_hand(workspace: Workspace) -> None:
    """dan began as MQL: inferred as lead. ann came to customer past SAL, SQL and opportunity: inferred too."""
    answer = workspace.stage_funnel(period="2026-05")
    got = {line.stage: (line.people, line.inferred, line.left, line.open) for line in answer.rows}
    assert got == {
        "lead": (5, 1, 0, 1),
        "mql": (4, 0, 1, 2),
        "sal": (1, 1, 0, 0),
        "sql": (1, 1, 0, 0),
        "opportunity": (1, 1, 0, 0),
        "customer": (1, 0, 0, None),
    }
    assert answer.rows[1].median == 86_400  # ann 2 days, bob 0, eva 1; dan lends none
    assert answer.rows[5].median is None  # nobody entered both opportunity and customer
    assert any("Never entered by anybody" in note and "sal, sql, opportunity" in note for note in answer.notes)
    assert answer.people(1, fate="inferred") == ["dan"]


def test_own_journeys(workspace: Workspace) -> None:
    """They are read with all other definitions: what is wrong with one is told when the workspace is opened."""
    folder = workspace.path / "journeys"
    folder.mkdir()
    (folder / "short.yaml").write_text("title: Short\nstages: [lead, mql, customer]\nexits: [rejected]\n", "utf-8")
    with open_workspace(workspace.path) as space:
        answer = space.stage_funnel(period="2026-05")
        assert (answer.title, people(answer)) == ("Short", [5, 4, 1])
    (folder / "other.yaml").write_text("stages: [lead, lead]\n", "utf-8")
    with pytest.raises(LeadlineError) as caught:
        open_workspace(workspace.path)
    assert caught.value.code == "journey-stage-twice"
    assert "other.yaml:1" in caught.value.why
    (folder / "other.yaml").write_text("stages: [lead, customer]\n", "utf-8")
    with open_workspace(workspace.path) as space:
        with pytest.raises(LeadlineError, match="several journeys"):
            space.stage_funnel()
        assert people(space.stage_funnel("other", period="2026-05")) == [4, 1]


def test_months_of_entry(workspace: Workspace) -> None:
    """Each month alone is what the funnel of that month says."""
    cohorts = workspace.stage_cohorts(period="2026-04..2026-05", window="90 days")
    assert [day.isoformat() for day, _ in cohorts] == ["2026-04-01", "2026-05-01"]
    for day, answer in cohorts:
        alone = workspace.stage_funnel(period=f"{day:%Y-%m}", window="90 days")
        assert people(answer) == people(alone)


def test_paths_by_hand(workspace: Workspace) -> None:
    answer = workspace.paths(to="order", nodes="touch", by="channel")
    assert {line.way: (line.count, line.share, line.value) for line in answer.rows} == {
        ("Email", "Direct"): (1, 0.5, 40),
        (): (1, 0.5, 60),
    }
    apart = workspace.paths(to="order", nodes="touch", by="channel", collapse=False)
    assert ("Email", "Email", "Direct") in {line.way for line in apart.rows}
    after = workspace.paths(start="lead", nodes="mql or customer", period="2026-05")
    assert {line.way: line.count for line in after.rows} == {
        ("stage_entry/mql", "stage_entry/customer"): 1,
        ("stage_entry/mql",): 2,
        (): 1,
    }


def test_amounts_of_two_currencies_are_not_added(workspace: Workspace) -> None:
    give(
        workspace,
        {"order": [{"customer_id": "cem", "ordered_at": "2026-05-31 09:00", "amount": 9, "currency": "USD",
                    "is_sale": True, "_key": "usd"}]},
        source="shop",
    )  # fmt: skip
    answer = workspace.paths(to="order", nodes="touch", by="channel")
    assert answer.value is None
    assert {line.value for line in answer.rows} == {None}
    assert any("EUR, USD" in note for note in answer.notes)


def test_loads_that_come_and_go(workspace: Workspace) -> None:
    """The timeline follows the loads: new rows, a load taken back, and a warehouse made anew."""
    assert people(workspace.funnel(["lead"])) == [5]
    give(workspace, {"stage_entry": stage_rows([("fay", "lead", "2026-05-31 10:00", "Email")])}, source="more")
    assert people(workspace.funnel(["lead"])) == [6]
    undo_load(workspace.warehouse(write=True), 2)
    workspace.close()
    assert people(workspace.funnel(["lead"])) == [5]
    for file in workspace.path.glob("warehouse.duckdb*"):
        file.unlink()
    workspace.close()
    # As many loads as the timeline has seen, with other rows.
    for name in ("gus", "hal", "ivo"):
        give(workspace, {"stage_entry": stage_rows([(name, "lead", "2026-05-31 10:00", None)])}, source=name)
    assert sorted(workspace.funnel(["lead"]).people(1)) == ["gus", "hal", "ivo"]


def test_a_timeline_that_is_damaged_is_built_again(workspace: Workspace) -> None:
    workspace.timeline()
    (workspace.path / ".leadline" / "timeline" / "manifest.json").write_text("{", encoding="utf-8")
    assert people(workspace.funnel(["lead"])) == [5]


def test_another_view_of_data_elsewhere_is_refused_with_a_cure(tmp_path: Path) -> None:
    far = make_workspace(tmp_path / "w", settings="warehouse: 'postgresql://nowhere/x'\n")
    view = Workspace(far.project, make_workspace(tmp_path / "other").warehouse())
    with pytest.raises(LeadlineError) as caught:
        view.funnel(["lead"])
    assert caught.value.code == "timeline-elsewhere"
    assert "ask the workspace" in caught.value.fix
    with pytest.raises(LeadlineError) as caught:
        view.who("ann")
    assert caught.value.code == "identity-elsewhere"


def test_pictures_and_notebooks(workspace: Workspace) -> None:
    """Every answer draws itself: well-formed, titled, described, text in it, mirrored for Arabic."""
    answers = [
        workspace.funnel(["lead", "mql"], by="channel", period="2026-05"),
        workspace.stage_funnel(),
        workspace.paths(to="order", nodes="touch", by="channel"),
        workspace.paths(start="lead"),
    ]
    for answer in answers:
        for options in ({}, {"standalone": True, "rtl": True}):
            root = ET.fromstring(answer.svg(**options))
            tags = [child.tag.rpartition("}")[2] for child in root]
            assert tags[:2] == ["title", "desc"]
            assert "text" in tags
            assert root[0].text == answer.title
            assert root[1].text
        html = answer._repr_html_()
        assert "<table>" in html
        assert "<svg" in html
        assert answer.notes[-1] in html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"), (0, "0 s"), (59, "59 s"), (60, "1.0 min"), (3590, "59.8 min"), (3599, "1.0 h"),
        (86_400, "1.0 day"), (200_000, "2.3 days"),
    ],
)  # fmt: skip
def test_spans_as_text(seconds: float | None, text: str) -> None:
    assert span_text(seconds) == text
