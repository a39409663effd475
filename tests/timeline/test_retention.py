"""Retention: first-time, recurring, unbounded, by period and by stretch; reference, kernels and SQL give the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from kit.sequences import (
    EVEN,
    RETENTION,
    UNEVEN,
    Counts,
    counts_of_rows,
    retention_by_reference,
    worth_by_reference,
)
from kit.streams import SECOND, dice_streams, make_timeline, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Timeline, match
from leadline.timeline.question import RetentionQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.relational.retention import retention_sql, worth_sql
from leadline.timeline.retention import ask_retention


def by_kernel(timeline: Timeline, asked: RetentionQuestion) -> Counts:
    result = ask_retention(timeline.view, timeline.dictionaries, asked)
    counts: Counts = Counter()
    for cohort in result.cohorts:
        number = asked.periods.index(cohort.since)
        counts.update({(number, k, cohort.group): n for k, n in enumerate([cohort.size, *cohort.back], start=-1)})
    return Counter({key: n for key, n in counts.items() if n})


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 800)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in RETENTION.items():
            expected = retention_by_reference(streams, asked)
            assert sum(expected.values()) > 100
            assert by_kernel(timeline, asked) == expected, name
            assert counts_of_rows(con.execute(retention_sql(asked, table)).fetchall()) == expected, name


@pytest.mark.parametrize("seed", [3, 4])
def test_worth_is_the_same_in_all_forms(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 500)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in RETENTION.items():
            if asked.unbounded:
                continue
            expected = worth_by_reference(streams, asked)
            found: Counts = Counter()
            for line in ask_retention(timeline.view, timeline.dictionaries, asked, worth=True).cohorts:
                number = asked.periods.index(line.since)
                found.update({(number, k, line.group): value for k, value in enumerate(line.worth)})
            assert +found == expected, name
            assert counts_of_rows(con.execute(worth_sql(asked, table)).fetchall()) == expected, name
            assert sum(expected.values()) > 100 * SECOND, name


def test_filters_and_rows_go_by_the_event_that_starts(tmp_path: Path) -> None:
    """Who began by mail stays there whatever comes later: rows add up to the whole, filters take away from it."""
    streams = {
        "ann": [Event(0, 1, "v", {"channel": "mail"}), Event(12 * SECOND, 2, "v", {"channel": "paid"})],
        "bob": [Event(2 * SECOND, 3, "v", {"channel": "paid"}), Event(13 * SECOND, 4, "v", {"channel": "mail"})],
    }
    timeline = make_timeline(tmp_path / "t", streams)
    epoch = dt.datetime(1970, 1, 1)
    bounds = [epoch + dt.timedelta(seconds=second) for second in (0, 10, 20)]
    rows = timeline.retention(bounds, upto=1, by="channel").cohorts
    assert {(c.group, c.since, c.size) for c in rows if c.size} == {("mail", 0, 1), ("paid", 0, 1)}
    mail = timeline.retention(bounds, upto=1, only=match(channel="mail")).cohorts
    assert [c.size for c in mail] == [1, 0]


def test_worth_comes_back_once(tmp_path: Path) -> None:
    """003-18: 5 with the first order, 7 in the same period, 20 in the next: 12 and 20."""
    orders = [Event(0, 1, "o", {}, 5_000_000), Event(3 * SECOND, 2, "o", {}, 7_000_000)]
    timeline = make_timeline(tmp_path / "t", {"p": [*orders, Event(11 * SECOND, 3, "o", {}, 20_000_000)]})
    epoch = dt.datetime(1970, 1, 1)
    bounds = [epoch + dt.timedelta(seconds=second) for second in (0, 10, 20)]
    assert timeline.retention(bounds, upto=1, worth=True).cohorts[0].worth == (12_000_000, 20_000_000)
    with pytest.raises(LeadlineError, match="one period each"):
        timeline.retention(bounds, unbounded=True, worth=True)


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


@pytest.mark.parametrize("began", [19, 15, 5, -5])
def test_whoever_began_before_the_range_is_in_no_cohort_however_long_before(tmp_path: Path, began: int) -> None:
    """JOURNEY_RULES 4: the table of equal stretches knows nothing of what lies before its first one."""
    streams = {
        "old": [Event(began * SECOND, 1, "a"), Event(25 * SECOND, 2, "b")],
        "new": [Event(31 * SECOND, 3, "a"), Event(45 * SECOND, 4, "b")],
    }
    timeline = make_timeline(tmp_path / "t", streams)
    bounds = tuple(second * SECOND for second in (20, 30, 40, 50))
    asked = RetentionQuestion(bounds, match("a"), match("b"), upto=2)
    assert by_kernel(timeline, asked) == {(1, -1, None): 1, (1, 1, None): 1}


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
    for name, asked in RETENTION.items():
        for cohort in ask_retention(timeline.view, timeline.dictionaries, asked).cohorts:
            assert all(n <= cohort.size for n in cohort.back), name


def test_periods_must_ascend() -> None:
    with pytest.raises(LeadlineError, match="ascend"):
        RetentionQuestion((5, 5)).checked()
