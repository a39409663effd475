"""The lifecycle: reference, kernel and SQL give the same, and people add up."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from kit.streams import SECOND, Streams, dice_streams, make_timeline, notes, ordered, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Match, match
from leadline.timeline.lifecycle import LifecycleResult, ask_lifecycle
from leadline.timeline.question import LifecycleQuestion
from leadline.timeline.reference.lifecycle import place_person
from leadline.timeline.relational.lifecycle import lifecycle_sql

EVEN = tuple(range(0, 61 * SECOND, 10 * SECOND))
UNEVEN = tuple(second * SECOND for second in (7, 9, 20, 22, 41, 59))
QUESTIONS = {
    "everything": LifecycleQuestion(EVEN),
    "one event": LifecycleQuestion(EVEN, match("a")),
    "two, uneven": LifecycleQuestion(UNEVEN, Match(("a", "b"))),
    "by a property": LifecycleQuestion(UNEVEN, match("a", "c", channel="mail")),
}
STATES = ("new", "returning", "resurrecting", "dormant")
Counts = Counter[tuple[int, str]]


def by_reference(streams: Streams, asked: LifecycleQuestion) -> Counts:
    return Counter(pair for events in ordered(streams).values() for pair in place_person(events, asked).items())


def by_kernel(found: LifecycleResult) -> Counts:
    counts = {
        (number, state): getattr(phase, state) for number, phase in enumerate(found.phases, start=1) for state in STATES
    }
    return Counter({key: n for key, n in counts.items() if n})


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 800)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in QUESTIONS.items():
            expected = by_reference(streams, asked)
            assert sum(expected.values()) > 100
            assert by_kernel(ask_lifecycle(timeline.view, timeline.dictionaries, asked)) == expected, name
            sql = Counter({(p, state): n for p, state, n in con.execute(lifecycle_sql(asked, table)).fetchall()})
            assert sql == expected, name


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_people_add_up(tmp_path: Path, seed: int) -> None:
    """JOURNEY_RULES 4: active = new + returning + resurrecting; dormant(t) = active(t - 1) - returning(t)."""
    streams = dice_streams(seed, 400)
    timeline = make_timeline(tmp_path / "t", streams)
    for name, asked in QUESTIONS.items():
        found = ask_lifecycle(timeline.view, timeline.dictionaries, asked)
        active = [
            sum(
                any(low <= event.at < high and event.meets(asked.of) for event in events)
                for events in ordered(streams).values()
            )
            for low, high in zip(asked.periods, asked.periods[1:], strict=False)
        ]
        assert [phase.active for phase in found.phases] == active[1:], name
        for before, phase in zip(active, found.phases, strict=False):
            assert phase.dormant == before - phase.returning, name


def test_each_state_by_hand(tmp_path: Path) -> None:
    """Periods of 10 s from 0. ann: 5, 12, 31; bob: 14; cem: 2, 15, 25, 35; dan before all: -3, then 22."""
    streams = {
        "ann": notes("v5 v12 v31"),
        "bob": notes("v14 x25"),
        "cem": notes("v2 v15 v25 v35"),
        "dan": [*notes("v22"), type(notes("v1")[0])(-3 * SECOND, 77, "v")],
    }
    epoch = dt.datetime(1970, 1, 1)
    bounds = [epoch + dt.timedelta(seconds=second) for second in (0, 10, 20, 30, 40)]
    timeline = make_timeline(tmp_path / "t", streams)
    found = timeline.lifecycle(bounds, of="v", now=epoch + dt.timedelta(seconds=30)).phases
    told = [(p.new, p.returning, p.resurrecting, p.dormant, p.complete) for p in found]
    assert told == [
        (1, 2, 0, 0, True),  # bob is new, ann and cem were there before
        (0, 1, 1, 2, True),  # cem stays, dan is back from before the first period, ann and bob are gone
        (0, 1, 1, 1, False),  # cem stays, ann is back, dan is gone
    ]


def test_a_period_before_is_needed() -> None:
    with pytest.raises(LeadlineError, match="before the first shown"):
        LifecycleQuestion((0, 5)).checked()
