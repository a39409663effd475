"""The ledger of promises, case by case, each worked out by hand (001-01, 001-02, 001-09)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import LeadlineError
from leadline.governance.dispute import raise_dispute
from leadline.governance.sla import Item, Ledger, measure_sla
from leadline.governance.statement import make_statement, sign
from leadline.workspace import Workspace

HOURS = """
default: {timezone: Europe/Berlin, holidays: [2026-05-01]}
Asia: {timezone: Asia/Ho_Chi_Minh, days: [monday, tuesday, wednesday, thursday, friday, saturday]}
"""
TOUCH = "first_touch: {kind: touch, team: sales, within: 4 business hours}"
DECIDE = "decision: {kind: decide, team: sales, within: 2 business days, reasons: [no budget, competitor]}"


def make(folder: Path, *promises: str, today: str = "2026-07-06", settings: str = "", extra: str = "") -> Workspace:
    space = make_workspace(folder / "w", today=today, timezone="Europe/Berlin", settings=settings)
    (space.path / "sla").mkdir()
    (space.path / "sla" / "hours.yaml").write_text(HOURS, encoding="utf-8")
    told = "\n".join(f"  {promise}" for promise in promises)
    agreement = f"between: [marketing, sales]\n{extra}promises:\n{told}\n"
    (space.path / "sla" / "agreement.yaml").write_text(agreement, encoding="utf-8")
    return space


def stage(person: str, stage: str, at: str, **columns: Any) -> dict[str, Any]:
    return {"person_id": person, "stage": stage, "entered_at": at, "_key": f"{person}{stage}{at}", **columns}


def touch(person: str, at: str, kind: str = "call", **columns: Any) -> dict[str, Any]:
    return {"person_id": person, "touched_at": at, "kind": kind, "_key": f"{person}{at}{kind}", **columns}


LAST = [stage("z", "sal", "2026-07-05T20:00"), touch("z", "2026-07-05T20:00")]
"""What shows that sources tell to the fifth of July."""


def load(space: Workspace, entries: list[dict[str, Any]], touches: list[dict[str, Any]]) -> None:
    give(space, {"stage_entry": [*entries, LAST[0]], "sales_touch": [*touches, LAST[1]]}, source="crm")


def items(ledger: Ledger) -> dict[str, Item]:
    return {f"{item.record} {item.handed_at:%m-%d}": item for item in ledger.items}


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("handed", "touched", "due", "state", "late_open"),
    [
        # Friday 5 June, 17:55 in Berlin: due on Monday at 12:55; in time, and then three minutes late.
        ("2026-06-05T15:55", "2026-06-08T10:55", "2026-06-08T10:55", "kept", None),
        ("2026-06-05T15:55", "2026-06-08T10:58", "2026-06-08T10:55", "breached", 180),
        # Thursday 30 April, 16:00, before a holiday and a weekend: two hours, and two on Monday 4 May.
        ("2026-04-30T14:00", "2026-05-04T09:00", "2026-05-04T09:00", "kept", None),
        # Late over a night: due at 17:00, done at 10:00 next day, two open hours.
        ("2026-06-09T11:00", "2026-06-10T08:00", "2026-06-09T15:00", "breached", 7200),
        # The clocks go forward between: handed over in winter time at 17:55, due at 12:55 in summer time.
        ("2026-03-27T16:55", "2026-03-30T10:54", "2026-03-30T10:55", "kept", None),
    ],
)
def test_first_touch(tmp_path: Path, handed: str, touched: str, due: str, state: str, late_open: int | None) -> None:
    space = make(tmp_path, TOUCH)
    load(space, [stage("a", "mql", handed, owner="Ada")], [touch("a", touched)])
    [item] = measure_sla(space, None).items
    assert (item.due, item.state, item.late_open, item.owner) == (at(due), state, late_open, "Ada")


def test_what_counts_as_a_touch(tmp_path: Path) -> None:
    """A mail of a sequence, a touch before the handover and a task are none; nobody else's call either."""
    space = make(tmp_path, TOUCH)
    wrong = [
        touch("a", "2026-06-08T08:00", "email", is_automated=True), touch("a", "2026-06-08T06:00"),
        touch("a", "2026-06-08T08:30", "task"), touch("b", "2026-06-08T08:30"),
    ]  # fmt: skip
    load(space, [stage("a", "mql", "2026-06-08T07:00")], wrong)
    [item] = measure_sla(space, None).items
    assert (item.state, item.done_at, item.note) == ("breached", None, "never touched")


def test_a_region_has_its_own_hours(tmp_path: Path) -> None:
    """Friday 17:55 in Ho Chi Minh City, where Saturday is a working day: due on Saturday 12:55 (05:55 UTC)."""
    space = make(tmp_path, TOUCH)
    load(space, [stage("a", "mql", "2026-06-05T10:55", region="Asia")], [])
    assert measure_sla(space, None).items[0].due == at("2026-06-06T05:55")


def test_a_lead_that_comes_back_is_promised_anew(tmp_path: Path) -> None:
    """Rejected on the 9th, recycled, handed over again on the 22nd: two cases, each with its own touch or none."""
    space = make(tmp_path, TOUCH)
    entries = [
        stage("a", "mql", "2026-06-08T07:00"), stage("a", "rejected", "2026-06-09T12:00", reason="no budget"),
        stage("a", "mql", "2026-06-22T07:00"), stage("a", "mql", "2026-06-23T07:00"),
    ]  # fmt: skip
    load(space, entries, [touch("a", "2026-06-08T08:00")])
    found = items(measure_sla(space, None))
    # The second entry without an end between, on the 23rd, is the same case told twice.
    assert {name: item.state for name, item in found.items()} == {"a 06-08": "kept", "a 06-22": "breached"}


def test_a_rejection_with_a_reason_releases_from_what_was_still_to_do(tmp_path: Path) -> None:
    space = make(tmp_path, TOUCH)
    entries = [
        stage("told", "mql", "2026-06-08T07:00"), stage("told", "rejected", "2026-06-08T08:00", reason="competitor"),
        stage("mute", "mql", "2026-06-08T07:00"), stage("mute", "rejected", "2026-06-08T08:00"),
    ]  # fmt: skip
    load(space, entries, [])
    found = {item.record: item.state for item in measure_sla(space, None).items}
    assert found == {"told": "released", "mute": "breached"}


def test_attempts(tmp_path: Path) -> None:
    space = make(tmp_path, "persistence: {kind: touch, team: sales, attempts: 3, within: 5 days}")
    entries = [stage(name, "mql", "2026-06-08T07:00") for name in ("three", "two")]
    load(
        space,
        entries,
        [touch(name, f"2026-06-{9 + n:02d}T09:00") for name, m in (("three", 3), ("two", 2)) for n in range(m)],
    )
    found = {item.record: item for item in measure_sla(space, None).items}
    assert (found["three"].state, found["three"].done_at) == ("kept", at("2026-06-11T09:00"))
    assert (found["two"].state, found["two"].note) == ("breached", "2 of 3 attempts")


def test_decisions(tmp_path: Path) -> None:
    """Handed over on Monday, due when the office closes on Wednesday (18:00 in Berlin)."""
    space = make(tmp_path, DECIDE)
    told = {
        "taken": ("sal", "2026-06-10T16:00", None), "late": ("sal", "2026-06-11T08:00", None),
        "refused": ("rejected", "2026-06-09T08:00", "no budget"), "mute": ("rejected", "2026-06-09T08:00", None),
        "odd": ("rejected", "2026-06-09T08:00", "Mondays"),
    }  # fmt: skip
    entries = [stage(name, "mql", "2026-06-08T07:00") for name in [*told, "none"]]
    load(space, [*entries, *(stage(name, to, when, reason=why) for name, (to, when, why) in told.items())], [])
    found = {item.record: (item.state, item.note) for item in measure_sla(space, None).items}
    assert found == {
        "taken": ("kept", ""), "late": ("breached", "accepted late"), "refused": ("kept", ""),
        "mute": ("breached", "rejected without a reason"), "odd": ("breached", "reason 'Mondays' is not one agreed on"),
        "none": ("breached", "no decision"),
    }  # fmt: skip


def test_what_is_due_after_the_data_ends_is_open(tmp_path: Path) -> None:
    """Sources tell to Sunday 5 July, so what is due on Monday is not known; the month is that of the due day."""
    space = make(tmp_path, TOUCH)
    load(space, [stage("june", "mql", "2026-06-30T15:55"), stage("now", "mql", "2026-07-03T15:55")], [])
    assert measure_sla(space, "2026-06").items == ()
    ledger = measure_sla(space, "2026-07")
    assert {item.record: item.state for item in ledger.items} == {"june": "breached", "now": "open"}
    [tally] = ledger.tallies
    assert (tally.kept, tally.breached, tally.open, tally.rate) == (0, 1, 1, 0)
    assert ledger.seen == at("2026-07-05T22:00")


def test_only_some_leads_and_only_since_it_was_agreed(tmp_path: Path) -> None:
    space = make(
        tmp_path,
        "fast: {kind: touch, team: sales, within: 1 hour, only: {segment: Enterprise}}",
        extra="from: 2026-06-01\n",
    )
    load(
        space,
        [
            stage("big", "mql", "2026-06-08T07:00", segment="Enterprise"), stage("small", "mql", "2026-06-08T07:00"),
            stage("old", "mql", "2026-05-08T07:00", segment="Enterprise"),
        ],
        [],
    )  # fmt: skip
    assert [item.record for item in measure_sla(space, None).items] == ["big"]


def delivered(tmp_path: Path, promise: str, goal: str = "") -> Any:
    space = make(tmp_path, promise)
    rows = [
        stage(f"{channel}{n}", "mql", "2026-06-08T07:00", channel=channel)
        for channel, m in (("Email", 4), ("Referral", 2))
        for n in range(m)
    ]
    load(space, rows, [])
    if goal:
        (space.path / "goals").mkdir()
        (space.path / "goals" / "g.csv").write_text(f"metric,period,target\n{goal}\n", encoding="utf-8")
        space.close()
    [found] = measure_sla(space, "2026-06").deliveries
    return found


def test_delivery_by_the_goals(tmp_path: Path) -> None:
    found = delivered(tmp_path, "q: {kind: deliver, team: marketing, metric: mql}", "mql,2026-06,8")
    assert (found.delivered, found.target, found.state) == (6, 8, "breached")


def test_delivery_weighted_by_value_and_by_segment(tmp_path: Path) -> None:
    """001-02, quality beside quantity: 4 × 1 + 2 × 5 = 14 points of 12, but only two referrals of three."""
    weighed = "by: channel, target: 12, worth: {Referral: 5}, targets: {Referral: 3}"
    promise = f"q: {{kind: deliver, team: marketing, metric: mql, {weighed}}}"
    found = delivered(tmp_path, promise)
    assert (found.delivered, found.target, found.weighted) == (14, 12, True)
    assert [(part.member, part.delivered, part.target) for part in found.parts] == [("Referral", 2, 3)]
    assert found.state == "breached"


def test_a_promise_and_a_goal_are_one_number(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match="two-targets"):
        delivered(tmp_path, "q: {kind: deliver, team: marketing, metric: mql, target: 9}", "mql,2026-06,8")


def breached(tmp_path: Path, settings: str = "") -> Workspace:
    space = make(tmp_path, TOUCH, settings=settings)
    rows = [stage("a", "mql", "2026-06-08T07:00", email="a@b.example"), stage("b", "mql", "2026-06-08T07:00")]
    load(space, rows, [touch("b", "2026-06-08T08:00")])
    return space


def test_names_are_shown_only_where_the_workspace_says_so(tmp_path: Path) -> None:
    assert [item.name for item in measure_sla(breached(tmp_path / "hidden"), "2026-06").breaches] == [""]
    shown = breached(tmp_path / "shown", "reveal_personal: true\n")
    assert [item.name for item in measure_sla(shown, "2026-06").breaches] == ["a@b.example"]


def test_disputes_are_text_and_count_once_upheld(tmp_path: Path) -> None:
    space = breached(tmp_path)

    def complain(record: str, **told: str) -> None:
        ledger = measure_sla(space, None)
        asked = {"reason": 'met, at the "fair"', "by": "sales", **told}
        raise_dispute(space.path, ledger.items, record, teams=ledger.teams, on=space.today, **asked)

    complain("a")
    table = space.path / "sla" / "disputes.csv"
    assert (
        table.read_text(encoding="utf-8").splitlines()[1]
        == 'a,first_touch,2026-06-08T07:00:00Z,"met, at the ""fair""",sales,2026-07-06,'
    )
    [tally] = measure_sla(space, "2026-06").tallies
    assert (tally.breached, tally.disputed, tally.rate) == (1, 1, 0.5)
    for record, told, code in (
        ("a", {}, "disputed-already"), ("b", {}, "no-breach"), ("a", {"by": "legal"}, "unknown-team"),
        ("a", {"reason": " "}, "no-reason"),
    ):  # fmt: skip
        with pytest.raises(LeadlineError, match=code):
            complain(record, **told)
    table.write_text(table.read_text(encoding="utf-8").rstrip() + "upheld\n", encoding="utf-8")
    [tally] = measure_sla(space, "2026-06").tallies
    assert (tally.kept, tally.breached, tally.excused, tally.rate) == (1, 0, 1, 1)
    table.write_text(table.read_text(encoding="utf-8").rstrip() + "x\n", encoding="utf-8")
    with pytest.raises(LeadlineError, match="bad-dispute") as raised:
        measure_sla(space, "2026-06")
    assert "sla/disputes.csv:2" in raised.value.why


def test_a_signature_is_for_these_figures(tmp_path: Path) -> None:
    """Signed by both; a touch that arrives late keeps the promise after all, and both signatures are stale."""
    space = breached(tmp_path)
    assert sign(space, "2026-06", "sales", "Ada").missing == ("marketing",)
    assert sign(space, "2026-06", "marketing").missing == ()
    with pytest.raises(LeadlineError, match="signed-already"):
        sign(space, "2026-06", "sales")
    before = make_statement(space, "last-month")
    assert [signature.stale for signature in before.signatures] == [False, False]
    give(space, {"sales_touch": [touch("a", "2026-06-08T08:00")]}, source="telephone")
    after = make_statement(space, "2026-06")
    assert after.hash != before.hash
    assert after.missing == ("marketing", "sales")
    assert all(signature.stale for signature in after.signatures)


def test_an_open_month_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match="not-closed"):
        sign(breached(tmp_path), "2026-07", "sales")


def test_time_going_by_does_not_make_a_statement_stale(tmp_path: Path) -> None:
    space = breached(tmp_path)
    before = make_statement(space, "2026-06").hash
    give(space, {"sales_touch": [touch("y", "2026-08-01T08:00")]}, source="telephone")
    text = (space.path / "leadline.yaml").read_text(encoding="utf-8").replace("2026-07-06", "2026-08-02")
    (space.path / "leadline.yaml").write_text(text, encoding="utf-8")
    from leadline.workspace import open_workspace

    with open_workspace(space.path) as later:
        assert make_statement(later, "2026-06").hash == before


@pytest.mark.parametrize(
    ("promise", "code", "line"),
    [
        ("p: {kind: touch, team: legal, within: 1 hour}", "bad-promise", 3),
        ("p: {kind: touch, team: sales, within: soon}", "bad-duration", 3),
        ("p: {kind: touch, team: sales, within: 1 hour, only: {size: big}}", "bad-promise", 3),
        ("p: {kind: touch, team: sales, within: 1 hour, atempts: 2}", "bad-definition", 3),
        ("p: {kind: deliver, team: marketing, metric: mqll}", "unknown-metric", 3),
        ("p: {kind: deliver, team: marketing, metric: ctr}", "bad-promise", 3),
        ("p: {kind: deliver, team: marketing, metric: mql, worth: {Email: 2}}", "bad-promise", 3),
    ],
)
def test_errors_have_file_and_line(tmp_path: Path, promise: str, code: str, line: int) -> None:
    with pytest.raises(LeadlineError) as raised:
        measure_sla(make(tmp_path, promise), None)
    assert raised.value.code == code
    assert f"sla/agreement.yaml:{line}" in raised.value.why


def test_without_an_agreement_the_way_to_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match="no-agreement") as raised:
        measure_sla(make_workspace(tmp_path / "w"), None)
    assert "docs/sla.md" in raised.value.fix
