"""Funnels: reference, kernel and SQL give the same, on the oracle's cases and on random streams with many ties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from kit.streams import SECOND, Streams, dice_streams, make_timeline, notes, oracle, ordered, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Breakdown, Exclusion, Match, Timeline, match
from leadline.timeline.funnel import ask_funnel
from leadline.timeline.question import FOREVER, LATEST, FunnelQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.funnel import Journey, follow_person
from leadline.timeline.relational.funnel import funnel_sql, levels_sql

A, B, C, D, X = (match(name) for name in "abcdx")
PAID_B = match("b", channel="paid")
ANY = Match()


def question(*steps: Match, window: int = 20, **other: Any) -> FunnelQuestion:
    return FunnelQuestion(steps, window * SECOND if window < 1000 else window, **other)


def by_reference(streams: Streams, asked: FunnelQuestion) -> dict[str, Journey]:
    found = {person: follow_person(events, asked) for person, events in ordered(streams).items()}
    return {person: journey for person, journey in found.items() if journey.level}


def by_kernel(timeline: Timeline, asked: FunnelQuestion) -> dict[str, Journey]:
    """Every person's journey, read from the pieces of the result."""
    result = ask_funnel(timeline.view, timeline.dictionaries, asked)
    names = timeline.dictionaries.values(asked.by.property) if asked.by else [None]
    found = {}
    for piece in result._pieces:
        moments = dict(zip(piece.movers.tolist(), piece.moments.tolist(), strict=True))
        ids = timeline.persons(piece.person.tolist())
        for place, person in enumerate(ids):
            level = int(piece.level[place])
            if level:
                found[person] = Journey(
                    -1 if level == 255 else level,
                    tuple(m for m in moments.get(place, []) if m != np.iinfo(np.int64).min),
                    bool(piece.is_open[place]),
                    names[int(piece.group[place])],
                )
    return found


def by_sql(con: Any, table: str, asked: FunnelQuestion) -> dict[str, Journey]:
    rows = con.execute(funnel_sql(asked, table)).fetchall()
    return {
        person: Journey(level, tuple(m for m in moments if m is not None), still, group)
        for person, level, *moments, still, group in rows
    }


def without_start(journeys: dict[str, Journey]) -> dict[str, Journey]:
    """The kernel keeps no moments of those who did not get past the first step."""
    return {
        person: replace(journey, moments=journey.moments if journey.level > 1 else ())
        for person, journey in journeys.items()
    }


QUESTIONS: dict[str, FunnelQuestion] = {
    "ordered": question(A, B, C),
    "ordered, four steps": question(A, B, C, D, window=30),
    "one step": question(A),
    "no window": question(A, B, C, window=FOREVER),
    "repeated step": question(A, A, B),
    "repeated later": question(A, B, A, B, window=40),
    "overlapping steps": question(A, match("a", "b"), ANY, B, window=25),
    "property": question(A, PAID_B, C, window=40),
    "period": question(A, B, C, since=10 * SECOND, until=30 * SECOND, now=45 * SECOND),
    "gaps": question(A, B, C, window=40, gaps=(15 * SECOND, 8 * SECOND)),
    "gaps, repeated": question(A, B, B, window=FOREVER, gaps=(15 * SECOND, 8 * SECOND)),
    "gaps, overlapping": question(A, match("a", "b"), ANY, C, window=30, gaps=(9 * SECOND, FOREVER, 7 * SECOND)),
    "exclusion": question(A, B, C, exclusions=(Exclusion(X, 1, 2),)),
    "exclusion later": question(A, B, C, window=40, exclusions=(Exclusion(X, 2, 3), Exclusion(D, 1, 3))),
    "exclusion, gaps": question(A, B, C, window=40, gaps=(20 * SECOND, 9 * SECOND), exclusions=(Exclusion(X, 1, 3),)),
    "exclusion that is a step": question(A, B, C, window=30, exclusions=(Exclusion(B, 2, 3),)),
    "strict": question(A, B, C, order="strict"),
    "strict, repeated": question(A, A, B, order="strict", window=40),
    "strict, overlapping": question(match("a", "b"), match("a", "x"), ANY, order="strict", window=40),
    "strict, gaps and exclusion": question(
        A, B, C, order="strict", window=40, gaps=(9 * SECOND, 30 * SECOND), exclusions=(Exclusion(X, 1, 2),)
    ),
    "any order": question(A, B, C, order="any"),
    "any order, repeated": question(A, B, A, order="any", since=5 * SECOND, until=40 * SECOND, now=50 * SECOND),
    "first touch": question(A, B, by=Breakdown("channel")),
    "last touch": question(A, B, by=Breakdown("channel", "last touch")),
    "first event": question(A, B, by=Breakdown("campaign", "first event")),
}  # fmt: skip
NOT_IN_SQL = {"any order, overlapping": question(match("a", "b"), match("b", "c"), ANY, order="any")}


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 400)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in QUESTIONS.items():
            expected = by_reference(streams, asked)
            assert by_kernel(timeline, asked) == without_start(expected), name
            assert by_sql(con, table, asked) == expected, name
    for name, asked in NOT_IN_SQL.items():
        assert by_kernel(timeline, asked) == without_start(by_reference(streams, asked)), name


def test_the_dice_reach_every_corner() -> None:
    """The streams above would prove little if nobody converted, met an exclusion or was still open."""
    streams = dice_streams(1, 400)
    for name, asked in QUESTIONS.items():
        levels = [journey.level for journey in by_reference(streams, asked).values()]
        assert levels.count(len(asked.steps)) >= 3, name
        if asked.exclusions:
            assert levels.count(-1) >= 3, name
        if asked.now < LATEST:
            assert any(journey.open for journey in by_reference(streams, asked).values()), name


@pytest.mark.slow
def test_ten_thousand_persons_agree(tmp_path: Path) -> None:
    streams = dice_streams(7, 10_000, most=7)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name in ("ordered", "repeated step", "gaps", "exclusion"):
            asked = QUESTIONS[name]
            expected = by_reference(streams, asked)
            assert by_kernel(timeline, asked) == without_start(expected), name
            assert by_sql(con, table, asked) == expected, name


def test_running_maxima_give_the_same_levels(tmp_path: Path) -> None:
    streams = dice_streams(3, 500)
    with connect() as con:
        table = relation(con, streams)
        for name in ("ordered", "ordered, four steps", "period", "no window", "one step"):
            levels = dict(con.execute(levels_sql(QUESTIONS[name], table)).fetchall())
            expected = {person: journey.level for person, journey in by_reference(streams, QUESTIONS[name]).items()}
            assert levels == expected, name


def test_oracle_cases(tmp_path: Path) -> None:
    """Where tools differ ours is ClickHouse's strict_once and PostHog's strict and exclusions (JOURNEY_RULES 5)."""
    cases = oracle("funnel_cases.json")["cases"]
    assert len(cases) >= 18
    streams = {
        case["case"]: [Event(int(second) * SECOND, place, name) for place, (second, name) in enumerate(case["events"])]
        for case in cases
    }
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for case in cases:
            # The oracle counts the steps of an exclusion from 0.
            exclusions = tuple(
                Exclusion(match(name), low + 1, high + 1) for name, (low, high) in case["exclusions"].items()
            )
            steps = tuple(match(name) for name in case["steps"])
            ordered_like = "posthog_ordered" if exclusions else "ch_strict_once"
            for order, key in (("ordered", ordered_like), ("strict", "posthog_strict")):
                asked = FunnelQuestion(steps, case["window_s"] * SECOND, order, exclusions=exclusions)  # type: ignore[arg-type]
                label, person, expected = f"{case['case']}, {order}", case["case"], case["levels"][key]
                assert follow_person(streams[person], asked).level == expected, label
                assert by_kernel(timeline, asked).get(person, Journey(0)).level == expected, label
                assert by_sql(con, table, asked).get(person, Journey(0)).level == expected, label


STORIES = [
    ("a0 b50 c100", question(A, B, C, window=100), 3),
    ("a0 b60 c120", question(A, B, C, window=100), 2),
    ("a0 b10 a90 c95", question(A, B, C, window=100), 3),
    ("a0 b10 a90 c95", question(A, B, C, window=100, order="strict"), 2),
    ("b0 a0 c10", question(A, B, C, window=100), 3),
    ("a0", question(A, A, window=100), 1),
    ("a0 x5 a8 b10 c20", question(A, B, C, window=100, exclusions=(Exclusion(X, 1, 2),)), 3),
    ("a0 x5 b10 c20", question(A, B, C, window=100, exclusions=(Exclusion(X, 1, 2),)), -1),
    ("a0 b10 x15 c20", question(A, B, C, window=100, exclusions=(Exclusion(X, 1, 2),)), 3),
    ("a0 b10 x15", question(A, B, C, window=100, exclusions=(Exclusion(X, 2, 3),)), -1),
    ("a0 x200", question(A, B, window=100, exclusions=(Exclusion(X, 1, 2),)), 1),
    ("a0 x0 b10", question(A, B, window=100, exclusions=(Exclusion(X, 1, 2),)), 2),
    ("a0 b10 b50 c100", question(A, B, C, window=200, gaps=(60 * SECOND, 60 * SECOND)), 3),
    ("a0 b10 c100", question(A, B, C, window=200, gaps=(60 * SECOND, 60 * SECOND)), 2),
    ("c0 a10 b20", question(A, B, C, order="any"), 3),
    ("c0 a10 b21", question(A, B, C, order="any"), 2),
]  # fmt: skip


@pytest.mark.parametrize(("story", "asked", "level"), STORIES)
def test_worked_examples(tmp_path: Path, story: str, asked: FunnelQuestion, level: int) -> None:
    events = notes(story)
    assert follow_person(events, asked).level == level
    streams = {"p": events, "q": notes("a0 b0 c0 x0")}
    assert by_kernel(make_timeline(tmp_path / "t", streams), asked)["p"].level == level
    with connect() as con:
        assert by_sql(con, relation(con, streams), asked)["p"].level == level


def test_conversions_after_the_last_day_of_entries_count(tmp_path: Path) -> None:
    """JOURNEY_RULES 5: entries on May 1 to 7, window 3 days, a on May 7, b on May 8: converted."""
    day = 86_400
    timeline = make_timeline(tmp_path / "t", {"p": notes(f"a{6 * day} b{7 * day}")})
    found = timeline.funnel(
        ["a", "b"], window=dt.timedelta(days=3), since=dt.date(1970, 1, 1), until=dt.date(1970, 1, 8)
    )
    assert found.all.reached == (1, 1)


def test_times_keep_zero_and_open_windows_are_told(tmp_path: Path) -> None:
    streams = {
        "zero": notes("a0 b0"),
        "ten": notes("a5 b15"),
        "late": notes("a50"),
        "gone": notes("a1"),
        "out": notes("b3"),
    }
    timeline = make_timeline(tmp_path / "t", streams)
    second = dt.timedelta(seconds=1)
    epoch = dt.datetime(1970, 1, 1)
    found = timeline.funnel(["a", "b"], window=20 * second, now=epoch + 60 * second)
    assert found.all.reached == (4, 2)
    assert (found.all.open, found.all.open_share) == (1, 0.25)
    [times] = found.all.times
    assert times is not None
    assert (times.people, times.mean, times.median) == (2, 5.0, 5.0)
    assert times.quantiles[0] == pytest.approx(1.0)
    assert found.all.total == times
    assert sorted(found.people(1)) == ["gone", "late", "ten", "zero"]
    assert sorted(found.people(1, stopped=True)) == ["gone", "late"]
    assert sorted(found.people(2)) == ["ten", "zero"]


def test_breakdowns(tmp_path: Path) -> None:
    """First touch, last touch (also after conversion), and the value at a step (JOURNEY_RULES 5)."""

    def at(second: int, name: str, channel: str | None) -> Event:
        return Event(second * SECOND, second, name, {"channel": channel})

    streams = {"p": [at(0, "x", "direct"), at(1, "a", None), at(2, "b", "mail"), at(3, "a", "paid")]}
    timeline = make_timeline(tmp_path / "t", streams)

    def group(by: Breakdown) -> str | None:
        rows = timeline.funnel(["a", "b"], window=dt.timedelta(hours=1), by=by).rows
        assert len(rows) == 1
        return rows[0].group

    assert group(Breakdown("channel", "first touch")) == "mail"
    assert group(Breakdown("channel", "last touch")) == "paid"
    assert group(Breakdown("channel", "step", 1)) is None
    assert group(Breakdown("channel", "step", 2)) == "mail"
    assert group(Breakdown("channel", "first event")) == "direct"
    found = timeline.funnel(["a", "b"], window=dt.timedelta(hours=1), by=Breakdown("channel"))
    assert found.people(2, group="mail", grouped=True) == ["p"]
    assert found.people(2, group="paid", grouped=True) == []


REFUSED: list[tuple[Callable[[], FunnelQuestion], str]] = [
    (lambda: question(A, B, window=0), "funnel-window"),
    (lambda: FunnelQuestion((), 10), "funnel-steps"),
    (lambda: question(*[A] * 17), "funnel-steps"),
    (lambda: question(A, B, gaps=(1, 2)), "funnel-gaps"),
    (lambda: question(A, B, order="any", gaps=(1,)), "funnel-any-order"),
    (lambda: question(A, B, exclusions=(Exclusion(X, 2, 2),)), "funnel-exclusion"),
    (lambda: question(A, B, since=5, until=5), "empty-period"),
    (lambda: question(A, B, by=Breakdown("channel", "step", 3)), "funnel-breakdown"),
]


@pytest.mark.parametrize(("ask", "code"), REFUSED)
def test_what_cannot_be_asked_is_refused(ask: Callable[[], FunnelQuestion], code: str) -> None:
    with pytest.raises(LeadlineError) as caught:
        ask().checked()
    assert caught.value.code == code
    assert caught.value.fix


def test_unknown_names_are_told_with_the_closest(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", {"p": notes("signup0 purchase9")})
    with pytest.raises(LeadlineError, match="purchase"):
        timeline.funnel(["signup", "purchas"], window=dt.timedelta(days=1))
    with pytest.raises(LeadlineError, match="channel"):
        timeline.funnel([match("signup", chanel="x")], window=dt.timedelta(days=1))


def test_a_funnel_never_grows(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", dice_streams(5, 300))
    for name, asked in QUESTIONS.items():
        result = ask_funnel(timeline.view, timeline.dictionaries, asked)
        assert list(result.all.reached) == sorted(result.all.reached, reverse=True), name
        if asked.by:
            assert tuple(map(sum, zip(*(row.reached for row in result.rows), strict=True))) == result.all.reached, name


def test_clickhouse_window_funnel_strict_once_agrees(tmp_path: Path) -> None:
    chdb = pytest.importorskip("chdb", reason="needs chdb (an embedded ClickHouse), which is not installed")
    streams = dice_streams(11, 10_000, most=8)
    timeline = make_timeline(tmp_path / "t", streams)
    rows = [f"{person}\t{event.at}\t{event.name}" for person, events in ordered(streams).items() for event in events]
    path = tmp_path / "events.tsv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    for steps in ("abc", "abcd", "aab", "abab"):
        asked = question(*(match(name) for name in steps), window=25)
        conditions = ", ".join(f"e = '{name}'" for name in steps)
        answer = chdb.query(
            f"SELECT p, windowFunnel({25 * SECOND}, 'strict_once')(t, {conditions}) AS l "
            f"FROM file('{path}', TSV, 'p String, t UInt64, e String') GROUP BY p HAVING l > 0",
            "CSV",
        )
        levels = {}
        for line in str(answer).splitlines():
            person, level = line.split(",")
            levels[person.strip('"')] = int(level)
        assert {person: journey.level for person, journey in by_kernel(timeline, asked).items()} == levels, steps
