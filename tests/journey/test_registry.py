"""Persons in the warehouse: from facts and commands, and back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import UsageError
from leadline.journey.identity import email_id
from leadline.journey.registry import identity_columns, rebuild, record_command
from leadline.model.facts import FACTS
from leadline.workspace import Workspace

NOW = dt.datetime(2026, 6, 1)
ROWS: dict[str, list[dict[str, Any]]] = {
    "session": [
        {"_key": "1", "date": "2026-01-01", "visitor_id": "v1"},
        {"_key": "2", "date": "2026-01-02", "visitor_id": "v1", "person_id": "C1"},
        {"_key": "3", "date": "2026-01-03", "visitor_id": "v2", "person_id": "C1"},
        {"_key": "4", "date": "2026-01-04", "visitor_id": "v3", "person_id": "C2"},
        {"_key": "5", "date": "2026-01-05", "visitor_id": "guest", "person_id": "C2"},
    ],
    "stage_entry": [
        {"_key": "1", "entered_at": "2026-01-02 10:00", "stage": "lead", "person_id": "C1", "email": "Ada@acme.com",
         "account_id": "acme"},
        {"_key": "2", "entered_at": "2026-01-04 10:00", "stage": "lead", "person_id": "C2", "email": "bob@acme.com"},
    ],
    "order": [{"_key": "1", "ordered_at": "2026-02-01", "customer_id": "ada@acme.com", "email": "ada@acme.com"}],
}  # fmt: skip


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    workspace = make_workspace(tmp_path)
    give(workspace, ROWS)
    return workspace


def persons(workspace: Workspace) -> dict[str, str]:
    rows = workspace.warehouse(write=True).con.execute("SELECT id, person FROM identity.member").fetchall()
    return dict(rows)


def test_persons_and_accounts_of_the_facts(space: Workspace) -> None:
    con = space.warehouse(write=True).con
    done = rebuild(con, FACTS)
    ada, bob = email_id("ada@acme.com"), email_id("bob@acme.com")
    assert ada is not None
    assert bob is not None
    assert persons(space) == {
        "v1": "C1", "v2": "C1", "C1": "C1", ada.value: "C1", "v3": "C2", "C2": "C2", bob.value: "C2",
    }  # fmt: skip
    assert (done.ids, done.people, done.with_account, done.refused, done.nobody) == (7, 2, 2, 0, 1)
    employers = con.execute("SELECT person, account, rule FROM identity.employer ORDER BY person").fetchall()
    assert employers == [("C1", "acme", "account.given"), ("C2", "acme", "account.domain")]
    space.close()


def test_merge_and_separate_are_followed_and_kept(space: Workspace) -> None:
    con = space.warehouse(write=True).con
    rebuild(con, FACTS)
    before = persons(space)
    record_command(con, "merge", ("user", "C1"), ("user", "C2"), at=NOW, said_by="ada", reason="one person, two logins")
    assert rebuild(con, FACTS).people == 1
    rules = con.execute("SELECT DISTINCT rule FROM identity.decision ORDER BY 1").fetchall()
    assert rules == [("identity.link",), ("identity.merge",)]
    record_command(con, "separate", ("user", "C1"), ("user", "C2"), at=NOW + dt.timedelta(days=1), said_by="bob")
    rebuild(con, FACTS)
    assert persons(space) == before
    assert con.execute("SELECT action, said_by FROM identity.command ORDER BY said_at").fetchall() == [
        ("merge", "ada"),
        ("separate", "bob"),
    ]
    space.close()


def test_rebuilding_and_delivering_twice_change_nothing(space: Workspace) -> None:
    con = space.warehouse(write=True).con
    rebuild(con, FACTS)
    before = con.execute("FROM identity.member ORDER BY ALL").fetchall()
    space.close()
    give(space, {fact: rows[::-1] for fact, rows in ROWS.items()}, source="again")
    con = space.warehouse(write=True).con
    rebuild(con, FACTS)
    assert con.execute("FROM identity.member ORDER BY ALL").fetchall() == before
    space.close()


def test_commands_about_nobody_are_refused(space: Workspace) -> None:
    con = space.warehouse(write=True).con
    for left, right in ((("user", "guest"), ("user", "C1")), (("user", "C1"), ("user", "C1"))):
        with pytest.raises(UsageError):
            record_command(con, "merge", left, right, at=NOW)  # type: ignore[arg-type]
    space.close()


def test_facts_about_people() -> None:
    assert identity_columns(FACTS["session"]) == {"anonymous": "visitor_id", "user": "person_id"}
    assert identity_columns(FACTS["order"]) == {"user": "customer_id", "email": "email"}
    assert identity_columns(FACTS["ad"]) == {}


def test_who_comes_back_to_a_company_is_with_it_again(tmp_path: Path) -> None:
    """Acme, then Bex, then Acme again; what another fact tells later than its first record counts too."""
    space = make_workspace(tmp_path)
    ada = {"stage": "lead", "person_id": "ada"}
    moves = [("01-05", "acme"), ("01-10", "bex"), ("01-20", "acme"), ("01-25", "acme")]
    give(
        space,
        {
            "stage_entry": [{**ada, "_key": day, "entered_at": f"2026-{day}", "account_id": account}
                            for day, account in moves if day != "01-10"],
            "sales_touch": [{"_key": day, "person_id": "ada", "touched_at": f"2026-{day}", "account_id": account,
                             "kind": "call"} for day, account in moves if day == "01-10"],
        },
    )  # fmt: skip
    con = space.warehouse(write=True).con
    rebuild(con, FACTS)
    told = con.execute("SELECT strftime(since, '%m-%d'), account FROM identity.employer ORDER BY since").fetchall()
    assert told == moves[:3]
    space.close()
