"""Retention: first-time, recurring, unbounded, by period and by stretch; reference, kernels and SQL give the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kit.streams import SECOND, Streams, dice_streams, make_timeline, ordered, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Match, Timeline, match
from leadline.timeline.question import RetentionQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.retention import retain_person
from leadline.timeline.relational.retention import retention_sql
from leadline.timeline.retention import ask_retention

EVEN = tuple(range(0, 61 * SECOND, 10 * SECOND))
UNEVEN = (5 * SECOND, 12 * SECOND, 19 * SECOND + 1, 33 * SECOND, 50 * SECOND)

QUESTIONS = {
    "first, periods": RetentionQuestion(EVEN),
    "first, uneven periods": RetentionQuestion(UNEVEN, match("a"), Match(("b", "c"))),
    "first, many periods": RetentionQuestion(tuple(range(0, 80 * SECOND, SECOND)), match("a"), match("b"), upto=40),
    "first, periods, few k": RetentionQuestion(EVEN, match("a"), match("a"), upto=1),
    "unbounded": RetentionQuestion(EVEN[:4], match("a"), match("b"), unbounded=True, upto=3),
    "stretches": RetentionQuestion(UNEVEN, match("a"), Match(), width=4 * SECOND, upto=6),
    "unbounded stretches": RetentionQuestion(UNEVEN, match("a"), match("c"), unbounded=True, width=4 * SECOND, upto=6),
    "recurring": RetentionQuestion(EVEN, match("a"), match("b"), "recurring"),
    "recurring, everything": RetentionQuestion(UNEVEN, kind="recurring"),
    "recurring stretches": RetentionQuestion(EVEN, match("a"), match("b"), "recurring", width=7 * SECOND),
    "recurring, unbounded": RetentionQuestion(EVEN[:4], match("a"), match("b"), "recurring", unbounded=True),
}

Counts = Counter[tuple[int, int]]


def by_reference(streams: Streams, asked: RetentionQuestion) -> Counts:
    counts: Counts = Counter()
    for events in ordered(streams).values():
        for cohort, ks in retain_person(events, asked).items():
            counts.update((cohort, k) for k in [-1, *ks])
    return counts


def by_kernel(timeline: Timeline, asked: RetentionQuestion) -> Counts:
    result = ask_retention(timeline.view, timeline.dictionaries, asked)
    counts = {(c, k): n for c, row in enumerate(result.cohorts) for k, n in enumerate([row.size, *row.back], start=-1)}
    return Counter({key: n for key, n in counts.items() if n})


def by_sql(con: Any, table: str, asked: RetentionQuestion) -> Counts:
    return Counter({(cohort, k): n for cohort, k, n in con.execute(retention_sql(asked, table)).fetchall()})


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 800)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in QUESTIONS.items():
            expected = by_reference(streams, asked)
            assert sum(expected.values()) > 100
            assert by_kernel(timeline, asked) == expected, name
            assert by_sql(con, table, asked) == expected, name


def test_the_two_kernels_agree(tmp_path: Path) -> None:
    """The pass without branches and the general one, on bounds that are and are not quarters of an hour."""
    timeline = make_timeline(tmp_path / "t", dice_streams(4, 800))
    for periods in (EVEN, UNEVEN, tuple(bound + 1 for bound in UNEVEN)):
        quick = RetentionQuestion(periods, match("a"), match("b"), upto=5)
        slow = replace(quick, unbounded=True)
        first, ever = by_kernel(timeline, quick), by_kernel(timeline, slow)
        assert {key: n for key, n in first.items() if key[1] < 0} == {key: n for key, n in ever.items() if key[1] < 0}
        assert all(ever[key] >= n for key, n in first.items())


def test_first_time_means_first_ever(tmp_path: Path) -> None:
    """JOURNEY_RULES 4: whoever began before the range is in no cohort of it; recurring takes them."""
    streams = {"old": [Event(0, 1, "a"), Event(25 * SECOND, 2, "a")], "new": [Event(21 * SECOND, 3, "a")]}
    timeline = make_timeline(tmp_path / "t", streams)
    epoch = dt.datetime(1970, 1, 1)
    bounds = [epoch + dt.timedelta(seconds=second) for second in (20, 30)]
    assert timeline.retention(bounds, upto=0).cohorts[0].size == 1
    assert timeline.retention(bounds, kind="recurring", upto=0).cohorts[0].size == 2


def test_cohorts_not_over_are_marked_and_left_out_of_the_share(tmp_path: Path) -> None:
    streams = {
        "a": [Event(0, 1, "v"), Event(12 * SECOND, 2, "v")],
        "b": [Event(1 * SECOND, 3, "v")],
        "c": [Event(11 * SECOND, 4, "v")],
    }
    timeline = make_timeline(tmp_path / "t", streams)
    epoch = dt.datetime(1970, 1, 1)
    bounds = [epoch + dt.timedelta(seconds=second) for second in (0, 10, 20, 30)]
    found = timeline.retention(bounds, upto=2, now=epoch + dt.timedelta(seconds=22))
    assert [(c.size, c.back, c.complete) for c in found.cohorts] == [
        (2, (2, 1, 0), 2),
        (1, (1, 0, 0), 1),
        (0, (0, 0, 0), 0),
    ]
    assert found.share(0) == 1.0
    assert found.share(1) == 0.5
    assert found.share(2) is None


def test_retention_is_never_more_than_everybody(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", dice_streams(6, 300))
    for name, asked in QUESTIONS.items():
        for cohort in ask_retention(timeline.view, timeline.dictionaries, asked).cohorts:
            assert all(n <= cohort.size for n in cohort.back), name


def test_periods_must_ascend() -> None:
    with pytest.raises(LeadlineError, match="ascend"):
        RetentionQuestion((5, 5)).checked()
