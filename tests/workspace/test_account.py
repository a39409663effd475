"""Funnels, paths, cohorts and stages by account, worked out by hand, and the rule that attribution has too."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.cli import main
from leadline.errors import UsageError
from leadline.workspace import Workspace

Rows = dict[str, list[dict[str, Any]]]


def entry(day: str, who: str, stage: str, account: str | None = None, channel: str = "Email") -> dict[str, Any]:
    return {
        "entered_at": f"2026-{day} 10:00", "stage": stage, "person_id": who, "account_id": account, "channel": channel,
        "_key": f"{who}{stage}{day}",
    }  # fmt: skip


def won(day: str, who: str, key: str, account: str | None = None) -> dict[str, Any]:
    return {
        "_key": key, "deal_id": key, "person_id": who, "account_id": account, "status": "won", "amount": 10,
        "currency": "EUR", "created_at": "2026-01-02 08:00", "won_at": f"2026-{day} 10:00",
    }  # fmt: skip


def touch(day: str, who: str, channel: str) -> dict[str, Any]:
    return {
        "_key": f"{who}{day}", "person_id": who, "touched_at": f"2026-{day} 09:00", "channel": channel, "kind": "visit",
    }  # fmt: skip


ROWS: Rows = {
    "stage_entry": [
        # Acme: Ann is the lead, Abe the MQL. Abe's account is first named on the 9th, and holds before that too.
        entry("01-05", "ann", "lead", "acme"), entry("01-07", "abe", "mql"), entry("01-09", "abe", "sal", "acme"),
        # Bea is a lead of Bex, and an MQL of Cox, where she went on the 20th.
        entry("01-06", "bea", "lead", "bex"), entry("01-20", "bea", "sal", "cox"), entry("01-22", "bea", "mql"),
        entry("01-10", "cem", "lead", "cox", "Direct"),
        # Nobody knows with whom Dan, Eve and Fay are.
        entry("01-08", "dan", "lead"), entry("01-11", "dan", "mql"), entry("01-12", "eve", "lead"),
        entry("02-27", "fay", "sal"),
    ],
    "touch": [
        touch("01-03", "abe", "Email"), touch("01-04", "ann", "Direct"), touch("01-13", "bea", "Referral"),
        touch("01-23", "bea", "Email"), touch("01-23", "dan", "Email"),
    ],
    # The deal d2 is Bex's, though Bea has left; d3 names none, so it is Cox's; d4 and d5 are nobody's.
    "deal": [
        won("01-30", "ann", "d1", "acme"), won("01-25", "bea", "d2", "bex"), won("01-31", "bea", "d3"),
        won("01-31", "dan", "d4"), won("02-27", "fay", "d5"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = make_workspace(tmp_path_factory.mktemp("accounts") / "w", today="2026-03-01")
    give(workspace, ROWS)
    return workspace


def reached(answer: Any) -> list[int]:
    return [line.people for line in answer.rows if line.total]


def test_a_company_goes_through_the_steps_together(space: Workspace) -> None:
    people = space.funnel(["lead", "mql", "deal/won"], window="none")
    assert reached(people) == [5, 2, 2], "bea and dan, each alone"
    assert people.level == "person"
    found = space.funnel(["lead", "mql", "deal/won"], window="none", level="account")
    assert reached(found) == [3, 2, 2]
    assert sorted(found.people(1)) == ["acme", "bex", "cox"]
    assert sorted(found.people(2)) == ["acme", "cox"]
    assert found.people(1, stopped=True) == ["bex"]
    assert [line.median for line in found.rows] == [None, 7 * 86400, 16 * 86400], "2 and 12 days; 23 and 9 days"
    assert "By account: the events of all its people in order. Left out: 3 people without an account." in found.notes
    assert found.notes[0].startswith("Counted: accounts with step 1")
    assert found.to_dicts()[0]["accounts"] == 3
    assert found.provenance["timeline"] == {"accounts": 3, "events": 17}, "7 stages, 4 touches, 3 deals created and won"
    assert "accounts" in found._repr_html_()


def test_windows_orders_exclusions_and_rows(space: Workspace) -> None:
    def ask(*steps: str, **more: Any) -> Any:
        return space.funnel(steps, level="account", **more)

    assert reached(ask("lead", "mql", window="3 days")) == [3, 1]
    assert reached(ask("lead", "sal", window="none", gap=["4 days"])) == [3, 1]
    assert reached(ask("lead", "mql", window="none", order="strict")) == [3, 1], "Cox has a sal in between"
    assert reached(ask("sal", "lead", window="none", order="any")) == [3, 2]
    without = ask("lead", "mql", window="none", without=["sal between 1 and 2"])
    assert reached(without) == [2, 1]
    assert without.people(0) == ["cox"]
    assert any("1 account, in no step" in note for note in without.notes)
    rows = ask("lead", "mql", window="none", by="channel")
    assert [(line.group, line.people) for line in rows.rows] == [
        ("Email", 2), ("Email", 1), ("Direct", 1), ("Direct", 1), (None, 3), (None, 2),
    ]  # fmt: skip
    assert "All accounts" in rows.svg() or rows.rows[-1].total


def test_stages_paths_and_cohorts(space: Workspace) -> None:
    stages = space.stage_funnel(level="account")
    assert reached(stages)[:3] == [3, 2, 2]
    assert stages.people(1, fate="stopped") == ["bex"]
    assert any(note.startswith("Counted: accounts whose first entry") for note in stages.notes)
    paths = space.paths(to="deal/won", nodes="touch", by="channel", level="account")
    assert {line.way: line.count for line in paths.rows} == {("Email", "Direct"): 1, ("Referral",): 1, ("Email",): 1}
    assert paths.level == "account"
    alone = space.paths(to="deal/won", nodes="touch", by="channel")
    assert ("Email", "Direct") not in {line.way for line in alone.rows}
    back = space.cohort("lead", "deal/won", grain="month", period="2026-01", upto=0, level="account")
    assert [(row.size, row.cells) for row in back.rows] == [(3, (3,))]
    assert back.notes == ("By account: the events of all its people in order. Left out: 3 people without an account.",)
    assert [(row.size, row.cells) for row in space.cohort("lead", "deal/won", period="2026-01", upto=0).rows] == [
        (5, (3,))
    ]
    with pytest.raises(UsageError, match="not-of-subscriptions"):
        space.cohort(value="subscribers", level="account")
    with pytest.raises(UsageError, match="unknown-level"):
        space.funnel(["lead"], level="team")  # type: ignore[arg-type]


def entities(space: Workspace) -> set[str]:
    """The accounts that attribution credits deals for."""
    sql = space.attribute("deal", level="account", models="linear").provenance["sql"][0]
    asked = sql[: sql.rindex("\nSELECT conversion.number")] + "\nSELECT DISTINCT entity FROM conversion"
    return {name.removeprefix("account ") for (name,) in space.warehouse().rows(asked)[1]}


def test_attribution_has_the_same_accounts(space: Workspace) -> None:
    assert entities(space) == {"acme", "bex", "cox", "person dan", "person fay"}
    assert set(space.funnel(["deal/won"], level="account").people(1)) == {"acme", "bex", "cox"}


def test_the_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    """One by one, asked in between: first the timeline is built, then added to."""
    dice = random.Random(1)
    space = make_workspace(tmp_path / "w", today="2026-03-01")
    parts: list[Rows] = [{}, {}, {}]
    for fact, rows in ROWS.items():
        for row in rows:
            dice.choice(parts).setdefault(fact, []).append(row)
    for number, part in enumerate(parts):
        give(space, {fact: dice.sample(rows, len(rows)) for fact, rows in part.items()}, source=f"s{number}")
        if {"lead", "mql"} <= {row.get("stage") for each in parts[: number + 1] for row in each.get("stage_entry", ())}:
            space.funnel(["lead", "mql"], level="account")
    found = space.funnel(["lead", "mql", "deal/won"], window="none", level="account")
    assert reached(found) == [3, 2, 2]
    assert sorted(found.people(3)) == ["acme", "cox"]
    assert entities(space) == {"acme", "bex", "cox", "person dan", "person fay"}


def test_who_came_back_to_a_company_is_with_it_again(tmp_path: Path) -> None:
    space = make_workspace(tmp_path / "w", today="2026-03-01")
    moves = [("01-05", "acme"), ("01-10", "bex"), ("01-20", "acme")]
    rows = [entry(day, "ann", "lead", account) for day, account in moves]
    give(space, {"stage_entry": rows, "deal": [won("01-12", "ann", "d1"), won("01-25", "ann", "d2")],
                 "touch": [touch("01-11", "ann", "Email")]})  # fmt: skip
    assert set(space.funnel(["deal/won"], level="account").people(1)) == {"acme", "bex"}
    assert entities(space) == {"acme", "bex"}


def test_the_commands_say_accounts(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*args: str) -> str:
        with pytest.raises(SystemExit) as caught:
            main(["-w", str(space.path), *args, "--level", "account"])
        assert not caught.value.code
        return capsys.readouterr().out

    space.close()
    assert "step     accounts" in run("funnel", "lead", "mql")
    assert json.loads(run("funnel", "lead", "mql", "--format", "json"))["rows"][0]["accounts"] == 3
    assert json.loads(run("funnel", "lead", "mql", "--people", "1", "--format", "json"))["accounts"] == [
        "acme", "bex", "cox",
    ]  # fmt: skip
    assert "All accounts" in run("funnel", "--stages", "--by", "channel")
    assert "Not yet: accounts whose events" in run("path", "--to", "deal/won", "--nodes", "touch", "--by", "channel")
    cohort = run("cohort", "--start", "lead", "--back", "deal/won", "--period", "2026-01", "--upto", "0")
    assert "accounts" in cohort
    assert "Left out: 3 people without an account." in cohort
    shown = json.loads(run("cohort", "--start", "lead", "--period", "2026-01", "--upto", "0", "--format", "json"))
    assert (shown["level"], shown["rows"][0]["size"]) == ("account", 3)
