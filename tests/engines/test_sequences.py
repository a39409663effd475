"""Questions about sequences as SQL: every engine answers what the reference answers.

Random streams full of ties, and the cases of others where they are at hand. ClickHouse's own `windowFunnel` is a
second opinion on ordered funnels, over ten thousand persons.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.places import Place
from kit import sequences as s
from kit.oracles import channel_cases, funnel_cases, session_cases
from kit.streams import PROPERTIES, SECOND, Streams, dice_streams, make_timeline, relation
from leadline.engines.duckdb import connect
from leadline.engines.opening import open_engine
from leadline.errors import LeadlineError
from leadline.journey.rule import load_rules
from leadline.journey.statement import channel_case
from leadline.timeline import Match, match
from leadline.timeline.question import FunnelQuestion, PathQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.relational.dialect import DIALECTS, DUCKDB, Dialect, dialect_of
from leadline.timeline.relational.funnel import funnel_sql, levels_sql
from leadline.timeline.relational.lifecycle import lifecycle_sql
from leadline.timeline.relational.paths import paths_sql
from leadline.timeline.relational.retention import retention_sql, worth_sql
from leadline.timeline.relational.sessions import sessions_sql
from leadline.timeline.relational.touches import touches_sql

COLUMNS: Any = {
    "person": "text", "ts": "number", "id": "number", "event": "text", "value": "number",
    **dict.fromkeys(PROPERTIES, "text"),
}  # fmt: skip
ODD = 'it\'s \\ "100%" ☕'
"""A text that has to be written out carefully."""

SAMPLE = {
    "ordered", "repeated later", "exclusion, gaps", "strict, gaps and exclusion", "any order, repeated", "at a step",
    "every event, exclusion", "ua", "unbounded", "only", "recurring stretches", "everything", "to, by channel",
    "from, within a window", "some",
}  # fmt: skip
"""What Spark is asked unless LEADLINE_SEQUENCES is `all`: it takes seconds to plan each."""


class Asker:
    """An engine, its dialect, and tables of streams in it."""

    def __init__(self, rows: Callable[[str], list[tuple[Any, ...]]], dialect: Dialect, put: Callable[..., str]) -> None:
        self.rows = rows
        self.dialect = dialect
        self.put = put


@pytest.fixture(scope="module")
def asker(engine: str, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with connect() as con:
        if engine == "duckdb":
            yield Asker(
                lambda sql: con.execute(sql).fetchall(),
                DUCKDB,
                lambda streams, name: relation(con, streams, f"fact_{name}"),
            )
            return
        opened = open_engine(place(), tmp_path_factory.mktemp("sequences"))

        def put(streams: Streams, name: str) -> str:
            select = f"SELECT * FROM {relation(con, streams)}"
            opened.create(f"fact_{name}", COLUMNS, ("person", "ts"))
            opened.send(con, select, f"fact_{name}", COLUMNS)
            return f"fact_{name}"

        yield Asker(lambda sql: opened.rows(sql)[1], dialect_of(opened.renderer), put)
        opened.close()


@pytest.fixture(autouse=True)
def chosen(request: pytest.FixtureRequest) -> None:
    """Skips what is not in the sample, where a sample is asked."""
    names = getattr(getattr(request.node, "callspec", None), "params", {})
    whole = os.environ.get("LEADLINE_SEQUENCES") == "all"
    if names.get("engine") == "spark" and not whole and names.get("name", "some") not in SAMPLE:
        pytest.skip("not in the sample for Spark")


@pytest.fixture(scope="module")
def streams(engine: str) -> Streams:
    """Fewer where a question takes a second whatever it reads."""
    return dice_streams(1, 150 if engine == "spark" else 400, most=11)


@pytest.fixture(scope="module")
def table(asker: Asker, streams: Streams) -> str:
    return asker.put(streams, "seen")


@pytest.mark.parametrize("name", [*s.FUNNELS, *s.EVERY_FUNNELS])
def test_funnels(asker: Asker, table: str, streams: Streams, name: str) -> None:
    asked = {**s.FUNNELS, **s.EVERY_FUNNELS}[name]
    expected = s.journeys_by_reference(streams, asked)
    assert any(journey.level == len(asked.steps) for journey in expected.values())
    assert s.journeys_of_rows(asker.rows(funnel_sql(asked, table, asker.dialect)), asked) == expected
    if name in s.LEVELS:
        levels = dict(asker.rows(levels_sql(asked, table, asker.dialect)))
        assert levels == {person: journey.level for (person, _), journey in expected.items()}


@pytest.mark.parametrize("name", s.SESSIONS)
def test_sessions(asker: Asker, table: str, streams: Streams, name: str) -> None:
    rows = asker.rows(sessions_sql(s.SESSIONS[name], table, asker.dialect))
    assert s.sessions_of_rows(rows) == s.sessions_by_reference(streams, s.SESSIONS[name])


@pytest.mark.parametrize("name", s.RETENTION)
def test_retention(asker: Asker, table: str, streams: Streams, name: str) -> None:
    asked = s.RETENTION[name]
    rows = asker.rows(retention_sql(asked, table, asker.dialect))
    assert s.counts_of_rows(rows) == s.retention_by_reference(streams, asked)
    if not asked.unbounded:
        rows = asker.rows(worth_sql(asked, table, asker.dialect))
        assert s.counts_of_rows(rows) == s.worth_by_reference(streams, asked)


@pytest.mark.parametrize("name", s.LIFECYCLES)
def test_lifecycle(asker: Asker, table: str, streams: Streams, name: str) -> None:
    rows = asker.rows(lifecycle_sql(s.LIFECYCLES[name], table, asker.dialect))
    assert {(period, state): n for period, state, n in rows} == s.lifecycle_by_reference(streams, s.LIFECYCLES[name])


@pytest.mark.parametrize("name", s.PATHS)
def test_paths(asker: Asker, table: str, streams: Streams, name: str) -> None:
    rows = asker.rows(paths_sql(s.PATHS[name], table, asker.dialect))
    assert s.ways_of_rows(rows) == s.ways_by_reference(streams, s.PATHS[name])


@pytest.mark.parametrize("name", s.TOUCHES)
def test_touches(asker: Asker, table: str, streams: Streams, name: str) -> None:
    rows = asker.rows(touches_sql(s.TOUCHES[name], table, ["channel"], asker.dialect))
    assert s.touches_of_rows(rows) == s.touches_by_reference(streams, s.TOUCHES[name])


def test_texts_and_moments_are_what_they_are(asker: Asker) -> None:
    """Quotes, backslashes and moments before 1970, in names of events and in values."""
    stream = [
        Event(-9 * SECOND, 1, ODD, {"channel": ODD}),
        Event(-3 * SECOND, 2, "b", {"channel": None}, 7_000_000),
        Event(5 * SECOND, 3, "b", {"channel": ODD}, 1),
    ]
    table = asker.put({"p": stream, ODD: stream[:2]}, "odd")
    odd = FunnelQuestion((match(ODD, channel=ODD), match("b", channel=None)), 10 * SECOND)
    levels = {row[0]: row[1:4] for row in asker.rows(funnel_sql(odd, table, asker.dialect))}
    assert levels == dict.fromkeys(("p", ODD), (2, -9 * SECOND, -3 * SECOND))
    plain = FunnelQuestion((match(ODD), match("b")), 10 * SECOND)
    assert sorted(asker.rows(levels_sql(plain, table, asker.dialect))) == sorted([("p", 2), (ODD, 2)])
    ways = PathQuestion(Match((ODD,)), "channel", to=match("b"))
    rows = asker.rows(paths_sql(ways, table, asker.dialect))
    assert s.ways_of_rows(rows) == {(ODD,): (2, 0, 14_000_000), (): (1, 0, 1)}


def test_a_day_of_many_events_of_one_moment(asker: Asker) -> None:
    """Days come as one moment: 70 events of a person at once neither fail nor take forever."""
    table = asker.put({"p": [Event(0, number, "ab"[number % 2]) for number in range(70)]}, "day")
    asked = s.funnel(s.A, s.A, s.B, window=1)
    assert [row[1] for row in asker.rows(funnel_sql(asked, table, asker.dialect))] == [3]


# The cases of others


def test_funnel_cases_of_the_oracle(asker: Asker) -> None:
    streams, cases = funnel_cases()
    table = asker.put(streams, "funnel_cases")
    questions = dict.fromkeys(asked for _, asked, _ in cases)
    levels = {
        asked: {row[0]: row[1] for row in asker.rows(funnel_sql(asked, table, asker.dialect))} for asked in questions
    }
    for person, asked, expected in cases:
        assert levels[asked].get(person, 0) == expected, (person, asked.order)


def test_session_cases_of_the_oracle(asker: Asker) -> None:
    streams, cases = session_cases()
    table = asker.put(streams, "session_cases")
    for asked, expected in cases:
        found = [row[0] for row in asker.rows(sessions_sql(asked, table, asker.dialect))]
        assert {person: found.count(person) for person in expected} == expected, asked.rule


def test_channel_cases_of_the_oracle(asker: Asker) -> None:
    cases, text = channel_cases(), asker.dialect.text
    listed = " UNION ALL ".join(
        f"SELECT {number} AS n, {text(source)} AS traffic_source, {text(medium)} AS medium, "
        f"{text(campaign)} AS campaign"
        for number, (source, medium, campaign, _) in enumerate(cases)
    )
    channel = channel_case(load_rules(), words=asker.dialect.renderer({}, str))
    rows = asker.rows(asker.dialect.statement(f"SELECT n, {channel} AS channel FROM ({listed}) AS visit ORDER BY n"))
    assert [answer for _, answer in rows] == [expected for *_, expected in cases]


# What cannot be said


def test_steps_in_any_order_that_share_events_are_refused(asker: Asker) -> None:
    shared = s.funnel(match("a", "b"), match("b", "c"), order="any")
    with pytest.raises(LeadlineError, match="same or share no event") as caught:
        funnel_sql(shared, "fact_seen", asker.dialect)
    assert "timeline" in caught.value.fix


def test_an_engine_nobody_tried_is_refused() -> None:
    from leadline.sql.bigquery import BigQueryRenderer

    with pytest.raises(LeadlineError, match="sequences") as caught:
        dialect_of(BigQueryRenderer)
    assert caught.value.fix
    assert [dialect_of(dialect.renderer) for dialect in DIALECTS] == list(DIALECTS)


# ClickHouse's own


def test_ten_thousand_persons_agree_with_window_funnel(asker: Asker, tmp_path: Path) -> None:
    """Reference, kernel, DuckDB's SQL, ClickHouse's SQL and its `windowFunnel` in its `strict_once` meaning."""
    if not asker.dialect.window_funnel:
        pytest.skip("windowFunnel is ClickHouse's")
    streams = dice_streams(11, 10_000, most=8)
    timeline = make_timeline(tmp_path / "t", streams)
    table = asker.put(streams, "many")
    with connect() as con:
        local = relation(con, streams)
        for steps in ("abc", "abcd", "aab", "abab"):
            asked = s.funnel(*(match(name) for name in steps), window=25)
            conditions = ", ".join(f"event = '{name}'" for name in steps)
            theirs = dict(
                asker.rows(
                    f"SELECT person, windowFunnel({25 * SECOND}, 'strict_once')(toUInt64(ts), {conditions}) AS level "
                    f"FROM {table} GROUP BY person HAVING level > 0"
                )
            )
            expected = s.journeys_by_reference(streams, asked)
            assert {person: journey.level for (person, _), journey in expected.items()} == theirs, steps
            assert sum(level == len(steps) for level in theirs.values()) > 20, steps
            assert s.journeys_by_kernel(timeline, asked) == s.without_start(expected), steps
            assert s.journeys_of_rows(con.execute(funnel_sql(asked, local)).fetchall(), asked) == expected, steps
            assert s.journeys_of_rows(asker.rows(funnel_sql(asked, table, asker.dialect)), asked) == expected, steps
            assert dict(asker.rows(levels_sql(asked, table, asker.dialect))) == theirs, steps
