"""Sessions by the rules of GA4, UA and Matomo: reference, kernel and SQL give the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kit.streams import SECOND, Streams, dice_streams, make_timeline, oracle, ordered, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Match, Timeline, match
from leadline.timeline.question import SessionQuestion, micros
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.sessions import Session, divide_person
from leadline.timeline.relational.sessions import sessions_sql
from leadline.timeline.sessions import SessionRow, list_sessions

MINUTE = 60 * SECOND
DAYS = tuple(range(-86_400 * SECOND, 10 * 86_400 * SECOND, 86_400 * SECOND))
AB = Match(("a", "b"))

QUESTIONS = {
    "ga4": SessionQuestion(gap=5 * SECOND, views=AB, keys=match("c"), by="channel"),
    "ga4, some events": SessionQuestion(gap=5 * SECOND, of=Match(("a", "b", "c")), views=AB, actions=AB),
    "ua": SessionQuestion("ua", gap=5 * SECOND, views=AB, midnights=(0, 20 * SECOND, 41 * SECOND), by="channel"),
    "matomo": SessionQuestion("matomo", gap=5 * SECOND, views=AB, midnights=(0, 20 * SECOND, 41 * SECOND)),
    "matomo, no days": SessionQuestion("matomo", gap=7 * SECOND, views=AB, midnights=(-1,), by="campaign"),
    "period": SessionQuestion("ua", gap=9 * SECOND, views=AB, midnights=(-1,), since=9 * SECOND, until=40 * SECOND),
}


def by_reference(streams: Streams, asked: SessionQuestion) -> dict[tuple[str, int], Session]:
    found = {person: divide_person(events, asked) for person, events in ordered(streams).items()}
    return {(person, session.number): session for person, sessions in found.items() for session in sessions}


def by_kernel(timeline: Timeline, asked: SessionQuestion) -> dict[tuple[str, int], tuple[Any, ...]]:
    table = list_sessions(timeline.view, timeline.dictionaries, asked, "UTC")
    ids = timeline.persons(table.person.tolist())
    columns = (table.number, table.begun, table.ended, table.events, table.views, table.keys, table.engaged)
    groups = [table.names[code] for code in table.group.tolist()]
    return {
        (person, row[0]): (group, *row[1:])
        for person, group, row in zip(ids, groups, zip(*(c.tolist() for c in columns), strict=True), strict=True)
    }


def by_sql(con: Any, table: str, asked: SessionQuestion) -> dict[tuple[str, int], Session]:
    rows = con.execute(sessions_sql(asked, table)).fetchall()
    return {(row[0], row[1]): Session(row[2], *row[1:2], *row[3:]) for row in rows}


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 500)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in QUESTIONS.items():
            expected = by_reference(streams, asked)
            assert len(expected) > 300
            assert by_sql(con, table, asked) == expected, name
            kernel = by_kernel(timeline, asked)
            assert kernel == {
                key: (s.group, s.begun, s.ended, s.events, s.views, s.keys, s.engaged) for key, s in expected.items()
            }, name
            check_totals(timeline, asked, list(expected.values()))


def check_totals(timeline: Timeline, asked: SessionQuestion, sessions: list[Session]) -> None:
    from leadline.timeline.sessions import ask_sessions

    result = ask_sessions(timeline.view, timeline.dictionaries, asked, "UTC")
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
        single = sum(s.actions == 1 for s in mine)
        assert row.bounces == (row.sessions - row.engaged if asked.rule == "ga4" else single)


def test_oracle_cases(tmp_path: Path) -> None:
    cases = oracle("session_cases.json")
    assert len(cases) >= 9
    streams = {
        case["case"]: [
            Event(micros(dt.datetime.fromisoformat(at)), place, "page_view", {"campaign": campaign})
            for place, (at, campaign) in enumerate(case["events"])
        ]
        for case in cases
    }
    first = micros(dt.datetime(2024, 5, 1))
    midnights = (first, first + 86_400 * SECOND, first + 2 * 86_400 * SECOND)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for rule in ("ga4", "ua", "matomo"):
            asked = SessionQuestion(rule, midnights=midnights)
            kernel, sql = by_kernel(timeline, asked), by_sql(con, table, asked)
            for case in cases:
                expected = case["sessions"][rule]
                assert len(divide_person(streams[case["case"]], asked)) == expected, (case["case"], rule)
                assert sum(person == case["case"] for person, _ in kernel) == expected, (case["case"], rule)
                assert sum(person == case["case"] for person, _ in sql) == expected, (case["case"], rule)


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


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", {"p": [Event(0, 1, "v")]})
    with pytest.raises(LeadlineError, match="silence"):
        timeline.sessions(gap=dt.timedelta(0))
    with pytest.raises(LeadlineError, match="campaign"):
        timeline.sessions("ua", campaign="campain")
