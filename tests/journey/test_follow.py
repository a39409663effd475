"""Persons in the timeline: who is who there follows loads and commands, whatever order things arrive in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import make_workspace, select_of
from kit.oracles import identity_cases
from leadline.errors import LeadlineError
from leadline.journey.identity import email_id, plain_id
from leadline.journey.registry import record_command
from leadline.model.facts import FACTS
from leadline.timeline import Breakdown, Timeline
from leadline.timeline.source import build_from_warehouse, refresh
from leadline.warehouse import Warehouse
from leadline.workspace import Workspace, open_workspace

Rows = list[dict[str, Any]]


def deliver(workspace: Workspace, fact: str, rows: Rows, source: str = "test") -> None:
    """One load; rows keep their keys, so that one delivered again changes nothing."""
    warehouse = workspace.warehouse(write=True)
    with warehouse.load(source, f"{fact}.csv", str(dt.datetime.now(dt.UTC)), "m1") as load:
        load.merge(fact, select_of(workspace.facts[fact], rows))
    workspace.close()


def view(key: str, at: str, **who: str | None) -> dict[str, Any]:
    return {"_key": key, "viewed_at": f"2026-01-{at}", "channel": "Email", **who}


def persons(timeline: Timeline) -> dict[str, int]:
    """Events by person."""
    names: dict[str, int] = {}
    table = timeline.touches("page_view", "page_view", lookback=dt.timedelta(microseconds=1))
    for person in timeline.persons(table.person.tolist()):
        names[person] = names.get(person, 0) + 1
    return names


def test_a_visit_before_the_sign_up_belongs_to_the_person(tmp_path: Path) -> None:
    with make_workspace(tmp_path) as workspace:
        deliver(
            workspace, "page_view", [view("1", "01 10:00", visitor_id="v1"), view("2", "02 10:00", visitor_id="v2")]
        )
        assert persons(workspace.timeline()) == {"anonymous:v1": 1, "anonymous:v2": 1}
        deliver(workspace, "page_view", [view("3", "03 10:00", visitor_id="v1", person_id="ann")], "later")
        timeline = workspace.timeline()
        assert persons(timeline) == {"ann": 2, "anonymous:v2": 1}
        # Moved and added, not built anew.
        assert timeline.manifest.identity == 2
        assert persons(build_from_warehouse(tmp_path / "anew", workspace.warehouse())[0]) == persons(timeline)


def test_merging_and_separating_move_the_events_and_back(tmp_path: Path) -> None:
    rows = [view(str(n), f"{n + 1:02d} 10:00", visitor_id=f"v{n}", person_id=f"u{n}") for n in range(9)]
    with make_workspace(tmp_path) as workspace:
        deliver(workspace, "page_view", rows)
        before = persons(workspace.timeline())
        assert before == {f"u{n}": 1 for n in range(9)}
        tried = workspace.correct_identity("merge", "u1", "u2", dry_run=True)
        assert tried.changed == (("anonymous:v2", "u2", "u1"), ("user:u2", "u2", "u1"))
        assert not tried.kept
        assert persons(workspace.timeline()) == before
        done = workspace.correct_identity("merge", "u1", "u2", said_by="ada", reason="two logins")
        assert (done.changed, done.kept) == (tried.changed, True)
        assert persons(workspace.timeline()) == {"u1": 2, **{f"u{n}": 1 for n in (0, 3, 4, 5, 6, 7, 8)}}
        known = workspace.who("v2")
        assert known.person == "u1"
        assert {each for each, _ in known.ids} == {"user:u1", "user:u2", "anonymous:v1", "anonymous:v2"}
        assert [(each.said_by, each.reason) for each in known.decisions if each.rule == "identity.merge"] == [
            ("ada", "two logins")
        ]
        workspace.correct_identity("separate", "u1", "u2", said_by="ada")
        assert persons(workspace.timeline()) == before
    with open_workspace(tmp_path) as again:
        assert persons(again.timeline()) == before


def test_commands_that_cannot_be_followed_are_refused(tmp_path: Path) -> None:
    with make_workspace(tmp_path) as workspace:
        rows = [view(str(n), "01 10:00", visitor_id=f"v{n}", person_id=f"u{n}") for n in range(3)]
        deliver(workspace, "page_view", [*rows, view("9", "01 11:00", visitor_id="same", person_id="same")])
        workspace.correct_identity("separate", "u0", "u2")
        workspace.correct_identity("merge", "u0", "u1")
        for action, left, right, code in (
            ("merge", "u1", "u2", "merge-forbidden"),
            ("merge", "u1", "u1", "same-id"),
            ("merge", "u1", "nobody-knows", "unknown-id"),
            ("separate", "guest", "u1", "unknown-id"),
            ("merge", "same", "u1", "which-id"),
        ):
            with pytest.raises(LeadlineError) as caught:
                workspace.correct_identity(action, left, right)  # type: ignore[arg-type]
            assert caught.value.code == code
            assert caught.value.fix
        assert len(workspace.who("browser:same").ids) == 2


def test_a_shared_device_belongs_to_whoever_used_it_last(tmp_path: Path) -> None:
    """Views without a user: before anybody, between the users, and when the first is back."""
    named = [("02", "u1"), ("04", "u2"), ("06", "u1")]
    rows = [view(f"u{at}", f"{at} 10:00", visitor_id="kiosk", person_id=user) for at, user in named]
    rows += [view(f"a{at}", f"{at} 10:00", visitor_id="kiosk") for at in ("01", "03", "05", "07")]
    with make_workspace(tmp_path) as workspace:
        deliver(workspace, "page_view", rows)
        # u1: 1, 2, 3, 6 and 7; u2: 4 and 5.
        assert persons(workspace.timeline()) == {"u1": 5, "u2": 2}
        deliver(workspace, "page_view", [view("u8", "08 10:00", visitor_id="kiosk", person_id="u3")], "later")
        deliver(workspace, "page_view", [view("a9", "09 10:00", visitor_id="kiosk")], "last")
        assert persons(workspace.timeline()) == {"u1": 5, "u2": 2, "u3": 2}


def test_ids_of_nobody_and_odd_spellings(tmp_path: Path) -> None:
    """`guest` is no person; a space around an id and an address in another case are no other person."""
    ada = email_id("ada@acme.com")
    assert ada is not None
    rows = [
        view("1", "01 10:00", person_id="guest"),
        view("2", "02 10:00", person_id="guest", visitor_id="v1"),
        view("3", "03 10:00", person_id=" u1\t", visitor_id="v1"),
        view("4", "04 10:00", person_id="Ada@Acme.com "),
        view("5", "05 10:00", person_id="ada@acme.com"),
    ]
    with make_workspace(tmp_path) as workspace:
        deliver(workspace, "page_view", rows)
        assert persons(workspace.timeline()) == {"u1": 2, ada.value: 2}
        order = {"_key": "1", "ordered_at": "2026-01-09 10:00", "email": "ADA@acme.com", "amount": 5, "is_sale": True}
        deliver(workspace, "order", [order], "shop")
        table = workspace.timeline().touches("page_view", "order")
        assert (len(table.moment), len(table.touched)) == (1, 2)
        stored = workspace.warehouse().con.execute("SELECT given FROM identity.known").fetchall()
        assert not any("@" in given for (given,) in stored)


def test_what_is_not_about_people_moves_nobody(tmp_path: Path) -> None:
    with make_workspace(tmp_path) as workspace:
        deliver(workspace, "page_view", [view("1", "01 10:00", visitor_id="v1", person_id="u1")])
        assert workspace.timeline().manifest.identity == 1
        deliver(workspace, "ad", [{"_key": "1", "date": "2026-01-01", "spend": 5, "currency": "EUR"}], "ads")
        assert workspace.timeline().manifest.identity == 1
        state = workspace.warehouse().con.execute("SELECT version, synced FROM identity.state").fetchall()
        assert state == [(1, 2)]


def test_without_a_registry_rows_name_their_persons(tmp_path: Path) -> None:
    with Warehouse.open(None) as warehouse:
        with warehouse.load("test", "f", "c", "m") as load:
            load.merge("page_view", select_of(FACTS["page_view"], [view("1", "01 10:00", visitor_id="v1")]))
        timeline, _ = build_from_warehouse(tmp_path / "t", warehouse)
        assert persons(timeline) == {"v1": 1}
        assert refresh(timeline, warehouse)[1] is None


# The oracle's cases, as rows of facts


def told(number: int, case: dict[str, Any]) -> tuple[Rows, list[tuple[str, int, str, str]]]:
    """Page views and commands of a case, its ids with its number before them unless they stand for nobody."""

    def own(given: str | None) -> str | None:
        return f"{number}.{given}" if given is not None and plain_id("user", given) else given

    rows: Rows = []
    commands = []
    for place, event in enumerate(case["events"]):
        at = dt.datetime(2024, 5, 1) + dt.timedelta(seconds=event["t"])
        if event["type"] in ("alias", "unmerge"):
            action = "merge" if event["type"] == "alias" else "separate"
            commands.append((action, event["t"], str(own(event["u"])), str(own(event["previousId"]))))
        else:
            rows.append({
                "_key": f"{number} {place}", "viewed_at": str(at), "visitor_id": own(event["a"]),
                "person_id": own(event["u"]), "campaign": event.get("utm_source"),
            })  # fmt: skip
    return rows, commands


def test_cases_of_the_oracle_in_the_warehouse(tmp_path: Path) -> None:
    """The partition in the registry's tables, the owner of each view in the timeline, and the first touch.

    An address and a browser without a user cannot be in one row of any fact, so that case is not among them.
    """
    cases = [case for case in identity_cases() if not any("email" in event for event in case["events"])]
    assert len(cases) >= 22
    with make_workspace(tmp_path) as workspace:
        stories = [told(number, case) for number, case in enumerate(cases)]
        deliver(workspace, "page_view", [row for rows, _ in stories[::-1] for row in rows[::-1]])
        con = workspace.warehouse(write=True).con
        for action, at, one, other in [command for _, commands in stories for command in commands][::-1]:
            moment = dt.datetime(2024, 5, 1) + dt.timedelta(seconds=at)
            record_command(con, action, ("user", one), ("user", other), at=moment)  # type: ignore[arg-type]
        timeline = workspace.timeline()
        counted = persons(timeline)
        people: dict[str, set[str]] = {}
        for each, person in workspace.warehouse().con.execute("SELECT id, person FROM identity.member").fetchall():
            people.setdefault(person, set()).add(each)
        first = timeline.funnel(["page_view"], window=None, by=Breakdown("campaign"))
        for number, case in enumerate(cases):
            expected, mine = case["expect"], f"{number}."
            found = [
                sorted(each.removeprefix(mine) for each in ids) for ids in people.values() if min(ids).startswith(mine)
            ]
            assert sorted(found) == sorted(map(sorted, expected["people"])), case["case"]
            views = sum(n for person, n in counted.items() if person.removeprefix("anonymous:").startswith(mine))
            assert views == len(stories[number][0]), case["case"]
            if "owner_at" in expected:
                # A view of U1's before U2 came, U2's own, and one after that names nobody.
                assert (counted[f"{mine}U1"], counted[f"{mine}U2"]) == (2, 2)
            if "first_touch_source" in expected:
                told_by = first.people(1, group=expected["first_touch_source"], grouped=True)
                assert told_by == [f"{mine}{expected['revenue_person']}"]


# Whatever the order

SOURCES = {
    "visits": """
title: Visits
columns: {view: text, at: datetime, visitor: text, person: text, channel: text}
facts:
  - fact: page_view
    key: view
    columns: {viewed_at: at, visitor_id: visitor, person_id: person, channel: channel}
  - fact: touch
    key: view
    where: person is not null
    columns: {touched_at: at, person_id: person, channel: channel, kind: "'visit'"}
""",
    "orders": """
title: Orders
currency: EUR
columns: {order_id: text, customer: text, ordered: datetime, amount: money}
facts:
  - fact: order
    key: order_id
    columns: {order_id: order_id, ordered_at: ordered, customer_id: customer, amount: amount, is_sale: amount > 0}
""",
}
HEADS = {"visits": "view,at,visitor,person,channel", "orders": "order_id,customer,ordered,amount"}
LINES = {
    "visits": [
        "w1,2026-01-01 10:00:00,v1,,Email", "w2,2026-01-02 10:00:00,v1,ann,Paid Search",
        "w3,2026-01-02 10:00:00,v2,,Direct", "w4,2026-01-03 10:00:00,v2,ann,Email",
        "w5,2026-01-03 11:00:00,v3,bob,Referral", "w6,2026-01-04 09:00:00,v3,,Email",
        "w7,2026-01-05 09:00:00,v3,cem,Direct", "w8,2026-01-06 09:00:00,v3,,Paid Search",
        "w9,2026-01-06 09:00:00,guest,,Direct", "w10,2026-01-07 09:00:00,v1,ann,Direct",
    ],
    "orders": [
        "o1,ann,2026-01-04 12:00:00,10.50", "o2,bob,2026-01-05 12:00:00,20", "o3,cem,2026-01-08 12:00:00,30",
        "o4,ann,2026-01-08 12:00:00,40", "o5,dan,2026-01-08 12:00:00,7",
    ],
}  # fmt: skip


def facts_after(folder: Path, deliveries: list[tuple[str, list[str]]]) -> dict[str, Any]:
    """Everything that must not depend on the order: load these files, one after another, and ask."""
    with make_workspace(folder, today="2026-01-31") as workspace:
        (folder / "sources").mkdir()
        for name, text in SOURCES.items():
            (folder / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
    with open_workspace(folder) as workspace:
        for number, (source, lines) in enumerate(deliveries):
            file = folder / f"{source}-{number}.csv"
            file.write_text("\n".join([HEADS[source], *lines]) + "\n", encoding="utf-8")
            [report] = workspace.load([file], source=source)
            assert report.status in ("loaded", "unchanged"), report
            if number == 1:
                # Asked on the way, so that it has to follow.
                workspace.timeline()
        timeline = workspace.timeline()
        steps = ["page_view", "order"]
        week = dt.timedelta(days=7)
        first = timeline.funnel(steps, window=week, by=Breakdown("channel"))
        credit = timeline.credit("page_view", "order", by="channel")
        answers = workspace.attribute("order", period="2026-01")
        con = workspace.warehouse().con
        return {
            "partition": sorted(con.execute("SELECT kind, id, person FROM identity.member").fetchall()),
            "first touch": sorted((str(row.group), row.reached) for row in first.rows),
            "people": sorted(first.people(2)),
            "credit": sorted((str(row.group), sorted(row.conversions.items())) for row in credit.rows),
            "by model": [(line.model, line.conversions, line.values, line.unattributed) for line in answers.credits],
            "revenue": workspace.query(["revenue"], by=["channel"], period="2026-01").rows,
            "events": timeline.counts(),
        }


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return facts_after(tmp_path_factory.mktemp("plain") / "w", list(LINES.items()))


def test_what_the_plain_delivery_says(plain: dict[str, Any]) -> None:
    """By hand: ann is v1 and v2; v3 is bob's, then cem's; guest is nobody; dan only buys."""
    assert {(kind, each): person for kind, each, person in plain["partition"]} == {
        ("anonymous", "v1"): "ann", ("anonymous", "v2"): "ann", ("anonymous", "v3"): "bob",
        ("user", "ann"): "ann", ("user", "bob"): "bob", ("user", "cem"): "cem", ("user", "dan"): "dan",
    }  # fmt: skip
    assert plain["first touch"] == [("Direct", (1, 1)), ("Email", (1, 1)), ("Referral", (1, 1))]
    assert plain["people"] == ["ann", "bob", "cem"]
    assert plain["events"]["persons"] == 4


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_order_and_repetition_of_deliveries_change_nothing(
    data: st.DataObject, plain: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Files cut anywhere, rows and files in any order, and some of them delivered again."""
    parts = []
    for source, lines in LINES.items():
        shuffled = data.draw(st.permutations(lines))
        cut = data.draw(st.integers(1, len(lines) - 1))
        parts += [(source, shuffled[:cut]), (source, shuffled[cut:])]
    again = data.draw(st.lists(st.sampled_from(parts), min_size=1, max_size=1))
    deliveries = data.draw(st.permutations([*parts, *((source, lines[::-1]) for source, lines in again)]))
    assert facts_after(tmp_path_factory.mktemp("shuffled") / "w", list(deliveries)) == plain
