"""Events from invitation to revenue, counted by hand (000-12, 000-15, 000-16)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import RefusedError, UsageError
from leadline.journey.event import STEPS
from leadline.journey.event_mail import kind_of
from leadline.report.event_text import render_events
from leadline.report.export import encode_json
from leadline.workspace import Workspace

AT = "2026-03-10 15:00"


def member(person: str, *, event: str = "w1", name: str = "Clinic", at: str = AT, **told: Any) -> dict[str, Any]:
    return {"_key": f"{event} {person}", "event_id": event, "event": name, "event_at": at, "person_id": person, **told}


def came(person: str, minutes: int, **told: Any) -> dict[str, Any]:
    return member(person, registered=True, attended=True, minutes=minutes, **told)


# Registered: ada bob cem dan; ada bob cem came, and eve without registering. Reminded: ada bob cem, opened: ada.
PEOPLE = [
    came("ada", 50, invited=True, reminded=True, opened_reminder=True, interactions=2, email="ada@example.com"),
    came("bob", 30, invited=True, reminded=True, opened_reminder=False, interactions=0),
    came("cem", 10, invited=True, reminded=True, opened_reminder=False),
    member("dan", registered=True, attended=False, invited=False, reminded=False, opened_reminder=False),
    member("eve", registered=False, attended=True, minutes=30, invited=False, interactions=1),
    member("fay", registered=False, attended=False, invited=True),
]
LEADS = [
    {"entered_at": "2026-01-05", "stage": "lead", "person_id": "ada", "is_first": True},
    {"entered_at": "2026-03-20", "stage": "lead", "person_id": "bob", "is_first": True},
    {"entered_at": "2026-09-20", "stage": "lead", "person_id": "cem", "is_first": True},
    {"entered_at": "2026-03-20", "stage": "lead", "person_id": "dan", "is_first": True},
]


def deal(person: str, created: str, amount: float, won: str | None = None, lost: str | None = None) -> dict[str, Any]:
    return {"_key": f"{person} {created}", "deal_id": f"{person} {created}", "person_id": person, "amount": amount,
            "created_at": created, "won_at": won, "lost_at": lost, "closed_at": won or lost, "currency": "EUR",
            "status": "won" if won else "lost" if lost else "open"}  # fmt: skip


DEALS = [
    deal("ada", "2026-03-15", 1000, won="2026-04-15"),  # opened and won within 90 days
    deal("bob", "2026-02-01", 700),  # open at the event
    deal("bob", "2026-01-01", 50, lost="2026-02-01"),  # over before it
    deal("eve", "2026-06-07", 300, won="2026-06-09"),  # opened and won within, until June 8 at 15:00: won too late
    deal("dan", "2026-03-15", 9999, won="2026-04-01"),  # did not come
    deal("cem", "2026-08-01", 400),  # too late
]
TOUCHES = [
    {"_key": f"{person} {kind}", "person_id": person, "touched_at": at, "kind": kind, "content": content,
     "channel": channel}
    for person, kind, at, content, channel in (
        ("ada", "event", "2026-03-10 15:00", "Clinic", "Webinar"),
        ("ada", "visit", "2026-04-01 10:00", None, "Email"),
        ("eve", "event", "2026-03-10 15:00", "Clinic", "Webinar"),
        ("dan", "event", "2026-03-10 15:00", "Another", "Webinar"),
    )
]  # fmt: skip


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    workspace = make_workspace(tmp_path, today="2026-10-01")
    give(workspace, {"event_member": PEOPLE, "stage_entry": LEADS, "deal": DEALS, "touch": TOUCHES})
    return workspace


def counts(line: Any) -> dict[str, int | None]:
    return {step.name: step.count for step in line.steps}


def shares(line: Any) -> dict[str, tuple[float, str]]:
    return {step.name: (round(step.share, 4), step.of) for step in line.steps if step.share is not None}


def test_the_process_by_hand(space: Workspace) -> None:
    line = space.event("Clinic").line
    assert counts(line) == {
        "invited": 4, "reminded": 3, "opened": 1, "registered": 4, "attended": 4, "engaged": 2, "lead": 2,
        "pipeline": 3, "revenue": 1,
    }  # fmt: skip
    assert shares(line) == {
        "reminded": (0.75, "registered"),
        "opened": (0.3333, "reminded"),
        "registered": (0.75, "invited"),  # of the four invited three registered; dan came by himself
        "attended": (0.75, "registered"),  # eve walked in
        "engaged": (0.6667, "attended"),  # cem's tool told nothing
        "lead": (0.5, "attended"),
        "pipeline": (0.75, "attended"),
        "revenue": (0.3333, "pipeline"),
    }
    assert line.minutes == 30
    found = line.contribution
    assert (found.opened, found.opened_value) == (2, 1300)
    assert (found.open_before, found.open_before_value) == (1, 700)
    assert (found.won, found.won_value) == (1, 1000)
    assert not line.window_open


def test_credited_by_the_workspace_s_model(space: Workspace) -> None:
    """Ada's deal: pipeline to the event, her last touch then; revenue to the mail of April 1 by last non-direct.

    When Eve's deal was won, her touch was older than the lookback.
    """
    found = space.event("Clinic").line.contribution
    assert (found.credited_pipeline, found.credited_revenue) == (1300, 0)
    linear = make_workspace(space.path / "linear", today="2026-10-01", settings="attribution: linear\n")
    give(linear, {"event_member": PEOPLE, "stage_entry": LEADS, "deal": DEALS, "touch": TOUCHES})
    answer = linear.event("Clinic")
    assert answer.line.contribution.credited_revenue == pytest.approx(500)
    assert "Credited by linear: €1,300 of pipeline and €500 of revenue." in answer.answers[3][1]


def test_four_questions_in_words(space: Workspace) -> None:
    answer = space.event("w1")
    assert [question for question, _ in answer.answers] == [
        "Registered?",
        "Really attended?",
        "Looked at the reminder e-mails we sent?",
        "What did the event contribute to revenue growth?",
    ]
    registered, attended, reminded, contributed = (told for _, told in answer.answers)
    assert registered == "4 people registered, 75.0% of 4 people invited."
    assert attended == ("4 came: 75.0% of those who registered, and 1 who had not; they stayed 30 minutes on average.")
    assert reminded.startswith("1 of 3 people reminded opened one (33.3%);")
    assert "opened 2 deals worth €1,300 (new pipeline) and won 1 deal worth €1,000" in contributed
    assert "Credited by last_non_direct: €1,300 of pipeline and €0 of revenue." in contributed


def test_what_no_source_feeds_is_never_none(tmp_path: Path) -> None:
    """000-15. Only an attendee report: no invitations, reminders, chats, stages or deals, and each says its source."""
    space = make_workspace(tmp_path, today="2026-10-01")
    give(space, {"event_member": [member("ada", registered=True, attended=True)]})
    answer = space.event()
    assert counts(answer.line) == {**dict.fromkeys(STEPS), "registered": 1, "attended": 1}
    assert all(step.needs for step in answer.line.steps if step.count is None)
    assert answer.line.contribution.won_value is None
    assert "event_member.reminded" in answer.answers[2][1]
    assert "deal.person_id" in answer.answers[3][1]
    assert "Credited: unknown" in answer.answers[3][1]
    assert "no source: needs polls, questions and chats" in render_events(answer)


def test_e_mails_of_campaigns_that_name_the_event(tmp_path: Path) -> None:
    """Two events of one name: a mail is of the next one after it was sent."""
    space = make_workspace(tmp_path, today="2026-10-01")
    mails = [
        ("Invitation: Clinic (Mar)", "2026-02-20", 100, 40, 9),
        ("Reminder: clinic tomorrow", "2026-03-09", 4, 2, 1),
        ("Newsletter with the Clinic", "2026-03-01", 999, 9, 9),
        ("Invitation: Clinic (Jun)", "2026-05-20", 200, 80, 7),
        ("Reminder: Other talk", "2026-03-09", 50, 2, 1),
    ]
    sent = [{"_key": name, "campaign": name, "sent_at": at, "sent": count + 1, "delivered": count, "opens": opens,
             "clicks": clicks} for name, at, count, opens, clicks in mails]  # fmt: skip
    again = member("ada", event="w2", at="2026-06-10 15:00", registered=True, attended=True)
    give(space, {"event_member": [came("ada", 5), came("bob", 5), again], "email": sent})
    first, second = space.event("Clinic").events
    assert counts(first)["invited"] == 100
    assert (first.step("reminded").unit, first.step("reminded").count, first.step("opened").count) == ("e-mails", 4, 2)
    assert first.step("opened").share == 0.5
    assert (counts(second)["invited"], counts(second)["reminded"]) == (200, None)
    total = space.event().total
    assert (total.step("invited").count, total.step("registered").count, total.step("attended").count) == (300, 3, 3)
    assert "They are 2 different people" in space.event().answers[1][1]


def test_words_that_tell_mails_apart() -> None:
    assert kind_of(None, "Reminder of our invitation") == "reminder"
    assert kind_of("invitation", "Clinic") == "invitation"
    assert kind_of("campaign", "Davet: klinik") == "invitation"
    assert kind_of("campaign", "Newsletter") == ""


def test_people_behind_a_step_are_masked(space: Workspace, tmp_path: Path) -> None:
    answer = space.event("Clinic", people="opened")
    assert answer.people == (("ada", "•••", "Clinic"),)
    assert "ada@example.com" not in render_events(answer)
    assert "ada@example.com" not in encode_json(answer.as_data())
    give(space, {"event_member": [member("gus@example.com", opened_reminder=True, reminded=True)]}, source="other")
    assert space.event("Clinic", people="opened").people == (("ada", "•••", "Clinic"), ("•••", "", "Clinic"))
    with pytest.raises(RefusedError, match="reveal-not-allowed"):
        space.event("Clinic", people="opened", reveal=True)
    with pytest.raises(UsageError, match="unknown-step"):
        space.event(people="slept")
    allowed = make_workspace(tmp_path / "allowed", settings="reveal_personal: true\n")
    give(allowed, {"event_member": PEOPLE})
    assert allowed.event(people="opened", reveal=True).people == (("ada", "ada@example.com", "Clinic"),)


def upcoming(registered: int) -> list[dict[str, Any]]:
    """Past events with 3 and 5 registrations nine days before; one to come on October 10 at 15:00."""
    rows = []
    for event, at, days in (("a", "2026-03-10", [20, 15, 10, 2, 1]), ("b", "2026-05-10", [30, 20, 15, 12, 10, 1])):
        start = dt.datetime.fromisoformat(f"{at} 15:00")
        for number, before in enumerate(days):
            when = start - dt.timedelta(days=before)
            told = {"event": event, "name": event, "at": str(start), "registered_at": str(when)}
            rows.append(member(f"{event}{number}", registered=True, attended=True, **told))
    for number in range(registered):
        rows.append(member(f"n{number}", event="next", name="Next", at="2026-10-11 00:00", registered=True,
                           registered_at="2026-09-20 10:00"))  # fmt: skip
    return rows


@pytest.mark.parametrize(("registered", "lags"), [(3, True), (4, False)])
def test_registrations_that_lag_call_for_an_action(registered: int, lags: bool, tmp_path: Path) -> None:
    """000-12: nine days before, the last two had 3 and 5."""
    space = make_workspace(tmp_path, today="2026-10-01")
    give(space, {"event_member": upcoming(registered), "deal": DEALS})
    answer = space.event("Next")
    hint = answer.line.hint
    assert hint.startswith(f"{registered} registered 9 days before; 4 at the same time before the last 2 events")
    assert ("send more invitations, or raise the incentive" in hint) is lags
    assert answer.line.step("attended").note == "the event is still to come"
    assert answer.answers[3][1] == "Nothing yet: the event is still to come."
    assert answer.answers[1][1] == "Not yet: the event is still to come."
    assert any("registered 9 days before" in note for note in answer.notes)


def test_a_window_that_is_still_open_says_so(tmp_path: Path) -> None:
    space = make_workspace(tmp_path, today="2026-03-20")
    give(space, {"event_member": PEOPLE, "deal": DEALS[:1]})
    answer = space.event("Clinic")
    assert answer.line.window_open
    assert "still open (until 2026-06-08)" in answer.answers[3][1]
    assert answer.line.step("revenue").note == "the window is still open"


def test_all_events_count_people_and_deals_once(tmp_path: Path) -> None:
    """Ada came to two events within 90 days before her deal: each has influenced it, and there was one deal."""
    space = make_workspace(tmp_path, today="2026-10-01")
    again = [member("ada", event="w0", name="Before", at="2026-02-20 15:00", registered=True, attended=True)]
    give(space, {"event_member": [*PEOPLE, *again], "stage_entry": LEADS, "deal": DEALS})
    answer = space.event()
    assert [line.contribution.won_value for line in answer.events] == [1000, 1000]
    assert answer.total.contribution.won_value == 1000
    assert (answer.total.step("attended").count, answer.total.step("revenue").count) == (5, 1)
    assert answer.total.step("engaged").note == "of 1 of 2 events"
    assert answer.total.step("engaged").share is None


def test_arrival_and_double_delivery_change_nothing(tmp_path: Path) -> None:
    rows = {"event_member": PEOPLE, "stage_entry": LEADS, "deal": DEALS, "touch": TOUCHES}
    told = []
    for number, order in enumerate((1, -1)):
        space = make_workspace(tmp_path / str(number), today="2026-10-01")
        keyed = {
            name: [{"_key": str(at), **row} for at, row in enumerate(listed)][::order] for name, listed in rows.items()
        }
        for _ in range(1 + number):
            give(space, keyed)
        told.append(space.event().as_data() | {"provenance": None})
    assert told[0] == told[1]


def test_money_of_two_currencies_is_refused_until_converted(tmp_path: Path) -> None:
    space = make_workspace(tmp_path, today="2026-10-01")
    rates = [{"_key": day, "date": day, "currency": "USD", "to_currency": "EUR", "rate": rate}
             for day, rate in (("2026-03-15", 0.5), ("2026-04-15", 0.4))]  # fmt: skip
    deals = [{**DEALS[0], "currency": "USD"}, DEALS[1]]
    give(space, {"event_member": PEOPLE, "deal": deals, "fx_rate": rates})
    with pytest.raises(RefusedError, match="mixed-currencies"):
        space.event()
    found = space.event(currency="EUR").total.contribution
    assert (found.opened_value, found.won_value, found.open_before_value) == (500, 400, 700)


def test_other_refusals(space: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean Clinic"):
        space.event("Clinik")
    with pytest.raises(UsageError, match="bad-window"):
        space.event(within=0)
    assert space.event(period="2025").events == ()
    assert render_events(space.event(period="2025")).endswith("No events in this period.")
    empty = make_workspace(tmp_path / "empty")
    with pytest.raises(RefusedError, match="no-events"):
        empty.event()


def test_json_notebook_and_drawing(space: Workspace) -> None:
    answer = space.event("Clinic")
    data = json.loads(encode_json(answer.as_data()))
    assert data["events"][0]["contribution"]["won_value"] == 1000
    assert data["answers"][0]["question"] == "Registered?"
    assert [row["step"] for row in answer.rows][: len(STEPS)] == list(STEPS)
    assert answer.svg().startswith("<svg")
    page = answer._repr_html_()
    assert "<table>" in page
    assert "Really attended?" in page
