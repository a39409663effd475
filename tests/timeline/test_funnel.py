"""Funnels: reference, kernel and SQL give the same, on the oracle's cases and on random streams with many ties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.oracles import funnel_cases
from kit.sequences import (
    ANY,
    FUNNELS,
    LEVELS,
    A,
    B,
    C,
    Journeys,
    X,
    funnel,
    journeys_by_kernel,
    journeys_by_reference,
    journeys_of_rows,
    without_start,
)
from kit.streams import SECOND, dice_streams, make_timeline, notes, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Breakdown, Exclusion, match
from leadline.timeline.funnel import ask_funnel
from leadline.timeline.question import LATEST, FunnelQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.funnel import Journey, follow_person
from leadline.timeline.relational.funnel import funnel_sql, levels_sql


def by_sql(con: Any, table: str, asked: FunnelQuestion) -> Journeys:
    return journeys_of_rows(con.execute(funnel_sql(asked, table)).fetchall(), asked)


NOT_IN_SQL = {"any order, overlapping": funnel(match("a", "b"), match("b", "c"), ANY, order="any")}


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 400)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in FUNNELS.items():
            expected = journeys_by_reference(streams, asked)
            assert journeys_by_kernel(timeline, asked) == without_start(expected), name
            assert by_sql(con, table, asked) == expected, name
    for name, asked in NOT_IN_SQL.items():
        assert journeys_by_kernel(timeline, asked) == without_start(journeys_by_reference(streams, asked)), name


def test_the_dice_reach_every_corner() -> None:
    """The streams above would prove little if nobody converted, met an exclusion or was still open."""
    streams = dice_streams(1, 400)
    for name, asked in FUNNELS.items():
        levels = [journey.level for journey in journeys_by_reference(streams, asked).values()]
        assert levels.count(len(asked.steps)) >= 3, name
        if asked.exclusions:
            assert levels.count(-1) >= 3, name
        if asked.now < LATEST:
            assert any(journey.open for journey in journeys_by_reference(streams, asked).values()), name


@pytest.mark.slow
def test_ten_thousand_persons_agree(tmp_path: Path) -> None:
    streams = dice_streams(7, 10_000, most=7)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name in ("ordered", "repeated step", "gaps", "exclusion"):
            asked = FUNNELS[name]
            expected = journeys_by_reference(streams, asked)
            assert journeys_by_kernel(timeline, asked) == without_start(expected), name
            assert by_sql(con, table, asked) == expected, name


def test_running_maxima_give_the_same_levels(tmp_path: Path) -> None:
    streams = dice_streams(3, 500)
    with connect() as con:
        table = relation(con, streams)
        for name in LEVELS:
            levels = dict(con.execute(levels_sql(FUNNELS[name], table)).fetchall())
            found = journeys_by_reference(streams, FUNNELS[name])
            expected = {person: journey.level for (person, _), journey in found.items()}
            assert levels == expected, name


def test_oracle_cases(tmp_path: Path) -> None:
    streams, cases = funnel_cases()
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for person, asked, expected in cases:
            label, key = f"{person}, {asked.order}", (person, None)
            assert follow_person(streams[person], asked).level == expected, label
            assert journeys_by_kernel(timeline, asked).get(key, Journey(0)).level == expected, label
            assert by_sql(con, table, asked).get(key, Journey(0)).level == expected, label


STORIES = [
    ("a0 b50 c100", funnel(A, B, C, window=100), 3),
    ("a0 b60 c120", funnel(A, B, C, window=100), 2),
    ("a0 b10 a90 c95", funnel(A, B, C, window=100), 3),
    ("a0 b10 a90 c95", funnel(A, B, C, window=100, order="strict"), 2),
    ("b0 a0 c10", funnel(A, B, C, window=100), 3),
    ("a0", funnel(A, A, window=100), 1),
    ("a0 x5 a8 b10 c20", funnel(A, B, C, window=100, exclusions=(Exclusion(X, 1, 2),)), 3),
    ("a0 x5 b10 c20", funnel(A, B, C, window=100, exclusions=(Exclusion(X, 1, 2),)), -1),
    ("a0 b10 x15 c20", funnel(A, B, C, window=100, exclusions=(Exclusion(X, 1, 2),)), 3),
    ("a0 b10 x15", funnel(A, B, C, window=100, exclusions=(Exclusion(X, 2, 3),)), -1),
    ("a0 x200", funnel(A, B, window=100, exclusions=(Exclusion(X, 1, 2),)), 1),
    ("a0 x0 b10", funnel(A, B, window=100, exclusions=(Exclusion(X, 1, 2),)), 2),
    ("a0 b10 b50 c100", funnel(A, B, C, window=200, gaps=(60 * SECOND, 60 * SECOND)), 3),
    ("a0 b10 c100", funnel(A, B, C, window=200, gaps=(60 * SECOND, 60 * SECOND)), 2),
    ("c0 a10 b20", funnel(A, B, C, order="any"), 3),
    ("c0 a10 b21", funnel(A, B, C, order="any"), 2),
]  # fmt: skip


@pytest.mark.parametrize(("story", "asked", "level"), STORIES)
def test_worked_examples(tmp_path: Path, story: str, asked: FunnelQuestion, level: int) -> None:
    events = notes(story)
    assert follow_person(events, asked).level == level
    streams = {"p": events, "q": notes("a0 b0 c0 x0")}
    assert journeys_by_kernel(make_timeline(tmp_path / "t", streams), asked)["p", None].level == level
    with connect() as con:
        assert by_sql(con, relation(con, streams), asked)["p", None].level == level


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
    (lambda: funnel(A, B, window=0), "funnel-window"),
    (lambda: FunnelQuestion((), 10), "funnel-steps"),
    (lambda: funnel(*[A] * 17), "funnel-steps"),
    (lambda: funnel(A, B, gaps=(1, 2)), "funnel-gaps"),
    (lambda: funnel(A, B, order="any", gaps=(1,)), "funnel-any-order"),
    (lambda: funnel(A, B, exclusions=(Exclusion(X, 2, 2),)), "funnel-exclusion"),
    (lambda: funnel(A, B, since=5, until=5), "empty-period"),
    (lambda: funnel(A, B, by=Breakdown("channel", "step", 3)), "funnel-breakdown"),
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
    for name, asked in FUNNELS.items():
        result = ask_funnel(timeline.view, timeline.dictionaries, asked)
        assert list(result.all.reached) == sorted(result.all.reached, reverse=True), name
        if asked.by:
            assert tuple(map(sum, zip(*(row.reached for row in result.rows), strict=True))) == result.all.reached, name
