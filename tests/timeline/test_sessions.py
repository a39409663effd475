"""Sessions by the rules of GA4, UA and Matomo: reference, kernel and SQL give the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kit.oracles import session_cases
from kit.sequences import SESSIONS, sessions_by_reference, sessions_of_rows
from kit.streams import SECOND, dice_streams, make_timeline, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Timeline, match
from leadline.timeline.question import SessionQuestion, micros
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.sessions import Session, divide_person
from leadline.timeline.relational.sessions import sessions_sql
from leadline.timeline.sessions import SessionRow, list_sessions

MINUTE = 60 * SECOND


def by_kernel(timeline: Timeline, asked: SessionQuestion) -> dict[tuple[str, int], tuple[Any, ...]]:
    table = list_sessions(timeline.view, timeline.dictionaries, asked, "UTC")
    ids = timeline.persons(table.person.tolist())
    columns = (
        table.number, table.begun, table.ended, table.events, table.views, table.keys, table.engaged, table.timed,
        table.on_pages,
    )  # fmt: skip
    groups = [table.names[code] for code in table.group.tolist()]
    return {
        (person, row[0]): (group, *row[1:])
        for person, group, row in zip(ids, groups, zip(*(c.tolist() for c in columns), strict=True), strict=True)
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 500)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in SESSIONS.items():
            expected = sessions_by_reference(streams, asked)
            assert len(expected) > 200
            assert sessions_of_rows(con.execute(sessions_sql(asked, table)).fetchall()) == expected, name
            kernel = by_kernel(timeline, asked)
            assert kernel == {
                key: (s.group, s.begun, s.ended, s.events, s.views, s.keys, s.engaged, s.timed, s.on_pages)
                for key, s in expected.items()
            }, name
            check_totals(timeline, asked, expected)


def check_totals(timeline: Timeline, asked: SessionQuestion, found: dict[tuple[str, int], Session]) -> None:
    from leadline.timeline.sessions import ask_sessions

    sessions = list(found.values())
    result = ask_sessions(timeline.view, timeline.dictionaries, asked, "UTC", times=True)
    assert result.all.people == len({person for person, _ in found})
    assert result.all.returning_people == len({person for person, number in found if number > 1})
    rows: dict[str | None, SessionRow] = {row.group: row for row in result.rows} if asked.by else {None: result.all}
    groups = {session.group for session in sessions}
    assert set(rows) == groups
    for group in groups:
        mine, row = [s for s in sessions if s.group == group], rows[group]
        assert row.sessions == len(mine)
        assert row.engaged == sum(s.engaged for s in mine)
        assert row.events == sum(s.events for s in mine)
        assert row.views == sum(s.views for s in mine)
        assert row.keys == sum(s.keys for s in mine)
        assert row.new == sum(s.number == 1 for s in mine)
        assert row.seconds == pytest.approx(sum(s.ended - s.begun for s in mine) / 1e6)
        assert row.timed == sum(s.timed for s in mine)
        assert row.page_seconds == pytest.approx(sum(s.on_pages for s in mine) / 1e6)
        own = [key for key, s in found.items() if s.group == group]
        assert row.people == len({person for person, _ in own})
        assert row.returning_people == len({person for person, number in own if number > 1})
        single = sum(s.actions == 1 for s in mine)
        assert row.bounces == (row.sessions - row.engaged if asked.rule == "ga4" else single)


def test_oracle_cases(tmp_path: Path) -> None:
    streams, cases = session_cases()
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for asked, expected in cases:
            forms = {
                "reference": [person for person, events in streams.items() for _ in divide_person(events, asked)],
                "kernel": [person for person, _ in by_kernel(timeline, asked)],
                "SQL": [row[0] for row in con.execute(sessions_sql(asked, table)).fetchall()],
            }
            for form, found in forms.items():
                assert {person: found.count(person) for person in expected} == expected, (form, asked.rule)


def test_silence_of_exactly_the_gap_and_a_long_day(tmp_path: Path) -> None:
    """JOURNEY_RULES 2: exactly 30:00 divides for Matomo only; an event each 20 min for 26 h."""
    steps = range(0, 26 * 60 + 1, 20)
    streams = {
        "exact": [Event(0, 1, "v"), Event(30 * MINUTE, 2, "v")],
        "day": [Event(minutes * MINUTE, minutes, "v") for minutes in steps],
    }
    timeline = make_timeline(tmp_path / "t", streams)
    for rule, exact, day in (("ga4", 1, 1), ("ua", 1, 2), ("matomo", 2, 2)):
        found = timeline.session_table(SessionQuestion(rule))  # type: ignore[arg-type]
        ids = timeline.persons(found.person.tolist())
        assert (ids.count("exact"), ids.count("day")) == (exact, day), rule


def test_midnight_is_that_of_the_zone(tmp_path: Path) -> None:
    evening = micros(dt.datetime(2024, 5, 1, 21, 58))
    timeline = make_timeline(tmp_path / "t", {"p": [Event(evening, 1, "v"), Event(evening + 5 * MINUTE, 2, "v")]})
    assert timeline.sessions("ua", zone="UTC").all.sessions == 1
    assert timeline.sessions("ua", zone="Europe/Berlin").all.sessions == 2


@pytest.mark.parametrize(("seconds", "keys", "engaged"), [(10.0, [], 0), (10.1, [], 1), (10.0, ["purchase"], 1)])
def test_engaged(tmp_path: Path, seconds: float, keys: list[str], engaged: int) -> None:
    """JOURNEY_RULES 3: one view and exactly 10 s is a bounce, 10.1 s is engaged, one view and a purchase is engaged."""
    end = int(seconds * SECOND)
    events = [Event(0, 1, "page_view"), Event(end, 2, "scroll"), *(Event(1, 3, name) for name in keys)]
    timeline = make_timeline(tmp_path / "t", {"p": events, "q": [Event(0, 9, "purchase")]})
    found = timeline.session_table(SessionQuestion(keys=match("purchase")))
    [place] = [i for i, person in enumerate(timeline.persons(found.person.tolist())) if person == "p"]
    assert found.engaged[place] == engaged


def test_pages_repeat_and_entry_counts_once(tmp_path: Path) -> None:
    """JOURNEY_RULES 3: /home, /products, /home: one session, entered at /home, three views."""
    pages = ["/home", "/products", "/home"]
    events = [Event(i * MINUTE, i, "page_view", {"channel": page}) for i, page in enumerate(pages)]
    found = make_timeline(tmp_path / "t", {"p": events}).sessions(by="channel")
    assert [(row.group, row.sessions, row.views) for row in found.rows] == [("/home", 1, 3)]


def test_time_on_page(tmp_path: Path) -> None:
    """003-07, JOURNEY_RULES 3: 10:00 A, 10:01 B, left 10:05. UA: A 60 s, B none. By engagement: A 60 s, B 240 s."""
    ten = micros(dt.datetime(2024, 5, 1, 10))
    events = [
        Event(ten, 1, "page_view", {"channel": "A"}),
        Event(ten + MINUTE, 2, "page_view", {"channel": "B"}),
        Event(ten + 5 * MINUTE, 3, "leave"),
    ]
    timeline = make_timeline(tmp_path / "t", {"p": events})
    ua = timeline.sessions("ua", times=True).all
    assert (ua.timed, ua.page_seconds, ua.time_on_page) == (1, 60, 60)
    engaged = timeline.sessions("ga4", stays=match("leave"), times=True).all
    assert (engaged.timed, engaged.page_seconds, engaged.time_on_page) == (2, 300, 150)
    only = make_timeline(tmp_path / "one", {"p": events[:1]}).sessions("ua", times=True).all
    assert (only.timed, only.time_on_page) == (0, None)


def test_new_and_returning(tmp_path: Path) -> None:
    """003-07, JOURNEY_RULES 3: ann comes for the first time and again: new and returning, one person. bob is back."""
    day = 86_400 * SECOND
    streams = {
        "ann": [Event(10 * day, 1, "page_view"), Event(11 * day, 2, "page_view")],
        "bob": [Event(0, 3, "page_view"), Event(12 * day, 4, "page_view")],
    }
    timeline = make_timeline(tmp_path / "t", streams)
    found = timeline.sessions(since=dt.datetime(1970, 1, 5)).all
    assert (found.sessions, found.new, found.returning) == (3, 1, 2)
    assert (found.people, found.returning_people) == (2, 2)
    assert found.new + found.returning_people >= found.people
    assert found.pages_per_session == 1


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", {"p": [Event(0, 1, "v")]})
    with pytest.raises(LeadlineError, match="silence"):
        timeline.sessions(gap=dt.timedelta(0))
    with pytest.raises(LeadlineError, match="campaign"):
        timeline.sessions("ua", campaign="campain")
